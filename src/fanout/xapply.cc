#include "fanout/xapply.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/status.h"
#include "fanout/collator.h"
#include "fanout/counter.h"
#include "fanout/job_client.h"
#include "fanout/job_log.h"
#include "fanout/job_log_file.h"
#include "fanout/job_server.h"
#include "fanout/jobs_file.h"
#include "fanout/ordered_sections.h"
#include "fanout/readings.h"
#include "fanout/result_folder.h"
#include "fanout/section.h"
#include "fanout/section_queues.h"
#include "fanout/section_style.h"
#include "fanout/stack.h"
#include "fanout/title.h"
#include "fanout/token_groups.h"
#include "sys/clock.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/terminal.h"
#include "sys/users.h"
#include "text/dicer.h"

namespace fanout {
namespace {

using Collate = XapplyOptions::Collate;
constexpr absl::Duration kProgressEvery = absl::Milliseconds(250);
constexpr absl::Duration kLookAtJobs = absl::Milliseconds(200);

class Xapply {
 public:
  Xapply(XapplyOptions options, const XapplyFace& face)
      : o_(std::move(options)), face_(face) {
    if (o_.environment) environment_ = *o_.environment;
  }
  absl::StatusOr<int> Run();

 private:
  absl::StatusOr<Items> MakeItems();
  absl::Status MakeTemplates(RunOptions* run);
  MaybeTemplate Compile(absl::string_view text) const;
  MaybeTemplate CompileLine(std::string text) const;
  absl::Status MakeVariables(RunOptions* run) const;
  absl::Status OpenInput(bool items_use_stdin, RunOptions* run);
  absl::Status MakeOutput(RunOptions* run);
  absl::Status MakeSections(RunOptions* run);
  absl::Status OwnManager(const Stack& stack, RunOptions* run);
  std::function<std::string(const TaskRecord&, const RunOptions::Variables&,
                            int64_t)>
  TitleOf(bool rule);
  std::vector<std::string> PrivateTokens(int slot) const;
  absl::Status MakeRecords(RunOptions* run, RunCalls* calls);
  absl::StatusOr<std::optional<RunCalls::Printed>> Undelivered(
      TaskRecord* task) const;
  absl::Status MakeTokens();
  absl::Status MakeJobServer(RunCalls* calls);
  absl::Status MakeGates(RunCalls* calls);
  bool MayStart();
  void ReadGauges();
  void WatchMemory();
  absl::Status WriteEvent(const std::string& line);
  void Lost(const absl::Status& why);
  void StopIfOver();
  void OnSignal(int signal);
  void ShowProgress(bool asked);
  void LookAtJobs();

