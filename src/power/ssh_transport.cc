#include "power/ssh_transport.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "base/status.h"
#include "power/limits.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/pty.h"

namespace power {
namespace {

constexpr int kColumns = 80, kLines = 24;
// Between being let in and the shell, when ssh takes over the terminal.
constexpr absl::Duration kLook = absl::Milliseconds(2);
constexpr absl::Duration kSeldomLook = absl::Milliseconds(100);

// What ssh may know of us. The rest of our environment may hold secrets of
// PCUs, and is no business of a program that talks to devices.
std::vector<std::string> EnvironmentFor(const std::string& askpass) {
  const sys::Environment ours = sys::Environment::Ours();
  sys::Environment theirs;
  for (const char* name : {"HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "LANG",
                           "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "KRB5CCNAME"}) {
    if (const auto value = ours.Get(name)) theirs.Set(name, *value);
  }
  theirs.Set("TERM", "vt100");
  theirs.Set("SSH_ASKPASS", askpass);
  theirs.Set("SSH_ASKPASS_REQUIRE", "force");
  return theirs.entries();
}

std::vector<std::string> KnownHosts(const SshSettings& settings) {
  std::vector<std::string> files = {settings.known_hosts};
  const sys::Environment ours = sys::Environment::Ours();
  if (const auto home = ours.Get("HOME")) {
    files.push_back(absl::StrCat(*home, "/.ssh/known_hosts"));
    files.push_back(absl::StrCat(*home, "/.ssh/known_hosts2"));
  }
  return files;
}

Failure Internal(const absl::Status& status) {
  return {FailureClass::kInternal, absl::StrCat("ssh: ", status.message())};
}

}  // namespace

void SshPrograms::Ask(std::function<void(const SshAlgorithms&)> done) {
  if (known_.has_value()) return done(*known_);
  waiting_.push_back(std::move(done));
  if (asking_ != nullptr) return;
  asking_ = std::make_unique<ExecTransport>(
      loop_, std::vector<std::string>{"/bin/sh", "-c", kSshAlgorithmsScript,
                                      program_});
  asking_->Start({.connected = [] {},
                  .received =
                      [this](absl::string_view bytes) {
                        if (text_.size() < kMaxSshTextBytes)
                          absl::StrAppend(&text_, bytes);
                      },
                  .ended =
                      [this](const std::optional<Failure>&) {
                        known_ = ParseSshAlgorithms(text_);
                        loop_.DeleteAtEndOfTurn(std::move(asking_));
                        auto waiting = std::move(waiting_);
                        for (auto& tell : waiting) tell(*known_);
                      }});
}

SshTransport::SshTransport(sys::Loop& loop, const SshSettings& settings,
                           SshPrograms& programs, TransportPlan plan)
    : loop_(loop),
      settings_(settings),
      programs_(programs),
      plan_(std::move(plan)),
      line_(loop),
      user_(absl::string_view(plan_.user)) {}

SshTransport::~SshTransport() {
  *alive_ = false;
  Kill();
}

void SshTransport::Kill() {
  loop_.Cancel(std::exchange(look_timer_, 0));
  askpass_.reset();
  if (errors_) loop_.Unwatch(errors_.get());
  errors_.Reset();
  line_.Close();
  if (!child_.has_value()) return;
  loop_.Unwatch(child_->pidfd());
  child_->SignalGroup(SIGKILL).IgnoreError();
  child_->Wait();
  child_.reset();
}

void SshTransport::Start(Events events) {
  events_ = std::move(events);
  line_.Listen(
      {.connected = [] {},
       .received = [this](absl::string_view bytes) { OnReceived(bytes); },
       .ended = [this](const auto& why) { events_.ended(why); }});
  line_.on_hang_up = [this](const std::optional<Failure>&) {
    hung_up_ = true;
    MaybeEnd();
  };
  if (!plan_.pcu->legacy_crypto) {
    return line_.Soon([this] { Prepare(nullptr); });
  }
  line_.Soon([this] {
    programs_.Ask([this, alive = alive_](const SshAlgorithms& known) {
      if (*alive && !line_.leaving()) Prepare(&known);
    });
  });
}

void SshTransport::Prepare(const SshAlgorithms* legacy) {
  SshCall call;
  call.program = settings_.program;
  call.host = plan_.pcu->host;
  call.address = plan_.address;
  call.port = plan_.port;
  call.user = plan_.user;
  call.known_hosts = KnownHosts(settings_);
  if (plan_.pcu->trust_first_use) keeps_keys_ = CanKeepKeys();
  call.trust_first_use = plan_.pcu->trust_first_use && keeps_keys_.ok();
  call.has_password = plan_.secret != nullptr;
  call.login_timeout = plan_.login_timeout;
  call.legacy = legacy;
  call.more_words = settings_.more_words;
  std::optional<Failure> failure = CheckSshCall(call);
  if (!failure.has_value() && plan_.secret != nullptr) {
    failure = CheckSshPassword(plan_.secret->view());
  }
  if (!failure.has_value()) failure = Launch(call);
  if (failure.has_value()) {
    Kill();
    return line_.End(failure);
  }
  line_.Open(std::move(pty_), /*quiet=*/true);
  line_.After(plan_.connect_timeout, [this] {
    GiveUp({FailureClass::kTimeout, Late()});
  });
  look_timer_ = loop_.After(kSeldomLook, [this] { LookForShell(); });
}

int64_t SshTransport::KeyBytes() const {
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(settings_.known_hosts);
  return info.ok() ? info->bytes : 0;
}

// Else every time would be the first: ssh accepts what it cannot write down.
absl::Status SshTransport::CanKeepKeys() {
  const std::string& file = settings_.known_hosts;
  key_bytes_ = KeyBytes();
  TRY(sys::MakeFolders(file.substr(0, file.rfind('/'))));
  return sys::Open(file, O_WRONLY | O_APPEND | O_CREAT, 0600).status();
}

// Nor does it look whether what it has written has come to be in the file,
// which on a full disk it has not. What else it tells of is a host on the way.
std::optional<Failure> SshTransport::KeyTrouble() const {
  const std::string& host =
      plan_.pcu->host.empty() ? plan_.address : plan_.pcu->host;
  if (!absl::StrContains(words_.added(), host) || KeyBytes() > key_bytes_) {
    return std::nullopt;
  }
  return Failure{FailureClass::kHostKey,
                 absl::StrCat("login: the server's key cannot be kept in ",
                              settings_.known_hosts)};
}

std::optional<Failure> SshTransport::Launch(const SshCall& call) {
  auto askpass = AskpassServer::Make(
      loop_,
      settings_.askpass.empty() ? sys::OwnExecutable() : settings_.askpass,
      [this](absl::string_view question, bool is_confirm) {
        return Answer(question, is_confirm);
      });
  if (!askpass.ok()) return Internal(askpass.status());
  askpass_ = *std::move(askpass);
  absl::StatusOr<sys::Pty> pty = sys::OpenPty(kColumns, kLines);
  if (!pty.ok()) return Internal(pty.status());
  auto errors = sys::Pipe();
  if (!errors.ok()) return Internal(errors.status());
  const std::vector<std::string> environment =
      EnvironmentFor(askpass_->program());
  absl::StatusOr<sys::Child> child =
      sys::Child::Spawn(SshCommand(call), {.in = pty->theirs.get(),
                                           .out = pty->theirs.get(),
                                           .err = errors->second.get(),
                                           .environment = &environment,
                                           .own_session = true,
                                           .death_signal = SIGKILL});
  if (absl::IsNotFound(child.status())) {
    return Failure{
        FailureClass::kUnsupported,
        absl::StrCat("there is no program '", call.program, "' on this host")};
  }
  if (!child.ok()) return Internal(child.status());
  child_ = *std::move(child);
  askpass_->AllowChildrenOf(child_->pid());
  pty_ = std::move(pty->ours);
  errors_ = std::move(errors->first);
  fcntl(errors_.get(), F_SETFL, O_NONBLOCK);
  const absl::Status heard =
      loop_.Watch(errors_.get(), EPOLLIN, [this](uint32_t) { OnWords(); });
  const absl::Status awaited =
      loop_.Watch(child_->pidfd(), EPOLLIN, [this](uint32_t) { OnExit(); });
  if (!heard.ok() || !awaited.ok()) {
    return Internal(heard.ok() ? awaited : heard);
  }
  return std::nullopt;
}

const keys::Secret* SshTransport::Answer(absl::string_view question,
                                         bool is_confirm) {
  using Kind = SshQuestions::Answer::Kind;
  OnWords();  // they came first
  if (distrusts_) return nullptr;
  const SshQuestions::Answer answer =
      questions_.On(question, is_confirm, plan_.secret != nullptr);
  if (answer.failure.has_value()) {
    // Before it learns that there is no answer: it would send an empty one,
    // and the device count a second attempt.
    if (child_.has_value()) child_->Signal(SIGKILL).IgnoreError();
    // Not from within the server that asks: it goes with the connection.
    line_.Soon([this, failure = *answer.failure] { GiveUp(failure); });
  }
  if (answer.kind == Kind::kUser) return &user_;
  if (answer.kind == Kind::kSecret) return plan_.secret.get();
  return nullptr;
}

void SshTransport::OnWords() {
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(errors_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) loop_.Unwatch(errors_.get());
    if (n <= 0) break;
    words_.Feed({buffer, static_cast<size_t>(n)});
    if (static_cast<size_t>(n) < sizeof buffer) break;
  }
  if (connected_ || distrusts_) return;
  if (const auto trouble = KeyTrouble()) {
    distrusts_ = true;
    if (child_.has_value()) child_->Signal(SIGKILL).IgnoreError();
    return line_.Soon([this, failure = *trouble] { GiveUp(failure); });
  }
  if (words_.phase() == phase_) return;
  phase_ = words_.phase();
  if (phase_ == SshWords::Phase::kLogin) {
    line_.After(plan_.login_timeout, [this] {
      GiveUp({FailureClass::kTimeout, Late()});
    });
  } else {
    LookForShell();
  }
}

std::string SshTransport::Late() const {
  return phase_ == SshWords::Phase::kConnecting
             ? absl::StrCat("connect: no answer within ",
                            absl::FormatDuration(plan_.connect_timeout))
             : absl::StrCat("login: ssh was not let in within ",
                            absl::FormatDuration(plan_.login_timeout));
}

// What we send before ssh has taken over the terminal would be echoed, and
// edited, by the terminal itself.
void SshTransport::LookForShell() {
  loop_.Cancel(std::exchange(look_timer_, 0));
  if (connected_ || line_.ended() || line_.leaving()) return;
  if (sys::IsRaw(line_.fd())) return Connected();
  const bool is_soon = phase_ == SshWords::Phase::kAuthenticated;
  look_timer_ =
      loop_.After(is_soon ? kLook : kSeldomLook, [this] { LookForShell(); });
}

void SshTransport::Connected() {
  if (std::exchange(connected_, true)) return;
  line_.After(absl::InfiniteDuration(), [] {});
  loop_.Cancel(std::exchange(look_timer_, 0));
  askpass_.reset();
  events_.connected();
}

void SshTransport::OnReceived(absl::string_view bytes) {
  const std::shared_ptr<bool> alive = alive_;
  Connected();
  if (*alive) events_.received(bytes);
}

void SshTransport::OnExit() {
  loop_.Unwatch(child_->pidfd());
  exited_ = true;
  MaybeEnd();
}

// Once all is read that the device has printed, and ssh has ended.
void SshTransport::MaybeEnd() {
  if (!exited_ || !hung_up_) return;
  if (line_.leaving()) return line_.Gone();
  OnWords();
  if (!connected_) {
    Failure why = words_.Why();
    if (why.failure_class == FailureClass::kHostKey && !keeps_keys_.ok()) {
      absl::StrAppend(&why.text,
                      "; it is not trusted at first use, as it "
                      "cannot be kept: ",
                      keeps_keys_.message());
    }
    Kill();
    return line_.End(why);
  }
  // Scripts know what ssh says at its end.
  const std::string last = words_.last();
  const std::shared_ptr<bool> alive = alive_;
  if (!last.empty() && !absl::StartsWith(last, "Connection to ")) {
    events_.received(absl::StrCat(last, "\r\n"));
  }
  if (*alive) line_.End(std::nullopt);
}

void SshTransport::GiveUp(const Failure& failure) {
  Kill();
  line_.End(failure);
}

void SshTransport::Leave(std::function<void()> gone) {
  loop_.Cancel(std::exchange(look_timer_, 0));
  askpass_.reset();
  line_.Leave(std::move(gone));
}

}  // namespace power
