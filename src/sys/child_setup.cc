#include "sys/child_setup.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

// As in child.cc: only the kernel's calls, nothing allocated, no lock.
#define NOT_SANITIZED \
  __attribute__((no_sanitize("address", "thread", "undefined")))

namespace sys {
namespace {

constexpr int kCapabilities = 64;

NOT_SANITIZED bool Has(uint64_t set, int capability) {
  return (set >> capability & 1) != 0;
}

// Ends with a zero byte. Returns how many digits there are.
NOT_SANITIZED int WriteDigits(char* to, long number) {
  int digits = 1;
  for (long rest = number; rest >= 10; rest /= 10) digits++;
  to[digits] = '\0';
  for (int at = digits; at-- > 0; number /= 10) {
    to[at] = static_cast<char>('0' + number % 10);
  }
  return digits;
}

NOT_SANITIZED bool WriteTo(long folder, const char* path, const char* text,
                           size_t bytes) {
  const long fd = syscall(SYS_openat, folder, path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return false;
  const long done = syscall(SYS_write, fd, text, bytes);
  const int error = errno;
  syscall(SYS_close, fd);
  errno = error;
  return done == static_cast<long>(bytes);
}

NOT_SANITIZED bool SetOutOfMemory(int score) {
  char text[16];
  text[0] = '-';
  const bool below = score < 0;
  const int digits =
      WriteDigits(text + (below ? 1 : 0), below ? -long{score} : score);
  return WriteTo(AT_FDCWD, "/proc/self/oom_score_adj", text,
                 static_cast<size_t>(digits + (below ? 1 : 0)));
}

// Without waiting for a line that is not there: our parent stands still
// meanwhile. It may have been the controlling terminal of an earlier session.
NOT_SANITIZED bool TakeTerminal(const ChildSetup& setup, int* terminal) {
  const long fd = syscall(SYS_openat, AT_FDCWD, setup.terminal.c_str(),
                          O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
  if (fd < 0) return false;
  const long flags = syscall(SYS_fcntl, fd, F_GETFL, 0);
  if (flags < 0 || syscall(SYS_fcntl, fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
    return false;
  }
  if (syscall(SYS_ioctl, fd, TIOCSCTTY, 1) < 0 &&
      syscall(SYS_ioctl, fd, TIOCSCTTY, 0) < 0) {
    return false;
  }
  *terminal = static_cast<int>(fd);
  return true;
}

}  // namespace

NOT_SANITIZED bool ChildSteps::EnterCgroup(const ChildSetup& setup,
                                           const char** failed) {
  *failed = "cgroup";
  return WriteTo(setup.cgroup, "cgroup.procs", "0", 1);
}

NOT_SANITIZED bool ChildSteps::Begin(const ChildSetup& setup,
                                     const char** failed, int* terminal) {
  if (setup.umask) syscall(SYS_umask, *setup.umask);
  if (setup.pid_digits != nullptr) {
    WriteDigits(setup.pid_digits, syscall(SYS_getpid));
  }
  if (setup.terminal.empty()) return true;
  *failed = setup.terminal.c_str();
  return TakeTerminal(setup, terminal);
}

// First all out of the way of all, so that none is overwritten before it is
// copied.
NOT_SANITIZED bool ChildSteps::PlaceDescriptors(const ChildSetup& setup,
                                                const char** failed) {
  if (setup.descriptors.empty()) return true;
  *failed = "descriptors";
  int free = 3;
  for (const ChildSetup::Given& given : setup.descriptors) {
    if (given.as >= free) free = given.as + 1;
  }
  constexpr size_t kMost = 512;
  int copies[kMost];
  const size_t count = setup.descriptors.size();
  if (count > kMost) {
    errno = EMFILE;
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    const long copy =
        syscall(SYS_fcntl, setup.descriptors[i].fd, F_DUPFD_CLOEXEC, free);
    if (copy < 0) return false;
    copies[i] = static_cast<int>(copy);
  }
  for (size_t i = 0; i < count; i++) {
    if (syscall(SYS_dup3, copies[i], setup.descriptors[i].as, 0) < 0) {
      return false;
    }
  }
  return true;
}

NOT_SANITIZED bool ChildSteps::BeforeUser(const ChildSetup& setup,
                                          const char** failed) {
  for (const ChildSetup::Limit& wanted : setup.limits) {
    *failed = "resource limit";
    const struct rlimit limit = {wanted.soft, wanted.hard};
    if (syscall(SYS_prlimit64, 0, wanted.resource, &limit, nullptr) != 0) {
      return false;
    }
  }
  if (setup.out_of_memory) {
    *failed = "oom_score_adj";
    if (!SetOutOfMemory(*setup.out_of_memory)) return false;
  }
  if (!setup.capabilities) return true;
  *failed = "capabilities";
  for (int i = 0; i < kCapabilities; i++) {
    if (Has(*setup.capabilities, i)) continue;
    // The first one that the kernel does not know is behind the last.
    if (syscall(SYS_prctl, PR_CAPBSET_DROP, i, 0, 0, 0) != 0) {
      if (errno == EINVAL) break;
      return false;
    }
  }
  // For the change of user that follows; forgotten with exec.
  return syscall(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0;
}

NOT_SANITIZED bool ChildSteps::AfterUser(const ChildSetup& setup,
                                         const char** failed) {
  if (setup.capabilities) {
    *failed = "capabilities";
    const uint64_t set = *setup.capabilities;
    const uint32_t low = static_cast<uint32_t>(set);
    const uint32_t high = static_cast<uint32_t>(set >> 32);
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {{low, low, low},
                                            {high, high, high}};
    if (syscall(SYS_capset, &header, data) != 0) return false;
    for (int i = 0; i < kCapabilities; i++) {
      if (Has(set, i) && syscall(SYS_prctl, PR_CAP_AMBIENT,
                                 PR_CAP_AMBIENT_RAISE, i, 0, 0) != 0) {
        return false;
      }
    }
  }
  if (!setup.no_new_privileges) return true;
  *failed = "no-new-privs";
  return syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

}  // namespace sys
