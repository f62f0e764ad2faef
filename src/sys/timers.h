// What is due when: a heap of moments from which any one can be taken out.
// Pure data; Loop asks it what to run.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace sys {

class Timers {
 public:
  using Timer = uint64_t;  // never 0, and not used again

  bool empty() const { return count_ == 0; }
  // Of those that are not due yet; InfiniteFuture when there are none.
  absl::Time Next() const {
    return heap_.empty() ? absl::InfiniteFuture() : heap_[0].when;
  }
  Timer Add(absl::Time when, std::function<void()> f);
  // Moves those due at `now` to the end of `due`, in the order they are to
  // run. They stay until TakeFunction and can be cancelled until then.
  void TakeDue(absl::Time now, std::vector<Timer>* due);
  // Takes it out, and returns its function; empty if it is gone already.
  std::function<void()> TakeFunction(Timer timer);
  void Clear();

 private:
  static constexpr uint32_t kNotInHeap = UINT32_MAX;
  struct Slot {
    uint32_t generation = 0;  // odd while in use
    uint32_t heap_index = kNotInHeap;
    std::function<void()> f;
  };
  struct Node {
    absl::Time when;
    uint64_t order;  // breaks ties: earlier made, earlier run
    uint32_t slot;
  };
  static bool Before(const Node& a, const Node& b) {
    return a.when != b.when ? a.when < b.when : a.order < b.order;
  }
  void Put(size_t index, const Node& node);
  void Up(size_t index, const Node& node);
  void Down(size_t index, const Node& node);
  void RemoveAt(size_t index);

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::vector<Node> heap_;
  uint64_t next_order_ = 0;
  size_t count_ = 0;  // slots in use
};

}  // namespace sys
