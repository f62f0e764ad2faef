// Schedulers with operators who do what they like: after each event nothing is
// what it must not be, and one made from the records is the same. SEED=n
// repeats one, SIM_SEEDS=n runs so many.

#include <absl/strings/numbers.h>

#include <cstdlib>

#include "scheduler_bench.h"
#include "world.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using pb::Control;
using Record = pb::TaskRecord;

constexpr int kEvents = 250;
constexpr int kHosts = 3;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t n;
  return text != nullptr && absl::SimpleAtoi(text, &n) ? n : otherwise;
}

Job RandomJob(Dice& dice) {
  Job job;
  job.failure = {"ops@example.com"};
  const uint32_t tasks = 1 + static_cast<uint32_t>(dice.Below(8));
  for (uint32_t t = 0; t < tasks; t++) {
    Task task =
        MakeTask(absl::StrCat("t", t), absl::StrCat("h", dice.Below(kHosts)));
    TaskOptions& o = task.options.Edit();
    o.safe_to_repeat = !dice.Chance(0.2);
    if (dice.Chance(0.3)) o.run_if = static_cast<RunIf>(dice.Below(3));
    o.continue_if_failed = dice.Chance(0.2);
    if (dice.Chance(0.3)) o.priority = static_cast<int8_t>(dice.Below(5)) - 2;
    if (dice.Chance(0.2)) o.tries = 1 + static_cast<int>(dice.Below(4));
    if (dice.Chance(0.2)) o.delay = absl::Seconds(dice.Below(100));
    if (dice.Chance(0.1)) {
      o.start = SchedulerBench::Start() + absl::Seconds(dice.Below(5000));
    }
    if (dice.Chance(0.3)) o.class_name = dice.Chance(0.5) ? "one" : "two";
    if (dice.Chance(0.2)) o.warn_after = absl::Seconds(1 + dice.Below(500));
    // A replay knows no connections, and without one tasks are given up.
    o.retry_for = absl::InfiniteDuration();
    job.tasks.push_back(std::move(task));
    Requirement r{{t}, {}};
    for (uint32_t n = 0; n < t; n++) {
      if (dice.Chance(1.5 / tasks)) r.needs.push_back(n);
    }
    if (!r.needs.empty()) job.requirements.push_back(std::move(r));
  }
  job.hold = dice.Chance(0.1);
  if (dice.Chance(0.1)) {
    job.start = SchedulerBench::Start() + absl::Seconds(dice.Below(3000));
  }
  return job;
}

class Sim {
 public:
  explicit Sim(uint64_t seed)
      : dice_(seed),
        bench_({.max_running = 5,
                .max_per_host = 2,
                .classes = {{"two", {.all = 2}}}}) {}

  struct Counts {
    int dispatched = 0, operated = 0, refused = 0, ended = 0, late = 0;
  };

  void Run(Counts* counts) {
    counts_ = counts;
    for (int n = 0; n < kEvents; n++) {
      at_ += dice_.Chance(0.1) ? dice_.Below(1000) : dice_.Below(10);
      Step();
      CheckAll();
    }
  }

 private:
  std::string Host() { return absl::StrCat("h", dice_.Below(kHosts)); }

  void Step() {
    const uint64_t what = dice_.Below(100);
    if (what < 12) {
      jobs_.push_back(bench_.Accept(RandomJob(dice_), at_));
    } else if (what < 20) {
      OpenHost(Host());
    } else if (what < 24) {
      bench_.Close(Host(), at_);
    } else if (what < 28) {
      Drain(Host());
    } else if (what < 55) {
      EndSome();
    } else if (what < 70) {
      bench_.Wake(at_);
    } else {
      OperateSome();
    }
  }

  void OpenHost(const std::string& host) {
    // What the journal knows: all, nothing, or it is a new one.
    std::vector<AttemptId> known;
    const bool all = dice_.Chance(0.6);
    for (const auto& [job, task] : OpenTasks()) {
      const Task& spec = bench_.spec(job)->tasks[task];
      if (all && spec.host == host) {
        known.push_back(bench_.scheduler().Record(job, {task}).attempt);
      }
    }
    bench_.Open(host, at_, known, dice_.Chance(0.9) ? 'J' : 'K');
  }

  void Drain(const std::string& host) {
    const bool drain = drained_.insert(host).second;
    if (!drain) drained_.erase(host);
    bench_.Drain(host, drain, at_);
  }

  void EndSome() {
    const auto open = OpenTasks();
    if (open.empty()) return bench_.Wake(at_);
    const auto [job, task] = open[dice_.Below(open.size())];
    const std::string name = bench_.spec(job)->tasks[task].name;
    if (dice_.Chance(0.2)) {
      bench_.last = bench_.On(AttemptStarted{bench_.spec(job)->tasks[task].host,
                                             bench_.IdOf(job, name)},
                              at_);
      return;
    }
    constexpr pb::Verdict kVerdicts[] = {
        pb::DONE,     pb::DONE,   pb::DONE,        pb::DEFERRED,
        pb::DEFERRED, pb::FAILED, pb::INTERRUPTED, pb::CANCELLED};
    bench_.End(job, name, kVerdicts[dice_.Below(std::size(kVerdicts))], at_);
  }

