// Which task may start now, and what its end leads to.
//
// The states of a task:
//
//   waiting ──requirements done──► ready ──► dispatched ──► running
//                                    ▲            │            │
//                      due or released│            └─────┬──────┘
//                                    │                  ▼
//             delayed, held ◄────────┴── deferred   done | failed | cancelled
//
//   waiting     something it requires has not ended yet
//   ready       may start as soon as its host is connected and has a free slot
//   delayed     until a moment: a deferral's next try, or its own `delay`
//   dispatched  an attempt is open: it has a number and an id, both stored
//               before the agent hears of it
//   running     the agent has said so (a dispatched task with news)
//   held        an operator has said so, of the task or its job; or an attempt
//               of unknown fate, of a task that is not safe to repeat
//   done, failed, skipped, cancelled   for ever, or until an operator says
//               "retry"
//
// `skipped`: a task it requires, directly or not, failed or was cancelled. What
// does not depend on a failed task still runs. A task may also ask to run when
// something it requires has failed (run=failure, always), or to be required in
// vain (if-failed=continue). One that waits for a failure is skipped when all
// it requires has gone well; it is its own culprit then, and nobody minds.
//
// A job ends when no task can change any more: cancelled if a task was, failed
// if one failed or was skipped for another, else done.
//
// Operators (Operated) hold and release, cancel, make due now, retry what has
// not succeeded, and give verdicts of their own; of a task or a whole job. A
// cancelled task whose attempt is open ends when the agent says that the
// attempt has; it is told to end it (CancelAttempt). An attempt that turns out
// to have succeeded before it could be ended has succeeded.
//
// What can never be true:
//   - a task is dispatched while a task it requires is not done;
//   - two attempts of a task are open;
//   - an attempt id that has been closed changes anything;
//   - a result moves a task whose open attempt it is not.
//
// Waiting and ready are derived from the other tasks each time, never stored:
// the original stored a counter and hung after a restart. So a scheduler made
// from the stored records (Load) is the same as the one that wrote them.
//
// Attempts go to agents by host name. The scheduler knows which hosts are
// connected; an attempt that was open when the connection ended stays open:
// when the agent is back it tells which attempts its journal knows, and those
// it has not heard of are sent again, under the same id. When its journal is a
// new one (Announce.journal), the fate of attempts sent to the old one is
// unknown: they count as interrupted.
//
// An agent that is connected says soon of an attempt that it runs, and how it
// ended. One that does not (`answer_within`; of one with a time limit, after
// that, too) is told to end it, and the attempt counts as interrupted: nobody
// waits without end for an agent that lives and keeps silent. A comm that has
// no time limit runs as long as its agent says that it does.
//
// A task is ready from the moment the last of its requirements was done (its
// birth: `eligible`, which is not before `start`), or `delay` later. Of a
// host's ready tasks those of higher priority start first. Among equals jobs
// take turns: a task that becomes ready goes behind as many others of its job
// as are ready there, counted from where the host is, so that one of a small
// job does not wait for 100 000 of a big one (start-time fair queueing; Goyal,
// Vin, Cheng 1996). Then they start in the order in which they became ready, by
// job and by position. When the limit over all hosts is reached, hosts take
// turns. A task of a class that has its limit running lets others pass. A
// drained host gets no new attempts.
//
// A task that could not start or succeed within `retry_for` of its birth (and
// `delay`) is given up: it has failed. That is decided when a next try would
// come later than that, and for a ready task whose host is not connected then.
// Long before (`warn_after`), one notice says that it takes long (TellLate).
//
// The records of one event need not reach the store in one transaction, so Load
// may find a part of them. What it then finds was told to nobody: a task with
// an attempt although something it requires is not done, or skipped although
// its culprit has not failed, counts as untouched; dependents of a failed task
// that are not skipped yet are skipped.
//
// Pure: `now` is an argument and never goes back; ids come from a generator
// handed in.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/time/time.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "mcfeely/graph.h"
#include "mcfeely/job.h"

