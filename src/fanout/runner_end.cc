// What the end of a task leads to, and how a run ends, by itself or when it is
// told to.
#include <signal.h>

#include <utility>

#include "base/status.h"
#include "fanout/runner_state.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace fanout {

// The slot's task, which is nobody's then.
std::unique_ptr<Task> Runner::TakeBack(Slot& slot) {
  auto node = tasks_.extract(slot.task->id);
  std::unique_ptr<Task> task = std::move(node.mapped());
  loop_.Cancel(std::exchange(task->timeout, 0));
  loop_.Cancel(std::exchange(task->kill, 0));
  slot.task = nullptr;
  task->has_slot = false;
  running_--;
  if (calls_.ended) calls_.ended();
  return task;
}

void Runner::Again(std::unique_ptr<Task> task, absl::Duration after) {
  const absl::Time when = sys::SteadyNow() + after;
  again_.emplace(when, std::move(task));
  loop_.Cancel(again_timer_);
  again_timer_ = loop_.At(again_.begin()->first, [this] {
    std::lock_guard lock(mutex_);
    again_timer_ = 0;
    Fill();
  });
}

void Runner::Note(Task& task, const sys::Spawner::Report& report) const {
  TaskRecord& r = task.record;
  r.wall = report.end - report.start;
  r.end = r.start + r.wall;
  r.user = report.usage.user;
  r.system = report.usage.system;
  r.max_resident_bytes = report.usage.max_resident_bytes;
  r.outcome.status = report.ended.code;
  r.outcome.signal = report.ended.signal;
}

void Runner::Told(size_t index, sys::Spawner::Report report) {
  Slot& slot = *slots_[index];
  if (!report.started.ok()) {
    slot.task->order = std::move(report.order);
    if (end_signal_ != 0) {
      slot.task->put_back = true;
      Ended(index);
    } else {
      NotStarted(index, report.started);
    }
  } else {
    shortages_ = 0;
    Note(*slot.task, report);
    if ((end_signal_ != 0 || slot.task->kill != 0) && options_.own_groups) {
      groups_.Watch(report.pid, options_.kill_after);
    }
    Ended(index);
  }
  if (absl::Status s = std::exchange(pending_error_, absl::OkStatus());
      !s.ok()) {
    Fail(kBadInput, s);
    if (items_.ended()) intake_ = false;
  }
  Fill();
}

void Runner::Ended(size_t index) {
  Slot& slot = *slots_[index];
  std::unique_ptr<Task> task = TakeBack(slot);
  const int64_t id = task->id;
  const bool has_output = task->has_output;
  StartStarved();
  if (task->put_back) {
    task->put_back = false;
    if (has_output) outputs_->Ended(id, 0, Outputs::Then::kForget);
    task->has_output = false;
    if (end_signal_ != 0) return;  // it will not come to that
    return Again(std::move(task), absl::ZeroDuration());
  }

  Plan::Next next;
  if (!task->otherwise && end_signal_ == 0) {
    next = plan_.Ended(
        task->record.outcome, task->record.wall, task->record.attempt,
        counts_.total < 0 ? std::nullopt : std::optional(counts_.total));
  }
  const int status = task->record.outcome.code();
  if (next.again) {
    auto again = std::make_unique<Task>();
    again->group = task->group;
    again->fixed = task->fixed;
    again->shown = true;
    again->record.command = task->record.command;
    again->record.seq = task->record.seq;
    again->record.number = task->record.number;
    again->record.host = task->record.host;
    again->record.attempt = task->record.attempt + 1;
    Again(std::move(again), *next.again);
  } else if (!task->otherwise) {
    counts_.done++;
    counts_.failed += status != 0;
  }
  task->again = next.again.has_value();
  tasks_[id] = std::move(task);  // until its output has been passed on
  if (has_output) {
    outputs_->Ended(id, status,
                    next.again && options_.output->hold ? Outputs::Then::kForget
                                                        : Outputs::Then::kShow);
  } else {
    Passed(id);
  }
  Heed(next);
  if (calls_.release && !intake_ && pending_ == nullptr && again_.empty()) {
    slot.released = true;
    calls_.release(index);
  }
  if (plan_.time_limit_moves()) {
    for (size_t i = 0; i < slots_.size(); i++) {
      if (slots_[i]->task != nullptr) SetTimeout(i);
    }
  }
}

void Runner::Heed(const Plan::Next& next) {
  if (next.halting != Halting::kNot) intake_ = false;
  if (next.halting == Halting::kNow && end_signal_ == 0) {
    halted_ = true;
    End(SIGTERM);
  }
}

// Its output is out, or it had none.
void Runner::Passed(int64_t id) {
  const auto it = tasks_.find(id);
  if (it == tasks_.end()) return;  // put back
  Task& task = *it->second;
  if (outputs_ != nullptr && task.has_output) {
    task.record.stdout_bytes = outputs_->out_bytes(id);
    task.record.stderr_bytes = outputs_->error_bytes(id);
  }
  if (task.has_slot) {
    // It still runs, but nobody takes what it prints any more.
    task.has_output = false;
    return;
  }
  if (calls_.done) calls_.done(task.record);
  tasks_.erase(id);
  if (begun_)
    loop_.AtEndOfTurn([this] {
      std::lock_guard lock(mutex_);
      CheckEnd();
    });
}

