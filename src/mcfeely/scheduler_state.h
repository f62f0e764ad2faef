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
  kDelayed,  // in timers, at DelayedTimer
  kReady,    // in a queue of its host; in timers, at LimitAt, or in overdue
  kOpen,     // in open of its host and in open_attempts; in timers, at
             // AnswerBy, while the host is connected
  kHeld,     // in none
  kEnded,    // in none
};

// A task at a moment, in milliseconds; the order of timers.
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

// The order of a host's ready tasks.
struct ReadyKey {
  int urgency;    // lower is more: the priority, with the other sign
  uint64_t turn;  // of its job on this host
  Moment since;
  friend auto operator<=>(const ReadyKey&, const ReadyKey&) = default;
};

struct SchedulerHost;
struct SchedulerClass {
  ClassLimit limit;
  int running = 0;
  // Those with ready tasks of it, by name; only with a limit over all hosts.
  absl::btree_map<absl::string_view, SchedulerHost*> waiting;
};
// A host's tasks of one class, or of none.
struct HostQueue {
  SchedulerClass* of = nullptr;
  int running = 0;
  absl::btree_set<ReadyKey> ready;
  bool MayStart() const {
    return !ready.empty() && (of == nullptr || (of->running < of->limit.all &&
                                                running < of->limit.per_host));
  }
};

struct SchedulerHost {
  std::string name;
  bool connected = false;
  bool drained = false;  // and then it is not forgotten
  bool in_line = false;  // in State_::line
  bool called = false;   // by us, if it has work
  bool wanted = false;   // in State_::wanted
  JournalId journal;     // of the connected agent
  absl::Time connected_at = absl::InfinitePast();
  size_t tasks = 0;  // of open jobs; at zero and not connected it goes
  absl::btree_set<TaskRef> open;
  HostQueue plain;  // of no class
  absl::btree_map<std::string, HostQueue> classes;
  size_t ready = 0;  // in all queues
  // Fair shares: the turn of the latest task started, and for each job with
  // ready tasks that of its last one.
  uint64_t turn = 0;
  struct Share {
    uint64_t last = 0;
    size_t ready = 0;
  };
  absl::flat_hash_map<uint64_t, Share> shares;
  // Ready tasks whose moment to be given up has passed while the host was
  // connected: they go when the connection does. Nearly always empty.
  absl::btree_set<Moment> overdue;  // at ReadyAt
};

struct OpenTask {
  TaskStatus status;
  SchedulerHost* host = nullptr;
  uint32_t open_needs = 0;   // required tasks that have not ended
  bool need_failed = false;  // one of those that have, has not succeeded
  Phase phase = Phase::kWaiting;
  uint64_t turn = 0;  // kReady: see SchedulerHost::turn
};

struct OpenJob {
  uint64_t id;
  std::shared_ptr<const Job> spec;     // the queue's too
  std::shared_ptr<const Graph> graph;  // of jobs of one task: State_::alone
  Millis accepted = {};
  std::unique_ptr<OpenTask[]> tasks = nullptr;  // as many as in `spec`
  uint32_t unfinished = 0;                      // tasks that can still change
  JobFlags flags = {};

  uint32_t size() const { return static_cast<uint32_t>(spec->tasks.size()); }
  const TaskOptions& options(uint32_t t) const {
    return *spec->tasks[t].options;
  }
  TaskStatus& status(uint32_t t) { return tasks[t].status; }
  const TaskStatus& status(uint32_t t) const { return tasks[t].status; }
  // How a required task's end counts for those that require it: `Failed` for
  // run=failure, `Bad` for run=success. One that was not needed is neither.
  bool Ended(uint32_t t) const;
  bool Failed(uint32_t t) const;
  bool Bad(uint32_t t) const;
  // Whom those skipped for a bad `t` are told to blame.
  uint32_t CulpritOf(uint32_t t) const;
  bool Held(uint32_t t) const { return flags.held || status(t).held; }
};

// When the last of what `t` requires ended; the job's acceptance when it
// requires nothing.
absl::Time LastNeedEnded(const OpenJob& job, uint32_t t);

// A moment of one of its tasks.
Moment MomentOf(const OpenJob& job, uint32_t t, absl::Time when);

struct Scheduler::State_ {
  SchedulerLimits limits;
  std::function<AttemptId()> new_id;
  absl::Time now = absl::InfinitePast();
  std::vector<Effect> effects;  // of the event at hand

