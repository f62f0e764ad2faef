#include "sys/child.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

// glibc 2.36 forgets to say that these are C.
extern "C" {
#include <sys/pidfd.h>
}

#include "base/status.h"
#include "sys/clone.h"
#include "sys/signals.h"
#include "sys/spare_descriptors.h"

namespace sys {
namespace {

constexpr int kSignals = 64;  // the kernel's, whatever libc hides

// Between clone and exec the child shares our memory, and our thread is
// stopped: all it needs is prepared in here, and it tells us in here what
// failed. It allocates nothing, takes no lock and calls only the kernel, since
// anything it changed in libc's memory would be changed for us.
struct Start {
  const char* path;  // null: `executable`
  char* const* argv;
  char* const* environment;
  const char* folder;  // null: ours
  int executable;
  int descriptors[3];
  bool own_group, own_session, keep_descriptors, keep_signals;
  bool reset_sigpipe;  // with keep_signals
  uint64_t mask, changed_signals;
  int death_signal, parent, nice;
  const ResourceLimit* limits;
  size_t limit_count;
  const Credentials* credentials;  // null: ours
  const ChildSetup* setup;         // null: nothing of it
  bool in_cgroup;                  // the clone was made into setup's
  // The child shares our descriptors until it has copied those below this one;
  // 0: it has a copy of all from the start.
  int first_hidden = 0;
  Gate* gate;  // null: open
  // Out: what failed. Volatile: written behind the compiler's back.
  volatile int error = 0;
  const char* volatile failed = "";
};

// The sanitizers would take the child's frames, which never end, for ours.
#define NOT_SANITIZED \
  __attribute__((no_sanitize("address", "thread", "undefined")))

constexpr char kNotHidden[] = "hide descriptors";

// What sigaction(2) takes, all zero: the default action.
struct KernelSigaction {
  unsigned long words[4];
};

// The signals, as bits, whose action is not the default. Read once, as 64 calls
// for each child are noticed (10 us): nobody here ignores any but SIGPIPE once
// the program has begun, and handlers end with exec.
uint64_t ChangedSignals() {
  static const uint64_t changed = [] {
    uint64_t bits = uint64_t{1} << (SIGPIPE - 1);
    for (int i = 1; i <= kSignals; i++) {
      KernelSigaction now = {};
      syscall(SYS_rt_sigaction, i, nullptr, &now, kSignals / 8);
      if (now.words[0] != 0) bits |= uint64_t{1} << (i - 1);
    }
    return bits;
  }();
  return changed;
}

NOT_SANITIZED long Duplicate(long fd) {
  return syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
}

NOT_SANITIZED bool PlaceDescriptors(Start* s) {
  // First everything out of the way of 0, 1 and 2 that is not where it
  // belongs; then nothing that is copied can be overwritten before.
  for (int i = 0; i < 3; i++) {
    long fd = s->descriptors[i];
    if (fd < 0) {
      s->failed = "/dev/null";
      fd = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
      if (fd < 0) return false;
    }
    s->failed = "descriptors";
    if (fd < 3 && fd != i && (fd = Duplicate(fd)) < 0) return false;
    s->descriptors[i] = static_cast<int>(fd);
  }
  if (s->executable >= 0 && s->executable < 3) {
    const long fd = Duplicate(s->executable);
    if (fd < 0) return false;
    s->executable = static_cast<int>(fd);
  }
  for (int i = 0; i < 3; i++) {
    const long done = s->descriptors[i] == i
                          ? syscall(SYS_fcntl, i, F_SETFD, 0)
                          : syscall(SYS_dup3, s->descriptors[i], i, 0);
    if (done < 0) return false;
  }
  return s->keep_descriptors ||
         syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

NOT_SANITIZED bool ApplyLimits(Start* s) {
  for (size_t i = 0; i < s->limit_count; i++) {
    s->failed = "resource limit";
    const struct rlimit limit = {s->limits[i].value, s->limits[i].value};
    if (syscall(SYS_prlimit64, 0, s->limits[i].resource, &limit, nullptr) !=
        0) {
      return false;
    }
  }
  if (s->nice == 0) return true;
  s->failed = "priority";
  // The call gives 20 minus the value, so that it is never negative.
  const long now = 20 - syscall(SYS_getpriority, PRIO_PROCESS, 0);
  return syscall(SYS_setpriority, PRIO_PROCESS, 0, now + s->nice) == 0;
}

// The signal is meant for the end of our parent: which may have come already.
NOT_SANITIZED bool ArmDeathSignal(Start* s) {
  if (s->death_signal == 0) return true;
  s->failed = "death signal";
  if (syscall(SYS_prctl, PR_SET_PDEATHSIG, s->death_signal, 0, 0, 0) != 0) {
    return false;
  }
  if (syscall(SYS_getppid) != s->parent) syscall(SYS_exit_group, 127);
  return true;
}

// Nobody would ever open it if our parent ended: the child ends with it, until
// it has gone through.
NOT_SANITIZED bool PassGate(Start* s) {
  if (s->gate == nullptr) return true;
  s->failed = "gate";
  if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return false;
  if (syscall(SYS_getppid) != s->parent) syscall(SYS_exit_group, 127);
  if (!s->gate->Pass()) {
    errno = ECANCELED;
    return false;
  }
  return syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0;
}

// By the kernel's calls, which change this thread alone: libc's would change
// all of ours. Groups first, while we may; nothing of ours is kept to come back
// to.
NOT_SANITIZED bool ChangeUser(Start* s) {
  if (s->credentials == nullptr) return true;
  s->failed = "change of user";
  const Credentials& c = *s->credentials;
  return syscall(SYS_setgroups, c.groups.size(), c.groups.data()) == 0 &&
         syscall(SYS_setresgid, c.gid, c.gid, c.gid) == 0 &&
         syscall(SYS_setresuid, c.uid, c.uid, c.uid) == 0;
}

NOT_SANITIZED void Execute(Start* s) {
  s->failed = "";
  if (s->path != nullptr) {
    syscall(SYS_execve, s->path, s->argv, s->environment);
    return;
  }
  syscall(SYS_execveat, s->executable, "", s->argv, s->environment,
          AT_EMPTY_PATH);
  if (errno != ENOENT) return;
  // A script: its interpreter has to open it by a name, and the kernel refuses
  // at once if that would be gone by then. So for scripts alone this one
  // descriptor stays open, and the interpreter opens it anew by this name.
  char name[] = "/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0";
  char* at = name + sizeof("/proc/self/fd/") - 1;
  int digits = 1;
  for (int rest = s->executable; rest >= 10; rest /= 10) digits++;
  for (int rest = s->executable; digits > 0; rest /= 10) {
    at[--digits] = static_cast<char>('0' + rest % 10);
  }
  if (syscall(SYS_fcntl, s->executable, F_SETFD, 0) < 0) return;
  syscall(SYS_execve, name, s->argv, s->environment);
}

using Step = bool (*)(const ChildSetup&, const char**);

NOT_SANITIZED bool Take(Step step, Start* s) {
  if (s->setup == nullptr) return true;
  const char* failed = "";
  if (step(*s->setup, &failed)) return true;
  s->failed = failed;
  return false;
}

NOT_SANITIZED bool BeginSetup(Start* s) {
  if (s->setup == nullptr) return true;
  if (s->setup->cgroup >= 0 && !s->in_cgroup &&
      !Take(ChildSteps::EnterCgroup, s)) {
    return false;
  }
  int terminal = -1;
  const char* failed = "";
  if (!ChildSteps::Begin(*s->setup, &failed, &terminal)) {
    s->failed = failed;
    return false;
  }
  if (terminal < 0) return true;
  for (int& descriptor : s->descriptors) descriptor = terminal;
  return true;
}

NOT_SANITIZED int InChild(void* argument) {
  Start* s = static_cast<Start*>(argument);
  if (s->first_hidden > 0 && syscall(SYS_close_range, s->first_hidden, ~0U,
                                     CLOSE_RANGE_UNSHARE) != 0) {
    s->failed = kNotHidden;
    s->error = errno;
    for (;;) syscall(SYS_exit_group, 127);
  }
  // All signals are blocked since before the clone. Their handlers are ours and
  // would run on our memory, so they go before the mask does.
  const KernelSigaction by_default = {};
  if (!s->keep_signals) {
    for (int i = 1; i <= kSignals; i++) {
      if ((s->changed_signals >> (i - 1) & 1) == 0) continue;
      syscall(SYS_rt_sigaction, i, &by_default, nullptr, kSignals / 8);
    }
  } else if (s->reset_sigpipe) {
    syscall(SYS_rt_sigaction, SIGPIPE, &by_default, nullptr, kSignals / 8);
  }
  s->failed = "process group";
  bool ok = !s->own_group || syscall(SYS_setpgid, 0, 0) == 0;
  if (s->own_session) ok = syscall(SYS_setsid) >= 0;
  ok = ok && BeginSetup(s);
  if (ok && s->folder != nullptr) {
    s->failed = s->folder;
    ok = syscall(SYS_chdir, s->folder) == 0;
  }
  // The signal of a parent's end is forgotten with a change of user.
  if (ok && PlaceDescriptors(s) && Take(ChildSteps::PlaceDescriptors, s) &&
      ApplyLimits(s) && Take(ChildSteps::BeforeUser, s) && PassGate(s) &&
      ChangeUser(s) && Take(ChildSteps::AfterUser, s) && ArmDeathSignal(s)) {
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &s->mask, nullptr, kSignals / 8);
    Execute(s);
  }
  s->error = errno;
  for (;;) syscall(SYS_exit_group, 127);
}

// With SIGCHLD ignored, as some parents leave it to us, the kernel forgets how
// children end.
void MakeEndsKnown() {
  struct sigaction now;
  if (sigaction(SIGCHLD, nullptr, &now) != 0) return;
  if (now.sa_handler != SIG_IGN && (now.sa_flags & SA_NOCLDWAIT) == 0) return;
  now.sa_flags &= ~SA_NOCLDWAIT;
  if (now.sa_handler == SIG_IGN) now.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &now, nullptr);
}

// Where a command without a '/' is. Done before the clone, where there is
// memory to do it with.
absl::StatusOr<std::string> LookUp(const std::string& command,
                                   const std::string& where, bool moves) {
  const char* path = where.empty() ? getenv("PATH") : where.c_str();
  bool refused = false;
  for (absl::string_view folder :
       absl::StrSplit(path != nullptr ? path : "/bin:/usr/bin", ':')) {
    // Would mean another folder once the child is in its own.
    if (moves && !absl::StartsWith(folder, "/")) continue;
    std::string file = folder.empty() ? absl::StrCat("./", command)
                                      : absl::StrCat(folder, "/", command);
    struct stat info;
    if (stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) == 0) return file;
    refused = true;
  }
  return base::SysError(refused ? EACCES : ENOENT, command);
}

