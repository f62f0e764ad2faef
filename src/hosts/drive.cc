#include "hosts/drive.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/status.h"
#include "fanout/readings.h"
#include "fanout/stream.h"
#include "hosts/close_run.h"
#include "hosts/drive_supply.h"
#include "hosts/fold_names.h"
#include "hosts/plan_printer.h"
#include "sys/child.h"
#include "sys/file.h"
#include "text/words.h"

namespace hosts {
namespace {

using fanout::Group;
using fanout::Items;

constexpr int kOutputLost = 74;  // exit-codes(7)
// Threads that expand: the commands want processors, too.
constexpr size_t kExpanders = 4;

// Descriptor 1 leads elsewhere while this lives.
class Redirection {
 public:
  static absl::StatusOr<std::unique_ptr<Redirection>> Of(
      fanout::Stream stream) {
    auto made = std::make_unique<Redirection>();
    made->before_.Reset(fcntl(1, F_DUPFD_CLOEXEC, 3));
    if (!made->before_ || dup2(stream.fd.get(), 1) < 0) {
      return base::SysError("-O");
    }
    made->helper_ = std::move(stream.helper);
    return made;
  }
  // Waits for the command that takes the output, if there is one.
  ~Redirection() {
    (void)dup2(before_.get(), 1);
    if (helper_) helper_->Wait();
  }

 private:
  sys::Fd before_;
  std::optional<sys::Child> helper_;
};

class Driver {
 public:
  Driver(Run& run, DriveOptions options)
      : run_(run),
        o_(std::move(options)),
        statuses_(run.elected().size(), kNotStarted) {}
  absl::StatusOr<int> Go(const fanout::XapplyFace& face);

 private:
  absl::StatusOr<int> RunCommands(const fanout::XapplyFace& face);
  absl::StatusOr<int> RunOtherwise(const fanout::XapplyFace& face);
  absl::Status OpenStreams();
  void Complete(const fanout::XapplyFace& face);
  fanout::XapplyFace FaceOf(const fanout::XapplyFace& face);
  absl::StatusOr<Items::Got> Next(Group* group);
  void Done(const fanout::TaskRecord& task);
  void Planned(const fanout::TaskRecord& task,
               const fanout::RunOptions::Variables& variables);
  std::optional<std::string> TitleVariable(const fanout::TaskRecord& task,
                                           absl::string_view name) const;
  std::string FoldTitle(
      const std::vector<const fanout::TaskRecord*>& tasks) const;
  void Summarize() const;
  absl::StatusOr<int> Close();

  void List(absl::string_view text) const {
    const int fd = widows_.fd ? widows_.fd.get() : STDERR_FILENO;
    sys::WriteAll(fd, text).IgnoreError();
  }
  absl::string_view NameOf(size_t position) const {
    return run_.table().HostName(run_.elected()[position]);
  }

