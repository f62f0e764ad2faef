// What operators ask for: checked, recorded with their name, decided, stored,
// and only then answered.

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "base/time.h"
#include "mcfeely/queue_state.h"
#include "mcfeely/view.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using pb::Control;

namespace {

constexpr size_t kMaxNotedBytes = 512;

// Much longer than its time of signing lets a parcel in (base::kMaxClockAhead
// and kMaxClockBehind).
constexpr absl::Duration kKeepOperations = absl::Hours(1);
constexpr int kForgottenAtOnce = 16;

pb::Reply ReplyOf(const absl::Status& status) {
  pb::Reply reply;
  if (!status.ok()) {
    reply.set_error(std::string(status.message()));
    reply.set_code(static_cast<uint32_t>(status.code()));
  }
  return reply;
}

absl::Status FindTasks(JobId job, const Job& spec, const Control& control,
                       std::vector<TaskIndex>* tasks) {
  if (control.task().empty()) return absl::OkStatus();
  absl::flat_hash_map<absl::string_view, uint32_t> by_name;
  for (uint32_t t = 0; t < spec.tasks.size(); t++) {
    by_name[spec.tasks[t].name] = t;
  }
  for (const std::string& name : control.task()) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      return absl::NotFoundError(
          absl::StrCat("job ", job.value, " has no task ", Quoted(name)));
    }
    tasks->push_back({found->second});
  }
  return absl::OkStatus();
}

}  // namespace

void Queue::Operate(const Operation& operation, store::Engine& engine,
                    absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  s.MakeRoom();
  const absl::Status status = s.Operate(operation, engine);
  SendAnswer answer{operation.from, operation.parcel, ReplyOf(status)};
  if (status.ok()) {
    s.Emit(Action{std::move(answer)});
  } else {
    s.out.push_back(std::move(answer));
  }
  s.ReleaseIfIdle();
}

absl::Status Queue::State::Operate(const Operation& operation,
                                   store::Engine& engine) {
  const Control& control = operation.control;
  if (const auto done = operated.find(operation.parcel);
      done != operated.end()) {
    if (done->second.principal == operation.principal) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "somebody else has used this parcel's id");
  }
  // What is asked of a server that cannot store it is not kept for later: by
  // then the operator may have thought better of it.
  if (!trouble.ok()) return absl::UnavailableError(trouble.message());
  ForgetOperations();
  switch (control.verb()) {
    case Control::DRAIN:
    case Control::RESUME:
      return OperateHost(operation);
    case Control::HOLD:
    case Control::RELEASE:
    case Control::CANCEL:
    case Control::NOW:
    case Control::RETRY:
    case Control::MARK_DONE:
    case Control::MARK_FAILED:
      break;
    default:
      return absl::InvalidArgumentError("an unknown verb");
  }
  const JobId job{control.job()};
  const bool was_open = scheduler.Has(job);
  int64_t ended_ms = 0;
  if (!was_open) {
    if (jobs.contains(job.value)) {
      return absl::UnavailableError(
          absl::StrCat("job ", job.value, " is just ending"));
    }
    const bool may = control.verb() == Control::RETRY ||
                     control.verb() == Control::MARK_DONE ||
                     control.verb() == Control::MARK_FAILED;
    if (!may && job.value != 0 && job.value <= stored_seq) {
      return absl::FailedPreconditionError(
          absl::StrCat("job ", job.value, " has ended"));
    }
    TRY(Reopen(job, engine, &ended_ms));
  }
  Operated event{job, control.verb(), {}, operation.principal};
  absl::Status status =
      FindTasks(job, scheduler.Spec(job), control, &event.tasks);
  if (status.ok()) status = scheduler.Check(event);
  // To begin anew is to run it, whoever injected it.
  if (status.ok() && control.verb() == Control::RETRY &&
      options.may_run != nullptr) {
    status = options.may_run(operation.principal, scheduler.Spec(job));
  }
  if (!status.ok()) {
    if (!was_open) {
      scheduler.Drop(job);
      jobs.erase(job.value);
    }
    return status;
  }
  if (!was_open) {
    ended_jobs.erase({ended_ms, job.value});
    // With the head that says so, so that it is always in one of both.
    Touch(job, OpenBatch::kHead)
        .also.push_back(
            store::Delete(keys.Ended(base::FromMillis(ended_ms), job)));
    open.operations++;
  }
  AddNote(job, operation);
  // With the note, so that it has happened once or not at all.
  store::Operation remember = Remember(operation);
  Touch(job, OpenBatch::kHead).also.push_back(std::move(remember));
  Feed(event);
  return absl::OkStatus();
}

