#include "fanout/ptbw_client.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "fanout/pass_signals.h"
#include "fanout/pool_client.h"
#include "fanout/pool_table.h"
#include "fanout/stack.h"
#include "fanout/wrapped.h"
#include "sys/clock.h"
#include "sys/environment.h"
#include "sys/loop.h"

namespace fanout {
namespace {

constexpr const char* kListVariable = "ptbw_list";
// For a pool to answer somebody who would rather not wait: until then it is not
// known whether the tokens are free. One that is stopped never does.
constexpr absl::Duration kAnswerTime = absl::Seconds(2);
// Away from the numbers that scripts give their own descriptors.
constexpr int kKeptDescriptor = 100;

using Say = std::function<void(absl::string_view)>;

absl::StatusOr<sys::Fd> Connect(const PoolChoice& pool) {
  std::string path;
  if (pool.socket && *pool.socket != "-") {
    path = *pool.socket;
  } else {
    TRY_ASSIGN(const Stack stack, ReadStack("ptbw", sys::Environment::Ours()));
    TRY_ASSIGN(path, stack.Target(pool.depth));
  }
  absl::StatusOr<sys::Fd> connection = ConnectManager(path);
  if (connection.ok()) return connection;
  return absl::NotFoundError(connection.status().message());
}

class Client {
 public:
  Client(const PtbwClientOptions& options, const Say& say)
      : options_(options), say_(say) {}
  absl::StatusOr<int> Run();

 private:
  void GiveUpAt(absl::Time when);
  void OnReady(int count);
  void OnGranted(std::vector<int> tokens);
  void OnLost(const absl::Status& why);
  void Fail(const absl::Status& why);
  std::string Wanted() const;
  std::string NotFree(absl::Duration within) const;
  absl::Status StartCommand();

