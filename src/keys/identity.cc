#include "keys/identity.h"

#include <absl/strings/str_cat.h>

#include <optional>

#include "base/limits.h"
#include "base/status.h"
#include "keys/openssh_key.h"
#include "keys/ssh_agent.h"
#include "sys/file.h"
#include "sys/users.h"

namespace keys {
namespace {

using SignerOr = absl::StatusOr<std::unique_ptr<wire::Signer>>;

constexpr char kHostIdentity[] = "/etc/fleetbox/identity";
constexpr char kSshHostKey[] = "/etc/ssh/ssh_host_ed25519_key";

SignerOr FromFile(const std::string& path) {
  TRY_ASSIGN(KeyPair pair, ReadKeyFile(path));
  return std::unique_ptr<wire::Signer>(
      std::make_unique<KeyPair>(std::move(pair)));
}

// The agent's signer for the public key in `path`, if both are there.
SignerOr FromAgent(const std::string& socket, const std::string& path) {
  TRY_ASSIGN(const std::string line,
             sys::ReadFile(path, base::kMaxKeyFileBytes));
  TRY_ASSIGN(const wire::PublicKey key, ParsePublicKeyLine(line, nullptr));
  TRY_ASSIGN(const std::vector<AgentKey> held, ListAgentKeys(socket));
  for (const AgentKey& candidate : held) {
    if (candidate.key == key) return NewAgentSigner(socket, key);
  }
  return absl::NotFoundError(
      absl::StrCat("the key of ", path, " is not in the agent"));
}

}  // namespace

SignerOr HostIdentity(const std::string& file) {
  if (!file.empty()) return FromFile(file);
  TRY_ASSIGN(const sys::FileInfo own, sys::Stat(kHostIdentity));
  return FromFile(own.exists ? kHostIdentity : kSshHostKey);
}

SignerOr UserIdentity(const std::string& file) {
  std::string path = file;
  if (path.empty()) path = sys::EnvironmentVariable("FLEETBOX_IDENTITY");
  const std::string socket = sys::EnvironmentVariable("SSH_AUTH_SOCK");
  if (!path.empty()) {
    SignerOr signer = FromFile(path);
    if (signer.ok() || socket.empty()) return signer;
    // As ssh does: a protected key, or a public one alone, names the key that
    // the agent is to sign with.
    for (const std::string& named : {absl::StrCat(path, ".pub"), path}) {
      SignerOr agent = FromAgent(socket, named);
      if (agent.ok()) return agent;
    }
    return signer;
  }

  absl::Status trouble;
  if (!socket.empty()) {
    const absl::StatusOr<std::vector<AgentKey>> held = ListAgentKeys(socket);
    if (held.ok() && !held->empty()) {
      return NewAgentSigner(socket, held->front().key);
    }
    trouble = held.status();
  }
  path = absl::StrCat(sys::HomeFolder(), "/.ssh/id_ed25519");
  SignerOr signer = FromFile(path);
  if (signer.ok() || !absl::IsNotFound(signer.status())) return signer;
  std::string why = absl::StrCat(
      "no identity: no --identity, no FLEETBOX_IDENTITY, no Ed25519 key in an "
      "agent, no ",
      path);
  if (!trouble.ok()) absl::StrAppend(&why, " (", trouble.message(), ")");
  return absl::NotFoundError(why);
}

}  // namespace keys
