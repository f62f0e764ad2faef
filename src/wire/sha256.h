// SHA-256, where others ask for it, and comparing what nobody may guess.
#pragma once

#include <absl/strings/string_view.h>
#include <sodium/crypto_hash_sha256.h>

#include <string>

namespace wire {

std::string Sha256(absl::string_view bytes);  // 32 bytes

// The same of what comes in pieces.
class Sha256Sum {
 public:
  Sha256Sum();
  void Add(absl::string_view bytes);
  std::string Of() const;  // all that was added so far

 private:
  crypto_hash_sha256_state state_;
};

// Whether they are the same, in a time that says nothing of where they differ
// or of how long `secret` is.
bool SameSecret(absl::string_view secret, absl::string_view offered);

}  // namespace wire
