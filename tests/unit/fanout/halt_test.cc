#include "fanout/halt.h"

#include <catch2/catch.hpp>

namespace {

using fanout::ExitPolicy;
using fanout::Halt;
using fanout::Halting;
using fanout::Outcome;

constexpr Outcome kGood = {};
constexpr Outcome kBad = {.status = 3};

Halt Of(const char* text) { return Halt(*fanout::ParseHalt(text)); }

TEST_CASE("halt: never is never", "[fanout]") {
  Halt halt = Of("never");
  for (int i = 0; i < 100; i++) {
    CHECK(halt.Ended(kBad, 100) == Halting::kNot);
  }
}

TEST_CASE("halt: soon and now alone mean the first failure", "[fanout]") {
  Halt halt = Of("soon");
  CHECK(halt.Ended(kGood, {}) == Halting::kNot);
  CHECK(halt.Ended(kBad, {}) == Halting::kSoon);
  CHECK(Of("now").Ended({.signal = 9}, {}) == Halting::kNow);
}

TEST_CASE("halt: the third failure is the third", "[fanout]") {
  Halt halt = Of("soon,fail=3");
  CHECK(halt.Ended(kBad, {}) == Halting::kNot);
  CHECK(halt.Ended(kGood, {}) == Halting::kNot);
  CHECK(halt.Ended(kBad, {}) == Halting::kNot);
  CHECK(halt.Ended({.timed_out = true}, {}) == Halting::kSoon);
  CHECK(halt.Ended(kGood, {}) == Halting::kSoon);
  CHECK(halt.halting() == Halting::kSoon);
}

TEST_CASE("halt: a success, or any end, can be what is waited for",
          "[fanout]") {
  Halt success = Of("now,success=1");
  CHECK(success.Ended(kBad, {}) == Halting::kNot);
  CHECK(success.Ended(kGood, {}) == Halting::kNow);
  Halt done = Of("now,done=2");
  CHECK(done.Ended(kBad, {}) == Halting::kNot);
  CHECK(done.Ended(kGood, {}) == Halting::kNow);
}

TEST_CASE("halt: a percentage waits for three ends", "[fanout]") {
  Halt halt = Of("soon,fail=10%");
  CHECK(halt.Ended(kBad, {}) == Halting::kNot);
  CHECK(halt.Ended(kBad, {}) == Halting::kNot);
  CHECK(halt.Ended(kGood, {}) == Halting::kSoon);
}

TEST_CASE("halt: a percentage is of all tasks when they are known",
          "[fanout]") {
  Halt halt = Of("soon,fail=10%");
  for (int i = 0; i < 4; i++) CHECK(halt.Ended(kBad, 50) == Halting::kNot);
  CHECK(halt.Ended(kBad, 50) == Halting::kSoon);
}

TEST_CASE("halt: a percentage is of those so far when all are not known",
          "[fanout]") {
  Halt halt = Of("now,fail=50%");
  for (int i = 0; i < 4; i++) CHECK(halt.Ended(kGood, {}) == Halting::kNot);
  for (int i = 0; i < 3; i++) CHECK(halt.Ended(kBad, {}) == Halting::kNot);
  CHECK(halt.Ended(kBad, {}) == Halting::kNow);
}

TEST_CASE("halt: a percentage does not stop a run without a failure",
          "[fanout]") {
  Halt halt = Of("now,fail=0.001%");
  for (int i = 0; i < 10; i++) CHECK(halt.Ended(kGood, {}) == Halting::kNot);
}

TEST_CASE("halt: what is no rule is refused", "[fanout]") {
  for (const char* text :
       {"", "later", "soon,", "soon,fail", "soon,fail=", "soon,fail=0",
        "soon,fail=-1", "soon,fail=0%", "soon,fail=101%", "soon,fail=1,done=1",
        "never,fail=1", "fail=1", "soon,failures=1",
        "soon,fail=99999999999999"
        "99999"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(fanout::ParseHalt(text).status()));
  }
}

int CodeOf(const char* policy, std::initializer_list<Outcome> outcomes) {
  ExitPolicy exit(*fanout::ParseExitPolicy(policy));
  for (const Outcome& outcome : outcomes) exit.Ended(outcome);
  return exit.code();
}

TEST_CASE("halt: each exit policy has its own view of the same run",
          "[fanout]") {
  const Outcome kKilled = {.signal = 15};
  const Outcome kLate = {.signal = 15, .timed_out = true};
  CHECK(CodeOf("zero", {kBad, kKilled}) == 0);
  CHECK(CodeOf("any", {kGood, kKilled, kBad}) == 1);
  CHECK(CodeOf("count", {kGood, kKilled, kBad}) == 2);
  CHECK(CodeOf("first", {kGood, kBad, kKilled}) == 3);
  CHECK(CodeOf("worst", {kBad, kKilled, kGood}) == 143);
  CHECK(CodeOf("worst", {kBad, kLate}) == 124);
  for (const char* policy : {"any", "count", "first", "worst"}) {
    CHECK(CodeOf(policy, {}) == 0);
    CHECK(CodeOf(policy, {kGood}) == 0);
  }
  CHECK_FALSE(fanout::ParseExitPolicy("all").ok());
}

TEST_CASE("halt: the count of failures ends at 101", "[fanout]") {
  ExitPolicy exit(ExitPolicy::Kind::kCount);
  for (int i = 0; i < 101; i++) exit.Ended(kBad);
  CHECK(exit.code() == 101);
  exit.Ended(kBad);
  CHECK(exit.code() == 101);
}

}  // namespace