void Runner::Fail(int code, const absl::Status& why) {
  calls_.warn(why);
  if (code_ == 0 || code == kOutputLost) code_ = code;
}

void Runner::StopIntake() {
  std::lock_guard lock(mutex_);
  intake_ = false;
  stopped_ = true;
  pending_.reset();
  Fill();
}

void Runner::SetTimeout(size_t index) {
  const auto limit = plan_.TimeLimit();
  Task& task = *slots_[index]->task;
  if (!limit || task.kill != 0 || task.otherwise) return;
  loop_.Cancel(task.timeout);
  task.timeout = loop_.At(task.begin + *limit, [this, index] {
    std::lock_guard lock(mutex_);
    Overdue(index);
  });
}

void Runner::Overdue(size_t index) {
  Task& task = *slots_[index]->task;
  task.timeout = 0;
  task.record.outcome.timed_out = true;
  SignalTask(index, SIGTERM);
  task.kill = loop_.After(options_.kill_after,
                          [this, index] { SignalTask(index, SIGKILL); });
}

void Runner::PutBackYoungest() {
  std::lock_guard lock(mutex_);
  Task* youngest = nullptr;
  size_t at = 0;
  for (size_t i = 0; i < slots_.size(); i++) {
    Task* task = slots_[i]->task;
    if (task == nullptr || task->put_back || task->otherwise) continue;
    if (youngest == nullptr || task->id > youngest->id) {
      youngest = task;
      at = i;
    }
  }
  if (youngest == nullptr) return;
  youngest->put_back = true;
  SignalTask(at, SIGTERM);
  if (youngest->kill == 0) {
    youngest->kill = loop_.After(options_.kill_after,
                                 [this, at] { SignalTask(at, SIGKILL); });
  }
}

// Differs: the original ended alone, and its tasks went on.
void Runner::End(int signal, bool tasks_have_it) {
  std::lock_guard lock(mutex_);
  if (over_) return;
  intake_ = false;
  again_.clear();
  pending_.reset();
  const bool again = end_signal_ != 0;
  if (!again) end_signal_ = signal;
  if (!options_.end_tasks) {
    // They go on without us.
    spawner_->LeaveChildren();
    over_ = true;
    return ended_();
  }
  for (size_t i = 0; i < slots_.size(); i++) {
    Task* task = slots_[i]->task;
    if (task == nullptr || !std::exchange(task->starved, false)) continue;
    starving_--;
    task->put_back = true;
    Ended(i);
  }
  if (again) {
    SignalTasks(SIGKILL);
  } else if (!tasks_have_it) {
    SignalTasks(signal);
  }
  if (!again) {
    kill_timer_ = loop_.After(options_.kill_after, [this] {
      std::lock_guard lock(mutex_);
      kill_timer_ = 0;
      SignalTasks(SIGKILL);
    });
  }
  CheckEnd();
}

// With all it has started: its group, or else what can be found.
void Runner::SignalTask(size_t index, int signal) {
  if (!options_.own_groups) {
    const int pid = spawner_->Pid(index);
    if (pid != 0) sys::SignalDescendants(pid, signal);
  }
  spawner_->Signal(index, signal);
}

void Runner::SignalTasks(int signal) {
  for (size_t i = 0; i < slots_.size(); i++) {
    if (slots_[i]->task != nullptr) SignalTask(i, signal);
  }
  groups_.Signal(signal);
}

// There was no item, and there is something to be run for that.
bool Runner::WantsOtherwise() const {
  return options_.otherwise && !otherwise_run_ && counts_.total == 0 &&
         !stopped_ && code_ == 0 && end_signal_ == 0;
}

void Runner::RunOtherwise() {
  otherwise_run_ = true;
  auto task = std::make_unique<Task>();
  task->otherwise = true;
  task->group.arguments = options_.operands;
  if (options_.operands_are_files) task->group.file_names = options_.operands;
  task->record.seq = 1;
  task->record.number = "00";
  Launch(std::move(task), 0);
}

void Runner::CheckEnd() {
  if (over_ || intake_ || running_ != 0 || pending_ != nullptr ||
      !again_.empty() || !groups_.empty()) {
    return;
  }
  if (WantsOtherwise()) {
    if (slots_.empty()) return;  // tokens are yet to come
    RunOtherwise();
    if (running_ != 0) return;
  }
  if (outputs_ != nullptr) outputs_->ShowFolded();
  if (outputs_ != nullptr && !outputs_->idle()) {
    // What holds the pipes of tasks that were ended is not waited for.
    if (end_signal_ != 0 && !cut_short_) {
      cut_short_ = true;
      outputs_->CutShort();
    }
    if (!outputs_->idle()) return;
  }
  if (!tasks_.empty()) return;
  over_ = true;
  ended_();
}

}  // namespace fanout
