#include "fanout/xclate_client.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/status.h"
#include "fanout/command.h"
#include "fanout/pass_signals.h"
#include "fanout/section.h"
#include "fanout/stack.h"
#include "fanout/title.h"
#include "fanout/wrapped.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/other_process.h"
#include "sys/terminal.h"
#include "text/words.h"

namespace fanout {
namespace {

constexpr int64_t kDefaultCapBytes = 64 << 10;
constexpr size_t kCopyBytes = 128 << 10;

using Say = std::function<void(absl::string_view)>;

// A section goes through two phases. Until it is granted the loop listens to
// the manager and gathers what comes; afterwards there is nothing left but to
// copy, and waiting in a write hurts nobody.
class Client {
 public:
  Client(const ClientOptions& options, const Say& say)
      : options_(options), say_(say) {}
  absl::StatusOr<int> Run();

 private:
  absl::Status FindCommand();
  absl::Status Connect();
  void OnAgreed(CollatorClient::Agreed agreed);
  void OnGranted(CollatorClient::Granted granted);
  void Fail(const absl::Status& why);

  void Gather(int source);
  bool GatherOnce();
  void StopGathering();
  size_t cap() const;

  absl::Status StartCommand(int in, int out, int err);
  void TakeTerminal(int in, int out, int err);
  absl::StatusOr<int> WriteFilter();
  absl::StatusOr<int> RunCommand();
  absl::Status FeedCommand(sys::Fd to);
  void Write(absl::string_view bytes);
  void WriteTitle(const std::optional<std::string>& title);
  int out() const { return stream_ ? stream_.get() : 1; }
  int StatusOfProducer();
  int End(int status);

  const ClientOptions& options_;
  const Say& say_;
  sys::Loop loop_;
  sys::Environment environment_ = sys::Environment::Ours();
  std::string manager_, command_path_;
  std::optional<sys::OtherProcess> watched_;
  std::unique_ptr<CollatorClient> section_;
  SectionStyle style_;
  int64_t number_ = 0, own_section_ = 0;
  sys::Fd stream_, input_, error_, folder_;
  bool nested_ = false, quick_ = false;
  absl::Status failure_;
  bool granted_ = false;

