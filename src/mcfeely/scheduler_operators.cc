// What operators may do to jobs and tasks.

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "mcfeely/scheduler_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using Record = pb::TaskRecord;
using pb::Control;

namespace {

absl::string_view EndWord(Record::Stored stored) {
  switch (stored) {
    case Record::SUCCEEDED:
      return "done";
    case Record::FAILED:
      return "failed";
    case Record::CANCELLED:
      return "cancelled";
    default:
      return "skipped";
  }
}

// The tasks meant: those named, or all.
std::vector<uint32_t> Meant(const OpenJob& job,
                            const std::vector<TaskIndex>& tasks) {
  std::vector<uint32_t> meant;
  for (const TaskIndex t : tasks) meant.push_back(t.value);
  if (meant.empty()) {
    for (uint32_t t = 0; t < job.size(); t++) meant.push_back(t);
  }
  std::sort(meant.begin(), meant.end());
  meant.erase(std::unique(meant.begin(), meant.end()), meant.end());
  return meant;
}

bool MayBeRetried(const OpenJob& job, uint32_t t) {
  return job.Ended(t) && job.status(t).stored != Record::SUCCEEDED &&
         !(job.status(t).stored == Record::SKIPPED &&
           job.status(t).culprit == t);
}

// When what begins anew does so: not before the birth of what has been
// attempted already, which stays as it is. Load tells one from the other by
// these times, and the clock may have been set back since.
absl::Time AnewAt(const OpenJob& job, absl::Time now) {
  absl::Time at = now;
  for (uint32_t t = 0; t < job.size(); t++) {
    const TaskStatus& status = job.status(t);
    const bool attempted = status.stored != Record::UNTOUCHED &&
                           status.stored != Record::SKIPPED &&
                           status.stored != Record::CANCELLED && !status.marked;
    if (attempted) at = std::max<absl::Time>(at, status.eligible);
  }
  return at;
}

}  // namespace

// --- what speaks against it --------------------------------------------------

absl::Status Scheduler::Check(const Operated& e) const {
  const OpenJob& job = *state_->Find(e.job.value);
  const std::string name = absl::StrCat("job ", e.job.value);
  const auto no = [](const absl::AlphaNum& what, absl::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat(what, " ", why));
  };
  for (const TaskIndex t : e.tasks) {
    if (t.value >= job.size()) return no(name, "has no such task");
    TRY(state_->CheckTask(job, e.verb, t.value));
  }
  if (e.verb == Control::RETRY) {
    const std::vector<uint32_t> meant = Meant(job, e.tasks);
    for (const TaskIndex t : e.tasks) {
      const uint32_t culprit = job.CulpritOf(t.value);
      if (std::binary_search(meant.begin(), meant.end(), culprit)) continue;
      return no(absl::StrCat(e.job.value, ".", job.spec->tasks[t.value].name),
                absl::StrCat("was skipped for ", job.spec->tasks[culprit].name,
                             ", which must be retried, too"));
    }
  }
  if (!e.tasks.empty()) return absl::OkStatus();
  const auto any = [&](auto holds) {
    for (uint32_t t = 0; t < job.size(); t++) {
      if (holds(t)) return true;
    }
    return false;
  };
  switch (e.verb) {
    case Control::HOLD:
      return job.flags.held ? no(name, "is held already") : absl::OkStatus();
    case Control::RELEASE:
      return job.flags.held ? absl::OkStatus() : no(name, "is not held");
    case Control::CANCEL:
      return any([&](uint32_t t) {
        return !job.Ended(t) && !job.status(t).cancelling;
      })
                 ? absl::OkStatus()
                 : no(name, "is being cancelled already");
    case Control::NOW:
      return any([&](uint32_t t) {
        return job.tasks[t].phase == Phase::kDelayed;
      })
                 ? absl::OkStatus()
                 : no(name, "has no task that is delayed");
    case Control::RETRY:
      return any([&](uint32_t t) { return MayBeRetried(job, t); })
                 ? absl::OkStatus()
                 : no(name, "has no task that has failed");
    default:
      return no(name, "as a whole cannot be marked; name its tasks");
  }
}