absl::Status Queue::State::Reopen(JobId job, store::Engine& engine,
                                  int64_t* ended_ms) {
  if (job.value == 0 || job.value > stored_seq) {
    return absl::NotFoundError(absl::StrCat("there is no job ", job.value));
  }
  Pieces pieces;
  pieces.job = job;
  TRY(ReadPieces(engine, pieces));
  *ended_ms = static_cast<int64_t>(pieces.head.ended_ms());
  TRY_ASSIGN(std::unique_ptr<QueuedJob> made, MakeLoaded(pieces));
  TRY(base::Context(scheduler.Reopen(job, made->spec, std::move(pieces.tasks),
                                     made->injected),
                    keys.Head(job)));
  jobs[job.value] = std::move(made);
  return absl::OkStatus();
}

void Queue::State::AddNote(JobId job, const Operation& operation) {
  QueuedJob& record = *jobs.at(job.value);
  pb::JobNote note;
  note.set_at_ms(static_cast<uint64_t>(base::ToMillis(now)));
  note.set_principal(operation.principal);
  note.set_verb(operation.control.verb());
  std::string names;
  for (const std::string& name : operation.control.task()) {
    if (names.size() + name.size() > kMaxNotedBytes) {
      names += " ...";
      break;
    }
    absl::StrAppend(&names, names.empty() ? "" : " ", name);
  }
  note.set_tasks(names);
  std::vector<pb::JobNote>& notes = record.past.Edit().notes;
  if (notes.size() == kKeptNotes) notes.erase(notes.begin());
  notes.push_back(std::move(note));
  Touch(job, OpenBatch::kHead);
  open.bytes += notes.back().ByteSizeLong();
  open.waiting.changed.insert(job);
  LogBy(absl::StrCat("operator.", VerbWord(operation.control.verb())), job,
        names, "", operation.principal);
}

absl::Status Queue::State::OperateHost(const Operation& operation) {
  const std::string& host = operation.control.host();
  TRY(CheckHost(host));
  const bool drain = operation.control.verb() == Control::DRAIN;
  if (drain == drained.contains(host)) {
    return absl::FailedPreconditionError(
        absl::StrCat(host, drain ? " is drained already" : " is not drained"));
  }
  const std::string key = keys.Drained(host);
  Group group = {.operations = {Remember(operation)}};
  if (drain) {
    pb::DrainedHost record;
    record.set_principal(operation.principal);
    record.set_since_ms(static_cast<uint64_t>(base::ToMillis(now)));
    group.operations.push_back(store::Put(key, PackMessage(record)));
    open.bytes += record.ByteSizeLong();
    drained[host] = std::move(record);
  } else {
    group.operations.push_back(store::Delete(key));
    drained.erase(host);
  }
  open.first.push_back(std::move(group));
  open.operations++;
  open.bytes += key.size();
  LogBy(absl::StrCat("operator.", VerbWord(operation.control.verb())), JobId{},
        "", host, operation.principal);
  Feed(HostDrained{host, drain});
  return absl::OkStatus();
}

// --- repeats -----------------------------------------------------------------

// What the server remembers of parcels it has taken ends with it; this does
// not.
store::Operation Queue::State::Remember(const Operation& operation) {
  const int64_t ms = base::ToMillis(now);
  operated[operation.parcel] = {ms, operation.principal};
  operated_times.emplace(ms, operation.parcel);
  store::Operation put = store::Put(
      keys.Operation(operation.parcel),
      absl::StrCat(PackNumber(static_cast<uint64_t>(ms)), operation.principal));
  open.operations++;
  open.bytes += put.key.size() + put.value.size();
  return put;
}

void Queue::State::ForgetOperations() {
  const int64_t until = base::ToMillis(now - kKeepOperations);
  for (int n = 0; n < kForgottenAtOnce && !operated_times.empty() &&
                  operated_times.begin()->first < until;
       n++) {
    const base::ParcelId parcel = operated_times.begin()->second;
    operated_times.erase(operated_times.begin());
    operated.erase(parcel);
    std::string key = keys.Operation(parcel);
    open.operations++;
    open.bytes += key.size();
    open.first.push_back({.operations = {store::Delete(std::move(key))}});
  }
}

}  // namespace mcfeely
