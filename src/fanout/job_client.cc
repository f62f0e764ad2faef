#include "fanout/job_client.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "sys/file.h"

namespace fanout {
namespace {

absl::Status Unusable(const JobServerAddress& address, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("the job server of MAKEFLAGS, descriptors ", address.read_fd,
                   " and ", address.write_fd, ": ", why));
}

// What is ours is close-on-exec, and what was inherited cannot be.
bool IsInherited(int fd) {
  const int flags = fcntl(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

bool IsOpenFor(int fd, int access) {
  const int flags = fcntl(fd, F_GETFL);
  const int mode = flags & O_ACCMODE;
  return flags >= 0 && (mode == access || mode == O_RDWR);
}

// A recipe without "+" gets the variable, but not the descriptors: under their
// numbers there may be anything by now.
absl::Status CheckDescriptors(const JobServerAddress& address) {
  struct stat in, out;
  if (!IsInherited(address.read_fd) || !IsInherited(address.write_fd) ||
      fstat(address.read_fd, &in) != 0 || fstat(address.write_fd, &out) != 0) {
    return Unusable(address, "closed (does the recipe lack a '+'?)");
  }
  if (!S_ISFIFO(in.st_mode) || in.st_ino != out.st_ino ||
      in.st_dev != out.st_dev || !IsOpenFor(address.read_fd, O_RDONLY) ||
      !IsOpenFor(address.write_fd, O_WRONLY)) {
    return Unusable(address, "not the two ends of a pipe");
  }
  return absl::OkStatus();
}

absl::StatusOr<sys::Fd> Duplicate(int fd) {
  sys::Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) return base::SysError("duplicate a descriptor");
  return copy;
}

absl::StatusOr<sys::Fd> OpenFifo(const std::string& path) {
  // Looked at first: to open a device can have effects.
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path));
  struct stat now;
  if (!info.exists) {
    return absl::FailedPreconditionError(
        absl::StrCat("the job server of MAKEFLAGS, ", path, ", is gone"));
  }
  if (!info.regular && !info.folder) {
    // For both, or we would be told of an end whenever nobody else writes.
    TRY_ASSIGN(sys::Fd fd, sys::Open(path, O_RDWR | O_NONBLOCK | O_NOCTTY));
    if (fstat(fd.get(), &now) == 0 && S_ISFIFO(now.st_mode)) return fd;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the job server of MAKEFLAGS, ", path, ", is no FIFO"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<JobClient>> JobClient::Find(
    sys::Loop& loop, const sys::Environment& environment) {
  TRY_ASSIGN(const JobServerAddress address,
             FindJobServer(environment.Get("MAKEFLAGS").value_or("")));
  return Connect(loop, address);
}

absl::StatusOr<std::unique_ptr<JobClient>> JobClient::Connect(
    sys::Loop& loop, const JobServerAddress& address) {
  std::unique_ptr<JobClient> client(new JobClient(loop));
  if (!address.fifo.empty()) {
    TRY_ASSIGN(client->read_, OpenFifo(address.fifo));
    TRY_ASSIGN(client->write_, Duplicate(client->read_.get()));
    return client;
  }
  TRY(CheckDescriptors(address));
  client->needs_descriptors_ = true;
  TRY_ASSIGN(client->read_, Duplicate(address.read_fd));
  TRY_ASSIGN(client->write_, Duplicate(address.write_fd));
  TRY_ASSIGN(auto middle, sys::Pipe());
  client->middle_read_ = std::move(middle.first);
  client->middle_write_ = std::move(middle.second);
  return client;
}

JobClient::~JobClient() {
  *alive_ = false;
  Watch(false);
  while (!tokens_.empty()) GiveBack();
}

void JobClient::Want(std::function<void()> granted) {
  MUST(wanted_ == nullptr);
  wanted_ = std::move(granted);
  Later();
}

void JobClient::WantNoMore() {
  wanted_ = nullptr;
  Watch(false);
}

void JobClient::GiveBack() {
  if (tokens_.empty()) {
    MUST(own_used_);
    own_used_ = false;
    if (wanted_ != nullptr) Later();
    return;
  }
  const char token = tokens_.back();
  tokens_.pop_back();
  // There is room: the byte came from there. A pipe that nobody reads any more
  // has no use for it.
  while (write(write_.get(), &token, 1) < 0 && errno == EINTR) continue;
}

JobClient::Took JobClient::Take() {
  ssize_t moved;
  do {
    moved = middle_write_ ? splice(read_.get(), nullptr, middle_write_.get(),
                                   nullptr, 1, SPLICE_F_NONBLOCK)
                          : 1;
  } while (moved < 0 && errno == EINTR);
  if (moved < 0) return errno == EAGAIN ? Took::kNone : Took::kGone;
  if (moved == 0) return Took::kGone;
  char token;
  ssize_t r;
  do {
    r = read(middle_read_ ? middle_read_.get() : read_.get(), &token, 1);
  } while (r < 0 && errno == EINTR);
  if (r < 0 && errno == EAGAIN) return Took::kNone;
  if (r != 1) return Took::kGone;
  tokens_ += token;
  return Took::kToken;
}

void JobClient::Try() {
  if (wanted_ == nullptr) return;
  if (!own_used_) {
    own_used_ = true;
  } else if (gone_) {
    return;
  } else {
    const Took took = Take();
    gone_ = took == Took::kGone;
    if (took != Took::kToken) {
      Watch(!gone_);
      return;
    }
  }
  Watch(false);
  // It may want again, or be the end of us.
  std::exchange(wanted_, nullptr)();
}

void JobClient::Later() {
  loop_.Post([this, alive = alive_] {
    if (*alive) Try();
  });
}

void JobClient::Watch(bool on) {
  if (on == watched_) return;
  watched_ = on;
  if (!on) return loop_.Unwatch(read_.get());
  const absl::Status status =
      loop_.Watch(read_.get(), EPOLLIN, [this](uint32_t) { Try(); });
  if (!status.ok()) gone_ = true, watched_ = false;
}

}  // namespace fanout
