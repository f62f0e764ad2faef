// Signals as events of the loop.
#pragma once

#include <signal.h>

#include <functional>
#include <initializer_list>

#include "sys/fd.h"
#include "sys/loop.h"

namespace sys {

// Blocks the named signals for this thread (make it before any other thread)
// and calls `f` on the loop for each one that arrives. Children are started
// with an empty mask again (Child::Spawn does that).
class Signals {
 public:
  Signals(Loop& loop, std::initializer_list<int> signals,
          std::function<void(int signal)> f);
  // Restores the mask; signals that still wait are forgotten.
  ~Signals();
  Signals(const Signals&) = delete;

 private:
  Loop& loop_;
  Fd fd_;
  sigset_t before_;
};

// "SIGTERM" for 15; "a signal" for one that has no name.
const char* SignalName(int signal);
// Writing to a pipe nobody reads is an error, not the end. For every main.
void IgnoreSigpipe();

}  // namespace sys