namespace mcfeely {

using base::AttemptId;
using base::JobId;
using base::TaskIndex;
using JournalId = base::RandomId<struct JournalTag>;

// --- events ----------------------------------------------------------------

struct JobAccepted {  // and stored
  JobId job;
  std::shared_ptr<const Job> spec;  // also owned by whoever reports on the job
  // When it was injected, as Load will be told; InfinitePast means now.
  absl::Time accepted = absl::InfinitePast();
};
struct AgentOpened {
  std::string host;
  JournalId journal;
  std::vector<AttemptId> known;  // attempts that journal knows
};
struct AgentClosed {
  std::string host;
};
struct AttemptStarted {
  std::string host;
  AttemptId attempt;
};
struct AttemptEnded {
  std::string host;  // that says so; another host's attempt is not its to end
  AttemptId attempt;
  fleetbox::wire::Verdict verdict;
  std::string reason;  // "exit 3", "killed by SIGSEGV"; may be empty when done
  // DEFERRED: when the comm wants to be tried again; zero leaves it to the
  // back-off. retry-max bounds it, too.
  absl::Duration retry_after = absl::ZeroDuration();
  // DEFERRED for what a person has to mend: the first time, it is told at once.
  bool tell = false;
};
using Verb = fleetbox::wire::Control::Verb;
struct Operated {  // and Scheduler::Check has nothing against it
  JobId job;
  Verb verb;                     // one of those for jobs
  std::vector<TaskIndex> tasks;  // none: the whole job
  std::string by;                // for the reasons of verdicts
};
struct HostDrained {
  std::string host;
  bool drained;
};
// It is away, for no key is trusted: nobody has to wait for the usual moment of
// a warning to know that.
struct HostRefused {
  std::string host;
};
struct Woken {};
using Event =
    std::variant<JobAccepted, AgentOpened, AgentClosed, AttemptStarted,
                 AttemptEnded, Operated, HostDrained, HostRefused, Woken>;

// A time in whole milliseconds, so that what is stored is what is known; half
// the size of an absl::Time, as there are four for each of a million tasks.
class Millis {
 public:
  Millis() = default;  // absl::InfinitePast
  Millis& operator=(absl::Time t) {
    ms_ = absl::ToUnixMillis(t);
    return *this;
  }
  operator absl::Time() const {
    return ms_ == INT64_MIN ? absl::InfinitePast() : absl::FromUnixMillis(ms_);
  }
  friend auto operator<=>(const Millis&, const Millis&) = default;

 private:
  int64_t ms_ = INT64_MIN;
};

// What is known of a task; enums as in wire/messages.proto.
struct TaskStatus {
  fleetbox::wire::TaskRecord::Stored stored =
      fleetbox::wire::TaskRecord::UNTOUCHED;
  uint32_t attempts = 0;
  AttemptId attempt;  // open, or the latest
  Millis eligible;    // birth; InfinitePast: not yet
  Millis started;     // latest attempt
  Millis ended;       // latest attempt, or skipped
  Millis due;         // DELAYED
  Rare<std::string> reason;
  uint32_t culprit = 0;  // SKIPPED; its own position: it was not needed
  JournalId journal;     // that an open attempt went to
  bool held = false;     // by an operator
  bool warned = false;
  bool cancelling = false;  // the open attempt is to end
  bool marked = false;      // the verdict is an operator's
  struct Reset {
    Millis when;
    uint32_t earlier = 0;  // attempts before
    friend bool operator==(const Reset&, const Reset&) = default;
  };
  Rare<Reset> reset;  // an operator made it begin anew
  friend bool operator==(const TaskStatus&, const TaskStatus&) = default;
};
fleetbox::wire::TaskRecord ToMessage(const TaskStatus& status);
TaskStatus FromMessage(const fleetbox::wire::TaskRecord& record);

// What operators have said of a job as a whole.
struct JobFlags {
  bool held = false;       // nothing of it starts
  bool start_now = false;  // its `start` does not count any more
  friend bool operator==(const JobFlags&, const JobFlags&) = default;
};

// --- effects, in the order they must be carried out ------------------------

struct SaveTask {  // its record changed: see Scheduler::Record
  JobId job;
  TaskIndex task;
};
// An attempt is over; it was this task's `number`th. Comes before the SaveTask
// it belongs to; the caller keeps it in the task's history, with the output.
struct SaveAttempt {
  JobId job;
  TaskIndex task;
  AttemptId attempt;
  uint32_t number;
  absl::Time started;
  fleetbox::wire::Verdict verdict;
  std::string reason;
};
struct EndJob {  // its last change, after its SaveTasks; then it is forgotten
  JobId job;
  fleetbox::wire::JobState state;  // DONE, FAILED or CANCELLED
  std::vector<TaskStatus> tasks;   // as they are for ever
};
struct TellHeld {  // a person must look at it
  JobId job;
  TaskIndex task;
};
struct TellLate {  // somebody should know that it takes long
  JobId job;
  TaskIndex task;
};
struct SaveJob {  // its flags have changed: see Scheduler::Flags
  JobId job;
};
struct CancelAttempt {  // tell the connected agent of `host`
  std::string host;
  AttemptId attempt;
};
struct Dispatch {  // to the connected agent of `host`, once it is stored
  std::string host;
  JobId job;
  TaskIndex task;
  AttemptId attempt;
  uint32_t number;
};
struct WakeAt {  // at the latest; replaces the moment of an earlier WakeAt
  absl::Time when;
};
using Effect = std::variant<SaveTask, SaveAttempt, SaveJob, EndJob, TellHeld,
                            TellLate, Dispatch, CancelAttempt, WakeAt>;

// Longer reasons are cut: a record of 512 tasks must fit a value of the store.
inline constexpr size_t kMaxReasonBytes = 256;

// How many tasks of a class may run.
struct ClassLimit {
  static constexpr int kNone = INT32_MAX;
  int all = kNone;       // over all hosts
  int per_host = kNone;  // on each
};
struct SchedulerLimits {
  int max_running = 1000;
  int max_per_host = 4;
  // How long an agent that is connected may take to say that an attempt runs,
  // and once its time limit has passed that it has ended.
  absl::Duration answer_within = absl::Minutes(10);
  // Classes that are not here: one task on each host.
  absl::btree_map<std::string, ClassLimit> classes = {};
};

// Why a task was skipped: "web failed". `cancelled`: the culprit was.
// Of a task that runs after a failure alone, when there was none.
inline constexpr absl::string_view kNotNeeded = "nothing it requires failed";
std::string SkippedWhy(const Job& spec, uint32_t task, const TaskStatus& status,
                       bool cancelled);

class Scheduler {
 public:
  // `new_id` gives an id nobody has had.
  Scheduler(SchedulerLimits limits, std::function<AttemptId()> new_id);
  ~Scheduler();