  // What is gathered while we wait, from our input or the command's output.
  int source_ = -1;
  bool watching_ = false, ended_ = false;
  std::string gathered_;
  std::optional<sys::Child> child_;
  sys::Fd child_out_;
  std::optional<int> status_;  // of the producer
  int write_error_ = 0;
};

absl::StatusOr<int> Client::Run() {
  if (!options_.command.empty()) TRY(FindCommand());
  if (options_.watch) {
    absl::StatusOr<sys::OtherProcess> watched =
        sys::OtherProcess::Open(*options_.watch);
    // Its output is not lost for that.
    if (!watched.ok()) say_(watched.status().message());
    if (watched.ok()) watched_.emplace(*std::move(watched));
  }
  if (options_.trace) {
    say_(absl::StrCat(
        options_.name, ": ",
        options_.command.empty() ? "cat" : text::JoinWords(options_.command)));
  }
  if (options_.dry_run) return 0;
  if (options_.inside_stream) {
    say_("this is a stream of the manager, which cannot wait for itself");
    nested_ = granted_ = true;
    return options_.command.empty() ? WriteFilter() : RunCommand();
  }
  TRY(Connect());
  loop_.Run();
  TRY(failure_);
  // A section without output, which vanishes.
  if (!granted_) return End(StatusOfProducer());
  const bool direct = !options_.command.empty() && !child_ && !style_.squeeze;
  return direct ? RunCommand() : WriteFilter();
}

absl::Status Client::FindCommand() {
  TRY_ASSIGN(const std::string found,
             FindOnPath(options_.command[0], environment_));
  // It is meant here, not in the manager's folder (-D).
  TRY_ASSIGN(command_path_, sys::AbsolutePath(found));
  return absl::OkStatus();
}

absl::Status Client::Connect() {
  if (options_.socket) {
    manager_ = *options_.socket;
  } else {
    TRY_ASSIGN(const Stack stack, ReadStack("xcl", environment_));
    TRY_ASSIGN(manager_, stack.Target(options_.depth));
  }
  absl::StatusOr<sys::Fd> connection = ConnectManager(manager_);
  if (!connection.ok()) {
    return absl::NotFoundError(connection.status().message());
  }

  CollatorClient::Options options;
  options.name = options_.name;
  options.style = options_.style;
  options.widow = options_.widow;
  options.input = options_.input;
  options.error = options_.error;
  options.folder = options_.folder;
  // Only who has the stream gets input and error.
  options.stream = !options_.widow || options_.input || options_.error;
  options.inside = SectionOfManager(
      environment_.Get(kSectionVariable).value_or(""), manager_);
  nested_ = options.inside.has_value();
  // What the stack says is the same for all; a path may be written many ways.
  if (options_.socket) manager_ = ManagerName(manager_);
  CollatorClient::Calls calls;
  calls.agreed = [this](CollatorClient::Agreed agreed) {
    OnAgreed(std::move(agreed));
  };
  calls.granted = [this](CollatorClient::Granted granted) {
    OnGranted(std::move(granted));
  };
  calls.lost = [this](const absl::Status& why) { Fail(why); };
  TRY_ASSIGN(section_,
             CollatorClient::Start(loop_, *std::move(connection),
                                   std::move(options), std::move(calls)));
  return absl::OkStatus();
}

void Client::Fail(const absl::Status& why) {
  if (granted_) return;
  if (failure_.ok()) failure_ = why;
  loop_.Stop();
}

// --- until it is granted
// ------------------------------------------------------

void Client::OnAgreed(CollatorClient::Agreed agreed) {
  style_ = std::move(agreed.style);
  // The original's rule: what may be left with the manager has no titles.
  const bool plain =
      style_.title.value_or("").empty() && style_.rule.value_or("").empty();
  style_.quick = style_.quick && plain && !style_.squeeze;
  if (style_.quick) style_.squeeze = true;
  own_section_ = agreed.section;
  folder_ = std::move(agreed.folder);
  const bool waits = !options_.widow || options_.input || options_.error;
  if (options_.widow) {
    stream_ = std::move(agreed.widow);
    nested_ = false;
  }
  if (!waits) {
    granted_ = true;
    return loop_.Stop();
  }
  if (options_.command.empty()) return Gather(0);
  if (style_.squeeze && !options_.input && !options_.error) {
    absl::StatusOr<std::pair<sys::Fd, sys::Fd>> pipe = sys::Pipe();
    if (!pipe.ok()) return Fail(pipe.status());
    child_out_ = std::move(pipe->first);
    const absl::Status started = StartCommand(0, pipe->second.get(), 2);
    pipe->second.Reset();
    if (!started.ok()) return Fail(started);
    return Gather(child_out_.get());
  }
  // Differs: the original waited for the end of its input, or a full buffer,
  // before it asked for the stream.
  section_->Report(Ready::kWillRun);
  // What is no pipe waits by itself.
  struct stat info = {};
  fstat(0, &info);
  if (!options_.input && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))) {
    Gather(0);
  }
}

void Client::OnGranted(CollatorClient::Granted granted) {
  StopGathering();
  nested_ = nested_ && !granted.stream;
  quick_ = granted.quick;
  // With -w it was wanted for the input that comes with it.
  if (!options_.widow) stream_ = std::move(granted.stream);
  number_ = granted.number;
  input_ = std::move(granted.input);
  error_ = std::move(granted.error);
  granted_ = true;
  loop_.Stop();
}

size_t Client::cap() const {
  return static_cast<size_t>(
      std::max<int64_t>(1, style_.cap_bytes.value_or(kDefaultCapBytes)));
}

void Client::Gather(int source) {
  source_ = source;
  const absl::Status watching =
      loop_.Watch(source, EPOLLIN, [this](uint32_t) { GatherOnce(); });
  watching_ = watching.ok();
  // A plain file is always ready.
  if (!watching_) {
    while (GatherOnce()) continue;
  }
}

