#include "msrc/utility_run.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "msrc/receiver_limits.h"
#include "sys/clock.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/pty.h"

namespace msrc {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr absl::Duration kLookAtKin = absl::Milliseconds(50);
// For what it leaves running and that has its output open: what it said until
// then is passed on, and no more.
constexpr absl::Duration kOutputAfterEnd = absl::Seconds(1);

std::vector<std::string> EnvironmentOf(const UtilityOrder& order) {
  sys::Environment environment = sys::Environment::Ours();
  for (const std::string& variable : order.utility.environment()) {
    const size_t equals = variable.find('=');
    environment.Set(variable.substr(0, equals), variable.substr(equals + 1));
  }
  if (order.utility.has_terminal()) {
    environment.Set("TERM", order.utility.terminal().type());
  }
  environment.Set("MSRC_HOST", order.host);
  environment.Set("MSRC_INTO", order.into);
  environment.Set("MSRC_RUN", order.run_hex);
  return environment.entries();
}

uint64_t Microseconds(absl::Duration d) {
  return static_cast<uint64_t>(
      std::max<int64_t>(0, absl::ToInt64Microseconds(d)));
}

}  // namespace

UtilityRun::UtilityRun(sys::Loop& loop, UtilityOrder order,
                       UtilityEvents events)
    : loop_(loop),
      order_(std::move(order)),
      events_(std::move(events)),
      alive_(std::make_shared<bool>(true)) {
  began_ = sys::SteadyNow();
  const absl::Status started = Start();
  if (!started.ok()) Fail(started);
}

UtilityRun::~UtilityRun() {
  *alive_ = false;
  loop_.Cancel(limit_);
  loop_.Cancel(kill_);
  loop_.Cancel(quiet_);
  loop_.Cancel(kin_);
  for (Output& output : outputs_) loop_.Unwatch(output.fd.get());
  loop_.Unwatch(input_.get());
  if (!child_ || child_over_) return;
  loop_.Unwatch(child_->pidfd());
  if (order_.utility.detach()) {
    child_->LetGo();
  } else {
    (void)child_->SignalGroup(SIGKILL);
  }
}

absl::Status UtilityRun::Spawn(const Command& command,
                               sys::SpawnOptions options) {
  options.own_session = order_.utility.detach();
  sys::Fd theirs[3];
  if (order_.utility.detach()) {
    options.out = order_.out.get();
    options.err = order_.err.get();
  } else {
    for (int i = 0; i < 2; i++) {
      TRY_ASSIGN(auto pipe, sys::Pipe());
      TRY(sys::SetNonBlocking(pipe.first.get()));
      outputs_[i] = {std::move(pipe.first), i + 1};
      theirs[i] = std::move(pipe.second);
    }
    options.out = theirs[0].get();
    options.err = theirs[1].get();
  }
  if (order_.utility.input()) {
    TRY_ASSIGN(auto pipe, sys::Pipe());
    TRY(sys::SetNonBlocking(pipe.second.get()));
    theirs[2] = std::move(pipe.first);
    input_ = std::move(pipe.second);
    options.in = theirs[2].get();
  }
  TRY_ASSIGN(child_, sys::Child::Spawn(command.argv, options));
  return absl::OkStatus();
}

absl::Status UtilityRun::SpawnOnTerminal(const Command& command,
                                         sys::SpawnOptions options) {
  const fleetbox::wire::Terminal& size = order_.utility.terminal();
  TRY_ASSIGN(sys::Pty pty, sys::OpenPty(static_cast<int>(size.columns()),
                                        static_cast<int>(size.lines())));
  input_.Reset(fcntl(pty.ours.get(), F_DUPFD_CLOEXEC, 3));
  if (!input_) return base::SysError("dup");
  outputs_[0] = {std::move(pty.ours), 1};
  sys::ChildSetup setup;
  setup.umask.reset();
  TRY_ASSIGN(setup.terminal, sys::PathOf(pty.theirs.get()));
  options.setup = &setup;
  options.own_session = true;
  TRY_ASSIGN(child_, sys::Child::Spawn(command.argv, options));
  return absl::OkStatus();
}

