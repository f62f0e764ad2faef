// The agent of a host: a channel to the server, a journal, and comms, around
// Attempts, which decides (attempts.h). It calls a server, or listens for one,
// or both; of two channels the later one counts.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "sys/loop.h"

namespace mcfeely {

struct AgentConfig {
  std::string host;                  // our name: what tasks are addressed to
  std::vector<std::string> servers;  // addresses, tried in this order
  std::vector<std::string> listen;   // addresses
  // Ends by itself when there is nothing to run, nothing to tell and nobody
  // there (far_agent.h).
  bool while_needed = false;
  absl::Duration dead_after = base::kDeadAfter;  // of a silent channel
  std::string server_principal = "server:mcfeely";
  std::string comm_folder = "/etc/fleetbox/comm";
  std::string journal = "/var/lib/fleetbox/agent";  // folder
  std::string identity, trust;                      // files; "": the usual ones
  std::string policy;  // file; "": the usual one, if there is one
};

class Agent {
 public:
  // Takes the journal's lock and reads it back, ends what is left of the comms
  // of a former life, and begins listening and calling the servers, for ever.
  // Unavailable, naming the pid, when another agent has the journal.
  static absl::StatusOr<std::unique_ptr<Agent>> Open(sys::Loop& loop,
                                                     AgentConfig config);
  ~Agent();

  // As they can be called: with the ports that were picked.
  std::vector<std::string> addresses() const;
  // Called once, when a server has been reached for the first time.
  void OnConnected(std::function<void()> f);
  // Starts no more comms, waits for those that run and a moment for the server
  // to take their results, then stops the loop; at most `longest` later it does
  // so anyway, and at once when told again. What still runs then is killed, and
  // counts as interrupted.
  void Stop(absl::Duration longest);

 private:
  Agent();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcfeely
