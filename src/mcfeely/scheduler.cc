#include "mcfeely/scheduler.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "mcfeely/backoff.h"
#include "mcfeely/scheduler_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using Record = pb::TaskRecord;

Scheduler::Scheduler(SchedulerLimits limits, std::function<AttemptId()> new_id)
    : state_(std::make_unique<State_>()) {
  state_->limits = limits;
  state_->new_id = std::move(new_id);
}
Scheduler::~Scheduler() = default;

std::vector<Effect> Scheduler::On(const Event& e, absl::Time now) {
  State_& s = *state_;
  s.effects.clear();
  s.now = std::max(s.now, base::FromMillis(base::ToMillis(now)));
  s.FinishLoaded();
  std::visit([&](const auto& event) { s.Handle(event); }, e);
  s.FireTimers();
  s.StartReady();
  s.TellWake();
  return std::move(s.effects);
}

// --- events ------------------------------------------------------------------

void Scheduler::State_::Handle(const JobAccepted& e) {
  MUST(Find(e.job.value) == nullptr);
  const absl::Time accepted =
      e.accepted == absl::InfinitePast() ? now : e.accepted;
  std::vector<TaskStatus> untouched(e.spec->tasks.size());
  std::vector<uint32_t> skipped;
  // A job's fields are checked before it is accepted; a graph that cannot be
  // made is a mistake of ours.
  MUST(Add(e.job, e.spec, std::move(untouched), accepted,
           {.held = e.spec->hold}, /*stored=*/false, &skipped)
           .ok());
  OpenJob& job = *Find(e.job.value);
  for (const uint32_t t : skipped) Save(job, t);
  EndIfFinished(job);
}

void Scheduler::State_::Handle(const AgentOpened& e) {
  SchedulerHost& host = HostOf(e.host);
  // A copy: an interrupted attempt leaves the set.
  const std::vector<TaskRef> open(host.open.begin(), host.open.end());
  for (const TaskRef& ref : open) ListenNoMore(*Find(ref.job), ref.task);
  host.connected = true;
  host.connected_at = now;
  host.journal = e.journal;
  for (const TaskRef& ref : open) Listen(*Find(ref.job), ref.task);
  away.erase(e.host);
  const absl::flat_hash_set<AttemptId> known(e.known.begin(), e.known.end());
  for (const TaskRef& ref : open) {
    OpenJob& job = *Find(ref.job);
    const TaskStatus& status = job.tasks[ref.task].status;
    if (status.journal != e.journal) {
      Interrupted(job, ref.task,
                  absl::StrCat("the journal of ", host.name, " is a new one"));
    } else if (known.contains(status.attempt)) {
      if (status.cancelling) AskToEnd(job, ref.task);
    } else if (status.stored == Record::RUNNING) {
      // It had been journalled, or the agent could not have said that it runs.
      Interrupted(job, ref.task,
                  absl::StrCat("the journal of ", host.name, " has lost it"));
    } else if (status.cancelling) {
      Cancelled(job, ref.task, pb::CANCELLED, "it was never started");
    } else {
      effects.push_back(Dispatch{host.name, JobId{ref.job}, TaskIndex{ref.task},
                                 status.attempt, status.attempts});
    }
  }
  Line(host);
}

void Scheduler::State_::Handle(const AgentClosed& e) {
  const auto found = hosts.find(e.host);
  if (found == hosts.end()) return;
  SchedulerHost& host = found->second;
  for (const TaskRef& ref : host.open) ListenNoMore(*Find(ref.job), ref.task);
  host.connected = false;
  host.journal = JournalId();
  const std::vector<Moment> overdue(host.overdue.begin(), host.overdue.end());
  for (const Moment& m : overdue) {
    // A job whose last task was given up is gone, and with it what it had here.
    OpenJob* job = Find(m.job);
    if (job != nullptr && job->tasks[m.task].phase == Phase::kReady) {
      GiveUp(*job, m.task, AwayWords(e.host));
    }
  }
  if (const auto again = hosts.find(e.host); again != hosts.end()) {
    Forget(again->second);
  }
}

void Scheduler::State_::Handle(const AttemptStarted& e) {
  const auto found = open_attempts.find(e.attempt);
  if (found == open_attempts.end()) return;
  OpenJob& job = *Find(found->second.job);
  const uint32_t t = found->second.task;
  if (job.tasks[t].host->name != e.host) return;
  if (job.tasks[t].status.stored != Record::DISPATCHED) return;
  ListenNoMore(job, t);
  job.tasks[t].status.stored = Record::RUNNING;
  Listen(job, t);
  Save(job, t);
}

