#include "isinit/client.h"

#include <absl/strings/str_cat.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "base/limits.h"
#include "base/status.h"
#include "isinit/local_protocol.h"
#include "net/frame.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/socket.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;

namespace {

// False when the deadline has passed.
bool WaitReadable(int fd, absl::Time deadline) {
  for (;;) {
    int wait = -1;
    if (deadline != absl::InfiniteFuture()) {
      const int64_t ms =
          absl::ToInt64Milliseconds(deadline - sys::SteadyNow()) + 1;
      if (ms <= 0) return false;
      wait = static_cast<int>(std::min<int64_t>(ms, INT32_MAX));
    }
    pollfd p = {fd, POLLIN, 0};
    const int n = poll(&p, 1, wait);
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return true;  // the read says what is wrong
  }
}

}  // namespace

absl::StatusOr<int> Ask(
    const std::string& socket, const wire_pb::IsinitRequest& request,
    absl::Time deadline,
    const std::function<bool(const wire_pb::IsinitAnswer&)>& told) {
  TRY_ASSIGN(const sys::Fd fd, sys::ConnectUnix(socket));
  TRY(base::Context(
      sys::WriteAll(fd.get(), absl::StrCat(absl::string_view(&kFramedStart, 1),
                                           EncodeRequest(request))),
      socket));
  net::FrameReader frames(base::kMaxIsinitAnswerBytes);
  char bytes[64 << 10];
  for (;;) {
    TRY_ASSIGN(const std::optional<net::Frame> frame, frames.Next());
    if (frame.has_value()) {
      TRY_ASSIGN(const wire_pb::IsinitAnswer answer,
                 DecodeAnswer(frame->content));
      // What everybody waits for is the end of the server, not its last word.
      const bool halted = request.verb() == wire_pb::IsinitRequest::HALT &&
                          answer.last() && answer.exit_code() == 0;
      if (halted) continue;
      if (!told(answer) || answer.last()) {
        return static_cast<int>(answer.exit_code());
      }
      continue;
    }
    if (!WaitReadable(fd.get(), deadline)) {
      return absl::DeadlineExceededError("not reached in time");
    }
    const ssize_t n = recv(fd.get(), bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) {
      // The end of everything has no other answer than this.
      if (request.verb() == wire_pb::IsinitRequest::HALT) return 0;
      return absl::UnavailableError(
          absl::StrCat(socket, ": the server has gone without an answer"));
    }
    frames.Add(absl::string_view(bytes, n));
  }
}

bool IsThere(const std::string& socket) {
  return sys::ConnectUnix(socket).ok();
}

}  // namespace isinit
