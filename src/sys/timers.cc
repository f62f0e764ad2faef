#include "sys/timers.h"

#include <utility>

// A binary heap whose nodes tell their slot where they are, so that one can be
// cancelled in logarithmic time. Connections move their keep-alive on with
// every frame: marking the old one and leaving it in the heap until its time
// would fill memory.

namespace sys {

Timers::Timer Timers::Add(absl::Time when, std::function<void()> f) {
  uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].generation++;
  slots_[slot].f = std::move(f);
  count_++;
  heap_.emplace_back();
  Up(heap_.size() - 1, Node{when, next_order_++, slot});
  return uint64_t{slots_[slot].generation} << 32 | slot;
}

void Timers::TakeDue(absl::Time now, std::vector<Timer>* due) {
  while (!heap_.empty() && heap_[0].when <= now) {
    const uint32_t slot = heap_[0].slot;
    due->push_back(uint64_t{slots_[slot].generation} << 32 | slot);
    RemoveAt(0);
  }
}

std::function<void()> Timers::TakeFunction(Timer timer) {
  const uint32_t index = timer & UINT32_MAX;
  if (index >= slots_.size()) return nullptr;
  Slot& slot = slots_[index];
  if (slot.generation != timer >> 32 || slot.generation % 2 == 0) {
    return nullptr;
  }
  if (slot.heap_index != kNotInHeap) RemoveAt(slot.heap_index);
  slot.generation++;
  free_.push_back(index);
  count_--;
  return std::exchange(slot.f, nullptr);
}

void Timers::Clear() {
  heap_.clear();
  free_.clear();
  count_ = 0;
  // Emptied before the functions go: what they own may come back to cancel.
  std::vector<Slot> gone = std::exchange(slots_, {});
}

void Timers::Put(size_t index, const Node& node) {
  heap_[index] = node;
  slots_[node.slot].heap_index = static_cast<uint32_t>(index);
}

void Timers::Up(size_t index, const Node& node) {
  while (index > 0 && Before(node, heap_[(index - 1) / 2])) {
    Put(index, heap_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  Put(index, node);
}

void Timers::Down(size_t index, const Node& node) {
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) {
      child++;
    }
    if (!Before(heap_[child], node)) break;
    Put(index, heap_[child]);
    index = child;
  }
  Put(index, node);
}

void Timers::RemoveAt(size_t index) {
  slots_[heap_[index].slot].heap_index = kNotInHeap;
  const Node last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index > 0 && Before(last, heap_[(index - 1) / 2])) {
    Up(index, last);
  } else {
    Down(index, last);
  }
}

}  // namespace sys
