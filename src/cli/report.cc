#include "cli/report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sysexits.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/status.h"
#include "cli/args.h"
#include "cli/help.h"
#include "sys/users.h"
#include "text/utf8.h"

namespace cli {
namespace {

// The errno of the first failed Print. What is printed is one stream in the
// whole process, and so is its failure.
constinit int print_errno = 0;

void PrintError(absl::string_view text) {
  // In one piece, so that lines of several processes do not mix. Nobody is left
  // to tell if it fails.
  fwrite(text.data(), 1, text.size(), stderr);
  fflush(stderr);
}

EnvironmentWords FromEnvironment(const Applet& applet) {
  for (absl::string_view name :
       absl::StrSplit(applet.environment, ' ', absl::SkipEmpty())) {
    EnvironmentWords words = {std::string(name), ""};
    words.text = sys::EnvironmentVariable(words.name.c_str());
    if (!words.text.empty()) return words;
  }
  return {};
}

int Run(const CommandLine& line) {
  const Call& call = line.call;
  const RunFunction run =
      call.verb != nullptr ? call.verb->run : call.applet->run;
  MUST(run != nullptr);
  const absl::StatusOr<int> code = run(call);
  if (code.ok()) return *code;
  return Fail(*call.applet, call.program, call.verb, code.status());
}

}  // namespace

int Fail(const Applet& applet, absl::string_view program, const Verb* verb,
         const absl::Status& status) {
  // What was answered so far comes before why there is no more.
  Flush();
  std::string text = MessageText(program, status);
  if (IsUsageError(status)) {
    absl::StrAppend(&text, UsageText(applet, program, verb));
  }
  PrintError(text);
  return ExitCode(status, applet.usage_exit);
}

int ExitCode(const absl::Status& status, int usage_exit) {
  if (status.ok()) return EX_OK;
  if (IsUsageError(status)) return usage_exit;
  if (const int code = ExitCodeIn(status); code != 0) return code;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return EX_DATAERR;
    case absl::StatusCode::kNotFound:
      return EX_NOINPUT;
    case absl::StatusCode::kUnimplemented:
      return EX_UNAVAILABLE;
    case absl::StatusCode::kResourceExhausted:
      return EX_OSERR;
    case absl::StatusCode::kAlreadyExists:
      return EX_CANTCREAT;
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kOutOfRange:
      return EX_IOERR;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
      return EX_TEMPFAIL;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return EX_NOPERM;
    case absl::StatusCode::kFailedPrecondition:
      return EX_CONFIG;
    default:  // kInternal, kUnknown, and codes Abseil may still invent
      return EX_SOFTWARE;
  }
}

std::string MessageText(absl::string_view program, const absl::Status& status) {
  std::string out = absl::StrCat(text::Clean(program), ": ");
  bool first = true;
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    if (!first) out += "\n  ";
    first = false;
    out += text::Clean(line);
  }
  return out + "\n";
}

void Warn(const Call& call, const absl::Status& status) {
  Flush();
  PrintError(MessageText(call.program, status));
}

void Print(absl::string_view text) {
  if (print_errno != 0) return;
  if (fwrite(text.data(), 1, text.size(), stdout) < text.size()) {
    print_errno = errno;
  }
}
void Flush() {
  if (fflush(stdout) != 0 && print_errno == 0) print_errno = errno;
}
bool PrintFailed() { return print_errno != 0; }

int Finish(absl::string_view program, int code) {
  Flush();
  // Told once: an applet that fleetbox starts ends here, and then fleetbox.
  const int error = std::exchange(print_errno, 0);
  if (error == 0) return code;
  if (error != EPIPE) {
    PrintError(MessageText(program, base::SysError(error, "standard output")));
  }
  return code == 0 ? EX_IOERR : code;
}

std::string VersionText() { return "fleetbox " FLEETBOX_VERSION; }

int Main(const Applet& applet, absl::string_view program,
         absl::Span<const std::string> words) {
  absl::StatusOr<CommandLine> line =
      ReadCommandLine(applet, program, words, FromEnvironment(applet));
  if (applet.insists != nullptr && applet.insists()) {
    if (!line.ok()) {
      Fail(applet, program, nullptr, line.status());
      line = ReadCommandLine(applet, program, {}, {});
      MUST(line.ok());
    }
    line->wanted = Wanted::kRun;
    line->call.verb = nullptr;
  }
  if (!line.ok()) {
    const Verb* verb = nullptr;
    for (const Verb& v : applet.verbs) {
      if (v.name == VerbOfError(applet, line.status())) verb = &v;
    }
    return Finish(program, Fail(applet, program, verb, line.status()));
  }
  int code = 0;
  switch (line->wanted) {
    case Wanted::kRun:
      code = Run(*line);
      break;
    case Wanted::kHelp:
      Print(HelpText(applet, program, line->call.verb));
      break;
    case Wanted::kVersion:
      Print(absl::StrCat(program, " (", VersionText(), ")\n"));
      break;
  }
  return Finish(program, code);
}

}  // namespace cli
