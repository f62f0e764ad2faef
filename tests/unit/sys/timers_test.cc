#include "sys/timers.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

namespace {
absl::Time At(int s) { return absl::FromUnixSeconds(s); }
}  // namespace

TEST_CASE("timers: behave as a sorted list would, whatever is cancelled",
          "[sys]") {
  std::mt19937 random(20250131);
  sys::Timers timers;
  // What must come out: by time, then by order of making.
  std::map<std::pair<int, int>, sys::Timers::Timer> model;
  int made = 0, now = 0;
  for (int step = 0; step < 20'000; step++) {
    const unsigned what = random() % 10;
    if (what < 5) {
      const int when = now + static_cast<int>(random() % 50);
      const int id = made++;
      model[{when, id}] = timers.Add(At(when), [] {});
    } else if (what < 8 && !model.empty()) {
      auto it = model.begin();
      std::advance(it, random() % std::min<size_t>(model.size(), 40));
      REQUIRE(timers.TakeFunction(it->second) != nullptr);
      REQUIRE(timers.TakeFunction(it->second) == nullptr);
      model.erase(it);
    } else {
      now++;
      std::vector<sys::Timers::Timer> due;
      timers.TakeDue(At(now), &due);
      for (sys::Timers::Timer timer : due) {
        REQUIRE_FALSE(model.empty());
        REQUIRE(model.begin()->first.first <= now);
        REQUIRE(model.begin()->second == timer);
        REQUIRE(timers.TakeFunction(timer) != nullptr);
        model.erase(model.begin());
      }
      REQUIRE((model.empty() || model.begin()->first.first > now));
    }
    REQUIRE(timers.empty() == model.empty());
    REQUIRE(timers.Next() == (model.empty() ? absl::InfiniteFuture()
                                            : At(model.begin()->first.first)));
  }
}

TEST_CASE("timers: a number that was never given out takes nothing", "[sys]") {
  sys::Timers timers;
  CHECK(timers.TakeFunction(0) == nullptr);
  CHECK(timers.TakeFunction(UINT64_MAX) == nullptr);
  const sys::Timers::Timer timer = timers.Add(At(1), [] {});
  CHECK(timers.TakeFunction(timer + 1) == nullptr);
  CHECK(timers.TakeFunction(timer + (uint64_t{1} << 32)) == nullptr);
  CHECK(timers.TakeFunction(timer) != nullptr);
  CHECK(timers.empty());
}