  XapplyOptions o_;
  const XapplyFace& face_;
  sys::Loop loop_;
  sys::Environment environment_ = sys::Environment::Ours();
  text::TemplateSyntax syntax_;
  sys::Fd input_;
  // In this order: whoever is later uses whoever is before. A signal must not
  // end us while there are files that would be left.
  std::optional<sys::Signals> signals_;
  std::optional<Place> place_;
  std::unique_ptr<Collator> collator_;
  std::unique_ptr<SectionQueue> outer_sections_, sections_;
  SectionStyle style_;
  std::function<SectionStyle()> style_of_;
  std::optional<JobLogHistory> history_;
  std::optional<JobLogFile> job_log_;
  std::optional<ResultFolder> results_;
  std::map<int64_t, ResultFolder::Files> result_files_;
  sys::Fd events_;
  std::optional<JobsFile> jobs_file_;
  std::unique_ptr<TokenGroups> tokens_;
  std::optional<CounterClient> counter_;
  std::optional<JobServer> job_server_;
  std::unique_ptr<JobClient> job_client_;
  bool has_job_slot_ = false;  // one that no task has taken yet
  std::optional<HostReader> reader_;
  std::optional<Gauges> gauges_;
  absl::Time next_reading_;
  bool gauges_allow_ = true;
  absl::Time next_start_, last_start_;
  int64_t starts_ = 0;
  bool waits_for_delay_ = false;
  bool shared_group_ = false;
  Runner* runner_ = nullptr;
  bool stopped_ = false;
  bool over_ = false;  // the run is; clients of our managers may still be there
  int64_t retried_ = 0;
  int lost_code_ = 0;
};

absl::StatusOr<Items> Xapply::MakeItems() {
  if (o_.source) return *std::move(o_.source);
  if (o_.args_from) {
    return Items::FromFile(*o_.args_from, o_.count, o_.delimiter);
  }
  if (o_.files) {
    return Items::OfFiles(o_.operands, o_.count, o_.pad, o_.delimiter);
  }
  return Items::Of(o_.operands, o_.count);
}

MaybeTemplate Xapply::Compile(absl::string_view text) const {
  return text::Template::Compile(text, syntax_);
}

// A line of its own, unless the text ends in a single escape character.
MaybeTemplate Xapply::CompileLine(std::string text) const {
  size_t escapes = 0;
  while (escapes < text.size() &&
         text[text.size() - 1 - escapes] == syntax_.escape) {
    escapes++;
  }
  if (escapes % 2 == 1) {
    text.pop_back();
  } else {
    text += '\n';
  }
  return Compile(text);
}

absl::Status Xapply::MakeTemplates(RunOptions* run) {
  syntax_.escape = o_.escape;
  syntax_.utf8 = environment_.IsUtf8();
  text::TemplateSyntax command_syntax = syntax_;
  command_syntax.pack = o_.pack.has_value();
  run->command = text::Template::Compile(o_.command, command_syntax);
  if (o_.otherwise) {
    run->otherwise = Compile(*o_.otherwise);
    run->otherwise_text = *o_.otherwise;
  }
  if (o_.tag) run->prefix = Compile(*o_.tag);
  if (o_.header) run->header = CompileLine(*o_.header);
  if (o_.footer) run->footer = CompileLine(*o_.footer);
  return MakeVariables(run);
}

// The k-th variable without a text is the k-th argument, in turn. Differs: the
// original went wrong behind the last one.
absl::Status Xapply::MakeVariables(RunOptions* run) const {
  int bare = 0;
  for (const std::string& variable : o_.variables) {
    const size_t equals = variable.find('=');
    const std::string name = variable.substr(0, equals);
    if (name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("-e '", variable, "': no name"));
    }
    const std::string text = equals != std::string::npos
                                 ? variable.substr(equals + 1)
                                 : absl::StrCat(std::string(1, o_.escape), "{",
                                                bare++ % o_.count + 1, "}");
    run->variables.push_back({name, Compile(text)});
  }
  return absl::OkStatus();
}

absl::Status Xapply::OpenInput(bool items_use_stdin, RunOptions* run) {
  if (o_.input) {
    TRY_ASSIGN(input_, sys::Open(*o_.input, O_RDONLY));
    run->input = input_.get();
  } else if (items_use_stdin) {
    TRY_ASSIGN(input_, sys::Open("/dev/null", O_RDONLY));
    run->input = input_.get();
  }
  return absl::OkStatus();
}

// --- Output -----------------------------------------------------------------

absl::Status Xapply::MakeOutput(RunOptions* run) {
  const bool drops_failures =
      o_.policy.retry.retries > 0 && !o_.keep_failed_output;
  if (!o_.collate) {
    o_.collate = o_.json || drops_failures || o_.header || o_.footer ||
                         o_.errors == OutputOptions::Errors::kCollate
                     ? Collate::kDone
                 : o_.tag ? Collate::kLines
                          : Collate::kOff;
  }
  OutputOptions output;
  output.errors = o_.errors;
  output.squeeze = o_.squeeze || o_.fold;
  output.hold = drops_failures || o_.json || o_.fold;
  output.fold = o_.fold;
  if (o_.fold) run->fold_title = face_.fold_title;
  output.space = o_.spool;
  output.space.memory_bytes =
      std::max<size_t>(o_.spool.spool_bytes * o_.jobs, 1 << 20);
  switch (*o_.collate) {
    case Collate::kOff:
      if (o_.errors == OutputOptions::Errors::kPass && o_.results.empty()) {
        return absl::OkStatus();
      }
      output.way = OutputOptions::Way::kChunks;
      break;
    case Collate::kLines:
      output.way = OutputOptions::Way::kLines;
      break;
    case Collate::kLive:
      output.order = CollateOrder::kFirstReady;
      break;
    case Collate::kDone:
      output.order = CollateOrder::kFinished;
      break;
    case Collate::kPlace:
      output.order = CollateOrder::kPlace;
      break;
  }
  if (o_.json) {
    if (*o_.collate == Collate::kLines || *o_.collate == Collate::kLive) {
      output.order = CollateOrder::kFinished;
    }
    output.way = OutputOptions::Way::kRecords;
    output.errors = OutputOptions::Errors::kCollate;
    run->json = true;
  }
  if (!o_.results.empty() && output.errors == OutputOptions::Errors::kPass) {
    output.errors = OutputOptions::Errors::kCollate;
  }
  run->output = output;
  run->print_to_trace = output.way == OutputOptions::Way::kSections;
  if (output.way == OutputOptions::Way::kSections ||
      output.way == OutputOptions::Way::kRecords) {
    return MakeSections(run);
  }
  return absl::OkStatus();
}

absl::Status Xapply::MakeSections(RunOptions* run) {
  run->name_by_number = o_.name_by_number;
  TRY_ASSIGN(Stack stack, ReadStack("xcl", environment_));
  const bool around = o_.detached ? !stack.detached.empty()
                                  : stack.depth > 0 || stack.use_detached;
  std::string outer;
  if (around) {
    if (o_.detached) {
      outer = stack.detached;
    } else {
      TRY_ASSIGN(outer, stack.Target());
    }
  }
  // Inside a section of that manager, to wait for the stream would be to wait
  // for ourselves: our sections come within it. Differs: the original waited.
  const bool within =
      around &&
      FindSection(environment_.Get(kSectionVariable).value_or(""), outer)
          .has_value();
  if (!around || within) return OwnManager(stack, run);

  TRY_ASSIGN(style_, ReadSectionStyle(environment_.Get("XCLATE").value_or("")));
  style_.squeeze |= o_.squeeze;
  auto sections = std::make_unique<OuterSections>(
      loop_, outer, style_, [this](const absl::Status& why) { Lost(why); });
  const OuterSections* known = sections.get();
  run->title = TitleOf(false);
  run->rule = TitleOf(true);
  sections_ = std::move(sections);
  style_of_ = [known] { return known->style(); };
  if (run->output->order != CollateOrder::kFirstReady) {
    outer_sections_ = std::move(sections_);
    sections_ =
        std::make_unique<OrderedSections>(run->output->order, *outer_sections_);
  }
  run->sections = sections_.get();
  run->section_manager = outer;
  return absl::OkStatus();
}

absl::Status Xapply::OwnManager(const Stack& stack, RunOptions* run) {
  TRY_ASSIGN(SectionStyle inherited,
             ReadSectionStyle(environment_.Get("XCLATE").value_or("")));
  TRY_ASSIGN(Place place, Place::Make(stack, o_.detached, environment_));
  place_.emplace(std::move(place));
  Announce(stack, place_->path(), o_.detached, "XCLATE", &environment_);
  TRY_ASSIGN(style_, ReadSectionStyle(environment_.Get("XCLATE").value_or("")));
  if (!style_.title) style_.title = inherited.title;
  if (!style_.rule) style_.rule = inherited.rule;
  run->output->squeeze |= style_.squeeze || inherited.squeeze;

  CollatorOptions options;
  options.order = run->output->order;
  options.title = inherited.title;
  options.rule = inherited.rule;
  options.cap_bytes = inherited.cap_bytes;
  options.squeeze = run->output->squeeze;
  options.published = !o_.detached;
  options.changed = [this] { StopIfOver(); };
  options.output_failed = [this](const absl::Status& why) { Lost(why); };
  TRY_ASSIGN(collator_, Collator::Make(loop_, std::move(options)));
  TRY(collator_->Listen(place_->listener()));
  sections_ = std::make_unique<OwnSections>(*collator_);
  style_of_ = [this] { return style_; };
  run->title = TitleOf(false);
  run->rule = TitleOf(true);
  run->sections = sections_.get();
  run->section_manager = place_->path();
  return absl::OkStatus();
}

std::function<std::string(const TaskRecord&, const RunOptions::Variables&,
                          int64_t)>
Xapply::TitleOf(bool rule) {
  return [this, rule](const TaskRecord& task,
                      const RunOptions::Variables& variables, int64_t number) {
    const SectionStyle style = style_of_();
    std::optional<std::string> title = rule ? o_.rule : o_.title;
    if (!title) title = rule ? style.rule : style.title;
    if (!title) return std::string();
    std::vector<std::string> warnings;
    const auto variable =
        [&](absl::string_view name) -> std::optional<std::string> {
      for (auto it = variables.rbegin(); it != variables.rend(); ++it) {
        if (it->first == name) return it->second;
      }
      if (face_.title_variable) {
        if (auto value = face_.title_variable(task, name)) return value;
      }
      const auto value = environment_.Get(name);
      return value ? std::optional<std::string>(*value) : std::nullopt;
    };
    std::string text = ExpandTitle(
        *title, '%', {.name = task.xid, .number = number, .variable = variable},
        &warnings);
    for (const std::string& warning : warnings) {
      face_.warn(
          absl::InvalidArgumentError(absl::StrCat(task.xid, ": ", warning)));
    }
    return text;
  };
}

// Output that cannot be delivered any more.
void Xapply::Lost(const absl::Status& why) {
  if (lost_code_ != 0) return;
  lost_code_ = 74;
  face_.warn(base::Context(why, "collated output"));
  if (runner_ != nullptr) runner_->End(SIGTERM);
}

// --- When to start, and with what -------------------------------------------

// Only -R 0 means that there are none at all.
absl::Status Xapply::MakeTokens() {
  const bool none = o_.tokens_each.value_or(1) == 0;
  if (!o_.token_source && !o_.pool_tasks && (!o_.tokens_each || none)) {
    return absl::OkStatus();
  }
  TokenGroups::Calls calls;
  calls.granted = [this](std::vector<std::string> tokens) {
    runner_->SetTokenSource(tokens_->source());
    runner_->AddSlot(std::move(tokens));
  };
  calls.changed = [this] { StopIfOver(); };
  calls.lost = [this](const absl::Status& why) {
    face_.warn(why);
    lost_code_ = 65;
    runner_->End(SIGTERM);
  };
  TRY_ASSIGN(tokens_, TokenGroups::Make(loop_,
                                        {.each = o_.tokens_each.value_or(1),
                                         .groups = o_.jobs,
                                         .tasks = o_.pool_tasks,
                                         .source = o_.token_source},
                                        std::move(calls), &environment_));
  return absl::OkStatus();
}

absl::Status Xapply::MakeJobServer(RunCalls* calls) {
  using Wanted = XapplyOptions::JobServer;
  if (o_.job_server != Wanted::kOff) {
    absl::StatusOr<std::unique_ptr<JobClient>> client =
        JobClient::Find(loop_, environment_);
    if (client.ok()) {
      job_client_ = *std::move(client);
    } else if (o_.job_server == Wanted::kRequire) {
      return base::Context(client.status(), "--jobserver");
    }
  }
  if (o_.export_job_server) {
    TRY_ASSIGN(JobServer server,
               JobServer::Make(o_.jobs, JobServer::ChooseStyle()));
    job_server_.emplace(std::move(server));
    job_server_->Announce(&environment_);
    TRY_ASSIGN(job_client_, JobClient::Connect(loop_, job_server_->address()));
  }
  if (job_client_ == nullptr) return absl::OkStatus();
  calls->ended = [this] { job_client_->GiveBack(); };
  return absl::OkStatus();
}

absl::Status Xapply::MakeGates(RunCalls* calls) {
  if (o_.gauges.any()) {
    TRY_ASSIGN(HostReader reader, HostReader::Open(o_.gauges));
    reader_ = std::move(reader);
    gauges_.emplace(o_.gauges);
  }
  TRY(MakeJobServer(calls));
  if (gauges_ || job_client_ != nullptr || o_.delay > absl::ZeroDuration()) {
    calls->may_start = [this] { return MayStart(); };
    calls->not_started = [this] {
      if (job_client_ != nullptr) job_client_->GiveBack();
      next_start_ = last_start_;
      starts_--;
    };
  }
  return absl::OkStatus();
}

bool Xapply::MayStart() {
  const absl::Time now = sys::SteadyNow();
  if (now < next_start_) {
    if (!std::exchange(waits_for_delay_, true)) {
      loop_.At(next_start_, [this] {
        waits_for_delay_ = false;
        if (runner_ != nullptr) runner_->Look();
      });
    }
    return false;
  }
  if (gauges_ && now >= next_reading_) ReadGauges();
  if (gauges_ && !gauges_allow_) return false;
  if (job_client_ != nullptr && !std::exchange(has_job_slot_, false)) {
    if (!job_client_->wants()) {
      job_client_->Want([this] {
        has_job_slot_ = true;
        runner_->Look();
        // Nobody has taken it: there is nothing to start.
        if (std::exchange(has_job_slot_, false)) job_client_->GiveBack();
      });
    }
    return false;
  }
  last_start_ = std::exchange(next_start_, now);
  starts_++;
  if (o_.delayed_starts == 0 || starts_ < o_.delayed_starts) {
    next_start_ += o_.delay;
  }
  return true;
}

void Xapply::ReadGauges() {
  const Readings readings = reader_->Read();
  next_reading_ = readings.at + Gauges::kInterval;
  gauges_allow_ = !gauges_->Reason(readings);
  if (gauges_->Short(readings)) runner_->PutBackYoungest();
}

// Memory runs short while nothing is to be started, too.
void Xapply::WatchMemory() {
  if (sys::SteadyNow() >= next_reading_) ReadGauges();
  loop_.After(Gauges::kInterval, [this] { WatchMemory(); });
}

// As a wrapper, a manager ends after its last client. One that is ended by a
// signal does not wait for those it did not start.
void Xapply::StopIfOver() {
  if (!over_ || stopped_) return;
  const bool clients = (collator_ != nullptr && !collator_->idle()) ||
                       (tokens_ != nullptr && !tokens_->idle());
  if (clients && !runner_->ended_by_signal()) return;
  stopped_ = true;
  loop_.Stop();
}

// --- Records ----------------------------------------------------------------

absl::Status Xapply::WriteEvent(const std::string& line) {
  return base::Context(sys::WriteAll(events_.get(), line), "--events");
}

absl::Status Xapply::MakeRecords(RunOptions* run, RunCalls* calls) {
  if (!o_.job_log.empty()) {
    const bool again = o_.resume == XapplyOptions::Resume::kRetryFailed;
    if (o_.resume != XapplyOptions::Resume::kNo) {
      TRY_ASSIGN(history_, ReadJobLog(o_.job_log, again));
    }
    if (again) run->given = history_->FailedCommands();
    if (history_ && !again) {
      calls->skip = [this](const TaskRecord& task) {
        return history_->Skip(task.seq, task.command,
                              o_.resume == XapplyOptions::Resume::kAll
                                  ? JobLogHistory::Resume::kAll
                                  : JobLogHistory::Resume::kFailed);
      };
    }
    TRY_ASSIGN(JobLogFile file, JobLogFile::Open(o_.job_log));
    job_log_ = std::move(file);
  }
  if (!o_.results.empty()) {
    TRY_ASSIGN(ResultFolder folder, ResultFolder::Open(o_.results));
    results_ = std::move(folder);
    calls->copies =
        [this](const TaskRecord& task) -> absl::StatusOr<std::pair<int, int>> {
      TRY_ASSIGN(ResultFolder::Files files, results_->Begin(task.number));
      const std::pair<int, int> copies = {files.out.get(), files.err.get()};
      result_files_[task.seq] = std::move(files);
      return copies;
    };
    calls->complete = [this](const TaskRecord& task) {
      if (auto s = results_->Complete(task.number, MetaJson(task)); !s.ok()) {
        Lost(s);
      }
    };
    if (o_.resume != XapplyOptions::Resume::kNo && run->given.empty()) {
      calls->replay = [this](TaskRecord* task) { return Undelivered(task); };
    }
  }
  if (!o_.events.empty()) {
    int number = -1;
    if (absl::StartsWith(o_.events, "fd:")) {
      if (!absl::SimpleAtoi(o_.events.substr(3), &number) || number < 0 ||
          fcntl(number, F_GETFD) < 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("--events: '", o_.events, "' is no open descriptor"));
      }
      events_.Reset(fcntl(number, F_DUPFD_CLOEXEC, 3));
    } else {
      TRY_ASSIGN(events_,
                 sys::Open(o_.events, O_WRONLY | O_CREAT | O_TRUNC, 0666));
    }
    calls->started = [this](const TaskRecord& task) {
      retried_ += task.attempt > 1;
      if (auto s = WriteEvent(StartEvent(task)); !s.ok()) Lost(s);
    };
  }
  if (!job_log_ && !results_ && !events_) {
    calls->done = face_.done;
    return absl::OkStatus();
  }
  calls->done = [this](const TaskRecord& task) {
    if (face_.done) face_.done(task);
    absl::Status status;
    if (results_) {
      status.Update(results_->End(task.number, MetaJson(task)));
      result_files_.erase(task.seq);
    }
    if (job_log_) {
      JobLogRow row;
      row.seq = task.seq;
      row.host = task.host.empty() ? sys::HostName() : task.host;
      row.start = task.start;
      row.runtime = task.wall;
      row.received_bytes = task.stdout_bytes;
      row.exit_status = task.outcome.timed_out || task.outcome.signal == 0
                            ? task.outcome.code()
                            : 0;
      row.signal = task.outcome.timed_out ? 0 : task.outcome.signal;
      row.command = task.command;
      status.Update(job_log_->Append(row));
    }
    if (events_) {
      if (task.stdout_bytes + task.stderr_bytes > 0) {
        status.Update(WriteEvent(OutputEvent(task)));
      }
      status.Update(WriteEvent(EndEvent(task)));
    }
    if (!status.ok()) Lost(status);
  };
  return absl::OkStatus();
}

