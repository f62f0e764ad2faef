#include "text/m4.h"

#include <absl/strings/str_cat.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/args.h"
#include "cli/report.h"
#include "hosts/m4_files.h"
#include "sys/environment.h"
#include "sys/file.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'D', "define", "NAME[=VALUE]",
       "define a macro, with an empty value "
       "when none is given"},
      {'d', "debug", "[FLAGS]", "debug flags: letters of aceflipqtxV", "",
       "aeq"},
      {'e', "", "", "the same as -i"},
      {'E', "fatal-warnings", "",
       "exit with 1 after a warning; twice: stop at the first"},
      {'g', "gnu", "", "take back -G"},
      {'G', "traditional", "", "without the extensions of GNU m4"},
      {'I', "include", "DIR", "look for included files there, too"},
      {'i', "interactive", "",
       "put output out before reading on, and ignore interrupts"},
      {'l', "arglength", "N", "show so many bytes of an argument in a trace",
       "0"},
      {'L', "nesting-limit", "N",
       "calls within arguments of calls; 0 is no limit", "0"},
      {'P', "prefix-builtins", "", "put m4_ in front of the builtins' names"},
      {'Q', "quiet", "", "no warnings about how builtins are called"},
      {'s', "synclines", "", "put #line marks into the output"},
      {'t', "trace", "NAME", "trace a macro"},
      {'U', "undefine", "NAME", "undefine a macro"},
      {0, "debugfile", "[FILE]", "append debug text to a file"},
      {0, "gnu-only", "", "without paste, spaste and expr"},
      {0, "safe", "",
       "no commands and temporary files; files only from here "
       "and the include folders"},
      {0, "silent", "", "the same as -Q"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_m4 = {
    .name = "m4",
    .summary = "expand macros",
    .usage = "[OPTION ...] [FILE ...]",
    .options = kOptions,
    .exits =
        "1    a missing file, an incomplete text, or a limit was exceeded\n"
        "N    m4exit(N) was called\n",
    .usage_exit = 1,
    .run = Run,
};

// GNU m4 takes options between files, and the macros that these define or
// undefine count from there on. So a line is a list of steps: options that are
// read where they stand, and files.

namespace {

struct Step {
  cli::Option option = {};
  std::string value;
  bool file = false;  // `value` is its name
};

absl::StatusOr<std::vector<Step>> Steps(const cli::Call& call) {
  std::vector<Step> steps;
  for (const cli::Seen& seen : call.seen) {
    steps.push_back({seen.option, seen.value});
  }
  absl::Span<const std::string> words = call.operands;
  // Only behind a "--" can the first one look like an option.
  const auto is_option = [](const std::string& word) {
    return word.size() > 1 && word[0] == '-';
  };
  bool only_files = !words.empty() && is_option(words[0]);
  std::vector<std::string> rest;
  while (!words.empty()) {
    if (only_files || !is_option(words[0])) {
      steps.push_back({{}, words[0], true});
      words.remove_prefix(1);
      continue;
    }
    only_files = words[0] == "--";
    TRY_ASSIGN(const cli::CommandLine line,
               cli::ReadCommandLine(*call.applet, call.program, words));
    for (const cli::Seen& seen : line.call.seen) {
      steps.push_back({seen.option, seen.value});
    }
    words.remove_prefix(words.size() - line.call.operands.size());
  }
  return steps;
}

void PrintError(absl::string_view text) {
  (void)sys::WriteAll(STDERR_FILENO, text);
}

// Standard input as it comes.
void ExpandInput(text::M4& m4, bool interactive) {
  m4.ExpandStream("stdin", [&](std::string& text) {
    if (interactive) {
      m4.Flush();
      cli::Flush();
    }
    char piece[64 << 10];
    ssize_t got;
    do got = read(STDIN_FILENO, piece, sizeof piece);
    while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    text.append(piece, got);
    return true;
  });
}

absl::StatusOr<int> Run(const cli::Call& call) {
  TRY_ASSIGN(const std::vector<Step> steps, Steps(call));
  cli::Call all = call;
  all.seen.clear();
  for (const Step& step : steps) {
    if (!step.file) all.seen.push_back({step.option, step.value});
  }

  text::M4Options options;
  options.program = call.program;
  options.prefix_builtins = all.Has("prefix-builtins");
  options.synclines = all.Has("synclines");
  for (const cli::Seen& seen : all.seen) {
    if (seen.option.word == "traditional") options.traditional = true;
    if (seen.option.word == "gnu") options.traditional = false;
  }
  options.bsd_names = !all.Has("gnu-only");
  options.quiet = all.Has("quiet") || all.Has("silent");
  options.fatal_warnings = all.Count("fatal-warnings");
  TRY_ASSIGN(options.max_trace_argument, all.Int("arglength", 0));
  options.debug_flags = all.Get("debug");
  options.safe = all.Has("safe");
  TRY_ASSIGN(const int64_t nesting, all.Int("nesting-limit", 0));
  options.limits.nesting = nesting;
  options.limits.nesting_advice = ", use -L<N> to change it";
  options.limits.pushed_bytes = 0;
  options.limits.output_bytes = 0;
  const bool interactive = all.Has("interactive") || all.Has("e");
  if (interactive) signal(SIGINT, SIG_IGN);

  hosts::M4FilesOptions files;
  files.folders = all.All("include");
  const sys::Environment environment = sys::Environment::Ours();
  for (std::string& folder :
       hosts::SplitFolders(environment.Get("M4PATH").value_or(""))) {
    files.folders.push_back(std::move(folder));
  }
  files.safe = options.safe;
  hosts::M4Files system(std::move(files));

  text::M4 m4(options, &system,
              {.output =
                   [](absl::string_view text) {
                     cli::Print(text);
                     cli::Flush();
                   },
               .messages = PrintError});
  bool any = false;
  for (const Step& step : steps) {
    if (m4.ended()) break;
    const absl::string_view value = step.value;
    if (step.file) {
      any = true;
      if (value == "-") {
        ExpandInput(m4, interactive);
      } else {
        m4.ExpandFile(value);
      }
    } else if (step.option.word == "define") {
      const size_t equals = value.find('=');
      m4.Define(value.substr(0, equals), equals == absl::string_view::npos
                                             ? ""
                                             : value.substr(equals + 1));
    } else if (step.option.word == "undefine") {
      m4.Undefine(value);
    } else if (step.option.word == "trace") {
      m4.Trace(value);
    } else if (step.option.word == "debugfile") {
      m4.SetDebugFile(value);
    }
  }
  if (!any && !m4.ended()) ExpandInput(m4, interactive);
  return m4.Finish();
}

}  // namespace
