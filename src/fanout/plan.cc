#include "fanout/plan.h"

namespace fanout {

Plan::Next Plan::Ended(const Outcome& outcome, absl::Duration ran, int attempt,
                       std::optional<int64_t> total) {
  Next next;
  if (!outcome.timed_out) policy_.timeout.Ended(ran);
  if (!halted()) next.again = policy_.retry.Again(outcome, attempt);
  if (next.again) return next;
  exit_.Ended(outcome);
  next.halting = halt_.Ended(outcome, total);
  return next;
}

bool Plan::is_plain() const {
  return policy_.halt.when == Halting::kNot && policy_.retry.retries == 0 &&
         !policy_.timeout.Limit() && !policy_.timeout.relative();
}

}  // namespace fanout
