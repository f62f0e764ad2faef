#include "hosts/run_command.h"

#include <absl/strings/str_cat.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "base/status.h"
#include "hosts/limits.h"
#include "sys/file.h"

namespace hosts {
namespace {

constexpr int kLookMs = 50;
constexpr int kMercyMs = 2000;

// Ends a child that shall go on no more: with mercy first.
void End(sys::Child& child) {
  child.Signal(SIGTERM).IgnoreError();
  pollfd ended = {child.pidfd(), POLLIN, 0};
  if (poll(&ended, 1, kMercyMs) != 1) child.Signal(SIGKILL).IgnoreError();
  child.Wait();
}

}  // namespace

absl::StatusOr<sys::Ended> RunCommand(const CommandOrder& order,
                                      std::string* output) {
  TRY_ASSIGN(auto pipe, sys::Pipe());
  TRY(sys::SetNonBlocking(pipe.first.get()));
  sys::SpawnOptions options;
  options.out = pipe.second.get();
  options.err = 2;
  options.folder = order.folder;
  if (order.environment != nullptr) {
    options.environment = &order.environment->entries();
  }
  TRY_ASSIGN(sys::Child child, sys::Child::Spawn(order.argv, options));
  pipe.second.Reset();
  size_t got = 0;
  for (bool open = true; open;) {
    pollfd readable = {pipe.first.get(), POLLIN, 0};
    const int n = poll(&readable, 1, kLookMs);
    if (n < 0 && errno != EINTR) {
      const absl::Status status = base::SysError("poll");
      End(child);
      return status;
    }
    if (n == 0 && order.stop) {
      const std::string reason = order.stop();
      if (!reason.empty()) {
        End(child);
        return absl::CancelledError(reason);
      }
    }
    if (n <= 0) continue;
    char block[64 << 10];
    const ssize_t bytes = read(pipe.first.get(), block, sizeof block);
    if (bytes > 0) {
      output->append(block, static_cast<size_t>(bytes));
      got += static_cast<size_t>(bytes);
    }
    open = bytes > 0 || (bytes < 0 && (errno == EAGAIN || errno == EINTR));
    if (got > kMaxOperandBytes) {
      End(child);
      return absl::ResourceExhaustedError(absl::StrCat(
          order.argv[0], ": more than ", kMaxOperandBytes, " bytes of output"));
    }
  }
  // It may have closed its output and go on.
  for (;;) {
    pollfd ended = {child.pidfd(), POLLIN, 0};
    if (poll(&ended, 1, kLookMs) == 1) return child.Wait();
    const std::string reason = order.stop ? order.stop() : "";
    if (!reason.empty()) {
      End(child);
      return absl::CancelledError(reason);
    }
  }
}

}  // namespace hosts
