#include "power/pcu_queue.h"

#include <catch2/catch.hpp>

namespace {

using power::Action;
using power::FailureClass;
using power::Outcome;
using power::PcuQueue;
using power::PlugResult;
using power::VerifyLevel;

const absl::Time kNow = absl::FromUnixSeconds(1'000'000);
constexpr absl::Duration kMs = absl::Milliseconds(1);

PcuQueue::Order OrderOf(uint64_t id, Action action, bool is_urgent = false) {
  PcuQueue::Order order = {.id = id, .plug = std::to_string(id)};
  order.order.action = action;
  order.order.is_urgent = is_urgent;
  return order;
}
PlugResult Done(Outcome outcome = Outcome::kDone) {
  PlugResult result;
  result.outcome = outcome;
  return result;
}
PlugResult Failed(FailureClass failure_class,
                  VerifyLevel verified = VerifyLevel::kNothing,
                  bool maybe_executed = false) {
  PlugResult result;
  result.failure = {.failure_class = failure_class,
                    .text = "trouble",
                    .maybe_executed = maybe_executed};
  result.verified = verified;
  return result;
}
PcuQueue Make(PcuQueue::Settings settings) {
  return PcuQueue(settings, [] { return 0.5; });  // no jitter
}

}  // namespace

TEST_CASE("pcu_queue: all plugs of a request go in one batch", "[power]") {
  PcuQueue queue = Make({});
  for (uint64_t id = 0; id < 8; ++id) queue.Add(OrderOf(id, Action::kCycle));
  const auto batch = queue.Take(1, kNow);
  REQUIRE(batch.has_value());
  CHECK(batch->orders.size() == 8);
  queue.Add(OrderOf(8, Action::kCycle));
  CHECK_FALSE(queue.Take(2, kNow).has_value());  // one session
  CHECK(queue.ready_at() == absl::InfiniteFuture());
}

TEST_CASE("pcu_queue: orders for the dark go first", "[power]") {
  PcuQueue queue = Make({});
  queue.Add(OrderOf(1, Action::kOff));
  queue.Add(OrderOf(2, Action::kOn, true));
  const auto batch = queue.Take(1, kNow);
  REQUIRE(batch.has_value());
  CHECK(batch->orders[0].id == 2);
}

TEST_CASE("power 47: power-ons are staggered, and nothing else is", "[power]") {
  PcuQueue queue = Make({.stagger = 500 * kMs});
  queue.Add(OrderOf(1, Action::kOn));
  queue.Add(OrderOf(2, Action::kOn));
  queue.Add(OrderOf(3, Action::kOff));
  const auto first = queue.Take(1, kNow);
  REQUIRE(first.has_value());
  CHECK(first->orders.size() == 2);  // 1 and 3
  queue.OrderEnded(1, 0, Done(), kNow + 100 * kMs);
  queue.OrderEnded(1, 1, Done(), kNow + 200 * kMs);
  CHECK(queue.ready_at() == kNow + 600 * kMs);
  CHECK_FALSE(queue.Take(2, kNow + 599 * kMs).has_value());
  CHECK(queue.Take(2, kNow + 600 * kMs).has_value());
}

TEST_CASE("power 47: one that was on already is no power-on", "[power]") {
  PcuQueue queue = Make({.stagger = 500 * kMs});
  queue.Add(OrderOf(1, Action::kOn));
  queue.Add(OrderOf(2, Action::kOn));
  queue.Take(1, kNow);
  queue.OrderEnded(1, 0, Done(Outcome::kAlready), kNow);
  CHECK(queue.Take(2, kNow).has_value());
}

