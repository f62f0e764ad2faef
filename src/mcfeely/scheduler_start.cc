// Which task of which host starts next, and the moments at which something is
// due by itself.

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/time.h"
#include "mcfeely/scheduler_state.h"

namespace mcfeely {

using Record = fleetbox::wire::TaskRecord;

Moment MomentOf(const OpenJob& job, uint32_t t, absl::Time when) {
  return {base::ToMillis(when), job.id, t};
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
  const ReadyKey key = *NextQueue(host)->ready.begin();
  const Moment next = key.since;
  OpenJob& job = *Find(next.job);
  Unplace(job, next.task);
  host.turn = std::max(host.turn, key.turn);
  CountRunning(job, next.task, 1);
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
  Listen(job, next.task);
  Save(job, next.task);
  effects.push_back(Dispatch{host.name, JobId{next.job}, TaskIndex{next.task},
                             status.attempt, status.attempts});
}

bool Scheduler::State_::Runnable(SchedulerHost& host) const {
  return host.connected && !host.drained && host.ready > 0 &&
         host.open.size() < static_cast<size_t>(limits.max_per_host) &&
         NextQueue(host) != nullptr;
}

// The one whose first task goes first of those that may start; null: none may.
HostQueue* Scheduler::State_::NextQueue(SchedulerHost& host) const {
  HostQueue* best = host.plain.MayStart() ? &host.plain : nullptr;
  for (auto& [name, queue] : host.classes) {
    if (!queue.MayStart()) continue;
    if (best == nullptr || *queue.ready.begin() < *best->ready.begin()) {
      best = &queue;
    }
  }
  return best;
}

HostQueue& Scheduler::State_::QueueOf(const OpenJob& job, uint32_t t) {
  SchedulerHost& host = *job.tasks[t].host;
  const std::string& name = job.options(t).class_name;
  if (name.empty()) return host.plain;
  HostQueue& queue = host.classes[name];
  if (queue.of != nullptr) return queue;
  const auto [at, is_new] = classes.try_emplace(name);
  if (is_new) {
    const auto set = limits.classes.find(name);
    at->second.limit =
        set == limits.classes.end() ? ClassLimit{.per_host = 1} : set->second;
  }
  queue.of = &at->second;
  return queue;
}

void Scheduler::State_::Enqueue(OpenJob& job, uint32_t t) {
  OpenTask& task = job.tasks[t];
  SchedulerHost& host = *task.host;
  SchedulerHost::Share& share = host.shares[job.id];
  task.turn = share.last = std::max(host.turn, share.last) + 1;
  share.ready++;
  host.ready++;
  HostQueue& queue = QueueOf(job, t);
  queue.ready.insert(
      {-job.options(t).priority, task.turn, MomentOf(job, t, ReadyAt(job, t))});
  if (queue.of != nullptr && queue.of->limit.all != ClassLimit::kNone) {
    queue.of->waiting[host.name] = &host;
  }
}

void Scheduler::State_::Dequeue(OpenJob& job, uint32_t t) {
  OpenTask& task = job.tasks[t];
  SchedulerHost& host = *task.host;
  HostQueue& queue = QueueOf(job, t);
  queue.ready.erase(
      {-job.options(t).priority, task.turn, MomentOf(job, t, ReadyAt(job, t))});
  if (queue.of != nullptr && queue.ready.empty()) {
    queue.of->waiting.erase(host.name);
  }
  host.ready--;
  const auto share = host.shares.find(job.id);
  if (--share->second.ready == 0) host.shares.erase(share);
}

void Scheduler::State_::CountRunning(OpenJob& job, uint32_t t, int by) {
  HostQueue& queue = QueueOf(job, t);
  queue.running += by;
  if (queue.of == nullptr) return;
  queue.of->running += by;
  if (by > 0) return;
  for (const auto& [name, host] : queue.of->waiting) Line(*host);
}

void Scheduler::State_::Line(SchedulerHost& host) {
  if (host.in_line || !Runnable(host)) return;
  host.in_line = true;
  line.push_back(&host);
}

void Scheduler::State_::Forget(SchedulerHost& host) {
  if (host.tasks == 0 && !host.connected && !host.drained && !host.in_line) {
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

absl::Time LastNeedEnded(const OpenJob& job, uint32_t t) {
  if (job.graph->Needs(t).empty()) return job.accepted;
  absl::Time last = absl::InfinitePast();
  for (const uint32_t n : job.graph->Needs(t)) {
    last = std::max<absl::Time>(last, job.status(n).ended);
  }
  return last;
}

// Eligible is the end of the last requirement by the records, not `now`: they
// are the same until a restart, and Load knows only the records.
void Scheduler::State_::MakeEligible(OpenJob& job, uint32_t t) {
  const TaskOptions& options = job.options(t);
  const absl::Time start =
      std::max(options.start,
               job.flags.start_now ? absl::InfinitePast() : job.spec->start);
  const absl::Time reset = job.status(t).reset->when;
  job.status(t).eligible = std::max({LastNeedEnded(job, t), start, reset});
  if (options.delay > absl::ZeroDuration() || start > absl::InfinitePast()) {
    MakeDelayed(job, t);
  } else {
    MakeReady(job, t);
  }
}

void Scheduler::State_::MakeDelayed(OpenJob& job, uint32_t t) {
  job.tasks[t].phase = Phase::kDelayed;
  timers.insert(MomentOf(job, t, DelayedTimer(job, t)));
}

void Scheduler::State_::MakeReady(OpenJob& job, uint32_t t) {
  if (job.Held(t)) {
    job.tasks[t].phase = Phase::kHeld;
    return;
  }
  job.tasks[t].phase = Phase::kReady;
  Enqueue(job, t);
  const absl::Time limit = LimitAt(job, t);
  if (limit < absl::InfiniteFuture()) timers.insert(MomentOf(job, t, limit));
  Line(*job.tasks[t].host);
  Want(*job.tasks[t].host);
}

// Out of every set a task may be in, but for those of open attempts.
void Scheduler::State_::Unplace(OpenJob& job, uint32_t t) {
  SchedulerHost& host = *job.tasks[t].host;
  if (job.tasks[t].phase == Phase::kDelayed) {
    timers.erase(MomentOf(job, t, DelayedTimer(job, t)));
  } else if (job.tasks[t].phase == Phase::kReady) {
    Dequeue(job, t);
    timers.erase(MomentOf(job, t, LimitAt(job, t)));
    if (!host.overdue.empty()) {
      host.overdue.erase(MomentOf(job, t, ReadyAt(job, t)));
    }
  }
}

absl::Time Scheduler::State_::WarnAt(const OpenJob& job, uint32_t t) const {
  if (job.status(t).warned || job.Held(t) || job.spec->failure.empty()) {
    return absl::InfiniteFuture();
  }
  return job.status(t).eligible + job.options(t).delay +
         job.options(t).warn_after;
}

absl::Time Scheduler::State_::DelayedTimer(const OpenJob& job,
                                           uint32_t t) const {
  return std::min(ReadyAt(job, t), WarnAt(job, t));
}

// Of a ready task.
absl::Time Scheduler::State_::LimitAt(const OpenJob& job, uint32_t t) const {
  return std::min(GiveUpAt(job, t), WarnAt(job, t));
}

// When the agent of an open attempt must have said more of it; derived from
// what is known, so that it can be found among the timers.
absl::Time Scheduler::State_::AnswerBy(const OpenJob& job, uint32_t t) const {
  const TaskStatus& status = job.status(t);
  const absl::Time asked =
      std::max<absl::Time>(status.started, job.tasks[t].host->connected_at);
  if (status.stored == Record::DISPATCHED) return asked + limits.answer_within;
  const absl::Duration timeout = job.options(t).timeout;
  return timeout == absl::ZeroDuration()
             ? absl::InfiniteFuture()
             : asked + 2 * limits.answer_within + timeout;
}

void Scheduler::State_::Listen(const OpenJob& job, uint32_t t) {
  const absl::Time by = AnswerBy(job, t);
  if (job.tasks[t].host->connected && by < absl::InfiniteFuture()) {
    timers.insert(MomentOf(job, t, by));
  }
}

void Scheduler::State_::ListenNoMore(const OpenJob& job, uint32_t t) {
  const absl::Time by = AnswerBy(job, t);
  if (job.tasks[t].host->connected && by < absl::InfiniteFuture()) {
    timers.erase(MomentOf(job, t, by));
  }
}

// What became of it nobody knows; it is not to run beside its next try.
void Scheduler::State_::Silent(OpenJob& job, uint32_t t) {
  const bool runs = job.status(t).stored == Record::RUNNING;
  AskToEnd(job, t);
  Interrupted(job, t,
              absl::StrCat(job.tasks[t].host->name, " does not say ",
                           runs ? "how it has ended" : "that it runs"));
}

void Scheduler::State_::Warn(OpenJob& job, uint32_t t) {
  job.status(t).warned = true;
  Save(job, t);
  effects.push_back(TellLate{JobId{job.id}, TaskIndex{t}});
}

void Scheduler::State_::FireTimers() {
  while (!timers.empty() && timers.begin()->ms <= base::ToMillis(now)) {
    const Moment m = *timers.begin();
    timers.erase(timers.begin());
    OpenJob& job = *Find(m.job);
    SchedulerHost& host = *job.tasks[m.task].host;
    const bool delayed = job.tasks[m.task].phase == Phase::kDelayed;
    if (job.tasks[m.task].phase == Phase::kOpen) {
      Silent(job, m.task);
    } else if (WarnAt(job, m.task) <= now) {
      Warn(job, m.task);
      const absl::Time next =
          delayed ? ReadyAt(job, m.task) : GiveUpAt(job, m.task);
      if (next < absl::InfiniteFuture()) {
        timers.insert(MomentOf(job, m.task, next));
      }
    } else if (delayed) {
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

}  // namespace mcfeely