// False when there is to be no more of it, for now.
bool Client::GatherOnce() {
  char bytes[16 << 10];
  const size_t room = std::min(sizeof bytes, cap() - gathered_.size());
  const ssize_t n = read(source_, bytes, room);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (n < 0) {
    Fail(base::SysError("standard input"));
    return false;
  }
  const bool filters = options_.command.empty() || child_;
  if (n == 0) {
    ended_ = true;
    StopGathering();
    if (!filters) return false;
    if (gathered_.empty() && style_.squeeze) {
      loop_.Stop();
      return false;
    }
    if (style_.quick) {
      section_->Status(StatusOfProducer());
      section_->Report(Ready::kFinished, true);
    } else {
      section_->Report(Ready::kFinished);
    }
    return false;
  }
  gathered_.append(bytes, static_cast<size_t>(n));
  if (filters) section_->Report(Ready::kHasData);
  if (gathered_.size() < cap()) return true;
  section_->Report(Ready::kFull);
  StopGathering();
  return false;
}

void Client::StopGathering() {
  if (watching_) loop_.Unwatch(source_);
  watching_ = false;
}

// --- once it is granted
// -------------------------------------------------------

absl::Status Client::StartCommand(int in, int out, int err) {
  if (folder_ && fchdir(folder_.get()) != 0) {
    return base::SysError("the manager's folder");
  }
  if (options_.terminal) TakeTerminal(in, out, err);
  sys::Environment environment = environment_;
  if (!options_.widow && !options_.inside_stream) {
    environment.Set(
        kSectionVariable,
        EnterSection(environment_.Get(kSectionVariable).value_or(""), manager_,
                     own_section_));
  }
  sys::SpawnOptions spawn;
  spawn.in = in;
  spawn.out = out;
  spawn.err = err;
  spawn.environment = &environment.entries();
  spawn.keep_descriptors = true;
  spawn.keep_signals = true;
  spawn.program = command_path_;
  // A section ends with its client. What it ran must not go on to write into
  // the next one.
  spawn.death_signal = SIGTERM;
  TRY_ASSIGN(child_, sys::Child::Spawn(options_.command, spawn));
  return absl::OkStatus();
}

// Whoever leads a process group keeps the terminal it has.
void Client::TakeTerminal(int in, int out, int err) {
  for (const int fd : {in, out, err}) {
    if (!sys::IsTerminal(fd)) continue;
    if (setsid() >= 0) ioctl(fd, TIOCSCTTY, 0);
    return;
  }
}

// The first failure is kept; after it nothing is written.
void Client::Write(absl::string_view bytes) {
  while (!bytes.empty() && write_error_ == 0) {
    const ssize_t n = write(out(), bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      // Somebody we share it with made it so.
      pollfd p = {out(), POLLOUT, 0};
      poll(&p, 1, -1);
    } else if (errno != EINTR) {
      write_error_ = errno;
    }
  }
}

void Client::WriteTitle(const std::optional<std::string>& title) {
  if (!title || title->empty()) return;
  std::vector<std::string> warnings;
  const auto variable =
      [&](absl::string_view name) -> std::optional<std::string> {
    const auto value = environment_.Get(name);
    if (!value) return std::nullopt;
    return std::string(*value);
  };
  Write(ExpandTitle(*title, options_.escape, {options_.name, number_, variable},
                    &warnings));
  for (const std::string& warning : warnings) {
    say_(absl::StrCat(options_.name, ": ", warning));
  }
}

absl::StatusOr<int> Client::WriteFilter() {
  if (!options_.command.empty() && !child_) {
    // It had to wait for the manager's input or error.
    TRY_ASSIGN(auto pipe, sys::Pipe());
    child_out_ = std::move(pipe.first);
    TRY(StartCommand(input_ ? input_.get() : 0, pipe.second.get(),
                     error_ ? error_.get() : 2));
  }
  source_ = child_out_ ? child_out_.get() : 0;
  bool titled = false;
  const auto title = [&] {
    if (!std::exchange(titled, true)) WriteTitle(style_.title);
  };
  if (!style_.squeeze || !gathered_.empty()) title();
  Write(std::exchange(gathered_, {}));
  std::string bytes(kCopyBytes, '\0');
  absl::Status failure;
  while (!ended_ && write_error_ == 0) {
    const ssize_t n = read(source_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      pollfd p = {source_, POLLIN, 0};
      poll(&p, 1, -1);
      continue;
    }
    if (n < 0) failure = base::SysError("standard input");
    if (n <= 0) break;
    title();
    Write({bytes.data(), static_cast<size_t>(n)});
  }
  if (titled) WriteTitle(style_.rule);
  // The command is told by its next write.
  child_out_.Reset();
  if (quick_) return 0;
  const int status = StatusOfProducer();
  const int code = End(status);
  TRY(failure);
  return code;
}