void Scheduler::State_::Handle(const AttemptEnded& e) {
  const auto found = open_attempts.find(e.attempt);
  if (found == open_attempts.end()) return;
  OpenJob& job = *Find(found->second.job);
  const uint32_t t = found->second.task;
  if (job.tasks[t].host->name != e.host) return;
  const absl::string_view reason =
      absl::string_view(e.reason).substr(0, kMaxReasonBytes);
  if (job.status(t).cancelling && e.verdict != pb::DONE) {
    return Cancelled(job, t, e.verdict, std::string(reason));
  }
  switch (e.verdict) {
    case pb::DONE:
      CloseAttempt(job, t, e.verdict, reason);
      return Finish(job, t, Record::SUCCEEDED, std::string(reason));
    case pb::DEFERRED:
      CloseAttempt(job, t, e.verdict, reason);
      return TryAgain(job, t, e.retry_after, e.tell);
    case pb::FAILED:
      CloseAttempt(job, t, e.verdict, reason);
      return Finish(job, t, Record::FAILED, std::string(reason));
    case pb::INTERRUPTED:
    case pb::CANCELLED:  // by nobody here: what it did is unknown
      return Interrupted(job, t, std::string(reason));
    case pb::VERDICT_NONE:
    case pb::Verdict_INT_MIN_SENTINEL_DO_NOT_USE_:
    case pb::Verdict_INT_MAX_SENTINEL_DO_NOT_USE_:
      return;
  }
}

void Scheduler::State_::Handle(const HostDrained& e) {
  SchedulerHost& host = HostOf(e.host);
  host.drained = e.drained;
  Line(host);
  Forget(host);
}

void Scheduler::State_::Handle(const Woken&) {
  // Whoever wakes us has used up the moment it was told.
  told_wake = absl::InfiniteFuture();
}

// --- the end of an attempt --------------------------------------------------

void Scheduler::State_::CloseAttempt(OpenJob& job, uint32_t t,
                                     pb::Verdict verdict,
                                     absl::string_view reason) {
  TaskStatus& status = job.tasks[t].status;
  SchedulerHost& host = *job.tasks[t].host;
  ListenNoMore(job, t);
  open_attempts.erase(status.attempt);
  host.open.erase({job.id, t});
  CountRunning(job, t, -1);
  status.cancelling = false;
  status.ended = now;
  status.reason = std::string(reason.substr(0, kMaxReasonBytes));
  status.journal = JournalId();
  effects.push_back(SaveAttempt{JobId{job.id}, TaskIndex{t}, status.attempt,
                                status.attempts, status.started, verdict,
                                *status.reason});
  Line(host);
}

void Scheduler::State_::Interrupted(OpenJob& job, uint32_t t,
                                    const std::string& reason) {
  if (job.status(t).cancelling) {
    return Cancelled(job, t, pb::INTERRUPTED, reason);
  }
  CloseAttempt(job, t, pb::INTERRUPTED, reason);
  if (job.options(t).safe_to_repeat) return TryAgain(job, t);
  job.tasks[t].status.stored = Record::HELD;
  job.tasks[t].phase = Phase::kHeld;
  Save(job, t);
  effects.push_back(TellHeld{JobId{job.id}, TaskIndex{t}});
}

// The attempt an operator wanted to end has ended, one way or the other.
void Scheduler::State_::Cancelled(OpenJob& job, uint32_t t, pb::Verdict verdict,
                                  const std::string& reason) {
  std::string who = *job.status(t).reason;
  CloseAttempt(job, t, verdict, reason);
  Finish(job, t, Record::CANCELLED, std::move(who));
}

void Scheduler::State_::TryAgain(OpenJob& job, uint32_t t, absl::Duration asked,
                                 bool tell) {
  TaskStatus& status = job.tasks[t].status;
  const TaskOptions& options = job.options(t);
  // After a restart with a clock that was set back, a birth may lie ahead.
  const absl::Time birth =
      std::min<absl::Time>(status.eligible, status.started);
  // An attempt that took longer than the wait is followed by those that became
  // ready meanwhile: the next one is due now, not in the past.
  const absl::Time due =
      asked > absl::ZeroDuration()
          ? now + std::min(asked, options.retry_max)
          : std::max(now, NextAttempt(birth, status.started, options.step,
                                      options.retry_max));
  const bool no_more_tries =
      options.tries > 0 && status.attempts - status.reset->earlier >=
                               static_cast<uint32_t>(options.tries);
  if (no_more_tries || due > GiveUpAt(job, t)) {
    return GiveUp(job, t, *status.reason);
  }
  status.stored = Record::DELAYED;
  status.due = due;
  Save(job, t);
  if (tell && WarnAt(job, t) < absl::InfiniteFuture()) Warn(job, t);
  MakeDelayed(job, t);
}

void Scheduler::State_::GiveUp(OpenJob& job, uint32_t t,
                               absl::string_view last) {
  const TaskStatus& status = job.status(t);
  const uint32_t tries = status.attempts - status.reset->earlier;
  const bool all_tried = job.options(t).tries > 0 &&
                         tries >= static_cast<uint32_t>(job.options(t).tries);
  std::string reason =
      all_tried ? absl::StrCat("gave up after ", tries,
                               tries == 1 ? " attempt" : " attempts")
                : absl::StrCat("gave up after ",
                               base::FormatDuration(job.options(t).retry_for));
  // `last` may be the record's own reason, which EndTask replaces.
  if (!last.empty()) absl::StrAppend(&reason, ": ", last);
  if (job.tasks[t].phase == Phase::kReady) Unplace(job, t);
  Finish(job, t, Record::FAILED, std::move(reason));
}

