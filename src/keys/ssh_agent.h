// Signing without seeing the key: the ssh agent's protocol
// (draft-miller-ssh-agent), the two requests we need.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "wire/sshsig.h"

namespace keys {

struct AgentKey {
  wire::PublicKey key;
  std::string comment;
};
// The agent's Ed25519 keys in its order. Unavailable when nobody answers at the
// socket, DataLoss when the answer is not the protocol's.
absl::StatusOr<std::vector<AgentKey>> ListAgentKeys(const std::string& socket);
// Signs through the agent; each Sign is a request of at most 60 s (an agent may
// ask a person to touch something).
std::unique_ptr<wire::Signer> NewAgentSigner(const std::string& socket,
                                             const wire::PublicKey& key);

}  // namespace keys
