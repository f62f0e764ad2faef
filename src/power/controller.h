// What every engine offers to those who want something of a controller: one
// batch of orders for plugs of one PCU, over one login.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keys/secret.h"
#include "power/pcu.h"
#include "power/plug_action.h"

namespace power {

struct PlugOrder {
  Action action = Action::kStatus;
  std::string plug;
  ActionOptions options = {};
  bool with_confirmation = false;  // kVerify: up to the question, and no
};

// Credentials in hand; shared by all that work for the same PCU.
struct Credentials {
  std::string user = {};
  std::shared_ptr<const keys::Secret> secret = nullptr;
  std::shared_ptr<const keys::Secret> privacy_secret = nullptr;
};

struct Batch {
  const Pcu* pcu = nullptr;                      // outlives the batch
  const Specification* specification = nullptr;  // outlives the batch
  std::vector<std::string> plugs = {};  // all that have a host, in order
  Way way = {};                         // the one to try, its port is set
  std::string address = {};             // numeric; empty for a program
  Credentials credentials = {};
  std::vector<PlugOrder> orders = {};
  absl::Duration connect_timeout = absl::Seconds(5);
  // What an order may take until the device has taken its command; waiting for
  // its state has its own limit (ActionOptions).
  absl::Duration limit = absl::Seconds(60);
  // What is sent and received, one line at a time, secrets taken out; may be
  // empty. For --trace.
  std::function<void(absl::string_view line)> trace = {};
  // Of a dialogue: the whole of it as a transcript (device(5)), once, after the
  // connection has been closed; may be empty. For --record.
  std::function<void(absl::string_view transcript)> record = {};
};

class Controller {
 public:
  using Ticket = uint64_t;
  // `order`: which one of the batch. Each comes once, as soon as it is known,
  // on the loop, never from within Start.
  using Done = std::function<void(size_t order, const PlugResult& result)>;

  virtual ~Controller() = default;
  virtual Ticket Start(Batch batch, Done done) = 0;
  // Orders that have not begun end with a result that has neither outcome nor
  // failure: nothing was sent. What was sent is seen to its end.
  virtual void Cancel(Ticket ticket) = 0;
};

}  // namespace power
