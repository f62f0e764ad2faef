#include "random_world.h"

#include <absl/strings/str_cat.h>

namespace mcfeely {

namespace pb = fleetbox::wire;

namespace {

Task RandomTask(Dice& dice, uint32_t t, int hosts) {
  Task task;
  task.name = absl::StrCat("t", t);
  task.host = absl::StrCat("host", dice.Below(hosts));
  task.comm = dice.Chance(0.1) ? "rare_comm" : "test_comm";
  TaskOptions& options = task.options.Edit();
  options.safe_to_repeat = !dice.Chance(0.2);
  options.retry_for = dice.Chance(0.1) ? absl::Seconds(20 + dice.Below(300))
                                       : absl::InfiniteDuration();
  options.retry_max = absl::Minutes(5);
  if (dice.Chance(0.1)) options.delay = absl::Seconds(dice.Below(60));
  if (dice.Chance(0.2)) options.run_if = static_cast<RunIf>(dice.Below(3));
  options.continue_if_failed = dice.Chance(0.15);
  return task;
}

Script RandomScript(Dice& dice, const Task& task) {
  Script script;
  if (dice.Chance(0.3)) script.deferrals = static_cast<int>(dice.Below(4));
  // More than its time has room for.
  if (task.options->retry_for < absl::InfiniteDuration() && dice.Chance(0.7)) {
    script.deferrals = 1000;
  }
  if (dice.Chance(0.12)) script.verdict = pb::FAILED;
  script.lasts = dice.Chance(0.1)
                     ? dice.Between(absl::Seconds(10), absl::Minutes(3))
                     : dice.Between(absl::Milliseconds(5), absl::Seconds(3));
  return script;
}

}  // namespace

Workload RandomWorkload(Dice& dice, int hosts, size_t most) {
  Workload load;
  load.job.description = "a job of the simulation";
  load.job.success = {"sales@example.com"};
  load.job.failure = {"ops@example.com"};
  load.job.hold = dice.Chance(0.1);
  const size_t tasks = 1 + dice.Below(most);
  for (uint32_t t = 0; t < tasks; t++) {
    load.job.tasks.push_back(RandomTask(dice, t, hosts));
    load.scripts.push_back(RandomScript(dice, load.job.tasks.back()));
    Requirement r{{t}, {}};
    for (uint32_t n = 0; n < t; n++) {
      if (dice.Chance(1.5 / tasks)) r.needs.push_back(n);
    }
    if (!r.needs.empty()) load.job.requirements.push_back(std::move(r));
  }
  if (dice.Chance(0.1)) load.principal = "user:guest@example.com";
  return load;
}

WorldOptions SmallWorld(uint64_t seed) {
  Dice dice(seed ^ 0x5eed);
  WorldOptions o;
  o.seed = seed;
  o.hosts = 2 + static_cast<int>(dice.Below(3));
  const size_t jobs = 2 + dice.Below(8);
  for (size_t n = 0; n < jobs; n++) {
    o.jobs.push_back(RandomWorkload(dice, o.hosts, 12));
  }
  o.chaos = Chaos::Some();
  if (dice.Chance(0.5)) o.chaos.clock_jump = 0;
  if (dice.Chance(0.7)) o.operators_think = absl::Seconds(5 + dice.Below(60));
  o.policies = dice.Chance(0.5);
  if (dice.Chance(0.6)) {
    for (int h = 0; h < o.hosts; h++) {
      if (dice.Chance(0.25)) {
        o.kept.insert(h);
      } else if (dice.Chance(0.33)) {
        o.on_demand.insert(h);
      }
    }
  }
  return o;
}

Workload ThreeTables(int hosts) {
  Workload load;
  load.job.failure = {"ops@example.com"};
  for (uint32_t t = 0; t < 1400; t++) {
    Task task;
    task.name = absl::StrCat("t", t);
    task.host = absl::StrCat("host", t % hosts);
    task.comm = "test_comm";
    task.options.Edit().retry_for = absl::InfiniteDuration();
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
  return load;
}

}  // namespace mcfeely
