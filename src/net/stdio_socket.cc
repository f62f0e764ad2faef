#include "net/stdio_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/status.h"
#include "net/local_relay.h"
#include "sys/file.h"

namespace net {

absl::StatusOr<sys::Fd> StdioSocket::Open() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return base::SysError("socketpair");
  }
  ours_ = sys::Fd(ends[1]);
  sys::Fd end(ends[0]);
  TRY(sys::SetNonBlocking(end.get()));
  TRY(sys::SetNonBlocking(ours_.get()));
  thread_ = std::thread([this] {
    (void)RelayTo(STDIN_FILENO, STDOUT_FILENO, ours_.get());
    // The channel is to see that nobody is there any more.
    shutdown(ours_.get(), SHUT_RDWR);
  });
  return end;
}

void StdioSocket::Close() {
  if (!thread_.joinable()) return;
  thread_.join();
  const sys::Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd : {0, 1, 2}) dup2(null.get(), fd);
}

StdioSocket::~StdioSocket() {
  if (!thread_.joinable()) return;
  shutdown(ours_.get(), SHUT_RDWR);
  thread_.join();
}

}  // namespace net
