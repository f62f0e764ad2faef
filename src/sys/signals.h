// Signals as events of the loop.
#pragma once

#include <absl/types/span.h>
#include <signal.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <vector>

#include "sys/fd.h"
#include "sys/loop.h"

namespace sys {

// Blocks the named signals for this thread (make it before any other thread)
// and calls `f` on the loop for each one that arrives. Children are started
// with an empty mask again (Child::Spawn does that).
class Signals {
 public:
  Signals(Loop& loop, absl::Span<const int> signals,
          std::function<void(int signal)> f);
  // Restores the mask; signals that still wait are forgotten.
  ~Signals();
  Signals(const Signals&) = delete;

  // Whether the one that is being told was sent by the kernel: of INT and QUIT,
  // by the terminal, to all of its foreground group.
  bool from_kernel() const { return from_kernel_; }
  // Whether one has come that has not been told yet. From any thread.
  static bool Waiting(absl::Span<const int> signals);

 private:
  Loop& loop_;
  Fd fd_;
  sigset_t before_;
  bool from_kernel_ = false;
};

// Those of `signals` that whoever started us did not have ignored: nohup(1),
// and shells for what runs in the background.
std::vector<int> NotIgnored(std::initializer_list<int> signals);

// "SIGTERM" for 15; "a signal" for one that has no name.
const char* SignalName(int signal);
// Writing to a pipe nobody reads is an error, not the end. For every main,
// first of all: notes how signals were left to us.
void IgnoreSigpipe();

struct SignalsAtStart {
  uint64_t mask = 0;  // the kernel's: bit 0 is signal 1
  bool ignored_sigpipe = false;
};
const SignalsAtStart& InheritedSignals();

}  // namespace sys
