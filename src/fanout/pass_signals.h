// Signals to a wrapper that are meant for what it runs.
#pragma once

#include <functional>

#include "sys/child.h"
#include "sys/loop.h"
#include "sys/signals.h"

namespace fanout {

// While it lives, TERM, HUP, INT and QUIT to us go to the child (when there is
// one), and `seen` is told; a second of them is SIGKILL. What the terminal
// sends goes to its whole foreground group, so a child in our group has it
// already, and nothing is told of it.
class PassSignals {
 public:
  // With `hangup` HUP is for us alone, and calls it.
  PassSignals(sys::Loop& loop, std::function<void(int signal, bool again)> seen,
              std::function<void()> hangup = nullptr);
  PassSignals(const PassSignals&) = delete;
  // Borrowed; null for none, or none any more.
  void To(sys::Child* child) { child_ = child; }

 private:
  void On(int signal);

  sys::Child* child_ = nullptr;
  std::function<void(int, bool)> seen_;
  std::function<void()> hangup_;
  bool again_ = false;
  sys::Signals signals_;
};

}  // namespace fanout
