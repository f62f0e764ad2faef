#include "wire/sha256.h"

#include <sodium/utils.h>

#include "wire/sodium.h"

namespace wire {

std::string Sha256(absl::string_view bytes) {
  NeedSodium();
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size());
  return hash;
}

Sha256Sum::Sha256Sum() {
  NeedSodium();
  crypto_hash_sha256_init(&state_);
}

void Sha256Sum::Add(absl::string_view bytes) {
  crypto_hash_sha256_update(
      &state_, reinterpret_cast<const unsigned char*>(bytes.data()),
      bytes.size());
}

std::string Sha256Sum::Of() const {
  crypto_hash_sha256_state state = state_;
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_final(&state,
                           reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

// Hashes are of one length, whatever was offered.
bool SameSecret(absl::string_view secret, absl::string_view offered) {
  const std::string a = Sha256(secret), b = Sha256(offered);
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace wire
