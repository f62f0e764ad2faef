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
    if (job.tasks[n].status.stored == Record::SUCCEEDED) continue;
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
                    .ready = static_cast<int>(host.ready.size()),
                    .connected = host.connected};
  }
  return counts;
}

size_t Scheduler::open_tasks() const { return state_->unfinished; }

size_t Scheduler::open_attempts() const { return state_->open_attempts.size(); }

pb::TaskState Scheduler::State(JobId job, TaskIndex task) const {
  const OpenJob& j = *state_->Find(job.value);
  switch (j.tasks[task.value].phase) {
    case Phase::kWaiting:
      return pb::TASK_WAITING;
    case Phase::kDelayed:
      return pb::TASK_DELAYED;
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
    default:
      return pb::TASK_SKIPPED;
  }
}

std::string Scheduler::Why(JobId job, TaskIndex task, absl::Time now) const {
  const OpenJob& j = *state_->Find(job.value);
  const uint32_t t = task.value;
  const TaskStatus& status = j.tasks[t].status;
  const SchedulerHost& host = *j.tasks[t].host;
  const absl::Time until = AwayUntil(host.name);
  const std::string away =
      absl::StrCat(state_->AwayWords(host.name),
                   until == absl::InfiniteFuture() ? "" : ", next try ",
                   until == absl::InfiniteFuture() ? "" : In(until, now));
  switch (State(job, task)) {
    case pb::TASK_WAITING:
      return WaitsFor(j, t);
    case pb::TASK_DELAYED:
      if (status.stored == Record::UNTOUCHED) {
        return absl::StrCat("starts ", In(state_->ReadyAt(j, t), now));
      }
      return absl::StrCat("next try ", In(status.due, now),
                          status.reason.empty() ? "" : ": ", status.reason);
    case pb::TASK_READY:
      if (!host.connected) return away;
      if (host.open.size() >=
          static_cast<size_t>(state_->limits.max_per_host)) {
        return absl::StrCat(host.name, " runs ", host.open.size(),
                            " tasks already");
      }
      return absl::StrCat(state_->open_attempts.size(), " tasks run already");
    case pb::TASK_DISPATCHED:
      return host.connected ? absl::StrCat("sent to ", host.name) : away;
    case pb::TASK_RUNNING:
      return absl::StrCat("runs on ", host.name,
                          host.connected ? "" : ", which is not connected");
    case pb::TASK_SKIPPED:
      return absl::StrCat(j.spec->tasks[status.culprit].name, " failed");
    case pb::TASK_HELD:
      return absl::StrCat("not safe to repeat: ", status.reason);
    case pb::TASK_DONE:
    case pb::TASK_FAILED:
    default:
      return status.reason;
  }
}

}  // namespace mcfeely
