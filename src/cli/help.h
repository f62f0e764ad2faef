// --help and the usage line, made from a head.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "cli/applet.h"

namespace cli {

// What every command has, -h --help and -V --version, as far as `options` leave
// the letters and words to them.
std::vector<Option> SharedOptions(OptionTable options);

// "usage: xapply [-P N] COMMAND ITEM ...\n"; further forms below each other.
// `verb` may be null.
std::string UsageText(const Applet& applet, absl::string_view program,
                      const Verb* verb);
// Everything the head says; for a verb, everything its verb says. `verbs_title`
// stands above the list of verbs.
std::string HelpText(
    const Applet& applet, absl::string_view program, const Verb* verb,
    absl::string_view verbs_title = "Verbs (VERB --help says more)");

}  // namespace cli