absl::Status Scheduler::State_::CheckTask(const OpenJob& job, Verb verb,
                                          uint32_t t) const {
  const TaskStatus& status = job.status(t);
  const auto no = [&](absl::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat(job.id, ".", job.spec->tasks[t].name, " ", why));
  };
  const std::string ended =
      job.Ended(t) ? absl::StrCat("is ", EndWord(status.stored), " already")
                   : "";
  switch (verb) {
    case Control::HOLD:
      if (!ended.empty()) return no(ended);
      return status.held ? no("is held already") : absl::OkStatus();
    case Control::RELEASE:
      return status.held || status.stored == Record::HELD ? absl::OkStatus()
                                                          : no("is not held");
    case Control::CANCEL:
      if (!ended.empty()) return no(ended);
      return status.cancelling ? no("is being cancelled already")
                               : absl::OkStatus();
    case Control::NOW:
      return job.tasks[t].phase == Phase::kDelayed ? absl::OkStatus()
                                                   : no("is not delayed");
    case Control::RETRY:
      if (ended.empty()) return no("has not ended");
      return MayBeRetried(job, t) ? absl::OkStatus() : no(ended);
    case Control::MARK_DONE:
    case Control::MARK_FAILED:
      if (status.stored == Record::SUCCEEDED ||
          (status.stored == Record::FAILED && verb == Control::MARK_FAILED)) {
        return no(ended);
      }
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError("an unknown verb");
  }
}

// --- doing it ----------------------------------------------------------------

void Scheduler::State_::Handle(const Operated& e) {
  OpenJob* job = Find(e.job.value);
  if (job == nullptr) return;
  switch (e.verb) {
    case Control::HOLD:
      Hold(*job, e.tasks);
      break;
    case Control::RELEASE:
      Release(*job, e.tasks);
      break;
    case Control::CANCEL:
      Cancel(*job, e.tasks, e.by);
      break;
    case Control::NOW:
      DueNow(*job, e.tasks);
      break;
    case Control::RETRY:
      Retry(*job, e.tasks);
      break;
    case Control::MARK_DONE:
      Mark(*job, e.tasks, true, e.by);
      break;
    case Control::MARK_FAILED:
      Mark(*job, e.tasks, false, e.by);
      break;
    default:
      break;
  }
  EndIfFinished(*job);
}

// Nobody is told that what is held takes long, so the timers of delayed tasks
// change with it.
void Scheduler::State_::Hold(OpenJob& job,
                             const std::vector<TaskIndex>& tasks) {
  const std::vector<uint32_t> meant = Meant(job, tasks);
  for (const uint32_t t : meant) Unplace(job, t);
  if (tasks.empty()) {
    job.flags.held = true;
    effects.push_back(SaveJob{JobId{job.id}});
  }
  for (const TaskIndex t : tasks) {
    job.status(t.value).held = true;
    Save(job, t.value);
  }
  for (const uint32_t t : meant) {
    if (job.tasks[t].phase == Phase::kDelayed) MakeDelayed(job, t);
    if (job.tasks[t].phase == Phase::kReady) {
      job.tasks[t].phase = Phase::kHeld;
    }
  }
}

void Scheduler::State_::Release(OpenJob& job,
                                const std::vector<TaskIndex>& tasks) {
  const std::vector<uint32_t> meant = Meant(job, tasks);
  for (const uint32_t t : meant) Unplace(job, t);
  if (tasks.empty()) {
    job.flags.held = false;
    effects.push_back(SaveJob{JobId{job.id}});
  }
  for (const TaskIndex t : tasks) {
    TaskStatus& status = job.status(t.value);
    status.held = false;
    if (status.stored == Record::HELD) {
      status.stored = Record::DELAYED;
      status.due = now;
    }
    Save(job, t.value);
  }
  for (const uint32_t t : meant) {
    if (job.tasks[t].phase == Phase::kDelayed) MakeDelayed(job, t);
    if (job.tasks[t].phase == Phase::kReady ||
        (job.tasks[t].phase == Phase::kHeld &&
         job.status(t).stored != Record::HELD)) {
      MakeReady(job, t);
    }
  }
}

void Scheduler::State_::DueNow(OpenJob& job,
                               const std::vector<TaskIndex>& tasks) {
  if (tasks.empty() && job.spec->start > now && !job.flags.start_now) {
    job.flags.start_now = true;
    effects.push_back(SaveJob{JobId{job.id}});
  }
  for (const uint32_t t : Meant(job, tasks)) {
    if (job.tasks[t].phase != Phase::kDelayed) continue;
    Unplace(job, t);
    TaskStatus& status = job.status(t);
    status.stored = Record::DELAYED;
    status.eligible = std::min<absl::Time>(status.eligible, now);
    status.due = now;
    Save(job, t);
    MakeReady(job, t);
  }
}

