// One crash at every point of a workload: before, inside and after each
// transaction, of the server and of the agents.

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "scheduler_bench.h"
#include "world.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using At = CrashPoint::At;

constexpr At kPoints[] = {At::kBefore, At::kInside, At::kAfter, At::kTold};

Workload Make(std::vector<Task> tasks, const std::vector<Needs>& needs) {
  Workload load;
  load.job = MakeJob(std::move(tasks), needs);
  for (size_t t = 0; t < load.job.tasks.size(); t++) {
    load.job.tasks[t].host = absl::StrCat("host", t % 2);
  }
  load.scripts.resize(load.job.tasks.size());
  return load;
}

Workload Scenario9() {
  return Make({MakeTask("a"), MakeTask("b"), MakeTask("c"), MakeTask("d")},
              {{"b", {"a"}}, {"c", {"b"}}, {"d", {"a", "b"}}});
}
Workload Scenario15() {
  Workload load =
      Make({MakeTask("a"), MakeTask("b"), MakeTask("c"), MakeTask("d")},
           {{"b", {"a"}}, {"c", {"a"}}, {"d", {"b", "c"}}});
  load.scripts[1].verdict = pb::FAILED;
  return load;
}
Workload Scenario4() {
  Workload load = Make({MakeTask("a")}, {});
  load.scripts[0].deferrals = 2;
  return load;
}
Workload Chain() {
  return Make({MakeTask("a"), MakeTask("b"), MakeTask("c")},
              {{"b", {"a"}}, {"c", {"b"}}});
}

WorldOptions Calm(const Workload& load) {
  WorldOptions o;
  o.hosts = 2;
  o.jobs = {load};
  o.injected_within = absl::Seconds(10);
  return o;
}

// `executions`: how often comms run when no agent's life ends.
void CrashEverywhere(const Workload& load, const std::string& outcome,
                     int64_t executions) {
  World calm(Calm(load));
  REQUIRE(calm.Run());
  REQUIRE(calm.Outcome(0) == outcome);
  REQUIRE(calm.ReportsOf(0) == 1);
  REQUIRE(calm.facts().executions == executions);
  const int64_t server = calm.facts().server_transactions;
  const int64_t agents = calm.facts().agent_transactions;
  REQUIRE(server > 3);
  REQUIRE(agents > 3);
  for (const At at : kPoints) {
    // The last are those that the crash itself brings about.
    for (int64_t k = 1; k <= server + 2; k++) {
      WorldOptions o = Calm(load);
      o.server_crash = {at, k};
      World world(o);
      INFO("server, transaction " << k << ", point " << static_cast<int>(at));
      const bool good = world.Run();
      INFO(world.violation());
      REQUIRE(good);
      REQUIRE(world.Outcome(0) == outcome);
      REQUIRE(world.ReportsOf(0) >= 1);  // the world compares their ids
      REQUIRE(world.facts().executions == executions);
      if (k <= server) REQUIRE(world.facts().server_crashes == 1);
    }
    for (int64_t k = 2; k < 2 * (agents + 3); k++) {
      WorldOptions o = Calm(load);
      o.agent_crash = {at, k / 2, /*sent_arrives=*/k % 2 == 1};
      World world(o);
      INFO("agent, transaction " << k / 2 << ", point " << static_cast<int>(at)
                                 << (k % 2 == 1 ? ", sent arrives" : ""));
      const bool good = world.Run();
      INFO(world.violation());
      REQUIRE(good);
      REQUIRE(world.Outcome(0) == outcome);
      REQUIRE(world.ReportsOf(0) == 1);
    }
  }
}

TEST_CASE("mcfeely 25: a crash at any point of an ordered job changes nothing",
          "[mcfeely]") {
  CrashEverywhere(Scenario9(), "SUCCEEDED SUCCEEDED SUCCEEDED SUCCEEDED", 4);
}

TEST_CASE(
    "mcfeely 25: a crash at any point of a diamond that fails changes "
    "nothing",
    "[mcfeely]") {
  CrashEverywhere(Scenario15(), "SUCCEEDED FAILED SUCCEEDED SKIPPED", 3);
}

TEST_CASE("mcfeely 25: a crash at any point between deferrals changes nothing",
          "[mcfeely]") {
  CrashEverywhere(Scenario4(), "SUCCEEDED", 3);
}

TEST_CASE("mcfeely 24: what ran when the server was killed is taken over",
          "[mcfeely]") {
  CrashEverywhere(Chain(), "SUCCEEDED SUCCEEDED SUCCEEDED", 3);
}

TEST_CASE("mcfeely 28: a task of unknown fate is held until a person decides",
          "[mcfeely]") {
  Workload load = Chain();
  for (Task& task : load.job.tasks) task.options.Edit().safe_to_repeat = false;
  World calm(Calm(load));
  REQUIRE(calm.Run());
  int64_t held = 0;
  for (int64_t k = 1; k <= calm.facts().agent_transactions; k++) {
    WorldOptions o = Calm(load);
    o.agent_crash = {At::kTold, k};
    World world(o);
    INFO("transaction " << k);
    REQUIRE(world.Run());
    REQUIRE(world.Outcome(0) == "SUCCEEDED SUCCEEDED SUCCEEDED");
    held += world.facts().held;
  }
  // Of each task: a crash between its start and its end.
  CHECK(held == 3);
}

}  // namespace
}  // namespace mcfeely
