// What a content is known by: the BLAKE2b-256 of its bytes and, when it is
// long, of each of its chunks, so that a part can be checked and sent by
// itself.
#pragma once

#include <absl/strings/string_view.h>
#include <sodium/crypto_generichash.h>

#include <array>
#include <cstdint>
#include <vector>

#include "wire/chunker.h"

namespace wire {

using Hash = std::array<uint8_t, 32>;

inline constexpr size_t kChunkBytes = 1 << 20;
// How many chunks a content of `bytes` bytes has hashes for when each MiB is
// one: none up to kChunkBytes, where the content's own hash does.
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

// Where a content of more than 1 MiB is cut: behind each MiB, or where its
// bytes say (wire/chunker.h).
enum class Cut { kEachMib, kByContent };

struct ContentDigest {
  int64_t bytes = 0;
  Hash hash{};
  std::vector<Hash> chunks;           // none up to kChunkBytes
  std::vector<uint32_t> chunk_bytes;  // as many, when cut by content; else none
};

// Makes a digest of a content that is fed in parts of any size.
class ContentDigester {
 public:
  explicit ContentDigester(Cut cut = Cut::kEachMib) : cut_(cut) {}
  void Feed(absl::string_view bytes);
  ContentDigest Finish();  // of all that was fed; begins anew

 private:
  size_t TakeChunk(absl::string_view bytes, bool* ends);
  void EndChunk();

  const Cut cut_;
  Hasher whole_, chunk_;
  Chunker chunker_;
  uint32_t chunk_bytes_ = 0;  // fed to chunk_
  ContentDigest digest_;
};
ContentDigest DigestOf(absl::string_view content, Cut cut = Cut::kEachMib);

}  // namespace wire
