#include "sys/udp_socket.h"

#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/status.h"
#include "sys/resolve.h"

namespace sys {
namespace {

union AnyAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// Of one send, errors of earlier ones are reported first.
constexpr int kSendTries = 8;

}  // namespace

absl::StatusOr<UdpAddress> UdpAddress::Parse(const std::string& numeric,
                                             int port) {
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("no such port: ", port));
  }
  PinLookUps();
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (getaddrinfo(numeric.c_str(), nullptr, &hints, &found) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", numeric, "' is not a numeric address"));
  }
  AnyAddress any;
  memcpy(&any, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  UdpAddress address;
  address.port_ = port;
  address.is_ipv6_ = any.any.sa_family == AF_INET6;
  if (address.is_ipv6_) {
    memcpy(address.ip_.data(), &any.v6.sin6_addr, 16);
    address.scope_ = any.v6.sin6_scope_id;
  } else {
    memcpy(address.ip_.data(), &any.v4.sin_addr, 4);
  }
  return address;
}

std::string UdpAddress::Text() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_ipv6_ ? AF_INET6 : AF_INET, ip_.data(), text, sizeof text);
  return is_ipv6_ ? absl::StrCat("[", text, "]:", port_)
                  : absl::StrCat(text, ":", port_);
}

namespace {

// Which bytes of an address are where is the same both ways.
socklen_t SizeOf(bool is_ipv6) {
  return is_ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

AnyAddress Pack(bool is_ipv6, const uint8_t* ip, uint16_t port,
                uint32_t scope) {
  AnyAddress any;
  memset(&any, 0, sizeof any);
  if (is_ipv6) {
    any.v6.sin6_family = AF_INET6;
    any.v6.sin6_port = htons(port);
    any.v6.sin6_scope_id = scope;
    memcpy(&any.v6.sin6_addr, ip, 16);
  } else {
    any.v4.sin_family = AF_INET;
    any.v4.sin_port = htons(port);
    memcpy(&any.v4.sin_addr, ip, 4);
  }
  return any;
}

void Unpack(const AnyAddress& any, bool* is_ipv6, uint8_t* ip, uint16_t* port,
            uint32_t* scope) {
  *is_ipv6 = any.any.sa_family == AF_INET6;
  if (*is_ipv6) {
    *port = ntohs(any.v6.sin6_port);
    *scope = any.v6.sin6_scope_id;
    memcpy(ip, &any.v6.sin6_addr, 16);
  } else {
    *port = ntohs(any.v4.sin_port);
    *scope = 0;
    memcpy(ip, &any.v4.sin_addr, 4);
  }
}

}  // namespace

absl::StatusOr<UdpSocket> UdpSocket::Open(bool is_ipv6, size_t buffer_bytes) {
  const int family = is_ipv6 ? AF_INET6 : AF_INET;
  Fd fd(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return base::SysError("socket");
  const int bytes = static_cast<int>(buffer_bytes);
  // Beyond the system's limit only root may go.
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) !=
      0) {
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  const int on = 1;
  if (is_ipv6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
  } else {
    setsockopt(fd.get(), IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  }
  return UdpSocket(std::move(fd), is_ipv6);
}

absl::StatusOr<UdpSocket> UdpSocket::Bind(const UdpAddress& address) {
  constexpr size_t kBufferBytes = 1 << 20;
  TRY_ASSIGN(UdpSocket opened, Open(address.is_ipv6(), kBufferBytes));
  const AnyAddress any =
      Pack(address.is_ipv6_, address.ip_.data(), address.port_, address.scope_);
  if (bind(opened.fd(), &any.any, SizeOf(address.is_ipv6_)) != 0) {
    return base::SysError(absl::StrCat("bind ", address.Text()));
  }
  return opened;
}

absl::StatusOr<UdpAddress> UdpSocket::LocalAddress() const {
  AnyAddress any;
  socklen_t bytes = sizeof any;
  if (getsockname(fd_.get(), &any.any, &bytes) != 0) {
    return base::SysError("getsockname");
  }
  UdpAddress address;
  Unpack(any, &address.is_ipv6_, address.ip_.data(), &address.port_,
         &address.scope_);
  return address;
}

absl::Status UdpSocket::Send(const UdpAddress& to, absl::string_view datagram) {
  MUST(to.is_ipv6() == is_ipv6_);
  const AnyAddress any = Pack(to.is_ipv6_, to.ip_.data(), to.port_, to.scope_);
  for (int i = 0; i < kSendTries; ++i) {
    if (sendto(fd_.get(), datagram.data(), datagram.size(), 0, &any.any,
               SizeOf(is_ipv6_)) >= 0) {
      return absl::OkStatus();
    }
    if (errno == EAGAIN || errno == ENOBUFS) {
      return absl::UnavailableError("not now");
    }
    // Refused by another address, to which something was sent before.
    if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == EINTR) {
      continue;
    }
    break;
  }
  return base::SysError(to.Text());
}

std::optional<UdpSocket::Arrived> UdpSocket::Receive(std::string& buffer) {
  while (true) {
    AnyAddress any;
    socklen_t bytes = sizeof any;
    const ssize_t got = recvfrom(fd_.get(), buffer.data(), buffer.size(),
                                 MSG_TRUNC, &any.any, &bytes);
    if (got < 0) {
      if (errno == EAGAIN) return std::nullopt;
      continue;  // what was refused: TakeError tells whose it was
    }
    if (static_cast<size_t>(got) > buffer.size()) continue;
    Arrived arrived;
    Unpack(any, &arrived.from.is_ipv6_, arrived.from.ip_.data(),
           &arrived.from.port_, &arrived.from.scope_);
    arrived.datagram = absl::string_view(buffer).substr(0, got);
    return arrived;
  }
}

std::optional<UdpSocket::Refused> UdpSocket::TakeError() {
  while (true) {
    AnyAddress any;
    char sent[64];  // the beginning of what was refused
    alignas(cmsghdr) char control[512];
    iovec part = {.iov_base = sent, .iov_len = sizeof sent};
    msghdr message = {};
    message.msg_name = &any;
    message.msg_namelen = sizeof any;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (recvmsg(fd_.get(), &message, MSG_ERRQUEUE) < 0) {
      if (errno == EINTR) continue;
      return std::nullopt;
    }
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
         c = CMSG_NXTHDR(&message, c)) {
      const bool is_error =
          (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
          (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
      if (!is_error) continue;
      sock_extended_err error;
      memcpy(&error, CMSG_DATA(c), sizeof error);
      Refused refused;
      Unpack(any, &refused.to.is_ipv6_, refused.to.ip_.data(),
             &refused.to.port_, &refused.to.scope_);
      refused.why = strerror(static_cast<int>(error.ee_errno));
      return refused;
    }
  }
}

}  // namespace sys
