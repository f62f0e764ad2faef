#include "sys/signals.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/status.h"

namespace sys {

Signals::Signals(Loop& loop, absl::Span<const int> signals,
                 std::function<void(int signal)> f)
    : loop_(loop) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) MUST(sigaddset(&set, signal) == 0);
  MUST(pthread_sigmask(SIG_BLOCK, &set, &before_) == 0);
  fd_.Reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  MUST(fd_);
  // One signal at a time: `f` may be the end of this object.
  absl::Status watched =
      loop.Watch(fd_.get(), EPOLLIN, [this, f = std::move(f)](uint32_t) {
        signalfd_siginfo info;
        if (read(fd_.get(), &info, sizeof info) == sizeof info) {
          from_kernel_ = info.ssi_code == SI_KERNEL;
          f(static_cast<int>(info.ssi_signo));
        }
      });
  MUST(watched.ok());
}

Signals::~Signals() {
  loop_.Unwatch(fd_.get());
  // Those that wait here were for us and would end the process now.
  signalfd_siginfo info;
  while (read(fd_.get(), &info, sizeof info) == sizeof info) continue;
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Signals::Waiting(absl::Span<const int> signals) {
  sigset_t pending;
  if (sigpending(&pending) != 0) return false;
  for (int signal : signals) {
    if (sigismember(&pending, signal) == 1) return true;
  }
  return false;
}

std::vector<int> NotIgnored(std::initializer_list<int> signals) {
  std::vector<int> ours;
  for (int signal : signals) {
    struct sigaction now;
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
      ours.push_back(signal);
    }
  }
  return ours;
}

const char* SignalName(int signal) {
  // sigabbrev_np leaves the "SIG" away and has no real-time ones.
  static constexpr struct {
    int number;
    const char* name;
  } kNames[] = {
#define NAME(s) {s, #s}
      NAME(SIGHUP),  NAME(SIGINT),    NAME(SIGQUIT), NAME(SIGILL),
      NAME(SIGTRAP), NAME(SIGABRT),   NAME(SIGBUS),  NAME(SIGFPE),
      NAME(SIGKILL), NAME(SIGUSR1),   NAME(SIGSEGV), NAME(SIGUSR2),
      NAME(SIGPIPE), NAME(SIGALRM),   NAME(SIGTERM), NAME(SIGSTKFLT),
      NAME(SIGCHLD), NAME(SIGCONT),   NAME(SIGSTOP), NAME(SIGTSTP),
      NAME(SIGTTIN), NAME(SIGTTOU),   NAME(SIGURG),  NAME(SIGXCPU),
      NAME(SIGXFSZ), NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH),
      NAME(SIGIO),   NAME(SIGPWR),    NAME(SIGSYS),
#undef NAME
  };
  for (const auto& entry : kNames) {
    if (entry.number == signal) return entry.name;
  }
  return "a signal";
}

namespace {
// Cannot be asked for any more once we have changed it.
SignalsAtStart at_start;
}  // namespace

void IgnoreSigpipe() {
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &at_start.mask,
          sizeof at_start.mask);
  at_start.ignored_sigpipe = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
}

const SignalsAtStart& InheritedSignals() { return at_start; }

}  // namespace sys
