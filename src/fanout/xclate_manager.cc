#include "fanout/xclate_manager.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "base/status.h"
#include "fanout/collator.h"
#include "fanout/command.h"
#include "fanout/outlet.h"
#include "fanout/pass_signals.h"
#include "fanout/section.h"
#include "fanout/stack.h"
#include "fanout/stream.h"
#include "fanout/title.h"
#include "fanout/wrapped.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/other_process.h"
#include "text/words.h"

namespace fanout {
namespace {

constexpr absl::string_view kOptionsVariable = "XCLATE";
constexpr size_t kWidowBytes = 64 << 10;
// After a signal, for clients to come to their end.
constexpr absl::Duration kEndTime = absl::Seconds(5);

using Say = std::function<void(absl::string_view)>;

class Manager {
 public:
  Manager(const ManagerOptions& options, const Say& say)
      : options_(options), say_(say) {}
  absl::StatusOr<int> Run();

 private:
  absl::Status FindPrograms();
  absl::Status OpenPlace();
  absl::Status OpenStreams();
  absl::StatusOr<Stream> Sink(absl::string_view option,
                              const std::string& expression,
                              const sys::Environment& environment);
  absl::Status EnterOuter();
  absl::Status WriteOuter(const std::optional<std::string>& title);
  absl::Status MakeCollator();
  absl::Status StartUtility();
  absl::Status CopyWidows(sys::Fd pipe);
  void ReadWidows();
  void StopWidows();
  void UtilityEnded(int code);
  void OnSignal(int signal, bool again);
  void MayEnd();
  absl::Status LeaveOuter();
  int Finish();
  void Trace(absl::string_view what, absl::string_view text) const {
    if (options_.trace) say_(absl::StrCat(what, text));
  }
  int output() const { return output_ ? output_.get() : 1; }

  const ManagerOptions& options_;
  const Say& say_;
  sys::Loop loop_;
  sys::Environment environment_ = sys::Environment::Ours();
  Stack stack_;
  std::string shell_;                 // a path
  std::vector<std::string> utility_;  // empty for none
  std::string utility_path_;
  std::optional<sys::OtherProcess> waited_for_;
  // Before it: a signal must not end us while there are files to remove.
  std::unique_ptr<PassSignals> signals_;
  std::optional<Place> place_;
  sys::Fd output_, widow_, notify_;  // not open: standard output, error; none
  Stream source_;
  std::vector<sys::Child> helpers_;
  // The section of the outer manager that all of ours go into.
  std::unique_ptr<CollatorClient> outer_;
  CollatorClient::Agreed outer_agreed_;
  CollatorClient::Granted outer_granted_;
  absl::Status outer_lost_;

