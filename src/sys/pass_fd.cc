#include "sys/pass_fd.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/status.h"

namespace sys {
namespace {

// As many as the kernel sends at once (SCM_MAX_FD): a sender of many must not
// leave us with descriptors that nobody knows of.
constexpr size_t kMaxFds = 253;

}  // namespace

absl::StatusOr<size_t> SendWithFd(int socket, absl::string_view bytes, int fd) {
  iovec data = {const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return static_cast<size_t>(sent);
  const int error = errno;
  if (error == EAGAIN) return 0;
  const absl::Status status = base::SysError(error, "send");
  if (error == EPIPE || error == ECONNRESET) {
    return absl::UnavailableError(status.message());
  }
  if (error == ETOOMANYREFS) {
    return absl::ResourceExhaustedError(status.message());
  }
  return status;
}

absl::StatusOr<Received> ReceiveWithFd(int socket, size_t max_bytes) {
  Received received;
  received.bytes.resize(max_bytes);
  iovec data = {received.bytes.data(), max_bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxFds * sizeof(int))];
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n;
  do {
    n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  const int error = errno;
  received.bytes.resize(n > 0 ? static_cast<size_t>(n) : 0);
  if (n < 0) {
    if (error == EAGAIN) return received;
    // One that was killed with bytes of ours unread.
    if (error != ECONNRESET) return base::SysError(error, "receive");
  }
  received.closed = n <= 0;
  if (n < 0) return received;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      Fd owned(fd);
      if (!received.fd) received.fd = std::move(owned);
    }
  }
  return received;
}

absl::Status SendSome(int socket, std::string* unsent) {
  while (!unsent->empty()) {
    TRY_ASSIGN(const size_t sent, SendWithFd(socket, *unsent, -1));
    if (sent == 0) break;
    unsent->erase(0, sent);
  }
  return absl::OkStatus();
}

}  // namespace sys
