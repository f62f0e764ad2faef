// Putting jobs back: a scheduler made from the stored records is the same as
// the one that wrote them.

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <tuple>
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

// As nothing had happened to it; what operators have said of it stays.
TaskStatus Untouched(const TaskStatus& was) {
  TaskStatus status;
  status.held = was.held;
  status.warned = was.warned;
  status.reset = was.reset;
  if (was.reset->when > Millis()) {
    status.attempts =
        std::max(was.reset->earlier, was.attempts - (IsOpen(was) ? 1 : 0));
  }
  return status;
}

}  // namespace

Record ToMessage(const TaskStatus& status) {
  Record record;
  record.set_attempts(status.attempts);
  record.set_held(status.held);
  record.set_warned(status.warned);
  record.set_cancelling(status.cancelling);
  record.set_marked(status.marked);
  record.set_reset_ms(MillisOf(status.reset->when));
  record.set_earlier(status.reset->earlier);
  // `eligible` of an untouched task is derived from the others.
  if (status.stored == Record::UNTOUCHED) return record;
  record.set_state(status.stored);
  if (!status.attempt.empty()) {
    record.set_attempt_id(std::string(status.attempt.view()));
  }
  record.set_eligible_ms(MillisOf(status.eligible));
  record.set_started_ms(MillisOf(status.started));
  record.set_ended_ms(MillisOf(status.ended));
  record.set_due_ms(MillisOf(status.due));
  record.set_reason(*status.reason);
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
  status.held = record.held();
  status.warned = record.warned();
  status.cancelling = record.cancelling();
  status.marked = record.marked();
  TaskStatus::Reset reset;
  reset.when = TimeOf(record.reset_ms());
  reset.earlier = std::min(record.earlier(), record.attempts());
  status.reset = reset;
  if (record.journal().size() == status.journal.bytes.size()) {
    status.journal = JournalId::From(record.journal());
  }
  return status;
}

absl::Status Scheduler::Load(JobId job, std::shared_ptr<const Job> spec,
                             std::vector<TaskStatus> tasks, absl::Time accepted,
                             JobFlags flags) {
  State_& s = *state_;
  std::vector<uint32_t> changed;
  TRY(s.Add(job, std::move(spec), std::move(tasks), accepted, flags,
            /*stored=*/true, &changed));
  if (!changed.empty() || s.Find(job.value)->unfinished == 0) {
    s.completed.push_back({job.value, std::move(changed)});
  }
  return absl::OkStatus();
}

// Not among the completed, which would end it again at once.
absl::Status Scheduler::Reopen(JobId job, std::shared_ptr<const Job> spec,
                               std::vector<TaskStatus> tasks,
                               absl::Time accepted) {
  std::vector<uint32_t> changed;
  return state_->Add(job, std::move(spec), std::move(tasks), accepted, {},
                     /*stored=*/true, &changed);
}

void Scheduler::Drop(JobId id) {
  State_& s = *state_;
  OpenJob& job = *s.Find(id.value);
  for (uint32_t t = 0; t < job.size(); t++) {
    MUST(job.tasks[t].phase != Phase::kOpen);
    s.Unplace(job, t);
    SchedulerHost& host = *job.tasks[t].host;
    host.tasks--;
    if (host.tasks == 0) s.Forget(host);
  }
  s.unfinished -= job.unfinished;
  s.jobs.erase(id.value);
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
                                    absl::Time accepted, JobFlags flags,
                                    bool stored,
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
  job.flags = flags;
  job.tasks = std::make_unique<OpenTask[]>(tasks.size());
  for (size_t t = 0; t < tasks.size(); t++) {
    job.tasks[t].status = std::move(tasks[t]);
  }
  if (stored) TRY(Mend(job, changed));
  absl::flat_hash_set<AttemptId> own_attempts;
  for (uint32_t t = 0; t < job.size(); t++) {
    const TaskStatus& status = job.tasks[t].status;
    if (IsOpen(status) && (open_attempts.contains(status.attempt) ||
                           !own_attempts.insert(status.attempt).second)) {
      return absl::InvalidArgumentError(
          absl::StrCat("task ", t, " has another task's attempt"));
    }
  }
  jobs.emplace(id.value, std::move(made));
  for (uint32_t t = 0; t < job.size(); t++) {
    job.tasks[t].host = &HostOf(job.spec->tasks[t].host);
    job.tasks[t].host->tasks++;
    if (job.Ended(t)) {
      job.tasks[t].phase = Phase::kEnded;
    } else {
      job.unfinished++;
      unfinished++;
    }
  }
  CountNeeds(job);
  for (uint32_t t = 0; t < job.size(); t++) {
    if (job.status(t).stored != Record::UNTOUCHED) Place(job, t);
  }
  for (const uint32_t t : SettleAll(job)) changed->push_back(t);
  for (uint32_t t = 0; t < job.size(); t++) {
    if (job.tasks[t].phase == Phase::kWaiting) Place(job, t);
  }
  std::sort(changed->begin(), changed->end());
  changed->erase(std::unique(changed->begin(), changed->end()), changed->end());
  return absl::OkStatus();
}

void Scheduler::State_::CountNeeds(OpenJob& job) {
  for (uint32_t t = 0; t < job.size(); t++) {
    OpenTask& task = job.tasks[t];
    task.open_needs = 0;
    task.need_failed = false;
    for (const uint32_t n : job.graph->Needs(t)) {
      task.open_needs += !job.Ended(n);
      task.need_failed |= job.Failed(n);
    }
  }
}