  std::unique_ptr<Collator> collator_;
  std::optional<sys::Child> child_;
  bool running_ = true;  // the utility, or what stands for it
  int code_ = 0;
  sys::Fd widow_pipe_;
  std::unique_ptr<Outlet> widow_out_;
  absl::Status output_failure_, widow_failure_;
  int signal_ = 0;
};

absl::StatusOr<int> Manager::Run() {
  TRY_ASSIGN(stack_, ReadStack("xcl", environment_));
  TRY(FindPrograms());
  if (options_.dry_run) {
    Trace("", utility_.empty() ? ":" : text::JoinWords(utility_));
    return 0;
  }
  // Before ours is the innermost.
  std::string outer;
  if (options_.output == "-") {
    TRY_ASSIGN(outer, stack_.Target(options_.depth));
  }
  // From here on there is something to clean up.
  signals_ = std::make_unique<PassSignals>(
      loop_, [this](int signal, bool again) { OnSignal(signal, again); });
  TRY(OpenPlace());
  TRY(OpenStreams());
  if (!outer.empty()) {
    TRY(EnterOuter());
    if (signal_ != 0) return 128 + signal_;
  }
  TRY(MakeCollator());
  TRY(StartUtility());
  loop_.Run();
  const absl::Status left = LeaveOuter();
  if (!left.ok() && output_failure_.ok()) output_failure_ = left;
  return Finish();
}

// All that is to be run, before anything is made.
absl::Status Manager::FindPrograms() {
  std::string shell = options_.shell;
  if (shell.empty())
    shell = std::string(environment_.Get("SHELL").value_or(""));
  if (shell.empty()) shell = "sh";
  if (options_.wait_for) {
    TRY_ASSIGN(waited_for_, sys::OtherProcess::Open(*options_.wait_for));
  }
  const bool none =
      options_.wait_for || options_.utility == std::vector<std::string>{":"};
  if (!none) {
    utility_ = options_.utility;
    if (utility_.empty()) utility_ = {shell.substr(shell.rfind('/') + 1)};
    TRY_ASSIGN(utility_path_,
               FindOnPath(options_.utility.empty() ? shell : utility_[0],
                          environment_));
  }
  bool pipelines = false;
  for (const auto* expression :
       {&options_.notify, &options_.widow, &options_.output, &options_.input}) {
    pipelines |= *expression && absl::StartsWith(**expression, "|");
  }
  if (pipelines) {
    TRY_ASSIGN(shell_, FindOnPath(shell, environment_));
  }
  return absl::OkStatus();
}

absl::Status Manager::OpenPlace() {
  absl::StatusOr<Place> place =
      options_.socket ? Place::At(*options_.socket)
                      : Place::Make(stack_, options_.detached, environment_);
  TRY(place);
  place_.emplace(*std::move(place));
  // Under its full name: those we serve may be in other folders.
  TRY_ASSIGN(const std::string path, sys::AbsolutePath(place_->path()));
  Announce(stack_, path, options_.detached, kOptionsVariable, &environment_);
  Trace("socket ", path);
  return absl::OkStatus();
}

absl::StatusOr<Stream> Manager::Sink(absl::string_view option,
                                     const std::string& expression,
                                     const sys::Environment& environment) {
  Trace(option, absl::StrCat(" ", expression));
  absl::StatusOr<Stream> stream =
      OpenSink(expression, {shell_, &environment.entries()});
  if (!stream.ok()) return base::Context(stream.status(), option);
  if (stream->helper) helpers_.push_back(*std::move(stream->helper));
  return stream;
}

absl::Status Manager::OpenStreams() {
  // A client of ours that serves one of these streams would wait for itself:
  // -Z makes it a mere copy.
  sys::Environment guarded = environment_;
  guarded.Set(kOptionsVariable,
              absl::StrCat(guarded.Get(kOptionsVariable).value_or(""), " -Z"));
  if (options_.notify == "-") {
    absl::StatusOr<sys::Fd> terminal =
        sys::Open("/dev/tty", O_WRONLY | O_NOCTTY);
    if (!terminal.ok()) {
      return absl::NotFoundError(
          absl::StrCat("-N: ", terminal.status().message()));
    }
    notify_ = *std::move(terminal);
  } else if (options_.notify) {
    TRY_ASSIGN(Stream stream, Sink("-N", *options_.notify, guarded));
    notify_ = std::move(stream.fd);
  }
  if (options_.widow && options_.widow != "-") {
    TRY_ASSIGN(Stream stream, Sink("-W", *options_.widow, guarded));
    widow_ = std::move(stream.fd);
  }
  if (options_.output && options_.output != "-") {
    TRY_ASSIGN(Stream stream, Sink("-O", *options_.output, environment_));
    output_ = std::move(stream.fd);
  }
  if (options_.input) {
    Trace("-i ", *options_.input);
    absl::StatusOr<Stream> source =
        OpenSource(*options_.input, {shell_, &environment_.entries()});
    if (!source.ok()) return base::Context(source.status(), "-i");
    source_ = *std::move(source);
  }
  return absl::OkStatus();
}

// --- the section of an outer manager (-O -) ----------------------------------

absl::Status Manager::EnterOuter() {
  TRY_ASSIGN(const std::string path, stack_.Target(options_.depth));
  TRY_ASSIGN(sys::Fd connection, ConnectManager(path));
  const std::string inside(environment_.Get(kSectionVariable).value_or(""));
  CollatorClient::Options options;
  options.name = options_.group_name;
  options.inside = SectionOfManager(inside, path);
  CollatorClient::Calls calls;
  calls.agreed = [this](CollatorClient::Agreed agreed) {
    outer_agreed_ = std::move(agreed);
  };
  calls.granted = [this](CollatorClient::Granted granted) {
    outer_granted_ = std::move(granted);
    loop_.Stop();
  };
  calls.lost = [this](const absl::Status& why) {
    outer_lost_ = why;
    loop_.Stop();
  };
  TRY_ASSIGN(outer_,
             CollatorClient::Start(loop_, std::move(connection),
                                   std::move(options), std::move(calls)));
  outer_->Report(Ready::kWillRun);
  loop_.Run();
  TRY(outer_lost_);
  if (signal_ != 0) return absl::OkStatus();
  output_ = std::move(outer_granted_.stream);
  environment_.Set(kSectionVariable,
                   EnterSection(inside, path, outer_agreed_.section));
  return WriteOuter(outer_agreed_.style.title);
}

absl::Status Manager::WriteOuter(const std::optional<std::string>& title) {
  std::vector<std::string> warnings;
  const sys::Environment ours = sys::Environment::Ours();
  const auto variable =
      [&](absl::string_view name) -> std::optional<std::string> {
    const auto value = ours.Get(name);
    if (!value) return std::nullopt;
    return std::string(*value);
  };
  const std::string text = ExpandTitle(
      title.value_or(""), '%',
      {options_.group_name, outer_granted_.number, variable}, &warnings);
  for (const std::string& warning : warnings) say_(warning);
  return sys::WriteAll(output(), text);
}

absl::Status Manager::LeaveOuter() {
  if (outer_ == nullptr) return absl::OkStatus();
  const absl::Status written = WriteOuter(outer_agreed_.style.rule);
  if (options_.finish_outer) outer_->AskForEnd();
  outer_->Status(code_);
  outer_->End();
  return written;
}

// --- serving ----------------------------------------------------------------

absl::Status Manager::MakeCollator() {
  CollatorOptions options;
  options.output = output();
  options.widow = widow_ ? widow_.get() : 2;
  options.input = 0;
  options.error = 2;
  options.title = options_.style.title;
  options.rule = options_.style.rule;
  options.cap_bytes = options_.style.cap_bytes;
  options.squeeze = options_.style.squeeze;
  options.quick = options_.style.quick;
  options.published = !options_.detached;
  options.persistent = utility_.empty() && !waited_for_;
  options.notify = notify_.get();
  options.notify_status = options_.notify_status;
  options.output_failed = [this](const absl::Status& why) {
    output_failure_ = why;
  };
  options.changed = [this] { MayEnd(); };
  TRY_ASSIGN(collator_, Collator::Make(loop_, std::move(options)));
  TRY(collator_->Listen(place_->listener()));
  if (options_.announce) collator_->Announce(place_->path());
  return absl::OkStatus();
}

absl::Status Manager::StartUtility() {
  if (waited_for_) {
    return loop_.Watch(waited_for_->pidfd(), EPOLLIN, [this](uint32_t) {
      loop_.Unwatch(waited_for_->pidfd());
      UtilityEnded(
          WrappedStatus(waited_for_->HowItEnded().value_or(sys::Ended())));
    });
  }
  if (utility_.empty()) return absl::OkStatus();
  TRY_ASSIGN(auto pipe, sys::Pipe());
  Trace("", absl::StrCat(text::JoinWords(utility_), " | widow"));
  sys::SpawnOptions options;
  options.in = source_.fd ? source_.fd.get() : 0;
  options.out = pipe.second.get();
  options.err = 2;
  options.environment = &environment_.entries();
  options.keep_descriptors = true;
  options.keep_signals = true;
  options.program = utility_path_;
  TRY_ASSIGN(child_, sys::Child::Spawn(utility_, options));
  signals_->To(&*child_);
  source_.fd.Reset();
  TRY(loop_.Watch(child_->pidfd(), EPOLLIN, [this](uint32_t) {
    loop_.Unwatch(child_->pidfd());
    signals_->To(nullptr);
    UtilityEnded(WrappedStatus(child_->Wait()));
  }));
  return CopyWidows(std::move(pipe.first));
}

// What belongs to no section. The pipe is also how we know that nobody is left
// who might still become a client.
absl::Status Manager::CopyWidows(sys::Fd pipe) {
  TRY(sys::SetNonBlocking(pipe.get()));
  TRY_ASSIGN(widow_out_, Outlet::Open(
                             loop_, widow_ ? widow_.get() : 2,
                             [this] {
                               if (widow_pipe_)
                                 loop_.Rewatch(widow_pipe_.get(), EPOLLIN);
                               MayEnd();
                             },
                             [this](const absl::Status& why) {
                               if (widow_) widow_failure_ = why;
                               if (widow_pipe_)
                                 loop_.Rewatch(widow_pipe_.get(), EPOLLIN);
                               MayEnd();
                             }));
  TRY(loop_.Watch(pipe.get(), EPOLLIN, [this](uint32_t) { ReadWidows(); }));
  widow_pipe_ = std::move(pipe);
  return absl::OkStatus();
}

void Manager::ReadWidows() {
  char bytes[16 << 10];
  const ssize_t n = read(widow_pipe_.get(), bytes, sizeof bytes);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    StopWidows();
    return MayEnd();
  }
  // A stream that broke takes everything, and forgets it: the utility is to end
  // its work.
  widow_out_->Write({bytes, static_cast<size_t>(n)});
  if (widow_out_->kept_bytes() >= kWidowBytes) {
    loop_.Rewatch(widow_pipe_.get(), 0);
  }
}

void Manager::StopWidows() {
  loop_.Unwatch(widow_pipe_.get());
  widow_pipe_.Reset();
}

void Manager::UtilityEnded(int code) {
  running_ = false;
  code_ = code;
  if (signal_ != 0) {
    loop_.After(kEndTime, [this] { loop_.Stop(); });
  }
  MayEnd();
}

void Manager::OnSignal(int signal, bool again) {
  signal_ = signal;
  if (again || collator_ == nullptr) return loop_.Stop();
  if (running_ && !child_) UtilityEnded(128 + signal);
}

void Manager::MayEnd() {
  if (running_ && collator_->finish_asked()) {
    // Those who come now are told that nobody is there, not kept waiting.
    collator_->StopListening();
    place_.reset();
    running_ = false;
  }
  if (running_ || widow_pipe_ || !collator_->idle() ||
      (widow_out_ != nullptr && widow_out_->kept_bytes() > 0)) {
    return;
  }
  collator_->TakeIn();
  if (collator_->idle()) loop_.Stop();
}

int Manager::Finish() {
  const int failed = collator_->failed_sections();
  collator_.reset();
  widow_out_.reset();
  place_.reset();
  if (child_ && running_) {
    // Two signals: it has been killed.
    code_ = 128 + signal_;
  }
  output_.Reset();
  widow_.Reset();
  notify_.Reset();
  // A helper that does not come to its end is the user's to interrupt.
  signals_.reset();
  for (sys::Child& helper : helpers_) helper.Wait();
  // Differs: the original did not notice that output was lost.
  if (!output_failure_.ok()) {
    std::string text =
        absl::StrCat("collated stream: ", output_failure_.message());
    if (failed > 1)
      absl::StrAppend(&text, "; ", failed, " sections are incomplete");
    say_(text);
  }
  if (!widow_failure_.ok()) {
    say_(absl::StrCat("-W: ", widow_failure_.message()));
  }
  return output_failure_.ok() && widow_failure_.ok() ? code_ : EX_IOERR;
}

}  // namespace

absl::StatusOr<int> RunManager(const ManagerOptions& options, const Say& say) {
  return Manager(options, say).Run();
}

}  // namespace fanout
