#include "mcfeely/comm.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/job.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/users.h"

namespace mcfeely {

namespace wire = fleetbox::wire;

constexpr int kSpawners = 2;
constexpr absl::Duration kBeforeDraining = absl::Milliseconds(5);
// How often, and how long, the pipes of one that has ended are looked at.
constexpr absl::Duration kHeldLook = absl::Milliseconds(5);
constexpr absl::Duration kHeldTime = absl::Milliseconds(50);
// Between two sweeps, and of what a sweep takes: not more than a fiftieth of a
// processor, however many processes there are.
constexpr absl::Duration kSweepPause = absl::Seconds(1);
constexpr int kSweepShare = 50;

// What a comm may ask for, and how soon and late.
constexpr absl::string_view kRetryAfter = "mcfeely: retry-after ";
constexpr absl::Duration kShortestRetry = absl::Seconds(1);
constexpr absl::Duration kLongestRetry = absl::Hours(365 * 24);
constexpr size_t kKeptErrorBytes = 256;

// As the original says of whatever it cannot execute.
constexpr absl::string_view kNotFound = "program not found";

// Without blanks around it; "" when there is none.
absl::string_view LastLine(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  return text.substr(text.rfind('\n') + 1);
}

void HeadAndTail::Add(absl::string_view bytes) {
  total_ += bytes.size();
  const size_t to_head = std::min(bytes.size(), keep_ - head_.size());
  absl::StrAppend(&head_, bytes.substr(0, to_head));
  bytes.remove_prefix(to_head);
  if (bytes.size() > keep_) bytes.remove_prefix(bytes.size() - keep_);
  const size_t to_end = std::min(bytes.size(), keep_ - ring_.size());
  absl::StrAppend(&ring_, bytes.substr(0, to_end));
  bytes.remove_prefix(to_end);
  while (!bytes.empty()) {
    const size_t n = std::min(bytes.size(), keep_ - ring_at_);
    std::copy_n(bytes.begin(), n, ring_.begin() + ring_at_);
    ring_at_ = (ring_at_ + n) % keep_;
    bytes.remove_prefix(n);
  }
}

std::string HeadAndTail::tail() const {
  return ring_.substr(ring_at_) + ring_.substr(0, ring_at_);
}

void SetVerdict(const sys::Ended& ended, wire::Result* result) {
  if (ended.signal != 0) {
    result->set_verdict(wire::DEFERRED);
    result->set_reason(
        absl::StrCat("killed by ", sys::SignalName(ended.signal)));
  } else if (ended.code == 0) {
    result->set_verdict(wire::DONE);
  } else {
    result->set_verdict(ended.code == 99 ? wire::DEFERRED : wire::FAILED);
    result->set_reason(absl::StrCat("exit ", ended.code));
  }
}

std::optional<absl::Duration> ReadRetryAfter(absl::string_view errors) {
  absl::string_view line = LastLine(errors);
  if (!absl::ConsumePrefix(&line, kRetryAfter)) return std::nullopt;
  const auto asked = base::ParseDuration(absl::StripAsciiWhitespace(line));
  if (!asked.ok()) return std::nullopt;
  return std::clamp(*asked, kShortestRetry, kLongestRetry);
}

namespace {

// The last line a comm printed usually says why: whoever sees "exit 1" in a
// table sees that line, too. A request to us is not what it had to say.
void AddLastLine(absl::string_view text, bool asked, wire::Result* result) {
  constexpr size_t kLongest = 200;
  absl::string_view line = LastLine(text);
  if (asked && absl::StartsWith(line, kRetryAfter)) {
    line = LastLine(text.substr(0, line.data() - text.data()));
  }
  if (line.empty()) return;
  result->set_reason(
      absl::StrCat(result->reason(), ": ", line.substr(0, kLongest)));
}

// In the place of what `environment` says of the same name.
void SetVariable(std::string variable, std::vector<std::string>& environment) {
  const std::string name = variable.substr(0, variable.find('=') + 1);
  for (std::string& other : environment) {
    if (absl::StartsWith(other, name)) {
      other = std::move(variable);
      return;
    }
  }
  environment.push_back(std::move(variable));
}

void SetAccount(const sys::Account& account,
                std::vector<std::string>& environment) {
  SetVariable(absl::StrCat("HOME=", account.home), environment);
  SetVariable(absl::StrCat("USER=", account.name), environment);
  SetVariable(absl::StrCat("LOGNAME=", account.name), environment);
  SetVariable(
      absl::StrCat("SHELL=", account.shell.empty() ? "/bin/sh" : account.shell),
      environment);
}

// Who a comm runs as when its task names a user. FailedPrecondition when that
// cannot be, now or later.
absl::StatusOr<sys::Account> AccountOf(const std::string& user) {
  absl::StatusOr<sys::Account> account = sys::FindAccount(user);
  if (absl::IsNotFound(account.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("user: there is no ", Quoted(user), " on this host"));
  }
  TRY(account);
  if (sys::MyUid() != 0 && account->uid != sys::MyUid()) {
    return absl::FailedPreconditionError(
        absl::StrCat("user: the agent is not root, and cannot run a comm as ",
                     Quoted(user)));
  }
  return account;
}

}  // namespace

struct CommRunner::Running {
  wire::Attempt attempt;
  sys::Child child;
  sys::Fd out, err;
  HeadAndTail output, errors;  // both streams; the second alone
  PrivateFolder folder;
  wire::Result result;
  sys::Loop::Timer timer = 0;
  // Until this fires nobody reads the pipes: most comms have ended by then,
  // and what they printed is read in one go.
  sys::Loop::Timer drain_timer = 0;
  bool draining = false;
  bool timed_out = false;  // TERM was sent
  bool cancelled = false;
};

struct CommRunner::Launching {
  wire::Attempt attempt;
  PrivateFolder folder;
  absl::StatusOr<std::unique_ptr<Running>> run;
  // Of one that was prepared.
  std::unique_ptr<sys::Gate> gate;
  bool waits = false;  // for what has not come: Start or Drop, or its launch
  bool dropped = false;
};

CommRunner::CommRunner(sys::Loop& loop, CommOptions options,
                       std::function<void(base::AttemptId)> started,
                       std::function<void(wire::Result)> ended)
    : loop_(loop),
      options_(std::move(options)),
      started_(std::move(started)),
      ended_(std::move(ended)),
      buffer_(64 << 10, '\0'),
      pool_(std::make_unique<sys::Pool>(loop, kSpawners, true)),
      alive_(std::make_shared<bool>(true)),
      sweep_pause_(kSweepPause) {
  sys::Account me{.name = "unknown", .home = "/", .shell = "/bin/sh"};
  if (auto found = sys::FindAccount(sys::MyUid()); found.ok()) me = *found;
  // Where it cannot be opened now, each comm tries for itself.
  if (auto null = sys::Open("/dev/null", O_RDWR); null.ok()) {
    null_ = *std::move(null);
  }
  environment_ = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "LANG=C.UTF-8", absl::StrCat("MCFEELY_HOST=", options_.host),
      absl::StrCat("MCFEELY_COMM_DIR=", options_.folder)};
  SetAccount(me, environment_);
}