TEST_CASE("pcu_queue: a way that nobody answers leads to the next", "[power]") {
  PcuQueue queue = Make({.ways = 2});
  queue.Add(OrderOf(1, Action::kStatus));
  CHECK(queue.Take(1, kNow)->way == 0);
  CHECK(
      queue.OrderEnded(1, 0, Failed(FailureClass::kUnreachable), kNow).empty());
  CHECK(queue.Take(2, kNow)->way == 1);
  const auto ended =
      queue.OrderEnded(2, 0, Failed(FailureClass::kTimeout), kNow);
  REQUIRE(ended.size() == 1);  // connecting is not tried again unasked
  CHECK(ended[0].result.failure->failure_class == FailureClass::kTimeout);
}

TEST_CASE("pcu_queue: a refused password is no reason for the next way",
          "[power]") {
  for (const bool try_all : {false, true}) {
    PcuQueue queue = Make({.ways = 2, .try_all = try_all});
    queue.Add(OrderOf(1, Action::kStatus));
    queue.Take(1, kNow);
    const auto ended = queue.OrderEnded(
        1, 0, Failed(FailureClass::kAuth, VerifyLevel::kReach), kNow);
    CHECK(ended.empty() == try_all);
  }
}

TEST_CASE("power 14: a refused password ends all that wait, and is sent once",
          "[power]") {
  PcuQueue queue = Make({.stagger = 500 * kMs});
  for (uint64_t id = 0; id < 4; ++id) queue.Add(OrderOf(id, Action::kOn));
  REQUIRE(queue.Take(1, kNow)->orders.size() == 1);
  const auto ended = queue.OrderEnded(
      1, 0, Failed(FailureClass::kAuth, VerifyLevel::kReach), kNow);
  CHECK(ended.size() == 4);
  CHECK(queue.is_idle());
  const auto later = queue.Add(OrderOf(9, Action::kOff));
  REQUIRE(later.has_value());
  CHECK(later->result.failure->failure_class == FailureClass::kAuth);
}

TEST_CASE("pcu_queue: what is safe is tried again, later each time",
          "[power]") {
  PcuQueue queue = Make({});
  queue.Add(OrderOf(1, Action::kOff));
  absl::Time now = kNow;
  for (const absl::Duration delay : {500 * kMs, 1000 * kMs}) {
    REQUIRE(queue.Take(1, now).has_value());
    CHECK(queue
              .OrderEnded(
                  1, 0,
                  Failed(FailureClass::kClosed, VerifyLevel::kLogin, true), now)
              .empty());
    CHECK(queue.ready_at() == now + delay);
    now += delay;
  }
  REQUIRE(queue.Take(1, now).has_value());
  const auto ended = queue.OrderEnded(
      1, 0, Failed(FailureClass::kClosed, VerifyLevel::kLogin), now);
  REQUIRE(ended.size() == 1);
  // One of the earlier tries may have been carried out.
  CHECK(ended[0].result.failure->maybe_executed);
}

TEST_CASE("pcu_queue: a cycle that may have been executed is never repeated",
          "[power]") {
  PcuQueue queue = Make({});
  queue.Add(OrderOf(1, Action::kCycle));
  queue.Take(1, kNow);
  CHECK(queue
            .OrderEnded(
                1, 0, Failed(FailureClass::kClosed, VerifyLevel::kLogin, true),
                kNow)
            .size() == 1);
  // One that was not is.
  queue.Add(OrderOf(2, Action::kCycle));
  queue.Take(2, kNow);
  CHECK(queue
            .OrderEnded(2, 0, Failed(FailureClass::kBusy, VerifyLevel::kReach),
                        kNow)
            .empty());
}

