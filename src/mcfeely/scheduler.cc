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
  // A job's fields are checked before it is accepted; a graph that cannot be
  // made is a mistake of ours.
  MUST(Add(e.job, e.spec, std::move(untouched), accepted, nullptr).ok());
  EndIfFinished(*Find(e.job.value));
}

void Scheduler::State_::Handle(const AgentOpened& e) {
  SchedulerHost& host = HostOf(e.host);
  host.connected = true;
  host.journal = e.journal;
  away.erase(e.host);
  const absl::flat_hash_set<AttemptId> known(e.known.begin(), e.known.end());
  // A copy: an interrupted attempt leaves the set.
  const std::vector<TaskRef> open(host.open.begin(), host.open.end());
  for (const TaskRef& ref : open) {
    OpenJob& job = *Find(ref.job);
    const TaskStatus& status = job.tasks[ref.task].status;
    if (status.journal != e.journal) {
      Interrupted(job, ref.task,
                  absl::StrCat("the journal of ", host.name, " is a new one"));
    } else if (known.contains(status.attempt)) {
      continue;
    } else if (status.stored == Record::RUNNING) {
      // It had been journalled, or the agent could not have said that it runs.
      Interrupted(job, ref.task,
                  absl::StrCat("the journal of ", host.name, " has lost it"));
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
  job.tasks[t].status.stored = Record::RUNNING;
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
  switch (e.verdict) {
    case pb::DONE:
      CloseAttempt(job, t, e.verdict, reason);
      return Done(job, t);
    case pb::DEFERRED:
      CloseAttempt(job, t, e.verdict, reason);
      return TryAgain(job, t, e.retry_after);
    case pb::FAILED:
      CloseAttempt(job, t, e.verdict, reason);
      return Fail(job, t, std::string(reason));
    case pb::INTERRUPTED:
      return Interrupted(job, t, std::string(reason));
    case pb::VERDICT_NONE:
    case pb::Verdict_INT_MIN_SENTINEL_DO_NOT_USE_:
    case pb::Verdict_INT_MAX_SENTINEL_DO_NOT_USE_:
      return;
  }
}

void Scheduler::State_::Handle(const Released& e) {
  OpenJob* job = Find(e.job.value);
  if (job == nullptr || e.task.value >= job->tasks.size()) return;
  TaskStatus& status = job->tasks[e.task.value].status;
  if (status.stored != Record::HELD) return;
  status.stored = Record::DELAYED;
  status.due = now;
  Save(*job, e.task.value);
  MakeReady(*job, e.task.value);
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
  open_attempts.erase(status.attempt);
  host.open.erase({job.id, t});
  status.ended = now;
  status.reason = std::string(reason.substr(0, kMaxReasonBytes));
  status.journal = JournalId();
  effects.push_back(SaveAttempt{JobId{job.id}, TaskIndex{t}, status.attempt,
                                status.attempts, status.started, verdict,
                                status.reason});
  Line(host);
}

void Scheduler::State_::Done(OpenJob& job, uint32_t t) {
  job.tasks[t].status.stored = Record::SUCCEEDED;
  job.tasks[t].phase = Phase::kEnded;
  Save(job, t);
  job.unfinished--;
  unfinished--;
  for (const uint32_t d : job.graph->Dependents(t)) {
    // A skipped dependent counts too: its own number never reaches zero, as
    // what it was skipped for is not done.
    if (--job.tasks[d].open_needs == 0) MakeEligible(job, d);
  }
  EndIfFinished(job);
}

void Scheduler::State_::Interrupted(OpenJob& job, uint32_t t,
                                    const std::string& reason) {
  CloseAttempt(job, t, pb::INTERRUPTED, reason);
  if (job.options(t).safe_to_repeat) return TryAgain(job, t);
  job.tasks[t].status.stored = Record::HELD;
  job.tasks[t].phase = Phase::kHeld;
  Save(job, t);
  effects.push_back(TellHeld{JobId{job.id}, TaskIndex{t}});
}

void Scheduler::State_::TryAgain(OpenJob& job, uint32_t t,
                                 absl::Duration asked) {
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
  if (due > GiveUpAt(job, t)) return GiveUp(job, t, status.reason);
  status.stored = Record::DELAYED;
  status.due = due;
  Save(job, t);
  MakeDelayed(job, t);
}

void Scheduler::State_::GiveUp(OpenJob& job, uint32_t t,
                               absl::string_view last) {
  std::string reason = absl::StrCat(
      "gave up after ", base::FormatDuration(job.options(t).retry_for));
  // `last` may be the record's own reason, which Fail replaces.
  if (!last.empty()) absl::StrAppend(&reason, ": ", last);
  if (job.tasks[t].phase == Phase::kReady) LeaveReady(job, t);
  Fail(job, t, std::move(reason));
}

void Scheduler::State_::Fail(OpenJob& job, uint32_t t, std::string reason) {
  TaskStatus& status = job.tasks[t].status;
  reason.resize(std::min(reason.size(), kMaxReasonBytes));
  status.stored = Record::FAILED;
  status.reason = std::move(reason);
  status.ended = now;
  status.due = Millis();
  job.tasks[t].phase = Phase::kEnded;
  Save(job, t);
  job.failed = true;
  job.unfinished--;
  unfinished--;
  for (const uint32_t d : Skip(job, t)) Save(job, d);
  EndIfFinished(job);
}

// Each task is skipped once, and a skipped one's dependents have been: over the
// life of a job this looks at each edge once at most.
std::vector<uint32_t> Scheduler::State_::Skip(OpenJob& job, uint32_t culprit) {
  std::vector<uint32_t> skipped, left = {culprit};
  while (!left.empty()) {
    const uint32_t t = left.back();
    left.pop_back();
    for (const uint32_t d : job.graph->Dependents(t)) {
      TaskStatus& status = job.tasks[d].status;
      if (status.stored == Record::SKIPPED) continue;
      status.stored = Record::SKIPPED;
      status.culprit = culprit;
      status.ended = job.tasks[culprit].status.ended;
      job.tasks[d].phase = Phase::kEnded;
      job.unfinished--;
      unfinished--;
      skipped.push_back(d);
      left.push_back(d);
    }
  }
  std::sort(skipped.begin(), skipped.end());
  return skipped;
}

void Scheduler::State_::EndIfFinished(OpenJob& job) {
  if (job.unfinished != 0) return;
  std::vector<TaskStatus> last;
  last.reserve(job.tasks.size());
  for (OpenTask& task : job.tasks) {
    task.host->tasks--;
    if (task.host->tasks == 0) Forget(*task.host);
    last.push_back(std::move(task.status));
  }
  effects.push_back(EndJob{JobId{job.id}, job.failed, std::move(last)});
  jobs.erase(job.id);
}

// --- starting ---------------------------------------------------------------

void Scheduler::State_::StartReady() {
  const auto full = [this] {
    return open_attempts.size() >= static_cast<size_t>(limits.max_running);
  };
  while (!line.empty() && !full()) {
    SchedulerHost& host = *line.front();
    line.pop_front();
    host.in_line = false;
    if (Runnable(host)) Start(host);
    Line(host);
    Forget(host);
  }
}

void Scheduler::State_::Start(SchedulerHost& host) {
  const Moment next = *host.ready.begin();
  OpenJob& job = *Find(next.job);
  LeaveReady(job, next.task);
  TaskStatus& status = job.tasks[next.task].status;
  status.stored = Record::DISPATCHED;
  status.attempts++;
  do {
    status.attempt = new_id();
  } while (!open_attempts.emplace(status.attempt, TaskRef{next.job, next.task})
                .second);
  status.started = now;
  status.ended = status.due = Millis();
  status.reason = std::string();
  status.journal = host.journal;
  job.tasks[next.task].phase = Phase::kOpen;
  host.open.insert({next.job, next.task});
  Save(job, next.task);
  effects.push_back(Dispatch{host.name, JobId{next.job}, TaskIndex{next.task},
                             status.attempt, status.attempts});
}

bool Scheduler::State_::Runnable(const SchedulerHost& host) const {
  return host.connected && !host.ready.empty() &&
         host.open.size() < static_cast<size_t>(limits.max_per_host);
}

void Scheduler::State_::Line(SchedulerHost& host) {
  if (host.in_line || !Runnable(host)) return;
  host.in_line = true;
  line.push_back(&host);
}

void Scheduler::State_::Forget(SchedulerHost& host) {
  if (host.tasks == 0 && !host.connected && !host.in_line) {
    hosts.erase(std::string(host.name));
  }
}

// --- moments ----------------------------------------------------------------

absl::Time Scheduler::State_::ReadyAt(const OpenJob& job, uint32_t t) const {
  const TaskStatus& status = job.tasks[t].status;
  return status.stored == Record::DELAYED
             ? absl::Time(status.due)
             : status.eligible + job.options(t).delay;
}

absl::Time Scheduler::State_::GiveUpAt(const OpenJob& job, uint32_t t) const {
  return job.tasks[t].status.eligible + job.options(t).delay +
         job.options(t).retry_for;
}

namespace {

Moment MomentOf(const OpenJob& job, uint32_t t, absl::Time when) {
  return {base::ToMillis(when), job.id, t};
}

}  // namespace

// Eligible is the end of the last requirement by the records, not `now`: they
// are the same until a restart, and Load knows only the records.
void Scheduler::State_::MakeEligible(OpenJob& job, uint32_t t) {
  absl::Time eligible = absl::InfinitePast();
  for (const uint32_t n : job.graph->Needs(t)) {
    eligible = std::max<absl::Time>(eligible, job.tasks[n].status.ended);
  }
  if (job.graph->Needs(t).empty()) eligible = job.accepted;
  job.tasks[t].status.eligible = eligible;
  if (job.options(t).delay > absl::ZeroDuration()) {
    MakeDelayed(job, t);
  } else {
    MakeReady(job, t);
  }
}

void Scheduler::State_::MakeDelayed(OpenJob& job, uint32_t t) {
  job.tasks[t].phase = Phase::kDelayed;
  timers.insert(MomentOf(job, t, ReadyAt(job, t)));
}

void Scheduler::State_::MakeReady(OpenJob& job, uint32_t t) {
  job.tasks[t].phase = Phase::kReady;
  job.tasks[t].host->ready.insert(MomentOf(job, t, ReadyAt(job, t)));
  const absl::Time give_up = GiveUpAt(job, t);
  if (give_up < absl::InfiniteFuture()) {
    timers.insert(MomentOf(job, t, give_up));
  }
  Line(*job.tasks[t].host);
  Want(*job.tasks[t].host);
}

void Scheduler::State_::LeaveReady(OpenJob& job, uint32_t t) {
  SchedulerHost& host = *job.tasks[t].host;
  const Moment ready = MomentOf(job, t, ReadyAt(job, t));
  host.ready.erase(ready);
  timers.erase(MomentOf(job, t, GiveUpAt(job, t)));
  if (!host.overdue.empty()) host.overdue.erase(ready);
}

void Scheduler::State_::FireTimers() {
  while (!timers.empty() && timers.begin()->ms <= base::ToMillis(now)) {
    const Moment m = *timers.begin();
    timers.erase(timers.begin());
    OpenJob& job = *Find(m.job);
    SchedulerHost& host = *job.tasks[m.task].host;
    if (job.tasks[m.task].phase == Phase::kDelayed) {
      MakeReady(job, m.task);
    } else if (host.connected) {
      host.overdue.insert(MomentOf(job, m.task, ReadyAt(job, m.task)));
    } else {
      GiveUp(job, m.task, AwayWords(host.name));
    }
  }
}

// A moment later than the one told is not told: being woken early is harmless,
// and most timers are removed long before they fire.
void Scheduler::State_::TellWake() {
  if (timers.empty()) return;
  const absl::Time first = base::FromMillis(timers.begin()->ms);
  if (told_wake > now && told_wake <= first) return;
  told_wake = first;
  effects.push_back(WakeAt{first});
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
