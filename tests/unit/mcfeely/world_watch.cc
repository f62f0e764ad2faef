// What becomes durable in a World, as it does: world_rules.cc says of each task
// whether it may.

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/time.h"
#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using pb::Control;
using Record = pb::TaskRecord;
using Kind = Keys::JobKey::Kind;

namespace {

bool IsMark(Verb verb) {
  return verb == Control::MARK_DONE || verb == Control::MARK_FAILED;
}

}  // namespace

// Before the first of its operations. A host that is drained now, and not
// resumed by it, gets no attempt in it.
void World::State::WatchTransaction(const store::Transaction& txn) {
  still_drained = drained;
  for (const store::Operation& op : txn.operations) {
    if (op.kind == store::Operation::Kind::kPut) continue;
    const std::string all = keys.AllDrained();
    if (absl::StartsWith(op.key, all)) {
      still_drained.erase(op.key.substr(all.size()));
    }
  }
}

void World::State::Watch(const store::Operation& op) {
  const bool put = op.kind == store::Operation::Kind::kPut;
  const auto key = keys.ParseJobKey(op.key);
  if (!key.has_value()) {
    if (absl::StartsWith(op.key, keys.Parcels()) ||
        absl::StartsWith(op.key, keys.Idempotencies())) {
      WatchParcel(op);
    } else if (absl::StartsWith(op.key, keys.AllDrained())) {
      WatchDrained(op);
    } else if (absl::StartsWith(op.key, keys.AllOperations())) {
      WatchOperation(op);
    }
    return;
  }
  const auto found = by_number.find(key->job.value);
  if (!put) {
    if (found != by_number.end()) {
      Wrong("a piece of an accepted job is deleted");
    }
    return;
  }
  if (key->kind == Kind::kHead) return WatchHead(op);
  if (found == by_number.end()) return;
  JobTruth& job = jobs[found->second];
  if (key->kind == Kind::kRun) {
    WatchRuns(job, static_cast<uint32_t>(key->number), op);
  } else if (key->kind == Kind::kPart) {
    pb::JobPart part;
    if (!UnpackMessage(op.value, part).ok()) return Wrong("a bad part");
    WatchTable(job, key->number * kTasksInTable, part.task());
  }
}

void World::State::WatchParcel(const store::Operation& op) {
  const auto before = disk.entries().find(op.key);
  if (op.kind != store::Operation::Kind::kPut ||
      (before != disk.entries().end() && before->second != op.value)) {
    return Wrong("what was decided about a parcel has changed");
  }
  const auto id = keys.ParseParcel(op.key);
  if (!id.has_value()) return;
  const uint64_t number =
      *UnpackNumber(absl::string_view(op.value).substr(0, 16));
  const auto known = by_parcel.find(*id);
  if (known == by_parcel.end()) return Wrong("a job nobody injected");
  JobTruth& job = jobs[known->second];
  if (job.forbidden) return Wrong("a job that the policy forbids is stored");
  const auto [at, is_new] = by_number.emplace(number, known->second);
  if (!is_new && at->second != known->second) {
    return Wrong("two jobs have one number");
  }
  job.number = number;
}

void World::State::WatchDrained(const store::Operation& op) {
  const std::string host(absl::StripPrefix(op.key, keys.AllDrained()));
  if (op.kind != store::Operation::Kind::kPut) {
    drained.erase(host);
    return;
  }
  pb::DrainedHost record;
  if (!UnpackMessage(op.value, record).ok()) return Wrong("a bad drained host");
  drained.insert(host);
  const auto found = operations.find(std::string(record.principal()));
  if (found == operations.end()) return Wrong("a host nobody has drained");
  OperationTruth& asked = *found->second;
  if (asked.verb() != Control::DRAIN || asked.what.control.host() != host ||
      asked.forbidden) {
    return Wrong("a host is drained that nobody may have drained");
  }
  TakeEffect(asked);
  facts.drained++;
}

// A parcel that has taken effect is remembered with what it did; that somebody
// has resumed a host is written nowhere else.
void World::State::WatchOperation(const store::Operation& op) {
  if (op.kind != store::Operation::Kind::kPut) return;
  const auto id = keys.ParseOperation(op.key);
  const auto found =
      id.has_value() ? operation_of.find(*id) : operation_of.end();
  if (found == operation_of.end()) return Wrong("an operation of nobody");
  OperationTruth& asked = *found->second;
  asked.remembered = true;
  if (asked.forbidden) return Wrong("somebody operates who may not");
  if (asked.verb() == Control::RESUME) TakeEffect(asked);
}

