// What can be seen of a scheduler.

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "base/status.h"
#include "base/time.h"
#include "mcfeely/scheduler_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using Record = pb::TaskRecord;

namespace {

constexpr size_t kNamedNeeds = 3;

std::string WaitsFor(const OpenJob& job, uint32_t t) {
  std::vector<absl::string_view> names;
  for (const uint32_t n : job.graph->Needs(t)) {
    if (job.Ended(n)) continue;
    names.push_back(job.spec->tasks[n].name);
    if (names.size() == kNamedNeeds) break;
  }
  std::string text = absl::StrCat("waiting for ", absl::StrJoin(names, ", "));
  const size_t more = job.tasks[t].open_needs - names.size();
  if (more > 0) absl::StrAppend(&text, " and ", more, " more");
  return text;
}

std::string In(absl::Time when, absl::Time now) {
  return when <= now ? "now"
                     : absl::StrCat("in ", base::DurationWords(when - now));
}

}  // namespace

bool Scheduler::Has(JobId job) const {
  return state_->Find(job.value) != nullptr;
}

std::vector<JobId> Scheduler::Jobs() const {
  std::vector<JobId> ids;
  ids.reserve(state_->jobs.size());
  for (const auto& [id, job] : state_->jobs) ids.push_back(JobId{id});
  return ids;
}

const Job& Scheduler::Spec(JobId job) const {
  return *state_->Find(job.value)->spec;
}

const TaskStatus& Scheduler::Record(JobId job, TaskIndex task) const {
  return state_->Find(job.value)->tasks[task.value].status;
}

const Graph& Scheduler::GraphOf(JobId job) const {
  return *state_->Find(job.value)->graph;
}

std::optional<Scheduler::TaskOf> Scheduler::FindOpen(AttemptId attempt) const {
  const auto found = state_->open_attempts.find(attempt);
  if (found == state_->open_attempts.end()) return std::nullopt;
  return TaskOf{JobId{found->second.job}, TaskIndex{found->second.task}};
}

bool Scheduler::Connected(const std::string& host) const {
  const auto found = state_->hosts.find(host);
  return found != state_->hosts.end() && found->second.connected;
}

absl::btree_map<std::string, Scheduler::HostCount> Scheduler::Hosts() const {
  absl::btree_map<std::string, HostCount> counts;
  for (const auto& [name, host] : state_->hosts) {
    counts[name] = {.open = static_cast<int>(host.open.size()),
                    .ready = static_cast<int>(host.ready),
                    .connected = host.connected,
                    .drained = host.drained};
    if (const auto away = state_->away.find(name);
        away != state_->away.end() && !host.connected) {
      counts[name].away = away->second.why;
      counts[name].again = away->second.again;
    }
  }
  return counts;
}

JobFlags Scheduler::Flags(JobId job) const {
  return state_->Find(job.value)->flags;
}

size_t Scheduler::open_tasks() const { return state_->unfinished; }

size_t Scheduler::open_attempts() const { return state_->open_attempts.size(); }

pb::TaskState Scheduler::State(JobId job, TaskIndex task) const {
  const OpenJob& j = *state_->Find(job.value);
  switch (j.tasks[task.value].phase) {
    case Phase::kWaiting:
      return pb::TASK_WAITING;
    case Phase::kDelayed:
      return j.Held(task.value) ? pb::TASK_HELD : pb::TASK_DELAYED;
    case Phase::kReady:
      return pb::TASK_READY;
    case Phase::kOpen:
      return j.tasks[task.value].status.stored == Record::RUNNING
                 ? pb::TASK_RUNNING
                 : pb::TASK_DISPATCHED;
    case Phase::kHeld:
      return pb::TASK_HELD;
    case Phase::kEnded:
      break;
  }
  switch (j.tasks[task.value].status.stored) {
    case Record::SUCCEEDED:
      return pb::TASK_DONE;
    case Record::FAILED:
      return pb::TASK_FAILED;
    case Record::CANCELLED:
      return pb::TASK_CANCELLED;
    default:
      return pb::TASK_SKIPPED;
  }
}

