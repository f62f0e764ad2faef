// Agents without processes: each has a key and a channel of its own, all are in
// this process, and what they are told to run is done at once.
#pragma once

#include <absl/status/status.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/allowed_signers.h"
#include "keys/openssh_key.h"
#include "net/channel.h"
#include "sys/loop.h"

namespace bench {

class ScriptedAgents {
 public:
  explicit ScriptedAgents(int count);

  // What the server has to know of them.
  const std::vector<std::string>& hosts() const { return hosts_; }
  const std::string& trust() const { return trust_lines_; }

  // Calls the server; seconds until all have announced themselves. `trust` is
  // a file that names the server.
  absl::StatusOr<double> Connect(const std::string& address,
                                 const std::string& trust);
  // Does what comes for so long; fails when a channel has ended.
  absl::Status Run(absl::Duration d);

 private:
  struct Agent {
    std::string principal;
    std::unique_ptr<keys::KeyPair> key;
    std::unique_ptr<net::Channel> channel;
  };
  void Call(Agent& agent, const net::Address& address);
  absl::Status Answer(Agent& agent, absl::string_view parcel);
  void Send(Agent& agent, wire::Kind kind, std::string body);

  sys::Loop loop_;
  std::vector<std::string> hosts_;
  std::string trust_lines_;
  std::optional<keys::TrustFile> trust_;
  std::deque<Agent> agents_;  // after what their channels borrow
  int announced_ = 0;
  absl::Status ended_;  // why a channel has, or an agent could not answer
};

}  // namespace bench
