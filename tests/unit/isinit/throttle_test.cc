#include "isinit/throttle.h"

#include <catch2/catch.hpp>

namespace {

using isinit::Attributes;
using isinit::Backoff;
using isinit::Dice;
using isinit::Throttle;
using Kind = Throttle::Verdict::Kind;

absl::Time At(double s) { return absl::UnixEpoch() + absl::Seconds(s); }
double Seconds(absl::Time t) {
  return absl::ToDoubleSeconds(t - absl::UnixEpoch());
}

// The starts of an entry that lives so long each time, up to `end`.
std::vector<double> Starts(const Attributes& rules, absl::Duration life,
                           double end, uint64_t seed = 1) {
  Throttle throttle;
  Dice dice(seed);
  std::vector<double> starts;
  absl::Time now = At(0);
  while (now < At(end)) {
    const Throttle::Verdict verdict = throttle.Ask(rules, now, dice);
    if (verdict.kind == Kind::kGiveUp) break;
    if (verdict.kind == Kind::kRest) {
      REQUIRE(verdict.until > now);
      now = verdict.until;
      continue;
    }
    starts.push_back(Seconds(now));
    now += life;
    throttle.Ended(rules, life);
  }
  return starts;
}

TEST_CASE("isinit 21: five starts at once, a rest of a minute, five again",
          "[isinit]") {
  CHECK(Starts({}, absl::ZeroDuration(), 130) ==
        std::vector<double>{0, 0, 0, 0, 0, 60, 60, 60, 60, 60, 120, 120, 120,
                            120, 120});
}

TEST_CASE("isinit 23: an entry that ends every three seconds is not throttled",
          "[isinit]") {
  CHECK(Starts({}, absl::Seconds(3), 60).size() == 20);
}

TEST_CASE("throttle: the span slides along", "[isinit]") {
  Throttle throttle;
  Dice dice(1);
  const Attributes rules;
  for (const double s : {0.0, 2.0, 4.0, 6.0, 8.0}) {
    REQUIRE(throttle.Ask(rules, At(s), dice).kind == Kind::kStart);
  }
  // The first is ten seconds old, so there is room for one; for no second one.
  CHECK(throttle.Ask(rules, At(10), dice).kind == Kind::kStart);
  const Throttle::Verdict verdict = throttle.Ask(rules, At(11), dice);
  CHECK(verdict.kind == Kind::kRest);
  CHECK(verdict.until == At(71));
}

TEST_CASE("throttle: a rest is told once and ends by itself", "[isinit]") {
  Throttle throttle;
  Dice dice(1);
  Attributes rules;
  rules.limit = {.starts = 1, .within = absl::Seconds(1)};
  REQUIRE(throttle.Ask(rules, At(0), dice).kind == Kind::kStart);
  const Throttle::Verdict first = throttle.Ask(rules, At(0), dice);
  CHECK(first.kind == Kind::kRest);
  CHECK(first.begins);
  const Throttle::Verdict again = throttle.Ask(rules, At(59), dice);
  CHECK(again.kind == Kind::kRest);
  CHECK_FALSE(again.begins);
  CHECK(again.until == first.until);
  CHECK(throttle.Ask(rules, At(60), dice).kind == Kind::kStart);
}

TEST_CASE("throttle: the count is fresh after a rest shorter than the span",
          "[isinit]") {
  Attributes rules;
  rules.limit = {
      .starts = 3, .within = absl::Minutes(1), .pause = absl::Seconds(5)};
  CHECK(Starts(rules, absl::ZeroDuration(), 11) ==
        std::vector<double>{0, 0, 0, 5, 5, 5, 10, 10, 10});
}

TEST_CASE("throttle: to forget ends a rest", "[isinit]") {
  Throttle throttle;
  Dice dice(1);
  Attributes rules;
  rules.limit.starts = 1;
  REQUIRE(throttle.Ask(rules, At(0), dice).kind == Kind::kStart);
  REQUIRE(throttle.Ask(rules, At(0), dice).kind == Kind::kRest);
  throttle.Forget();
  CHECK(throttle.Ask(rules, At(0), dice).kind == Kind::kStart);
}

TEST_CASE("throttle: a back-off doubles up to its longest", "[isinit]") {
  Attributes rules;
  rules.backoff =
      Backoff{.first = absl::Seconds(1), .longest = absl::Seconds(8)};
  CHECK(Starts(rules, absl::ZeroDuration(), 32) ==
        std::vector<double>{0, 1, 3, 7, 15, 23, 31});
}

TEST_CASE("throttle: a back-off takes the place of the limit", "[isinit]") {
  Attributes rules;
  rules.backoff = Backoff{.first = absl::Milliseconds(100),
                          .longest = absl::Milliseconds(100)};
  CHECK(Starts(rules, absl::ZeroDuration(), 1.95).size() == 20);
}

TEST_CASE("throttle: a back-off is fresh after a steady run", "[isinit]") {
  Throttle throttle;
  Dice dice(1);
  Attributes rules;
  rules.backoff =
      Backoff{.first = absl::Seconds(1), .longest = absl::Seconds(60)};
  REQUIRE(throttle.Ask(rules, At(0), dice).kind == Kind::kStart);
  throttle.Ended(rules, absl::Milliseconds(9999));
  REQUIRE(throttle.Ask(rules, At(10), dice).until == At(11));
  REQUIRE(throttle.Ask(rules, At(11), dice).kind == Kind::kStart);
  throttle.Ended(rules, absl::Seconds(10));
  CHECK(throttle.starts() == 0);
  CHECK(throttle.Ask(rules, At(21), dice).kind == Kind::kStart);
}

TEST_CASE("throttle: jitter stays within its share and comes from the seed",
          "[isinit]") {
  Attributes rules;
  rules.backoff = Backoff{.first = absl::Seconds(10),
                          .longest = absl::Seconds(10),
                          .jitter_percent = 20};
  const std::vector<double> starts =
      Starts(rules, absl::ZeroDuration(), 10'000, 7);
  double least = 100, most = 0;
  for (size_t i = 1; i < starts.size(); i++) {
    const double rest = starts[i] - starts[i - 1];
    least = std::min(least, rest);
    most = std::max(most, rest);
  }
  CHECK(least >= 8);
  CHECK(least < 8.2);
  CHECK(most <= 12);
  CHECK(most > 11.8);
  CHECK(starts == Starts(rules, absl::ZeroDuration(), 10'000, 7));
  CHECK(starts != Starts(rules, absl::ZeroDuration(), 10'000, 8));
}

TEST_CASE("throttle: a back-off of any factor stays at its longest",
          "[isinit]") {
  Throttle throttle;
  Dice dice(1);
  Attributes rules;
  rules.backoff = Backoff{
      .first = absl::Milliseconds(1), .longest = absl::Hours(1), .factor = 100};
  absl::Time now = At(0);
  for (int i = 0; i < 1000; i++) {
    Throttle::Verdict verdict = throttle.Ask(rules, now, dice);
    if (verdict.kind == Kind::kRest) {
      CHECK(verdict.until <= now + absl::Hours(1));
      CHECK(verdict.until > now);
      now = verdict.until;
      verdict = throttle.Ask(rules, now, dice);
    }
    REQUIRE(verdict.kind == Kind::kStart);
  }
}

TEST_CASE("throttle: an entry gives up after so many restarts", "[isinit]") {
  Attributes rules;
  rules.max_restarts = 3;
  CHECK(Starts(rules, absl::ZeroDuration(), 1000).size() == 4);
  // Also over a rest.
  rules.max_restarts = 7;
  CHECK(Starts(rules, absl::ZeroDuration(), 1000) ==
        std::vector<double>{0, 0, 0, 0, 0, 60, 60, 60});
  rules.max_restarts = 0;
  CHECK(Starts(rules, absl::ZeroDuration(), 1000).size() == 1);
}

TEST_CASE("throttle: a steady run gives all restarts back", "[isinit]") {
  Attributes rules;
  rules.max_restarts = 1;
  rules.steady = absl::Seconds(5);
  CHECK(Starts(rules, absl::Seconds(5), 60).size() == 12);
  CHECK(Starts(rules, absl::Milliseconds(4999), 60).size() == 2);
}

TEST_CASE("throttle: a run that never was up is not steady", "[isinit]") {
  Throttle throttle;
  Dice dice(1);
  Attributes rules;
  rules.steady = absl::ZeroDuration();
  REQUIRE(throttle.Ask(rules, At(0), dice).kind == Kind::kStart);
  throttle.Ended(rules, absl::ZeroDuration());
  CHECK(throttle.starts() == 1);
}

TEST_CASE("throttle: in no ten seconds are there more than five starts",
          "[isinit]") {
  Dice life(42);
  for (uint64_t seed = 0; seed < 20; seed++) {
    Throttle throttle;
    Dice dice(seed);
    std::vector<absl::Time> starts;
    absl::Time now = At(0);
    while (starts.size() < 200) {
      const Throttle::Verdict verdict = throttle.Ask({}, now, dice);
      if (verdict.kind == Kind::kRest) {
        now = verdict.until;
        continue;
      }
      starts.push_back(now);
      now += absl::Seconds(4) * life.Next() * life.Next();
    }
    for (size_t i = 5; i < starts.size(); i++) {
      REQUIRE(starts[i] - starts[i - 5] >= absl::Seconds(10));
    }
  }
}

}  // namespace
