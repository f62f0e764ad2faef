// Whether a shell would do nothing with a command line but run a program.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

namespace text {

// The program and its arguments, when every POSIX shell would split `command`
// into exactly these words, expand nothing and run a program of that name; none
// when in doubt. `utf8`: bytes from 0x80 up are letters. A leading `exec` is
// taken off. The first word is never a name some shell has built in.
// `any_name`: it may be, for whoever has no shell at all; assignments are still
// refused.
std::optional<std::vector<std::string>> SimpleCommand(absl::string_view command,
                                                      bool utf8,
                                                      bool any_name = false);

}  // namespace text
