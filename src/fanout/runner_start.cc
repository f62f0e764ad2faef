// How a task comes to a process of its own, and what is done while there is no
// room for one.
#include <absl/strings/str_cat.h>
#include <signal.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/status.h"
#include "fanout/collate_protocol.h"
#include "fanout/runner_state.h"
#include "sys/clock.h"

namespace fanout {
namespace {

// How long to wait for the system to have room for one more process, when none
// of ours ends meanwhile.
constexpr int kRoomSeconds[] = {1, 2, 3, 5, 8, 13};

bool IsShortage(const absl::Status& why) {
  return absl::IsUnavailable(why) || absl::IsResourceExhausted(why);
}

}  // namespace

// On the thread of the slot's last task. False leaves everything to Told.
bool Runner::NextHere(size_t index, sys::Spawner::Report& report,
                      std::optional<sys::Spawner::Order>* order) {
  std::lock_guard lock(mutex_);
  // A signal to us that has ended this task, too, comes first.
  if (sys::Signals::Waiting({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1})) {
    return false;
  }
  if (!report.started.ok() || !intake_ || end_signal_ != 0 ||
      running_ > options_.jobs || pending_ != nullptr || waits_for_items_) {
    return false;
  }
  Group group;
  const absl::StatusOr<Items::Got> got = items_.Next(&group);
  // What ends or waits is found again by the loop.
  if (!got.ok() || *got != Items::Got::kGroup) {
    if (!got.ok()) pending_error_ = got.status();
    return false;
  }
  std::unique_ptr<Task> task = NewTask(std::move(group));
  Slot& slot = *slots_[index];
  task->tokens = slot.tokens;
  absl::StatusOr<sys::Spawner::Order> next = absl::UnknownError("");
  if (maker_.Expand(*task).ok()) next = maker_.MakeOrder(*task);
  if (!next.ok()) {
    pending_ = std::move(task);
    return false;
  }
  Note(*slot.task, report);
  counts_.done++;
  if (slot.task->record.outcome.failed()) counts_.failed++;
  (void)plan_.Ended(slot.task->record.outcome, slot.task->record.wall, 1,
                    std::nullopt);
  tasks_.erase(slot.task->id);
  Show(*task);
  counts_.started++;
  task->id = next_id_++;
  task->has_slot = true;
  slot.task = task.get();
  tasks_[task->id] = std::move(task);
  *order = *std::move(next);
  return true;
}

void Runner::Launch(std::unique_ptr<Task> owned, size_t index) {
  Slot& slot = *slots_[index];
  Task& task = *owned;
  const bool first = !task.shown;
  if (first && task.record.attempt == 1 && calls_.number && !task.otherwise) {
    absl::StatusOr<std::string> number = calls_.number();
    if (!number.ok()) {
      Fail(kNoCounter, number.status());
      intake_ = false;
      return;
    }
    task.record.number = *std::move(number);
  }
  task.tokens = slot.tokens;
  // Differs: the original ended with 0.
  if (absl::Status s = maker_.Expand(task); !s.ok()) {
    Fail(kBadInput,
         task.otherwise
             ? base::Context(s, absl::StrCat("-N: failed to expand \"",
                                             options_.otherwise_text, "\""))
             : s);
    intake_ = false;
    return;
  }
  if (calls_.skip && task.record.attempt == 1 && !task.otherwise) {
    const absl::StatusOr<bool> skip = calls_.skip(task.record);
    if (!skip.ok()) {
      Fail(kBadInput, skip.status());
      intake_ = false;
      return;
    }
    if (*skip) return SkipTask(task);
  }
  if (calls_.replay && first && !task.otherwise && Replayed(owned)) return;
  if (first) Show(task);
  task.shown = true;
  counts_.started += first && task.record.attempt == 1;
  if (options_.dry_run) {
    counts_.done++;
    return;
  }

  task.id = next_id_++;
  task.record.args = task.group.arguments;
  task.record.xid = SectionName(task);
  task.record.start = sys::WallNow();
  task.has_slot = true;
  slot.task = &task;
  running_++;
  tasks_[task.id] = std::move(owned);

  absl::StatusOr<sys::Spawner::Order> order = maker_.MakeOrder(task);
  if (!order.ok()) return NotStarted(index, order.status());
  task.order = *std::move(order);
  if (outputs_ == nullptr) return StartNow(task.id, index);
  const absl::Status begun = BeginOutput(task, index);
  if (!begun.ok()) NotStarted(index, begun);
}

// Its section, if it has one, is open.
void Runner::StartNow(int64_t id, size_t index) {
  Task& task = *tasks_.at(id);
  if (end_signal_ != 0) {
    task.put_back = true;
    return Ended(index);
  }
  if (calls_.started) calls_.started(task.record);
  task.begin = sys::SteadyNow();
  SetTimeout(index);
  spawner_->Start(index, std::move(task.order));
}

absl::Status Runner::BeginOutput(Task& task, size_t index) {
  Outputs::Start start;
  start.name = task.record.xid;
  start.place = task.record.seq - 1;
  if (options_.prefix) start.prefix = Text(*options_.prefix, task);
  if (calls_.copies) {
    TRY_ASSIGN(const auto copies, calls_.copies(task.record));
    start.copy_out = copies.first;
    start.copy_errors = copies.second;
  }
  const auto opened = [this, id = task.id,
                       index](std::optional<int64_t> section) {
    Task& task = *tasks_.at(id);
    if (section && !options_.section_manager.empty()) {
      maker_.EnterSection(task, *section);
    }
    StartNow(id, index);
  };
  // Where it has a section from an earlier try, that one is its own.
  const bool again = task.has_output;
  TRY_ASSIGN(Outputs::ChildEnds ends,
             outputs_->Begin(task.id, std::move(start)));
  sys::SpawnOptions& options = task.order.options;
  options.out = ends.out.get();
  if (ends.errors_as_out) options.err = ends.out.get();
  if (ends.drop_errors) options.err = -1;
  if (ends.errors) options.err = ends.errors.get();
  task.order.held.push_back(std::move(ends.out));
  task.order.held.push_back(std::move(ends.errors));
  task.has_output = true;
  if (again) {
    spawner_->Start(index, std::move(task.order));
  } else {
    outputs_->OpenSection(task.id, opened);
  }
  return absl::OkStatus();
}

// What its section is called.
std::string Runner::SectionName(const Task& task) const {
  if (options_.name_by_number || task.otherwise ||
      task.group.arguments.empty() || task.group.arguments[0].empty()) {
    return task.record.number;
  }
  std::string name = task.group.arguments[0].substr(0, kMaxSectionNameBytes);
  // These would end it in the protocol.
  for (char& c : name) {
    if (c == '\n' || c == '\r' || c == '\0') c = '?';
  }
  return name;
}

void Runner::SkipTask(Task& task) {
  counts_.skipped++;
  if (outputs_ != nullptr) outputs_->Skip(task.record.seq - 1);
}

bool Runner::Replayed(std::unique_ptr<Task>& owned) {
  if (outputs_ == nullptr || !outputs_->has_sections()) return false;
  Task& task = *owned;
  const TaskRecord as_new = task.record;
  auto printed = calls_.replay(&task.record);
  if (!printed.ok()) calls_.warn(printed.status());
  if (!printed.ok() || !*printed) {
    task.record = as_new;
    return false;
  }
  task.id = next_id_++;
  task.record.args = task.group.arguments;
  Outputs::Start start;
  start.name = task.record.xid;
  start.place = task.record.seq - 1;
  if (options_.prefix) start.prefix = Text(*options_.prefix, task);
  const int64_t id = task.id;
  task.has_output = true;
  const TaskRecord record = task.record;
  tasks_[id] = std::move(owned);
  if (absl::Status s =
          outputs_->Replay(id, std::move(start), (*printed)->out,
                           (*printed)->errors, record.outcome.code());
      !s.ok()) {
    calls_.warn(s);
    owned = std::move(tasks_.extract(id).mapped());
    owned->has_output = false;
    owned->record = as_new;
    return false;
  }
  counts_.done++;
  counts_.failed += record.outcome.failed();
  if (calls_.not_started) calls_.not_started();
  // Whether it was to be tried again has been decided then.
  Heed(plan_.Ended(
      record.outcome, record.wall, std::numeric_limits<int>::max(),
      counts_.total < 0 ? std::nullopt : std::optional(counts_.total)));
  return true;
}

// It did not come to a process of its own.
void Runner::NotStarted(size_t index, const absl::Status& why) {
  Task& task = *slots_[index]->task;
  // Programs come and go while we remember where they were.
  if (task.direct && !task.looked_again &&
      (absl::IsNotFound(why) || absl::IsPermissionDenied(why))) {
    task.looked_again = true;
    maker_.ForgetPrograms();
    absl::StatusOr<sys::Spawner::Order> order = maker_.MakeOrder(task);
    if (!order.ok()) return NotStarted(index, order.status());
    task.order.argv = std::move(order->argv);
    task.order.options.program = std::move(order->options.program);
    return spawner_->Start(index, std::move(task.order));
  }
  // While others run there will be room, and a while is waited for it anyhow.
  if (IsShortage(why) && end_signal_ == 0 &&
      (shortages_ < std::size(kRoomSeconds) || running_ > starving_ + 1)) {
    return Starve(index, why);
  }
  task.order.held.clear();  // or its output would never end
  int& status = task.record.outcome.status;
  calls_.warn(why);
  if (absl::IsNotFound(why)) {
    status = kNotFound;
  } else if (absl::IsPermissionDenied(why)) {
    status = kCannotExecute;
  } else if (absl::IsInvalidArgument(why)) {
    status = kUsage;
    code_ = kUsage;
    intake_ = false;
  } else {
    // Of the system, not of the task: nobody else will tell.
    status = kSystem;
    code_ = kSystem;
  }
  Ended(index);
}

// It stays in its slot, without what it has taken already.
void Runner::Starve(size_t index, const absl::Status& why) {
  Task& task = *slots_[index]->task;
  if (!std::exchange(told_of_shortage_, true)) {
    calls_.warn(base::Context(why, "waiting for room"));
  }
  task.starved = true;
  starving_++;
  task.order.held.clear();
  if (task.has_output) outputs_->Suspend(task.id);
  if (room_timer_ != 0) return;
  const size_t n = std::min(shortages_, std::size(kRoomSeconds) - 1);
  room_timer_ = loop_.After(absl::Seconds(kRoomSeconds[n]), [this] {
    std::lock_guard lock(mutex_);
    room_timer_ = 0;
    shortages_++;
    StartStarved();
    Fill();
  });
}

// One more, when a task has ended and so there may be room, or after a while.
void Runner::StartStarved() {
  if (starving_ == 0 || end_signal_ != 0) return;
  size_t index = 0;
  while (slots_[index]->task == nullptr || !slots_[index]->task->starved) {
    index++;
  }
  Task& task = *slots_[index]->task;
  task.starved = false;
  starving_--;
  if (outputs_ == nullptr) {
    return spawner_->Start(index, std::move(task.order));
  }
  const absl::Status begun = BeginOutput(task, index);
  if (!begun.ok()) NotStarted(index, begun);
}

}  // namespace fanout
