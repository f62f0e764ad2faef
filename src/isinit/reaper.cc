#include "isinit/reaper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/status.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace isinit {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);

// Everything that can be sent to us and means something to the command.
sigset_t PassedOn() {
  sigset_t set;
  sigfillset(&set);
  for (int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS,
                SIGTTIN, SIGTTOU}) {
    sigdelset(&set, s);
  }
  return set;
}

// Reaps what has ended. The status of `pid` if it is among it.
std::optional<int> ReapFor(pid_t pid, bool* none_left) {
  std::optional<int> found;
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended == pid) found = status;
    if (ended > 0) continue;
    *none_left = ended < 0 && errno == ECHILD;
    return found;
  }
}

// As process 1 all are ours; else those the kernel hands to a subreaper.
void EndTheRest(const sigset_t& signals) {
  const absl::Time until = sys::SteadyNow() + kPatience;
  bool none_left = false;
  int signal = SIGTERM;
  for (;;) {
    ReapFor(0, &none_left);
    if (none_left) return;
    if (sys::MyPid() == 1) {
      kill(-1, signal);
    } else {
      sys::SignalDescendants(sys::MyPid(), signal);
    }
    const timespec pause = {0, 10'000'000};
    sigtimedwait(&signals, nullptr, &pause);
    if (sys::SteadyNow() >= until) signal = SIGKILL;
    if (sys::SteadyNow() >= until + kPatience) return;  // they are stuck
  }
}

}  // namespace

absl::StatusOr<int> RunAsReaper(const std::vector<std::string>& command) {
  const sigset_t signals = PassedOn();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  if (sys::MyPid() != 1) prctl(PR_SET_CHILD_SUBREAPER, 1);
  // It stays in our process group, whose terminal is its as well.
  TRY_ASSIGN(
      sys::Child child,
      sys::Child::Spawn(
          command, {.in = 0, .out = 1, .err = 2, .keep_descriptors = true}));
  const pid_t pid = child.pid();
  child.LetGo();
  for (;;) {
    bool none_left = false;
    if (const std::optional<int> status = ReapFor(pid, &none_left)) {
      EndTheRest(signals);
      return WIFSIGNALED(*status) ? 128 + WTERMSIG(*status)
                                  : WEXITSTATUS(*status);
    }
    siginfo_t info;
    const int signal = sigwaitinfo(&signals, &info);
    if (signal <= 0 || signal == SIGCHLD) continue;
    // The terminal has sent it to the command already.
    if (info.si_code == SI_KERNEL && (signal == SIGINT || signal == SIGQUIT)) {
      continue;
    }
    kill(pid, signal);
  }
}

}  // namespace isinit
