// Which task may start now, and what its end leads to.
//
// The states of a task:
//
//   waiting ──requirements done──► ready ──► dispatched ──► running
//                                    ▲            │            │
//                      due or released│            └─────┬──────┘
//                                    │                  ▼
//             delayed, held ◄────────┴── deferred   done | failed
//
//   waiting     something it requires is not done yet
//   ready       may start as soon as its host is connected and has a free slot
//   delayed     until a moment: a deferral's next try, or its own `delay`
//   dispatched  an attempt is open: it has a number and an id, both stored
//               before the agent hears of it
//   running     the agent has said so (a dispatched task with news)
//   held        an attempt of unknown fate, of a task that is not safe to
//               repeat: a person decides (Released)
//   done, failed, skipped   for ever
//
// `skipped`: a task it requires, directly or not, failed. What does not depend
// on a failed task still runs. A job ends when no task can change any more; it
// has failed if a task failed.
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
// A task is ready from the moment the last of its requirements was done (its
// birth: `eligible`), or `delay` later. Ready tasks of a host start in the
// order in which they became ready, then by job and position; all of it follows
// from the stored records, so a restart does not change the order. When the
// limit over all hosts is reached, hosts take turns.
//
// A task that could not start or succeed within `retry_for` of its birth (and
// `delay`) is given up: it has failed. That is decided when a next try would
// come later than that, and for a ready task whose host is not connected then.
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
};
struct Released {  // by an operator: a held task may be attempted again
  JobId job;
  TaskIndex task;
};
struct Woken {};
using Event = std::variant<JobAccepted, AgentOpened, AgentClosed,
                           AttemptStarted, AttemptEnded, Released, Woken>;

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
  std::string reason;
  uint32_t culprit = 0;  // SKIPPED
  JournalId journal;     // that an open attempt went to
  friend bool operator==(const TaskStatus&, const TaskStatus&) = default;
};
fleetbox::wire::TaskRecord ToMessage(const TaskStatus& status);
TaskStatus FromMessage(const fleetbox::wire::TaskRecord& record);

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
  bool failed;
  std::vector<TaskStatus> tasks;  // as they are for ever
};
struct TellHeld {  // a person must look at it
  JobId job;
  TaskIndex task;
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
using Effect =
    std::variant<SaveTask, SaveAttempt, EndJob, TellHeld, Dispatch, WakeAt>;

// Longer reasons are cut: a record of 512 tasks must fit a value of the store.
inline constexpr size_t kMaxReasonBytes = 256;

struct SchedulerLimits {
  int max_running = 1000;
  int max_per_host = 4;
};

class Scheduler {
 public:
  // `new_id` gives an id nobody has had.
  Scheduler(SchedulerLimits limits, std::function<AttemptId()> new_id);
  ~Scheduler();

  // Puts back an open job as it was stored (before the first On).
  // InvalidArgument when the records do not fit the job. `accepted` is when it
  // was injected.
  absl::Status Load(JobId job, std::shared_ptr<const Job> spec,
                    std::vector<TaskStatus> tasks, absl::Time accepted);

  // What follows from `e` at `now`; an earlier `now` than the one before counts
  // as that one. A result for an attempt that is not open
  // leads to nothing (it was recorded before).
  std::vector<Effect> On(const Event& e, absl::Time now);

  // --- what can be seen --------------------------------------------------
  bool Has(JobId job) const;  // an open job
  std::vector<JobId> Jobs() const;
  const Job& Spec(JobId job) const;
  const TaskStatus& Record(JobId job, TaskIndex task) const;
  // The state people are shown, and in one line why it is not running:
  // "waiting for web, zone", "next try in 4 min: connection refused",
  // "web1 is not connected", "web1 runs 4 tasks already".
  fleetbox::wire::TaskState State(JobId job, TaskIndex task) const;
  std::string Why(JobId job, TaskIndex task, absl::Time now) const;
  bool Connected(const std::string& host) const;
  struct HostCount {
    int open = 0;  // dispatched or running
    int ready = 0;
    bool connected = false;
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

  // Every host that has work or is connected.
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
