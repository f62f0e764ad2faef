// Supervisions on hosts where everything goes wrong (sim.h). SEED=n repeats
// one, and with TRACE=1 tells what happens; SIM_SEEDS=n runs so many, from
// SIM_FIRST on.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "sim.h"

namespace isinit {
namespace {

constexpr uint64_t kSeeds = 400;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t n;
  return text != nullptr && absl::SimpleAtoi(text, &n) ? n : otherwise;
}

void Print(uint64_t first, uint64_t count, const Sim::Counts& c) {
  printf("seeds %llu..%llu: ", static_cast<unsigned long long>(first),
         static_cast<unsigned long long>(first + count - 1));
  const auto say = [](int64_t n, const char* what) {
    printf("%lld %s", static_cast<long long>(n), what);
  };
  say(c.steps, "steps, ");
  say(c.starts, "starts, ");
  say(c.tells, "tells, ");
  say(c.reached, "levels reached, ");
  say(c.operations, "operations, ");
  say(c.tables, "tables, ");
  say(c.crashes, "crashes, ");
  say(c.halts, "halts, ");
  say(c.kills, "kills, ");
  say(c.paused, "pauses, ");
  say(c.given_up, "given up, ");
  say(c.failed_groups, "failed groups\n");
}

TEST_CASE("isinit: no promise is broken on a hostile host", "[sim][isinit]") {
  const bool one = getenv("SEED") != nullptr;
  const uint64_t first =
      one ? FromEnvironment("SEED", 1) : FromEnvironment("SIM_FIRST", 1);
  const uint64_t count = one ? 1 : FromEnvironment("SIM_SEEDS", kSeeds);
  Sim::Counts counts;
  for (uint64_t seed = first; seed < first + count; seed++) {
    Sim sim(seed, {}, &counts);
    sim.set_trace(getenv("TRACE") != nullptr);
    INFO("SEED=" << seed);
    const bool good = sim.Run();
    INFO(sim.violation());
    REQUIRE(good);
  }
  if (count >= 100) {
    // What does not happen proves nothing.
    CHECK(counts.starts > 5000);
    CHECK(counts.tells > 1000);
    CHECK(counts.reached > 1000);
    CHECK(counts.operations > 1000);
    CHECK(counts.tables > 500);
    CHECK(counts.crashes > 100);
    CHECK(counts.halts > 10);
    CHECK(counts.kills > 100);
    CHECK(counts.paused > 500);
    CHECK(counts.given_up > 100);
    CHECK(counts.failed_groups > 10);
  }
  if (getenv("SIM_SEEDS") != nullptr || one) Print(first, count, counts);
}

// Each rule is broken on purpose: the hosts above must notice, or they prove
// nothing.
void MustBeNoticed(const Broken& broken) {
  Sim::Counts counts;
  for (uint64_t seed = 1; seed <= kSeeds; seed++) {
    Sim sim(seed, broken, &counts);
    if (!sim.Run()) {
      if (getenv("SIM_SEEDS") != nullptr) {
        printf("seed %d: %s\n", static_cast<int>(seed),
               sim.violation().c_str());
      }
      return;
    }
  }
  FAIL("nobody noticed");
}

TEST_CASE("isinit: the simulation notices what is not carried out or told",
          "[sim][isinit]") {
  SECTION("KILL") { MustBeNoticed({.kills_lost = true}); }
  SECTION("ends") { MustBeNoticed({.ends_lost = true}); }
  SECTION("that nothing is left") { MustBeNoticed({.empties_lost = true}); }
  SECTION("the time") { MustBeNoticed({.never_woken = true}); }
  SECTION("tables") { MustBeNoticed({.tables_lost = true}); }
  SECTION("tells") { MustBeNoticed({.tells_lost = true}); }
  SECTION("what still runs after a crash") {
    MustBeNoticed({.adopted_lost = true});
  }
  SECTION("that one was stopped by hand, after a crash") {
    MustBeNoticed({.stops_by_hand_lost = true});
  }
  SECTION("what had finished before a crash") {
    MustBeNoticed({.finished_lost = true});
  }
}

TEST_CASE("isinit: the simulation notices what is told and is not so",
          "[sim][isinit]") {
  SECTION("an empty tree") { MustBeNoticed({.empty_told_early = true}); }
  SECTION("an end") { MustBeNoticed({.end_told_early = true}); }
}

TEST_CASE("isinit: the simulation notices tables that are read wrongly",
          "[sim][isinit]") {
  SECTION("after") { MustBeNoticed({.after_ignored = true}); }
  SECTION("needs") { MustBeNoticed({.needs_ignored = true}); }
  SECTION("wait") { MustBeNoticed({.waits_ignored = true}); }
  SECTION("limit") { MustBeNoticed({.limit_ignored = true}); }
  SECTION("max-restarts") { MustBeNoticed({.max_restarts_ignored = true}); }
  SECTION("forking") { MustBeNoticed({.forking_ignored = true}); }
  SECTION("gate") { MustBeNoticed({.gates_ignored = true}); }
  SECTION("stop-timeout") { MustBeNoticed({.stop_timeout_doubled = true}); }
  SECTION("levels") { MustBeNoticed({.levels_ignored = true}); }
}

}  // namespace
}  // namespace isinit
