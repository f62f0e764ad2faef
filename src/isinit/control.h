// The server's own socket: clients of this host, each with what it has sent and
// what it has not read yet. No client can hold up another, or the server.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sys/fd.h"
#include "sys/loop.h"
#include "wire/messages.pb.h"

namespace isinit {

// Who asks, as the kernel says.
struct Caller {
  uint32_t uid = 0, gid = 0;
  // uid 0 and our own: may do everything.
  bool all = false;
  std::string name = {};  // for the log: "uid 0", "user:ops@example.com"
};

class Control {
 public:
  struct Events {
    // A whole request. `client` is a number that is never used again.
    std::function<void(uint64_t client, const Caller& caller,
                       const fleetbox::wire::IsinitRequest& request)>
        asked;
    // Nobody waits for its answers any more.
    std::function<void(uint64_t client)> gone;
  };
  // Takes over a socket that listens.
  Control(sys::Loop& loop, sys::Fd listener, Events events);
  ~Control();  // sends what is unsent as far as the sockets take it

  // The last answer of a client that speaks text closes its connection. For
  // one that is not there any more nothing happens.
  void Answer(uint64_t client, const fleetbox::wire::IsinitAnswer& answer);
  int listener() const;
  // The socket of a client whose answers are framed, for somebody who takes it
  // over in our place; -1 when there is none such.
  int FdOf(uint64_t client) const;
  // One that was taken over, with a request that is still to be answered.
  void Adopt(sys::Fd fd, const fleetbox::wire::IsinitRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace isinit
