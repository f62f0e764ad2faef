// The scheduler's effects: which records they change, and what is told to whom
// once those are stored.

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/queue_state.h"
#include "wire/compress.h"
#include "wire/message.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using Record = pb::TaskRecord;
using Code = net::Receipt::Code;

void Queue::State::Feed(const Event& e) { Carry(scheduler.On(e, now)); }

void Queue::State::Carry(std::vector<Effect> effects) {
  // A job that ends is no longer the scheduler's when its last records are to
  // be saved, so its end is noted before anything else.
  for (Effect& effect : effects) {
    auto* end = std::get_if<EndJob>(&effect);
    if (end == nullptr) continue;
    QueuedJob& job = *jobs.at(end->job.value);
    job.past.Edit().end = {end->state, now, std::move(end->tasks)};
  }
  for (const Effect& effect : effects) {
    std::visit([this](const auto& e) { CarryOne(e); }, effect);
  }
}

void Queue::State::CarryOne(const SaveTask& e) {
  const uint32_t t = e.task.value;
  TouchTask(e.job, t);
  open.waiting.changed.insert(e.job);
  const Job& spec = *jobs.at(e.job.value)->spec;
  const TaskStatus& status = StatusOf(e.job, t);
  // These are saved once; of the others their own effects tell.
  if (status.stored == Record::FAILED) {
    Log("task.failed", e.job, spec.tasks[t].name, spec.tasks[t].host,
        *status.reason);
  } else if (status.stored == Record::SKIPPED) {
    const bool cancelled =
        StatusOf(e.job, status.culprit).stored == Record::CANCELLED;
    Log("task.skipped", e.job, spec.tasks[t].name, spec.tasks[t].host,
        SkippedWhy(spec, t, status, cancelled));
  } else if (status.stored == Record::CANCELLED) {
    Log("task.cancelled", e.job, spec.tasks[t].name, spec.tasks[t].host,
        *status.reason);
  }
}

void Queue::State::CarryOne(const SaveAttempt& e) {
  const uint32_t t = e.task.value;
  QueuedJob& job = *jobs.at(e.job.value);
  pb::AttemptView view;
  view.set_number(e.number);
  view.set_id(std::string(e.attempt.view()));
  view.set_started_ms(static_cast<uint64_t>(base::ToMillis(e.started)));
  view.set_ended_ms(static_cast<uint64_t>(base::ToMillis(now)));
  view.set_verdict(e.verdict);
  view.set_reason(e.reason);

  std::vector<std::string>& kept = job.past.Edit().attempts[t];
  // After a crash between the steps of one event it may be there already.
  pb::AttemptView last;
  if (!kept.empty() && last.ParseFromString(kept.back()) &&
      last.id() == view.id()) {
    kept.pop_back();
  }
  if (kept.size() == kKeptAttempts) kept.erase(kept.begin());
  kept.push_back(wire::Serialize(view));

  pb::TaskRuns runs;
  for (const std::string& one : kept) {
    MUST(runs.add_attempt()->ParseFromString(one));
  }
  if (result != nullptr && result->attempt() == view.id()) {
    runs.set_head(result->head());
    runs.set_tail(result->tail());
    runs.set_output_bytes(result->output_bytes());
  }
  std::string key = keys.Run(e.job, e.task);
  std::string value = PackMessage(runs);
  open.bytes += key.size() + value.size();
  const auto [at, is_new] = open.run_at.try_emplace(key, open.runs.size());
  if (is_new) {
    open.operations++;
    open.runs.emplace_back(std::move(key), std::move(value));
  } else {
    open.runs[at->second].second = std::move(value);
  }

  const Task& task = job.spec->tasks[t];
  if (e.verdict == pb::DONE) {
    Log("task.done", e.job, task.name, task.host, e.reason);
  } else if (e.verdict != pb::FAILED && e.verdict != pb::CANCELLED) {
    Log("task.deferred", e.job, task.name, task.host, e.reason);
  }
}