// What an earlier run of the same command had still to pass on.
absl::StatusOr<std::optional<RunCalls::Printed>> Xapply::Undelivered(
    TaskRecord* task) const {
  TRY_ASSIGN(auto left, results_->Find(task->number));
  if (!left || left->task.seq != task->seq ||
      left->task.command != task->command ||
      (left->task.outcome.failed() &&
       o_.resume == XapplyOptions::Resume::kFailed)) {
    return std::nullopt;
  }
  *task = std::move(left->task);
  return RunCalls::Printed{std::move(left->out), std::move(left->err)};
}

// The numbers of the group that belongs to a slot.
std::vector<std::string> Xapply::PrivateTokens(int slot) const {
  const int each = o_.tokens_each.value_or(1);
  std::vector<std::string> tokens;
  for (int i = 0; i < each; i++) {
    tokens.push_back(absl::StrCat(slot * each + i));
  }
  return tokens;
}

// --- Running ----------------------------------------------------------------

void Xapply::OnSignal(int signal) {
  switch (signal) {
    case SIGUSR1:
      face_.warn(absl::CancelledError("caught USR1, stop processing"));
      return runner_->StopIntake();
    case SIGQUIT:
      return runner_->StopIntake();
    case SIGUSR2:
      return ShowProgress(true);
    default:
      if (over_) {
        // Only clients that are not ours are still there.
        lost_code_ = 128 + signal;
        stopped_ = true;
        return loop_.Stop();
      }
      return runner_->End(signal, shared_group_ && signals_->from_kernel());
  }
}