CommRunner::~CommRunner() {
  for (auto& [id, launching] : prepared_) launching->gate->Shut();
  pool_.reset();
  loop_.Cancel(held_timer_);
  loop_.Cancel(sweep_timer_);
  sys::KillMarked(kAttemptVariable, unswept_);
  for (auto& [id, run] : running_) {
    (void)run->child.SignalGroup(SIGKILL);
    loop_.Unwatch(run->child.pidfd());
    if (run->out && run->draining) loop_.Unwatch(run->out.get());
    if (run->err && run->draining) loop_.Unwatch(run->err.get());
    loop_.Cancel(run->timer);
    loop_.Cancel(run->drain_timer);
  }
}

namespace {

// Whoever could replace the thing must be root or ourselves.
absl::Status CheckOwner(const sys::FileInfo& info, absl::string_view what) {
  constexpr uint32_t kOthersWrite = 022, kSticky = 01000;
  if (info.uid != 0 && info.uid != sys::MyUid()) {
    return absl::PermissionDeniedError(
        absl::StrCat(what, " belongs to uid ", info.uid, ", not to root"));
  }
  // In a sticky folder (/tmp) nobody can replace what is somebody else's.
  if ((info.mode & kOthersWrite) != 0 &&
      !(info.folder && (info.mode & kSticky) != 0)) {
    return absl::PermissionDeniedError(
        absl::StrCat(what, " can be written by group or others"));
  }
  return absl::OkStatus();
}

// The same for every folder above an absolute path.
absl::Status CheckOwnersAbove(absl::string_view path) {
  for (size_t end = path.rfind('/'); end != absl::string_view::npos;
       end = end == 0 ? absl::string_view::npos : path.rfind('/', end - 1)) {
    const std::string folder(path.substr(0, std::max<size_t>(end, 1)));
    TRY_ASSIGN(sys::FileInfo info, sys::Stat(folder));
    TRY(CheckOwner(info, folder));
  }
  return absl::OkStatus();
}

}  // namespace

