#include "fanout/runner.h"

#include <absl/strings/str_cat.h>
#include <signal.h>
#include <sys/epoll.h>

#include <utility>

#include "base/status.h"
#include "fanout/runner_state.h"
#include "sys/clock.h"

namespace fanout {
namespace {

constexpr absl::Duration kLookAgain = absl::Milliseconds(200);
// More threads than processors start no more.
constexpr int kSpawners = 2;

}  // namespace

Runner::Runner(sys::Loop& loop, RunOptions options, Items items,
               CommandMaker maker, RunCalls calls)
    : loop_(loop),
      options_(std::move(options)),
      items_(std::move(items)),
      maker_(options_, std::move(maker)),
      calls_(std::move(calls)),
      plan_(options_.policy),
      groups_(loop, [this] {
        std::lock_guard lock(mutex_);
        CheckEnd();
      }) {
  counts_.total = items_.total();
}

Runner::~Runner() {
  spawner_.reset();
  for (sys::Loop::Timer timer :
       {again_timer_, look_timer_, room_timer_, kill_timer_}) {
    loop_.Cancel(timer);
  }
  for (auto& [id, task] : tasks_) {
    loop_.Cancel(task->timeout);
    loop_.Cancel(task->kill);
  }
  if (waits_for_items_) loop_.Unwatch(items_.wait_fd());
}

void Runner::AddSlot(std::vector<std::string> tokens) {
  std::lock_guard lock(mutex_);
  slots_.push_back(std::make_unique<Slot>());
  slots_.back()->tokens = std::move(tokens);
  if (begun_) Fill();
}

void Runner::SetJobs(int jobs) {
  std::lock_guard lock(mutex_);
  options_.jobs = jobs;
  if (begun_) Fill();
}

absl::Status Runner::Begin(std::function<void()> ended) {
  ended_ = std::move(ended);
  counts_.begin = sys::SteadyNow();
  if (options_.output && !options_.dry_run) TRY(MakeOutputs());
  quick_ = IsQuick();
  spawner_ = std::make_unique<sys::Spawner>(
      loop_, options_.jobs > 1 ? kSpawners : 1,
      [this](size_t slot, sys::Spawner::Report report) {
        std::lock_guard lock(mutex_);
        Told(slot, std::move(report));
      },
      [this](size_t slot, sys::Spawner::Report& report,
             std::optional<sys::Spawner::Order>* order) {
        return quick_ && NextHere(slot, report, order);
      });
  std::lock_guard lock(mutex_);
  begun_ = true;
  Fill();
  return absl::OkStatus();
}

// Whether a task's end means nothing but the next one's start.
bool Runner::IsQuick() const {
  return outputs_ == nullptr && !options_.dry_run && !calls_.may_start &&
         !calls_.number && !calls_.skip && !calls_.started && !calls_.done &&
         !calls_.copies && !calls_.release && plan_.is_plain();
}

absl::Status Runner::MakeOutputs() {
  Outputs::Callbacks calls;
  calls.header = [this](Outputs::Id id, int64_t number) -> std::string {
    Task& task = *tasks_.at(id);
    if (options_.json) return ResultBegin(task.record);
    if (options_.fold_title) {
      std::vector<const TaskRecord*> records;
      for (const Outputs::Id folded : outputs_->Folded(id)) {
        records.push_back(&tasks_.at(folded)->record);
      }
      return options_.fold_title(records);
    }
    if (options_.header) return Text(*options_.header, task);
    return options_.title ? options_.title(task.record, task.variables, number)
                          : "";
  };
  calls.middle = [](Outputs::Id) { return std::string(ResultMiddle()); };
  calls.footer = [this](Outputs::Id id, int64_t number) -> std::string {
    Task& task = *tasks_.at(id);
    if (options_.json) return ResultEnd(task.record);
    if (options_.footer) return Text(*options_.footer, task);
    return options_.rule ? options_.rule(task.record, task.variables, number)
                         : "";
  };
  calls.complete = [this](Outputs::Id id) {
    Task& task = *tasks_.at(id);
    if (!calls_.complete || task.again || end_signal_ != 0) return;
    task.record.stdout_bytes = outputs_->out_bytes(id);
    task.record.stderr_bytes = outputs_->error_bytes(id);
    calls_.complete(task.record);
  };
  calls.finished = [this](Outputs::Id id) { Passed(id); };
  calls.drained = [this] {
    loop_.AtEndOfTurn([this] {
      std::lock_guard lock(mutex_);
      Fill();
    });
  };
  // Differs: the original did not notice, ran on, and ended with 0.
  calls.failed = [this](const absl::Status& why) {
    Fail(kOutputLost, why);
    if (end_signal_ == 0) End(SIGTERM);
  };
  TRY_ASSIGN(outputs_, Outputs::Make(loop_, *options_.output, std::move(calls),
                                     options_.sections));
  return absl::OkStatus();
}

// --- Taking up --------------------------------------------------------------

std::optional<size_t> Runner::FreeSlot() {
  for (size_t i = 0; i < slots_.size(); i++) {
    const size_t at = (next_slot_ + i) % slots_.size();
    if (slots_[at]->task != nullptr || slots_[at]->released) continue;
    next_slot_ = options_.rotate_slots ? at + 1 : 0;
    return at;
  }
  return std::nullopt;
}

// Starts whatever may start now.
void Runner::Fill() {
  if (over_) return;
  while (end_signal_ == 0 && running_ < options_.jobs && starving_ == 0 &&
         (intake_ || pending_ != nullptr || !again_.empty())) {
    const std::optional<size_t> slot = FreeSlot();
    if (!slot) break;
    if ((outputs_ != nullptr && !outputs_->has_room()) ||
        (calls_.may_start && !calls_.may_start())) {
      LookSoon();
      break;
    }
    std::unique_ptr<Task> task = TakeTask();
    if (task == nullptr) {
      if (calls_.not_started) calls_.not_started();
      break;
    }
    const int64_t id = next_id_;
    Launch(std::move(task), *slot);
    if (id == next_id_ && calls_.not_started) calls_.not_started();
  }
  CheckEnd();
}

// The next to be started: what waited, what is to be tried again, a new one.
std::unique_ptr<Task> Runner::TakeTask() {
  if (pending_ != nullptr) return std::move(pending_);
  if (!again_.empty() && again_.begin()->first <= sys::SteadyNow()) {
    std::unique_ptr<Task> task = std::move(again_.begin()->second);
    again_.erase(again_.begin());
    return task;
  }
  while (intake_) {
    bool later = false;
    if (auto task = TakeItem(&later)) return task;
    if (later) break;
  }
  return nullptr;
}

// None when there is none now: `later`, or because it was refused.
std::unique_ptr<Task> Runner::TakeItem(bool* later) {
  if (!options_.given.empty()) {
    if (next_given_ == options_.given.size()) {
      intake_ = false;
      return nullptr;
    }
    auto& [seq, command] = options_.given[next_given_++];
    auto task = std::make_unique<Task>();
    task->fixed = true;
    task->record.seq = seq;
    task->record.number = absl::StrCat(seq - 1);
    task->record.command = std::move(command);
    return task;
  }
  Group group;
  const absl::StatusOr<Items::Got> got = items_.Next(&group);
  if (!got.ok()) {
    Fail(kBadInput, got.status());
    if (items_.ended()) intake_ = false;
    return nullptr;
  }
  switch (*got) {
    case Items::Got::kGroup:
      return NewTask(std::move(group));
    case Items::Got::kWait:
      *later = true;
      WaitForItems();
      return nullptr;
    case Items::Got::kEnd:
      intake_ = false;
      counts_.total = next_number_;
      return nullptr;
  }
  return nullptr;
}

std::unique_ptr<Task> Runner::NewTask(Group group) {
  auto task = std::make_unique<Task>();
  task->group = std::move(group);
  task->record.seq = ++next_number_;
  task->record.number = task->group.number.empty()
                            ? absl::StrCat(next_number_ - 1)
                            : task->group.number;
  task->record.host = task->group.host;
  task->record.attempt = 1;
  return task;
}

void Runner::WaitForItems() {
  if (waits_for_items_) return;
  const int fd = items_.wait_fd();
  waits_for_items_ = loop_
                         .Watch(fd, EPOLLIN,
                                [this, fd](uint32_t) {
                                  std::lock_guard lock(mutex_);
                                  loop_.Unwatch(fd);
                                  waits_for_items_ = false;
                                  Fill();
                                })
                         .ok();
  if (!waits_for_items_) LookSoon();
}

void Runner::LookSoon() {
  if (look_timer_ != 0) return;
  look_timer_ = loop_.After(kLookAgain, [this] {
    std::lock_guard lock(mutex_);
    look_timer_ = 0;
    Fill();
  });
}

void Runner::Look() {
  std::lock_guard lock(mutex_);
  if (begun_) Fill();
}

// --- Making a command -------------------------------------------------------

std::string Runner::Text(const MaybeTemplate& which, const Task& task) {
  absl::StatusOr<std::string> text = maker_.Text(which, task);
  if (text.ok()) return *std::move(text);
  if (code_ != kBadInput) Fail(kBadInput, text.status());
  intake_ = false;
  return "";
}

void Runner::Show(const Task& task) {
  if (options_.dry_run && calls_.planned) {
    return calls_.planned(task.record, task.variables);
  }
  const std::string line = absl::StrCat(task.record.command, "\n");
  if (options_.print_commands || options_.dry_run)
    (options_.print_to_trace ? calls_.trace : calls_.print)(line);
  if (options_.trace) calls_.trace(line);
}

Runner::Counts Runner::counts() const {
  std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.running = running_;
  return counts;
}

int Runner::exit_code() const {
  if (code_ == kOutputLost) return code_;
  if (end_signal_ != 0 && !halted_) return 128 + end_signal_;
  return code_ != 0 ? code_ : plan_.exit_code();
}

}  // namespace fanout