void Queue::State::CarryOne(const EndJob& e) {
  QueuedJob& job = *jobs.at(e.job.value);
  OpenBatch::Table& head = Touch(e.job, OpenBatch::kHead);
  head.also.push_back(store::Put(keys.Ended(job.past->end->when, e.job), ""));
  open.operations++;
  open.ended.push_back(e.job);
  open.waiting.changed.insert(e.job);
  const bool done = e.state == pb::JOB_DONE;
  Log(done                        ? "job.done"
      : e.state == pb::JOB_FAILED ? "job.failed"
                                  : "job.cancelled",
      e.job, "", "", "");
  const uint32_t before = job.past.Edit().ends++;
  if ((done ? job.spec->success : job.spec->failure).empty()) return;
  pb::PendingReport report;
  report.set_job(e.job.value);
  report.set_about(pb::PendingReport::JOB_ENDED);
  report.set_state(e.state);
  NewReport(std::move(report), before, &head.also);
}

void Queue::State::CarryOne(const SaveJob& e) {
  Touch(e.job, OpenBatch::kHead);
  open.waiting.changed.insert(e.job);
}

// Numbers of reports: of an end, how many there were before; of a task, these.
void Queue::State::CarryOne(const TellHeld& e) {
  const uint32_t attempts = StatusOf(e.job, e.task.value).attempts;
  TellOfTask(e.job, e.task, pb::PendingReport::TASK_HELD,
             (uint64_t{e.task.value} + 1) << 32 | attempts);
}

void Queue::State::CarryOne(const TellLate& e) {
  constexpr uint64_t kLate = uint64_t{1} << 31;
  const uint32_t attempts = StatusOf(e.job, e.task.value).attempts;
  TellOfTask(e.job, e.task, pb::PendingReport::TASK_LATE,
             (uint64_t{e.task.value} + 1) << 32 | kLate | attempts);
}

void Queue::State::TellOfTask(JobId job, TaskIndex task,
                              pb::PendingReport::About about, uint64_t number) {
  const uint32_t t = task.value;
  const Job& spec = *jobs.at(job.value)->spec;
  Log(about == pb::PendingReport::TASK_HELD ? "task.held" : "task.late", job,
      spec.tasks[t].name, spec.tasks[t].host, *StatusOf(job, t).reason);
  if (spec.failure.empty()) return;
  const uint32_t part = OpenBatch::PartOf(*jobs.at(job.value), t);
  pb::PendingReport report;
  report.set_job(job.value);
  report.set_about(about);
  report.set_task(t);
  NewReport(std::move(report), number, &Touch(job, part).also);
}

void Queue::State::CarryOne(const CancelAttempt& e) {
  Emit(Action{SendCancel{connection_of.at(e.host), e.attempt}});
}

void Queue::State::CarryOne(const Dispatch& e) {
  const QueuedJob& job = *jobs.at(e.job.value);
  const Task& task = job.spec->tasks[e.task.value];
  Log("task.dispatched", e.job, task.name, e.host, "");
  unsent++;
  Emit(Sending{connection_of.at(e.host), job.spec, job.principal, e});
}

void Queue::State::CarryOne(const WakeAt& e) { scheduler_wake = e.when; }

void Queue::State::Answer(Connection to, const base::ParcelId& parcel,
                          Code code, uint64_t number, std::string text,
                          bool at_once) {
  // Results that the server made up itself came in no parcel.
  if (parcel.empty()) return;
  SendReceipt receipt{to, {parcel, code, number, std::move(text)}};
  if (at_once) {
    out.push_back(std::move(receipt));
  } else {
    Emit(Action{std::move(receipt)});
  }
}

void Queue::State::Log(std::string event, JobId job, std::string task,
                       std::string host, std::string text) {
  Emit(Action{Happened{std::move(event), job, std::move(task), std::move(host),
                       std::move(text)}});
}

void Queue::State::LogBy(std::string event, JobId job, std::string task,
                         std::string host, std::string by) {
  Emit(Action{Happened{std::move(event), job, std::move(task), std::move(host),
                       "", std::move(by)}});
}

}  // namespace mcfeely