// The file that is checked is the file that is executed: through the
// descriptor. The kernel hands a script to its interpreter by name, though, so
// there every folder on the way must be safe, too.
absl::StatusOr<SafeProgram> OpenSafeProgram(const std::string& path,
                                            const std::string& name) {
  TRY(CheckComm(name));
  TRY_ASSIGN(sys::Fd folder,
             sys::Open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  TRY_ASSIGN(sys::FileInfo folder_info, sys::Stat(folder.get()));
  TRY(CheckOwner(folder_info, path));
  absl::StatusOr<sys::Fd> file =
      sys::OpenAt(folder.get(), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (absl::IsNotFound(file.status())) return absl::NotFoundError(kNotFound);
  TRY(file);
  TRY_ASSIGN(sys::FileInfo info, sys::Stat(file->get()));
  if (!info.regular) return absl::NotFoundError(kNotFound);
  TRY(CheckOwner(info, name));
  SafeProgram program{.file = *std::move(file), .path = ""};
  char start[2];
  if (pread(program.file.get(), start, 2, 0) == 2 && start[0] == '#' &&
      start[1] == '!') {
    TRY_ASSIGN(program.path, sys::PathOf(program.file.get()));
    TRY(CheckOwnersAbove(program.path));
  }
  return program;
}

// A folder that a comm left empty is as good as a new one, and making folders
// is dear: ext4 looks long for an inode that was not freed just now (measured:
// 5000 tasks take 2.4 s instead of 3.2 s).
absl::StatusOr<CommRunner::PrivateFolder> CommRunner::TakeFolder() {
  if (!empty_folders_.empty()) {
    PrivateFolder folder = std::move(empty_folders_.back());
    empty_folders_.pop_back();
    return folder;
  }
  PrivateFolder folder;
  folder.path = absl::StrCat(options_.work_folder, "/", ++folders_made_);
  TRY(sys::MakeFolders(folder.path, 0700));
  return folder;
}

// One that was seen empty and has not changed since is empty. A change within
// the clock's tick leaves the same time, so only a time long past tells.
void CommRunner::GiveBackFolder(PrivateFolder folder, absl::Time taken) {
  constexpr absl::Duration kTicks = absl::Seconds(1);
  const auto info = sys::Stat(folder.path);
  // One that was another user's is his to come back to.
  bool empty = info.ok() && info->mode == 0700 && info->uid == sys::MyUid();
  if (empty && !(info->ctime_ns == folder.seen_empty_ns &&
                 absl::FromUnixNanos(info->ctime_ns) + kTicks < taken)) {
    const auto left = sys::ListFolder(folder.path);
    empty = left.ok() && left->empty();
    folder.seen_empty_ns = info->ctime_ns;
  }
  if (empty) {
    empty_folders_.push_back(std::move(folder));
  } else {
    (void)sys::RemoveTree(folder.path);
  }
}

namespace {

size_t KeptBytes(const wire::Attempt& attempt) {
  if (!attempt.has_output_bytes()) return base::kKeptOutputBytes;
  return std::min<size_t>(attempt.output_bytes(), base::kMaxKeptOutputBytes);
}

}  // namespace

// On a thread of the pool: a vfork holds up the thread that calls it until the
// comm's first page is there.
absl::StatusOr<std::unique_ptr<CommRunner::Running>> CommRunner::Launch(
    const wire::Attempt& attempt, const PrivateFolder& folder,
    sys::Gate* gate) const {
  TRY_ASSIGN(SafeProgram program,
             OpenSafeProgram(options_.folder, attempt.comm()));
  const std::string id = base::Hex(attempt.id());

  const bool script = !program.path.empty();
  std::vector<std::string> argv = {script ? program.path : attempt.comm()};
  argv.insert(argv.end(), attempt.argument().begin(), attempt.argument().end());
  std::vector<std::string> environment = environment_;
  environment.insert(
      environment.end(),
      {absl::StrCat("MCFEELY_JOB=", attempt.job()),
       absl::StrCat("MCFEELY_TASK=", attempt.task_name()),
       absl::StrCat("MCFEELY_ATTEMPT=", attempt.number()),
       absl::StrCat(kAttemptVariable, "=", id),
       absl::StrCat("MCFEELY_DESCRIPTION=", attempt.description())});

  std::optional<sys::Credentials> credentials;
  if (!attempt.user().empty()) {
    TRY_ASSIGN(const sys::Account account, AccountOf(attempt.user()));
    SetAccount(account, environment);
    if (sys::MyUid() == 0) {
      TRY_ASSIGN(std::vector<uint32_t> groups, sys::GroupsOf(account));
      credentials = {account.uid, account.gid, std::move(groups)};
      TRY(sys::GiveTo(folder.path, account.uid, account.gid));
    }
  }
  const std::vector<std::string> variables(attempt.environment().begin(),
                                           attempt.environment().end());
  if (const absl::Status good = CheckEnvironment(variables); !good.ok()) {
    return absl::FailedPreconditionError(good.message());
  }
  for (const std::string& variable : variables) {
    SetVariable(variable, environment);
  }
  sys::Fd input;
  if (attempt.has_stdin()) {
    TRY_ASSIGN(input, sys::MemoryFile(attempt.stdin()));
  }

  // Only our ends are non-blocking: a comm that floods must wait, not fail.
  TRY_ASSIGN(auto out, sys::Pipe());
  TRY_ASSIGN(auto err, sys::Pipe());
  TRY(sys::SetNonBlocking(out.first.get()));
  TRY(sys::SetNonBlocking(err.first.get()));
  absl::StatusOr<sys::Child> child = sys::Child::Spawn(
      argv, {.in = input ? input.get() : null_.get(),
             .out = out.second.get(),
             .err = err.second.get(),
             .environment = &environment,
             .folder = folder.path,
             .executable = script ? -1 : program.file.get(),
             .own_group = true,
             .gate = gate,
             .credentials = credentials.has_value() ? &*credentials : nullptr});
  if (!child.ok()) {
    if (!script) return child.status();
    // As in the job, not as on the disk.
    return absl::Status(child.status().code(),
                        absl::StrReplaceAll(child.status().message(),
                                            {{program.path, attempt.comm()}}));
  }
  auto run = std::make_unique<Running>(
      Running{.attempt = attempt,
              .child = *std::move(child),
              .out = std::move(out.first),
              .err = std::move(err.first),
              .output = HeadAndTail(KeptBytes(attempt)),
              .errors = HeadAndTail(kKeptErrorBytes),
              .folder = folder,
              .result = {}});
  run->attempt.clear_stdin();  // the comm has it
  return run;
}

void CommRunner::Start(const wire::Attempt& attempt) {
  const auto prepared = prepared_.find(base::AttemptId::From(attempt.id()));
  if (prepared == prepared_.end()) {
    auto launching = std::make_shared<Launching>();  // the pool has the other
    launching->attempt = attempt;
    return Launch(std::move(launching));
  }
  const std::shared_ptr<Launching> launching = std::move(prepared->second);
  prepared_.erase(prepared);
  launching->gate->Open();
  if (std::exchange(launching->waits, false)) return;
  // It has failed long since.
  loop_.Post([this, launching, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) Launched(*launching);
  });
}

// Only where nothing else runs. A child that waits holds copies of all our
// pipes, and who else ends meanwhile would seem to have left somebody behind.
void CommRunner::Prepare(const wire::Attempt& attempt) {
  if (running() > 0) return;
  auto launching = std::make_shared<Launching>();
  launching->attempt = attempt;
  launching->gate = std::make_unique<sys::Gate>();
  launching->waits = true;
  prepared_[base::AttemptId::From(attempt.id())] = launching;
  Launch(std::move(launching));
}

void CommRunner::Drop(base::AttemptId attempt) {
  const auto prepared = prepared_.find(attempt);
  if (prepared == prepared_.end()) return;
  const std::shared_ptr<Launching> launching = std::move(prepared->second);
  prepared_.erase(prepared);
  launching->dropped = true;
  launching->gate->Shut();
  if (!std::exchange(launching->waits, false)) Launched(*launching);
}

void CommRunner::Launch(std::shared_ptr<Launching> launching) {
  launching_++;
  const auto done = [this, launching, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    // Of one that has failed before it was to be started nothing is told yet.
    if (!std::exchange(launching->waits, false)) Launched(*launching);
  };
  absl::StatusOr<PrivateFolder> folder = TakeFolder();
  if (!folder.ok()) {
    launching->run = folder.status();
    loop_.Post(done);
    return;
  }
  launching->folder = *std::move(folder);
  pool_->Run(
      [this, launching] {
        launching->run = Launch(launching->attempt, launching->folder,
                                launching->gate.get());
      },
      done);
}

void CommRunner::Launched(Launching& launching) {
  launching_--;
  const wire::Attempt& attempt = launching.attempt;
  const base::AttemptId id = base::AttemptId::From(attempt.id());
  if (launching.dropped) {
    if (!launching.folder.path.empty()) {
      GiveBackFolder(std::move(launching.folder), sys::WallNow());
    }
    return;
  }
  absl::StatusOr<std::unique_ptr<Running>>& launched = launching.run;
  wire::Result result;
  result.set_attempt(attempt.id());
  result.set_job(attempt.job());
  result.set_task(attempt.task());
  result.set_started_ms(base::ToMillis(sys::WallNow()));
  if (!launched.ok()) {
    if (!launching.folder.path.empty()) {
      GiveBackFolder(std::move(launching.folder), sys::WallNow());
    }
    const absl::Status& why = launched.status();
    const bool later = absl::IsUnavailable(why) ||
                       absl::IsResourceExhausted(why) || absl::IsAborted(why) ||
                       absl::IsDataLoss(why);
    result.set_verdict(later ? wire::DEFERRED : wire::FAILED);
    result.set_reason(later || absl::IsFailedPrecondition(why) ||
                              why.message() == kNotFound
                          ? std::string(why.message())
                          : absl::StrCat(kNotFound, ": ", why.message()));
    result.set_ended_ms(result.started_ms());
    stop_.erase(id);
    ended_(std::move(result));
    return;
  }
  Running& run = *(running_[id] = *std::move(launched));
  run.result = std::move(result);
  (void)loop_.Watch(run.child.pidfd(), EPOLLIN,
                    [this, &run](uint32_t) { Finish(run); });
  run.drain_timer = loop_.After(kBeforeDraining, [this, &run] {
    run.drain_timer = 0;
    for (sys::Fd* pipe : {&run.out, &run.err}) {
      run.draining |=
          loop_
              .Watch(pipe->get(), EPOLLIN,
                     [this, &run, pipe](uint32_t) { Drain(run, *pipe); })
              .ok();
    }
  });
  if (attempt.timeout_ms() != 0) {
    run.timer = loop_.After(absl::Milliseconds(attempt.timeout_ms()),
                            [this, &run] { TimedOut(run); });
  }
  started_(id);
  if (stop_.erase(id) > 0) Cancel(run);
}

void CommRunner::Stop(base::AttemptId attempt) {
  const auto found = running_.find(attempt);
  if (found != running_.end()) {
    Cancel(*found->second);
  } else if (launching_ > 0) {
    stop_.insert(attempt);
  }
}

void CommRunner::Cancel(Running& run) {
  if (std::exchange(run.cancelled, true) || run.timed_out) return;
  loop_.Cancel(run.timer);
  TimedOut(run);
}

void CommRunner::Drain(Running& run, sys::Fd& pipe) {
  // Bounded, so that one comm that floods does not keep the others waiting.
  for (int turn = 0; turn < 16; turn++) {
    const ssize_t n = read(pipe.get(), buffer_.data(), buffer_.size());
    if (n > 0) {
      const absl::string_view bytes(buffer_.data(), static_cast<size_t>(n));
      run.output.Add(bytes);
      if (&pipe == &run.err) run.errors.Add(bytes);
      if (static_cast<size_t>(n) < buffer_.size()) return;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      if (run.draining) loop_.Unwatch(pipe.get());
      pipe.Reset();
      return;
    } else {
      return;
    }
  }
}

void CommRunner::TimedOut(Running& run) {
  run.timer = 0;
  if (run.timed_out) {
    (void)run.child.SignalGroup(SIGKILL);
    return;
  }
  run.timed_out = true;
  (void)run.child.SignalGroup(SIGTERM);
  run.timer = loop_.After(options_.kill_after, [this, &run] { TimedOut(run); });
}

// Why it is not done, in a line, and what it asks for.
void CommRunner::Explain(Running& run) {
  const std::string tail = run.output.tail();
  const absl::string_view text = tail.empty() ? run.output.head() : tail;
  std::optional<absl::Duration> asked;
  if (run.result.reason() == "exit 99") {
    const bool whole = run.errors.total() <= 2 * kKeptErrorBytes;
    asked = ReadRetryAfter(
        absl::StrCat(whole ? run.errors.head() : "", run.errors.tail()));
  }
  if (asked.has_value()) {
    run.result.set_retry_after_ms(
        static_cast<uint64_t>(absl::ToInt64Milliseconds(*asked)));
    absl::StrAppend(run.result.mutable_reason(), ", asks for another try in ",
                    base::FormatDuration(*asked));
  }
  AddLastLine(text, asked.has_value(), &run.result);
}

bool CommRunner::Held::IsHeld() const {
  if (!out && !err) return false;
  pollfd ends[] = {{out.get(), 0, 0}, {err.get(), 0, 0}};
  return poll(ends, 2, 0) < int{bool(out)} + int{bool(err)};
}

void CommRunner::Finish(Running& run) {
  // Its group goes with it, before it is reaped: until then nobody else can
  // have its number.
  if (!run.attempt.detach() || run.timed_out) {
    (void)run.child.SignalGroup(SIGKILL);
  }
  loop_.Unwatch(run.child.pidfd());
  loop_.Cancel(run.timer);
  loop_.Cancel(run.drain_timer);
  const sys::Ended ended = run.child.Wait();
  for (sys::Fd* pipe : {&run.out, &run.err}) {
    if (*pipe) Drain(run, *pipe);
    if (*pipe && run.draining) loop_.Unwatch(pipe->get());
  }
  SetVerdict(ended, &run.result);
  if (run.result.verdict() != wire::DONE) Explain(run);
  if (run.cancelled) {
    run.result.set_verdict(wire::CANCELLED);
    run.result.clear_retry_after_ms();
  } else if (run.timed_out) {
    run.result.set_verdict(run.attempt.timeout_fails() ? wire::FAILED
                                                       : wire::DEFERRED);
    run.result.clear_retry_after_ms();
    run.result.set_reason(absl::StrCat(
        "timed out after ",
        base::FormatDuration(absl::Milliseconds(run.attempt.timeout_ms()))));
  }
  run.result.set_ended_ms(base::ToMillis(sys::WallNow()));
  run.result.set_head(run.output.head());
  run.result.set_tail(run.output.tail());
  run.result.set_output_bytes(run.output.total());
  GiveBackFolder(std::move(run.folder),
                 base::FromMillis(run.result.started_ms()));
  wire::Result result = std::move(run.result);
  Held held{.out = std::move(run.out),
            .err = std::move(run.err),
            .result = std::move(result),
            .until = sys::SteadyNow() + kHeldTime};
  const bool timed_out = run.timed_out, detach = run.attempt.detach();
  running_.erase(base::AttemptId::From(held.result.attempt()));
  if (timed_out) return EndMarked(std::move(held.result));
  if (!detach) {
    unswept_.insert(base::Hex(held.result.attempt()));
    SweepSoon();
  }
  if (detach || !held.IsHeld()) return ended_(std::move(held.result));
  held_.push_back(std::move(held));
  if (held_timer_ == 0) {
    held_timer_ = loop_.After(kHeldLook, [this] { LookAtHeld(); });
  }
}

// Killed processes take a moment to let go of their pipes, and a child that is
// just being started has a copy of everything. Whoever holds them longer has
// left the comm's group.
void CommRunner::LookAtHeld() {
  held_timer_ = 0;
  std::vector<Held> held = std::exchange(held_, {});
  const absl::Time now = sys::SteadyNow();
  std::vector<wire::Result> ended, marked;
  for (Held& h : held) {
    if (!h.IsHeld()) {
      ended.push_back(std::move(h.result));
    } else if (now >= h.until) {
      marked.push_back(std::move(h.result));
    } else {
      held_.push_back(std::move(h));
    }
  }
  if (!held_.empty()) {
    held_timer_ = loop_.After(kHeldLook, [this] { LookAtHeld(); });
  }
  for (wire::Result& result : marked) EndMarked(std::move(result));
  const std::weak_ptr<bool> alive = alive_;
  for (wire::Result& result : ended) {
    if (alive.expired()) return;
    ended_(std::move(result));
  }
}

// What has left its group for one of its own still carries the attempt's id.
// Looking through all processes takes a while, and waiting for their ends.
void CommRunner::EndMarked(wire::Result result) {
  ending_++;
  auto kept = std::make_shared<wire::Result>(std::move(result));
  pool_->Run(
      [id = base::Hex(kept->attempt())] {
        sys::KillMarked(kAttemptVariable, {id});
      },
      // The pool has the other copy of `kept`.
      [this, kept, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.expired()) return;
        ending_--;
        ended_(std::move(*kept));
      });
}

void CommRunner::SweepSoon() {
  if (is_sweeping_ || sweep_timer_ != 0) return;
  sweep_timer_ = loop_.After(sweep_pause_, [this] {
    sweep_timer_ = 0;
    Sweep();
  });
}

void CommRunner::Sweep() {
  is_sweeping_ = true;
  auto took = std::make_shared<absl::Duration>();
  pool_->Run(
      [took, ids = std::exchange(unswept_, {})] {
        const absl::Time begun = sys::SteadyNow();
        sys::KillMarked(kAttemptVariable, ids);
        *took = sys::SteadyNow() - begun;
      },
      [this, took, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.expired()) return;
        is_sweeping_ = false;
        sweep_pause_ = std::max(kSweepPause, kSweepShare * *took);
        if (!unswept_.empty()) SweepSoon();
      });
}

}  // namespace mcfeely
