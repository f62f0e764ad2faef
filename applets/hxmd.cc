#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <unistd.h>

#include <algorithm>

#include "base/status.h"
#include "base/time.h"
#include "cli/applet.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "fanout/numbers.h"
#include "fanout/parallelism.h"
#include "fanout/stack.h"
#include "hosts/drive.h"
#include "hosts/options.h"
#include "hosts/run.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "text/character.h"
#include "text/size_expression.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return hosts::WithHostOptions(std::to_array<cli::Option>({
      {'#', "", "COUNT", "hosts expanded ahead of those that run (2)"},
      {'a', "", "CHAR", "the character that starts a form (%)"},
      {'A', "", "", "give the command's tokens to the shell as $1 and on"},
      {'c', "", "TEMPLATE", "how the command is made of the operands (%+)"},
      {'e', "", "VAR[=TEXT]", "set a variable for each command"},
      {'g', "", "", "numbers come from the counter service around us, if any"},
      {'H', "", "TEXT", "write it behind what each command prints"},
      {'i', "", "FILE", "the commands' standard input (nothing)"},
      {'J', "", "TASKS", "start a pool of tokens for that many commands"},
      {'K', "", "FILTER", "m4 text of the command that is told the statuses"},
      {'L', "", "SIZE", "memory for what a command prints, while it waits"},
      {'n', "dry-run", "", "list the commands, run nothing"},
      {'N', "", "ELSE", "the command to run when no host is elected"},
      {'O', "", "EXPR", "where what the commands print goes, as in xclate"},
      {'P', "", "[N]", "commands at once (6; -P alone: $PARALLEL, else 1)"},
      {'Q', "", "WARD", "m4 text in front of the list of statuses"},
      {'r', "", "REDO", "m4 text of a host in the list of statuses"},
      {'R', "", "N", "tokens for each command (1)"},
      {'s', "", "", "start the first commands all at once"},
      {'S', "", "SHELL", "the shell for the commands ($SHELL, else /bin/sh)"},
      {'t', "", "TOKENS", "tokens: a file, - for the pool around, a socket"},
      {'T', "", "TEXT", "write it in front of what each command prints"},
      {'V', "version", "", "print the version, and where files are looked for"},
      {'W', "", "EXPR", "where what else is printed goes, as in xclate"},
      {'x', "", "", "print each command on standard error"},
      {'z', "", "", "empty HXMD_PASS for whatever is run"},
      {0, "exit", "fleet|compat", "compat: 0, whatever the commands did"},
      {0, "spacing", "TIME", "wait between the first starts (10ms)"},
      {0, "tag", "[TEXT]", "the host, or the text, before each line", "",
       "%{host}\t"},
      {0, "keep-order", "", "what commands print comes in election order"},
      {0, "fold", "", "equal output once, at the end, behind its hosts' names"},
      {0, "stderr", "pass|merge|collate|drop",
       "standard error of commands (pass)"},
      {0, "json", "", "print each command's result as a line of JSON"},
      {0, "events", "FILE", "write starts and ends there as JSON; or fd:N"},
      {0, "joblog", "FILE", "append a line for each attempt that has ended"},
      {0, "results", "DIR", "keep the output and result of each command there"},
      {0, "timeout", "TIME", "end a command after that time"},
      {0, "kill-after", "TIME", "from the signal to the end to SIGKILL (5s)"},
      {0, "retries", "N", "further attempts for a command that fails (0)"},
      {0, "retry-delay", "TIME[,FACTOR]", "wait before the next attempt"},
      {0, "halt", "WHEN", "never; soon or now, with fail=N, success=N, done=N"},
      {0, "progress", "", "show how far it is, on standard error"},
  }));
});

}  // namespace

extern constinit const cli::Applet applet_hxmd = {
    .name = "hxmd",
    .summary = "run a command for each host, made of its attributes",
    .usage = "[OPTION ...] CONTROL [OPERAND ...]",
    .options = kOptions,
    .exits =
        "0    every host is done, or none was elected\n"
        "1    some hosts failed\n"
        "2    all hosts failed\n"
        "N    what the command of -N or -K said, or m4exit in the election\n",
    .environment = "HXMD_PASS HXMD",
    .run = Run,
};

// The work is hosts::Drive's: here are words and numbers, and the line that
// shows progress.