  void OperateSome() {
    bench_.last.clear();
    if (jobs_.empty()) return;
    const JobId job = jobs_[dice_.Below(jobs_.size())];
    const Verb verb = static_cast<Verb>(
        Control::HOLD + dice_.Below(Control::MARK_FAILED - Control::HOLD + 1));
    const bool has_ended = !bench_.scheduler().Has(job);
    if (has_ended) {
      if (verb < Control::RETRY) return;
      bench_.Reopen(job);
    }
    std::vector<std::string> names;
    for (const Task& task : bench_.spec(job)->tasks) {
      if (dice_.Chance(0.3)) names.push_back(task.name);
    }
    if (verb < Control::MARK_DONE && dice_.Chance(0.5)) names.clear();
    const bool ok = bench_.Operate(job, verb, names, at_).ok();
    counts_->operated += ok;
    counts_->refused += !ok;
    if (!ok && has_ended) bench_.scheduler().Drop(job);
  }

  std::vector<std::pair<JobId, uint32_t>> OpenTasks() {
    std::vector<std::pair<JobId, uint32_t>> open;
    for (const JobId job : bench_.scheduler().Jobs()) {
      for (uint32_t t = 0; t < bench_.spec(job)->tasks.size(); t++) {
        const pb::TaskState state = bench_.scheduler().State(job, {t});
        if (state == pb::TASK_RUNNING || state == pb::TASK_DISPATCHED) {
          open.emplace_back(job, t);
        }
      }
    }
    return open;
  }

  void CheckAll() {
    const Scheduler& s = bench_.scheduler();
    absl::btree_map<std::string, int> on_host, of_class, of_class_on;
    for (const auto& [job, task] : OpenTasks()) {
      const Task& spec = bench_.spec(job)->tasks[task];
      on_host[spec.host]++;
      const std::string& name = spec.options->class_name;
      if (name.empty()) continue;
      of_class[name]++;
      of_class_on[name + spec.host]++;
    }
    for (const auto& [host, n] : on_host) REQUIRE(n <= 2);
    REQUIRE(OpenTasks().size() <= 5);
    REQUIRE(of_class["two"] <= 2);
    for (int h = 0; h < kHosts; h++) {
      REQUIRE(of_class_on[absl::StrCat("oneh", h)] <= 1);
    }
    absl::btree_set<std::pair<JobId, uint32_t>> started;
    for (const Effect& effect : bench_.last) {
      const auto* d = std::get_if<Dispatch>(&effect);
      counts_->ended += std::holds_alternative<EndJob>(effect);
      counts_->late += std::holds_alternative<TellLate>(effect);
      if (d == nullptr) continue;
      counts_->dispatched++;
      const TaskStatus& status = s.Record(d->job, d->task);
      REQUIRE_FALSE(status.cancelling);
      // One that is sent again is no new one.
      if (status.started != absl::Time(now())) continue;
      REQUIRE_FALSE(drained_.contains(d->host));
      REQUIRE_FALSE(s.Flags(d->job).held);
      REQUIRE_FALSE(status.held);
      started.insert({d->job, d->task.value});
    }
    // Nobody was passed over by somebody of lower priority.
    for (const JobId job : s.Jobs()) {
      for (uint32_t t = 0; t < bench_.spec(job)->tasks.size(); t++) {
        const Task& task = bench_.spec(job)->tasks[t];
        if (s.State(job, {t}) != pb::TASK_READY ||
            !task.options->class_name.empty()) {
          continue;
        }
        for (const auto& [other, o] : started) {
          const Task& first = bench_.spec(other)->tasks[o];
          REQUIRE((first.host != task.host ||
                   first.options->priority >= task.options->priority));
        }
      }
    }
  }

  absl::Time now() const {
    return SchedulerBench::Start() + absl::Seconds(at_);
  }

  Dice dice_;
  SchedulerBench bench_;
  double at_ = 0;
  std::vector<JobId> jobs_;
  absl::btree_set<std::string> drained_;
  Counts* counts_ = nullptr;
};

TEST_CASE("mcfeely: operators and options break no promise of the scheduler",
          "[sim][mcfeely]") {
  const uint64_t first = FromEnvironment("SEED", 1);
  const uint64_t count =
      getenv("SEED") != nullptr ? 1 : FromEnvironment("SIM_SEEDS", 200);
  Sim::Counts counts;
  for (uint64_t seed = first; seed < first + count; seed++) {
    INFO("SEED=" << seed);
    Sim(seed).Run(&counts);
  }
  // Nothing that does not happen is proved.
  if (count >= 100) {
    CHECK(counts.dispatched > 5000);
    CHECK(counts.operated > 3000);
    CHECK(counts.refused > 1000);
    CHECK(counts.ended > 500);
    CHECK(counts.late > 100);
  }
}

}  // namespace
}  // namespace mcfeely
