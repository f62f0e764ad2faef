#include "sys/reaper.h"

#include <absl/strings/str_cat.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <utility>

#include "base/status.h"

namespace sys {
namespace {

// Of a storm of orphans so many at once; the rest when others had their turn.
constexpr int kMostAtOnce = 2000;

constexpr int kSignals[] = {SIGCHLD};

}  // namespace

Reaper::Reaper(Loop& loop)
    : loop_(loop),
      alive_(std::make_shared<bool>(true)),
      signals_(loop, kSignals, [this](int) { Reap(); }) {
  // Those that ended before we listened.
  loop_.Post([this, still = std::weak_ptr<bool>(alive_)] {
    if (!still.expired()) Reap();
  });
}

Reaper::~Reaper() = default;

void Reaper::Expect(int pid, Told told) {
  Told& expected = expected_[pid];
  MUST(expected == nullptr);
  expected = std::move(told);
}

void Reaper::Forget(int pid) {
  const auto found = expected_.find(pid);
  if (found != expected_.end()) found->second = nullptr;
}

absl::Status Reaper::Signal(int pid, int signal) {
  if (!expected_.contains(pid) || kill(pid, signal) == 0 || errno == ESRCH) {
    return absl::OkStatus();
  }
  return base::SysError(absl::StrCat("signal process ", pid));
}

absl::Status Reaper::SignalGroup(int pid, int signal) {
  if (!expected_.contains(pid) || kill(-pid, signal) == 0 || errno == ESRCH) {
    return absl::OkStatus();
  }
  return base::SysError(absl::StrCat("signal process group ", pid));
}

void Reaper::Around(std::function<void()> before, std::function<void()> after) {
  before_ = std::move(before);
  after_ = std::move(after);
}

// One signal may stand for many ends, and some stand for none that is left: so
// it is asked until there are no more.
void Reaper::Reap() {
  const std::weak_ptr<bool> still = alive_;
  bool begun = false;
  int count = 0;
  for (; count < kMostAtOnce; count++) {
    siginfo_t info = {};
    if (!begun) {
      // Only looked at: `before` is to see it as it is.
      if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
          info.si_pid == 0) {
        return;
      }
      begun = true;
      if (before_ != nullptr) before_();
      info = {};
    }
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0) {
      if (errno == EINTR) continue;
      break;
    }
    if (info.si_pid == 0) break;
    reaped_++;
    const auto found = expected_.find(info.si_pid);
    if (found == expected_.end()) continue;
    const Told told = std::move(found->second);
    expected_.erase(found);
    if (told == nullptr) continue;
    told(info.si_code == CLD_EXITED ? Ended{.code = info.si_status}
                                    : Ended{.signal = info.si_status});
    if (still.expired()) return;
  }
  if (after_ != nullptr) after_();
  if (still.expired() || count < kMostAtOnce) return;
  loop_.Post([this, still] {
    if (!still.expired()) Reap();
  });
}

}  // namespace sys
