// What can be seen of a queue.

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/queue_state.h"
#include "wire/compress.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using Record = pb::TaskRecord;

namespace {

// A job as far as it is shown.
struct Shown {
  base::ParcelId parcel;
  std::string principal;
  absl::Time injected, ended;
  pb::JobState state = pb::JOB_OPEN;
  std::vector<pb::JobNote> notes;
  std::shared_ptr<const Job> spec;  // a loaded job's, or the queue's too
  std::vector<TaskStatus> tasks;    // not of those the scheduler has
};

uint64_t MillisOf(absl::Time t) {
  return t == absl::InfinitePast() ? 0
                                   : static_cast<uint64_t>(base::ToMillis(t));
}

// Of a task that no scheduler has.
pb::TaskState StateOf(const TaskStatus& status) {
  switch (status.stored) {
    case Record::SUCCEEDED:
      return pb::TASK_DONE;
    case Record::FAILED:
      return pb::TASK_FAILED;
    case Record::SKIPPED:
      return pb::TASK_SKIPPED;
    case Record::CANCELLED:
      return pb::TASK_CANCELLED;
    default:
      return pb::TASK_WAITING;
  }
}

std::string WhyOf(const Shown& shown, uint32_t t) {
  const TaskStatus& status = shown.tasks[t];
  if (status.stored != Record::SKIPPED ||
      status.culprit >= shown.tasks.size()) {
    return *status.reason;
  }
  return SkippedWhy(*shown.spec, t, status,
                    shown.tasks[status.culprit].stored == Record::CANCELLED);
}

// " by NAME": who held a task, or its job.
std::string HeldBy(const Shown& shown, const std::string& task) {
  for (auto note = shown.notes.rbegin(); note != shown.notes.rend(); ++note) {
    if (note->verb() != pb::Control::HOLD) continue;
    if (!note->tasks().empty()) {
      const std::vector<std::string> names = absl::StrSplit(note->tasks(), ' ');
      if (std::find(names.begin(), names.end(), task) == names.end()) continue;
    }
    return absl::StrCat(" by ", note->principal());
  }
  return shown.spec->hold ? absl::StrCat(" by ", shown.principal) : "";
}

absl::StatusOr<Shown> ReadEnded(store::Engine& engine, const Keys& keys,
                                JobId job) {
  const std::string prefix = keys.Job(job);
  Shown shown;
  pb::JobHead head;
  const absl::StatusOr<store::Entry> entry = engine.Get(keys.Head(job));
  if (absl::IsNotFound(entry.status())) {
    return absl::NotFoundError(absl::StrCat("there is no job ", job.value));
  }
  TRY(entry);
  TRY(base::Context(UnpackMessage(entry->value, head), entry->key));
  const auto add = [&](const auto& records) {
    for (const Record& record : records) {
      shown.tasks.push_back(FromMessage(record));
    }
  };
  add(head.task());
  for (uint64_t n = 0; shown.tasks.size() < head.tasks(); n++) {
    TRY_ASSIGN(const store::Entry part, engine.Get(keys.Part(job, n)));
    pb::JobPart message;
    TRY(base::Context(UnpackMessage(part.value, message), part.key));
    if (message.task_size() == 0) {
      return absl::DataLossError(absl::StrCat(part.key, ": it is empty"));
    }
    add(message.task());
  }
  std::string parcel;
  for (uint32_t n = 0; n < head.text_pieces(); n++) {
    TRY_ASSIGN(const store::Entry piece, engine.Get(keys.Text(job, n)));
    TRY_ASSIGN(const std::string text,
               wire::UnpackValue(piece.value, kTextPieceBytes));
    parcel += text;
  }
  TRY_ASSIGN(Job spec, JobOfParcel(parcel));
  if (spec.tasks.size() != shown.tasks.size()) {
    return absl::DataLossError(
        absl::StrCat(prefix, ": its records and its text differ"));
  }
  shown.parcel = base::ParcelId::From(head.parcel());
  shown.principal = head.principal();
  shown.injected = base::FromMillis(static_cast<int64_t>(head.injected_ms()));
  shown.ended = base::FromMillis(static_cast<int64_t>(head.ended_ms()));
  shown.state = head.state();
  shown.notes.assign(head.note().begin(), head.note().end());
  shown.spec = std::make_shared<const Job>(std::move(spec));
  return shown;
}

void ShowTask(const Job& spec, const Graph& graph, uint32_t t,
              const TaskStatus& status, pb::TaskView* view) {
  const Task& task = spec.tasks[t];
  view->set_index(t);
  view->set_name(task.name);
  view->set_host(task.host);
  view->set_comm(task.comm);
  for (const std::string& a : task.arguments) view->add_argument(a);
  view->set_attempts(status.attempts);
  view->set_eligible_ms(MillisOf(status.eligible));
  view->set_started_ms(MillisOf(status.started));
  view->set_ended_ms(MillisOf(status.ended));
  view->set_due_ms(MillisOf(status.due));
  for (const uint32_t n : graph.Needs(t)) {
    view->add_needs(spec.tasks[n].name);
  }
}

absl::Status ShowAttempts(store::Engine& engine, const Keys& keys, JobId job,
                          pb::JobView* view) {
  const std::string prefix = keys.Runs(job);
  std::string first = prefix;
  while (true) {
    TRY_ASSIGN(const store::RangeResult page,
               engine.Range(first, store::PrefixEnd(prefix), 64));
    for (const store::Entry& entry : page.entries) {
      const auto key = keys.ParseJobKey(entry.key);
      if (!key.has_value() ||
          key->number >= static_cast<uint64_t>(view->task_size())) {
        return absl::DataLossError(
            absl::StrCat(base::Escape(entry.key), ": no such task"));
      }
      pb::TaskRuns runs;
      TRY(base::Context(UnpackMessage(entry.value, runs), entry.key));
      pb::TaskView* task = view->mutable_task(static_cast<int>(key->number));
      task->mutable_attempt()->Swap(runs.mutable_attempt());
      task->set_head(runs.head());
      task->set_tail(runs.tail());
      task->set_output_bytes(runs.output_bytes());
    }
    if (!page.more) return absl::OkStatus();
    first = page.entries.back().key + std::string(1, '\0');
  }
}

}  // namespace

