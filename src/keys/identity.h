// Which key we are: the order of places in which an identity is looked for.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "wire/sshsig.h"

namespace keys {

// A host's or server's: `file` if not empty, else /etc/fleetbox/identity if it
// exists, else /etc/ssh/ssh_host_ed25519_key.
absl::StatusOr<std::unique_ptr<wire::Signer>> HostIdentity(
    const std::string& file);

// A person's: `file` if not empty, else $FLEETBOX_IDENTITY, else the first
// Ed25519 key of the agent at $SSH_AUTH_SOCK, else ~/.ssh/id_ed25519. NotFound
// when there is none; FailedPrecondition, saying ssh-add, for a protected one.
absl::StatusOr<std::unique_ptr<wire::Signer>> UserIdentity(
    const std::string& file);

}  // namespace keys
