#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "fanout/numbers.h"
#include "fanout/pool_size.h"
#include "fanout/pool_text.h"
#include "fanout/ptbw_client.h"
#include "fanout/ptbw_manager.h"
#include "fanout/stack.h"
#include "sys/environment.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'#', "", "DEPTH", "use the pool so many levels further out"},
      {'A', "append", "", "append the tokens to the command's arguments"},
      {'d', "detached", "", "-m: do not join the environment's stack"},
      {'J', "tasks", "N", "-m: tokens for so many tasks at once"},
      {'m', "manager", "", "lend tokens while the utility runs"},
      {'N', "socket", "FILE", "-m: the socket's name"},
      {'q', "quiet", "", "no warnings"},
      {'Q', "finish", "", "ask the pool to end when nobody is left"},
      {'R', "tokens", "N[..M]", "tokens of a task; up to M if they are free",
       "1"},
      {'t', "source", "FILE", "a pool's socket; -m: or a file of tokens, or -"},
      {'V', "version", "", "print the version and the stack of pools"},
      {0, "counter", "", "with -m: serve numbers that are never given twice"},
      {0, "enforce", "", "with -m: end holders that are beyond the lease"},
      {0, "jobserver", "",
       "with -m: serve make's job server from the pool, too"},
      {0, "json", "", "print the table, or --who, for programs"},
      {0, "keep", "", "a command that outlives us keeps its tokens"},
      {0, "lease", "TIME", "with -m: report tokens that are held for longer"},
      {0, "legacy-status", "", "with -m: exit 76 when asked to end"},
      {0, "list", "", "print the table of the pool"},
      {0, "try", "", "do not wait for tokens"},
      {0, "wait", "TIME", "wait for tokens for so long"},
      {0, "watch", "",
       "with -m: read the file again when it changes, and on HUP"},
      {0, "weight", "N", "with -m: each token may be held so often at once",
       "1"},
      {0, "who", "", "print who holds tokens"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_ptbw = {
    .name = "ptbw",
    .summary = "lend tokens to parallel commands",
    .usage =
        "-m [OPTION ...] [UTILITY [ARGUMENT ...]]\n"
        "[OPTION ...] [COMMAND [ARGUMENT ...]]",
    .options = kOptions,
    .exits =
        "65   no use as a table, or the stack of pools is not so deep\n"
        "66   no pool, or no such file\n"
        "71   no such program, or no socket to be had\n"
        "73   the pool never has as many tokens\n"
        "75   the tokens were not free in time\n"
        "76   the pool is gone, or does not speak the protocol\n",
    .usage_exit = 1,
    .environment = "PTBW",
    .run = Run,
};

namespace {

// The original's exit code for a wrong combination of options.
constexpr int kWrong = 1;
constexpr int kCannotAllocate = 73, kProtocol = 76;
constexpr int kMaxDepth = 1 << 20;
constexpr int kMaxWeight = 1000;

constexpr absl::string_view kOfManager[] = {
    "detached",  "tasks", "socket",        "counter", "enforce",
    "jobserver", "lease", "legacy-status", "watch",   "weight"};
constexpr absl::string_view kOfClient[] = {"append", "json", "keep", "list",
                                           "try",    "wait", "who"};

bool IsOneOf(absl::string_view word, absl::Span<const absl::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// As the original quotes options.
std::string Quoted(const cli::Option& option) {
  return option.letter != 0
             ? absl::StrCat("`-", std::string(1, option.letter), "'")
             : absl::StrCat("`--", option.word, "'");
}

absl::Status CheckCombination(const cli::Call& call) {
  for (const char* once : {"manager", "#"}) {
    if (call.Count(once) > 1) {
      return cli::FailWith(
          kWrong, absl::StrCat("option `-", once[0] == '#' ? "DEPTH" : "m",
                               "' cannot be given more than "
                               "once"));
    }
  }
  const bool manager = call.Has("manager");
  for (const cli::Seen& seen : call.seen) {
    const absl::string_view word = seen.option.word;
    if (manager && IsOneOf(word, kOfClient)) {
      return cli::FailWith(kWrong, absl::StrCat("option ", Quoted(seen.option),
                                                " forbidden by option `-m'"));
    }
    if (!manager && IsOneOf(word, kOfManager)) {
      return cli::FailWith(
          kWrong, absl::StrCat("option ", Quoted(seen.option),
                               " may only be given after option `-m'"));
    }
  }
  const struct {
    const char *option, *needs;
  } kNeeds[] = {{"enforce", "lease"}, {"watch", "source"}};
  for (const auto& [option, needs] : kNeeds) {
    if (call.Has(option) && !call.Has(needs)) {
      return cli::FailWith(
          kWrong,
          absl::StrCat("--", option, ": means nothing without --", needs));
    }
  }
  for (const char* option : {"counter", "jobserver"}) {
    if (call.Has(option) && call.operands == std::vector<std::string>{":"}) {
      return cli::FailWith(
          kWrong,
          absl::StrCat("--", option, ": means nothing without a utility"));
    }
  }
  if (call.Has("try") && call.Has("wait")) {
    return cli::FailWith(kWrong, "--try: forbidden by --wait");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Number(const cli::Call& call, const char* word, int min,
                           int max) {
  TRY_ASSIGN(const int64_t number, call.Int(word, min, max));
  return static_cast<int>(number);
}

absl::StatusOr<int> Depth(const cli::Call& call) {
  if (!call.Has("#")) return 0;
  return Number(call, "#", 0, kMaxDepth);
}

std::optional<std::string> Given(const cli::Call& call, const char* word) {
  if (!call.Has(word)) return std::nullopt;
  return call.Get(word);
}

// What the command is called instead of its own name: as we are, where that is
// not ours.
std::string OtherName(const cli::Call& call) {
  return call.program == call.applet->name ? "" : call.program;
}

struct Range {
  int min = 1, max = 1;
};

absl::StatusOr<Range> Tokens(const cli::Call& call) {
  const std::string text = call.Get("tokens");
  const size_t dots = text.find("..");
  const auto min = fanout::WholeNumber(text.substr(0, dots));
  const auto max = dots == std::string::npos
                       ? min
                       : fanout::WholeNumber(text.substr(dots + 2));
  if (!min || !max || *min > *max || *max > fanout::kMaxTokens) {
    return cli::UsageError(absl::StrCat("--tokens: '", text,
                                        "' is no number from 0 to ",
                                        fanout::kMaxTokens, ", nor a range"));
  }
  return Range{static_cast<int>(*min), static_cast<int>(*max)};
}

absl::StatusOr<int> PrintVersion(const cli::Call& call) {
  cli::Print(absl::StrCat(call.program, " (", cli::VersionText(), ")\n"));
  TRY_ASSIGN(const fanout::Stack stack,
             fanout::ReadStack("ptbw", sys::Environment::Ours()));
  TRY_ASSIGN(const int up, Depth(call));
  cli::Print(fanout::StackText(stack, up, call.program));
  return 0;
}

absl::StatusOr<int> Manage(const cli::Call& call) {
  fanout::PtbwManagerOptions options;
  options.utility = call.operands;
  options.name = OtherName(call);
  if (call.Has("tasks")) {
    TRY_ASSIGN(options.tasks, Number(call, "tasks", 0, fanout::kMaxTokens));
  }
  if (call.Has("tokens")) {
    TRY_ASSIGN(options.group, Number(call, "tokens", 0, fanout::kMaxTokens));
  }
  options.source = Given(call, "source");
  options.socket = Given(call, "socket");
  TRY_ASSIGN(options.depth, Depth(call));
  options.detached = call.Has("detached");
  options.quiet = call.Has("quiet");
  options.finish_outer = call.Has("finish");
  TRY_ASSIGN(options.weight, Number(call, "weight", 1, kMaxWeight));
  if (call.Has("lease")) {
    TRY_ASSIGN(options.lease, call.Duration("lease", absl::Milliseconds(1)));
  }
  options.enforce = call.Has("enforce");
  options.watch = call.Has("watch");
  options.legacy_status = call.Has("legacy-status");
  options.job_server = call.Has("jobserver");
  options.counter = call.Has("counter");
  return fanout::RunPtbwManager(options, [&](absl::string_view text) {
    cli::Warn(call, absl::UnknownError(text));
  });
}

absl::StatusOr<int> PrintTable(const cli::Call& call,
                               const fanout::PoolChoice& pool) {
  const bool who = call.Has("who");
  TRY_ASSIGN(fanout::PoolTable table,
             fanout::LookAtPool(pool, who, call.Has("finish")));
  if (call.Has("json")) {
    cli::Print(fanout::PoolJson(table, who, who));
  } else {
    cli::Print(who ? fanout::HoldersText(table)
                   : fanout::PoolText(call.program, table));
  }
  return 0;
}

absl::StatusOr<int> BeClient(const cli::Call& call) {
  fanout::PtbwClientOptions options;
  options.pool.socket = Given(call, "source");
  TRY_ASSIGN(options.pool.depth, Depth(call));
  options.command = call.operands;
  options.name = OtherName(call);
  TRY_ASSIGN(const Range tokens, Tokens(call));
  options.min = tokens.min;
  options.max = tokens.max;
  if (call.Has("wait")) {
    TRY_ASSIGN(options.wait, call.Duration("wait"));
  }
  if (call.Has("try")) options.wait = absl::ZeroDuration();
  options.append = call.Has("append");
  options.finish = call.Has("finish");
  options.keep = call.Has("keep");
  options.quiet = call.Has("quiet");
  const bool look =
      call.operands.empty() || call.operands == std::vector<std::string>{"-"};
  for (const char* of_table : {"list", "who", "json"}) {
    if (call.Has(of_table) && !look) {
      return cli::FailWith(
          kWrong,
          absl::StrCat("--", of_table, ": means nothing with a command"));
    }
  }
  if (look) return PrintTable(call, options.pool);
  return fanout::RunPtbwClient(options, [&](absl::string_view text) {
    cli::Warn(call, absl::UnknownError(text));
  });
}

absl::StatusOr<int> Run(const cli::Call& call) {
  if (call.Has("version")) return PrintVersion(call);
  TRY(CheckCombination(call));
  const absl::StatusOr<int> code =
      call.Has("manager") ? Manage(call) : BeClient(call);
  if (absl::IsAborted(code.status())) {
    return cli::FailWith(kProtocol, code.status().message());
  }
  if (absl::IsOutOfRange(code.status())) {
    return cli::FailWith(kCannotAllocate, code.status().message());
  }
  return code;
}

}  // namespace
