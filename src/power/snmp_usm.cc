#include "power/snmp_usm.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"

namespace power {
namespace {

constexpr size_t kStretchedBytes = 1 << 20;
constexpr size_t kSaltBytes = 8;
constexpr size_t kDesBlock = 8;

std::string AesVector(int64_t boots, int64_t time, absl::string_view salt) {
  std::string vector;
  base::PutBe32(vector, boots);
  base::PutBe32(vector, time);
  absl::StrAppend(&vector, salt);
  return vector;
}

// The second half of the key, turned by the salt (RFC 3414, section 8.1.1.1).
std::string DesVector(const net::Key& key, absl::string_view salt) {
  std::string vector(key.view().substr(8, 8));
  for (size_t i = 0; i < vector.size(); ++i) vector[i] ^= salt[i];
  return vector;
}

}  // namespace

size_t SnmpCodeBytes(net::Digest digest) {
  switch (digest) {
    case net::Digest::kMd5:
    case net::Digest::kSha1:
      return 12;
    case net::Digest::kSha224:
      return 16;
    case net::Digest::kSha256:
      return 24;
    case net::Digest::kSha384:
      return 32;
    case net::Digest::kSha512:
      return 48;
  }
  MUST(false);
}

net::Key StretchSnmpPassword(net::Digest digest, absl::string_view password) {
  MUST(!password.empty());
  net::Hasher hasher(digest);
  // In pieces that are many times the password, which is faster.
  keys::Secret piece(password.size() *
                     std::max<size_t>(1, 4096 / password.size()));
  for (size_t i = 0; i < piece.size(); ++i) {
    piece.data()[i] = password[i % password.size()];
  }
  size_t left = kStretchedBytes;
  while (left > 0) {
    const size_t bytes = std::min(left, piece.size());
    hasher.Add(piece.view().substr(0, bytes));
    left -= bytes;
  }
  return hasher.Finish();
}

net::Key LocalizeSnmpKey(net::Digest digest, const net::Key& key,
                         absl::string_view engine) {
  net::Hasher hasher(digest);
  hasher.Add(key.view());
  hasher.Add(engine);
  hasher.Add(key.view());
  return hasher.Finish();
}

net::Key SnmpKeyCache::Get(const std::shared_ptr<const keys::Secret>& password,
                           net::Digest digest, absl::string_view engine) {
  const Stretched whose{password, digest};
  const std::pair<Stretched, std::string> where{whose, std::string(engine)};
  const auto known = localized_.find(where);
  if (known != localized_.end()) return known->second;
  if (localized_.size() >= kMaxEntries) localized_.clear();
  if (stretched_.size() >= kMaxEntries) stretched_.clear();
  net::Key& stretched = stretched_[whose];
  if (stretched.empty()) {
    stretched = StretchSnmpPassword(digest, password->view());
  }
  return localized_[where] = LocalizeSnmpKey(digest, stretched, engine);
}

std::string SnmpCode(net::Digest digest, const net::Key& key,
                     absl::string_view datagram) {
  return std::string(net::Hmac(digest, key.view(), datagram)
                         .First(SnmpCodeBytes(digest))
                         .view());
}

std::string EncryptSnmp(SnmpPrivacy privacy, const net::Key& key, int64_t boots,
                        int64_t time, absl::string_view salt,
                        absl::string_view scoped) {
  MUST(salt.size() == kSaltBytes && privacy != SnmpPrivacy::kNone);
  if (privacy == SnmpPrivacy::kAes) {
    return net::EncryptAesCfb(key.view().substr(0, 16),
                              AesVector(boots, time, salt), scoped);
  }
  std::string padded(scoped);
  padded.resize((padded.size() + kDesBlock - 1) / kDesBlock * kDesBlock);
  return net::EncryptDesCbc(key.view().substr(0, 8), DesVector(key, salt),
                            padded);
}

absl::StatusOr<std::string> DecryptSnmp(SnmpPrivacy privacy,
                                        const net::Key& key, int64_t boots,
                                        int64_t time, absl::string_view salt,
                                        absl::string_view sealed) {
  if (salt.size() != kSaltBytes || privacy == SnmpPrivacy::kNone) {
    return absl::InvalidArgumentError("a wrong salt");
  }
  if (privacy == SnmpPrivacy::kAes) {
    return net::DecryptAesCfb(key.view().substr(0, 16),
                              AesVector(boots, time, salt), sealed);
  }
  if (sealed.size() % kDesBlock != 0) {
    return absl::InvalidArgumentError("not a multiple of a block");
  }
  return net::DecryptDesCbc(key.view().substr(0, 8), DesVector(key, salt),
                            sealed);
}

}  // namespace power
