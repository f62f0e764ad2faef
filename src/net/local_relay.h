// The far end of an ssh: carrier: a command whose standard input and output are
// a channel, and which carries it to the server's unix socket.
#pragma once

#include <absl/status/status.h>

#include <string>

namespace net {

// Carries bytes both ways between standard input and output and the socket at
// `unix_path`. An end of input is passed on; ok once the server has closed its
// end and all of its bytes are written, or when nobody reads them any more.
// BLOCKS for as long as that takes. Unavailable when nobody listens there.
absl::Status RelayStdio(const std::string& unix_path);
// The same for a stream socket that is connected already, and does not block.
absl::Status RelayTo(int in, int out, int socket);
// The same for any two descriptors. Both are as they were afterwards.
absl::Status Relay(int in, int out, const std::string& unix_path);

}  // namespace net
