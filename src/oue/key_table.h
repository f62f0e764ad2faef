// The keys that were seen, each once, numbered from 0 in the order they came.
//
// A table with open addressing whose slots hold the whole hash and where the
// key is: growing needs no key, and a look-up that fails needs none either. A
// look-up costs two misses of the cache, and both can be under way for many
// keys at once: Prefetch for all, Approach for all, then Insert for all.
#pragma once

#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace oue {

class KeyTable {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  struct Found {
    size_t index;
    bool is_new;
  };

  KeyTable();

  static size_t HashOf(absl::string_view key) {
    return absl::Hash<absl::string_view>{}(key);
  }
  void Prefetch(size_t hash) const {
    __builtin_prefetch(&slots_[hash & mask_]);
  }
  void Approach(size_t hash) const {
    const Slot& slot = slots_[hash & mask_];
    if (slot.record != nullptr) __builtin_prefetch(slot.record);
  }

  // `hash` is that of the key. The table keeps a copy of a key that is new.
  Found Insert(absl::string_view key, size_t hash);
  Found Insert(absl::string_view key) { return Insert(key, HashOf(key)); }
  size_t Find(absl::string_view key, size_t hash) const;  // or kNone
  size_t Find(absl::string_view key) const { return Find(key, HashOf(key)); }

  size_t size() const { return keys_.size(); }
  // Lives as long as the table.
  absl::string_view KeyOf(size_t index) const { return keys_[index]; }

 private:
  struct Slot {
    size_t hash;
    const char* record = nullptr;  // index, length, bytes
  };
  static constexpr size_t kHeadBytes = 2 * sizeof(size_t);

  // The slot of the key, or the free one where it belongs.
  size_t Seek(absl::string_view key, size_t hash) const;
  void Grow();
  char* Allocate(size_t bytes);

  std::vector<Slot> slots_;
  size_t mask_;
  std::vector<absl::string_view> keys_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;  // in the last block
  size_t free_bytes_ = 0;
};

}  // namespace oue
