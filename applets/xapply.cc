#include "fanout/xapply.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <memory>

#include "base/status.h"
#include "base/time.h"
#include "cli/applet.h"
#include "cli/args.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "fanout/jobs_file.h"
#include "fanout/numbers.h"
#include "fanout/parallelism.h"
#include "fanout/readings.h"
#include "sys/clock.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/terminal.h"
#include "text/character.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'#', "", "COUNT", "items for each task (1)"},
      {'a', "", "CHAR", "the character that starts a form (%)"},
      {'A', "", "", "give the task's tokens to the shell as $1 and on"},
      {'d', "", "", "with -m: use, or start, a detached xclate"},
      {'e', "", "VAR[=TEXT]", "set a variable for each task"},
      {'f', "", "", "operands are files of items; - is standard input"},
      {'F', "", "", "the first operand is a file that holds the template"},
      {'g', "", "", "numbers come from the counter service around this run"},
      {'H', "", "", "print a summary of the forms of templates"},
      {'i', "", "FILE", "the standard input all tasks share"},
      {'J', "", "TASKS", "start a pool of tokens for that many tasks"},
      {'m', "", "", "collate what the tasks print"},
      {'n', "dry-run", "", "print the commands, run nothing"},
      {'N', "", "ELSE", "the command to run when there is no item"},
      {'p', "", "PAD", "with -f: stands for items a shorter file has not"},
      {'P', "", "[N]", "tasks at once (1; -P alone: $PARALLEL, else 3)"},
      {'R', "", "N", "tokens for each task (1)"},
      {'s', "", "", "with -m: no section for a task that prints nothing"},
      {'S', "", "SHELL", "the shell for the tasks ($SHELL, else /bin/sh)"},
      {'t', "", "TOKENS", "tokens: a file, - for the pool around, a socket"},
      {'u', "", "", "with -m: sections are called by %u instead of %1"},
      {'v', "", "", "print each command on standard output"},
      {'x', "", "", "print each command on standard error"},
      {'z', "null", "", "items of files end with a NUL"},
      {0, "args-from", "FILE", "deal out the lines of FILE as operands"},
      {0, "keep-order", "", "collate, in the order of the items"},
      {0, "collate", "live|done|line|off", "whose output is shown when"},
      {0, "stderr", "pass|merge|collate|drop",
       "standard error of tasks (pass)"},
      {0, "tag", "[TEXT]", "put the text before each line", "", "\x01"},
      {0, "group-header", "TEXT", "a text before each section"},
      {0, "group-footer", "TEXT", "a text behind each section"},
      {0, "spill-at", "SIZE", "memory for output that waits, of a task (64k)"},
      {0, "spill-max", "SIZE", "how much may wait on disk (no limit)"},
      {0, "spill-dir", "DIR", "where it waits ($TMPDIR, else /tmp)"},
      {0, "results", "DIR", "keep the output and result of each task there"},
      {0, "joblog", "FILE", "append a line for each attempt that has ended"},
      {0, "resume", "", "skip what is in the job log"},
      {0, "resume-failed", "", "skip what has succeeded by the job log"},
      {0, "retry-failed", "", "run what has failed by the job log, no items"},
      {0, "retries", "N", "further attempts for a task that fails (0)"},
      {0, "retry-delay", "TIME[,FACTOR]", "wait before the next attempt"},
      {0, "retry-on", "LIST", "which ends are tried again (any failure)"},
      {0, "keep-failed-output", "", "show what failed attempts have printed"},
      {0, "timeout", "TIME", "end a task after that time, or N% of the median"},
      {0, "kill-after", "TIME", "from the signal to the end to SIGKILL (5s)"},
      {0, "halt", "WHEN", "never; soon or now, with fail=N, success=N, done=N"},
      {0, "exit", "zero|any|count|first|worst", "what the tasks' ends come to"},
      {0, "jobs", "N", "tasks at once: N, N%, +N, -N, @FILE"},
      {0, "load", "X", "start nothing while the load is above X or N%"},
      {0, "memfree", "SIZE", "start nothing while less memory is free"},
      {0, "pressure", "KIND:N%", "start nothing while tasks stall for KIND"},
      {0, "noswap", "", "start nothing while the host swaps"},
      {0, "delay", "TIME", "wait between starts"},
      {0, "nice", "N", "added to the niceness of tasks"},
      {0, "limit", "RESOURCE:N", "a resource limit of tasks"},
      {0, "pack", "[N]", "as many items as fit, at most N, in one command"},
      {0, "jobserver", "auto|off|require", "take tokens of make (off)"},
      {0, "jobserver-export", "", "offer the slots as tokens of make"},
      {0, "progress", "", "show how far it is, on standard error"},
      {0, "eta", "", "the same with the time that is left"},
      {0, "bar", "", "the same with a bar"},
      {0, "events", "FILE", "write starts and ends there as JSON; or fd:N"},
      {0, "json", "", "print each task's result as a line of JSON"},
      {0, "exec", "auto|shell|direct",
       "whether the shell runs commands (auto)"},
      {0, "keep-children", "",
       "leave tasks in our group, and alone at the end"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_xapply = {
    .name = "xapply",
    .summary = "run a command for each item, in parallel",
    .usage =
        "[OPTION ...] [-COUNT] COMMAND [ITEM ...]\n"
        "[OPTION ...] [-COUNT] -f COMMAND [FILE ...]\n"
        "[OPTION ...] -F SCRIPT [ITEM ... | FILE ...]",
    .options = kOptions,
    .exits =
        "124  status of a task that ran out of time\n"
        "126  status of a task that could not be executed\n"
        "127  status of a task whose program was not found\n",
    .usage_exit = 1,
    .run = Run,
};

// The options become fanout::XapplyOptions, which is where it goes on: here are
// only words and numbers, and the line that shows progress.

namespace {

using fanout::XapplyOptions;

constexpr absl::string_view kForms =
    "%1 .. %9 %{12}   an item of the task      %$  the last  %*  all\n"
    "%0               nothing; no items are appended\n"
    "%u               the task's number, from 0\n"
    "%t1 %t$ %t*      its tokens               %ft where they come from\n"
    "%f1 %f$ %f*      the files the items come from (-f)\n"
    "%+               the first item is a template for the others\n"
    "%p %fp           process id and name of xapply\n"
    "%c %fc %ct       the template, its script, its first line (-F)\n"
    "%[1/$]           dicer: the last field between slashes\n"
    "%[1.-$]          all fields but the last\n"
    "%[1,@=1]         of each field between commas the first before =\n"
    "%(1,1-4)         mixer: characters 1 to 4\n"
    "%q %Q %W         quoted: within \"...\", for the shell, as one word\n"
    "%%               a percent sign\n";

absl::Status Wrong(absl::string_view option, absl::string_view value,
                   absl::string_view wanted) {
  return cli::FailWith(64,
                       absl::StrCat(option, ": '", value, "' is not ", wanted));
}

// What is wrong with a value, with the option in front: code 64.
absl::Status OfOption(absl::string_view option, const absl::Status& status) {
  if (status.ok()) return status;
  if (!absl::IsInvalidArgument(status)) {
    return base::Context(status, option);
  }
  return cli::FailWith(64, absl::StrCat(option, ": ", status.message()));
}

template <typename T>
absl::Status Choose(const cli::Call& call, absl::string_view word,
                    std::initializer_list<std::pair<absl::string_view, T>> from,
                    std::optional<T>* to) {
  if (!call.Has(word)) return absl::OkStatus();
  const std::string value = call.Get(word);
  std::string names;
  for (const auto& [name, meaning] : from) {
    if (value == name) {
      *to = meaning;
      return absl::OkStatus();
    }
    absl::StrAppend(&names, names.empty() ? "" : ", ", name);
  }
  return Wrong(absl::StrCat("--", word), value, absl::StrCat("one of ", names));
}

absl::Status ReadNumber(const cli::Call& call, absl::string_view letter,
                        int64_t max, std::optional<int>* to) {
  if (!call.Has(letter)) return absl::OkStatus();
  const std::string text = call.Get(letter);
  const std::optional<int64_t> n = fanout::WholeNumber(text);
  if (!n || *n > max) {
    return Wrong(absl::StrCat("-", letter), text,
                 absl::StrCat("a number from 0 to ", max));
  }
  *to = static_cast<int>(*n);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ReadSize(const cli::Call& call,
                                 absl::string_view word) {
  const std::optional<int64_t> n = fanout::SizeOf(call.Get(word));
  if (!n) return Wrong(absl::StrCat("--", word), call.Get(word), "a size");
  return *n;
}

absl::StatusOr<absl::Duration> ReadTime(const cli::Call& call,
                                        absl::string_view word) {
  absl::StatusOr<absl::Duration> time = base::ParseDuration(call.Get(word));
  if (!time.ok()) {
    return OfOption(absl::StrCat("--", word), time.status());
  }
  return time;
}

absl::Status ReadItems(const cli::Call& call, XapplyOptions* o) {
  if (call.Has("#")) {
    const std::optional<int64_t> n = fanout::WholeNumber(call.Get("#"));
    if (!n || *n < 1 || *n > 1'000'000) {
      return cli::FailWith(64, absl::StrCat("count: ", call.Get("#"),
                                            ": is not a possible value"));
    }
    o->count = static_cast<int>(*n);
  }
  o->files = call.Has("f");
  o->pad = call.Get("p");
  if (call.Has("null")) o->delimiter = '\0';
  if (call.Has("args-from")) o->args_from = call.Get("args-from");
  if (call.Has("i")) o->input = call.Get("i");
  if (call.Has("N")) o->otherwise = call.Get("N");
  if (call.Has("pack")) {
    const std::string text = call.Get("pack");
    const std::optional<int64_t> n =
        text.empty() ? 1'000'000'000 : fanout::WholeNumber(text);
    if (!n || *n < 1) return Wrong("--pack", text, "a number above 0");
    if (o->count != 1) {
      return cli::FailWith(64, "--pack puts items together itself: no -COUNT");
    }
    o->pack = *n;
  }
  return absl::OkStatus();
}

absl::Status ReadCommands(const cli::Call& call, XapplyOptions* o) {
  if (call.Has("a")) {
    absl::StatusOr<char> c = text::ParseCharacter(call.Get("a"));
    if (!c.ok()) return OfOption("-a", c.status());
    o->escape = *c;
  }
  o->variables = call.All("e");
  if (call.Has("S")) o->shell = call.Get("S");
  std::optional<fanout::ExecMode> exec;
  TRY(Choose(call, "exec",
             {{"auto", fanout::ExecMode::kAuto},
              {"shell", fanout::ExecMode::kShell},
              {"direct", fanout::ExecMode::kDirect}},
             &exec));
  o->exec = exec.value_or(o->exec);
  o->dry_run = call.Has("dry-run");
  o->print_commands = call.Has("v") || o->dry_run;
  o->trace = call.Has("x");
  o->append_tokens = call.Has("A");
  return absl::OkStatus();
}

absl::Status ReadParallel(const cli::Call& call, XapplyOptions* o) {
  for (const cli::Seen& seen : call.seen) {
    if (seen.option.letter == 'P') {
      const std::optional<absl::string_view> variable =
          sys::Environment::Ours().Get("PARALLEL");
      absl::StatusOr<int> jobs =
          fanout::ParseParallel(seen.value, variable, fanout::Processors);
      if (!jobs.ok()) return OfOption("-P", jobs.status());
      o->jobs = *jobs;
      o->jobs_file.clear();
    } else if (seen.option.word == "jobs") {
      if (absl::StartsWith(seen.value, "@")) {
        o->jobs_file = seen.value.substr(1);
        continue;
      }
      absl::StatusOr<int> jobs =
          fanout::ParseJobs(seen.value, fanout::Processors);
      if (!jobs.ok()) return OfOption("--jobs", jobs.status());
      o->jobs = *jobs;
      o->jobs_file.clear();
    }
  }
  constexpr int kMaxTokens = 1'000'000;
  TRY(ReadNumber(call, "R", kMaxTokens, &o->tokens_each));
  TRY(ReadNumber(call, "J", kMaxTokens, &o->pool_tasks));
  if (call.Has("t")) o->token_source = call.Get("t");
  o->outer_counter = call.Has("g");

  if (call.Has("load")) {
    absl::StatusOr<double> load =
        fanout::ParseLoad(call.Get("load"), fanout::Processors());
    if (!load.ok()) return OfOption("--load", load.status());
    o->gauges.load = *load;
  }
  if (call.Has("memfree")) {
    absl::StatusOr<int64_t> free = fanout::ParseFree(call.Get("memfree"));
    if (!free.ok()) return OfOption("--memfree", free.status());
    o->gauges.free_bytes = *free;
  }
  for (const std::string& pressure : call.All("pressure")) {
    TRY(OfOption("--pressure", fanout::AddPressure(pressure, &o->gauges)));
  }
  o->gauges.no_swap = call.Has("noswap");
  if (call.Has("delay")) {
    TRY_ASSIGN(o->delay, ReadTime(call, "delay"));
  }
  std::optional<XapplyOptions::JobServer> server;
  TRY(Choose(call, "jobserver",
             {{"off", XapplyOptions::JobServer::kOff},
              {"auto", XapplyOptions::JobServer::kAuto},
              {"require", XapplyOptions::JobServer::kRequire}},
             &server));
  o->job_server = server.value_or(o->job_server);
  o->export_job_server = call.Has("jobserver-export");
  return absl::OkStatus();
}

absl::Status ReadOutput(const cli::Call& call, XapplyOptions* o) {
  using Collate = XapplyOptions::Collate;
  using Errors = fanout::OutputOptions::Errors;
  if (call.Has("m")) o->collate = Collate::kLive;
  TRY(Choose(call, "collate",
             {{"live", Collate::kLive},
              {"done", Collate::kDone},
              {"line", Collate::kLines},
              {"off", Collate::kOff}},
             &o->collate));
  if (call.Has("keep-order")) o->collate = Collate::kPlace;
  std::optional<Errors> errors;
  TRY(Choose(call, "stderr",
             {{"pass", Errors::kPass},
              {"merge", Errors::kMerge},
              {"collate", Errors::kCollate},
              {"drop", Errors::kDrop}},
             &errors));
  o->errors = errors.value_or(o->errors);
  o->detached = call.Has("d");
  o->squeeze = call.Has("s");
  o->name_by_number = call.Has("u");
  if (call.Has("tag")) {
    // Left out: the item and a tab.
    o->tag = call.Get("tag");
    if (*o->tag == "\x01") {
      o->tag = absl::StrCat(std::string(1, o->escape), "1\t");
    }
  }
  if (call.Has("group-header")) o->header = call.Get("group-header");
  if (call.Has("group-footer")) o->footer = call.Get("group-footer");
  if (call.Has("spill-at")) {
    TRY_ASSIGN(o->spool.spool_bytes, ReadSize(call, "spill-at"));
  }
  if (call.Has("spill-max")) {
    TRY_ASSIGN(o->spool.file_bytes, ReadSize(call, "spill-max"));
  }
  o->spool.folder = call.Get("spill-dir");
  o->json = call.Has("json");
  o->results = call.Get("results");
  o->events = call.Get("events");
  return absl::OkStatus();
}

absl::Status ReadEnds(const cli::Call& call, XapplyOptions* o) {
  o->job_log = call.Get("joblog");
  using Resume = XapplyOptions::Resume;
  if (call.Has("resume")) o->resume = Resume::kAll;
  if (call.Has("resume-failed")) o->resume = Resume::kFailed;
  if (call.Has("retry-failed")) o->resume = Resume::kRetryFailed;
  if (o->resume != Resume::kNo && o->job_log.empty()) {
    return cli::FailWith(64, "--resume and its kin need --joblog");
  }
  fanout::RetryRules& retry = o->policy.retry;
  std::optional<int> retries;
  if (call.Has("retries")) {
    TRY_ASSIGN(const int64_t n, call.Int("retries", 0, 1'000'000));
    retry.retries = static_cast<int>(n);
  }
  if (call.Has("retry-delay")) {
    auto delay = fanout::ParseRetryDelay(call.Get("retry-delay"));
    if (!delay.ok()) return OfOption("--retry-delay", delay.status());
    retry.delay = *delay;
  }
  if (call.Has("retry-on")) {
    auto on = fanout::ParseRetryOn(call.Get("retry-on"));
    if (!on.ok()) return OfOption("--retry-on", on.status());
    retry.on = *on;
  }
  o->keep_failed_output = call.Has("keep-failed-output");
  if (call.Has("timeout")) {
    auto limit = fanout::TimeLimit::Parse(call.Get("timeout"));
    if (!limit.ok()) return OfOption("--timeout", limit.status());
    o->policy.timeout = *std::move(limit);
  }
  if (call.Has("kill-after")) {
    TRY_ASSIGN(o->kill_after, ReadTime(call, "kill-after"));
  }
  if (call.Has("halt")) {
    auto halt = fanout::ParseHalt(call.Get("halt"));
    if (!halt.ok()) return OfOption("--halt", halt.status());
    o->policy.halt = *halt;
  }
  if (call.Has("exit")) {
    auto exit = fanout::ParseExitPolicy(call.Get("exit"));
    if (!exit.ok()) return OfOption("--exit", exit.status());
    o->policy.exit = *exit;
  }
  if (call.Has("nice")) {
    auto nice = fanout::ParseNice(call.Get("nice"));
    if (!nice.ok()) return OfOption("--nice", nice.status());
    o->limits.nice = *nice;
  }
  for (const std::string& limit : call.All("limit")) {
    TRY(OfOption("--limit", fanout::AddLimit(limit, &o->limits)));
  }
  o->keep_children = call.Has("keep-children");
  return absl::OkStatus();
}

// The template's file, without the line that names its interpreter.
absl::Status ReadScript(const std::string& path, XapplyOptions* o) {
  if (path == "-") {
    return cli::FailWith(64, "-F: the script cannot be standard input");
  }
  TRY_ASSIGN(std::string text, sys::ReadFile(path));
  if (absl::StartsWith(text, "#!")) {
    const size_t end = std::min(text.find('\n'), text.size());
    o->script_line = text.substr(0, end);
    text.erase(0, end + 1);
  }
  if (absl::EndsWith(text, "\n")) text.pop_back();
  o->command = std::move(text);
  o->from_script = true;
  o->script_path = path;
  return absl::OkStatus();
}

absl::Status ReadOperands(cli::Call& call, XapplyOptions* o) {
  if (o->resume == XapplyOptions::Resume::kRetryFailed) {
    if (!call.operands.empty()) {
      return cli::FailWith(
          64, "--retry-failed takes commands and items from the job log");
    }
    return absl::OkStatus();
  }
  if (call.operands.empty()) {
    return cli::UsageError(
        "not enough arguments for left mandatory parameters");
  }
  o->operands = {call.operands.begin() + 1, call.operands.end()};
  if (!call.Has("F")) o->command = call.operands[0];
  return absl::OkStatus();
}

std::string ProgressText(const fanout::Runner::Counts& c, bool eta, bool bar) {
  const absl::Duration spent = sys::SteadyNow() - c.begin;
  const int64_t done = c.done + c.skipped;
  const double rate = c.done / std::max(absl::ToDoubleSeconds(spent), 1e-3);
  std::string text = absl::StrCat(done);
  if (c.total >= 0) absl::StrAppend(&text, "/", c.total);
  absl::StrAppend(&text, " done, ", c.failed, " failed, ", c.running,
                  " running, ", absl::StrFormat("%.1f/s", rate));
  if (c.total < 0) return text;
  const int64_t left = c.total - done;
  if (eta && rate > 0) {
    absl::StrAppend(&text, ", ",
                    base::FormatDuration(
                        absl::Seconds(static_cast<int64_t>(left / rate + 0.5))),
                    " left");
  }
  if (bar && c.total > 0) {
    constexpr int kWidth = 30;
    const int full = static_cast<int>(kWidth * done / c.total);
    text = absl::StrCat("[", std::string(full, '#'),
                        std::string(kWidth - full, '.'), "] ",
                        100 * done / c.total, "% ", text);
  }
  return text;
}

absl::StatusOr<int> Run(const cli::Call& given) {
  cli::Call call = given;
  if (call.Has("H")) {
    cli::Print(kForms);
    return 0;
  }
  XapplyOptions options;
  options.program = call.program;
  // Options may stand behind the name of a script, too: the first line of an
  // executable one has no room for more.
  if (call.Has("F") && !call.operands.empty()) {
    TRY(ReadScript(call.operands[0], &options));
    std::vector<std::string> rest = {call.operands.begin() + 1,
                                     call.operands.end()};
    TRY_ASSIGN(cli::CommandLine more,
               cli::ReadCommandLine(*call.applet, call.program, rest));
    call.operands.resize(1);
    call.operands.insert(call.operands.end(), more.call.operands.begin(),
                         more.call.operands.end());
    for (cli::Seen& seen : more.call.seen) {
      call.seen.push_back(std::move(seen));
    }
  }
  TRY(ReadItems(call, &options));
  TRY(ReadCommands(call, &options));
  TRY(ReadParallel(call, &options));
  TRY(ReadOutput(call, &options));
  TRY(ReadEnds(call, &options));
  TRY(ReadOperands(call, &options));

  cli::Progress line;
  const bool terminal = sys::IsTerminal(2);
  const bool eta = call.Has("eta"), bar = call.Has("bar");
  absl::Time next_line = sys::SteadyNow() + absl::Seconds(10);
  fanout::XapplyFace face;
  face.warn = [&](const absl::Status& status) {
    line.Clear();
    cli::Warn(call, status);
  };
  face.print = [](absl::string_view text) {
    cli::Print(text);
    cli::Flush();  // before the command itself prints
  };
  face.trace = [&](absl::string_view text) {
    line.Clear();
    (void)sys::WriteAll(2, text);
  };
  const auto show = [&](const fanout::Runner::Counts& counts, bool asked) {
    const std::string text = ProgressText(counts, eta, bar);
    if (asked || (!terminal && sys::SteadyNow() >= next_line)) {
      next_line = sys::SteadyNow() + absl::Seconds(10);
      line.Clear();
      (void)sys::WriteAll(2, absl::StrCat(call.program, ": ", text, "\n"));
    } else {
      line.Show(text);
    }
  };
  const bool progress = call.Has("progress") || eta || bar;
  face.progress = show;
  face.shows_progress = progress;
  absl::StatusOr<int> code = fanout::RunXapply(std::move(options), face);
  line.Clear();
  return code;
}

}  // namespace
