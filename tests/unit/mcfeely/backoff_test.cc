#include "mcfeely/backoff.h"

#include <absl/time/time.h>

#include <catch2/catch.hpp>
#include <climits>

namespace {

using mcfeely::NextAttempt;

const absl::Duration kNoLimit = absl::InfiniteDuration();

absl::Time At(double s) { return absl::UnixEpoch() + absl::Seconds(s); }

double WaitAt(absl::Duration age, int step = 5,
              absl::Duration longest = kNoLimit) {
  const absl::Time last = At(1e9) + age;
  return absl::ToDoubleSeconds(NextAttempt(At(1e9), last, step, longest) -
                               last);
}

TEST_CASE("mcfeely 7: attempt n is due 25 n^2 seconds after birth",
          "[mcfeely]") {
  absl::Time due = At(1000);
  for (int n = 1; n <= 1000; n++) {
    due = NextAttempt(At(1000), due, 5, kNoLimit);
    REQUIRE(due == At(1000 + 25.0 * n * n));
  }
}

TEST_CASE(
    "mcfeely 7: with step 10 attempt n is due 100 n^2 seconds after birth",
    "[mcfeely]") {
  absl::Time due = At(0);
  for (int n = 1; n <= 100; n++) {
    due = NextAttempt(At(0), due, 10, kNoLimit);
    REQUIRE(due == At(100.0 * n * n));
  }
}

TEST_CASE("mcfeely 7: retry-max bounds the wait between attempts",
          "[mcfeely]") {
  absl::Time last = At(0);
  const double expected[] = {25, 85, 145, 205};
  for (double e : expected) {
    last = NextAttempt(At(0), last, 5, absl::Seconds(60));
    CHECK(last == At(e));
  }
}

TEST_CASE("backoff: the waits of old tasks are those of the original",
          "[mcfeely]") {
  CHECK(WaitAt(absl::ZeroDuration()) == 25);
  CHECK(WaitAt(absl::Hours(1)) == 625);
  CHECK(WaitAt(absl::Hours(24)) == Approx(2964).margin(0.5));
  CHECK(WaitAt(absl::Hours(7 * 24)) == Approx(7802).margin(0.5));
  CHECK(WaitAt(absl::Hours(30 * 24)) == Approx(16125).margin(0.5));
  // What the original was seen to do: due 77 s after birth, then 189.
  CHECK(77 + WaitAt(absl::Seconds(77)) == Approx(189.75).margin(0.01));
}

TEST_CASE("backoff: moments are whole milliseconds", "[mcfeely]") {
  for (int age_ms = 1; age_ms < 100'000; age_ms += 977) {
    const absl::Time last = At(0) + absl::Milliseconds(age_ms);
    const absl::Time due = NextAttempt(At(0), last, 7, kNoLimit);
    REQUIRE(absl::ToUnixNanos(due) % 1'000'000 == 0);
  }
}

TEST_CASE("backoff: an attempt before the birth counts as one at birth",
          "[mcfeely]") {
  CHECK(NextAttempt(At(500), At(100), 5, kNoLimit) == At(125));
  CHECK(NextAttempt(At(500), absl::InfinitePast(), 5, absl::Seconds(1)) ==
        absl::InfinitePast());
}

TEST_CASE("backoff: extreme values do not overflow", "[mcfeely]") {
  const absl::Time far = absl::FromUnixSeconds(int64_t{1} << 60);
  const absl::Time due = NextAttempt(absl::UnixEpoch(), far, 1000, kNoLimit);
  CHECK(due > far);
  CHECK(due < absl::InfiniteFuture());
  CHECK(NextAttempt(absl::InfinitePast(), far, 5, absl::Hours(1)) ==
        far + absl::Hours(1));
  CHECK(NextAttempt(absl::InfinitePast(), far, 5, kNoLimit) ==
        absl::InfiniteFuture());
  CHECK(WaitAt(absl::ZeroDuration(), INT_MAX) == double{INT_MAX} * INT_MAX);
  CHECK(NextAttempt(At(0), At(0), 5, absl::ZeroDuration()) == At(0));
  CHECK(NextAttempt(At(0), At(0), 5, -absl::Seconds(9)) == At(0));
}

}  // namespace
