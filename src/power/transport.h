// A way to a device that carries the bytes of a dialogue: telnet and plain TCP,
// a serial line, a program, ssh. One object is one connection.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/secret.h"
#include "power/outcome.h"
#include "power/pcu.h"
#include "sys/loop.h"

namespace power {

class Transport {
 public:
  struct Events {
    std::function<void()> connected;
    std::function<void(absl::string_view bytes)> received;
    // Nothing comes after it. Before `connected` there is a failure; after it
    // there is none when the other side just hung up.
    std::function<void(const std::optional<Failure>& why)> ended;
    // A built-in co-process alone: why what it says of a plug next is no state;
    // "" is each of them. The words of the line itself tell less.
    std::function<void(absl::string_view plug, const Failure& why)> failed = {};
  };

  // Closes at once: nothing is told any more, and no process is left.
  virtual ~Transport() = default;

  // Once. Events never come from within a call; an event may end the object
  // only at the end of the turn (sys::Loop::DeleteAtEndOfTurn).
  virtual void Start(Events events) = 0;
  // After `connected`. What cannot go at once is kept, and wiped behind.
  virtual void Send(absl::string_view bytes) = 0;
  // No more is sent, and no event comes but this one: `gone`, once what was
  // sent had its chance to arrive, one second at most.
  virtual void Leave(std::function<void()> gone) = 0;
};

// What a connection is made of.
struct TransportPlan {
  std::string transport = {};  // of pcu.h's words
  std::string address = {};    // numeric
  int port = 0;
  const Pcu* pcu = nullptr;  // outlives the transport
  std::string user = {};
  std::shared_ptr<const keys::Secret> secret = nullptr;
  std::vector<std::string> program = {};  // of exec
  absl::Duration connect_timeout = absl::Seconds(5);
  // From connected to logged in, where that is the transport's part (ssh).
  absl::Duration login_timeout = absl::Seconds(60);
};

// Null for a transport it does not know.
using TransportMaker = std::function<std::unique_ptr<Transport>(
    sys::Loop& loop, const TransportPlan& plan)>;

}  // namespace power
