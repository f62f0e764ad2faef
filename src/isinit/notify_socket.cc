#include "isinit/notify_socket.h"

#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "base/status.h"
#include "isinit/notify_message.h"
#include "sys/process.h"

namespace isinit {
namespace {

constexpr size_t kMostDescriptors = 253;  // SCM_MAX_FD
constexpr int kMostAtOnce = 64;           // messages in one turn

}  // namespace

NotifySocket::NotifySocket(sys::Loop& loop, Told told)
    : loop_(loop),
      told_(std::move(told)),
      alive_(std::make_shared<bool>(true)) {}

NotifySocket::~NotifySocket() {
  if (fd_) loop_.Unwatch(fd_.get());
  if (!path_.empty()) unlink(path_.c_str());
}

absl::Status NotifySocket::Bind(const std::string& path, uint32_t uid) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() < sizeof address.sun_path) {
    memcpy(address.sun_path, path.data(), path.size());
    unlink(path.c_str());
    if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof address) == 0) {
      name_ = path_ = path;
      if (chmod(path.c_str(), 0600) == 0 &&
          (uid == sys::MyUid() ||
           chown(path.c_str(), uid, static_cast<gid_t>(-1)) == 0)) {
        return absl::OkStatus();
      }
      return base::SysError(path);
    }
  }
  // Only the family: the kernel chooses.
  if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof address.sun_family) != 0) {
    return base::SysError("notify socket");
  }
  address = {};
  socklen_t bytes = sizeof address;
  if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &bytes) !=
      0) {
    return base::SysError("notify socket");
  }
  const size_t before = offsetof(sockaddr_un, sun_path) + 1;
  name_ = absl::StrCat("@",
                       absl::string_view(address.sun_path + 1, bytes - before));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<NotifySocket>> NotifySocket::Make(
    sys::Loop& loop, const std::string& path, uint32_t uid, Told told) {
  std::unique_ptr<NotifySocket> made(new NotifySocket(loop, std::move(told)));
  made->fd_.Reset(
      socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made->fd_) return base::SysError("notify socket");
  // Before it has a name, so that no message comes without a sender.
  const int on = 1;
  if (setsockopt(made->fd_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) !=
      0) {
    return base::SysError("notify socket");
  }
  TRY(made->Bind(path, uid));
  TRY(loop.Watch(made->fd_.get(), EPOLLIN,
                 [socket = made.get()](uint32_t) { socket->Receive(); }));
  return made;
}

void NotifySocket::Receive() {
  const std::weak_ptr<bool> still = alive_;
  for (int i = 0; i < kMostAtOnce; i++) {
    Message message;
    message.text.resize(kMaxNotifyBytes + 1);
    iovec data = {message.text.data(), message.text.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) +
                                  CMSG_SPACE(kMostDescriptors * sizeof(int))];
    msghdr header = {};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t n =
        recvmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    bool known = false;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
      if (part->cmsg_level != SOL_SOCKET) continue;
      if (part->cmsg_type == SCM_CREDENTIALS) {
        ucred credentials;
        memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
        message.sender = {credentials.uid, credentials.gid, credentials.pid};
        known = credentials.pid > 0;
      } else if (part->cmsg_type == SCM_RIGHTS) {
        const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t at = 0; at < count; at++) {
          int fd;
          memcpy(&fd, CMSG_DATA(part) + at * sizeof fd, sizeof fd);
          message.descriptors.emplace_back(fd);
        }
      }
    }
    if (!known || static_cast<size_t>(n) > kMaxNotifyBytes) continue;
    message.text.resize(static_cast<size_t>(n));
    told_(std::move(message));
    if (still.expired()) return;
  }
}

}  // namespace isinit
