#include "sys/clock.h"

#include <catch2/catch.hpp>

TEST_CASE("clock: steady time is wall time that never goes back", "[sys]") {
  const absl::Time start = sys::SteadyNow();
  CHECK(absl::AbsDuration(start - sys::WallNow()) < absl::Minutes(1));
  absl::Time last = start;
  for (int i = 0; i < 10'000; i++) {
    const absl::Time now = sys::SteadyNow();
    REQUIRE(now >= last);
    last = now;
  }
  CHECK(last > start);
}