absl::StatusOr<int> Client::RunCommand() {
  WriteTitle(style_.title);
  PassSignals signals(loop_, nullptr);
  std::pair<sys::Fd, sys::Fd> pipe;
  int in = input_ ? input_.get() : 0;
  if (!gathered_.empty() || ended_) {
    TRY_ASSIGN(pipe, sys::Pipe());
    in = pipe.first.get();
  }
  TRY(StartCommand(in, out(), error_ ? error_.get() : 2));
  pipe.first.Reset();
  signals.To(&*child_);
  int status = 0;
  TRY(loop_.Watch(child_->pidfd(), EPOLLIN, [&](uint32_t) {
    loop_.Unwatch(child_->pidfd());
    signals.To(nullptr);
    status = WrappedStatus(child_->Wait());
    loop_.Stop();
  }));
  if (pipe.second) TRY(FeedCommand(std::move(pipe.second)));
  loop_.Run();
  pollfd p = {out(), POLLOUT, 0};
  if (status == 128 + SIGPIPE && poll(&p, 1, 0) > 0 && (p.revents & POLLERR)) {
    write_error_ = EPIPE;
  }
  WriteTitle(style_.rule);
  return End(status);
}

// Passes on what was gathered, and what still comes.
absl::Status Client::FeedCommand(sys::Fd to) {
  TRY(sys::SetNonBlocking(to.get()));
  const int fd = to.get();
  // Copyable, as the loop's functions are; it is the only owner.
  auto pipe = std::make_shared<sys::Fd>(std::move(to));
  return loop_.Watch(fd, EPOLLOUT, [this, fd, pipe](uint32_t) {
    if (gathered_.empty() && !ended_) {
      pollfd p = {0, POLLIN, 0};
      char bytes[16 << 10];
      const ssize_t n = poll(&p, 1, 0) > 0 ? read(0, bytes, sizeof bytes) : -2;
      if (n == -2 || (n < 0 && (errno == EAGAIN || errno == EINTR))) {
        // The command has room, we have nothing: our turn to wait.
        loop_.Rewatch(fd, 0);
        const absl::Status watching =
            loop_.Watch(0, EPOLLIN, [this, fd](uint32_t) {
              loop_.Unwatch(0);
              loop_.Rewatch(fd, EPOLLOUT);
            });
        if (!watching.ok()) loop_.Rewatch(fd, EPOLLOUT);
        return;
      }
      if (n <= 0) ended_ = true;
      if (n > 0) gathered_.assign(bytes, static_cast<size_t>(n));
    }
    while (!gathered_.empty()) {
      const ssize_t n = write(fd, gathered_.data(), gathered_.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) {
        // It does not want it, which is its right.
        gathered_.clear();
        ended_ = true;
        break;
      }
      gathered_.erase(0, static_cast<size_t>(n));
    }
    if (!ended_) return;
    loop_.Unwatch(fd);
    pipe->Reset();
  });
}

// Waits for the end of whatever wrote the section.
int Client::StatusOfProducer() {
  if (status_) return *status_;
  status_ = kStatusUnknown;
  if (child_) status_ = WrappedStatus(child_->Wait());
  if (child_ || !watched_) return *status_;
  pollfd p = {watched_->pidfd(), POLLIN, 0};
  while (poll(&p, 1, -1) < 0 && errno == EINTR) continue;
  const std::optional<sys::Ended> ended = watched_->HowItEnded();
  if (ended) status_ = WrappedStatus(*ended);
  return *status_;
}

int Client::End(int status) {
  if (section_ != nullptr) {
    // Inside a section our standard output is whatever the section made of it.
    if (write_error_ != 0 && !nested_ && !options_.widow) {
      section_->WriteFailed(write_error_);
    }
    if (options_.finish) section_->AskForEnd();
    section_->Status(status);
    section_->End();
  }
  if (write_error_ != 0) return EX_IOERR;
  const bool known = child_ || watched_;
  return options_.return_status && known ? status : 0;
}

}  // namespace

absl::StatusOr<int> RunClient(const ClientOptions& options, const Say& say) {
  return Client(options, say).Run();
}

}  // namespace fanout
