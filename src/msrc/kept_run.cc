#include "msrc/kept_run.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "msrc/cache_folder.h"
#include "sys/file.h"
#include "wire/message.h"

namespace msrc {
namespace {

namespace pb = fleetbox::wire;

constexpr size_t kReadBytes = 64 << 10;
constexpr absl::Duration kLookAgain = absl::Milliseconds(200);
constexpr size_t kMaxEndBytes = 64 << 10;

}  // namespace

absl::StatusOr<KeptRun> KeptRun::Make(const std::string& cache,
                                      const std::string& run_hex) {
  KeptRun run;
  const std::string runs = absl::StrCat(cache, "/runs");
  TRY(NeedPrivateFolder(runs));
  run.folder = absl::StrCat(runs, "/", run_hex);
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(run.folder));
  if (info.exists) {
    return absl::AlreadyExistsError(
        absl::StrCat("run ", run_hex, ": there is output of it already"));
  }
  TRY(NeedPrivateFolder(run.folder));
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND;
  TRY_ASSIGN(run.out, sys::Open(run.folder + "/out", kFlags));
  TRY_ASSIGN(run.err, sys::Open(run.folder + "/err", kFlags));
  TRY_ASSIGN(run.lock, sys::Open(run.folder + "/lock", kFlags));
  if (flock(run.lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return base::SysError(run.folder);
  }
  return run;
}

absl::Status KeptRun::WriteEnd(const pb::Ended& ended) const {
  return sys::ReplaceFile(folder + "/ended", wire::Serialize(ended), 0600);
}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Open(
    sys::Loop& loop, const std::string& cache, const std::string& run_hex,
    Events events) {
  std::unique_ptr<Follower> follower(new Follower(
      loop, absl::StrCat(cache, "/runs/", run_hex), std::move(events)));
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(follower->folder_);
  if (!info.ok() || !info->folder) {
    return absl::NotFoundError(
        absl::StrCat("run ", run_hex, ": nothing is kept of it"));
  }
  TRY_ASSIGN(follower->out_, sys::Open(follower->folder_ + "/out", O_RDONLY));
  TRY_ASSIGN(follower->err_, sys::Open(follower->folder_ + "/err", O_RDONLY));
  Follower* f = follower.get();
  follower->timer_ =
      loop.After(absl::ZeroDuration(), [f] { f->timer_ = 0, f->Look(); });
  return follower;
}

Follower::~Follower() { loop_.Cancel(timer_); }

void Follower::Pause(bool paused) {
  paused_ = paused;
  if (!paused && timer_ == 0) {
    timer_ = loop_.After(absl::ZeroDuration(), [this] { timer_ = 0, Look(); });
  }
}

bool Follower::ReadSome(int fd, int stream) {
  std::string bytes(kReadBytes, '\0');
  const ssize_t n = read(fd, bytes.data(), bytes.size());
  if (n <= 0) return false;
  bytes.resize(static_cast<size_t>(n));
  events_.output(stream, std::move(bytes));
  return true;
}

std::optional<pb::Ended> Follower::End() const {
  const absl::StatusOr<std::string> bytes =
      sys::ReadFile(folder_ + "/ended", kMaxEndBytes);
  if (bytes.ok()) {
    absl::StatusOr<pb::Ended> ended = wire::Parse<pb::Ended>(*bytes);
    if (ended.ok()) return *std::move(ended);
  }
  // Its keeper has the lock as long as it lives.
  const absl::StatusOr<sys::Fd> lock = sys::Open(folder_ + "/lock", O_RDONLY);
  if (lock.ok() && flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    return std::nullopt;
  }
  // The end may have been written since we looked.
  if (!bytes.ok() && sys::Stat(folder_ + "/ended")->exists) return std::nullopt;
  pb::Ended ended;
  ended.set_exit_code(75);
  ended.set_error("how it ended is not known: its keeper was killed");
  return ended;
}

// The end is looked for first: what is printed before it is there then.
void Follower::Look() {
  const std::optional<pb::Ended> ended = End();
  bool more = true;
  while (more && !paused_) {
    more = ReadSome(out_.get(), 1);
    more = ReadSome(err_.get(), 2) || more;
  }
  if (paused_) return;
  if (!ended) {
    timer_ = loop_.After(kLookAgain, [this] { timer_ = 0, Look(); });
    return;
  }
  (void)sys::RemoveTree(folder_);
  events_.ended(*ended);
}

}  // namespace msrc