void Xapply::ShowProgress(bool asked) {
  face_.progress(runner_->counts(), asked);
  if (!asked) {
    loop_.After(kProgressEvery, [this] { ShowProgress(false); });
  }
}

void Xapply::LookAtJobs() {
  const int before = jobs_file_->jobs();
  if (absl::Status s = jobs_file_->Refresh(); !s.ok()) face_.warn(s);
  if (jobs_file_->jobs() != before) {
    o_.jobs = jobs_file_->jobs();
    runner_->SetJobs(o_.jobs);
    for (size_t n = runner_->slots();
         tokens_ == nullptr && n < static_cast<size_t>(o_.jobs); n++) {
      runner_->AddSlot(PrivateTokens(n));
    }
  }
  loop_.After(kLookAtJobs, [this] { LookAtJobs(); });
}

absl::StatusOr<int> Xapply::Run() {
  if (!o_.jobs_file.empty()) {
    TRY_ASSIGN(JobsFile file, JobsFile::Open(o_.jobs_file, Processors()));
    o_.jobs = file.jobs();
    jobs_file_ = std::move(file);
  }
  RunOptions run;
  run.program = o_.program;
  run.pid = absl::StrCat(sys::MyPid());
  run.from_script = o_.from_script;
  run.script = o_.command;
  run.script_path = o_.script_path;
  run.script_line = o_.script_line;
  TRY(MakeTemplates(&run));
  absl::StatusOr<Items> made = MakeItems();
  if (!made.ok() && !absl::IsInvalidArgument(made.status())) {
    // The originals take a file that cannot be opened for a wrong command line.
    face_.warn(made.status());
    return 1;
  }
  TRY_ASSIGN(Items items, std::move(made));
  if (o_.pack) items.Pack(*o_.pack);
  TRY(OpenInput(items.uses_stdin(), &run));

  std::vector<std::string> names;
  for (const RunOptions::Variable& v : run.variables) names.push_back(v.name);
  absl::StatusOr<CommandMaker> maker =
      CommandMaker::Make(o_.shell.value_or(""), o_.shell.has_value(), o_.exec,
                         syntax_.utf8, environment_, names);
  if (!maker.ok()) {
    if (!o_.dry_run) return maker.status();
    maker = CommandMaker::Make("/bin/sh", true, ExecMode::kShell, false,
                               environment_, {});
    TRY(maker.status());
  }

  run.operands = o_.operands;
  run.operands_are_files = o_.files;
  run.jobs = o_.jobs;
  run.dry_run = o_.dry_run;
  run.print_commands = o_.print_commands;
  run.trace = o_.trace;
  run.append_tokens = o_.append_tokens;
  run.policy = o_.policy;
  run.kill_after = o_.kill_after;
  run.end_tasks = !o_.keep_children;
  // Whoever sits at a terminal may talk to the tasks.
  shared_group_ = o_.keep_children || sys::InForeground();
  run.own_groups = !shared_group_;
  run.nice = o_.limits.nice;
  run.limits = o_.limits.resources;
  RunCalls calls;
  calls.warn = face_.warn;
  calls.print = face_.print;
  calls.trace = face_.trace;
  calls.planned = face_.planned;
  // Not before the items are open: to wait for a FIFO's writer ends at once.
  signals_.emplace(
      loop_,
      sys::NotIgnored({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}),
      [this](int signal) { OnSignal(signal); });
  if (!o_.dry_run) {
    TRY(MakeGates(&calls));
    TRY(MakeOutput(&run));
    TRY(MakeRecords(&run, &calls));
  }
  TRY(MakeTokens());
  if (tokens_ != nullptr) {
    run.rotate_slots = true;
    run.token_source = tokens_->source();
    calls.release = [this](size_t slot) { tokens_->Release(slot); };
  }
  run.environment = environment_;
  if (o_.outer_counter) {
    TRY_ASSIGN(CounterClient counter, CounterClient::Connect(environment_));
    run.counter_source = counter.Source();
    counter_.emplace(std::move(counter));
    calls.number = [this] { return counter_->Next(); };
  }
  if (o_.dry_run && run.command.ok() && run.command->uses_tokens() &&
      !sys::IsTerminal(1)) {
    face_.warn(
        absl::CancelledError("%t used with -n, possible locking issues"));
  }

  Runner runner(loop_, std::move(run), std::move(items), *std::move(maker),
                std::move(calls));
  runner_ = &runner;
  if (jobs_file_) loop_.After(kLookAtJobs, [this] { LookAtJobs(); });
  if (o_.gauges.free_bytes) {
    loop_.After(Gauges::kInterval, [this] { WatchMemory(); });
  }
  if (tokens_ == nullptr) {
    for (int i = 0; i < o_.jobs; i++) runner.AddSlot(PrivateTokens(i));
  }
  TRY(runner.Begin([this] {
    over_ = true;
    if (collator_ != nullptr) collator_->TakeIn();
    StopIfOver();
  }));
  if (face_.shows_progress) ShowProgress(false);
  if (!stopped_) loop_.Run();
  runner_ = nullptr;
  if (events_) {
    const Runner::Counts counts = runner.counts();
    (void)WriteEvent(SummaryEvent({.end = sys::WallNow(),
                                   .started = counts.started,
                                   .done = counts.done,
                                   .failed = counts.failed,
                                   .skipped = counts.skipped,
                                   .retried = retried_,
                                   .wall = sys::SteadyNow() - counts.begin}));
  }
  return lost_code_ != 0 ? lost_code_ : runner.exit_code();
}

}  // namespace

absl::StatusOr<int> RunXapply(XapplyOptions options, const XapplyFace& face) {
  return Xapply(std::move(options), face).Run();
}

}  // namespace fanout