absl::Status ExecError(int error, const std::string& name, const char* path) {
  switch (error) {
    case ENOENT:
      // Of a file that is there, the one missing is what it begins with.
      if (path == nullptr || access(path, F_OK) == 0) {
        return base::SysError(error,
                              absl::StrCat(name, ": interpreter or loader"));
      }
      break;
    case ENOEXEC:
    case EISDIR:
    case EINVAL:
    case EPERM:
    case ELIBBAD:
    case ELOOP:
      return absl::PermissionDeniedError(base::SysError(error, name).message());
    case ENOTDIR:
      return absl::NotFoundError(base::SysError(error, name).message());
    case ETXTBSY:
    case EAGAIN:
      return absl::UnavailableError(base::SysError(error, name).message());
  }
  return base::SysError(error, name);
}

bool Pointers(absl::Span<const std::string> strings, std::vector<char*>* out) {
  out->reserve(strings.size() + 1);
  for (const std::string& s : strings) {
    if (s.find('\0') != std::string::npos) return false;
    out->push_back(const_cast<char*>(s.c_str()));
  }
  out->push_back(nullptr);
  return true;
}

}  // namespace

absl::StatusOr<Child> Child::Spawn(absl::Span<const std::string> argv,
                                   const SpawnOptions& options) {
  Child child;
  TRY_ASSIGN(child.pid_, Begin(argv, options, &child.pidfd_));
  return child;
}