  // Puts back an open job as it was stored (before the first On).
  // InvalidArgument when the records do not fit the job. `accepted` is when it
  // was injected.
  absl::Status Load(JobId job, std::shared_ptr<const Job> spec,
                    std::vector<TaskStatus> tasks, absl::Time accepted,
                    JobFlags flags = {});
  // Puts back a job that has ended, for the Operated that follows at once; or,
  // when Check is against that, Drop.
  absl::Status Reopen(JobId job, std::shared_ptr<const Job> spec,
                      std::vector<TaskStatus> tasks, absl::Time accepted);
  void Drop(JobId job);

  // What follows from `e` at `now`; an earlier `now` than the one before counts
  // as that one. A result for an attempt that is not open
  // leads to nothing (it was recorded before).
  std::vector<Effect> On(const Event& e, absl::Time now);

  // --- what can be seen --------------------------------------------------
  bool Has(JobId job) const;  // an open job
  JobFlags Flags(JobId job) const;
  // What speaks against an operator's wish, for the operator to read: NotFound
  // or FailedPrecondition. The job is open.
  absl::Status Check(const Operated& e) const;
  std::vector<JobId> Jobs() const;
  const Job& Spec(JobId job) const;
  const TaskStatus& Record(JobId job, TaskIndex task) const;
  // The state people are shown, and in one line why it is not running:
  // "waiting for web: deferred 3 times, next try in 4 min: connection refused",
  // "web1 is not connected", "web1 runs 4 tasks already".
  fleetbox::wire::TaskState State(JobId job, TaskIndex task) const;
  std::string Why(JobId job, TaskIndex task, absl::Time now) const;
  bool Connected(const std::string& host) const;
  struct HostCount {
    int open = 0;  // dispatched or running
    int ready = 0;
    bool connected = false;
    bool drained = false;
    std::string away = {};  // why it could not be reached; "": it was not tried
    absl::Time again = absl::InfiniteFuture();  // when that is tried again
  };
  // --- hosts that are called (carrier_plan.h); scheduler_hosts.cc ---------
  // Their names; before Load.
  void SetCalled(absl::btree_set<std::string> hosts);
  // Those of them that got something to start since the last call.
  std::vector<std::string> TakeWanted();
  // Whether it has tasks that could start, or open attempts.
  bool HasWork(const std::string& host) const;
  // It cannot be reached; forgotten when its agent is there. Its tasks stay
  // ready, and say so; no attempt is used up.
  void SetAway(const std::string& host, std::string why, absl::Time again);
  // Why a host is not connected, without a moment: "web1 cannot be reached:
  // Connection refused"; and the moment, or InfiniteFuture.
  std::string AwayWords(const std::string& host) const;
  absl::Time AwayUntil(const std::string& host) const;

  // Every host that has work, is connected or drained.
  absl::btree_map<std::string, HostCount> Hosts() const;
  size_t open_tasks() const;
  size_t open_attempts() const;
  const Graph& GraphOf(JobId job) const;
  // Whose open attempt this is.
  struct TaskOf {
    JobId job;
    TaskIndex task;
  };
  std::optional<TaskOf> FindOpen(AttemptId attempt) const;

 private:
  struct State_;
  std::unique_ptr<State_> state_;
};

}  // namespace mcfeely