void Scheduler::State_::AskToEnd(OpenJob& job, uint32_t t) {
  const SchedulerHost& host = *job.tasks[t].host;
  if (!host.connected) return;
  effects.push_back(CancelAttempt{host.name, job.status(t).attempt});
}

// Of a whole job every task ends as cancelled, none is skipped for another.
void Scheduler::State_::Cancel(OpenJob& job,
                               const std::vector<TaskIndex>& tasks,
                               const std::string& by) {
  const std::string reason = absl::StrCat("cancelled by ", by);
  std::vector<uint32_t> ended;
  for (const uint32_t t : Meant(job, tasks)) {
    TaskStatus& status = job.status(t);
    if (job.Ended(t) || status.cancelling) continue;
    if (job.tasks[t].phase == Phase::kOpen) {
      status.cancelling = true;
      status.reason = reason.substr(0, kMaxReasonBytes);
      Save(job, t);
      AskToEnd(job, t);
      continue;
    }
    Unplace(job, t);
    EndTask(job, t, Record::CANCELLED, reason);
    ended.push_back(t);
  }
  for (const uint32_t t : ended) {
    for (const uint32_t d : Settle(job, t)) Save(job, d);
  }
}

void Scheduler::State_::Retry(OpenJob& job,
                              const std::vector<TaskIndex>& tasks) {
  const absl::Time anew = AnewAt(job, now);
  for (const uint32_t t : Meant(job, tasks)) {
    if (!MayBeRetried(job, t)) continue;
    TaskStatus& was = job.status(t);
    TaskStatus status;
    status.held = was.held;
    status.attempts = was.attempts;
    status.reset.Edit().earlier = was.attempts;
    status.reset.Edit().when = anew;
    was = std::move(status);
    job.tasks[t].phase = Phase::kWaiting;
    job.unfinished++;
    unfinished++;
    Save(job, t);
  }
  Rederive(job, anew);
}

void Scheduler::State_::Mark(OpenJob& job, const std::vector<TaskIndex>& tasks,
                             bool done, const std::string& by) {
  const std::string reason =
      absl::StrCat("marked ", done ? "done" : "failed", " by ", by);
  const absl::Time anew = AnewAt(job, now);
  for (const uint32_t t : Meant(job, tasks)) {
    if (job.tasks[t].phase == Phase::kOpen) {
      // Nobody waits for its end, so it is not to take anybody's place.
      AskToEnd(job, t);
      CloseAttempt(job, t, pb::CANCELLED, reason);
    }
    Unplace(job, t);
    if (job.Ended(t)) {
      // What went on from the verdict before has not done so in vain.
      job.status(t).reset.Edit().when = anew;
      // EndTask counts it as ended once more.
      job.unfinished++;
      unfinished++;
    }
    EndTask(job, t, done ? Record::SUCCEEDED : Record::FAILED, reason);
    job.status(t).marked = true;
    job.status(t).culprit = 0;
  }
  Rederive(job, anew);
}

// What follows from the verdicts there are, from the beginning: after one has
// been taken back.
void Scheduler::State_::Rederive(OpenJob& job, absl::Time anew) {
  constexpr uint32_t kNotSkipped = UINT32_MAX;
  std::vector<uint32_t> culprits(job.size(), kNotSkipped);
  for (uint32_t t = 0; t < job.size(); t++) {
    TaskStatus& status = job.status(t);
    if (status.stored == Record::SKIPPED) {
      culprits[t] = std::exchange(status.culprit, 0);
      status.stored = Record::UNTOUCHED;
      status.ended = status.eligible = Millis();
      // What went on from its end stays as it is.
      status.reset.Edit().when = anew;
      job.unfinished++;
      unfinished++;
    } else if (status.stored == Record::UNTOUCHED) {
      Unplace(job, t);
      status.eligible = Millis();
    } else {
      continue;
    }
    job.tasks[t].phase = Phase::kWaiting;
  }
  CountNeeds(job);
  SettleAll(job);
  for (uint32_t t = 0; t < job.size(); t++) {
    if (job.tasks[t].phase == Phase::kWaiting) Place(job, t);
    const TaskStatus& status = job.status(t);
    const uint32_t culprit =
        status.stored == Record::SKIPPED ? status.culprit : kNotSkipped;
    if (culprit != kNotSkipped || culprits[t] != kNotSkipped) Save(job, t);
  }
}

}  // namespace mcfeely