namespace {

absl::Status OfOption(absl::string_view option, const absl::Status& status) {
  if (status.ok() || !absl::IsInvalidArgument(status)) {
    return base::Context(status, option);
  }
  return cli::FailWith(64, absl::StrCat(option, ": ", status.message()));
}

absl::Status Wrong(absl::string_view option, absl::string_view value,
                   absl::string_view wanted) {
  return cli::FailWith(64,
                       absl::StrCat(option, ": '", value, "' is not ", wanted));
}

absl::StatusOr<absl::Duration> ReadTime(const cli::Call& call,
                                        absl::string_view word) {
  absl::StatusOr<absl::Duration> time = base::ParseDuration(call.Get(word));
  if (!time.ok()) return OfOption(absl::StrCat("--", word), time.status());
  return time;
}

absl::Status ReadCount(const cli::Call& call, absl::string_view letter,
                       std::optional<int>* to) {
  if (!call.Has(letter)) return absl::OkStatus();
  constexpr int kMost = 1'000'000;
  const std::optional<int64_t> n = fanout::WholeNumber(call.Get(letter));
  if (!n || *n > kMost) {
    return Wrong(absl::StrCat("-", letter), call.Get(letter),
                 absl::StrCat("a number from 0 to ", kMost));
  }
  *to = static_cast<int>(*n);
  return absl::OkStatus();
}

// Where xapply takes 0 for "as many as there are processors", and 3 for what
// $PARALLEL does not say, this is always a number.
absl::StatusOr<int> ReadJobs(const cli::Call& call,
                             const sys::Environment& environment) {
  if (!call.Has("P")) return 6;
  std::string text = call.Get("P");
  if (text.empty()) {
    text = std::string(environment.Get("PARALLEL").value_or(""));
    if (!fanout::WholeNumber(text)) return 1;
  }
  const std::optional<int64_t> n = fanout::WholeNumber(text);
  if (!n) return Wrong("-P", text, "a number");
  return static_cast<int>(std::clamp<int64_t>(*n, 1, fanout::kMostParallel));
}

absl::Status ReadCommands(const cli::Call& call,
                          const sys::Environment& environment,
                          fanout::XapplyOptions* o) {
  o->program = call.program;
  TRY_ASSIGN(o->jobs, ReadJobs(call, environment));
  if (call.Has("a")) {
    const absl::StatusOr<char> c = text::ParseCharacter(call.Get("a"));
    if (!c.ok()) return OfOption("-a", c.status());
    o->escape = *c;
  }
  o->command = call.Get("c");
  o->variables = call.All("e");
  if (call.Has("S")) o->shell = call.Get("S");
  o->input = call.Has("i") ? call.Get("i") : "/dev/null";
  o->dry_run = o->print_commands = call.Has("dry-run");
  o->trace = call.Has("x");
  o->append_tokens = call.Has("A");
  TRY(ReadCount(call, "J", &o->pool_tasks));
  TRY(ReadCount(call, "R", &o->tokens_each));
  if (call.Has("t")) o->token_source = call.Get("t");
  if (call.Has("g")) {
    TRY_ASSIGN(const fanout::Stack counters,
               fanout::ReadStack("gtfw", environment));
    o->outer_counter = counters.depth > 0 || counters.use_detached;
  }
  return absl::OkStatus();
}

absl::Status ReadOutput(const cli::Call& call, fanout::XapplyOptions* o) {
  using Errors = fanout::OutputOptions::Errors;
  if (call.Has("T")) o->title = call.Get("T");
  if (call.Has("H")) o->rule = call.Get("H");
  if (call.Has("L")) {
    const auto cap = text::ParseSizeExpression(call.Get("L"));
    if (!cap.ok()) return OfOption("-L", cap.status());
    o->spool.spool_bytes = static_cast<size_t>(std::max<int64_t>(*cap, 0));
  }
  if (call.Has("tag")) {
    o->tag = call.Get("tag");
    if (*o->tag == "%{host}\t") (*o->tag)[0] = o->escape;
  }
  if (call.Has("keep-order")) {
    o->collate = fanout::XapplyOptions::Collate::kPlace;
  }
  o->fold = call.Has("fold");
  if (o->fold) {
    for (const char* other : {"T", "H", "tag", "keep-order", "json"}) {
      if (!call.Has(other)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(strlen(other) == 1 ? "-" : "--", other,
                       " does not go with --fold, which has titles and an "
                       "order of its own"));
    }
  }
  if (call.Has("stderr")) {
    constexpr std::pair<absl::string_view, Errors> kErrors[] = {
        {"pass", Errors::kPass},
        {"merge", Errors::kMerge},
        {"collate", Errors::kCollate},
        {"drop", Errors::kDrop}};
    const std::string given = call.Get("stderr");
    const auto* found =
        std::find_if(std::begin(kErrors), std::end(kErrors),
                     [&](const auto& e) { return e.first == given; });
    if (found == std::end(kErrors)) {
      return Wrong("--stderr", given, "one of pass, merge, collate, drop");
    }
    o->errors = found->second;
  }
  o->json = call.Has("json");
  o->events = call.Get("events");
  o->job_log = call.Get("joblog");
  o->results = call.Get("results");
  return absl::OkStatus();
}

absl::Status ReadEnds(const cli::Call& call, fanout::XapplyOptions* o) {
  if (call.Has("timeout")) {
    auto limit = fanout::TimeLimit::Parse(call.Get("timeout"));
    if (!limit.ok()) return OfOption("--timeout", limit.status());
    o->policy.timeout = *std::move(limit);
  }
  if (call.Has("kill-after")) {
    TRY_ASSIGN(o->kill_after, ReadTime(call, "kill-after"));
  }
  if (call.Has("retries")) {
    TRY_ASSIGN(const int64_t n, call.Int("retries", 0, 1'000'000));
    o->policy.retry.retries = static_cast<int>(n);
  }
  if (call.Has("retry-delay")) {
    const auto delay = fanout::ParseRetryDelay(call.Get("retry-delay"));
    if (!delay.ok()) return OfOption("--retry-delay", delay.status());
    o->policy.retry.delay = *delay;
  }
  if (call.Has("halt")) {
    const auto halt = fanout::ParseHalt(call.Get("halt"));
    if (!halt.ok()) return OfOption("--halt", halt.status());
    o->policy.halt = *halt;
  }
  return absl::OkStatus();
}

absl::StatusOr<hosts::DriveOptions> ReadDrive(
    const cli::Call& call, const sys::Environment& environment) {
  hosts::DriveOptions o;
  TRY(ReadCommands(call, environment, &o.commands));
  TRY(ReadOutput(call, &o.commands));
  TRY(ReadEnds(call, &o.commands));
  if (call.Has("#")) {
    const std::optional<int64_t> n = fanout::WholeNumber(call.Get("#"));
    if (!n) return Wrong("-COUNT", call.Get("#"), "a number");
    o.preload = static_cast<int>(std::clamp<int64_t>(*n, 2, 100'000));
  }
  if (call.Has("spacing")) {
    TRY_ASSIGN(o.spacing, ReadTime(call, "spacing"));
  }
  if (call.Has("s")) o.spacing = absl::ZeroDuration();
  if (call.Has("N")) o.otherwise = call.Get("N");
  o.closing.redo = call.All("r");
  o.closing.wards = call.All("Q");
  if (call.Has("K")) o.closing.filter = call.Get("K");
  if (call.Has("O")) o.output = call.Get("O");
  if (call.Has("W")) o.widows = call.Get("W");
  std::string exit = call.Get("exit");
  if (exit.empty()) {
    exit = std::string(environment.Get("HXMD_EXIT").value_or(""));
  }
  if (!exit.empty() && exit != "fleet" && exit != "compat") {
    return Wrong(call.Has("exit") ? "--exit" : "HXMD_EXIT", exit,
                 "fleet or compat");
  }
  o.always_zero = exit == "compat";
  return o;
}

void PrintVersion(const cli::Call& call, const hosts::HostOptions& options,
                  const hosts::DriveOptions& drive,
                  const sys::Environment& environment) {
  cli::Print(absl::StrCat(call.program, " (", cli::VersionText(), ")\n"));
  cli::Print(
      hosts::VersionLines(options, hosts::Search(environment), environment));
  cli::Print(
      absl::StrCat(call.program, ": parallel factor: ", drive.commands.jobs,
                   ", slots ", drive.commands.jobs + drive.preload, "\n"));
}

absl::Status CheckControl(absl::Span<const hosts::Operand> operands) {
  const hosts::Operand& control = operands[0];
  if (control.kind == hosts::Operand::Kind::kFile && control.given != "-" &&
      !control.executable) {
    return cli::FailWith(66,
                         absl::StrCat(control.given, ": must be executable"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Run(const cli::Call& call) {
  hosts::Run::Order order;
  order.environment = sys::Environment::Ours();
  TRY_ASSIGN(order.options, hosts::ReadHostOptions(call, order.environment));
  TRY_ASSIGN(hosts::DriveOptions options, ReadDrive(call, order.environment));
  if (call.Has("z")) order.environment.Set("HXMD_PASS", "");
  if (call.Has("version")) {
    PrintVersion(call, order.options, options, order.environment);
    return 0;
  }
  if (order.options.Debugs('?')) {
    cli::Print(hosts::DebugLetters());
    return 0;
  }
  if (call.operands.empty()) return cli::UsageError("the control is missing");
  order.operands = call.operands;
  if (order.operands[0].empty()) {
    order.operands[0] = std::string(hosts::kDefaultControl);
  }
  order.check_operands = CheckControl;

  cli::Progress line;
  hosts::Voice voice;
  voice.warn = [&](const absl::Status& status) {
    line.Clear();
    cli::Warn(call, status);
  };
  voice.raw = [&](absl::string_view text) {
    line.Clear();
    sys::WriteAll(STDERR_FILENO, text).IgnoreError();
  };
  TRY_ASSIGN(const std::unique_ptr<hosts::Run> run,
             hosts::Run::Begin(std::move(order), voice));
  fanout::XapplyFace face;
  face.shows_progress = call.Has("progress");
  face.progress = [&](const fanout::Runner::Counts& c, bool asked) {
    const std::string text =
        absl::StrCat(c.done, "/", run->elected().size(), " done, ", c.failed,
                     " failed, ", c.running, " running");
    if (asked) {
      line.Clear();
      sys::WriteAll(STDERR_FILENO, absl::StrCat(call.program, ": ", text, "\n"))
          .IgnoreError();
    } else {
      line.Show(text);
    }
  };
  const absl::StatusOr<int> code = hosts::Drive(*run, std::move(options), face);
  line.Clear();
  return code;
}

}  // namespace