// The record says how it ended; what that means to others is Settle's.
void Scheduler::State_::EndTask(OpenJob& job, uint32_t t, Record::Stored stored,
                                std::string reason) {
  TaskStatus& status = job.status(t);
  reason.resize(std::min(reason.size(), kMaxReasonBytes));
  status.stored = stored;
  status.reason = std::move(reason);
  status.ended = now;
  status.due = Millis();
  job.tasks[t].phase = Phase::kEnded;
  Save(job, t);
  job.unfinished--;
  unfinished--;
}

void Scheduler::State_::Finish(OpenJob& job, uint32_t t, Record::Stored stored,
                               std::string reason) {
  EndTask(job, t, stored, std::move(reason));
  for (const uint32_t d : Settle(job, t)) Save(job, d);
  EndIfFinished(job);
}

// What the end of `ended` means to those that require it: they are eligible, or
// skipped, which ends them too. Each task ends once, so over the life of a job
// this looks at each edge once. Returns who was skipped.
std::vector<uint32_t> Scheduler::State_::Settle(OpenJob& job, uint32_t ended) {
  std::vector<uint32_t> skipped, left = {ended};
  while (!left.empty()) {
    const uint32_t t = left.back();
    left.pop_back();
    for (const uint32_t d : job.graph->Dependents(t)) {
      OpenTask& task = job.tasks[d];
      task.open_needs--;
      task.need_failed |= job.Failed(t);
      if (task.phase != Phase::kWaiting) continue;
      const RunIf run = job.options(d).run_if;
      const bool bad = run == RunIf::kSuccess && job.Bad(t);
      const bool not_needed = run == RunIf::kFailure && !task.need_failed;
      if (!bad && task.open_needs > 0) continue;
      if (!bad && !not_needed) {
        MakeEligible(job, d);
        continue;
      }
      task.status.stored = Record::SKIPPED;
      task.status.culprit = bad ? job.CulpritOf(t) : d;
      task.status.ended =
          bad ? job.status(task.status.culprit).ended : LastNeedEnded(job, d);
      task.phase = Phase::kEnded;
      job.unfinished--;
      unfinished--;
      skipped.push_back(d);
      left.push_back(d);
    }
  }
  std::sort(skipped.begin(), skipped.end());
  return skipped;
}

bool OpenJob::Ended(uint32_t t) const {
  switch (status(t).stored) {
    case Record::SUCCEEDED:
    case Record::FAILED:
    case Record::SKIPPED:
    case Record::CANCELLED:
      return true;
    default:
      return false;
  }
}

bool OpenJob::Failed(uint32_t t) const {
  const TaskStatus& s = status(t);
  return s.stored == Record::FAILED || s.stored == Record::CANCELLED ||
         (s.stored == Record::SKIPPED && s.culprit != t);
}

bool OpenJob::Bad(uint32_t t) const {
  return Failed(t) &&
         !(status(t).stored == Record::FAILED && options(t).continue_if_failed);
}

uint32_t OpenJob::CulpritOf(uint32_t t) const {
  return status(t).stored == Record::SKIPPED ? status(t).culprit : t;
}

void Scheduler::State_::EndIfFinished(OpenJob& job) {
  if (job.unfinished != 0) return;
  std::vector<TaskStatus> last;
  last.reserve(job.size());
  bool failed = false, cancelled = false;
  for (uint32_t t = 0; t < job.size(); t++) {
    failed |= job.Failed(t);
    cancelled |= job.status(t).stored == Record::CANCELLED;
  }
  for (uint32_t t = 0; t < job.size(); t++) {
    OpenTask& task = job.tasks[t];
    task.host->tasks--;
    if (task.host->tasks == 0) Forget(*task.host);
    last.push_back(std::move(task.status));
  }
  const pb::JobState state = cancelled ? pb::JOB_CANCELLED
                             : failed  ? pb::JOB_FAILED
                                       : pb::JOB_DONE;
  effects.push_back(EndJob{JobId{job.id}, state, std::move(last)});
  jobs.erase(job.id);
}

// --- small things -----------------------------------------------------------

OpenJob* Scheduler::State_::Find(uint64_t job) const {
  const auto found = jobs.find(job);
  return found == jobs.end() ? nullptr : found->second.get();
}

SchedulerHost& Scheduler::State_::HostOf(const std::string& name) {
  SchedulerHost& host = hosts[name];
  if (host.name.empty()) {
    host.name = name;
    host.called = called.contains(name);
  }
  return host;
}

void Scheduler::State_::Save(const OpenJob& job, uint32_t t) {
  effects.push_back(SaveTask{JobId{job.id}, TaskIndex{t}});
}

}  // namespace mcfeely
