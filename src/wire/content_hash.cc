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
  while (!bytes.empty()) {
    const size_t in_chunk = static_cast<size_t>(digest_.bytes) % kChunkBytes;
    const absl::string_view part = bytes.substr(0, kChunkBytes - in_chunk);
    chunk_.Feed(part);
    digest_.bytes += static_cast<int64_t>(part.size());
    if (in_chunk + part.size() == kChunkBytes) {
      digest_.chunks.push_back(chunk_.Finish());
    }
    bytes.remove_prefix(part.size());
  }
}

ContentDigest ContentDigester::Finish() {
  if (static_cast<size_t>(digest_.bytes) % kChunkBytes != 0) {
    digest_.chunks.push_back(chunk_.Finish());
  }
  // One chunk is the content, and has its hash.
  if (digest_.chunks.size() == 1) digest_.chunks.clear();
  digest_.hash = whole_.Finish();
  return std::exchange(digest_, {});
}

ContentDigest DigestOf(absl::string_view content) {
  ContentDigester digester;
  digester.Feed(content);
  return digester.Finish();
}

}  // namespace wire
