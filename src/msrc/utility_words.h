// What a Utility means: whether it is one at all, and the program and folder it
// comes to. Pure.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "wire/messages.pb.h"

namespace msrc {

// InvalidArgument for what is beyond the limits, or cannot be executed as it is
// said.
absl::Status CheckUtility(const fleetbox::wire::Utility& utility);

// Whether it can be one: its size, and its type as TERM has it.
bool IsTerminal(const fleetbox::wire::Terminal& terminal);

struct Command {
  std::vector<std::string> argv;
  std::string folder;  // it starts in
};
// `into` and `home` are absolute. With a DEFS file the shell begins at home,
// where its name may be relative to, and changes the folder itself.
Command CommandOf(const fleetbox::wire::Utility& utility,
                  const std::string& into, const std::string& home);

// Whether the controller may send it to a utility; 0 is TERM. `*ends` says
// whether one that does not end by it is killed.
bool IsSignalForUtility(uint32_t signal, bool* ends);

}  // namespace msrc
