// Asks another host to carry out an order, and hears what comes of it
// (relay_answer.h). Asks once: what was sent is never sent again.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "power/relay_answer.h"
#include "power/relay_request.h"
#include "sys/loop.h"

namespace power {

// "hub", "ssh:ops@hub", "tcp:hub:7577", "unix:/path"; NAME=ADDRESS where the
// host calls itself otherwise than its address.
struct RelayHost {
  std::string text;       // as it was given
  std::string name;       // its principal is "host:NAME"
  std::string address;    // as net/address.h has it
  bool has_name = false;  // it was given
};
absl::StatusOr<RelayHost> ParseRelayHost(absl::string_view text);

class RelayClient {
 public:
  struct Options {
    std::string identity = {}, trust = {};  // files; "": the usual ones
  };
  struct Events {
    std::function<void(const std::vector<RelayTally::Host>&)> hosts;
    std::function<void(const std::string&)> plan;
    std::function<void(size_t host, const HostResult&)> result;
    std::function<void(const std::string&)> note;
    std::function<void(const std::string& pcu, const std::string&)> trace;
    // The other host's last word.
    std::function<void(int exit_code, const std::string& error)> ended;
    // There is none: why, with the exit code for that. If
    // `was_sent`, the order may have been carried out; the results of hosts
    // that had none have come before this.
    std::function<void(int code, bool was_sent, const std::string& why)> lost;
  };
  // The loop outlives it. Nothing is called from within the constructor, nor
  // after `ended` or `lost`.
  static absl::StatusOr<std::unique_ptr<RelayClient>> Ask(sys::Loop& loop,
                                                          RelayHost host,
                                                          RelayOrder order,
                                                          Options options,
                                                          Events events);
  ~RelayClient();

  // There: as a first SIGINT, and a second. Before it was sent: nothing is.
  void Interrupt();
  void Abandon();
  // Hears no more.
  void GiveUp();

 private:
  RelayClient();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace power
