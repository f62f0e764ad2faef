// Putting jobs back: a scheduler made from the stored records is the same as
// the one that wrote them.

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "mcfeely/scheduler_state.h"

namespace mcfeely {

using Record = fleetbox::wire::TaskRecord;

namespace {

uint64_t MillisOf(absl::Time t) {
  return t == absl::InfinitePast() ? 0
                                   : static_cast<uint64_t>(base::ToMillis(t));
}

absl::Time TimeOf(uint64_t ms) {
  return ms == 0 ? absl::InfinitePast()
                 : base::FromMillis(static_cast<int64_t>(ms));
}

bool IsOpen(const TaskStatus& status) {
  return status.stored == Record::DISPATCHED ||
         status.stored == Record::RUNNING;
}

bool CanChange(const TaskStatus& status) {
  return status.stored != Record::SUCCEEDED &&
         status.stored != Record::FAILED && status.stored != Record::SKIPPED;
}

}  // namespace

Record ToMessage(const TaskStatus& status) {
  Record record;
  // `eligible` of an untouched task is derived from the others.
  if (status.stored == Record::UNTOUCHED) return record;
  record.set_state(status.stored);
  record.set_attempts(status.attempts);
  if (!status.attempt.empty()) {
    record.set_attempt_id(std::string(status.attempt.view()));
  }
  record.set_eligible_ms(MillisOf(status.eligible));
  record.set_started_ms(MillisOf(status.started));
  record.set_ended_ms(MillisOf(status.ended));
  record.set_due_ms(MillisOf(status.due));
  record.set_reason(status.reason);
  record.set_culprit(status.culprit);
  if (!status.journal.empty()) {
    record.set_journal(std::string(status.journal.view()));
  }
  return record;
}

TaskStatus FromMessage(const Record& record) {
  TaskStatus status;
  status.stored = record.state();
  status.attempts = record.attempts();
  if (record.attempt_id().size() == status.attempt.bytes.size()) {
    status.attempt = AttemptId::From(record.attempt_id());
  }
  status.eligible = TimeOf(record.eligible_ms());
  status.started = TimeOf(record.started_ms());
  status.ended = TimeOf(record.ended_ms());
  status.due = TimeOf(record.due_ms());
  status.reason = record.reason();
  status.culprit = record.culprit();
  if (record.journal().size() == status.journal.bytes.size()) {
    status.journal = JournalId::From(record.journal());
  }
  return status;
}

absl::Status Scheduler::Load(JobId job, std::shared_ptr<const Job> spec,
                             std::vector<TaskStatus> tasks,
                             absl::Time accepted) {
  State_& s = *state_;
  std::vector<uint32_t> changed;
  TRY(s.Add(job, std::move(spec), std::move(tasks), accepted, &changed));
  if (!changed.empty() || s.Find(job.value)->unfinished == 0) {
    s.completed.push_back({job.value, std::move(changed)});
  }
  return absl::OkStatus();
}

void Scheduler::State_::FinishLoaded() {
  for (const Completed& c : std::exchange(completed, {})) {
    OpenJob& job = *Find(c.job);
    for (const uint32_t t : c.tasks) Save(job, t);
    EndIfFinished(job);
  }
}

absl::Status Scheduler::State_::Add(JobId id, std::shared_ptr<const Job> spec,
                                    std::vector<TaskStatus> tasks,
                                    absl::Time accepted,
                                    std::vector<uint32_t>* changed) {
  if (tasks.size() != spec->tasks.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        tasks.size(), " records of ", spec->tasks.size(), " tasks"));
  }
  if (Find(id.value) != nullptr) {
    return absl::InvalidArgumentError("it is there already");
  }
  std::shared_ptr<const Graph> graph = alone;
  if (tasks.size() != 1 || !spec->requirements.empty() || graph == nullptr) {
    TRY_ASSIGN(Graph made, Graph::Make(tasks.size(), spec->requirements));
    graph = std::make_shared<const Graph>(std::move(made));
  }
  if (tasks.size() == 1 && spec->requirements.empty()) alone = graph;
  auto made = std::make_unique<OpenJob>(OpenJob{
      .id = id.value, .spec = std::move(spec), .graph = std::move(graph)});
  OpenJob& job = *made;
  job.accepted = accepted;
  job.tasks.resize(tasks.size());
  for (size_t t = 0; t < tasks.size(); t++) {
    job.tasks[t].status = std::move(tasks[t]);
  }
  if (changed != nullptr) TRY(Mend(job, changed));
  absl::flat_hash_set<AttemptId> own_attempts;
  for (uint32_t t = 0; t < job.tasks.size(); t++) {
    const TaskStatus& status = job.tasks[t].status;
    if (IsOpen(status) && (open_attempts.contains(status.attempt) ||
                           !own_attempts.insert(status.attempt).second)) {
      return absl::InvalidArgumentError(
          absl::StrCat("task ", t, " has another task's attempt"));
    }
    for (const uint32_t n : job.graph->Needs(t)) {
      job.tasks[t].open_needs +=
          job.tasks[n].status.stored != Record::SUCCEEDED;
    }
  }
  jobs.emplace(id.value, std::move(made));
  for (uint32_t t = 0; t < job.tasks.size(); t++) {
    job.tasks[t].host = &HostOf(job.spec->tasks[t].host);
    job.tasks[t].host->tasks++;
    job.failed |= job.tasks[t].status.stored == Record::FAILED;
    if (CanChange(job.tasks[t].status)) {
      job.unfinished++;
      unfinished++;
    }
    Place(job, t);
  }
  return absl::OkStatus();
}

