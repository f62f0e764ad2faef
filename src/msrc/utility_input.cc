#include "msrc/utility_input.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/status.h"
#include "msrc/exchange_limits.h"
#include "sys/file.h"

namespace msrc {
namespace {

constexpr size_t kReadBytes = 64 << 10;
// Signals wait in the run's folder until somebody asks for them.
constexpr int kAskMs = 100;

absl::Status Copy(int from, int to, hosts::Run& run) {
  std::string buffer(kReadBytes, '\0');
  for (size_t bytes = 0;;) {
    pollfd readable = {.fd = from, .events = POLLIN, .revents = 0};
    const int ready = poll(&readable, 1, kAskMs);
    if (run.work().WaitingSignal() != 0) {
      return absl::CancelledError("interrupted");
    }
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t n = read(from, buffer.data(), buffer.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return base::SysError("read");
    if (n == 0) return absl::OkStatus();
    bytes += static_cast<size_t>(n);
    if (bytes > kMaxCopiedInputBytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "more than ", kMaxCopiedInputBytes, " bytes that are not in a file"));
    }
    TRY(sys::WriteAll(
        to, absl::string_view(buffer).substr(0, static_cast<size_t>(n))));
  }
}

}  // namespace

absl::StatusOr<std::string> UtilityInput(const fanout::XapplyOptions& commands,
                                         hosts::Run& run) {
  const std::string path = commands.input.value_or("");
  if (path.empty() || path == "/dev/null") return "";
  // A pipe that nobody writes to yet does not hold us up.
  TRY_ASSIGN(const sys::Fd from,
             sys::Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(from.get()));
  if (info.regular) return path;
  TRY_ASSIGN(const std::string folder, run.work().Path());
  const std::string copy = absl::StrCat(folder, "/input");
  TRY_ASSIGN(const sys::Fd to, sys::Open(copy, O_WRONLY | O_CREAT | O_EXCL));
  TRY(run.OrSignal(base::Context(Copy(from.get(), to.get(), run), path)));
  return copy;
}

}  // namespace msrc
