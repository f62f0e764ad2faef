#include "bench/mcfeely/process.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/status.h"
#include "bench/environment.h"
#include "bench/need.h"
#include "sys/file.h"

namespace bench {
namespace {

// Whether there is something to read, or an end, within `longest`.
bool Await(int fd, absl::Duration longest) {
  pollfd p = {fd, POLLIN, 0};
  return poll(&p, 1, static_cast<int>(absl::ToInt64Milliseconds(longest))) > 0;
}

}  // namespace

absl::StatusOr<Process> Process::Start(std::vector<std::string> argv,
                                       const std::string& log, bool ready) {
  TRY_ASSIGN(sys::Fd errors,
             sys::Open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC));
  TRY_ASSIGN(auto pipe, sys::Pipe());
  auto& [out, in] = pipe;
  TRY_ASSIGN(sys::Child child,
             sys::Child::Spawn(argv, {.out = ready ? in.get() : -1,
                                      .err = errors.get(),
                                      .death_signal = SIGKILL}));
  in.Reset();
  Process process(std::move(child));
  if (!ready) return process;
  char said[4096];
  const ssize_t n = Await(out.get(), absl::Minutes(10))
                        ? read(out.get(), said, sizeof said)
                        : 0;
  if (n <= 0) {
    return absl::UnavailableError(
        absl::StrCat(absl::StrJoin(argv, " "), " does not start; see ", log));
  }
  process.said_.assign(said, static_cast<size_t>(n));
  return process;
}

Process& Process::operator=(Process&& other) {
  End();
  child_ = std::exchange(other.child_, std::nullopt);
  said_ = std::move(other.said_);
  return *this;
}

void Process::End(int signal) {
  if (!child_.has_value()) return;
  (void)child_->Signal(signal);
  (void)Wait(absl::Seconds(30));
}

absl::StatusOr<sys::Ended> Process::Wait(absl::Duration longest) {
  const bool ended = Await(child_->pidfd(), longest);
  if (!ended) (void)child_->Signal(SIGKILL);
  const sys::Ended how = child_->Wait();
  child_.reset();
  if (!ended) return absl::DeadlineExceededError("it did not end in time");
  return how;
}

double Process::CpuSeconds() const {
  clockid_t clock;
  timespec t = {};
  if (clock_getcpuclockid(pid(), &clock) != 0 ||
      clock_gettime(clock, &t) != 0) {
    Die(absl::InternalError("the processor time of a process"));
  }
  return static_cast<double>(t.tv_sec) + t.tv_nsec / 1e9;
}

double Process::StatusBytes(absl::string_view name) const {
  const std::string status =
      Need(sys::ReadFile(absl::StrCat("/proc/", pid(), "/status")));
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    int64_t kb = 0;
    if (absl::ConsumePrefix(&line, name) && absl::ConsumeSuffix(&line, "kB") &&
        absl::SimpleAtoi(line, &kb)) {
      return static_cast<double>(kb) * 1024;
    }
  }
  Die(absl::InternalError(absl::StrCat("no ", name, " of ", pid())));
}

Daemon::Daemon(int pid) : pid_(pid) {
  Need(sys::MakeFolders(Scratch() + "/daemons"));
  Need(sys::ReplaceFile(path(), ""));
}

Daemon::~Daemon() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  (void)sys::RemoveFile(path());
}

std::string Daemon::path() const {
  return absl::StrCat(Scratch(), "/daemons/", pid_);
}

}  // namespace bench
