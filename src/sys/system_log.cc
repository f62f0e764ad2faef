#include "sys/system_log.h"

#include <absl/strings/str_cat.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "sys/fd.h"
#include "sys/process.h"

namespace sys {

void TellSystemLog(absl::string_view program, absl::string_view line) {
  const Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  constexpr absl::string_view kPath = "/dev/log";
  kPath.copy(address.sun_path, sizeof address.sun_path - 1);
  // RFC 3164: facility 10 (authpriv), severity 5 (notice).
  const std::string message =
      absl::StrCat("<", 10 * 8 + 5, ">", program, "[", MyPid(), "]: ", line);
  (void)sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace sys
