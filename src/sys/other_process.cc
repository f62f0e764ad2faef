#include "sys/other_process.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "sys/file.h"

namespace sys {
namespace {

// linux/pidfd.h of 6.15, which is newer than the headers we compile with.
struct PidfdInfo {
  uint64_t mask = 0, cgroup = 0;
  uint32_t ids[11] = {};
  int32_t exit_code = 0;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr uint64_t kInfoExit = 1 << 3;
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);

// The fields of proc(5)'s stat from the second one on, which is the end of a
// name that may hold anything. Empty when there is no such process.
std::vector<std::string> StatFields(int pid) {
  const absl::StatusOr<std::string> stat =
      ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  if (!stat.ok()) return {};
  const size_t end = stat->rfind(')');
  if (end == std::string::npos) return {};
  return absl::StrSplit(absl::string_view(*stat).substr(end),
                        absl::ByAnyChar(" \n"), absl::SkipEmpty());
}
constexpr size_t kState = 1, kStartTime = 20, kExitCode = 50;

std::optional<int> StatusOfZombie(int pid) {
  const std::vector<std::string> fields = StatFields(pid);
  int status;
  if (fields.size() <= kExitCode || fields[kState] != "Z" ||
      !absl::SimpleAtoi(fields[kExitCode], &status)) {
    return std::nullopt;
  }
  return status;
}

}  // namespace

absl::StatusOr<OtherProcess> OtherProcess::Open(int pid) {
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    const absl::Status status = base::SysError(absl::StrCat("process ", pid));
    return errno == ESRCH ? absl::NotFoundError(status.message()) : status;
  }
  return OtherProcess(pid, std::move(pidfd));
}

std::optional<Ended> OtherProcess::HowItEnded() const {
  std::optional<int> status = StatusOfZombie(pid_);
  PidfdInfo info;
  info.mask = kInfoExit;
  // Asked last: whoever reaps it in between leaves the answer here.
  if (ioctl(pidfd_.get(), kGetInfo, &info) == 0 && (info.mask & kInfoExit)) {
    status = info.exit_code;
  }
  if (!status) return std::nullopt;
  if (WIFSIGNALED(*status)) return Ended{.signal = WTERMSIG(*status)};
  return Ended{.code = WEXITSTATUS(*status)};
}

std::optional<absl::Duration> OtherProcess::Age() const {
  const std::vector<std::string> fields = StatFields(pid_);
  int64_t ticks;
  if (fields.size() <= kStartTime ||
      !absl::SimpleAtoi(fields[kStartTime], &ticks)) {
    return std::nullopt;
  }
  // What was read is about this process only if it is still there.
  if (syscall(SYS_pidfd_send_signal, pidfd_.get(), 0, nullptr, 0) != 0 &&
      errno == ESRCH) {
    return std::nullopt;
  }
  timespec since_boot;
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return absl::DurationFromTimespec(since_boot) -
         absl::Seconds(1) * ticks / sysconf(_SC_CLK_TCK);
}

absl::Status OtherProcess::Signal(int signal) const {
  if (syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) == 0 ||
      errno == ESRCH) {
    return absl::OkStatus();
  }
  return base::SysError(absl::StrCat("process ", pid_));
}

}  // namespace sys