  const PtbwClientOptions& options_;
  const Say& say_;
  sys::Loop loop_;
  sys::Environment environment_ = sys::Environment::Ours();
  std::string command_path_;
  std::unique_ptr<PoolClient> pool_;
  std::vector<int> tokens_;
  bool asked_for_more_ = false;
  bool answered_ = false;  // by the pool
  const absl::Time start_ = sys::SteadyNow();
  sys::Loop::Timer deadline_ = 0;
  absl::Status failure_;
  std::unique_ptr<PassSignals> signals_;
  std::optional<sys::Child> child_;
  int code_ = 0;
};

absl::StatusOr<int> Client::Run() {
  TRY_ASSIGN(command_path_, FindWrapped(options_.command[0], environment_));
  TRY_ASSIGN(sys::Fd connection, Connect(options_.pool));
  PoolClient::Calls calls;
  calls.ready = [this](PoolClient::Info info) { OnReady(info.count); };
  calls.granted = [this](std::vector<int> tokens) {
    OnGranted(std::move(tokens));
  };
  calls.lost = [this](const absl::Status& why) { OnLost(why); };
  TRY_ASSIGN(pool_,
             PoolClient::Start(loop_, std::move(connection), std::move(calls)));
  if (options_.wait < absl::InfiniteDuration()) {
    GiveUpAt(start_ + std::max(options_.wait, kAnswerTime));
  }
  loop_.Run();
  TRY(failure_);
  if (options_.finish) pool_->AskForEnd();
  return code_;
}

void Client::Fail(const absl::Status& why) {
  if (failure_.ok()) failure_ = why;
  loop_.Stop();
}

std::string Client::Wanted() const {
  return absl::StrCat(
      "-R ", options_.min,
      options_.max > options_.min ? absl::StrCat("..", options_.max) : "");
}

std::string Client::NotFree(absl::Duration within) const {
  return absl::StrCat(
      Wanted(), ": ", answered_ ? "not free " : "no answer ",
      within <= absl::ZeroDuration()
          ? "now"
          : absl::StrCat("within ", base::FormatDuration(within)));
}

// --- until the tokens are ours -----------------------------------------------

void Client::GiveUpAt(absl::Time when) {
  loop_.Cancel(deadline_);
  deadline_ = loop_.At(when, [this, when] {
    Fail(absl::DeadlineExceededError(NotFree(when - start_)));
  });
}

void Client::OnReady(int count) {
  answered_ = true;
  if (options_.min > count) {
    return Fail(absl::OutOfRangeError(
        absl::StrCat(Wanted(), ": the pool has only ", count, " tokens")));
  }
  if (options_.max == 0) return OnGranted({});
  if (options_.min == 0 || sys::SteadyNow() - start_ >= options_.wait) {
    asked_for_more_ = true;
    return pool_->AskFree(options_.max);
  }
  pool_->Ask(options_.min);
  if (options_.wait < absl::InfiniteDuration()) {
    GiveUpAt(start_ + options_.wait);
  }
}

void Client::OnGranted(std::vector<int> tokens) {
  loop_.Cancel(std::exchange(deadline_, 0));
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  const int count = static_cast<int>(tokens_.size());
  if (count < options_.min) {
    // Those that are held now are given back with the connection.
    return Fail(asked_for_more_
                    ? absl::DeadlineExceededError(NotFree(options_.wait))
                    : absl::OutOfRangeError(absl::StrCat(
                          Wanted(), ": the pool has not as many tokens")));
  }
  if (count < options_.max && !asked_for_more_) {
    asked_for_more_ = true;
    return pool_->AskFree(options_.max - count);
  }
  const absl::Status started = StartCommand();
  if (!started.ok()) Fail(started);
}

void Client::OnLost(const absl::Status& why) {
  if (!child_) {
    return Fail(absl::AbortedError(why.message()));
  }
  // The work goes on: nobody is left who could lend its tokens to others.
  if (!options_.quiet && !tokens_.empty()) {
    say_(absl::StrCat(why.message(), "; ", options_.command[0],
                      " goes on without its tokens"));
  }
}

// --- once they are ---------------------------------------------------------

absl::Status Client::StartCommand() {
  std::vector<std::string> held;
  for (const int token : tokens_) held.push_back(pool_->text(token));
  if (tokens_.empty()) {
    environment_.Unset(kListVariable);
  } else {
    environment_.Set(kListVariable, absl::StrJoin(held, "\n"));
  }
  std::vector<std::string> argv = options_.command;
  Rename(options_.name, command_path_, &argv);
  if (options_.append) argv.insert(argv.end(), held.begin(), held.end());

  sys::SpawnOptions spawn;
  spawn.in = 0;
  spawn.out = 1;
  spawn.err = 2;
  spawn.environment = &environment_.entries();
  spawn.keep_descriptors = true;
  spawn.keep_signals = true;
  spawn.program = command_path_;
  // Differs: what is held for the command is somebody else's when we are gone;
  // so it gets no chance to go on, unless it holds the connection itself.
  sys::Fd kept;
  if (options_.keep) {
    kept.Reset(fcntl(pool_->socket(), F_DUPFD, kKeptDescriptor));
    if (!kept) return base::SysError("--keep");
  } else {
    spawn.death_signal = SIGKILL;
  }
  signals_ = std::make_unique<PassSignals>(loop_, nullptr);
  TRY_ASSIGN(child_, sys::Child::Spawn(argv, spawn));
  signals_->To(&*child_);
  return loop_.Watch(child_->pidfd(), EPOLLIN, [this](uint32_t) {
    loop_.Unwatch(child_->pidfd());
    signals_->To(nullptr);
    code_ = WrappedStatus(child_->Wait());
    loop_.Stop();
  });
}

}  // namespace

absl::StatusOr<int> RunPtbwClient(const PtbwClientOptions& options,
                                  const Say& say) {
  return Client(options, say).Run();
}

absl::StatusOr<PoolTable> LookAtPool(const PoolChoice& pool, bool with_commands,
                                     bool finish) {
  TRY_ASSIGN(sys::Fd connection, Connect(pool));
  TRY_ASSIGN(PoolTable table, ReadPoolTable(std::move(connection), finish));
  if (with_commands) FindCommands(&table);
  return table;
}

}  // namespace fanout
