// The agent of a host that has none: started over ssh for as long as there is
// work, with its standard input and output as the channel (mcfeely-agent
// --stdio).
//
// What is started is a relay. Behind it, in a session of its own, an agent
// listens on a unix socket in the user's state folder, where its journal is,
// too. So when the line breaks, comms go on; the next line finds the same
// agent, and takes their results. It ends when nothing runs and nobody is
// there; what it could not tell is in the journal, which the next one reads.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <vector>

namespace mcfeely {

struct FarAgentConfig {
  std::string folder;  // of the journal and the socket; made when missing
  // The command line of the agent, but for what is said here: its name first.
  std::vector<std::string> agent;
};

// ${XDG_STATE_HOME:-~/.local/state}/fleetbox/agent/HOST.
std::string FarAgentFolder(const std::string& host);

// Starts the agent unless it runs, and relays until the line ends. BLOCKS for
// as long as that takes. Changes the working folder. Unavailable when there is
// no agent after a while; the last line of its log is in the message.
absl::Status RelayToFarAgent(const FarAgentConfig& config);

}  // namespace mcfeely