void Scheduler::State_::Place(OpenJob& job, uint32_t t) {
  OpenTask& task = job.tasks[t];
  switch (task.status.stored) {
    case Record::UNTOUCHED:
      task.phase = Phase::kWaiting;
      if (task.open_needs == 0) MakeEligible(job, t);
      return;
    case Record::DELAYED:
      return MakeDelayed(job, t);
    case Record::DISPATCHED:
    case Record::RUNNING:
      task.phase = Phase::kOpen;
      task.host->open.insert({job.id, t});
      open_attempts.emplace(job.tasks[t].status.attempt, TaskRef{job.id, t});
      return;
    case Record::HELD:
      task.phase = Phase::kHeld;
      return;
    case Record::SUCCEEDED:
    case Record::FAILED:
    case Record::SKIPPED:
    case fleetbox::wire::
        TaskRecord_Stored_TaskRecord_Stored_INT_MIN_SENTINEL_DO_NOT_USE_:
    case fleetbox::wire::
        TaskRecord_Stored_TaskRecord_Stored_INT_MAX_SENTINEL_DO_NOT_USE_:
      task.phase = Phase::kEnded;
      return;
  }
}

// The records as they must have been before whatever did not reach the store as
// a whole; see the essay in scheduler.h. What cannot have come about that way
// is an error.
absl::Status Scheduler::State_::Mend(OpenJob& job,
                                     std::vector<uint32_t>* changed) {
  const auto wrong = [&](uint32_t t, absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("task ", t, " ", what));
  };
  std::vector<uint32_t> failed;
  for (uint32_t t = 0; t < job.tasks.size(); t++) {
    TaskStatus& status = job.tasks[t].status;
    if (!Record::Stored_IsValid(status.stored)) {
      return wrong(t, "is in an unknown state");
    }
    if (status.stored == Record::UNTOUCHED ||
        status.stored == Record::SKIPPED) {
      continue;
    }
    if (IsOpen(status) && (status.attempt.empty() || status.attempts == 0)) {
      return wrong(t, "has an attempt without an id");
    }
    if (status.eligible == absl::InfinitePast()) {
      return wrong(t, "has been tried but was never eligible");
    }
    const absl::Span<const uint32_t> needs = job.graph->Needs(t);
    const bool startable =
        std::all_of(needs.begin(), needs.end(), [&](uint32_t n) {
          return job.tasks[n].status.stored == Record::SUCCEEDED;
        });
    if (startable) {
      if (status.stored == Record::FAILED) failed.push_back(t);
      continue;
    }
    if (status.stored == Record::RUNNING ||
        status.stored == Record::SUCCEEDED) {
      return wrong(t, "has run before what it requires was done");
    }
    status = TaskStatus();
    changed->push_back(t);
  }
  for (uint32_t t = 0; t < job.tasks.size(); t++) {
    TaskStatus& status = job.tasks[t].status;
    if (status.stored != Record::SKIPPED) continue;
    if (status.culprit >= job.tasks.size()) {
      return wrong(t, "was skipped for a task that does not exist");
    }
    if (job.tasks[status.culprit].status.stored != Record::FAILED) {
      status = TaskStatus();
      changed->push_back(t);
    }
  }
  std::sort(failed.begin(), failed.end(), [&](uint32_t a, uint32_t b) {
    return std::make_pair(job.tasks[a].status.ended, a) <
           std::make_pair(job.tasks[b].status.ended, b);
  });
  // Skip counts down what Add has not counted up yet.
  const size_t counted = unfinished;
  for (const uint32_t t : failed) {
    for (const uint32_t d : Skip(job, t)) changed->push_back(d);
  }
  unfinished = counted;
  job.unfinished = 0;
  std::sort(changed->begin(), changed->end());
  changed->erase(std::unique(changed->begin(), changed->end()), changed->end());
  return absl::OkStatus();
}

}  // namespace mcfeely