void World::State::TakeEffect(OperationTruth& asked) {
  if (asked.answered && asked.refused) {
    return Wrong("a refused operation has left a trace");
  }
  if (std::exchange(asked.stored, true)) {
    return Wrong("an operation has taken effect twice");
  }
  facts.operations++;
}

void World::State::WatchHead(const store::Operation& op) {
  pb::JobHead head;
  if (!UnpackMessage(op.value, head).ok()) return Wrong("a bad head");
  // The parcel's key is in the same transaction, before it.
  const auto found = by_number.find(head.job());
  if (found == by_number.end()) return Wrong("a head without its parcel");
  JobTruth& job = jobs[found->second];
  WatchNotes(job, head);
  if (!violation.empty()) return;
  if (head.tasks() <= kTasksInTable) WatchTable(job, 0, head.task());
  if (!violation.empty()) return;
  NoteCancels(job);
  WatchEnd(job, head);
  job.fresh.clear();
  job.has_head = true;
}

// Once what the store had before was compared with what it has now.
void World::State::NoteCancels(JobTruth& job) {
  for (uint32_t t = 0; t < job.records.size(); t++) {
    const Record& record = job.records[t];
    bool just_cancelled = false;
    for (const OperationTruth* o : job.fresh) {
      if (!o->Covers(t)) continue;
      if (o->verb() == Control::CANCEL) just_cancelled = true;
      if (IsMark(o->verb())) just_cancelled = false;
      if (o->verb() == Control::RETRY)
        just_cancelled = job.cancelled[t] = false;
    }
    if (!just_cancelled) continue;
    // What had ended before is what it was.
    job.cancelled[t] =
        record.cancelling() || record.state() == Record::CANCELLED;
    if (!job.cancelled[t] && !HasEnded(record.state())) {
      Wrong("a task was cancelled and goes on");
    }
  }
}

// Those that are new belong to operations that are, and the job is held if they
// say so.
void World::State::WatchNotes(JobTruth& job, const pb::JobHead& head) {
  int first = 0;
  if (!job.notes.empty()) {
    while (first < head.note_size() &&
           head.note(first).principal() != job.notes.back()) {
      first++;
    }
    if (first++ == head.note_size()) return Wrong("a note is gone");
  }
  bool held = job.has_head ? job.held : job.load.job.hold;
  for (int n = first; n < head.note_size(); n++) {
    const pb::JobNote& note = head.note(n);
    const auto found = operations.find(std::string(note.principal()));
    if (found == operations.end()) return Wrong("a note that nobody made");
    OperationTruth& asked = *found->second;
    const Control& control = asked.what.control;
    if (asked.forbidden || control.job() != head.job() ||
        control.verb() != note.verb() ||
        absl::StrJoin(control.task(), " ") != note.tasks()) {
      return Wrong("a note says what its operator did not ask for");
    }
    TakeEffect(asked);
    job.notes.push_back(note.principal());
    job.fresh.push_back(&asked);
    job.done.push_back(&asked);
    if (note.verb() == Control::HOLD && note.tasks().empty()) held = true;
    if (note.verb() == Control::RELEASE && note.tasks().empty()) held = false;
    const bool mark = IsMark(note.verb());
    job.touched |= mark || note.verb() == Control::CANCEL;
    for (uint32_t t = 0; t < job.records.size(); t++) {
      if ((mark || note.verb() == Control::CANCEL ||
           note.verb() == Control::RETRY) &&
          asked.Covers(t) && job.records[t].state() != Record::SUCCEEDED) {
        job.meddled[t] = true;
      }
      for (const uint32_t need : job.needs[t]) {
        if (job.meddled[need]) job.meddled[t] = true;
      }
    }
  }
  if (head.state() != pb::JOB_OPEN) held = false;
  if (head.held() != held) {
    return Wrong(absl::StrCat("job ", head.job(), held ? " is not" : " is",
                              " held, as no operator said"));
  }
}

void World::State::WatchEnd(JobTruth& job, const pb::JobHead& head) {
  const bool began_anew =
      std::any_of(job.fresh.begin(), job.fresh.end(), [](const auto* o) {
        return o->verb() == Control::RETRY || IsMark(o->verb());
      });
  if (job.state != pb::JOB_OPEN && job.state != head.state() && !began_anew) {
    Wrong("the end of a job has changed");
  }
  if (head.ends() < job.ends) Wrong("a job's end is forgotten");
  job.state = head.state();
  job.held = head.held();
  job.ends = head.ends();
  if (job.state == pb::JOB_OPEN) return;
  bool failed = false, cancelled = false;
  for (uint32_t t = 0; t < job.records.size(); t++) {
    const Record& r = job.records[t];
    if (!HasEnded(r.state())) Wrong("a job has ended and a task has not");
    cancelled |= r.state() == Record::CANCELLED;
    failed |= r.state() == Record::FAILED ||
              (r.state() == Record::SKIPPED && r.culprit() != t);
  }
  const pb::JobState meant = cancelled ? pb::JOB_CANCELLED
                             : failed  ? pb::JOB_FAILED
                                       : pb::JOB_DONE;
  if (job.state != meant) {
    Wrong(absl::StrCat("job ", job.number, " is ", pb::JobState_Name(job.state),
                       ", its tasks mean ", pb::JobState_Name(meant)));
  }
}

