// The stream of bytes under a channel, as its caller gets it: a unix socket, a
// TCP connection to the first address that answers, or the standard input and
// output of an ssh.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "sys/child.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace net {

struct ConnectOptions {
  absl::Duration longest;  // for looking up the name and connecting, in all
  std::string ssh_program;
  std::vector<std::string> ssh_options = {};  // words before ours
  std::vector<std::string> remote_command;  // ssh: words, run by a shell there
  // The program is somebody's own, and may know none of ssh's options: it gets
  // its words, [login@]host, and the remote command.
  bool ssh_as_given = false;
};

struct Connection {
  sys::Fd fd;                       // a stream socket, not blocking
  std::optional<sys::Child> child;  // ssh
  sys::Fd child_errors;             // ssh: its standard error, not blocking
};

class Connector {
 public:
  using Done = std::function<void(absl::StatusOr<Connection>)>;
  // `done` comes once, on the loop, never before Start has returned; it may
  // destroy the connector. Destroying it before that gives up.
  static std::unique_ptr<Connector> Start(sys::Loop& loop,
                                          const Address& address,
                                          ConnectOptions options, Done done);
  ~Connector();

 private:
  Connector();
  struct State;
  std::shared_ptr<State> state_;  // weakly held by what it has posted
};

// The words of ssh's command line. The remote words are quoted for the shell
// they go through.
std::vector<std::string> SshCommand(const Address& address,
                                    const ConnectOptions& options);

}  // namespace net