absl::StatusOr<pb::JobView> Queue::View(store::Engine& engine, JobId job,
                                        bool with_attempts,
                                        absl::Time now) const {
  const State& s = *state_;
  Shown shown;
  const auto found = s.jobs.find(job.value);
  if (found != s.jobs.end()) {
    const QueuedJob& known = *found->second;
    shown.parcel = known.parcel;
    shown.principal = *known.principal;
    shown.injected = known.injected;
    shown.spec = known.spec;
    // Until its end is stored it is shown as open: it might still be undone.
    if (known.past->end.has_value()) shown.tasks = known.past->end->tasks;
    shown.notes = known.past->notes;
  } else {
    TRY_ASSIGN(shown, ReadEnded(engine, s.keys, job));
  }
  const bool scheduled = s.scheduler.Has(job);
  Graph made;
  if (!scheduled) {
    TRY_ASSIGN(made,
               Graph::Make(shown.spec->tasks.size(), shown.spec->requirements));
  }
  const Graph& graph = scheduled ? s.scheduler.GraphOf(job) : made;

  if (scheduled && s.scheduler.Flags(job).held) shown.state = pb::JOB_HELD;
  pb::JobView view;
  view.set_job(job.value);
  view.set_description(shown.spec->description);
  view.set_state(shown.state);
  view.set_injected_ms(MillisOf(shown.injected));
  const bool open = shown.state == pb::JOB_OPEN || shown.state == pb::JOB_HELD;
  if (!open) view.set_ended_ms(MillisOf(shown.ended));
  view.set_principal(shown.principal);
  for (const std::string& a : shown.spec->success) view.add_success(a);
  for (const std::string& a : shown.spec->failure) view.add_failure(a);
  view.set_parcel(std::string(shown.parcel.view()));
  for (const pb::JobNote& note : shown.notes) *view.add_note() = note;
  for (uint32_t t = 0; t < shown.spec->tasks.size(); t++) {
    pb::TaskView* task = view.add_task();
    if (scheduled) {
      ShowTask(*shown.spec, graph, t, s.scheduler.Record(job, {t}), task);
      task->set_state(s.scheduler.State(job, {t}));
      std::string why = s.scheduler.Why(job, {t}, now);
      if (task->state() == pb::TASK_HELD &&
          s.scheduler.Record(job, {t}).stored != Record::HELD) {
        why += HeldBy(shown, task->name());
      }
      task->set_why(std::move(why));
      continue;
    }
    ShowTask(*shown.spec, graph, t, shown.tasks[t], task);
    task->set_state(StateOf(shown.tasks[t]));
    task->set_why(WhyOf(shown, t));
  }
  if (with_attempts) TRY(ShowAttempts(engine, s.keys, job, &view));
  return view;
}

absl::StatusOr<std::vector<JobId>> Queue::EndedJobs(store::Engine&,
                                                    size_t limit) const {
  const auto& ended = state_->ended_jobs;
  std::vector<JobId> latest;
  for (auto it = ended.rbegin(); it != ended.rend() && latest.size() < limit;
       ++it) {
    latest.push_back(JobId{it->second});
  }
  return latest;
}

}  // namespace mcfeely
