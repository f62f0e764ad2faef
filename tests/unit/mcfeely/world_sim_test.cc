// The whole of McFeely in hostile worlds. SEED=n repeats one; SIM_SEEDS=n runs
// so many.

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "world.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;

constexpr uint64_t kSeeds = 300;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t n;
  return text != nullptr && absl::SimpleAtoi(text, &n) ? n : otherwise;
}

// A job of up to `most` tasks on some of the hosts, of any shape.
Workload RandomWorkload(Dice& dice, int hosts, size_t most) {
  Workload load;
  load.job.description = "a job of the simulation";
  load.job.success = {"sales@example.com"};
  load.job.failure = {"ops@example.com"};
  const size_t tasks = 1 + dice.Below(most);
  for (uint32_t t = 0; t < tasks; t++) {
    Task task;
    task.name = absl::StrCat("t", t);
    task.host = absl::StrCat("host", dice.Below(hosts));
    task.comm = "test_comm";
    task.options.safe_to_repeat = !dice.Chance(0.2);
    task.options.retry_for = absl::InfiniteDuration();
    task.options.retry_max = absl::Minutes(5);
    if (dice.Chance(0.1)) task.options.delay = absl::Seconds(dice.Below(60));
    load.job.tasks.push_back(std::move(task));
    Script script;
    if (dice.Chance(0.3)) script.deferrals = static_cast<int>(dice.Below(4));
    if (dice.Chance(0.1)) script.verdict = pb::FAILED;
    script.lasts = dice.Chance(0.1)
                       ? dice.Between(absl::Seconds(10), absl::Minutes(3))
                       : dice.Between(absl::Milliseconds(5), absl::Seconds(3));
    load.scripts.push_back(script);
    Requirement r{{t}, {}};
    for (uint32_t n = 0; n < t; n++) {
      if (dice.Chance(1.5 / tasks)) r.needs.push_back(n);
    }
    if (!r.needs.empty()) load.job.requirements.push_back(std::move(r));
  }
  return load;
}

WorldOptions SmallWorld(uint64_t seed) {
  Dice dice(seed ^ 0x5eed);
  WorldOptions o;
  o.seed = seed;
  o.hosts = 2 + static_cast<int>(dice.Below(3));
  const size_t jobs = 2 + dice.Below(4);
  for (size_t n = 0; n < jobs; n++) {
    o.jobs.push_back(RandomWorkload(dice, o.hosts, 8));
  }
  o.chaos = Chaos::Some();
  return o;
}

TEST_CASE("mcfeely: no promise is broken in a hostile world",
          "[sim][mcfeely]") {
  const uint64_t first = FromEnvironment("SEED", 1);
  const uint64_t count =
      getenv("SEED") != nullptr ? 1 : FromEnvironment("SIM_SEEDS", kSeeds);
  World::Facts sum;
  for (uint64_t seed = first; seed < first + count; seed++) {
    World world(SmallWorld(seed));
    INFO("SEED=" << seed);
    const bool good = world.Run();
    INFO(world.violation());
    REQUIRE(good);
    sum.steps += world.facts().steps;
    sum.server_crashes += world.facts().server_crashes;
    sum.agent_crashes += world.facts().agent_crashes;
    sum.journals_lost += world.facts().journals_lost;
    sum.refused += world.facts().refused;
    sum.doubts += world.facts().doubts;
    sum.executions += world.facts().executions;
    sum.held += world.facts().held;
  }
  // A world in which nothing goes wrong proves nothing.
  if (count >= 100) {
    CHECK(sum.server_crashes > 100);
    CHECK(sum.agent_crashes > 100);
    CHECK(sum.journals_lost > 20);
    CHECK(sum.refused > 100);
    CHECK(sum.doubts > 100);
    CHECK(sum.held > 20);
  }
  if (getenv("SIM_SEEDS") != nullptr || getenv("SEED") != nullptr) {
    printf(
        "seeds %llu..%llu: %lld steps, %lld crashes of the server, %lld of "
        "agents, %lld comms, %lld held\n",
        static_cast<unsigned long long>(first),
        static_cast<unsigned long long>(first + count - 1),
        static_cast<long long>(sum.steps),
        static_cast<long long>(sum.server_crashes),
        static_cast<long long>(sum.agent_crashes),
        static_cast<long long>(sum.executions),
        static_cast<long long>(sum.held));
  }
}

