// OpenSSH signatures (PROTOCOL.sshsig in OpenSSH's sources) with Ed25519 keys
// and sha512, and the few pieces of OpenSSH's key format they need.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <array>
#include <compare>
#include <string>

namespace wire {

// An Ed25519 public key, 32 bytes.
struct PublicKey {
  std::array<uint8_t, 32> bytes{};
  static absl::StatusOr<PublicKey> From(absl::string_view bytes);
  absl::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;
};

// "ssh-ed25519" and the key as SSH strings (RFC 8709): what stands in base64 in
// a .pub file.
std::string SshBlob(const PublicKey& key);
absl::StatusOr<PublicKey> FromSshBlob(absl::string_view blob);
// "ssh-ed25519 AAAA...", without a comment.
std::string SshLine(const PublicKey& key);
// "SHA256:...", as ssh-keygen -l prints it.
std::string Fingerprint(const PublicKey& key);

// The bytes that are signed for `message` in `name_space`: the SSHSIG preamble,
// with the message's sha512.
std::string SshsigSignedData(absl::string_view message,
                             absl::string_view name_space);
// Whether `signature` (64 bytes) is `key`'s over SshsigSignedData.
bool SshsigVerify(const PublicKey& key, absl::string_view message,
                  absl::string_view name_space, absl::string_view signature);

// The armored file ssh-keygen -Y sign writes, from a raw signature and back.
std::string SshsigArmor(const PublicKey& key, absl::string_view name_space,
                        absl::string_view signature);
struct Sshsig {
  PublicKey key;
  std::string name_space, hash;  // hash: "sha512" or "sha256"
  std::string signature;         // 64 bytes
};
absl::StatusOr<Sshsig> SshsigParse(absl::string_view armored);
// Checks an armored signature, with either hash.
bool SshsigVerify(const Sshsig& sig, absl::string_view message);

// Whoever can sign: a key in memory, or an ssh agent that has it.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  // The 64 bytes of Ed25519 over `data`. May wait (an agent may ask a person).
  virtual absl::StatusOr<std::string> Sign(absl::string_view data) const = 0;
};
// A signature over `message` in `name_space`.
absl::StatusOr<std::string> SshsigSign(const Signer& signer,
                                       absl::string_view message,
                                       absl::string_view name_space);

}  // namespace wire
