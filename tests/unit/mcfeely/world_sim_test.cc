// The whole of McFeely in hostile worlds. SEED=n repeats one; SIM_SEEDS=n runs
// so many, from SIM_FIRST on.

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "random_world.h"
#include "world.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;

constexpr uint64_t kSeeds = 500;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t n;
  return text != nullptr && absl::SimpleAtoi(text, &n) ? n : otherwise;
}

void Add(World::Facts& sum, const World::Facts& facts) {
  constexpr int64_t World::Facts::*kCounts[] = {
      &World::Facts::steps,
      &World::Facts::server_crashes,
      &World::Facts::agent_crashes,
      &World::Facts::journals_lost,
      &World::Facts::refused,
      &World::Facts::doubts,
      &World::Facts::executions,
      &World::Facts::held,
      &World::Facts::ahead,
      &World::Facts::operations,
      &World::Facts::operations_refused,
      &World::Facts::operations_repeated,
      &World::Facts::drained,
      &World::Facts::given_up,
      &World::Facts::given_up_checked,
      &World::Facts::stopped,
      &World::Facts::forbidden_jobs,
      &World::Facts::forbidden_tasks,
      &World::Facts::calls,
      &World::Facts::calls_failed,
      &World::Facts::judged};
  for (const auto count : kCounts) sum.*count += facts.*count;
}

void Print(uint64_t first, uint64_t count, const World::Facts& sum) {
  printf("seeds %llu..%llu: ", static_cast<unsigned long long>(first),
         static_cast<unsigned long long>(first + count - 1));
  const auto say = [](int64_t n, const char* what) {
    printf("%lld %s", static_cast<long long>(n), what);
  };
  say(sum.steps, "steps, ");
  say(sum.server_crashes, "crashes of the server, ");
  say(sum.agent_crashes, "of agents, ");
  say(sum.executions, "comms, ");
  say(sum.judged, "ends judged, ");
  say(sum.held, "held, ");
  say(sum.operations, "operations (");
  say(sum.operations_refused, "refused, ");
  say(sum.operations_repeated, "repeated), ");
  say(sum.given_up, "given up, ");
  say(sum.forbidden_jobs, "jobs and ");
  say(sum.forbidden_tasks, "tasks forbidden, ");
  say(sum.calls, "calls\n");
}

// A world in which nothing goes wrong proves nothing.
void CheckMuchHappened(const World::Facts& sum) {
  CHECK(sum.server_crashes > 100);
  CHECK(sum.agent_crashes > 100);
  CHECK(sum.journals_lost > 20);
  CHECK(sum.refused > 100);
  CHECK(sum.doubts > 100);
  CHECK(sum.held > 20);
  CHECK(sum.ahead > 500);
  CHECK(sum.operations > 500);
  CHECK(sum.operations_refused > 500);
  CHECK(sum.operations_repeated > 20);
  CHECK(sum.drained > 20);
  CHECK(sum.given_up_checked > 20);
  CHECK(sum.stopped > 10);
  CHECK(sum.forbidden_jobs > 20);
  CHECK(sum.forbidden_tasks > 20);
  CHECK(sum.calls > 100);
  CHECK(sum.calls_failed > 20);
}

TEST_CASE("mcfeely: no promise is broken in a hostile world",
          "[sim][mcfeely]") {
  const bool one = getenv("SEED") != nullptr;
  const uint64_t first =
      one ? FromEnvironment("SEED", 1) : FromEnvironment("SIM_FIRST", 1);
  const uint64_t count = one ? 1 : FromEnvironment("SIM_SEEDS", kSeeds);
  World::Facts sum;
  for (uint64_t seed = first; seed < first + count; seed++) {
    World world(SmallWorld(seed));
    INFO("SEED=" << seed);
    const bool good = world.Run();
    INFO(world.violation());
    REQUIRE(good);
    Add(sum, world.facts());
  }
  if (count >= 100) CheckMuchHappened(sum);
  if (getenv("SIM_SEEDS") != nullptr || one) Print(first, count, sum);
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
    task.options.Edit().retry_for = absl::InfiniteDuration();
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
  o.operators_think = absl::Seconds(1);
  o.policies = true;
  for (int h = 0; h < o.hosts; h += 4) o.kept.insert(h);
  for (int h = 1; h < o.hosts; h += 8) o.on_demand.insert(h);
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
    o.jobs.push_back(ThreeTables(o.hosts));
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
  SECTION("an agent starts what the server has not stored") {
    MustBeNoticed({.ahead_is_given = true});
  }
  SECTION("an agent does not say that its journal is a new one") {
    MustBeNoticed({.journal_loss_hidden = true});
  }
  SECTION("a repeated injection does not keep its id") {
    MustBeNoticed({.repeat_gets_new_id = true});
  }
}

TEST_CASE("mcfeely: the simulation notices what operators must not see",
          "[sim][mcfeely]") {
  SECTION("an operator is told before it is stored") {
    MustBeNoticed({.operator_told_before_commit = true});
  }
  SECTION("who may not operate is refused, and it is done") {
    MustBeNoticed({.refused_leaves_trace = true});
  }
  SECTION("a repeated operation is done again") {
    MustBeNoticed({.repeated_operation_counts = true});
  }
  SECTION("a server forgets what is held") {
    MustBeNoticed({.holds_forgotten = true});
  }
  SECTION("a server forgets who is drained") {
    MustBeNoticed({.drains_forgotten = true});
  }
  SECTION("a server tries again what has failed") {
    MustBeNoticed({.retry_unasked = true});
  }
}

TEST_CASE("mcfeely: the simulation notices options that are read wrongly",
          "[sim][mcfeely]") {
  SECTION("run is ignored") { MustBeNoticed({.run_if_ignored = true}); }
  SECTION("if-failed is ignored") { MustBeNoticed({.continue_ignored = true}); }
  SECTION("tasks are given up early") {
    MustBeNoticed({.given_up_early = true});
  }
}

TEST_CASE("mcfeely: the simulation notices policies that are ignored",
          "[sim][mcfeely]") {
  SECTION("by the server") { MustBeNoticed({.policy_ignored = true}); }
  SECTION("by an agent") { MustBeNoticed({.agent_policy_ignored = true}); }
}

TEST_CASE("mcfeely: the simulation notices calls that go wrong",
          "[sim][mcfeely]") {
  SECTION("a host is called while it is being called") {
    MustBeNoticed({.calls_twice = true});
  }
  SECTION("the plan does not hear that a channel is lost") {
    MustBeNoticed({.lost_channel_not_told = true});
  }
  SECTION("the plan does not hear that nothing is left to do") {
    MustBeNoticed({.end_of_work_not_told = true});
  }
}

}  // namespace
}  // namespace mcfeely