void UtilityRun::Resize(const fleetbox::wire::Terminal& terminal) {
  if (!order_.utility.has_terminal() || !outputs_[0].fd ||
      !IsTerminal(terminal)) {
    return;
  }
  // A program that has gone has no use for it.
  sys::ResizePty(outputs_[0].fd.get(), static_cast<int>(terminal.columns()),
                 static_cast<int>(terminal.lines()))
      .IgnoreError();
}

absl::Status UtilityRun::Start() {
  const Command command = CommandOf(order_.utility, order_.into, order_.home);
  const std::vector<std::string> environment = EnvironmentOf(order_);
  sys::SpawnOptions options;
  options.environment = &environment;
  options.folder = command.folder;
  options.own_group = true;
  TRY(order_.utility.has_terminal() ? SpawnOnTerminal(command, options)
                                    : Spawn(command, options));
  TRY(loop_.Watch(child_->pidfd(), EPOLLIN, [this](uint32_t) { OnEnd(); }));
  if (!order_.utility.detach()) {
    for (Output& output : outputs_) {
      if (output.fd) Begin(output);
    }
  }
  if (input_) {
    TRY(loop_.Watch(input_.get(), 0, [this](uint32_t) { WriteInput(); }));
  }
  if (order_.utility.timeout_ms() != 0) {
    // A hundred years are as good as more.
    const uint64_t longest = uint64_t{100} * 365 * 24 * 3600 * 1000;
    limit_ = loop_.After(absl::Milliseconds(static_cast<int64_t>(
                             std::min(order_.utility.timeout_ms(), longest))),
                         [this] {
                           limit_ = 0;
                           ended_.set_timed_out(true);
                           EndSoon(SIGTERM);
                         });
  }
  return absl::OkStatus();
}

void UtilityRun::Begin(Output& output) {
  const absl::Status watching =
      loop_.Watch(output.fd.get(), paused_ ? 0u : EPOLLIN,
                  [this, &output](uint32_t) { ReadOutput(output); });
  MUST(watching.ok());
}

// As a shell has it: 127 not found, 126 not to be executed.
void UtilityRun::Fail(const absl::Status& why) {
  child_.reset();
  child_over_ = true;
  ended_.set_error(std::string(why.message()));
  ended_.set_exit_code(absl::IsNotFound(why) ? 127 : 126);
  GiveUpOutput();
  loop_.Post([this, alive = alive_] {
    if (*alive) FinishIfDone();
  });
}

void UtilityRun::ReadOutput(Output& output) {
  std::string bytes(kReadBytes, '\0');
  const ssize_t n = read(output.fd.get(), bytes.data(), bytes.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) {
    bytes.resize(static_cast<size_t>(n));
    if (events_.output) events_.output(output.stream, std::move(bytes));
    return;
  }
  loop_.Unwatch(output.fd.get());
  output.fd.Reset();
  FinishIfDone();
}

void UtilityRun::PauseOutput(bool paused) {
  paused_ = paused;
  for (Output& output : outputs_) {
    if (output.fd) loop_.Rewatch(output.fd.get(), paused ? 0u : EPOLLIN);
  }
}

void UtilityRun::Input(absl::string_view bytes, bool end) {
  if (!input_ || input_ends_) return;
  absl::StrAppend(&waiting_, bytes);
  input_ends_ = end;
  WriteInput();
  if (events_.wants_input) {
    events_.wants_input(waiting_.size() < kMaxInputWaiting);
  }
}

