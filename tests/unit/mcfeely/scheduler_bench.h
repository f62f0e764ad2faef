// A scheduler with what it saved, for tests: carries its effects out as far as
// they concern records, and at every step makes a second scheduler from the
// records and compares.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "mcfeely/scheduler.h"

namespace mcfeely {

// "b" requires "a" in a job of "a" and "b".
struct Needs {
  std::string task;
  std::vector<std::string> needs;
};

inline uint32_t IndexOf(const Job& job, const std::string& name) {
  for (uint32_t t = 0; t < job.tasks.size(); t++) {
    if (job.tasks[t].name == name) return t;
  }
  FAIL("no task " << name);
  return 0;
}

inline Task MakeTask(std::string name, std::string host = "h1") {
  Task task;
  task.name = std::move(name);
  task.host = std::move(host);
  task.comm = "test_comm";
  return task;
}

inline Job MakeJob(std::vector<Task> tasks,
                   const std::vector<Needs>& needs = {}) {
  Job job;
  job.description = "a test";
  job.failure = {"ops@example.com"};
  job.success = {"sales@example.com"};
  job.tasks = std::move(tasks);
  for (const Needs& n : needs) {
    Requirement r;
    r.tasks = {IndexOf(job, n.task)};
    for (const std::string& need : n.needs) {
      r.needs.push_back(IndexOf(job, need));
    }
    job.requirements.push_back(std::move(r));
  }
  return job;
}

class SchedulerBench {
 public:
  explicit SchedulerBench(SchedulerLimits limits = {})
      : limits_(limits), scheduler_(limits, [this] { return NewId(); }) {}

  // `at` in seconds after the start of the world.
  std::vector<Effect> On(const Event& e, double at) {
    now_ = Start() + absl::Seconds(at);
    std::vector<Effect> effects = scheduler_.On(e, now_);
    for (const Effect& effect : effects) Keep(effect);
    if (check_replay) CompareWithReplay();
    return effects;
  }

  JobId Accept(Job job, double at) {
    const JobId id{++last_job_};
    auto spec = std::make_shared<const Job>(std::move(job));
    specs_[id.value] = spec;
    accepted_[id.value] = Start() + absl::Seconds(at);
    flags_[id.value].held = spec->hold;
    records_[id.value].resize(spec->tasks.size());
    last = On(JobAccepted{id, spec, absl::InfinitePast()}, at);
    return id;
  }
  void Open(const std::string& host, double at,
            std::vector<AttemptId> known = {}, char journal = 'J') {
    last = On(AgentOpened{host, JournalId::From(std::string(16, journal)),
                          std::move(known)},
              at);
  }
  void Close(const std::string& host, double at) {
    last = On(AgentClosed{host}, at);
  }
  void End(JobId job, const std::string& task, fleetbox::wire::Verdict verdict,
           double at, std::string reason = "exit 99") {
    const uint32_t t = IndexOf(*specs_[job.value], task);
    last = On(AttemptEnded{specs_[job.value]->tasks[t].host, IdOf(job, task),
                           verdict, std::move(reason)},
              at);
  }
  // An operator's verb, if nothing speaks against it; what does otherwise.
  absl::Status Operate(JobId job, Verb verb,
                       const std::vector<std::string>& tasks, double at) {
    Operated e{job, verb, {}, "user:ops@example.com"};
    for (const std::string& task : tasks) {
      e.tasks.push_back({IndexOf(*specs_[job.value], task)});
    }
    last.clear();
    const absl::Status status = scheduler_.Check(e);
    if (status.ok()) last = On(e, at);
    return status;
  }
  // A job that has ended, put back for an operator's verb.
  void Reopen(JobId job) {
    std::vector<TaskStatus> tasks;
    for (const auto& r : records_[job.value]) tasks.push_back(FromMessage(r));
    REQUIRE(scheduler_
                .Reopen(job, specs_[job.value], std::move(tasks),
                        accepted_[job.value])
                .ok());
    flags_[job.value] = {};
  }
  void Drain(const std::string& host, bool drained, double at) {
    if (drained)
      drained_.insert(host);
    else
      drained_.erase(host);
    last = On(HostDrained{host, drained}, at);
  }
  void Wake(double at) { last = On(Woken{}, at); }

