// Decides what a task's end leads to: another attempt, no more tasks, the exit
// code. Pure: it is told how attempts ended, and how long they took.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "fanout/halt.h"
#include "fanout/outcome.h"
#include "fanout/retry.h"
#include "fanout/time_limit.h"

namespace fanout {

class Plan {
 public:
  struct Policy {
    HaltRule halt;
    RetryRules retry;
    ExitPolicy::Kind exit = ExitPolicy::Kind::kZero;
    TimeLimit timeout;
  };
  struct Next {
    // The task is to be run again, after so long.
    std::optional<absl::Duration> again;
    Halting halting = Halting::kNot;
  };

  explicit Plan(const Policy& policy)
      : policy_(policy), halt_(policy.halt), exit_(policy.exit) {}
  // `total`: how many tasks there are, if that is known by now. Not told of
  // attempts that were cut off by us, but for their time being up.
  Next Ended(const Outcome& outcome, absl::Duration ran, int attempt,
             std::optional<int64_t> total);
  // How long a task may run, as far as is known now.
  std::optional<absl::Duration> TimeLimit() const {
    return policy_.timeout.Limit();
  }
  // Whether it may change with each end.
  bool time_limit_moves() const { return policy_.timeout.relative(); }
  bool halted() const { return halt_.halting() == Halting::kNow; }
  // What the tasks' ends come to, by the policy.
  int exit_code() const { return exit_.code(); }
  // Whether an end can change nothing but the exit code.
  bool is_plain() const;

 private:
  Policy policy_;
  Halt halt_;
  ExitPolicy exit_;
};

}  // namespace fanout
