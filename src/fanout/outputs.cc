#include "fanout/outputs.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "fanout/json_bytes.h"
#include "sys/file.h"

namespace fanout {
namespace {

// Longer than most small commands take, and nothing to who watches.
constexpr absl::Duration kQuietTime = absl::Milliseconds(2);
constexpr size_t kReadBytes = 128 << 10;
// So that a task seldom waits for us. More than a user may have is refused,
// and does without.
constexpr int kPipeBytes = 256 << 10;
// Bytes on their way to our reader, above which we read no more.
constexpr size_t kCongested = 256 << 10;
// One task must not keep the loop from the others.
constexpr size_t kBytesPerTurn = 4 << 20;

}  // namespace

struct Outputs::Flow {
  explicit Flow(SpoolSpace& space) : kept(space) {}
  sys::Fd pipe;
  int copy = -1;
  bool errors = false;
  bool at_end = true;  // as long as it has no pipe
  bool watched = false, paused = false;
  Spool kept;
  int64_t total = 0;
  std::string prefix;
  bool in_line = false;  // what was put last was no whole line
  Utf8Check check;
  enum class Json { kBefore, kWithin, kBehind };
  Json json_at = Json::kBefore;
  std::optional<JsonBytes> json;
};

struct Outputs::Task {
  explicit Task(SpoolSpace& space) : out(space), errors(space) {}
  Id id = 0;
  Start start;
  Flow out, errors;
  sys::Loop::Timer quiet = 0;
  std::optional<int64_t> section;
  Ready reported = Ready::kNot;
  std::unique_ptr<Outlet> own;  // where a manager around us lets us write
  Outlet* to = nullptr;         // once granted
  int64_t number = 0;
  bool has_header = false, has_middle = false, has_footer = false;
  bool ended = false, forget = false, told_complete = false;
  int status = 0;
  std::vector<Task*> folded;  // those with the same output, itself first
  bool is_folded = false;     // into another
};

absl::StatusOr<std::unique_ptr<Outputs>> Outputs::Make(sys::Loop& loop,
                                                       OutputOptions options,
                                                       Callbacks callbacks,
                                                       SectionQueue* queue) {
  std::unique_ptr<Outputs> o(
      new Outputs(loop, std::move(options), std::move(callbacks), queue));
  const auto drained = [o = o.get()] {
    o->Resume();
    if (o->holder_) o->Pump(*o->holder_);
    o->callbacks_.drained();
  };
  const auto failed = [o = o.get()](absl::string_view what) {
    return [o, what](const absl::Status& why) {
      o->Failed(base::Context(why, what));
    };
  };
  TRY_ASSIGN(o->out_,
             Outlet::Open(loop, 1, drained, failed("standard output")));
  TRY_ASSIGN(o->errors_,
             Outlet::Open(loop, 2, drained, failed("standard error")));
  return o;
}

Outputs::Outputs(sys::Loop& loop, OutputOptions options, Callbacks callbacks,
                 SectionQueue* queue)
    : loop_(loop),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      queue_(queue),
      space_(options_.space) {}

Outputs::~Outputs() {
  *alive_ = false;
  for (auto& [id, task] : tasks_) {
    loop_.Cancel(task->quiet);
    for (Flow* flow : {&task->out, &task->errors}) {
      if (flow->watched) loop_.Unwatch(flow->pipe.get());
    }
  }
}

Outputs::Task* Outputs::Find(Id id) const {
  const auto it = tasks_.find(id);
  return it == tasks_.end() ? nullptr : it->second.get();
}

bool Outputs::has_room() const {
  if (space_.full()) return false;
  return has_sections() || (out_->kept_bytes() <= kCongested &&
                            errors_->kept_bytes() <= kCongested);
}

// --- Beginning --------------------------------------------------------------

absl::StatusOr<sys::Fd> Outputs::MakePipe(Flow& flow) {
  TRY_ASSIGN(auto pipe, sys::Pipe());
  TRY(sys::SetNonBlocking(pipe.first.get()));
  (void)fcntl(pipe.first.get(), F_SETPIPE_SZ, kPipeBytes);
  flow.pipe = std::move(pipe.first);
  flow.at_end = false;
  return std::move(pipe.second);
}

absl::StatusOr<Outputs::ChildEnds> Outputs::Begin(Id id, Start start) {
  Task* task = Find(id);
  std::unique_ptr<Task> made;
  if (task == nullptr) {
    made = std::make_unique<Task>(space_);
    task = made.get();
  }
  ChildEnds ends;
  task->id = id;
  task->errors.errors = true;
  TRY_ASSIGN(ends.out, MakePipe(task->out));
  switch (options_.errors) {
    case OutputOptions::Errors::kPass:
      break;
    case OutputOptions::Errors::kMerge:
      ends.errors_as_out = true;
      break;
    case OutputOptions::Errors::kDrop:
      ends.drop_errors = true;
      break;
    case OutputOptions::Errors::kCollate: {
      absl::StatusOr<sys::Fd> errors = MakePipe(task->errors);
      if (!errors.ok()) {
        task->out.pipe.Reset();
        return errors.status();
      }
      ends.errors = *std::move(errors);
      break;
    }
  }
  task->out.copy = start.copy_out;
  task->errors.copy = start.copy_errors;
  task->out.prefix = task->errors.prefix = start.prefix;
  task->start = std::move(start);
  task->quiet = loop_.After(kQuietTime, [this, task] {
    task->quiet = 0;
    Watch(*task);
  });
  if (made != nullptr) tasks_[id] = std::move(made);
  return ends;
}

void Outputs::Suspend(Id id) {
  Task& task = *tasks_.at(id);
  loop_.Cancel(std::exchange(task.quiet, 0));
  for (Flow* flow : {&task.out, &task.errors}) {
    if (std::exchange(flow->watched, false)) loop_.Unwatch(flow->pipe.get());
    flow->pipe.Reset();
    flow->at_end = true;
  }
}

// kReadBytes that are not cleared: little output touches few of its pages.
char* Outputs::Buffer() {
  if (buffer_ == nullptr) {
    buffer_ = std::make_unique_for_overwrite<char[]>(kReadBytes);
  }
  return buffer_.get();
}

absl::Status Outputs::Refill(Flow& flow, const sys::Fd& file) {
  char* const buffer = Buffer();
  for (;;) {
    const ssize_t n = read(file.get(), buffer, kReadBytes);
    if (n == 0) return absl::OkStatus();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("output of an earlier run");
    const absl::string_view bytes(buffer, n);
    flow.total += n;
    if (options_.way == OutputOptions::Way::kRecords) flow.check.Add(bytes);
    flow.kept.Append(bytes);
  }
}

absl::Status Outputs::Replay(Id id, Start start, const sys::Fd& out,
                             const sys::Fd& errors, int status) {
  auto made = std::make_unique<Task>(space_);
  Task& task = *made;
  task.id = id;
  task.errors.errors = true;
  task.out.prefix = task.errors.prefix = start.prefix;
  task.start = std::move(start);
  task.told_complete = true;
  TRY(Refill(task.out, out));
  // Else it went to our standard error, or nowhere, when the task ran.
  if (options_.errors == OutputOptions::Errors::kCollate) {
    TRY(Refill(task.errors, errors));
  }
  tasks_[id] = std::move(made);
  Ended(id, status, Then::kShow);
  return absl::OkStatus();
}

void Outputs::Skip(int64_t place) {
  if (queue_ != nullptr) queue_->Skip(place);
}

void Outputs::OpenSection(Id id,
                          std::function<void(std::optional<int64_t>)> opened) {
  if (queue_ == nullptr || options_.hold) return opened(std::nullopt);
  OpenSection(*tasks_.at(id),
              [opened = std::move(opened)](int64_t number) { opened(number); });
}

void Outputs::OpenSection(Task& task, std::function<void(int64_t)> opened) {
  task.section = queue_->Open(
      task.start.name, task.start.place, std::move(opened),
      [this, id = task.id, alive = alive_](SectionQueue::Grant grant) {
        if (*alive) Granted(id, grant);
      });
}

void Outputs::Watch(Task& task) {
  for (Flow* flow : {&task.out, &task.errors}) {
    if (flow->at_end || flow->watched) continue;
    flow->watched =
        loop_
            .Watch(flow->pipe.get(), EPOLLIN,
                   [this, &task, flow](uint32_t) { Hear(task, *flow); })
            .ok();
  }
}

// --- Reading ----------------------------------------------------------------

Outlet& Outputs::OutletOf(const Flow& flow) {
  return flow.errors ? *errors_ : *out_;
}

void Outputs::Hear(Task& task, Flow& flow) {
  const bool live = !flow.errors && task.to != nullptr;
  if (live) {
    Pump(task.id);
    return;
  }
  // Others have filled it since this one was found ready.
  if (task.to == nullptr && !has_sections() &&
      OutletOf(flow).kept_bytes() > kCongested) {
    Pause(task, flow);
    return;
  }
  Read(task, flow);
  if (task.to != nullptr) {
    Pump(task.id);
  } else {
    Settle(task);
  }
}

// False when there was nothing to read, or its end.
bool Outputs::Read(Task& task, Flow& flow) {
  char* const buffer = Buffer();
  const ssize_t n = read(flow.pipe.get(), buffer, kReadBytes);
  if (n > 0) {
    flow.total += n;
    Deliver(task, flow, absl::string_view(buffer, n));
    return true;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  flow.at_end = true;
  if (std::exchange(flow.watched, false)) loop_.Unwatch(flow.pipe.get());
  flow.pipe.Reset();
  if (options_.way == OutputOptions::Way::kLines && !flow.kept.empty()) {
    // The line that was not ended is ended here, or the next task's would go on
    // with it.
    Lines(flow, "\n");
  }
  return false;
}

void Outputs::Deliver(Task& task, Flow& flow, absl::string_view bytes) {
  if (flow.copy >= 0) {
    if (absl::Status s = sys::WriteAll(flow.copy, bytes); !s.ok()) {
      flow.copy = -1;
      Failed(base::Context(s, "copy of the output"));
    }
  }
  if (broken_) return;
  switch (options_.way) {
    case OutputOptions::Way::kChunks:
      Put(flow, OutletOf(flow), bytes);
      break;
    case OutputOptions::Way::kLines:
      Lines(flow, bytes);
      break;
    case OutputOptions::Way::kRecords:
      flow.check.Add(bytes);
      flow.kept.Append(bytes);
      break;
    case OutputOptions::Way::kSections:
      if (!flow.errors && task.to != nullptr && flow.kept.empty()) {
        Put(flow, *task.to, bytes);
      } else {
        flow.kept.Append(bytes);
      }
      break;
  }
  const bool held_up =
      task.to == nullptr
          ? space_.full() || OutletOf(flow).kept_bytes() > kCongested
          : task.to->kept_bytes() > kCongested;
  if (held_up) Pause(task, flow);
}

void Outputs::Lines(Flow& flow, absl::string_view bytes) {
  const size_t end = bytes.rfind('\n');
  if (end != absl::string_view::npos) {
    Outlet& outlet = OutletOf(flow);
    while (!flow.kept.empty()) {
      absl::StatusOr<absl::string_view> front = flow.kept.Front();
      if (!front.ok()) return Failed(front.status());
      Put(flow, outlet, *front);
      flow.kept.Take(front->size());
    }
    Put(flow, outlet, bytes.substr(0, end + 1));
    bytes.remove_prefix(end + 1);
  }
  flow.kept.Append(bytes);
}

// Writes, each line behind its prefix.
void Outputs::Put(Flow& flow, Outlet& outlet, absl::string_view bytes) {
  if (broken_) return;
  if (flow.prefix.empty()) {
    outlet.Write(bytes);
    return;
  }
  std::string tagged;
  tagged.reserve(bytes.size() + bytes.size() / 4);
  while (!bytes.empty()) {
    if (!flow.in_line) tagged += flow.prefix;
    const size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
    tagged.append(bytes.data(), end);
    flow.in_line = bytes[end - 1] != '\n';
    bytes.remove_prefix(end);
  }
  outlet.Write(tagged);
}

void Outputs::Pause(Task& task, Flow& flow) {
  if (flow.paused || flow.at_end) return;
  flow.paused = paused_ = true;
  if (flow.watched) loop_.Rewatch(flow.pipe.get(), 0);
  if (space_.full() && options_.hold && task.to == nullptr) {
    // It would wait for its own end, or with `fold` for that of all, for ever.
    return Failed(absl::ResourceExhaustedError(
        "no room for output that has to wait; TMPDIR may name a folder with "
        "more"));
  }
  // Nobody takes anything from the disk but sections that are written: if it is
  // full, this one has to have its turn.
  if (task.section && space_.full() && !options_.hold &&
      task.reported < Ready::kFull) {
    task.reported = Ready::kFull;
    queue_->Report(*task.section, Ready::kFull);
  }
}

void Outputs::Resume() {
  if (!paused_ || broken_) return;
  paused_ = false;
  for (auto& [id, task] : tasks_) {
    for (Flow* flow : {&task->out, &task->errors}) {
      if (!flow->paused) continue;
      flow->paused = false;
      if (flow->watched) loop_.Rewatch(flow->pipe.get(), EPOLLIN);
    }
  }
}

// --- Its turn ---------------------------------------------------------------

bool Outputs::Shows(const Task& task) const {
  if (task.forget) return false;
  if (!task.out.kept.empty() || !task.errors.kept.empty()) return true;
  if (task.out.total > 0 || task.errors.total > 0) return true;
  return !options_.squeeze;
}

void Outputs::Ended(Id id, int status, Then then) {
  Task* task = Find(id);
  if (task == nullptr) return;
  loop_.Cancel(std::exchange(task->quiet, 0));
  task->ended = true;
  task->status = status;
  task->forget = then == Then::kForget;
  if (task->to != nullptr) return Pump(id);
  if (task->forget) {
    for (Flow* flow : {&task->out, &task->errors}) {
      if (std::exchange(flow->watched, false)) loop_.Unwatch(flow->pipe.get());
      flow->pipe.Reset();
      flow->kept.Clear();
      flow->at_end = true;
    }
  }
  for (Flow* flow : {&task->out, &task->errors}) {
    for (size_t n = 0; !flow->at_end && !flow->paused && n < kBytesPerTurn;
         n += kReadBytes) {
      if (!Read(*task, *flow)) break;
    }
  }
  Watch(*task);
  Settle(*task);
}

// Looks whether the task is done with, or may ask for more than before.
void Outputs::Settle(Task& task) {
  if (task.is_folded) return;  // goes the way of the other
  const bool over =
      task.out.at_end && task.errors.at_end && (task.ended || cut_short_);
  if (over && (!has_sections() || !Shows(task) || broken_)) {
    if (broken_ && task.out.total + task.errors.total > 0) {
      undelivered_ += std::max<size_t>(task.folded.size(), 1);
    }
    return Finish(task);
  }
  if (!has_sections() || task.to != nullptr) return;
  if (over && task.ended && !std::exchange(task.told_complete, true) &&
      callbacks_.complete) {
    callbacks_.complete(task.id);
  }
  if (options_.fold) {
    if (over) Fold(task);
    return;
  }
  Ready ready = Ready::kNot;
  if (over) {
    ready = Ready::kFinished;
  } else if (!options_.hold && !task.out.kept.empty()) {
    ready = Ready::kHasData;
  }
  Report(task, ready);
}

void Outputs::Report(Task& task, Ready ready) {
  if (ready <= task.reported) return;
  task.reported = ready;
  if (!task.section) OpenSection(task, [](int64_t) {});
  queue_->Report(*task.section, ready);
}

void Outputs::Fold(Task& task) {
  if (task.is_folded || !task.folded.empty()) return;
  // What cannot be read back is like nothing else; its turn will tell.
  const auto hash = task.out.kept.Hash();
  std::vector<Task*>& alike = folded_[hash.value_or(task.id)];
  for (Task* other : alike) {
    const auto out = task.out.kept.Equals(other->out.kept);
    const auto errors = task.errors.kept.Equals(other->errors.kept);
    if (!out.value_or(false) || !errors.value_or(false)) continue;
    task.is_folded = true;
    task.out.kept.Clear();
    task.errors.kept.Clear();
    other->folded.push_back(&task);
    Resume();
    break;
  }
  if (!task.is_folded) {
    task.folded.push_back(&task);
    alike.push_back(&task);
  }
  folded_tasks_++;
  LookFolded();
}

void Outputs::ShowFolded() {
  last_task_ = true;
  LookFolded();
}

void Outputs::LookFolded() {
  if (!last_task_ || broken_ || folded_tasks_ != tasks_.size()) return;
  std::vector<Task*> shown;
  for (auto& [hash, alike] : std::exchange(folded_, {})) {
    for (Task* task : alike) {
      std::sort(task->folded.begin(), task->folded.end(),
                [](const Task* a, const Task* b) {
                  return a->start.place < b->start.place;
                });
      shown.push_back(task);
    }
  }
  std::sort(shown.begin(), shown.end(), [](const Task* a, const Task* b) {
    return a->folded[0]->start.place < b->folded[0]->start.place;
  });
  for (Task* task : shown) Report(*task, Ready::kFinished);
}

std::vector<Outputs::Id> Outputs::Folded(Id id) const {
  std::vector<Id> ids;
  if (const Task* task = Find(id)) {
    for (const Task* folded : task->folded) ids.push_back(folded->id);
  }
  return ids;
}

void Outputs::Granted(Id id, SectionQueue::Grant grant) {
  Task* task = Find(id);
  if (task == nullptr) return;
  task->number = grant.number;
  if (grant.fd == 1) {
    task->to = out_.get();
    holder_ = id;
  } else {
    auto own = Outlet::Open(
        loop_, grant.fd, [this, id] { Pump(id); },
        [this](const absl::Status& why) { Failed(why); });
    if (!own.ok()) {
      Failed(own.status());
      task->to = out_.get();
    } else {
      task->own = *std::move(own);
      task->to = task->own.get();
    }
  }
  Watch(*task);
  Pump(id);
}

// Writes what there is of the section whose turn it is, step by step: each
// return waits for room, for more, or for the task's end.
void Outputs::Pump(Id id) {
  Task* found = Find(id);
  if (found == nullptr || found->to == nullptr) return;
  Task& task = *found;
  Outlet& to = *task.to;
  const bool records = options_.way == OutputOptions::Way::kRecords;

  if (!task.has_header &&
      (!options_.squeeze || !task.out.kept.empty() || records)) {
    task.has_header = true;
    to.Write(callbacks_.header(id, task.number));
  }
  if (!PumpKept(task.out, to)) return;
  if (!task.out.at_end && !PumpLive(task)) return;
  if (!task.ended && !cut_short_) return;
  if (!task.errors.at_end) return;  // Hear comes again with its end
  if (records) {
    if (!task.has_middle) to.Write(callbacks_.middle(id));
    task.has_middle = true;
    if (!PumpKept(task.errors, to)) return;
  }
  if (!task.has_footer && (task.has_header || !options_.squeeze)) {
    to.Write(callbacks_.footer(id, task.number));
  }
  task.has_footer = true;
  // What follows may be written by another process.
  if (to.kept_bytes() != 0 && !broken_) return;
  if (!records && !PumpKept(task.errors, *errors_)) return;
  Finish(task);
}

// True when all that was kept is written.
bool Outputs::PumpKept(Flow& flow, Outlet& outlet) {
  const bool records = options_.way == OutputOptions::Way::kRecords;
  if (records && flow.json_at == Flow::Json::kBefore) {
    flow.json.emplace(flow.check.valid());
    flow.json_at = Flow::Json::kWithin;
    outlet.Write(flow.json->Begin());
  }
  while (!flow.kept.empty() && !broken_) {
    if (outlet.kept_bytes() > kCongested) return false;
    absl::StatusOr<absl::string_view> front = flow.kept.Front();
    if (!front.ok()) {
      Failed(front.status());
      break;
    }
    if (records) {
      outlet.Write(flow.json->Add(*front));
    } else {
      Put(flow, outlet, *front);
    }
    flow.kept.Take(front->size());
    Resume();
  }
  if (records && flow.json_at == Flow::Json::kWithin) {
    flow.json_at = Flow::Json::kBehind;
    outlet.Write(flow.json->End());
  }
  return true;
}

// Passes on what comes. True at its end.
bool Outputs::PumpLive(Task& task) {
  Flow& flow = task.out;
  for (size_t moved = 0; moved < kBytesPerTurn;) {
    if (task.to->kept_bytes() > 0 && !broken_) {
      // There is no room now; `drained` comes back here.
      Pause(task, flow);
      return false;
    }
    // Without a word of ours in it, it need not pass through our hands.
    const bool plain =
        flow.prefix.empty() && flow.copy < 0 && !broken_ && task.has_header;
    if (plain) {
      const absl::StatusOr<size_t> n = task.to->Splice(flow.pipe.get());
      if (n.ok() && *n > 0) {
        flow.total += *n;
        moved += *n;
        continue;
      }
    }
    int there = 0;
    if (!task.has_header && !flow.at_end &&
        ioctl(flow.pipe.get(), FIONREAD, &there) == 0 && there > 0) {
      task.has_header = true;
      task.to->Write(callbacks_.header(task.id, task.number));
    }
    if (!Read(task, flow)) return flow.at_end;
    moved += kReadBytes;
  }
  // The others first; level-triggered, so it comes again.
  return false;
}

void Outputs::Finish(Task& task) {
  const Id id = task.id;
  loop_.Cancel(task.quiet);
  if (holder_ == id) holder_.reset();
  if (task.section) {
    task.own.reset();
    queue_->Close(*task.section, task.status);
  } else if (queue_ != nullptr) {
    queue_->Skip(task.start.place);
  }
  for (const Id folded : Folded(id)) {
    folded_tasks_--;
    if (folded == id) continue;
    callbacks_.finished(folded);
    tasks_.erase(folded);
  }
  callbacks_.finished(id);
  tasks_.erase(id);
  Resume();
}

// --- Ends -------------------------------------------------------------------

bool Outputs::idle() const {
  return tasks_.empty() &&
         (broken_ || (out_->kept_bytes() == 0 && errors_->kept_bytes() == 0));
}

void Outputs::Failed(const absl::Status& why) {
  if (broken_) return;
  broken_ = true;
  callbacks_.failed(why);
  // Those that were waiting to be written never will be. Later: the caller may
  // be in the midst of one.
  loop_.AtEndOfTurn([this, alive = alive_] {
    if (*alive) CutShort();
  });
}

void Outputs::CutShort() {
  cut_short_ = true;
  std::vector<Id> ids;
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (Id id : ids) {
    Task* task = Find(id);
    if (task == nullptr) continue;
    for (Flow* flow : {&task->out, &task->errors}) {
      while (!flow->at_end && Read(*task, *flow)) continue;
      if (flow->at_end) continue;
      flow->at_end = true;
      if (std::exchange(flow->watched, false)) loop_.Unwatch(flow->pipe.get());
      flow->pipe.Reset();
      if (options_.way == OutputOptions::Way::kLines && !flow->kept.empty()) {
        Lines(*flow, "\n");
      }
    }
    if (task->to != nullptr) {
      Pump(id);
    } else {
      Settle(*task);
    }
  }
}

int64_t Outputs::out_bytes(Id id) const {
  const Task* task = Find(id);
  return task == nullptr ? 0 : task->out.total;
}

int64_t Outputs::error_bytes(Id id) const {
  const Task* task = Find(id);
  return task == nullptr ? 0 : task->errors.total;
}

}  // namespace fanout
