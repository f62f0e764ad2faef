// Stream sockets: listening, connecting, who is at the other end.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <utility>

#include "sys/fd.h"

namespace sys {

struct PeerCredentials {
  uint32_t uid = 0, gid = 0;
  int pid = 0;
};

// All descriptors are non-blocking and close-on-exec; TCP ones send at once
// (TCP_NODELAY).

// Replaces a socket nobody listens on any more; AlreadyExists (naming the
// path) when somebody does, or when what is there is not a socket. `mode` of
// the socket file, whatever the umask. InvalidArgument for a path longer than
// the 107 bytes the system allows.
absl::StatusOr<Fd> ListenUnix(const std::string& path, int mode = 0666);
// `host` numeric or a name (BLOCKS as Resolve does), empty for all addresses of
// IPv4 and IPv6; port 0 picks one. Listens on the first address of a name that
// can be had.
absl::StatusOr<Fd> ListenTcp(const std::string& host, int port);
// The port a TCP listener was given.
absl::StatusOr<int> LocalPort(int fd);

// Unavailable when nobody listens (message ends in the system's words), be the
// file missing or not.
absl::StatusOr<Fd> ConnectUnix(const std::string& path);
// Begins connecting to one numeric address; the result is known once the
// descriptor is writable: ConnectError tells.
absl::StatusOr<Fd> BeginConnectTcp(const std::string& numeric, int port);
absl::Status ConnectError(int fd);

// Accepts one; an Fd that is not open when there is none. `peer`, unless null,
// gets the numeric address of a TCP peer, empty for unix. ResourceExhausted
// when we are out of descriptors: the caller has to pause, as the listener
// stays ready.
absl::StatusOr<Fd> Accept(int listener, std::string* peer);
absl::StatusOr<PeerCredentials> PeerOf(int unix_socket);
absl::StatusOr<std::pair<Fd, Fd>> SocketPair();

}  // namespace sys
