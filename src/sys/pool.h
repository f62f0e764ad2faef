// Threads for work that is all computing: compressing, hashing, checking
// signatures. They take values and return values, and share nothing.
#pragma once

#include <functional>
#include <memory>

#include "sys/loop.h"

namespace sys {

class Pool {
 public:
  // At most `threads`, started as they are needed. The loop outlives the pool.
  Pool(Loop& loop, int threads);
  // Finishes what was begun, whose `done` the loop still runs; drops the rest.
  ~Pool();

  // Runs `work` on a thread, then `done` on the loop, which does not end
  // before. Work is begun in order.
  void Run(std::function<void()> work, std::function<void()> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sys
