#include "hosts/drive_options.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "fanout/numbers.h"
#include "fanout/parallelism.h"
#include "fanout/readings.h"
#include "fanout/stack.h"
#include "sys/process.h"
#include "text/character.h"
#include "text/size_expression.h"

namespace hosts {
namespace {

constexpr int kUsualJobs = 6;

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
                             const sys::Environment& environment,
                             int bare_jobs) {
  if (!call.Has("P")) return kUsualJobs;
  std::string text = call.Get("P");
  if (text.empty()) {
    text = std::string(environment.Get("PARALLEL").value_or(""));
    if (!fanout::WholeNumber(text)) return bare_jobs;
  }
  const std::optional<int64_t> n = fanout::WholeNumber(text);
  if (!n) return Wrong("-P", text, "a number");
  return static_cast<int>(std::clamp<int64_t>(*n, 1, fanout::kMostParallel));
}

// What each host's command may hold open here: pipes, a process, and what is
// made for it.
constexpr uint64_t kDescriptorsEach = 8, kOwnDescriptors = 64;

absl::StatusOr<int> ReadWordJobs(const std::string& text) {
  if (text == "max") {
    sys::RaiseDescriptorLimit();
    const uint64_t limit = std::max(sys::DescriptorLimit(), kOwnDescriptors);
    return static_cast<int>(
        std::clamp<uint64_t>((limit - kOwnDescriptors) / kDescriptorsEach, 1,
                             fanout::kMostParallel));
  }
  const absl::StatusOr<int> jobs =
      fanout::ParseJobs(text, [] { return fanout::Processors(); });
  if (!jobs.ok()) return Wrong("--jobs", text, "max, or a number");
  return jobs;
}

absl::Status ReadPlan(const cli::Call& call, DriveOptions* o) {
  if (!call.Has("plan")) return absl::OkStatus();
  if (call.Get("plan") != "sh") return Wrong("--plan", call.Get("plan"), "sh");
  // A script has nobody to heed them.
  for (const char* other :
       {"A",      "g",         "H",      "J",       "K",       "N",
        "O",      "R",         "T",      "t",       "x",       "dry-run",
        "W",      "Q",         "r",      "tag",     "fold",    "json",
        "events", "halt",      "joblog", "results", "timeout", "retries",
        "stderr", "keep-order"}) {
    if (!call.Has(other)) continue;
    return cli::FailWith(
        64, absl::StrCat(strlen(other) == 1 ? "-" : "--", other,
                         ": does not go with --plan, which only prints"));
  }
  o->shell_plan = o->commands.dry_run = true;
  return absl::OkStatus();
}

absl::Status ReadCommands(const cli::Call& call,
                          const sys::Environment& environment, int bare_jobs,
                          fanout::XapplyOptions* o) {
  o->program = call.program;
  if (call.Has("jobs")) {
    TRY_ASSIGN(o->jobs, ReadWordJobs(call.Get("jobs")));
  } else {
    TRY_ASSIGN(o->jobs, ReadJobs(call, environment, bare_jobs));
  }
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

}  // namespace

absl::StatusOr<DriveOptions> ReadDriveOptions(
    const cli::Call& call, const sys::Environment& environment, int bare_jobs) {
  DriveOptions o;
  TRY(ReadCommands(call, environment, bare_jobs, &o.commands));
  TRY(ReadOutput(call, &o.commands));
  TRY(ReadEnds(call, &o.commands));
  TRY(ReadPlan(call, &o));
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

}  // namespace hosts
