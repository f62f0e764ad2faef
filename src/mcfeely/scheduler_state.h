// What a Scheduler holds; for scheduler.cc and scheduler_view.cc alone.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/node_hash_map.h>

#include <compare>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "mcfeely/scheduler.h"

namespace mcfeely {

// Where a task stands. Derived from its record and those it requires, but kept,
// since it says in which of the ordered sets below the task is.
enum class Phase : uint8_t {
  kWaiting,  // in none
  kDelayed,  // in timers, at ReadyAt
  kReady,    // in ready of its host; in timers, at GiveUpAt, or in overdue
  kOpen,     // in open of its host and in open_attempts
  kHeld,     // in none
  kEnded,    // in none
};

// A task at a moment, in milliseconds; the order of timers and of a host's
// ready tasks.
struct Moment {
  int64_t ms;
  uint64_t job;
  uint32_t task;
  friend auto operator<=>(const Moment&, const Moment&) = default;
};
struct TaskRef {
  uint64_t job;
  uint32_t task;
  friend auto operator<=>(const TaskRef&, const TaskRef&) = default;
};

struct SchedulerHost {
  std::string name;
  bool connected = false;
  bool in_line = false;  // in State_::line
  bool called = false;   // by us, if it has work
  bool wanted = false;   // in State_::wanted
  JournalId journal;     // of the connected agent
  size_t tasks = 0;      // of open jobs; at zero and not connected it goes
  absl::btree_set<TaskRef> open;
  absl::btree_set<Moment> ready;  // at ReadyAt
  // Ready tasks whose moment to be given up has passed while the host was
  // connected: they go when the connection does. Nearly always empty.
  absl::btree_set<Moment> overdue;  // at ReadyAt
};

struct OpenTask {
  TaskStatus status;
  SchedulerHost* host = nullptr;
  uint32_t open_needs = 0;  // required tasks that are not done
  Phase phase = Phase::kWaiting;
};

struct OpenJob {
  uint64_t id;
  std::shared_ptr<const Job> spec;     // the queue's too
  std::shared_ptr<const Graph> graph;  // of jobs of one task: State_::alone
  Millis accepted = {};
  std::vector<OpenTask> tasks = {};
  size_t unfinished = 0;  // tasks that can still change
  bool failed = false;

  const TaskOptions& options(uint32_t t) const {
    return spec->tasks[t].options;
  }
};

struct Scheduler::State_ {
  SchedulerLimits limits;
  std::function<AttemptId()> new_id;
  absl::Time now = absl::InfinitePast();
  std::vector<Effect> effects;  // of the event at hand

  absl::btree_map<uint64_t, std::unique_ptr<OpenJob>> jobs;
  absl::node_hash_map<std::string, SchedulerHost> hosts;
  absl::flat_hash_map<AttemptId, TaskRef> open_attempts;
  absl::btree_set<Moment> timers;
  // Shared by all jobs of one task, of which there may be a million.
  std::shared_ptr<const Graph> alone;
  std::deque<SchedulerHost*> line;  // hosts that may start a task, in turn
  // Hosts that are called, those of them with news, and those out of reach.
  struct Away {
    std::string why;
    absl::Time again;
  };
  absl::btree_set<std::string> called, wanted;
  absl::flat_hash_map<std::string, Away> away;
  absl::Time told_wake = absl::InfiniteFuture();
  size_t unfinished = 0;  // over all jobs
  // Jobs that Load completed: saved, and ended if need be, by the first event.
  struct Completed {
    uint64_t job;
    std::vector<uint32_t> tasks;
  };
  std::vector<Completed> completed;

  OpenJob* Find(uint64_t job) const;
  SchedulerHost& HostOf(const std::string& name);
  bool Runnable(const SchedulerHost& host) const;

  // Building a job.
  absl::Status Add(JobId id, std::shared_ptr<const Job> spec,
                   std::vector<TaskStatus> tasks, absl::Time accepted,
                   std::vector<uint32_t>* changed);
  absl::Status Mend(OpenJob& job, std::vector<uint32_t>* changed);
  void Place(OpenJob& job, uint32_t t);

  // Events.
  void Handle(const JobAccepted& e);
  void Handle(const AgentOpened& e);
  void Handle(const AgentClosed& e);
  void Handle(const AttemptStarted& e);
  void Handle(const AttemptEnded& e);
  void Handle(const Released& e);
  void Handle(const Woken& e);

  // Steps they are made of. Those that may end the job say so: it is then gone.
  void FinishLoaded();
  void FireTimers();
  void StartReady();
  void TellWake();
  void Start(SchedulerHost& host);
  void CloseAttempt(OpenJob& job, uint32_t t, fleetbox::wire::Verdict verdict,
                    absl::string_view reason);
  void Done(OpenJob& job, uint32_t t);
  // `asked`: when the comm wants it; zero: the back-off decides.
  void TryAgain(OpenJob& job, uint32_t t,
                absl::Duration asked = absl::ZeroDuration());
  void Interrupted(OpenJob& job, uint32_t t, const std::string& reason);
  void GiveUp(OpenJob& job, uint32_t t, absl::string_view last);
  void Fail(OpenJob& job, uint32_t t, std::string reason);
  std::vector<uint32_t> Skip(OpenJob& job, uint32_t culprit);
  void EndIfFinished(OpenJob& job);

  // Which sets a task is in.
  absl::Time ReadyAt(const OpenJob& job, uint32_t t) const;
  absl::Time GiveUpAt(const OpenJob& job, uint32_t t) const;
  void MakeEligible(OpenJob& job, uint32_t t);
  void MakeReady(OpenJob& job, uint32_t t);
  void MakeDelayed(OpenJob& job, uint32_t t);
  void LeaveReady(OpenJob& job, uint32_t t);
  void Line(SchedulerHost& host);
  void Want(SchedulerHost& host);
  std::string AwayWords(const std::string& host) const;
  void Forget(SchedulerHost& host);
  void Save(const OpenJob& job, uint32_t t);
};

}  // namespace mcfeely
