#include "oue/key_table.h"

#include <cstring>
#include <utility>

namespace oue {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr size_t kBlockBytes = 1 << 20;

}  // namespace

KeyTable::KeyTable() : slots_(kFirstSlots), mask_(kFirstSlots - 1) {}

size_t KeyTable::Seek(absl::string_view key, size_t hash) const {
  for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Slot& slot = slots_[at];
    if (slot.record == nullptr) return at;
    if (slot.hash != hash) continue;
    size_t length;
    memcpy(&length, slot.record + sizeof(size_t), sizeof length);
    if (length == key.size() &&
        // Without bytes there may be no address either.
        (length == 0 ||
         memcmp(slot.record + kHeadBytes, key.data(), length) == 0)) {
      return at;
    }
  }
}

size_t KeyTable::Find(absl::string_view key, size_t hash) const {
  const char* record = slots_[Seek(key, hash)].record;
  if (record == nullptr) return kNone;
  size_t index;
  memcpy(&index, record, sizeof index);
  return index;
}

KeyTable::Found KeyTable::Insert(absl::string_view key, size_t hash) {
  Slot& slot = slots_[Seek(key, hash)];
  size_t index;
  if (slot.record != nullptr) {
    memcpy(&index, slot.record, sizeof index);
    return {index, false};
  }
  index = keys_.size();
  const size_t length = key.size();
  char* record = Allocate(kHeadBytes + length);
  memcpy(record, &index, sizeof index);
  memcpy(record + sizeof index, &length, sizeof length);
  // An empty view may have no bytes to copy from.
  if (length > 0) memcpy(record + kHeadBytes, key.data(), length);
  slot = {hash, record};
  keys_.emplace_back(record + kHeadBytes, length);
  // Two thirds full: beyond that the way to a free slot grows long.
  if (keys_.size() * 3 > slots_.size() * 2) Grow();
  return {index, true};
}

void KeyTable::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.record == nullptr) continue;
    size_t at = slot.hash & mask_;
    while (slots_[at].record != nullptr) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

char* KeyTable::Allocate(size_t bytes) {
  // A key that is large has a block of its own, so that the rest of the last
  // block is not lost.
  if (bytes > kBlockBytes / 4) {
    blocks_.push_back(std::unique_ptr<char[]>(new char[bytes]));
    return blocks_.back().get();
  }
  if (bytes > free_bytes_) {
    blocks_.push_back(std::unique_ptr<char[]>(new char[kBlockBytes]));
    free_ = blocks_.back().get();
    free_bytes_ = kBlockBytes;
  }
  free_bytes_ -= bytes;
  return std::exchange(free_, free_ + bytes);
}

}  // namespace oue
