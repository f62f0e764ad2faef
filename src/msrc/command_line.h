// Command lines within command lines: the options for hxmd's part of the work,
// which come from HXINCLUDE and from ours.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "cli/applet.h"
#include "cli/args.h"

namespace msrc {

// A call of `head` by the words of a variable, and by those options of `call`
// that `head` has, but for the letters in `own`. `head` is borrowed for as long
// as the result lives.
absl::StatusOr<cli::Call> InnerCall(const cli::Applet& head,
                                    const cli::Call& call,
                                    const cli::EnvironmentWords& words,
                                    absl::string_view own);

bool HasOption(const cli::Applet& head, const cli::Option& option);
// An option as a word of a command line.
std::string WordOf(const cli::Seen& seen);

// "MSRC_MODE" of "msrc": letters in capitals, what no macro's name may hold as
// "_".
std::string ModeMacro(absl::string_view program);

// The names the host we are on may have among the elected, the best first:
// "web1.lab.example", "web1.lab", "web1", "localhost.lab.example", "localhost".
std::vector<std::string> LocalNames(absl::string_view host_name);

}  // namespace msrc