std::string SkippedWhy(const Job& spec, uint32_t task, const TaskStatus& status,
                       bool cancelled) {
  if (status.culprit == task) return std::string(kNotNeeded);
  return absl::StrCat(spec.tasks[status.culprit].name,
                      cancelled ? " was cancelled" : " failed");
}

namespace {

std::string Times(uint32_t n) {
  return n == 1 ? "once" : n == 2 ? "twice" : absl::StrCat(n, " times");
}

std::string Running(int n) {
  return absl::StrCat(n, n == 1 ? " task" : " tasks");
}

}  // namespace

std::string Scheduler::Why(JobId job, TaskIndex task, absl::Time now) const {
  const OpenJob& j = *state_->Find(job.value);
  const uint32_t t = task.value;
  const TaskStatus& status = j.tasks[t].status;
  const SchedulerHost& host = *j.tasks[t].host;
  const auto away = [&] {
    const absl::Time until = AwayUntil(host.name);
    return absl::StrCat(state_->AwayWords(host.name),
                        until == absl::InfiniteFuture() ? "" : ", next try ",
                        until == absl::InfiniteFuture() ? "" : In(until, now));
  };
  switch (State(job, task)) {
    case pb::TASK_WAITING: {
      std::string why = WaitsFor(j, t);
      // Of one there is room to say what it waits for itself.
      if (j.tasks[t].open_needs == 1) {
        for (const uint32_t n : j.graph->Needs(t)) {
          if (j.Ended(n)) continue;
          if (j.tasks[n].phase != Phase::kWaiting) {
            absl::StrAppend(&why, ": ", Why(job, {n}, now));
          }
          break;
        }
      }
      return why;
    }
    case pb::TASK_DELAYED: {
      const uint32_t tries = status.attempts - status.reset->earlier;
      if (tries == 0) {
        return absl::StrCat("starts ", In(state_->ReadyAt(j, t), now));
      }
      return absl::StrCat("deferred ", Times(tries), ", next try ",
                          In(status.due, now),
                          status.reason->empty() ? "" : ": ", *status.reason);
    }
    case pb::TASK_READY: {
      // Its operator's word counts whether it is there or not.
      if (host.drained) return absl::StrCat(host.name, " is drained");
      if (!host.connected) return away();
      if (host.open.size() >=
          static_cast<size_t>(state_->limits.max_per_host)) {
        return absl::StrCat(host.name, " runs ",
                            Running(static_cast<int>(host.open.size())),
                            " already");
      }
      const auto queue = host.classes.find(j.options(t).class_name);
      if (queue != host.classes.end() && !queue->second.MayStart()) {
        const SchedulerClass& of = *queue->second.of;
        return of.running >= of.limit.all
                   ? absl::StrCat("class ", queue->first, " runs ",
                                  Running(of.running), " already")
                   : absl::StrCat("class ", queue->first, " runs ",
                                  Running(queue->second.running), " on ",
                                  host.name, " already");
      }
      return absl::StrCat(
          Running(static_cast<int>(state_->open_attempts.size())),
          " run already");
    }
    case pb::TASK_DISPATCHED:
      if (status.cancelling) {
        return absl::StrCat("being ", *status.reason,
                            host.connected ? "" : "; ",
                            host.connected ? "" : away());
      }
      return host.connected ? absl::StrCat("sent to ", host.name) : away();
    case pb::TASK_RUNNING:
      if (status.cancelling) {
        return absl::StrCat("being ", *status.reason,
                            host.connected ? "" : "; ",
                            host.connected ? "" : away());
      }
      return absl::StrCat("runs on ", host.name,
                          host.connected ? "" : ", which is not connected");
    case pb::TASK_SKIPPED:
      return SkippedWhy(*j.spec, t, status,
                        j.status(status.culprit).stored == Record::CANCELLED);
    case pb::TASK_HELD:
      if (status.stored == Record::HELD) {
        return absl::StrCat("not safe to repeat: ", *status.reason);
      }
      return j.flags.held ? "its job is held" : "held";
    case pb::TASK_DONE:
    case pb::TASK_FAILED:
    default:
      return *status.reason;
  }
}

}  // namespace mcfeely
