#include "fanout/runner.h"

#include <absl/strings/str_cat.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/status.h"
#include "fanout/collate_protocol.h"
#include "fanout/section.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace fanout {
namespace {

// How long to wait for the system to have room for one more process, when none
// of ours ends meanwhile.
constexpr int kRoomSeconds[] = {1, 2, 3, 5, 8, 13};
constexpr absl::Duration kLookAgain = absl::Milliseconds(200);
// More threads than processors start no more.
constexpr int kSpawners = 2;
// Exit codes (exit-codes(7)).
constexpr int kUsage = 64, kBadInput = 65, kNoCounter = 66, kSystem = 71,
              kOutputLost = 74, kCannotExecute = 126, kNotFound = 127;

bool IsShortage(const absl::Status& why) {
  return absl::IsUnavailable(why) || absl::IsResourceExhausted(why);
}

}  // namespace

struct Runner::Slot {
  std::vector<std::string> tokens;
  Task* task = nullptr;
  bool released = false;
};

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
  const std::string line = absl::StrCat(task.record.command, "\n");
  if (options_.print_commands || options_.dry_run)
    (options_.print_to_trace ? calls_.trace : calls_.print)(line);
  if (options_.trace) calls_.trace(line);
}

// --- Running ----------------------------------------------------------------

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

// --- The end ----------------------------------------------------------------

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
