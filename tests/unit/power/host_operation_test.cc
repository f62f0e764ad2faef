#include "power/host_operation.h"

#include <absl/strings/match.h>

#include <catch2/catch.hpp>

namespace {

using power::Action;
using power::FailureClass;
using power::FeedOrder;
using power::HostOperation;
using power::HostOutcome;
using power::HostResult;
using power::Outcome;
using power::PlugResult;
using power::PlugState;

const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

PlugResult Went(Outcome outcome, PlugState before, PlugState after) {
  PlugResult result;
  result.outcome = outcome;
  result.before = before;
  result.after = after;
  result.verified = power::VerifyLevel::kPrivilege;
  return result;
}
PlugResult WentOff() {
  return Went(Outcome::kDone, PlugState::kOn, PlugState::kOff);
}
PlugResult WentOn() {
  return Went(Outcome::kDone, PlugState::kOff, PlugState::kOn);
}
PlugResult Failed(FailureClass failure_class, bool maybe_executed = false) {
  PlugResult result;
  result.failure = {.failure_class = failure_class,
                    .text = "no answer",
                    .maybe_executed = maybe_executed};
  return result;
}

HostOperation TwoFeeds(Action action) {
  power::ActionOptions options;
  options.off_time = absl::Seconds(3);
  return HostOperation(
      action, {{.name = "a/1", .options = options}, {.name = "b/2"}}, false);
}

}  // namespace

TEST_CASE("power 49: that it may be off still is said once, and in one way",
          "[power]") {
  for (const bool maybe_executed : {false, true}) {
    HostOperation op(Action::kCycle, {{.name = "a/1"}}, false);
    op.Begin();
    PlugResult cut = Failed(FailureClass::kClosed, maybe_executed);
    cut.cut = power::Cut::kSeenOff;
    op.FeedEnded(0, cut, kNow);
    REQUIRE(op.is_ended());
    CHECK(op.ResultFor(std::vector<size_t>{0}).detail ==
          "no answer; it was switched off, and may be off still");
  }
}

TEST_CASE("power 49: that it may have been switched off is said", "[power]") {
  HostOperation op(Action::kCycle, {{.name = "a/1"}}, false);
  op.Begin();
  PlugResult cut = Failed(FailureClass::kClosed, true);
  cut.cut = power::Cut::kPerhaps;
  op.FeedEnded(0, cut, kNow);
  CHECK(op.ResultFor(std::vector<size_t>{0}).detail ==
        "no answer; it may have been switched off, and be off still");
}

TEST_CASE("power 46: of a feed that was not read back is said what it took",
          "[power]") {
  HostOperation op = TwoFeeds(Action::kOff);
  op.Begin();
  op.FeedEnded(0, Went(Outcome::kAccepted, PlugState::kOn, PlugState::kUnknown),
               kNow);
  op.FeedEnded(1, Failed(FailureClass::kTimeout), kNow);
  CHECK(op.ResultFor({0, 1}).detail == "b/2: no answer; a/1 took 'off'");
}

TEST_CASE("power 46: a host with two feeds is dark before the first is on",
          "[power]") {
  HostOperation op = TwoFeeds(Action::kCycle);
  const std::vector<FeedOrder> first = op.Begin();
  REQUIRE(first.size() == 2);
  CHECK(first[0].action == Action::kOff);
  CHECK(first[1].action == Action::kOff);
  CHECK(op.FeedEnded(0, WentOff(), kNow).empty());
  CHECK(op.FeedEnded(1, WentOff(), kNow).empty());
  // The longest pause of its controllers.
  CHECK(op.wake_at() == kNow + absl::Seconds(5));
  CHECK(op.Wake(kNow + absl::Seconds(4)).empty());
  const std::vector<FeedOrder> second = op.Wake(kNow + absl::Seconds(5));
  REQUIRE(second.size() == 2);
  CHECK(second[0].action == Action::kOn);
  CHECK(second[0].is_urgent);
  op.FeedEnded(0, WentOn(), kNow);
  op.FeedEnded(1, WentOn(), kNow);
  REQUIRE(op.is_ended());
  const HostResult result = op.ResultFor({0, 1});
  CHECK(result.outcome == HostOutcome::kDone);
  CHECK(result.before == PlugState::kOn);
  CHECK(result.after == PlugState::kOn);
}

TEST_CASE(
    "power 46: a feed that cannot be switched off gets the others back on",
    "[power]") {
  HostOperation op = TwoFeeds(Action::kCycle);
  op.Begin();
  op.FeedEnded(0, WentOff(), kNow);
  const std::vector<FeedOrder> again =
      op.FeedEnded(1, Failed(FailureClass::kUnreachable), kNow);
  REQUIRE(again.size() == 1);
  CHECK(again[0].feed == 0);
  CHECK(again[0].action == Action::kOn);
  op.FeedEnded(0, WentOn(), kNow);
  const HostResult result = op.ResultFor({0, 1});
  CHECK(result.outcome == HostOutcome::kFailed);
  CHECK(result.failure_class == FailureClass::kState);
  CHECK(result.detail == "b/2: unreachable: no answer; a/1 switched on again");
}