TEST_CASE("mcfeely: a fleet of 2000 hosts in a hostile world",
          "[sim][mcfeely]") {
  Dice dice(FromEnvironment("SEED", 7));
  WorldOptions o;
  o.seed = dice.Next();
  o.hosts = 2000;
  o.limits = {.max_running = 1000, .max_per_host = 4};
  // One task on each host, and one at the end that requires them all: more
  // tasks than a head holds.
  Workload wide;
  wide.job.failure = {"ops@example.com"};
  wide.job.success = {"ops@example.com"};
  Requirement all{{2000}, {}};
  for (uint32_t h = 0; h <= 2000; h++) {
    Task task;
    task.name = absl::StrCat("t", h);
    task.host = absl::StrCat("host", h % 2000);
    task.comm = "test_comm";
    task.options.retry_for = absl::InfiniteDuration();
    wide.job.tasks.push_back(std::move(task));
    wide.scripts.push_back({.deferrals = h % 50 == 0 ? 1 : 0});
    if (h < 2000) all.needs.push_back(h);
  }
  wide.job.requirements.push_back(std::move(all));
  o.jobs.push_back(std::move(wide));
  for (int n = 0; n < 20; n++) {
    o.jobs.push_back(RandomWorkload(dice, o.hosts, 20));
  }
  o.chaos = Chaos::Some();
  o.chaos.server_crash = 0.002;
  o.chaos.break_channel = 0.005;
  o.chaos.lasts = absl::Minutes(3);
  World world(o);
  const bool good = world.Run();
  INFO(world.violation());
  REQUIRE(good);
}

TEST_CASE("mcfeely: jobs of more tasks than a head holds, in hostile worlds",
          "[sim][mcfeely]") {
  const uint64_t first = FromEnvironment("SEED", 1);
  for (uint64_t seed = first; seed < first + 3; seed++) {
    Dice dice(seed);
    WorldOptions o;
    o.seed = seed;
    o.hosts = 10;
    o.limits = {.max_running = 200, .max_per_host = 40};
    // Three tables: the first fails here and there, the second requires single
    // tasks of the first, the third requires two of the second.
    Workload load;
    load.job.failure = {"ops@example.com"};
    for (uint32_t t = 0; t < 1400; t++) {
      Task task;
      task.name = absl::StrCat("t", t);
      task.host = absl::StrCat("host", t % 10);
      task.comm = "test_comm";
      task.options.retry_for = absl::InfiniteDuration();
      load.job.tasks.push_back(std::move(task));
      load.scripts.push_back(
          {.verdict = t < 512 && t % 37 == 0 ? pb::FAILED : pb::DONE,
           .lasts = absl::Milliseconds(50)});
      if (t >= 512) {
        Requirement r{{t}, {t - 512}};
        if (t >= 1024) r.needs.push_back(t - 511);
        load.job.requirements.push_back(std::move(r));
      }
    }
    o.jobs.push_back(std::move(load));
    o.jobs.push_back(RandomWorkload(dice, o.hosts, 8));
    o.chaos = Chaos::Some();
    o.chaos.server_crash = 0.02;
    o.chaos.agent_crash = 0.002;
    o.chaos.lasts = absl::Minutes(3);
    o.injected_within = absl::Seconds(5);
    World world(o);
    INFO("SEED=" << seed);
    const bool good = world.Run();
    INFO(world.violation());
    REQUIRE(good);
  }
}

// Each rule is broken on purpose: the worlds above must notice, or they prove
// nothing.
void MustBeNoticed(const Broken& broken) {
  for (uint64_t seed = 1; seed <= kSeeds; seed++) {
    WorldOptions o = SmallWorld(seed);
    o.broken = broken;
    World world(o);
    if (!world.Run()) {
      CHECK_FALSE(world.violation().empty());
      return;
    }
  }
  FAIL("nobody noticed");
}

TEST_CASE("mcfeely: the simulation notices each broken rule",
          "[sim][mcfeely]") {
  SECTION("a result is confirmed before it is stored") {
    MustBeNoticed({.confirm_before_commit = true});
  }
  SECTION("a comm is started before the journal has its attempt") {
    MustBeNoticed({.start_before_journal = true});
  }
  SECTION("a result counts for whatever attempt is open") {
    MustBeNoticed({.result_counts_for_any_attempt = true});
  }
  SECTION("what depends on a transaction is told before it is stored") {
    MustBeNoticed({.told_before_commit = true});
  }
  SECTION("an agent does not say that its journal is a new one") {
    MustBeNoticed({.journal_loss_hidden = true});
  }
  SECTION("a repeated injection does not keep its id") {
    MustBeNoticed({.repeat_gets_new_id = true});
  }
}

}  // namespace
}  // namespace mcfeely