  absl::btree_map<uint64_t, std::unique_ptr<OpenJob>> jobs;
  absl::node_hash_map<std::string, SchedulerHost> hosts;
  absl::node_hash_map<std::string, SchedulerClass> classes;
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
  bool Runnable(SchedulerHost& host) const;

  // Building a job.
  absl::Status Add(JobId id, std::shared_ptr<const Job> spec,
                   std::vector<TaskStatus> tasks, absl::Time accepted,
                   JobFlags flags, bool stored, std::vector<uint32_t>* changed);
  absl::Status Mend(OpenJob& job, std::vector<uint32_t>* changed);
  absl::Status CheckRecord(const OpenJob& job, uint32_t t,
                           bool* untouched) const;
  void CountNeeds(OpenJob& job);
  void Place(OpenJob& job, uint32_t t);
  void Unplace(OpenJob& job, uint32_t t);

  // Events.
  void Handle(const JobAccepted& e);
  void Handle(const AgentOpened& e);
  void Handle(const AgentClosed& e);
  void Handle(const AttemptStarted& e);
  void Handle(const AttemptEnded& e);
  void Handle(const Operated& e);
  void Handle(const HostDrained& e);
  void Handle(const HostRefused& e);
  void Handle(const Woken& e);

  // Steps they are made of. Those that may end the job say so: it is then gone.
  void FinishLoaded();
  void FireTimers();
  void StartReady();
  void TellWake();
  void Start(SchedulerHost& host);
  void CloseAttempt(OpenJob& job, uint32_t t, fleetbox::wire::Verdict verdict,
                    absl::string_view reason);
  // `asked`: when the comm wants it; zero: the back-off decides.
  void TryAgain(OpenJob& job, uint32_t t,
                absl::Duration asked = absl::ZeroDuration(), bool tell = false);
  void Interrupted(OpenJob& job, uint32_t t, const std::string& reason);
  void Cancelled(OpenJob& job, uint32_t t, fleetbox::wire::Verdict verdict,
                 const std::string& reason);
  void GiveUp(OpenJob& job, uint32_t t, absl::string_view last);
  void Finish(OpenJob& job, uint32_t t,
              fleetbox::wire::TaskRecord::Stored stored, std::string reason);
  void EndTask(OpenJob& job, uint32_t t,
               fleetbox::wire::TaskRecord::Stored stored, std::string reason);
  std::vector<uint32_t> Settle(OpenJob& job, uint32_t ended);
  std::vector<uint32_t> SettleAll(OpenJob& job);
  void EndIfFinished(OpenJob& job);
  void Warn(OpenJob& job, uint32_t t);
  void Listen(const OpenJob& job, uint32_t t);
  void ListenNoMore(const OpenJob& job, uint32_t t);
  void Silent(OpenJob& job, uint32_t t);

  // Operators.
  absl::Status CheckTask(const OpenJob& job, Verb verb, uint32_t t) const;
  void Hold(OpenJob& job, const std::vector<TaskIndex>& tasks);
  void Release(OpenJob& job, const std::vector<TaskIndex>& tasks);
  void DueNow(OpenJob& job, const std::vector<TaskIndex>& tasks);
  void Cancel(OpenJob& job, const std::vector<TaskIndex>& tasks,
              const std::string& by);
  void Retry(OpenJob& job, const std::vector<TaskIndex>& tasks);
  void Mark(OpenJob& job, const std::vector<TaskIndex>& tasks, bool done,
            const std::string& by);
  void Rederive(OpenJob& job, absl::Time anew);
  void AskToEnd(OpenJob& job, uint32_t t);

  // Which sets a task is in.
  absl::Time ReadyAt(const OpenJob& job, uint32_t t) const;
  absl::Time GiveUpAt(const OpenJob& job, uint32_t t) const;
  absl::Time WarnAt(const OpenJob& job, uint32_t t) const;
  absl::Time DelayedTimer(const OpenJob& job, uint32_t t) const;
  absl::Time LimitAt(const OpenJob& job, uint32_t t) const;
  absl::Time AnswerBy(const OpenJob& job, uint32_t t) const;
  HostQueue& QueueOf(const OpenJob& job, uint32_t t);
  HostQueue* NextQueue(SchedulerHost& host) const;
  void Enqueue(OpenJob& job, uint32_t t);
  void Dequeue(OpenJob& job, uint32_t t);
  void CountRunning(OpenJob& job, uint32_t t, int by);
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
