#include "fanout/time_limit.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace {

using fanout::RunningMedian;
using fanout::TimeLimit;

TEST_CASE("time_limit: a time is what it is from the start", "[fanout]") {
  TimeLimit limit = *TimeLimit::Parse("1m30s");
  CHECK(limit.Limit() == absl::Seconds(90));
  limit.Ended(absl::Seconds(1));
  CHECK(limit.Limit() == absl::Seconds(90));
  CHECK_FALSE(limit.relative());
}

TEST_CASE("time_limit: there is none unless asked for", "[fanout]") {
  TimeLimit limit;
  limit.Ended(absl::Seconds(1));
  CHECK(limit.Limit() == std::nullopt);
}

TEST_CASE("time_limit: a percentage is of the median of three at least",
          "[fanout]") {
  TimeLimit limit = *TimeLimit::Parse("200%");
  CHECK(limit.relative());
  limit.Ended(absl::Seconds(1));
  limit.Ended(absl::Seconds(100));
  CHECK(limit.Limit() == std::nullopt);
  limit.Ended(absl::Seconds(3));
  CHECK(limit.Limit() == absl::Seconds(6));
  limit.Ended(absl::Seconds(5));
  CHECK(limit.Limit() == absl::Seconds(8));
}

TEST_CASE("time_limit: what is neither is refused", "[fanout]") {
  for (const char* text :
       {"", "0", "0s", "0%", "0.5%", "-5", "5x", "%", "1000001%"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(TimeLimit::Parse(text).status()));
  }
}

TEST_CASE("time_limit: the median is exact as long as all are kept",
          "[fanout]") {
  std::minstd_rand random(7);
  RunningMedian median;
  CHECK(median.Median() == absl::ZeroDuration());
  std::vector<absl::Duration> all;
  for (size_t i = 1; i <= RunningMedian::kMost; i++) {
    // Few different values, so that equal ones meet.
    const absl::Duration value = absl::Milliseconds(random() % 500);
    median.Add(value);
    all.insert(std::upper_bound(all.begin(), all.end(), value), value);
    const absl::Duration middle =
        i % 2 == 1 ? all[i / 2] : (all[i / 2 - 1] + all[i / 2]) / 2;
    if (median.Median() != middle) FAIL("after " << i);
  }
}

TEST_CASE("time_limit: a long run's median is that of an even sample",
          "[fanout]") {
  RunningMedian median;
  constexpr int kRuns = 1'000'000;
  for (int i = 0; i < kRuns; i++) median.Add(absl::Milliseconds(i));
  CHECK(median.added() == kRuns);
  const double middle = absl::ToDoubleMilliseconds(median.Median());
  CHECK(middle > kRuns * 0.499);
  CHECK(middle < kRuns * 0.501);
}

}  // namespace
