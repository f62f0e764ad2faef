#include "sys/socket.h"

#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/status.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/resolve.h"

namespace sys {
namespace {

constexpr int kBacklog = 4096;  // the kernel's own limit applies too
constexpr absl::Duration kFolderLockTime = absl::Seconds(2);

struct TcpAddress {
  sockaddr_storage storage = {};
  socklen_t bytes = 0;
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

absl::StatusOr<TcpAddress> ParseNumeric(const std::string& numeric, int port) {
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("no such port: ", port));
  }
  PinLookUps();
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(numeric.c_str(), absl::StrCat(port).c_str(), &hints,
                  &found) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", numeric, "' is not a numeric address"));
  }
  TcpAddress address;
  memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.bytes = found->ai_addrlen;
  freeaddrinfo(found);
  return address;
}

absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("not a path for a socket");
  }
  if (path.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": ", path.size(), " bytes are too long for a socket's path; ",
        sizeof address.sun_path - 1, " are allowed"));
  }
  memcpy(address.sun_path, path.data(), path.size());
  return address;
}

absl::StatusOr<Fd> NewSocket(int family) {
  Fd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return base::SysError("socket");
  return fd;
}

int Connect(const Fd& fd, const sockaddr* address, socklen_t bytes) {
  int done;
  do {
    done = connect(fd.get(), address, bytes);
  } while (done != 0 && errno == EINTR);
  return done;
}

// Frames are written whole: waiting for more to send only delays them.
void SendAtOnce(const Fd& fd) {
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// The folder of `path`, locked, so that of two servers that start at once and
// find the same dead socket one sees the other alive. Bounded: anybody who may
// read the folder could hold it.
absl::StatusOr<Fd> LockFolder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  TRY_ASSIGN(Fd fd, Open(folder, O_RDONLY | O_DIRECTORY));
  const absl::Time deadline = SteadyNow() + kFolderLockTime;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    // ENOLCK and the like: a file system without locks has none to take.
    if (errno != EWOULDBLOCK) return fd;
    if (SteadyNow() >= deadline) {
      return absl::UnavailableError(
          absl::StrCat(folder, ": is locked by another process"));
    }
    poll(nullptr, 0, 5);
  }
  return fd;
}

// Removes what a dead server left at `path`.
absl::Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : base::SysError(path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, ": is there and not a socket"));
  }
  TRY_ASSIGN(Fd probe, NewSocket(AF_UNIX));
  // EAGAIN: alive, with more callers waiting than it has room for.
  if (Connect(probe, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) == 0 ||
      errno == EAGAIN) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, ": another process listens there"));
  }
  if (errno == ENOENT) return absl::OkStatus();
  if (errno != ECONNREFUSED) return base::SysError(path);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return base::SysError(path);
  return absl::OkStatus();
}

absl::StatusOr<Fd> ListenAt(const TcpAddress& address, const std::string& what,
                            bool both_families, int* error) {
  Fd fd(socket(address.storage.ss_family,
               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    *error = errno;
    return base::SysError(*error, what);
  }
  const int on = 1, six_only = both_families ? 0 : 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.storage.ss_family == AF_INET6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &six_only, sizeof six_only);
  }
  if (bind(fd.get(), address.get(), address.bytes) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    *error = errno;
    return base::SysError(*error, what);
  }
  return fd;
}

std::string NumericOf(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr,
              text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    const in6_addr& six =
        reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    // One peer has one name, whichever kind of listener it came to.
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
      inet_ntop(AF_INET, six.s6_addr + 12, text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &six, text, sizeof text);
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<Fd> ListenUnix(const std::string& path, int mode) {
  TRY_ASSIGN(const sockaddr_un address, UnixAddress(path));
  TRY_ASSIGN(const Fd folder, LockFolder(path));
  TRY(RemoveStale(path, address));
  TRY_ASSIGN(Fd fd, NewSocket(AF_UNIX));
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof address) != 0) {
    return base::SysError(path);
  }
  // Before listen nobody can connect, so there is no moment with a wrong mode.
  // bind applies our umask, which `mode` is not meant to be subject to.
  if (chmod(path.c_str(), static_cast<mode_t>(mode)) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    absl::Status status = base::SysError(path);
    unlink(path.c_str());
    return status;
  }
  return fd;
}

