#include "wire/content_hash.h"

#include <algorithm>
#include <utility>

#include "wire/sodium.h"

namespace wire {
namespace {

const unsigned char* Bytes(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

Hash HashOf(absl::string_view bytes) {
  NeedSodium();
  Hash hash;
  crypto_generichash_blake2b(hash.data(), hash.size(), Bytes(bytes),
                             bytes.size(), nullptr, 0);
  return hash;
}

Hasher::Hasher() {
  NeedSodium();
  crypto_generichash_blake2b_init(&state_, nullptr, 0, sizeof(Hash));
}

void Hasher::Feed(absl::string_view bytes) {
  crypto_generichash_blake2b_update(&state_, Bytes(bytes), bytes.size());
}

Hash Hasher::Finish() {
  Hash hash;
  crypto_generichash_blake2b_final(&state_, hash.data(), hash.size());
  crypto_generichash_blake2b_init(&state_, nullptr, 0, sizeof(Hash));
  return hash;
}

void ContentDigester::Feed(absl::string_view bytes) {
  whole_.Feed(bytes);
  digest_.bytes += static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    bool ends = false;
    const size_t n = TakeChunk(bytes, &ends);
    chunk_.Feed(bytes.substr(0, n));
    chunk_bytes_ += static_cast<uint32_t>(n);
    if (ends) EndChunk();
    bytes.remove_prefix(n);
  }
}

size_t ContentDigester::TakeChunk(absl::string_view bytes, bool* ends) {
  if (cut_ == Cut::kByContent) return chunker_.Take(bytes, ends);
  const size_t n = std::min(bytes.size(), kChunkBytes - chunk_bytes_);
  *ends = chunk_bytes_ + n == kChunkBytes;
  return n;
}

void ContentDigester::EndChunk() {
  digest_.chunks.push_back(chunk_.Finish());
  digest_.chunk_bytes.push_back(chunk_bytes_);
  chunk_bytes_ = 0;
}

ContentDigest ContentDigester::Finish() {
  if (chunk_bytes_ > 0) EndChunk();
  chunker_ = Chunker();
  // A short content's own hash does.
  if (digest_.bytes <= static_cast<int64_t>(kChunkBytes))
    digest_.chunks.clear();
  if (digest_.chunks.empty() || cut_ == Cut::kEachMib) {
    digest_.chunk_bytes.clear();
  }
  digest_.hash = whole_.Finish();
  return std::exchange(digest_, {});
}

ContentDigest DigestOf(absl::string_view content, Cut cut) {
  if (content.size() <= kChunkBytes) {
    return {.bytes = static_cast<int64_t>(content.size()),
            .hash = HashOf(content),
            .chunks = {},
            .chunk_bytes = {}};
  }
  ContentDigester digester(cut);
  digester.Feed(content);
  return digester.Finish();
}

}  // namespace wire
