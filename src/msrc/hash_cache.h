// Hashes of files that were read by an earlier run, so that a large tree is not
// read each time. Pure: a table and its bytes in a file.
//
// A file is known by its device, inode, size and both its times; its hash is
// believed only if the time of its last change, which nobody can set, is before
// the run that read it began. (A file that changes while it is read, or right
// behind, has a later one.) Times of file systems may be two seconds coarse.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "wire/content_hash.h"

namespace msrc {

class HashCache {
 public:
  struct Key {
    uint64_t device = 0, inode = 0;
    int64_t bytes = 0, mtime_ns = 0, ctime_ns = 0;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.device, k.inode, k.bytes, k.mtime_ns,
                        k.ctime_ns);
    }
  };

  std::optional<wire::Hash> Find(const Key& key) const;
  // As read by a run that began at `began_ns`. Nothing beyond kMaxCachedHashes.
  void Add(const Key& key, const wire::Hash& hash, int64_t began_ns);
  size_t size() const { return known_.size(); }

  // "FBHC", a version, the records and a BLAKE2b-256 of all that.
  std::string Encode() const;
  // InvalidArgument for what Encode did not make.
  static absl::StatusOr<HashCache> Decode(absl::string_view bytes);

 private:
  struct Known {
    wire::Hash hash;
    int64_t began_ns;
  };
  absl::flat_hash_map<Key, Known> known_;
};

}  // namespace msrc
