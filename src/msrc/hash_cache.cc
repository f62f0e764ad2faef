#include "msrc/hash_cache.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <cstring>

#include "base/bytes.h"
#include "msrc/receiver_limits.h"

namespace msrc {
namespace {

constexpr absl::string_view kMagic("FBHC\1\0\0\0", 8);
constexpr size_t kRecordBytes = 6 * 8 + sizeof(wire::Hash);
constexpr int64_t kCoarse = 2'000'000'000;

absl::string_view View(const wire::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

std::optional<wire::Hash> HashCache::Find(const Key& key) const {
  const auto at = known_.find(key);
  if (at == known_.end()) return std::nullopt;
  if (at->second.began_ns < INT64_MIN + kCoarse ||
      key.ctime_ns >= at->second.began_ns - kCoarse) {
    return std::nullopt;
  }
  return at->second.hash;
}

void HashCache::Add(const Key& key, const wire::Hash& hash, int64_t began_ns) {
  if (known_.size() >= kMaxCachedHashes && !known_.contains(key)) return;
  known_[key] = {hash, began_ns};
}

std::string HashCache::Encode() const {
  std::string out(kMagic);
  out.reserve(kMagic.size() + known_.size() * kRecordBytes +
              sizeof(wire::Hash));
  for (const auto& [key, known] : known_) {
    base::PutLe64(out, key.device);
    base::PutLe64(out, key.inode);
    base::PutLe64(out, static_cast<uint64_t>(key.bytes));
    base::PutLe64(out, static_cast<uint64_t>(key.mtime_ns));
    base::PutLe64(out, static_cast<uint64_t>(key.ctime_ns));
    base::PutLe64(out, static_cast<uint64_t>(known.began_ns));
    absl::StrAppend(&out, View(known.hash));
  }
  const wire::Hash sum = wire::HashOf(out);
  absl::StrAppend(&out, View(sum));
  return out;
}

absl::StatusOr<HashCache> HashCache::Decode(absl::string_view bytes) {
  const auto bad = [] {
    return absl::InvalidArgumentError("is no list of hashes");
  };
  if (bytes.size() < kMagic.size() + sizeof(wire::Hash) ||
      !absl::StartsWith(bytes, kMagic)) {
    return bad();
  }
  const absl::string_view sum = bytes.substr(bytes.size() - sizeof(wire::Hash));
  bytes.remove_suffix(sizeof(wire::Hash));
  if (sum != View(wire::HashOf(bytes))) return bad();
  bytes.remove_prefix(kMagic.size());
  if (bytes.size() % kRecordBytes != 0 ||
      bytes.size() / kRecordBytes > kMaxCachedHashes) {
    return bad();
  }
  HashCache cache;
  base::Reader reader(bytes);
  while (!reader.AtEnd()) {
    Key key;
    key.device = reader.Le64();
    key.inode = reader.Le64();
    key.bytes = static_cast<int64_t>(reader.Le64());
    key.mtime_ns = static_cast<int64_t>(reader.Le64());
    key.ctime_ns = static_cast<int64_t>(reader.Le64());
    Known known = {{}, static_cast<int64_t>(reader.Le64())};
    const absl::string_view hash = reader.Bytes(sizeof(wire::Hash));
    if (!reader.ok()) return bad();
    memcpy(known.hash.data(), hash.data(), hash.size());
    cache.known_[key] = known;
  }
  return cache;
}

}  // namespace msrc
