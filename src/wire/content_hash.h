// What a content is known by: the BLAKE2b-256 of its bytes and, when it is
// long, of each MiB of it, so that a part can be checked and sent by itself.
#pragma once

#include <absl/strings/string_view.h>
#include <sodium/crypto_generichash.h>

#include <array>
#include <cstdint>
#include <vector>

namespace wire {

using Hash = std::array<uint8_t, 32>;

inline constexpr size_t kChunkBytes = 1 << 20;
// How many chunks a content of `bytes` bytes has hashes for: none up to
// kChunkBytes, where the content's own hash does.
constexpr uint64_t ChunksOf(uint64_t bytes) {
  return bytes <= kChunkBytes ? 0 : (bytes - 1) / kChunkBytes + 1;
}

Hash HashOf(absl::string_view bytes);

// The hash of bytes that come in parts.
class Hasher {
 public:
  Hasher();
  void Feed(absl::string_view bytes);
  Hash Finish();  // of all that was fed; begins anew

 private:
  crypto_generichash_blake2b_state state_;
};

struct ContentDigest {
  int64_t bytes = 0;
  Hash hash{};
  std::vector<Hash> chunks;  // ChunksOf(bytes)
};

// Makes a digest of a content that is fed in parts of any size.
class ContentDigester {
 public:
  void Feed(absl::string_view bytes);
  ContentDigest Finish();  // of all that was fed; begins anew

 private:
  Hasher whole_, chunk_;
  ContentDigest digest_;
};
ContentDigest DigestOf(absl::string_view content);

}  // namespace wire
