#include "fanout/ptbw_manager.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "fanout/counter.h"
#include "fanout/lender.h"
#include "fanout/pass_signals.h"
#include "fanout/pool_client.h"
#include "fanout/pool_jobs.h"
#include "fanout/pool_size.h"
#include "fanout/readings.h"
#include "fanout/stack.h"
#include "fanout/watched_file.h"
#include "fanout/wrapped.h"
#include "sys/clock.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/other_process.h"
#include "sys/process.h"

namespace fanout {
namespace {

constexpr absl::string_view kOptionsVariable = "PTBW";
constexpr int kStopped = 76;
// After a signal, for clients to come to their end.
constexpr absl::Duration kEndTime = absl::Seconds(5);
constexpr size_t kMaxTableBytes = 16 << 20;

using Say = std::function<void(absl::string_view)>;

// Also one that is reached through another (fanout/stack.h).
bool IsSocket(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return errno == ENOTDIR;
  return S_ISSOCK(info.st_mode);
}

absl::Status TooFew(int count, int group) {
  return absl::InvalidArgumentError(
      absl::StrCat("token count of ", count,
                   " is less than required to run any task (", group, ")"));
}

class Manager {
 public:
  Manager(const PtbwManagerOptions& options, const Say& say)
      : options_(options),
        say_(say),
        size_{options.tasks, options.group.value_or(0)} {}
  absl::StatusOr<int> Run();

 private:
  absl::Status FindUtility();
  absl::StatusOr<TokenTable> MakeTable();
  absl::StatusOr<TokenTable> ReadTable(const std::string& path) const;
  absl::StatusOr<TokenTable> Weigh(TokenTable table) const;
  absl::StatusOr<TokenTable> Borrow(const std::string& path);
  absl::Status OpenPlace();
  absl::Status Serve(TokenTable table);
  absl::Status ServeCounter();
  absl::Status StartUtility();
  absl::Status LetGo();
  void UtilityEnded(int code);
  void OnSignal(int signal, bool again);
  void ReadTableAgain();
  void CheckLeases();
  void Overdue(Tokens::Holder holder);
  void MayEnd();
  void Warn(absl::string_view text) const {
    if (!options_.quiet) say_(text);
  }

  const PtbwManagerOptions& options_;
  const Say& say_;
  const PoolSize size_;
  sys::Loop loop_;
  sys::Environment environment_ = sys::Environment::Ours();
  Stack stack_;
  std::vector<std::string> utility_;  // empty for none
  std::string utility_path_;

  // Of the file of tokens, also once we are in another folder.
  std::string table_path_;
  std::optional<WatchedFile> watched_;
  // The pool we borrow from, for as long as we lend.
  std::unique_ptr<PoolClient> outer_;
  PoolClient::Info outer_info_;
  absl::Status outer_failure_;
  std::optional<std::vector<int>> borrowed_;