TEST_CASE("power 49: what a cycle has switched off is only switched on again",
          "[power]") {
  PcuQueue queue = Make({});
  queue.Add(OrderOf(1, Action::kCycle));
  queue.Take(1, kNow);
  PlugResult cut = Failed(FailureClass::kUnreachable);
  cut.cut = power::Cut::kSeenOff;
  cut.before = power::PlugState::kOn;
  absl::Time now = kNow;
  SECTION("and was cycled then") {
    REQUIRE(queue.OrderEnded(1, 0, cut, now).empty());
    CHECK(queue.has_urgent());
    const auto batch = queue.Take(2, queue.ready_at());
    REQUIRE(batch.has_value());
    CHECK(batch->orders[0].order.action == Action::kOn);
    const auto ended = queue.OrderEnded(2, 0, Done(Outcome::kAlready), now);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].result.outcome == Outcome::kDone);
    CHECK(ended[0].result.before == power::PlugState::kOn);
  }
  SECTION("or is told to be dark, after more tries than others get") {
    int tries = 0;
    auto ended = queue.OrderEnded(1, 0, cut, now);
    while (ended.empty() && ++tries < 100) {
      now = queue.ready_at();
      REQUIRE(queue.Take(2, now).has_value());
      ended = queue.OrderEnded(2, 0, Failed(FailureClass::kUnreachable), now);
    }
    CHECK(tries > 3);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].result.failure->text == "trouble");
    CHECK(ended[0].result.cut == power::Cut::kSeenOff);
  }
}

TEST_CASE("power 49: what a cycle may have switched off is switched on",
          "[power]") {
  PcuQueue queue = Make({});
  queue.Add(OrderOf(1, Action::kCycle));
  queue.Take(1, kNow);
  // Of a class that is not tried again otherwise.
  PlugResult cut = Failed(FailureClass::kPrompt, VerifyLevel::kLogin, true);
  cut.cut = power::Cut::kPerhaps;
  cut.before = power::PlugState::kOn;
  REQUIRE(queue.OrderEnded(1, 0, cut, kNow).empty());
  const auto batch = queue.Take(2, queue.ready_at());
  REQUIRE(batch.has_value());
  CHECK(batch->orders[0].order.action == Action::kOn);
  const auto end = [&](PlugResult result) {
    const auto ended = queue.OrderEnded(2, 0, std::move(result), kNow);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].result.before == power::PlugState::kOn);
    return ended[0].result;
  };
  SECTION("it was off: that was the cycle") {
    PlugResult on = Done(Outcome::kDone);
    on.before = power::PlugState::kOff;
    CHECK(end(on).outcome == Outcome::kDone);
  }
  SECTION("it was on: nobody knows of a cycle") {
    PlugResult on = Done(Outcome::kAlready);
    on.before = on.after = power::PlugState::kOn;
    const PlugResult result = end(on);
    CHECK_FALSE(result.outcome.has_value());
    CHECK(result.failure->failure_class == FailureClass::kPrompt);
    CHECK(result.failure->text == "trouble; is on now");
    CHECK(result.failure->maybe_executed);
    CHECK(result.cut == power::Cut::kNone);
  }
  SECTION("it answers oddly again: once more, and then it is told") {
    auto ended = queue.OrderEnded(
        2, 0, Failed(FailureClass::kPrompt, VerifyLevel::kLogin), kNow);
    for (int i = 0; ended.empty() && i < 100; ++i) {
      REQUIRE(queue.Take(3, queue.ready_at()).has_value());
      ended = queue.OrderEnded(
          3, 0, Failed(FailureClass::kPrompt, VerifyLevel::kLogin), kNow);
    }
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].result.cut == power::Cut::kPerhaps);
  }
}

TEST_CASE("power 49: an interruption takes back what has not begun",
          "[power]") {
  PcuQueue queue = Make({});
  queue.Add(OrderOf(1, Action::kCycle));
  queue.Take(1, kNow);
  queue.Add(OrderOf(2, Action::kCycle));
  queue.Add(OrderOf(3, Action::kOn, true));
  const PcuQueue::Interrupted interrupted = queue.Interrupt();
  REQUIRE(interrupted.withdrawn.size() == 1);
  CHECK(interrupted.withdrawn[0].id == 2);
  CHECK(interrupted.cancel == std::vector<PcuQueue::BatchId>{1});
  CHECK(queue.has_urgent());
}