TEST_CASE("power 46: a feed whose off may have been executed is put on again",
          "[power]") {
  HostOperation op = TwoFeeds(Action::kCycle);
  op.Begin();
  op.FeedEnded(0, WentOff(), kNow);
  const std::vector<FeedOrder> again =
      op.FeedEnded(1, Failed(FailureClass::kClosed, true), kNow);
  CHECK(again.size() == 2);
}

TEST_CASE("power 46: a feed that stays dark is named", "[power]") {
  HostOperation op = TwoFeeds(Action::kCycle);
  op.Begin();
  op.FeedEnded(0, WentOff(), kNow);
  op.FeedEnded(1, WentOff(), kNow);
  op.Wake(kNow + absl::Seconds(5));
  op.FeedEnded(0, WentOn(), kNow);
  op.FeedEnded(1, Failed(FailureClass::kTimeout), kNow);
  const HostResult result = op.ResultFor({0, 1});
  CHECK(result.outcome == HostOutcome::kFailed);
  CHECK(result.failure_class == FailureClass::kTimeout);
  CHECK(result.after == PlugState::kOn);
  CHECK(result.detail == "on, but not by all of its feeds: b/2: no answer");
}

TEST_CASE("host_operation: a host that was dark is switched on without a pause",
          "[power]") {
  HostOperation op = TwoFeeds(Action::kCycle);
  op.Begin();
  const PlugResult was_off =
      Went(Outcome::kAlready, PlugState::kOff, PlugState::kOff);
  op.FeedEnded(0, was_off, kNow);
  CHECK(op.FeedEnded(1, was_off, kNow).size() == 2);
  op.FeedEnded(0, WentOn(), kNow);
  op.FeedEnded(1, WentOn(), kNow);
  const HostResult result = op.ResultFor({0, 1});
  CHECK(result.outcome == HostOutcome::kDone);
  CHECK(result.before == PlugState::kOff);
}

TEST_CASE("host_operation: a dark feed is a remark of status", "[power]") {
  HostOperation op = TwoFeeds(Action::kStatus);
  op.Begin();
  op.FeedEnded(0, Went(Outcome::kDone, PlugState::kOn, PlugState::kOn), kNow);
  op.FeedEnded(1, Went(Outcome::kDone, PlugState::kOff, PlugState::kOff), kNow);
  const HostResult result = op.ResultFor({0, 1});
  CHECK(result.after == PlugState::kOn);
  CHECK(result.detail == "a/1 is on, b/2 is off");
}

TEST_CASE("host_operation: reset goes to the first controller that can",
          "[power]") {
  HostOperation op = TwoFeeds(Action::kReset);
  REQUIRE(op.Begin().size() == 1);
  const std::vector<FeedOrder> next =
      op.FeedEnded(0, Failed(FailureClass::kUnsupported), kNow);
  REQUIRE(next.size() == 1);
  CHECK(next[0].feed == 1);
  op.FeedEnded(1, Went(Outcome::kDone, PlugState::kOn, PlugState::kOn), kNow);
  CHECK(op.ResultFor({0, 1}).outcome == HostOutcome::kDone);
}

TEST_CASE("host_operation: a system that does not follow loses all its feeds",
          "[power]") {
  HostOperation op = TwoFeeds(Action::kSoft);
  const std::vector<FeedOrder> first = op.Begin();
  REQUIRE(first.size() == 1);
  CHECK_FALSE(first[0].options.hard);
  const std::vector<FeedOrder> off =
      op.FeedEnded(0, Failed(FailureClass::kState, true), kNow);
  REQUIRE(off.size() == 2);
  CHECK(off[0].action == Action::kOff);
  op.FeedEnded(0, WentOff(), kNow);
  op.FeedEnded(1, WentOff(), kNow);
  const HostResult result = op.ResultFor({0, 1});
  CHECK(result.outcome == HostOutcome::kDone);
  CHECK(result.detail == "the system did not follow");
}

TEST_CASE("power 49: what was abandoned in the middle says what may be off",
          "[power]") {
  HostOperation op = TwoFeeds(Action::kCycle);
  op.Begin();
  op.FeedEnded(0, WentOff(), kNow);
  op.Abandon();
  const HostResult result = op.ResultFor({0, 1});
  CHECK(result.outcome == HostOutcome::kFailed);
  CHECK(result.was_interrupted);
  CHECK(result.detail == "interrupted: a/1 may be off, b/2 may be off");
}