void World::State::WatchTable(
    JobTruth& job, size_t first,
    const google::protobuf::RepeatedPtrField<Record>& table) {
  if (first + table.size() > job.records.size()) {
    return Wrong("a task too many");
  }
  for (int i = 0; i < table.size(); i++) {
    const Record& is = table[i];
    const uint32_t t = static_cast<uint32_t>(first + i);
    const Record& was = job.records[t];
    std::string wrong = CheckChange(job, t, is);
    if (wrong.empty()) wrong = CheckAttempt(job, t, is);
    const bool same_end =
        is.state() == was.state() && is.attempt_id() == was.attempt_id() &&
        is.marked() == was.marked() && is.ended_ms() == was.ended_ms();
    if (wrong.empty() && !same_end) wrong = CheckVerdict(job, t, is);
    if (!wrong.empty()) {
      return Wrong(absl::StrCat("task ", t, " of job ", job.number, " is ",
                                Name(is.state()), ": ", wrong));
    }
  }
  for (int i = 0; i < table.size(); i++) {
    const Record& is = job.records[first + i] = table[i];
    if (!is.attempt_id().empty()) {
      stored_attempts.insert(AttemptId::From(is.attempt_id()));
    }
  }
}

void World::State::WatchRuns(JobTruth& job, uint32_t task,
                             const store::Operation& op) {
  pb::TaskRuns runs;
  if (!UnpackMessage(op.value, runs).ok()) return Wrong("bad runs");
  absl::flat_hash_set<std::string> ids;
  for (const pb::AttemptView& view : runs.attempt()) {
    if (!ids.insert(view.id()).second) Wrong("an attempt is counted twice");
    if (view.verdict() == pb::INTERRUPTED) continue;
    const auto truth = attempts.find(AttemptId::From(view.id()));
    if (view.verdict() == pb::CANCELLED) {
      // It was never started, or has ended for it, or nobody waits for it.
      const bool asked =
          std::any_of(job.asked.begin(), job.asked.end(), [&](const auto* o) {
            return o->Covers(task) && (o->verb() == Control::CANCEL ||
                                       o->verb() == Control::MARK_DONE ||
                                       o->verb() == Control::MARK_FAILED);
          });
      if (!asked) Wrong("an attempt is cancelled, and nobody said so");
      continue;
    }
    const pb::Verdict said =
        truth == attempts.end() ? pb::VERDICT_NONE : truth->second.ended;
    if (view.verdict() != said) {
      Wrong("an attempt's verdict is not what its comm said");
    }
  }
}

// An agent that hears this forgets the results: they must be stored.
void World::State::CheckConfirmed(const pb::Results& confirmed) {
  for (const pb::Result& r : confirmed.result()) {
    const auto found = by_number.find(r.job());
    if (found == by_number.end()) return Wrong("a result of no job");
    // Its agent died before it was given to it for good; or the server.
    if (r.verdict() == pb::INTERRUPTED &&
        !stored_attempts.contains(AttemptId::From(r.attempt()))) {
      continue;
    }
    const Record& record = jobs[found->second].records[r.task()];
    if (record.state() == Record::UNTOUCHED && record.attempts() == 0) {
      return Wrong("a result is confirmed of a task without attempts");
    }
    // A later one is open; or an operator has decided.
    if (record.attempt_id() != r.attempt() || record.marked()) continue;
    const bool open = record.state() == Record::DISPATCHED ||
                      record.state() == Record::RUNNING;
    const bool cancelled = record.state() == Record::CANCELLED;
    if (open ||
        (r.verdict() == pb::DONE && record.state() != Record::SUCCEEDED) ||
        (r.verdict() == pb::FAILED && record.state() != Record::FAILED &&
         !cancelled)) {
      return Wrong(absl::StrCat(
          "a result (", pb::Verdict_Name(r.verdict()),
          ") was confirmed and is not stored: ", Name(record.state())));
    }
  }
}

}  // namespace mcfeely