// What the ends there are mean for tasks that wait: who is skipped that was not
// yet. Culprits in the order in which they failed, as when it happened.
std::vector<uint32_t> Scheduler::State_::SettleAll(OpenJob& job) {
  std::vector<uint32_t> skipped, bad;
  const auto skip = [&](uint32_t t, uint32_t culprit, absl::Time ended) {
    TaskStatus& status = job.status(t);
    status.stored = Record::SKIPPED;
    status.culprit = culprit;
    status.ended = ended;
    job.tasks[t].phase = Phase::kEnded;
    job.unfinished--;
    unfinished--;
    skipped.push_back(t);
    for (const uint32_t d : Settle(job, t)) skipped.push_back(d);
  };
  for (uint32_t t = 0; t < job.size(); t++) {
    if (job.Ended(t) && job.Bad(t)) bad.push_back(t);
  }
  std::sort(bad.begin(), bad.end(), [&](uint32_t a, uint32_t b) {
    return std::make_tuple(job.status(a).ended, job.CulpritOf(a), a) <
           std::make_tuple(job.status(b).ended, job.CulpritOf(b), b);
  });
  for (const uint32_t t : bad) {
    const uint32_t culprit = job.CulpritOf(t);
    for (const uint32_t d : job.graph->Dependents(t)) {
      if (job.tasks[d].phase == Phase::kWaiting &&
          job.options(d).run_if == RunIf::kSuccess) {
        skip(d, culprit, job.status(culprit).ended);
      }
    }
  }
  for (uint32_t t = 0; t < job.size(); t++) {
    if (job.tasks[t].phase == Phase::kWaiting &&
        job.options(t).run_if == RunIf::kFailure && !job.tasks[t].need_failed &&
        job.tasks[t].open_needs == 0) {
      skip(t, t, LastNeedEnded(job, t));
    }
  }
  return skipped;
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
      CountRunning(job, t, 1);
      task.host->open.insert({job.id, t});
      open_attempts.emplace(job.tasks[t].status.attempt, TaskRef{job.id, t});
      return;
    case Record::HELD:
      task.phase = Phase::kHeld;
      return;
    case Record::SUCCEEDED:
    case Record::FAILED:
    case Record::SKIPPED:
    case Record::CANCELLED:
    case fleetbox::wire::
        TaskRecord_Stored_TaskRecord_Stored_INT_MIN_SENTINEL_DO_NOT_USE_:
    case fleetbox::wire::
        TaskRecord_Stored_TaskRecord_Stored_INT_MAX_SENTINEL_DO_NOT_USE_:
      task.phase = Phase::kEnded;
      return;
  }
}

// Whether a record makes sense beside those of what the task requires; and
// whether it is of something that was told to nobody, since what must have been
// stored before it is not there.
absl::Status Scheduler::State_::CheckRecord(const OpenJob& job, uint32_t t,
                                            bool* untouched) const {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("task ", t, " ", what));
  };
  const TaskStatus& status = job.status(t);
  if (!Record::Stored_IsValid(status.stored)) {
    return wrong("is in an unknown state");
  }
  if (status.stored == Record::UNTOUCHED || status.stored == Record::SKIPPED ||
      status.stored == Record::CANCELLED || status.marked) {
    return absl::OkStatus();
  }
  if (IsOpen(status) && (status.attempt.empty() || status.attempts == 0)) {
    return wrong("has an attempt without an id");
  }
  if (status.eligible == absl::InfinitePast()) {
    return wrong("has been tried but was never eligible");
  }
  const RunIf run = job.options(t).run_if;
  bool startable = true, need_failed = false;
  for (const uint32_t n : job.graph->Needs(t)) {
    need_failed |= job.Failed(n);
    // It was all right until an operator began anew with what it requires.
    if (status.eligible <= job.status(n).reset->when) {
      need_failed = true;
      continue;
    }
    startable &= job.Ended(n) && !(run == RunIf::kSuccess && job.Bad(n));
  }
  if (startable && (run != RunIf::kFailure || need_failed)) {
    return absl::OkStatus();
  }
  if (status.stored == Record::RUNNING || status.stored == Record::SUCCEEDED) {
    return wrong("has run before what it requires was done");
  }
  *untouched = true;
  return absl::OkStatus();
}

// The records as they must have been before whatever did not reach the store as
// a whole; see the essay in scheduler.h. What cannot have come about that way
// is an error.
absl::Status Scheduler::State_::Mend(OpenJob& job,
                                     std::vector<uint32_t>* changed) {
  for (uint32_t t = 0; t < job.size(); t++) {
    bool untouched = false;
    TRY(CheckRecord(job, t, &untouched));
    if (!untouched) continue;
    job.status(t) = Untouched(job.status(t));
    changed->push_back(t);
  }
  for (uint32_t t = 0; t < job.size(); t++) {
    const TaskStatus& status = job.status(t);
    if (status.stored != Record::SKIPPED) continue;
    if (status.culprit >= job.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "task ", t, " was skipped for a task that does not exist"));
    }
    const bool not_needed = status.culprit == t;
    bool stands = not_needed || job.Bad(status.culprit);
    if (not_needed) {
      for (const uint32_t n : job.graph->Needs(t)) {
        stands &= job.Ended(n) && !job.Failed(n);
      }
    }
    if (stands) continue;
    job.status(t) = Untouched(status);
    changed->push_back(t);
  }
  return absl::OkStatus();
}

}  // namespace mcfeely
