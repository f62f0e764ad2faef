// Keys, codes and privacy of SNMP 3's users (RFC 3414, 3826, 7860). Pure.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "keys/secret.h"
#include "net/ciphers.h"

namespace power {

enum class SnmpPrivacy : uint8_t { kNone, kDes, kAes };

// The bytes of a code with this digest: 12, 12, 16, 24, 32, 48.
size_t SnmpCodeBytes(net::Digest digest);

// The key of a password, which stretches it to 1 MiB: milliseconds.
net::Key StretchSnmpPassword(net::Digest digest, absl::string_view password);
// That of one engine.
net::Key LocalizeSnmpKey(net::Digest digest, const net::Key& key,
                         absl::string_view engine);

// Both, each done once for each password, and for each engine.
class SnmpKeyCache {
 public:
  net::Key Get(const std::shared_ptr<const keys::Secret>& password,
               net::Digest digest, absl::string_view engine);

 private:
  using Stretched = std::pair<std::shared_ptr<const keys::Secret>, net::Digest>;
  static constexpr size_t kMaxEntries = 65'536;
  // The secrets are kept as long as their keys: what is looked up is whose
  // they are, and another secret must not come to the same place in memory.
  absl::flat_hash_map<Stretched, net::Key> stretched_;
  absl::flat_hash_map<std::pair<Stretched, std::string>, net::Key> localized_;
};

// The code of a datagram in which the bytes of the code are zero.
std::string SnmpCode(net::Digest digest, const net::Key& key,
                     absl::string_view datagram);

// `salt` is 8 bytes, never the same twice; the key at least 16.
std::string EncryptSnmp(SnmpPrivacy privacy, const net::Key& key, int64_t boots,
                        int64_t time, absl::string_view salt,
                        absl::string_view scoped);
// InvalidArgument for what cannot have been encrypted so. With a wrong key it
// gives nonsense, which does not parse.
absl::StatusOr<std::string> DecryptSnmp(SnmpPrivacy privacy,
                                        const net::Key& key, int64_t boots,
                                        int64_t time, absl::string_view salt,
                                        absl::string_view sealed);

}  // namespace power