absl::StatusOr<int> Child::SpawnForReaper(absl::Span<const std::string> argv,
                                          const SpawnOptions& options) {
  return Begin(argv, options, nullptr);
}

absl::StatusOr<int> Child::Begin(absl::Span<const std::string> argv,
                                 const SpawnOptions& options, Fd* pidfd) {
  if (argv.empty()) return absl::InvalidArgumentError("an empty command");
  std::vector<char*> arguments, environment;
  if (!Pointers(argv, &arguments)) {
    return absl::InvalidArgumentError("a zero byte in an argument");
  }
  if (options.environment != nullptr &&
      !Pointers(*options.environment, &environment)) {
    return absl::InvalidArgumentError("a zero byte in the environment");
  }
  std::string path;
  if (!options.program.empty()) {
    path = options.program;
  } else if (options.executable < 0) {
    path = argv[0];
    if (path.empty()) return base::SysError(ENOENT, "''");
    if (!absl::StrContains(path, '/')) {
      TRY_ASSIGN(path, LookUp(path, options.path, !options.folder.empty()));
    }
  }
  MakeEndsKnown();

  Start start;
  start.path = options.executable < 0 ? path.c_str() : nullptr;
  start.argv = arguments.data();
  start.environment =
      options.environment != nullptr ? environment.data() : environ;
  start.folder = options.folder.empty() ? nullptr : options.folder.c_str();
  start.executable = options.executable;
  start.descriptors[0] = options.in;
  start.descriptors[1] = options.out;
  start.descriptors[2] = options.err;
  start.own_group = options.own_group && !options.own_session;
  start.own_session = options.own_session;
  start.keep_descriptors = options.keep_descriptors;
  start.keep_signals = options.keep_signals;
  start.reset_sigpipe = !InheritedSignals().ignored_sigpipe;
  start.changed_signals = ChangedSignals();
  start.mask = options.keep_signals ? InheritedSignals().mask : 0;
  start.death_signal = options.death_signal;
  start.parent = getpid();
  start.nice = options.nice;
  start.limits = options.limits.data();
  start.limit_count = options.limits.size();
  start.credentials = options.credentials;
  start.setup = options.setup;
  start.in_cgroup = false;
  std::optional<InSpareDescriptors> spare;
  if (options.setup != nullptr && options.setup->spare != nullptr) {
    spare.emplace(*options.setup, start.descriptors);
  }
  if (spare && spare->limit() > 0) {
    start.setup = &spare->setup();
    start.first_hidden = spare->limit();
  }
  start.gate = options.gate;

  // By the kernel's call: libc's leaves two signals of its own unblocked, with
  // which it reaches all threads, and the child must not answer for ours.
  // SIGCHLD has no handler, and stays as it is: see Spawner for why it is
  // better not blocked; and where it is, it may wait to be asked for.
  const uint64_t all = ~(uint64_t{1} << (SIGCHLD - 1));
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, kSignals / 8);
  int opened = -1;
  const int pid = Clone(InChild, &start, start.first_hidden > 0,
                        start.setup != nullptr ? start.setup->cgroup : -1,
                        &start.in_cgroup, pidfd != nullptr ? &opened : nullptr);
  const int clone_error = errno;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, kSignals / 8);
  if (pid < 0) {
    absl::Status status = base::SysError(clone_error, "clone");
    return clone_error == EAGAIN ? absl::UnavailableError(status.message())
                                 : status;
  }

  if (start.error == 0) {
    if (pidfd != nullptr) pidfd->Reset(opened);
    return pid;
  }
  const Fd unused(opened);
  siginfo_t info;
  while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0) {
    MUST(errno == EINTR);
  }
  if (start.failed == kNotHidden) {
    spare->Disable();
    spare.reset();
    return Begin(argv, options, pidfd);
  }
  if (start.failed[0] != '\0') {
    return base::SysError(start.error, start.failed);
  }
  return ExecError(start.error, argv[0], start.path);
}