absl::StatusOr<Fd> ListenTcp(const std::string& host, int port) {
  const std::string what =
      absl::StrCat(host.empty() ? "*" : host, " port ", port);
  int error = 0;
  if (host.empty()) {
    TRY_ASSIGN(const TcpAddress six, ParseNumeric("::", port));
    absl::StatusOr<Fd> fd = ListenAt(six, what, true, &error);
    // Only a host without IPv6 refuses the family or the address.
    if (fd.ok() || (error != EAFNOSUPPORT && error != EADDRNOTAVAIL)) return fd;
    TRY_ASSIGN(const TcpAddress four, ParseNumeric("0.0.0.0", port));
    return ListenAt(four, what, false, &error);
  }
  TRY_ASSIGN(const std::vector<std::string> addresses, Resolve(host));
  absl::Status first;
  for (const std::string& numeric : addresses) {
    TRY_ASSIGN(const TcpAddress address, ParseNumeric(numeric, port));
    absl::StatusOr<Fd> fd = ListenAt(address, what, false, &error);
    if (fd.ok()) return fd;
    if (first.ok()) first = fd.status();
  }
  return first;
}

absl::StatusOr<int> LocalPort(int fd) {
  sockaddr_storage address = {};
  socklen_t bytes = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
    return base::SysError("getsockname");
  }
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return absl::InvalidArgumentError("not a TCP socket");
}

absl::StatusOr<Fd> ConnectUnix(const std::string& path) {
  TRY_ASSIGN(const sockaddr_un address, UnixAddress(path));
  TRY_ASSIGN(Fd fd, NewSocket(AF_UNIX));
  if (Connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) == 0) {
    return fd;
  }
  const int error = errno;
  absl::Status status = base::SysError(error, path);
  if (error == ENOENT || error == ECONNREFUSED || error == EAGAIN) {
    return absl::UnavailableError(status.message());
  }
  return status;
}

absl::StatusOr<Fd> BeginConnectTcp(const std::string& numeric, int port) {
  TRY_ASSIGN(const TcpAddress address, ParseNumeric(numeric, port));
  TRY_ASSIGN(Fd fd, NewSocket(address.storage.ss_family));
  SendAtOnce(fd);
  if (Connect(fd, address.get(), address.bytes) != 0 && errno != EINPROGRESS) {
    return base::SysError(absl::StrCat(numeric, " port ", port));
  }
  return fd;
}

absl::Status ConnectError(int fd) {
  int error = 0;
  socklen_t bytes = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) {
    return base::SysError("getsockopt");
  }
  return error == 0 ? absl::OkStatus() : base::SysError(error, "connect");
}

absl::StatusOr<Fd> Accept(int listener, std::string* peer) {
  sockaddr_storage address = {};
  socklen_t bytes = sizeof address;
  Fd fd(accept4(listener, reinterpret_cast<sockaddr*>(&address), &bytes,
                SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) {
    switch (errno) {
      // None, or one that is gone already: accept(2) passes on what the network
      // said of it.
      case EAGAIN:
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
      case ENETDOWN:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
      case EHOSTUNREACH:
      case ENETUNREACH:
      case EPERM:  // a firewall's no
        return Fd();
      default:
        return base::SysError("accept");
    }
  }
  const bool tcp =
      bytes >= sizeof(sockaddr_in) &&
      (address.ss_family == AF_INET || address.ss_family == AF_INET6);
  if (tcp) SendAtOnce(fd);
  if (peer != nullptr) *peer = tcp ? NumericOf(address) : "";
  return fd;
}

absl::StatusOr<PeerCredentials> PeerOf(int unix_socket) {
  ucred credentials = {};
  socklen_t bytes = sizeof credentials;
  if (getsockopt(unix_socket, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) !=
      0) {
    return base::SysError("getsockopt");
  }
  // What another family answers: nobody.
  if (credentials.pid == 0 && credentials.uid == static_cast<uid_t>(-1)) {
    return absl::FailedPreconditionError("not a unix socket");
  }
  return PeerCredentials{credentials.uid, credentials.gid, credentials.pid};
}

absl::StatusOr<std::pair<Fd, Fd>> SocketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) !=
      0) {
    return base::SysError("socketpair");
  }
  return std::pair<Fd, Fd>(Fd(fds[0]), Fd(fds[1]));
}

}  // namespace sys