  Run& run_;
  DriveOptions o_;
  std::optional<Expander> expander_;
  std::unique_ptr<Supply> supply_;
  std::vector<int> statuses_;           // by position among the elected
  std::vector<size_t> positions_;       // by the task's seq, less 1
  std::map<int64_t, HostTexts> files_;  // of those that run, by seq
  absl::Status failure_;                // of the supply
  int otherwise_status_ = 0;
  std::optional<PlanPrinter> plan_;
  std::unique_ptr<Redirection> redirection_;
  fanout::Stream widows_;
};

// --- Commands ---------------------------------------------------------------

// A host whose texts could not be made has a status, and no command.
absl::StatusOr<Items::Got> Driver::Next(Group* group) {
  const Voice& voice = run_.voice();
  for (;;) {
    Supply::Made made;
    const absl::StatusOr<Supply::Got> got = supply_->Next(&made);
    if (!got.ok()) {
      // Interrupted by a signal, which is yet to be told and ends the run.
      if (absl::IsAborted(got.status())) return Items::Got::kWait;
      failure_ = got.status();
      return Items::Got::kEnd;
    }
    if (*got == Supply::Got::kWait) return Items::Got::kWait;
    if (*got == Supply::Got::kEnd) return Items::Got::kEnd;
    HostTexts& texts = made.texts;
    const absl::string_view host = NameOf(made.position);
    if (!texts.messages.empty()) voice.raw(texts.messages);
    if (!texts.unset.empty() && run_.options().Debugs('M')) {
      voice.Debug('M', absl::StrCat(host, ": is not set: ",
                                    absl::StrJoin(texts.unset, ", ")));
    }
    if (texts.failure.status != 0) {
      statuses_[made.position] = texts.failure.status;
      if (o_.ended) o_.ended(made.position, texts.failure.status);
      voice.Warn(
          absl::StrCat(host, ": ", texts.failure.why, " (host skipped)"));
      if (plan_) plan_->Skipped(host, texts.failure);
      continue;
    }
    group->arguments = std::move(texts.words);
    group->host = std::string(host);
    group->number = absl::StrCat(made.position);
    positions_.push_back(made.position);
    if (o_.commands.dry_run) statuses_[made.position] = 0;
    files_[static_cast<int64_t>(positions_.size())] = std::move(texts);
    return Items::Got::kGroup;
  }
}

void Driver::Done(const fanout::TaskRecord& task) {
  if (run_.elected().empty()) {
    otherwise_status_ = task.outcome.code();
    return;
  }
  statuses_[positions_[static_cast<size_t>(task.seq - 1)]] =
      task.outcome.code();
  // Another attempt needs them once more.
  const fanout::RetryRules& retry = o_.commands.policy.retry;
  if (!task.outcome.failed() || task.attempt > retry.retries) {
    if (o_.ended) {
      const size_t place = positions_[static_cast<size_t>(task.seq - 1)];
      o_.ended(place, statuses_[place]);
    }
    files_.erase(task.seq);
  }
}

// The listing of -n: whatever is not a command's output is a widow.
void Driver::Planned(const fanout::TaskRecord& task,
                     const fanout::RunOptions::Variables& variables) {
  const auto texts = files_.find(task.seq);
  if (texts == files_.end()) {
    List(absl::StrCat(task.command, "\n"));
    return;  // of -N
  }
  const size_t position = positions_[static_cast<size_t>(task.seq - 1)];
  if (plan_) {
    failure_.Update(
        plan_->Host(NameOf(position), task.command, variables, texts->second));
  } else {
    List(o_.listed ? o_.listed(position, task.command)
                   : absl::StrCat(task.command, "\n"));
  }
  files_.erase(texts);
}

std::optional<std::string> Driver::TitleVariable(const fanout::TaskRecord& task,
                                                 absl::string_view name) const {
  const size_t place = static_cast<size_t>(task.seq - 1);
  if (place >= positions_.size()) return std::nullopt;
  const auto value = run_.table().Get(run_.elected()[positions_[place]], name);
  if (!value) return std::nullopt;
  return std::string(*value);
}

std::string Driver::FoldTitle(
    const std::vector<const fanout::TaskRecord*>& tasks) const {
  std::vector<std::string> names;
  for (const fanout::TaskRecord* task : tasks) {
    const size_t place = static_cast<size_t>(task->seq - 1);
    names.emplace_back(NameOf(positions_[place]));
  }
  const std::string count =
      names.size() > 1 ? absl::StrCat(" (", names.size(), " hosts)") : "";
  return absl::StrCat("==> ", FoldNames(names), count, " <==\n");
}

absl::Status Driver::OpenStreams() {
  const fanout::StreamPlace place = {o_.commands.shell.value_or("/bin/sh"),
                                     &run_.streams().environment().entries()};
  if (o_.widows && *o_.widows != "-") {
    absl::StatusOr<fanout::Stream> widows = fanout::OpenSink(*o_.widows, place);
    if (!widows.ok()) return base::Context(widows.status(), "-W");
    widows_ = *std::move(widows);
  }
  if (o_.output && *o_.output != "-") {
    absl::StatusOr<fanout::Stream> output = fanout::OpenSink(*o_.output, place);
    if (!output.ok()) return base::Context(output.status(), "-O");
    TRY_ASSIGN(redirection_, Redirection::Of(*std::move(output)));
  }
  return absl::OkStatus();
}

fanout::XapplyFace Driver::FaceOf(const fanout::XapplyFace& face) {
  fanout::XapplyFace mine = face;
  mine.warn = run_.voice().warn;
  mine.planned = [this](const auto& task, const auto& variables) {
    Planned(task, variables);
  };
  mine.trace = run_.voice().raw;
  mine.done = [this](const fanout::TaskRecord& task) { Done(task); };
  mine.title_variable = [this](const fanout::TaskRecord& task,
                               absl::string_view name) {
    return TitleVariable(task, name);
  };
  mine.fold_title = [this](const auto& tasks) { return FoldTitle(tasks); };
  return mine;
}

absl::StatusOr<int> Driver::RunCommands(const fanout::XapplyFace& face) {
  TRY_ASSIGN(Expander expander, run_.MakeExpander());
  expander_.emplace(std::move(expander));
  TRY_ASSIGN(supply_,
             Supply::Make(run_, *expander_,
                          static_cast<size_t>(std::max(o_.preload, 2)),
                          std::min<size_t>(fanout::Processors(), kExpanders)));
  if (o_.shell_plan) {
    TRY_ASSIGN(plan_, PlanPrinter::Begin(run_, o_));
  }
  fanout::XapplyOptions commands = o_.commands;
  commands.count = static_cast<int>(run_.operands().size());
  commands.environment = run_.streams().environment();
  commands.otherwise.reset();
  commands.source = Items::From([this](Group* group) { return Next(group); },
                                supply_->ready_fd());
  commands.delay = o_.spacing;
  commands.delayed_starts = commands.jobs;
  commands.name_by_number = true;
  if (!commands.collate) {
    commands.collate = fanout::XapplyOptions::Collate::kLive;
  }
  if (commands.command.empty()) {
    commands.command = absl::StrCat(std::string(1, commands.escape), "+");
  }
  if (run_.options().Debugs('X')) {
    run_.voice().Debug(
        'X', absl::StrCat("xapply -P", commands.jobs, " -", commands.count, " ",
                          text::QuoteWord(commands.command)));
  }
  const absl::StatusOr<int> code =
      fanout::RunXapply(std::move(commands), FaceOf(face));
  supply_.reset();
  files_.clear();
  // One that is cut short does not say that it is over.
  if (plan_ && code.ok() && *code == 0 && failure_.ok()) plan_->End();
  return code;
}

absl::StatusOr<int> Driver::RunOtherwise(const fanout::XapplyFace& face) {
  fanout::XapplyOptions commands = o_.commands;
  commands.count = 1;
  commands.fold = false;
  commands.environment = run_.streams().environment();
  commands.operands.clear();
  commands.command = ":";
  commands.otherwise = o_.otherwise;
  TRY_ASSIGN(const int code,
             fanout::RunXapply(std::move(commands), FaceOf(face)));
  return code != 0 ? code : otherwise_status_;
}

// --- What comes after them --------------------------------------------------

void Driver::Summarize() const {
  for (const std::string& line : FailureSummary(
           statuses_, [this](size_t position) { return NameOf(position); })) {
    run_.voice().Warn(line);
  }
}

absl::StatusOr<int> Driver::Close() {
  return RunClosing(run_, o_.closing, o_.commands.shell, statuses_);
}

absl::StatusOr<int> Driver::Go(const fanout::XapplyFace& face) {
  if (run_.elected().empty() && !o_.otherwise) {
    run_.voice().Warn("no host is elected");
    return 0;
  }
  TRY(OpenStreams());
  if (run_.elected().empty()) return RunOtherwise(face);
  const absl::StatusOr<int> run = RunCommands(face);
  redirection_.reset();
  TRY(run_.OrSignal(run.status()));
  run_.ReportChangedFiles();
  const bool closes = o_.closing.IsWanted() && !o_.commands.dry_run;
  // Who reads no more of what the commands print has not asked.
  if (!closes && !o_.always_zero && *run != kOutputLost) Summarize();
  TRY(failure_);
  // Who interrupts a run wants to know where it stood, too.
  std::optional<int> closed;
  if (closes) {
    TRY_ASSIGN(closed, Close());
  }
  if (*run != 0) return *run;
  if (closed) return *closed;
  return o_.always_zero ? 0 : ExitCodeOf(statuses_);
}

}  // namespace

absl::StatusOr<int> Drive(Run& run, DriveOptions options,
                          const fanout::XapplyFace& face) {
  return Driver(run, std::move(options)).Go(face);
}

}  // namespace hosts
