#include "fanout/pass_signals.h"

#include <signal.h>

#include <utility>

#include "sys/terminal.h"

namespace fanout {

PassSignals::PassSignals(sys::Loop& loop, std::function<void(int, bool)> seen,
                         std::function<void()> hangup)
    : seen_(std::move(seen)),
      hangup_(std::move(hangup)),
      signals_(loop, {SIGTERM, SIGHUP, SIGINT, SIGQUIT},
               [this](int signal) { On(signal); }) {}

void PassSignals::On(int signal) {
  if (signal == SIGHUP && hangup_) return hangup_();
  // What an interactive shell makes of it is its business.
  if (child_ != nullptr && (signal == SIGINT || signal == SIGQUIT) &&
      sys::InForeground()) {
    return;
  }
  const bool again = std::exchange(again_, true);
  // A child that is gone already needs no signal.
  if (child_ != nullptr) (void)child_->Signal(again ? SIGKILL : signal);
  if (seen_) seen_(signal, again);
}

}  // namespace fanout
