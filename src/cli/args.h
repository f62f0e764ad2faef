// The command line, checked against an applet's head.
//
// The first operand ends the options, always: `msrc make -f all` gives -f to
// make. "--" ends them too. A word of options may be a cluster (-abc), and a
// value may be attached or the next word (-P8, -P 8, --parallel=8,
// --parallel 8); one that may be left out is attached when given.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>

#include "cli/applet.h"

namespace cli {

enum class Wanted { kRun, kHelp, kVersion };

struct CommandLine {
  Wanted wanted = Wanted::kRun;
  Call call;
};

// What the environment adds: the variable's name and its value; empty when the
// head names none, or none of them is set.
struct EnvironmentWords {
  std::string name, text;
};

// `words` are what stands behind the name. UsageError when it does not fit the
// head; --help and --version (and -h and -V, unless the head has these letters)
// win over whatever follows them.
absl::StatusOr<CommandLine> ReadCommandLine(
    const Applet& applet, absl::string_view program,
    absl::Span<const std::string> words,
    const EnvironmentWords& environment = {});

// The first operand stands where a verb was expected, or nothing does.
absl::Status NotAVerb(const Call& call);

// How an option is named in messages: "--parallel", or "-x".
std::string OptionName(const Option& option);

// The verb a UsageError is about, so that its usage line is printed; empty for
// the applet's own. FailWith's exit code; 0 for a status that has none.
absl::string_view VerbOfError(const Applet& applet, const absl::Status& status);
bool IsUsageError(const absl::Status& status);
int ExitCodeIn(const absl::Status& status);

}  // namespace cli
