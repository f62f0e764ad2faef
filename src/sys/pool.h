// Threads for work that holds up a loop: compressing, hashing, checking
// signatures, starting children. They take values and return values, and share
// nothing.
#pragma once

#include <functional>
#include <memory>

#include "sys/loop.h"

namespace sys {

class Pool {
 public:
  // At most `threads`, started as they are needed. The loop outlives the pool.
  // Where work `starts_children`, nobody may wait for SIGCHLD: the kernel drops
  // it at once, and wakes no thread at the end of each (see Spawner).
  Pool(Loop& loop, int threads, bool starts_children = false);
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
