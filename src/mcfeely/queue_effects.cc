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
    job.end = std::make_unique<QueuedJob::End>(
        QueuedJob::End{end->failed, now, std::move(end->tasks)});
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
        status.reason);
  } else if (status.stored == Record::SKIPPED) {
    Log("task.skipped", e.job, spec.tasks[t].name, spec.tasks[t].host,
        absl::StrCat(spec.tasks[status.culprit].name, " failed"));
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

  if (job.attempts == nullptr) job.attempts = std::make_unique<KeptAttempts>();
  std::vector<std::string>& kept = (*job.attempts)[t];
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
  } else if (e.verdict != pb::FAILED) {
    Log("task.deferred", e.job, task.name, task.host, e.reason);
  }
}

void Queue::State::CarryOne(const EndJob& e) {
  QueuedJob& job = *jobs.at(e.job.value);
  OpenBatch::Table& head = Touch(e.job, OpenBatch::kHead);
  head.also.push_back(store::Put(keys.Ended(job.end->when, e.job), ""));
  open.operations++;
  open.ended.push_back(e.job);
  open.waiting.changed.insert(e.job);
  if (e.failed) {
    Log("job.failed", e.job, "", "", "");
  } else {
    Log("job.done", e.job, "", "", "");
  }
  if (!(e.failed ? job.spec->failure : job.spec->success).empty()) {
    NewReport(e.job, pb::PendingReport::JOB_ENDED, 0, 0, &head.also);
    open.operations++;
  }
}

void Queue::State::CarryOne(const TellHeld& e) {
  const uint32_t t = e.task.value;
  const Job& spec = *jobs.at(e.job.value)->spec;
  const TaskStatus& status = StatusOf(e.job, t);
  Log("task.held", e.job, spec.tasks[t].name, spec.tasks[t].host,
      status.reason);
  if (spec.failure.empty()) return;
  const uint32_t part =
      spec.tasks.size() > kTasksInTable ? t / kTasksInTable : OpenBatch::kHead;
  NewReport(e.job, pb::PendingReport::TASK_HELD, t, status.attempts,
            &Touch(e.job, part).also);
  open.operations++;
}

void Queue::State::CarryOne(const Dispatch& e) {
  const QueuedJob& job = *jobs.at(e.job.value);
  const Task& task = job.spec->tasks[e.task.value];
  Log("task.dispatched", e.job, task.name, e.host, "");
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

}  // namespace mcfeely
