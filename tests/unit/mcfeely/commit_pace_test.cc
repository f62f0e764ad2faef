#include "mcfeely/commit_pace.h"

#include <catch2/catch.hpp>

using mcfeely::CommitPace;

namespace {

const absl::Time kStart = absl::FromUnixSeconds(1000);
constexpr size_t kMany = CommitPace::kBusy;

}  // namespace

TEST_CASE("commit_pace: one transaction at a time", "[mcfeely]") {
  CommitPace pace;
  CHECK(pace.idle());
  REQUIRE(pace.MayBegin(kStart, 0));
  pace.Began(kStart);
  CHECK_FALSE(pace.idle());
  CHECK_FALSE(pace.MayBegin(kStart + absl::Seconds(5), 0));
  // Whose end is what one comes back for.
  CHECK_FALSE(pace.TakeWake().has_value());
  pace.Ended();
  CHECK(pace.MayBegin(kStart + absl::Seconds(5), 0));
}

TEST_CASE("commit_pace: with little awaited nothing is put off", "[mcfeely]") {
  CommitPace pace;
  pace.Began(kStart);
  pace.Ended();
  CHECK(pace.MayBegin(kStart, kMany - 1));
  CHECK(pace.idle());
}

TEST_CASE("commit_pace: with much awaited the next waits a millisecond",
          "[mcfeely]") {
  CommitPace pace;
  REQUIRE(pace.MayBegin(kStart, kMany));
  pace.Began(kStart);
  pace.Ended();
  CHECK_FALSE(pace.MayBegin(kStart + absl::Microseconds(400), kMany));
  const auto wake = pace.TakeWake();
  REQUIRE(wake == kStart + CommitPace::kBetween);
  CHECK_FALSE(pace.idle());
  // Asked ever so often: one moment to come back at.
  CHECK_FALSE(pace.MayBegin(kStart + absl::Microseconds(600), kMany));
  CHECK_FALSE(pace.TakeWake().has_value());
  pace.Woken();
  CHECK(pace.idle());
  CHECK(pace.MayBegin(*wake, kMany));
  pace.Began(*wake);
  pace.Ended();
  CHECK_FALSE(pace.MayBegin(*wake, kMany));
  CHECK(pace.TakeWake() == *wake + CommitPace::kBetween);
}

TEST_CASE("commit_pace: the more is awaited the longer it gathers",
          "[mcfeely]") {
  CommitPace pace;
  const auto begins = [&](size_t awaited) {
    pace = CommitPace();
    pace.Began(kStart);
    pace.Ended();
    CHECK_FALSE(pace.MayBegin(kStart, awaited));
    const auto wake = pace.TakeWake();
    REQUIRE(wake.has_value());
    return *wake - kStart;
  };
  CHECK(begins(63) == CommitPace::kBetween);
  CHECK(begins(64) == 2 * CommitPace::kBetween);
  CHECK(begins(256) == 8 * CommitPace::kBetween);
  CHECK(begins(1'000'000) == 8 * CommitPace::kBetween);
}

TEST_CASE("commit_pace: what everybody has answered is written at once",
          "[mcfeely]") {
  CommitPace pace;
  REQUIRE(pace.MayBegin(kStart, 256));
  pace.Began(kStart);
  pace.Ended();
  CHECK_FALSE(pace.MayBegin(kStart + absl::Milliseconds(2), 256));
  // Answers come: the fewer are out, the sooner.
  CHECK_FALSE(pace.MayBegin(kStart + absl::Milliseconds(2), 96));
  CHECK(pace.MayBegin(kStart + absl::Milliseconds(2), 64));
  CHECK_FALSE(pace.MayBegin(kStart + absl::Microseconds(500), 64));
  CHECK(pace.MayBegin(kStart + absl::Microseconds(500), kMany - 1));
}