NOT_SANITIZED bool Gate::Pass() {
  int now;
  while ((now = state_.load()) == kWait) {
    syscall(SYS_futex, &state_, FUTEX_WAIT, kWait, nullptr);
  }
  return now == kOpen;
}

void Gate::Set(int state) {
  state_.store(state);
  // Not FUTEX_WAKE_PRIVATE: it is not one of our threads that waits.
  syscall(SYS_futex, &state_, FUTEX_WAKE, 1);
}

Child::Child(Child&& other) noexcept
    : pidfd_(std::move(other.pidfd_)),
      pid_(std::exchange(other.pid_, 0)),
      waited_(std::exchange(other.waited_, true)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  Child old(std::move(*this));
  pidfd_ = std::move(other.pidfd_);
  pid_ = std::exchange(other.pid_, 0);
  waited_ = std::exchange(other.waited_, true);
  return *this;
}

Child::~Child() {
  if (!pidfd_ || waited_) return;
  pidfd_send_signal(pidfd_.get(), SIGKILL, nullptr, 0);
  Wait();
}

absl::Status Child::Signal(int signal) {
  if (waited_ || pidfd_send_signal(pidfd_.get(), signal, nullptr, 0) == 0 ||
      errno == ESRCH) {
    return absl::OkStatus();
  }
  return base::SysError(absl::StrCat("signal process ", pid_));
}

absl::Status Child::SignalGroup(int signal) {
  // PIDFD_SIGNAL_PROCESS_GROUP, which kernels before 6.9 refuse. By number the
  // group is ours for certain only until the leader is reaped.
  constexpr unsigned kProcessGroup = 1 << 2;
  if (pidfd_send_signal(pidfd_.get(), signal, nullptr, kProcessGroup) == 0 ||
      (errno == EINVAL && kill(-pid_, signal) == 0) || errno == ESRCH) {
    return absl::OkStatus();
  }
  return base::SysError(absl::StrCat("signal process group ", pid_));
}

Ended Child::Wait(Usage* usage) {
  siginfo_t info = {};
  rusage used = {};
  long done;
  do {
    // The kernel's call tells what it took, libc's does not.
    done = syscall(SYS_waitid, P_PIDFD, pidfd_.get(), &info, WEXITED, &used);
  } while (done != 0 && errno == EINTR);
  MUST(done == 0);
  waited_ = true;
  if (usage != nullptr) {
    usage->user = absl::DurationFromTimeval(used.ru_utime);
    usage->system = absl::DurationFromTimeval(used.ru_stime);
    usage->max_resident_bytes = int64_t{used.ru_maxrss} << 10;
  }
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.signal = info.si_status};
}

}  // namespace sys
