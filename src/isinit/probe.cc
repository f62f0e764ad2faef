#include "isinit/probe.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "sys/file.h"
#include "sys/signals.h"
#include "sys/socket.h"

namespace isinit {
namespace {

constexpr size_t kMostAnswerBytes = 4096;

// "HTTP/1.1 200 OK"
absl::Status Judge(absl::string_view line) {
  int code = 0;
  const size_t blank = line.find(' ');
  if (!absl::StartsWith(line, "HTTP/1.") || blank == absl::string_view::npos ||
      !absl::SimpleAtoi(line.substr(blank + 1, 3), &code)) {
    return absl::UnavailableError(absl::StrCat(
        "does not answer by HTTP: ", base::Escape(line.substr(0, 80))));
  }
  if (code >= 100 && code < 400) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("answers ", base::Escape(line.substr(blank + 1, 80))));
}

absl::Status Judge(const sys::Ended& ended) {
  if (ended.signal != 0) {
    return absl::UnavailableError(
        absl::StrCat("ended by ", sys::SignalName(ended.signal)));
  }
  if (ended.code == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("exit ", ended.code));
}

}  // namespace

Probe::Probe(sys::Loop& loop, sys::Reaper& reaper, ProbeTarget target,
             Start start, absl::Duration longest, Done done)
    : loop_(loop),
      reaper_(reaper),
      target_(std::move(target)),
      start_(std::move(start)),
      done_(std::move(done)),
      alive_(std::make_shared<bool>(true)) {
  timer_ = loop_.After(longest, [this, longest] {
    timer_ = 0;
    Finish(absl::DeadlineExceededError(
        absl::StrCat("no answer after ", base::FormatDuration(longest))));
  });
  loop_.Post([this, still = std::weak_ptr<bool>(alive_)] {
    if (!still.expired()) Begin();
  });
}

Probe::~Probe() {
  loop_.Cancel(timer_);
  if (fd_) loop_.Unwatch(fd_.get());
  if (pid_ == 0) return;
  reaper_.SignalGroup(pid_, SIGKILL).IgnoreError();
  reaper_.Forget(pid_);
}

void Probe::Begin() {
  switch (target_.kind) {
    case ProbeTarget::Kind::kTcp:
    case ProbeTarget::Kind::kHttp:
      return BeginConnect();
    case ProbeTarget::Kind::kUnix:
      return Finish(sys::ConnectUnix(target_.text).status());
    case ProbeTarget::Kind::kFile: {
      const auto info = sys::Stat(target_.text);
      if (!info.ok()) return Finish(info.status());
      return Finish(info->exists ? absl::OkStatus()
                                 : absl::UnavailableError(absl::StrCat(
                                       target_.text, ": is not there")));
    }
    case ProbeTarget::Kind::kCommand: {
      const absl::StatusOr<int> pid = start_(target_.text);
      if (!pid.ok()) return Finish(pid.status());
      pid_ = *pid;
      reaper_.Expect(pid_, [this](const sys::Ended& ended) {
        pid_ = 0;
        Finish(Judge(ended));
      });
      return;
    }
  }
}

void Probe::BeginConnect() {
  auto fd =
      sys::BeginConnectTcp(second_address_ ? "::1" : "127.0.0.1", target_.port);
  if (!fd.ok()) return Finish(fd.status());
  fd_ = *std::move(fd);
  const absl::Status watched =
      loop_.Watch(fd_.get(), EPOLLOUT, [this](uint32_t) { Connected(); });
  if (!watched.ok()) Finish(watched);
}

void Probe::Connected() {
  const absl::Status status = sys::ConnectError(fd_.get());
  if (!status.ok() && !std::exchange(second_address_, true)) {
    loop_.Unwatch(fd_.get());
    fd_.Reset();
    return BeginConnect();
  }
  if (!status.ok() || target_.kind == ProbeTarget::Kind::kTcp) {
    return Finish(status);
  }
  // Short enough for any socket's buffer.
  const std::string request =
      absl::StrCat("GET ", target_.text.empty() ? "/" : target_.text,
                   " HTTP/1.0\r\nHost: localhost\r\nUser-Agent: isinit\r\n"
                   "Connection: close\r\n\r\n");
  if (send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return Finish(absl::UnavailableError(base::SysError("send").message()));
  }
  loop_.Unwatch(fd_.get());
  const absl::Status watched =
      loop_.Watch(fd_.get(), EPOLLIN, [this](uint32_t) { Answer(); });
  if (!watched.ok()) Finish(watched);
}

void Probe::Answer() {
  char block[1024];
  const ssize_t n = read(fd_.get(), block, sizeof block);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) {
    return Finish(absl::UnavailableError(base::SysError("read").message()));
  }
  answer_.append(block, static_cast<size_t>(n));
  const size_t end = answer_.find('\n');
  if (end == std::string::npos && n > 0 && answer_.size() < kMostAnswerBytes) {
    return;
  }
  Finish(Judge(absl::StripTrailingAsciiWhitespace(
      absl::string_view(answer_).substr(0, end))));
}

void Probe::Finish(absl::Status status) {
  // The answer to it may be our end.
  const Done done = std::exchange(done_, nullptr);
  if (done == nullptr) return;
  if (fd_) loop_.Unwatch(fd_.get());
  fd_.Reset();
  loop_.Cancel(std::exchange(timer_, 0));
  done(status);
}

}  // namespace isinit
