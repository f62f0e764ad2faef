#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/signals.h"

namespace sys {
namespace {

constexpr size_t kKeptStderrBytes = 4096;

// Reads what is there. False at the end.
bool Drain(int fd, std::string* out) {
  char block[16 << 10];
  ssize_t n;
  while ((n = read(fd, block, sizeof block)) > 0) {
    out->append(block, static_cast<size_t>(n));
    if (static_cast<size_t>(n) < sizeof block) return true;
  }
  return n < 0 && (errno == EAGAIN || errno == EINTR);
}

std::string LastLine(absl::string_view text) {
  text = absl::StripTrailingAsciiWhitespace(text);
  const size_t end = text.rfind('\n');
  if (end != absl::string_view::npos) text.remove_prefix(end + 1);
  return base::Escape(text);
}

}  // namespace

absl::StatusOr<std::string> RunProgram(absl::Span<const std::string> argv,
                                       absl::string_view input,
                                       absl::Duration longest,
                                       size_t max_output) {
  const absl::Time deadline = SteadyNow() + longest;
  // A file in memory rather than a pipe: all of it is there at once, and a
  // program that does not read it does no harm.
  Fd in(memfd_create("input", MFD_CLOEXEC));
  if (!in) return base::SysError("memfd_create");
  TRY(WriteAll(in.get(), input));
  if (lseek(in.get(), 0, SEEK_SET) != 0) return base::SysError("lseek");
  TRY_ASSIGN(auto out, Pipe());
  TRY_ASSIGN(auto err, Pipe());
  TRY(SetNonBlocking(out.first.get()));
  TRY(SetNonBlocking(err.first.get()));
  SpawnOptions options;
  options.in = in.get();
  options.out = out.second.get();
  options.err = err.second.get();
  options.own_group = true;
  TRY_ASSIGN(Child child, Child::Spawn(argv, options));
  out.second.Reset();
  err.second.Reset();

  std::string output, errors;
  for (bool ended = false; !ended;) {
    const absl::Duration left = deadline - SteadyNow();
    pollfd fds[] = {{child.pidfd(), POLLIN, 0},
                    {out.first.get(), POLLIN, 0},
                    {err.first.get(), POLLIN, 0}};
    const int64_t wait_ms = std::clamp<int64_t>(
        absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))), 0,
        60'000);
    if (poll(fds, 3, static_cast<int>(wait_ms)) < 0 && errno != EINTR) {
      return base::SysError("poll");
    }
    // Once it has ended only what is there already counts: something it left
    // behind may hold the pipes open for ever.
    ended = fds[0].revents != 0;
    if (fds[1].revents != 0 && !Drain(out.first.get(), &output)) {
      out.first.Reset();
    }
    if (fds[2].revents != 0 && !Drain(err.first.get(), &errors)) {
      err.first.Reset();
    }
    if (errors.size() > 2 * kKeptStderrBytes) {
      errors.erase(0, errors.size() - kKeptStderrBytes);
    }
    if (!ended && (output.size() > max_output || SteadyNow() >= deadline)) {
      child.SignalGroup(SIGKILL).IgnoreError();
      child.Wait();
      if (output.size() > max_output) break;
      return absl::DeadlineExceededError(absl::StrCat(
          argv[0], ": not done after ", base::FormatDuration(longest)));
    }
    if (ended) {
      while (out.first && output.size() <= max_output) {
        const size_t before = output.size();
        if (!Drain(out.first.get(), &output)) out.first.Reset();
        if (output.size() == before) break;
      }
      if (err.first) Drain(err.first.get(), &errors);
    }
  }
  if (output.size() > max_output) {
    return absl::ResourceExhaustedError(
        absl::StrCat(argv[0], ": more than ", max_output, " bytes of output"));
  }
  const Ended end = child.Wait();
  if (end.code == 0 && end.signal == 0) return output;
  std::string reason = LastLine(errors);
  if (reason.empty()) {
    reason = end.signal != 0 ? absl::StrCat("ended by ", SignalName(end.signal))
                             : absl::StrCat("exit ", end.code);
  }
  return absl::UnknownError(absl::StrCat(argv[0], ": ", reason));
}

}  // namespace sys
