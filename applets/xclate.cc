#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "fanout/stack.h"
#include "fanout/xclate_client.h"
#include "fanout/xclate_manager.h"
#include "sys/environment.h"
#include "sys/process.h"
#include "text/size_expression.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'#', "", "DEPTH", "use the manager so many levels further out"},
      {'a', "escape", "CHAR", "the escape character of titles", "%"},
      {'A', "announce", "", "-m: tell the socket's path to -N first"},
      {'d', "detached", "", "-m: do not join the environment's stack"},
      {'D', "folder", "", "run the command in the manager's folder"},
      {'E', "stderr", "", "give the command the manager's standard error"},
      {'H', "rule", "TEXT", "the text behind each section"},
      {'i', "input", "EXPR", "-m: standard input of the utility"},
      {'I', "stdin", "", "give the command the manager's standard input"},
      {'L', "cap", "SIZE", "buffer so much while waiting; '?' lists the units",
       "64k"},
      {'m', "manager", "", "manage a collated stream for the utility"},
      {'n', "dry-run", "", "run nothing, say what would be run"},
      {'N', "notify", "EXPR", "-m: tell the end of each section there"},
      {'O', "output", "EXPR",
       "-m: the collated stream; - is a section of another"},
      {'p', "pid", "PID", "-m: wait for this process instead of a utility"},
      {'q', "quick", "", "leave small finished sections with the manager"},
      {'Q', "finish", "", "ask the manager to end when nobody is left"},
      {'r', "notify-status", "", "-m: tell the status of each section, too"},
      {'s', "squeeze", "", "sections without output vanish"},
      {'S', "shell", "FILE", "-m: the shell for |COMMAND"},
      {'T', "title", "TEXT", "the text in front of each section"},
      {'u', "socket", "FILE", "the manager's socket"},
      {'v', "verbose", "", "say what is run"},
      {'V', "version", "", "print the version and the stack of managers"},
      {'w', "widow", "", "write to the widow stream, without waiting"},
      {'W', "widows", "EXPR", "-m: where output outside sections goes"},
      {'Y', "terminal", "", "give the command the manager's terminal"},
      {'Z', "inside-stream", "", "only copy: we serve a stream of the manager"},
      {0, "group-name", "NAME", "-m -O -: the name of the section", "group"},
      {0, "status", "", "exit with the status of the command"},
      {0, "status-from", "PID", "the process that writes our standard input"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_xclate = {
    .name = "xclate",
    .summary = "keep the outputs of parallel commands apart",
    .usage =
        "-m [OPTION ...] [UTILITY [ARGUMENT ...]]\n"
        "[OPTION ...] [NAME [COMMAND [ARGUMENT ...]]]",
    .options = kOptions,
    .exits =
        "64   the value of an option is wrong\n"
        "65   the stack of managers is not so deep\n"
        "66   no manager, no such command, or a stream that cannot be opened\n"
        "71   another manager has the socket\n"
        "73   the section's name is too long\n"
        "74   the stream took no more: output is lost\n"
        "76   the manager is gone, or does not speak the protocol\n"
        "126  the utility or command cannot be executed\n",
    .usage_exit = 1,
    .environment = "XCLATE",
    .run = Run,
};

namespace {

// The original's exit code for a wrong combination of options.
constexpr int kWrong = 1;
constexpr int kUsage = 64, kCannotCreate = 73, kProtocol = 76;
constexpr int kNotExecutable = 126;
constexpr int kMaxDepth = 1 << 20;

absl::Status CheckCombination(const cli::Call& call) {
  for (const char* once : {"manager", "#"}) {
    if (call.Count(once) > 1) {
      return cli::FailWith(kWrong,
                           absl::StrCat("-", once[0] == '#' ? "DEPTH" : "m",
                                        ": cannot be given more than once"));
    }
  }
  const bool manager = call.Has("manager");
  for (const cli::Seen& seen : call.seen) {
    const char letter = seen.option.letter;
    const absl::string_view word = seen.option.word;
    const bool of_manager =
        absl::StrContains("AdiNOprSW", std::string(1, letter)) ||
        word == "group-name";
    const bool of_client = absl::StrContains("DEIwY", std::string(1, letter)) ||
                           absl::StartsWith(word, "status");
    if (manager ? of_client : of_manager) {
      return cli::FailWith(kWrong,
                           absl::StrCat("--", word,
                                        manager ? ": means nothing with -m"
                                                : ": means nothing without "
                                                  "-m"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Depth(const cli::Call& call) {
  if (!call.Has("#")) return 0;
  TRY_ASSIGN(const int64_t depth, call.Int("#", 0, kMaxDepth));
  return static_cast<int>(depth);
}

std::optional<std::string> Given(const cli::Call& call, const char* word) {
  if (!call.Has(word)) return std::nullopt;
  return call.Get(word);
}

absl::StatusOr<std::optional<int>> Pid(const cli::Call& call,
                                       const char* word) {
  if (!call.Has(word)) return std::optional<int>();
  TRY_ASSIGN(const int64_t pid, call.Int(word, 1, 1 << 22));
  return std::optional<int>(static_cast<int>(pid));
}

absl::StatusOr<fanout::SectionStyle> Style(const cli::Call& call) {
  fanout::SectionStyle style;
  style.title = Given(call, "title");
  style.rule = Given(call, "rule");
  style.squeeze = call.Has("squeeze");
  style.quick = call.Has("quick");
  if (call.Has("cap")) {
    const auto cap = text::ParseSizeExpression(call.Get("cap"));
    if (!cap.ok()) {
      return cli::FailWith(kUsage,
                           absl::StrCat("--cap: ", cap.status().message()));
    }
    style.cap_bytes = *cap;
  }
  return style;
}

absl::StatusOr<int> PrintVersion(const cli::Call& call) {
  cli::Print(absl::StrCat(call.program, " (", cli::VersionText(), ")\n"));
  TRY_ASSIGN(const fanout::Stack stack,
             fanout::ReadStack("xcl", sys::Environment::Ours()));
  TRY_ASSIGN(const int up, Depth(call));
  cli::Print(fanout::StackText(stack, up, call.program));
  return 0;
}

absl::StatusOr<int> Manage(const cli::Call& call, fanout::SectionStyle style) {
  fanout::ManagerOptions options;
  options.utility = call.operands;
  options.style = std::move(style);
  options.notify = Given(call, "notify");
  options.output = Given(call, "output");
  options.widow = Given(call, "widows");
  options.input = Given(call, "input");
  options.socket = Given(call, "socket");
  options.notify_status = call.Has("notify-status");
  options.announce = call.Has("announce");
  options.detached = call.Has("detached");
  options.group_name = call.Get("group-name");
  options.finish_outer = call.Has("finish");
  options.shell = call.Get("shell");
  options.dry_run = call.Has("dry-run");
  options.trace = call.Has("verbose") || options.dry_run;
  TRY_ASSIGN(options.depth, Depth(call));
  TRY_ASSIGN(options.wait_for, Pid(call, "pid"));
  const bool utility =
      !call.operands.empty() && call.operands != std::vector<std::string>{":"};
  if (options.wait_for && utility) {
    return cli::FailWith(kWrong, "--pid: means nothing with a utility");
  }
  return fanout::RunManager(options, [&](absl::string_view text) {
    cli::Warn(call, absl::UnknownError(text));
  });
}

absl::StatusOr<int> BeClient(const cli::Call& call,
                             fanout::SectionStyle style) {
  fanout::ClientOptions options;
  // "--" in the name's place leaves it out; behind the name it is only polite.
  std::vector<std::string> words = call.operands;
  options.name = absl::StrCat(sys::MyPid());
  if (!words.empty()) {
    if (words[0] != "--") options.name = words[0];
    words.erase(words.begin());
    if (!words.empty() && words[0] == "--" && call.operands[0] != "--") {
      words.erase(words.begin());
    }
  }
  if (options.name.size() > fanout::kMaxSectionNameBytes) {
    return cli::FailWith(
        kCannotCreate,
        absl::StrCat("name: ", options.name, ": too long, max length ",
                     fanout::kMaxSectionNameBytes));
  }
  if (options.name.find_first_of("\n\r") != std::string::npos) {
    return absl::InvalidArgumentError("name: a newline in it");
  }
  options.command = std::move(words);
  options.style = std::move(style);
  options.socket = Given(call, "socket");
  options.widow = call.Has("widow");
  options.input = call.Has("stdin");
  options.error = call.Has("stderr");
  options.folder = call.Has("folder");
  options.terminal = call.Has("terminal");
  options.finish = call.Has("finish");
  options.return_status = call.Has("status");
  options.inside_stream = call.Has("inside-stream");
  options.dry_run = call.Has("dry-run");
  options.trace = call.Has("verbose") || options.dry_run;
  TRY_ASSIGN(options.depth, Depth(call));
  TRY_ASSIGN(options.watch, Pid(call, "status-from"));
  const std::string escape = call.Get("escape");
  if (escape.size() != 1) {
    return cli::FailWith(kUsage, "--escape: not a single character");
  }
  options.escape = escape[0];
  const auto say = [&](absl::string_view text) {
    cli::Warn(call, absl::UnknownError(text));
  };
  if (options.command.empty() &&
      (options.input || options.error || options.folder || options.terminal)) {
    say("there is no command: -I, -E, -D and -Y mean nothing");
    options.input = options.error = options.folder = options.terminal = false;
  }
  absl::StatusOr<int> code = fanout::RunClient(options, say);
  if (absl::IsAborted(code.status())) {
    return cli::FailWith(kProtocol, code.status().message());
  }
  return code;
}

absl::StatusOr<int> Run(const cli::Call& call) {
  TRY(CheckCombination(call));
  if (call.Get("cap") == "?") {
    cli::Print(text::SizeTable(call.program));
    return call.Has("version") ? PrintVersion(call) : 0;
  }
  TRY_ASSIGN(fanout::SectionStyle style, Style(call));
  if (call.Has("version")) return PrintVersion(call);
  absl::StatusOr<int> code = call.Has("manager")
                                 ? Manage(call, std::move(style))
                                 : BeClient(call, std::move(style));
  if (absl::IsPermissionDenied(code.status())) {
    return cli::FailWith(kNotExecutable, code.status().message());
  }
  return code;
}

}  // namespace