  // Before it: a signal must not end us while there are files to remove.
  std::unique_ptr<PassSignals> signals_;
  std::optional<Place> place_;
  std::unique_ptr<Lender> lender_;
  std::unique_ptr<PoolJobs> jobs_;
  std::optional<Place> counter_place_;
  std::unique_ptr<Counter> counter_;
  std::optional<sys::Child> child_;
  std::vector<Tokens::Holder> reported_;  // as beyond their lease
  bool running_ = true;                   // the utility, or what stands for it
  int code_ = 0;
  int signal_ = 0;
};

absl::StatusOr<int> Manager::Run() {
  TRY_ASSIGN(stack_, ReadStack("ptbw", environment_));
  TRY(FindUtility());
  // From here on there is something to clean up.
  std::function<void()> hangup;
  if (options_.watch) hangup = [this] { ReadTableAgain(); };
  signals_ = std::make_unique<PassSignals>(
      loop_, [this](int signal, bool again) { OnSignal(signal, again); },
      std::move(hangup));
  absl::StatusOr<TokenTable> table = MakeTable();
  if (signal_ != 0) return 128 + signal_;
  TRY(table);
  TRY(OpenPlace());
  TRY(Serve(*std::move(table)));
  TRY(StartUtility());
  TRY(LetGo());
  loop_.Run();
  // Those who come now are told that nobody is there, not kept waiting.
  place_.reset();
  jobs_.reset();
  lender_.reset();
  if (outer_ != nullptr && options_.finish_outer) outer_->AskForEnd();
  // Two signals: it is killed.
  return child_ && running_ ? 128 + signal_ : code_;
}

absl::Status Manager::FindUtility() {
  if (options_.utility == std::vector<std::string>{":"}) {
    return absl::OkStatus();
  }
  utility_ = options_.utility;
  std::string program;
  if (utility_.empty()) {
    program = std::string(environment_.Get("SHELL").value_or(""));
    if (program.empty()) program = "sh";
    utility_ = {program.substr(program.rfind('/') + 1)};
  } else {
    program = utility_[0];
  }
  TRY_ASSIGN(utility_path_, FindWrapped(program, environment_));
  Rename(options_.name, utility_path_, &utility_);
  return absl::OkStatus();
}

// --- the table ---------------------------------------------------------------

absl::StatusOr<TokenTable> Manager::MakeTable() {
  TokenTable table;
  if (!options_.source) {
    TRY_ASSIGN(table, Weigh(IntegerTokens(size_.Integers(Processors()))));
  } else if (*options_.source == "-") {
    TRY_ASSIGN(const std::string path, stack_.Target(options_.depth));
    TRY_ASSIGN(table, Borrow(path));
  } else if (IsSocket(*options_.source)) {
    TRY_ASSIGN(table, Borrow(*options_.source));
  } else {
    TRY_ASSIGN(table_path_, sys::AbsolutePath(*options_.source));
    if (options_.watch) {
      // Before it is read: nothing that happens in between is missed.
      TRY_ASSIGN(watched_, WatchedFile::Open(table_path_));
    }
    TRY_ASSIGN(table, ReadTable(*options_.source));
  }
  const int count = static_cast<int>(table.tokens.size());
  if (count < size_.group()) return TooFew(count, size_.group());
  if (options_.tasks > 0 && count < size_.Suggested()) {
    Warn(absl::StrCat("token count ", count, " less than suggested (",
                      size_.Suggested(), ")"));
  }
  return table;
}

absl::StatusOr<TokenTable> Manager::ReadTable(const std::string& path) const {
  const absl::StatusOr<std::string> text = sys::ReadFile(path, kMaxTableBytes);
  // Whatever keeps us from reading it.
  if (!text.ok()) return absl::NotFoundError(text.status().message());
  absl::StatusOr<TokenTable> table = ParseTokens(*text, *options_.source);
  if (!table.ok()) return base::Context(table.status(), *options_.source);
  return Weigh(*std::move(table));
}

absl::StatusOr<TokenTable> Manager::Weigh(TokenTable table) const {
  if (table.tokens.size() * static_cast<size_t>(options_.weight) >
      static_cast<size_t>(kMaxTokens)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a pool of more than ", kMaxTokens, " tokens"));
  }
  Repeat(options_.weight, &table);
  return table;
}

// What we lend is then only ours to lend: the outer pool knows one holder.
absl::StatusOr<TokenTable> Manager::Borrow(const std::string& path) {
  absl::StatusOr<sys::Fd> connection = ConnectManager(path);
  if (!connection.ok()) {
    return absl::NotFoundError(connection.status().message());
  }
  PoolClient::Calls calls;
  calls.ready = [this](PoolClient::Info info) {
    outer_info_ = std::move(info);
    const int size = size_.Borrowed(outer_info_.count, Processors());
    if (size > 0) return outer_->Ask(size);
    outer_failure_ = TooFew(outer_info_.count, size_.group());
    loop_.Stop();
  };
  calls.granted = [this](std::vector<int> tokens) {
    borrowed_ = std::move(tokens);
    loop_.Stop();
  };
  calls.lost = [this](const absl::Status& why) {
    if (borrowed_) return Warn(absl::StrCat("outer pool: ", why.message()));
    outer_failure_ =
        absl::AbortedError(absl::StrCat("outer pool: ", why.message()));
    loop_.Stop();
  };
  TRY_ASSIGN(outer_, PoolClient::Start(loop_, *std::move(connection),
                                       std::move(calls)));
  loop_.Run();
  TRY(outer_failure_);
  if (!borrowed_) return absl::CancelledError("no tokens yet");
  TokenTable table;
  if (outer_info_.source != "iota") table.source = outer_info_.source;
  for (const int token : *borrowed_) {
    table.tokens.push_back(outer_->text(token));
  }
  return Weigh(std::move(table));
}

void Manager::ReadTableAgain() {
  if (lender_ == nullptr || table_path_.empty()) return;
  absl::StatusOr<TokenTable> table = ReadTable(table_path_);
  // A file that is of no use now may be in the middle of being edited.
  if (!table.ok()) {
    return say_(absl::StrCat(table.status().message(),
                             "; the tokens stay as they were"));
  }
  lender_->Replace(*std::move(table));
  // Among what make has not taken may be tokens that are none any more.
  if (jobs_ != nullptr) jobs_->MakeRoom(kMaxTokens);
}

// --- serving ----------------------------------------------------------------

absl::Status Manager::OpenPlace() {
  const std::string name = options_.socket.value_or("");
  absl::StatusOr<Place> place =
      !name.empty() && name[0] == '/'
          ? Place::At(name)
          : Place::Make(stack_, options_.detached, environment_, name);
  TRY(place);
  place_.emplace(*std::move(place));
  // Under its full name: those we serve may be in other folders.
  TRY_ASSIGN(const std::string path, sys::AbsolutePath(place_->path()));
  Announce(stack_, path, options_.detached, kOptionsVariable, &environment_);
  return absl::OkStatus();
}

absl::Status Manager::Serve(TokenTable table) {
  LenderOptions options;
  options.group = size_.group();
  options.persistent = utility_.empty();
  options.changed = [this] { MayEnd(); };
  options.scarce = [this](int missing) {
    if (jobs_ != nullptr) jobs_->MakeRoom(missing);
  };
  options.spare = [this] {
    if (jobs_ != nullptr) jobs_->Offer();
  };
  lender_ =
      std::make_unique<Lender>(loop_, std::move(table), std::move(options));
  if (options_.job_server) {
    TRY_ASSIGN(jobs_, PoolJobs::Make(loop_, *lender_, &environment_));
  }
  if (options_.counter) TRY(ServeCounter());
  TRY(lender_->Listen(place_->listener()));
  if (watched_) {
    TRY(loop_.Watch(watched_->fd(), EPOLLIN, [this](uint32_t) {
      if (watched_->Changed()) ReadTableAgain();
    }));
  }
  if (options_.lease < absl::InfiniteDuration()) CheckLeases();
  return absl::OkStatus();
}

absl::Status Manager::ServeCounter() {
  TRY_ASSIGN(const Stack stack, ReadStack("gtfw", environment_));
  TRY_ASSIGN(Place place, Place::Make(stack, false, environment_));
  counter_place_.emplace(std::move(place));
  Announce(stack, counter_place_->path(), false, "GTFW", &environment_);
  counter_ = std::make_unique<Counter>(loop_, "ptbw");
  return counter_->Listen(counter_place_->listener());
}

absl::Status Manager::StartUtility() {
  if (utility_.empty()) return absl::OkStatus();
  sys::SpawnOptions options;
  options.in = 0;
  options.out = 1;
  options.err = 2;
  options.environment = &environment_.entries();
  options.keep_descriptors = true;
  options.keep_signals = true;
  options.program = utility_path_;
  TRY_ASSIGN(child_, sys::Child::Spawn(utility_, options));
  lender_->SetUtility(child_->pid());
  signals_->To(&*child_);
  return loop_.Watch(child_->pidfd(), EPOLLIN, [this](uint32_t) {
    loop_.Unwatch(child_->pidfd());
    signals_->To(nullptr);
    UtilityEnded(WrappedStatus(child_->Wait()));
  });
}

// Whoever reads our output, or wants to unmount our folder, need not wait for
// us.
absl::Status Manager::LetGo() {
  TRY_ASSIGN(const sys::Fd null, sys::Open("/dev/null", O_RDWR));
  if (dup2(null.get(), 0) < 0 || dup2(null.get(), 1) < 0) {
    return base::SysError("/dev/null");
  }
  if (chdir("/") != 0) return base::SysError("/");
  return absl::OkStatus();
}

void Manager::UtilityEnded(int code) {
  running_ = false;
  code_ = code;
  if (signal_ != 0) {
    loop_.After(kEndTime, [this] { loop_.Stop(); });
  }
  MayEnd();
}

// Differs: the original ended with 0 and left its utility alone.
void Manager::OnSignal(int signal, bool again) {
  signal_ = signal;
  if (again || lender_ == nullptr) return loop_.Stop();
  if (child_) {
    if (!running_) loop_.After(kEndTime, [this] { loop_.Stop(); });
    return;
  }
  // The usual way to end a pool without a utility.
  code_ = signal == SIGTERM || signal == SIGINT ? 0 : 128 + signal;
  loop_.Stop();
}

void Manager::MayEnd() {
  if (running_ && lender_->finish_asked()) {
    lender_->StopListening();
    place_.reset();
    running_ = false;
    // Differs: to be asked is no protocol error, unless a script counts on it.
    code_ = options_.legacy_status ? kStopped : 0;
  }
  if (running_ || !lender_->idle()) return;
  if (place_) {
    // One of the utility's children may have come and not been let in yet.
    pollfd waiting = {place_->listener(), POLLIN, 0};
    if (poll(&waiting, 1, 0) > 0) return;
  }
  loop_.Stop();
}

// --- leases -----------------------------------------------------------------

void Manager::CheckLeases() {
  const std::vector<Tokens::Holder> overdue =
      lender_->tokens().Overdue(options_.lease, sys::SteadyNow());
  for (const Tokens::Holder holder : overdue) {
    if (std::find(reported_.begin(), reported_.end(), holder) ==
        reported_.end()) {
      Overdue(holder);
    }
  }
  reported_ = overdue;
  const absl::Duration pause =
      std::clamp(options_.lease / 10, absl::Milliseconds(20), absl::Seconds(1));
  loop_.After(pause, [this] { CheckLeases(); });
}

void Manager::Overdue(Tokens::Holder holder) {
  const Tokens& tokens = lender_->tokens();
  std::vector<absl::string_view> held;
  int pid = 0;
  for (size_t i = 0; i < tokens.indexes(); i++) {
    const int token = static_cast<int>(i);
    if (!tokens.is_token(token) || tokens.holder(token) != holder) continue;
    held.push_back(tokens.text(token));
    pid = lender_->HolderPid(token);
  }
  // The job server's: what make does with them is not known.
  if (pid == sys::MyPid()) return;
  say_(absl::StrCat("process ", pid, " holds ", absl::StrJoin(held, " "),
                    " for longer than ", base::FormatDuration(options_.lease)));
  if (!options_.enforce || pid <= 0) return;
  absl::StatusOr<sys::OtherProcess> process = sys::OtherProcess::Open(pid);
  if (!process.ok()) return;
  // A client that is gone (--keep) may have left its number to a process that
  // has nothing to do with us, but is younger than the loan.
  const std::optional<absl::Duration> age = process->Age();
  if (!age || *age < options_.lease) return;
  const absl::Status sent = process->Signal(SIGTERM);
  if (!sent.ok()) say_(sent.message());
}

}  // namespace

absl::StatusOr<int> RunPtbwManager(const PtbwManagerOptions& options,
                                   const Say& say) {
  return Manager(options, say).Run();
}

}  // namespace fanout
