#include "fanout/outlet.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/status.h"

namespace fanout {
namespace {

// For a file that never makes one wait, and for a turn of the loop.
constexpr size_t kAtOnce = 128 << 10;
constexpr size_t kSpliceBytes = 1 << 20;

bool HasRoom(int fd) {
  pollfd p = {fd, POLLOUT, 0};
  return poll(&p, 1, 0) > 0;
}

ssize_t WriteOnce(int fd, absl::string_view bytes) {
  struct stat info = {};
  fstat(fd, &info);
  if (S_ISSOCK(info.st_mode)) {
    return send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  if (S_ISREG(info.st_mode)) return write(fd, bytes.data(), bytes.size());
  if (S_ISFIFO(info.st_mode)) {
    const iovec data = {const_cast<char*>(bytes.data()), bytes.size()};
    const ssize_t n = pwritev2(fd, &data, 1, -1, RWF_NOWAIT);
    if (n >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS &&
                   errno != ESPIPE)) {
      return n;
    }
  }
  // With room for anything there is room for so much, unless somebody else
  // takes it in between; then we wait for whoever reads.
  if (!HasRoom(fd)) {
    errno = EAGAIN;
    return -1;
  }
  return write(fd, bytes.data(), std::min<size_t>(bytes.size(), PIPE_BUF));
}

}  // namespace

absl::StatusOr<size_t> WriteNow(int fd, absl::string_view bytes) {
  size_t written = 0;
  while (written < bytes.size() && written < kAtOnce) {
    const ssize_t n = WriteOnce(fd, bytes.substr(written, kAtOnce));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) {
      const int error = errno;
      if (written > 0) break;  // the next call says so
      const absl::Status status = base::SysError(error, "");
      return absl::Status(status.code(), strerror(error));
    }
    written += static_cast<size_t>(n);
  }
  return written;
}

absl::StatusOr<std::unique_ptr<Outlet>> Outlet::Open(
    sys::Loop& loop, int fd, std::function<void()> drained,
    std::function<void(const absl::Status&)> failed) {
  // The loop may watch `fd` for somebody else.
  sys::Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) return base::SysError(absl::StrCat("descriptor ", fd));
  std::unique_ptr<Outlet> outlet(new Outlet(loop, std::move(copy)));
  outlet->drained_ = std::move(drained);
  // Only a pipe and a plain file are sure not to hold us up.
  struct stat info = {};
  fstat(outlet->fd_.get(), &info);
  outlet->can_splice_ = S_ISFIFO(info.st_mode) || S_ISREG(info.st_mode);
  outlet->failed_ = std::move(failed);
  return outlet;
}

Outlet::~Outlet() {
  *alive_ = false;
  if (watched_) loop_.Unwatch(fd_.get());
}

void Outlet::Write(absl::string_view bytes) {
  if (broken_) return;
  if (kept_.empty()) {
    // What goes at once need not be copied. A failure shows again in Go.
    const absl::StatusOr<size_t> n = WriteNow(fd_.get(), bytes);
    if (n.ok()) bytes.remove_prefix(*n);
  }
  if (bytes.empty()) return;
  if (written_ > 0 && kept_.size() + bytes.size() > kept_.capacity()) {
    kept_.erase(0, std::exchange(written_, 0));
  }
  absl::StrAppend(&kept_, bytes);
  if (!watched_) Later();
}

absl::StatusOr<size_t> Outlet::Splice(int pipe) {
  if (!can_splice_ || broken_ || !kept_.empty()) {
    return absl::UnimplementedError("splice");
  }
  for (;;) {
    const ssize_t n = splice(pipe, nullptr, fd_.get(), nullptr, kSpliceBytes,
                             SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EAGAIN) return size_t{0};
    if (errno == EINTR) continue;
    // A file opened to append, a terminal, a socket; or broken, as Write finds.
    can_splice_ = false;
    return absl::UnimplementedError("splice");
  }
}

void Outlet::Later() {
  if (posted_) return;
  posted_ = true;
  loop_.AtEndOfTurn([this, alive = alive_] {
    if (*alive) Go();
  });
}

void Outlet::Go() {
  posted_ = false;
  const absl::StatusOr<size_t> n =
      WriteNow(fd_.get(), absl::string_view(kept_).substr(written_));
  if (n.ok()) written_ += *n;
  const bool done = !n.ok() || written_ == kept_.size();
  if (done || written_ > kAtOnce) {
    kept_.erase(0, done ? kept_.size() : written_);
    written_ = 0;
  }
  if (done && watched_) {
    loop_.Unwatch(fd_.get());
    watched_ = false;
  }
  if (!n.ok()) {
    broken_ = true;
    // It may be our end.
    if (const auto failed = failed_) failed(n.status());
    return;
  }
  if (done) {
    if (const auto drained = drained_) drained();
    return;
  }
  if (watched_) return;
  const absl::Status watching =
      loop_.Watch(fd_.get(), EPOLLOUT, [this, alive = alive_](uint32_t) {
        if (*alive) Go();
      });
  if (watching.ok()) {
    watched_ = true;
  } else {
    Later();  // a plain file: it took as much as it gets in a turn
  }
}

}  // namespace fanout
