// Ed25519 key files as ssh-keygen makes them (PROTOCOL.key in OpenSSH's
// sources), not protected by a passphrase.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <memory>
#include <string>

#include "keys/secret.h"
#include "wire/sshsig.h"

namespace keys {

// A key pair in memory; signs at once.
class KeyPair : public wire::Signer {
 public:
  KeyPair(const wire::PublicKey& public_key, Secret secret,
          std::string comment);
  const wire::PublicKey& public_key() const override { return public_key_; }
  absl::StatusOr<std::string> Sign(absl::string_view data) const override;
  const std::string& comment() const { return comment_; }
  // The 64 bytes libsodium signs with: seed, public key.
  const Secret& secret() const { return secret_; }

 private:
  wire::PublicKey public_key_;
  Secret secret_;
  std::string comment_;
};

KeyPair NewKeyPair(absl::string_view comment);

// The text of a private key file. InvalidArgument with what is wrong;
// FailedPrecondition for a key protected by a passphrase (says: ssh-add);
// Unimplemented for a key of another type.
absl::StatusOr<KeyPair> ParsePrivateKey(absl::string_view text);
Secret FormatPrivateKey(const KeyPair& pair);
// "ssh-ed25519 AAAA... comment". InvalidArgument.
absl::StatusOr<wire::PublicKey> ParsePublicKeyLine(absl::string_view line,
                                                   std::string* comment);

// Reads a private key file; one that group or others can read is refused with
// its mode in the message (FailedPrecondition). NotFound.
absl::StatusOr<KeyPair> ReadKeyFile(const std::string& path);
// The public half of a key file of either kind; of a private one that is
// protected, as FILE.pub has it.
absl::StatusOr<wire::PublicKey> ReadPublicHalf(const std::string& path,
                                               std::string* comment);
// FILE (0600) and FILE.pub. AlreadyExists unless `replace`.
absl::Status WriteKeyFiles(const std::string& path, const KeyPair& pair,
                           bool replace);

}  // namespace keys
