#include "isinit/machine.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/status.h"
#include "isinit/rescue_prompt.h"
#include "sys/clock.h"
#include "sys/file.h"

#ifndef LINUX_REBOOT_CMD_KEXEC
#define LINUX_REBOOT_CMD_KEXEC 0x45584543
#endif

namespace isinit {
namespace {

// statfs(2).
constexpr long kRamfsMagic = 0x858458f6, kTmpfsMagic = 0x01021994;
// proc_ns: the inode of the kernel's first pid namespace
// (include/linux/proc_ns.h, PROC_PID_INIT_INO).
constexpr ino_t kFirstPidNamespace = 0xEFFFFFFCU;

bool InFirstPidNamespace() {
  struct stat s;
  if (stat("/proc/self/ns/pid", &s) == 0) return s.st_ino == kFirstPidNamespace;
  // Without a /proc: there the second process is the kernel's, of no process
  // group; of a namespace that is just starting there is none.
  return getpgid(2) == 0;
}

bool IsDevice(const char* path) {
  struct stat s;
  return stat(path, &s) == 0 && S_ISCHR(s.st_mode);
}

bool IsRootWritable() { return access("/", W_OK) == 0; }

absl::Status DoMount(const MountStep& step) {
  if (mkdir(step.target.c_str(), step.mode) != 0 && errno != EEXIST) {
    return base::SysError(step.target);
  }
  if (mount(step.source.c_str(), step.target.c_str(), step.type.c_str(),
            step.flags, step.data.c_str()) == 0) {
    if (step.target == "/dev" && step.type == "tmpfs") MakeDeviceNodes();
    return absl::OkStatus();
  }
  if (errno == ENODEV && step.type == "devtmpfs") {
    // A kernel without it: the nodes are ours to make.
    MountStep memory = step;
    memory.source = memory.type = "tmpfs";
    return DoMount(memory);
  }
  // Busy: somebody was faster. Not permitted, not known: of a container, or of
  // a kernel without it.
  if (errno == EBUSY || errno == EPERM || errno == EACCES || errno == ENODEV) {
    return absl::OkStatus();
  }
  return base::SysError(absl::StrCat("mount ", step.target));
}

std::vector<Mounted> MountedNow() {
  const absl::StatusOr<std::string> text =
      sys::ReadFile("/proc/self/mountinfo");
  return text.ok() ? ReadMountInfo(*text) : std::vector<Mounted>();
}

bool IsTemporaryFileSystem(const char* path, long magic) {
  struct statfs s;
  return statfs(path, &s) == 0 && s.f_type == magic;
}

// Reaps until nothing is left or `until` has come. True when nothing is left.
bool ReapAll(absl::Time until) {
  for (;;) {
    const pid_t pid = waitpid(-1, nullptr, WNOHANG);
    if (pid < 0 && errno == ECHILD) return true;
    if (pid > 0) continue;
    if (sys::SteadyNow() >= until) return false;
    usleep(5000);
  }
}

}  // namespace

absl::string_view PowerWord(Power power) {
  switch (power) {
    case Power::kReboot:
      return "reboot";
    case Power::kPowerOff:
      return "poweroff";
    case Power::kHalt:
      return "halt";
    case Power::kKexec:
      return "kexec";
  }
  return "";
}

int PowerSignal(Power power) {
  switch (power) {
    case Power::kReboot:
      return SIGTERM;
    case Power::kPowerOff:
      return SIGUSR2;
    case Power::kHalt:
      return SIGUSR1;
    case Power::kKexec:
      return 0;
  }
  return 0;
}

bool IsProcessOneOurs() {
  struct stat first, ours;
  return stat("/proc/1/exe", &first) == 0 &&
         stat("/proc/self/exe", &ours) == 0 && first.st_dev == ours.st_dev &&
         first.st_ino == ours.st_ino;
}

Situation FindSituation() {
  if (getenv("container") != nullptr || !InFirstPidNamespace()) {
    return Situation::kContainer;
  }
  return IsTemporaryFileSystem("/", kRamfsMagic) ||
                 IsTemporaryFileSystem("/", kTmpfsMagic)
             ? Situation::kRescue
             : Situation::kSystem;
}

std::vector<std::string> MountMissing(Situation situation,
                                      absl::string_view wish) {
  std::vector<std::string> troubles;
  const auto carry_out = [&](const MountStep& step) {
    const absl::Status status = DoMount(step);
    if (!status.ok()) troubles.push_back(std::string(status.message()));
  };
  // What is mounted already can only be seen once /proc is there.
  for (const MountStep& step :
       PlanMounts(situation, wish, MountedNow(), IsRootWritable())) {
    if (step.target == "/proc") carry_out(step);
  }
  const bool devices = IsDevice("/dev/null");
  for (const MountStep& step :
       PlanMounts(situation, wish, MountedNow(), IsRootWritable())) {
    // Nodes that somebody put there one by one are not to be hidden.
    if (step.target == "/dev" && step.type == "tmpfs" && devices) continue;
    carry_out(step);
  }
  return troubles;
}

void MakeDeviceNodes() {
  const struct {
    const char* path;
    unsigned major, minor, mode;
  } nodes[] = {
      {"/dev/null", 1, 3, 0666},    {"/dev/zero", 1, 5, 0666},
      {"/dev/full", 1, 7, 0666},    {"/dev/random", 1, 8, 0666},
      {"/dev/urandom", 1, 9, 0666}, {"/dev/tty", 5, 0, 0666},
      {"/dev/console", 5, 1, 0600}, {"/dev/kmsg", 1, 11, 0600},
  };
  const mode_t before = umask(0);
  for (const auto& n : nodes) {
    mknod(n.path, S_IFCHR | n.mode, makedev(n.major, n.minor));
  }
  umask(before);
  const char* const links[][2] = {{"/proc/self/fd", "/dev/fd"},
                                  {"/proc/self/fd/0", "/dev/stdin"},
                                  {"/proc/self/fd/1", "/dev/stdout"},
                                  {"/proc/self/fd/2", "/dev/stderr"},
                                  {"pts/ptmx", "/dev/ptmx"}};
  for (const auto& l : links) {
    if (symlink(l[0], l[1]) != 0) continue;  // it is there
  }
}

void TakeConsole() {
  int fd = open("/dev/console", O_RDWR | O_NOCTTY);
  if (fd < 0) fd = open("/dev/null", O_RDWR);
  if (fd < 0) return;
  for (int to = 0; to <= 2; to++) {
    if (fd != to) dup2(fd, to);
  }
  if (fd > 2) close(fd);
}

std::vector<std::string> ActiveConsoles() {
  const absl::StatusOr<std::string> text =
      sys::ReadFile("/sys/class/tty/console/active");
  std::vector<std::string> consoles;
  if (text.ok()) {
    for (absl::string_view name : absl::StrSplit(
             absl::StripAsciiWhitespace(*text), ' ', absl::SkipEmpty())) {
      consoles.push_back(absl::StrCat("/dev/", name));
    }
  }
  if (consoles.empty()) consoles.push_back("/dev/console");
  return consoles;
}

void ClaimCtrlAltDel() { reboot(RB_DISABLE_CAD); }

void EndAllProcesses(absl::Duration patience) {
  kill(-1, SIGTERM);
  kill(-1, SIGCONT);
  if (ReapAll(sys::SteadyNow() + patience)) return;
  kill(-1, SIGKILL);
  ReapAll(sys::SteadyNow() + absl::Seconds(2));
}

void LetGoOfFileSystems() {
  sync();
  if (absl::StatusOr<std::string> swaps = sys::ReadFile("/proc/swaps");
      swaps.ok()) {
    for (absl::string_view line : absl::StrSplit(*swaps, '\n')) {
      if (absl::StartsWith(line, "/")) {
        swapoff(std::string(line.substr(0, line.find_first_of(" \t"))).c_str());
      }
    }
  }
  for (const Mounted& m : UnmountOrder(MountedNow())) {
    if (umount2(m.target.c_str(), 0) == 0) continue;
    // What is written is on the disk then, whoever still holds it.
    mount(nullptr, m.target.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
    umount2(m.target.c_str(), MNT_DETACH);
  }
  mount(nullptr, "/", nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
  sync();
}

absl::Status EndMachine(Power power) {
  int command = RB_AUTOBOOT;
  switch (power) {
    case Power::kReboot:
      break;
    case Power::kPowerOff:
      command = RB_POWER_OFF;
      break;
    case Power::kHalt:
      command = RB_HALT_SYSTEM;
      break;
    case Power::kKexec:
      command = LINUX_REBOOT_CMD_KEXEC;
      break;
  }
  reboot(command);
  const absl::Status failed = base::SysError(PowerWord(power));
  // No kernel is loaded for kexec(8): the firmware then.
  if (power == Power::kKexec) reboot(RB_AUTOBOOT);
  return failed;
}

namespace {

// Between fork and the end of the process: a shell on the best console.
[[noreturn]] void BecomeShell() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setsid();
  const std::string path = ActiveConsoles().back();
  // Who had the console before, as before a crash, is not to take what is
  // typed here.
  int console = open(path.c_str(), O_RDWR | O_NOCTTY);
  if (console >= 0) {
    ioctl(console, TIOCVHANGUP);
    close(console);
    console = open(path.c_str(), O_RDWR);
  }
  if (console >= 0) {
    for (int to = 0; to <= 2; to++) dup2(console, to);
    if (console > 2) close(console);
    ioctl(0, TIOCSCTTY, 1);
  }
  // What a former life kept open is not for it.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
         0);
  setenv("PS1", "rescue# ", 1);
  _exit(RunShell());
}

// True when `pid` is among what has ended, or nothing is left to end.
bool ReapedShell(pid_t pid) {
  for (;;) {
    const pid_t ended = waitpid(-1, nullptr, WNOHANG);
    if (ended == 0) return false;
    if (ended == pid || (ended < 0 && errno == ECHILD)) return true;
  }
}

std::optional<Power> PowerOf(int signal) {
  // Ctrl-Alt-Del: there is no table that says what else it means.
  if (signal == SIGINT) return Power::kReboot;
  for (Power power : {Power::kReboot, Power::kPowerOff, Power::kHalt}) {
    if (signal == PowerSignal(power)) return power;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Power> RescueShell(absl::string_view why) {
  const std::string text = absl::StrCat("\nisinit: ", why, "\n");
  sys::WriteAll(2, text).IgnoreError();
  // Process 1 gets no signal that it neither handles nor blocks.
  sigset_t heeded, before;
  sigemptyset(&heeded);
  for (int s : {SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) {
    sigaddset(&heeded, s);
  }
  sigprocmask(SIG_BLOCK, &heeded, &before);
  const pid_t pid = fork();
  if (pid == 0) BecomeShell();
  std::optional<Power> power;
  while (pid > 0 && !power.has_value() && !ReapedShell(pid)) {
    power = PowerOf(sigwaitinfo(&heeded, nullptr));
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return power;
}

}  // namespace isinit
