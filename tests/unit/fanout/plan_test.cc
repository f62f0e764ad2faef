#include "fanout/plan.h"

#include <catch2/catch.hpp>

namespace {

using fanout::Halting;
using fanout::Outcome;
using fanout::Plan;

const Outcome kGood = {.status = 0, .signal = 0, .timed_out = false};
const Outcome kBad = {.status = 3, .signal = 0, .timed_out = false};

}  // namespace

TEST_CASE("plan: by default an end leads to nothing, and the code is 0",
          "[fanout]") {
  Plan plan({});
  CHECK(plan.is_plain());
  const Plan::Next next = plan.Ended(kBad, absl::Seconds(1), 1, 10);
  CHECK_FALSE(next.again);
  CHECK(next.halting == Halting::kNot);
  CHECK(plan.exit_code() == 0);
}

TEST_CASE("plan: an attempt that is tried again does not count", "[fanout]") {
  Plan::Policy policy;
  policy.retry.retries = 1;
  policy.retry.delay.first = absl::Seconds(2);
  policy.exit = fanout::ExitPolicy::Kind::kCount;
  policy.halt = *fanout::ParseHalt("soon,fail=1");
  Plan plan(policy);
  CHECK_FALSE(plan.is_plain());
  Plan::Next next = plan.Ended(kBad, absl::Seconds(1), 1, std::nullopt);
  CHECK(next.again == absl::Seconds(2));
  CHECK(next.halting == Halting::kNot);
  CHECK(plan.exit_code() == 0);
  next = plan.Ended(kBad, absl::Seconds(1), 2, std::nullopt);
  CHECK_FALSE(next.again);
  CHECK(next.halting == Halting::kSoon);
  CHECK(plan.exit_code() == 1);
}

TEST_CASE("plan: once halted now, nothing is tried again", "[fanout]") {
  Plan::Policy policy;
  policy.retry.retries = 5;
  policy.halt = *fanout::ParseHalt("now,success=1");
  Plan plan(policy);
  CHECK(plan.Ended(kGood, absl::Seconds(1), 1, 3).halting == Halting::kNow);
  CHECK(plan.halted());
  CHECK_FALSE(plan.Ended(kBad, absl::Seconds(1), 1, 3).again);
}

TEST_CASE("plan: a time limit of the median comes with the third end",
          "[fanout]") {
  Plan::Policy policy;
  policy.timeout = *fanout::TimeLimit::Parse("200%");
  Plan plan(policy);
  CHECK(plan.time_limit_moves());
  for (int s = 1; s <= 3; s++) {
    CHECK_FALSE(plan.TimeLimit());
    plan.Ended(kGood, absl::Seconds(s), 1, std::nullopt);
  }
  CHECK(plan.TimeLimit() == absl::Seconds(4));
  // What was cut off says nothing of how long tasks take.
  Outcome late = kBad;
  late.timed_out = true;
  plan.Ended(late, absl::Seconds(100), 1, std::nullopt);
  CHECK(plan.TimeLimit() == absl::Seconds(4));
}
