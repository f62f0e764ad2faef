// Scripts that teach a shell to complete our command lines, made of the heads.
//
// A script knows all commands: by their names, behind `fleetbox NAME`, and by
// their short names there. What completes a value follows from how its head
// calls it ("FILE"); an operand is a file, unless the usage line calls one
// COMMAND, UTILITY, CLIENT or PROGRAM: then the first one is a command. As on a
// command line, the first operand ends the options, or is a verb.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>

#include "cli/applet.h"
#include "cli/multi.h"

namespace cli {

enum class CompletionShell { kBash, kZsh, kFish };

// "bash", "zsh" or "fish".
std::optional<CompletionShell> FindCompletionShell(absl::string_view name);

// `itself` is the head of fleetbox. Pure: the same heads make the same text.
std::string CompletionScript(Table table, const Applet& itself,
                             CompletionShell shell);

}  // namespace cli