void UtilityRun::WriteInput() {
  const bool was_full = waiting_.size() >= kMaxInputWaiting;
  size_t done = 0;
  while (done < waiting_.size()) {
    const ssize_t n = write(input_.get(), waiting_.data() + done,
                            std::min(waiting_.size() - done, kReadBytes));
    if (n > 0) {
      done += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      done = waiting_.size();  // it does not read any more
      input_ends_ = true;
    }
  }
  waiting_.erase(0, done);
  if (waiting_.empty() && input_ends_) {
    loop_.Unwatch(input_.get());
    input_.Reset();
  } else {
    loop_.Rewatch(input_.get(), waiting_.empty() ? 0u : EPOLLOUT);
  }
  if (was_full && waiting_.size() < kMaxInputWaiting && events_.wants_input) {
    events_.wants_input(true);
  }
}

void UtilityRun::OnEnd() {
  loop_.Unwatch(child_->pidfd());
  // When it is to end, so are those it has started: they have their time, too.
  // Until it is waited for, the group's number is nobody else's.
  if (kill_ != 0 && sys::IsGroupAlive(child_->pid())) {
    kin_ = loop_.After(kLookAtKin, [this] { kin_ = 0, OnEnd(); });
    return;
  }
  sys::Usage usage;
  const sys::Ended end = child_->Wait(&usage);
  child_over_ = true;
  loop_.Cancel(std::exchange(limit_, 0));
  ended_.set_exit_code(static_cast<uint32_t>(end.code));
  ended_.set_signal(static_cast<uint32_t>(end.signal));
  ended_.set_wall_us(Microseconds(sys::SteadyNow() - began_));
  ended_.set_user_us(Microseconds(usage.user));
  ended_.set_system_us(Microseconds(usage.system));
  ended_.set_max_memory_bytes(static_cast<uint64_t>(usage.max_resident_bytes));
  if (input_) {
    loop_.Unwatch(input_.get());
    input_.Reset();
    waiting_.clear();
    if (events_.wants_input) events_.wants_input(true);
  }
  quiet_ = loop_.After(kOutputAfterEnd, [this] {
    quiet_ = 0;
    GiveUpOutput();
    FinishIfDone();
  });
  FinishIfDone();
}

// What is in the pipes now is read, paused or not; then they are closed.
void UtilityRun::GiveUpOutput() {
  for (Output& output : outputs_) {
    if (!output.fd) continue;
    std::string bytes(kReadBytes, '\0');
    for (ssize_t n; child_ && (n = read(output.fd.get(), bytes.data(),
                                        bytes.size())) > 0;) {
      if (events_.output) {
        events_.output(output.stream, bytes.substr(0, static_cast<size_t>(n)));
      }
    }
    loop_.Unwatch(output.fd.get());
    output.fd.Reset();
  }
}

void UtilityRun::FinishIfDone() {
  if (!child_over_ || told_ || outputs_[0].fd || outputs_[1].fd) return;
  told_ = true;
  loop_.Cancel(std::exchange(quiet_, 0));
  loop_.Cancel(std::exchange(kill_, 0));
  if (events_.ended) events_.ended(ended_);
}

void UtilityRun::SignalGroup(int signal) {
  if (child_ && !child_over_) (void)child_->SignalGroup(signal);
}

void UtilityRun::EndSoon(int signal) {
  SignalGroup(signal);
  if (kill_ != 0) return;
  kill_ = loop_.After(kKillAfter, [this] {
    kill_ = 0;
    SignalGroup(SIGKILL);
  });
}

absl::Status UtilityRun::Cancel(uint32_t signal) {
  bool ends = false;
  if (!IsSignalForUtility(signal, &ends)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the signal ", signal, " is not sent to a utility"));
  }
  const int number = signal == 0 ? SIGTERM : static_cast<int>(signal);
  ends ? EndSoon(number) : SignalGroup(number);
  return absl::OkStatus();
}

void UtilityRun::Lost() {
  // Nobody will say any more of it.
  PauseOutput(false);
  if (input_) Input("", true);
  EndSoon(SIGHUP);
}

}  // namespace msrc
