// Open descriptors handed to another process over a unix socket (SCM_RIGHTS,
// unix(7)).
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <string>

#include "sys/fd.h"

namespace sys {

// Sends bytes, and with the first of them a copy of `fd` unless it is -1. Never
// waits. Returns how many bytes went; 0 when there is no room, now. Unavailable
// when the other side is gone; ResourceExhausted when too many descriptors
// are under way, which passes.
absl::StatusOr<size_t> SendWithFd(int socket, absl::string_view bytes, int fd);
// Bytes alone: takes away from `unsent` what the socket takes.
absl::Status SendSome(int socket, std::string* unsent);

struct Received {
  std::string bytes;
  Fd fd;                // close-on-exec; one that came with the bytes
  bool closed = false;  // the other side has ended; there is nothing more
};
// What is there, at most `max_bytes`. Never waits: nothing at all when nothing
// has come. A descriptor belongs to the last bytes: what was sent after it is
// not received in the same call. Of several only the first is kept.
absl::StatusOr<Received> ReceiveWithFd(int socket, size_t max_bytes);

}  // namespace sys