  AttemptId IdOf(JobId job, const std::string& task) {
    return FromMessage(records_[job.value][IndexOf(*specs_[job.value], task)])
        .attempt;
  }
  // As stored, also of jobs that have ended.
  TaskStatus Stored(JobId job, const std::string& task) {
    return FromMessage(records_[job.value][IndexOf(*specs_[job.value], task)]);
  }
  fleetbox::wire::TaskState State(JobId job, const std::string& task) {
    return scheduler_.State(job, {IndexOf(*specs_[job.value], task)});
  }
  std::string Why(JobId job, const std::string& task) {
    return scheduler_.Why(job, {IndexOf(*specs_[job.value], task)}, now_);
  }
  // Names of the tasks dispatched by the last event, in order.
  std::vector<std::string> Dispatched() const {
    std::vector<std::string> names;
    for (const Effect& e : last) {
      if (const auto* d = std::get_if<Dispatch>(&e)) {
        names.push_back(specs_.at(d->job.value)->tasks[d->task.value].name);
      }
    }
    return names;
  }
  template <typename T>
  std::vector<T> All() const {
    std::vector<T> found;
    for (const Effect& e : last) {
      if (const auto* t = std::get_if<T>(&e)) found.push_back(*t);
    }
    return found;
  }
  // Of the last event; -1 when the job has not ended.
  int Ended() const {
    const auto ends = All<EndJob>();
    return ends.empty() ? -1 : ends[0].state != fleetbox::wire::JOB_DONE;
  }
  static absl::Time Start() { return absl::FromUnixSeconds(1'700'000'000); }

  std::vector<Effect> last;
  // Off where a test looks at what a connected host still has after its tasks'
  // moment to be given up: without a connection they go.
  bool check_replay = true;
  Scheduler& scheduler() { return scheduler_; }
  const std::vector<fleetbox::wire::TaskRecord>& records(JobId job) {
    return records_[job.value];
  }
  std::shared_ptr<const Job> spec(JobId job) { return specs_[job.value]; }

 private:
  AttemptId NewId() {
    AttemptId id;
    const uint64_t n = ++last_id_;
    memcpy(id.bytes.data(), &n, sizeof n);
    return id;
  }

  void Keep(const Effect& effect) {
    if (const auto* save = std::get_if<SaveTask>(&effect)) {
      if (scheduler_.Has(save->job)) {
        records_[save->job.value][save->task.value] =
            ToMessage(scheduler_.Record(save->job, save->task));
      }
    } else if (const auto* save = std::get_if<SaveJob>(&effect)) {
      if (scheduler_.Has(save->job)) {
        flags_[save->job.value] = scheduler_.Flags(save->job);
      }
    } else if (const auto* end = std::get_if<EndJob>(&effect)) {
      auto& records = records_[end->job.value];
      REQUIRE(end->tasks.size() == records.size());
      for (size_t t = 0; t < records.size(); t++) {
        records[t] = ToMessage(end->tasks[t]);
      }
    }
  }

  void CompareWithReplay() {
    uint64_t ids = 1 << 20;
    Scheduler again(limits_, [&] {
      AttemptId id;
      ++ids;
      memcpy(id.bytes.data(), &ids, sizeof ids);
      return id;
    });
    for (const JobId job : scheduler_.Jobs()) {
      std::vector<TaskStatus> tasks;
      for (const auto& r : records_[job.value]) tasks.push_back(FromMessage(r));
      REQUIRE(again
                  .Load(job, specs_[job.value], std::move(tasks),
                        accepted_[job.value], flags_[job.value])
                  .ok());
    }
    for (const std::string& host : drained_) {
      again.On(HostDrained{host, true}, now_);
    }
    again.On(Woken{}, now_);
    REQUIRE(again.Jobs() == scheduler_.Jobs());
    REQUIRE(again.open_tasks() == scheduler_.open_tasks());
    for (const JobId job : scheduler_.Jobs()) {
      for (uint32_t t = 0; t < specs_[job.value]->tasks.size(); t++) {
        REQUIRE(again.Record(job, {t}) == scheduler_.Record(job, {t}));
        REQUIRE(again.State(job, {t}) == scheduler_.State(job, {t}));
      }
    }
    for (const auto& [host, count] : scheduler_.Hosts()) {
      const auto hosts = again.Hosts();
      const auto found = hosts.find(host);
      if (found == hosts.end()) {
        REQUIRE(count.open + count.ready == 0);
        continue;
      }
      REQUIRE(found->second.open == count.open);
      REQUIRE(found->second.ready == count.ready);
    }
  }

  SchedulerLimits limits_;
  absl::btree_set<std::string> drained_;
  uint64_t last_id_ = 0, last_job_ = 0;
  absl::Time now_ = Start();
  Scheduler scheduler_;
  absl::btree_map<uint64_t, std::shared_ptr<const Job>> specs_;
  absl::btree_map<uint64_t, absl::Time> accepted_;
  absl::btree_map<uint64_t, JobFlags> flags_;
  absl::btree_map<uint64_t, std::vector<fleetbox::wire::TaskRecord>> records_;
};

}  // namespace mcfeely
