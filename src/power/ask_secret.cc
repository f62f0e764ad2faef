#include "power/ask_secret.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/status.h"
#include "base/time.h"
#include "power/limits.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/signals.h"
#include "text/utf8.h"

namespace power {
namespace {

// Bytes that come from elsewhere, the first of them kept in locked memory.
class Collected {
 public:
  Collected() : bytes_(kMaxSecretBytes + 2) {}

  // One read. Nothing at the end, else whether there is more to come.
  absl::StatusOr<bool> ReadFrom(int fd) {
    const bool full = size_ == bytes_.size();
    // What is behind the first line may be secret just as well.
    unsigned char* at = full ? rest_.data() : bytes_.data() + size_;
    const size_t room = full ? rest_.size() : bytes_.size() - size_;
    const ssize_t n = read(fd, at, room);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (n < 0) return base::SysError("read");
    if (!full) size_ += static_cast<size_t>(n);
    return n > 0;
  }
  absl::string_view view() const { return bytes_.view().substr(0, size_); }

 private:
  keys::Secret bytes_;
  keys::Secret rest_ = keys::Secret(4096);
  size_t size_ = 0;
};

std::string EndText(const sys::Ended& end) {
  if (end.signal != 0) {
    return absl::StrCat("ended by ", sys::SignalName(end.signal));
  }
  return absl::StrCat("exit ", end.code);
}

// The signals that end us, and the first that came while we asked.
constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
volatile sig_atomic_t caught_signal = 0;
void Catch(int signal) { caught_signal = signal; }

// While it lives such a signal only interrupts a wait; afterwards it does what
// it would have done.
class HeldSignals {
 public:
  HeldSignals() {
    caught_signal = 0;
    sigset_t held;
    sigemptyset(&held);
    struct sigaction action = {};
    action.sa_handler = Catch;
    for (size_t i = 0; i < std::size(kEnding); i++) {
      sigaddset(&held, kEnding[i]);
      sigaction(kEnding[i], &action, &before_[i]);
    }
    sigprocmask(SIG_BLOCK, &held, &mask_);
    // Open only while we wait, so that none comes between look and wait.
    waiting_ = mask_;
    for (const int signal : kEnding) sigdelset(&waiting_, signal);
  }
  ~HeldSignals() {
    for (size_t i = 0; i < std::size(kEnding); i++) {
      sigaction(kEnding[i], &before_[i], nullptr);
    }
    if (caught_signal != 0) raise(caught_signal);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  const sigset_t& waiting() const { return waiting_; }

 private:
  struct sigaction before_[std::size(kEnding)];
  sigset_t mask_, waiting_;
};

// A terminal that does not show what is typed, until this goes.
class Silent {
 public:
  explicit Silent(int fd) : fd_(fd) {
    ok_ = tcgetattr(fd, &before_) == 0;
    if (!ok_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK);
    silent.c_lflag |= ICANON | ISIG | ECHONL;
    ok_ = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
  }
  ~Silent() {
    if (ok_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  bool ok() const { return ok_; }

 private:
  int fd_;
  bool ok_ = false;
  termios before_ = {};
};

// The line as typed; an end of file in the middle of one ends it, too.
absl::StatusOr<keys::Secret> TypedLine(int fd, const sigset_t& waiting) {
  Collected typed;
  while (!absl::StrContains(typed.view(), '\n')) {
    pollfd ready = {fd, POLLIN, 0};
    const int n = ppoll(&ready, 1, nullptr, &waiting);
    if (caught_signal != 0) return absl::CancelledError("interrupted");
    if (n < 0) continue;
    const absl::StatusOr<bool> more = typed.ReadFrom(fd);
    TRY(more);
    if (!*more) break;
  }
  if (typed.view().empty()) return absl::CancelledError("nothing was typed");
  const absl::string_view line =
      typed.view().substr(0, typed.view().find('\n'));
  // Whoever types nothing but the end of the line means an empty one.
  if (line.empty()) return keys::Secret();
  return FirstLine(line);
}

}  // namespace

absl::StatusOr<keys::Secret> FirstLine(absl::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (absl::EndsWith(text, "\r")) text.remove_suffix(1);
  if (text.empty())
    return absl::InvalidArgumentError("the first line is empty");
  if (absl::StrContains(text, '\0')) {
    return absl::InvalidArgumentError("a NUL in the first line");
  }
  if (text.size() > kMaxSecretBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the first line is longer than ", kMaxSecretBytes, " bytes"));
  }
  return keys::Secret(text);
}

absl::StatusOr<keys::Secret> SecretOfProgram(const std::string& command,
                                             absl::Duration limit) {
  const absl::Time deadline = sys::SteadyNow() + limit;
  TRY_ASSIGN(auto out, sys::Pipe());
  TRY(sys::SetNonBlocking(out.first.get()));
  sys::SpawnOptions options;
  options.out = out.second.get();
  options.err = STDERR_FILENO;
  options.own_group = true;
  options.death_signal = SIGKILL;
  const std::string argv[] = {"/bin/sh", "-c", command};
  TRY_ASSIGN(sys::Child child, sys::Child::Spawn(argv, options));
  out.second.Reset();

  Collected printed;
  bool open = true;
  for (bool ended = false; !ended;) {
    pollfd fds[] = {{child.pidfd(), POLLIN, 0},
                    {open ? out.first.get() : -1, POLLIN, 0}};
    const int64_t wait_ms = std::clamp<int64_t>(
        absl::ToInt64Milliseconds(
            absl::Ceil(deadline - sys::SteadyNow(), absl::Milliseconds(1))),
        0, 60'000);
    const int n = poll(fds, 2, static_cast<int>(wait_ms));
    if (n < 0 && errno != EINTR) return base::SysError("poll");
    if (n > 0 && fds[1].revents != 0) {
      TRY_ASSIGN(open, printed.ReadFrom(out.first.get()));
    } else if (n > 0 && fds[0].revents != 0) {
      // Nothing more is there to read: whoever has the pipe open still is not
      // the one that we asked.
      ended = true;
    }
    if (!ended && sys::SteadyNow() >= deadline) {
      child.SignalGroup(SIGKILL).IgnoreError();
      child.Wait();
      return absl::DeadlineExceededError(
          absl::StrCat("not done after ", base::FormatDuration(limit)));
    }
  }
  child.SignalGroup(SIGKILL).IgnoreError();  // what it left behind
  const sys::Ended end = child.Wait();
  if (end.code != 0 || end.signal != 0) {
    return absl::FailedPreconditionError(EndText(end));
  }
  return FirstLine(printed.view());
}

absl::StatusOr<keys::Secret> SecretOfTerminal(const std::string& terminal,
                                              absl::string_view prompt) {
  const absl::StatusOr<sys::Fd> fd = sys::Open(terminal, O_RDWR | O_NOCTTY);
  if (!fd.ok() || isatty(fd->get()) == 0) {
    return absl::FailedPreconditionError("there is no terminal to ask at");
  }
  // In the background both changing the terminal and reading it would stop us.
  const pid_t foreground = tcgetpgrp(fd->get());
  if (foreground > 0 && foreground != getpgrp()) {
    return absl::FailedPreconditionError(
        "the terminal belongs to another program");
  }
  const HeldSignals held;
  const Silent silent(fd->get());
  if (!silent.ok()) return base::SysError(terminal);
  TRY(sys::WriteAll(fd->get(), absl::StrCat(text::Clean(prompt), ": ")));
  return TypedLine(fd->get(), held.waiting());
}

}  // namespace power
