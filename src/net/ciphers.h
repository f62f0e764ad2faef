// Digests and ciphers of older protocols (IPMI, SNMP, HTTP digest): the one
// file that includes mbedTLS's. Values in, values out; whatever held a key on
// the way is wiped. MD5, SHA-1 and DES are here because devices speak nothing
// else; what is ours alone uses libsodium.
#pragma once

#include <absl/strings/string_view.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace net {

enum class Digest : uint8_t { kMd5, kSha1, kSha224, kSha256, kSha384, kSha512 };
size_t DigestBytes(Digest digest);  // 16, 20, 28, 32, 48, 64

// At most 64 bytes that are wiped when they go: a key, or the code that is one.
class Key {
 public:
  static constexpr size_t kMaxBytes = 64;

  Key() = default;
  explicit Key(absl::string_view bytes);  // at most kMaxBytes
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key();

  // Keeps the first `bytes` of it.
  Key First(size_t bytes) const { return Key(view().substr(0, bytes)); }
  absl::string_view view() const {
    return {reinterpret_cast<const char*>(bytes_.data()), size_};
  }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  friend class Hasher;
  friend Key Hmac(Digest digest, absl::string_view key,
                  absl::string_view message);
  std::array<unsigned char, kMaxBytes> bytes_ = {};
  uint8_t size_ = 0;
};

Key Hash(Digest digest, absl::string_view message);
Key Hmac(Digest digest, absl::string_view key, absl::string_view message);

// A digest of what comes in pieces.
class Hasher {
 public:
  explicit Hasher(Digest digest);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  void Add(absl::string_view bytes);
  Key Finish();  // once

 private:
  struct State;
  State* state_;
};

// AES with a key of 16 bytes and an initialisation vector of 16. Nothing is
// padded: for CBC a text is a multiple of 16 bytes.
std::string EncryptAesCbc(absl::string_view key, absl::string_view iv,
                          absl::string_view text);
std::string DecryptAesCbc(absl::string_view key, absl::string_view iv,
                          absl::string_view text);
// With feedback of 128 bits (RFC 3826); a text of any length.
std::string EncryptAesCfb(absl::string_view key, absl::string_view iv,
                          absl::string_view text);
std::string DecryptAesCfb(absl::string_view key, absl::string_view iv,
                          absl::string_view text);

// DES with a key and an initialisation vector of 8 bytes; the parity bits of
// the key do not matter. A text is a multiple of 8 bytes.
std::string EncryptDesCbc(absl::string_view key, absl::string_view iv,
                          absl::string_view text);
std::string DecryptDesCbc(absl::string_view key, absl::string_view iv,
                          absl::string_view text);

// Takes as long whichever byte differs. Not for texts whose length is secret.
bool SameBytes(absl::string_view a, absl::string_view b);

}  // namespace net
