// A command of an expansion: what m4's syscmd runs, and make for a cache
// directory. Its standard output is ours to keep; it has no standard input.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <functional>
#include <string>

#include "sys/child.h"
#include "sys/environment.h"

namespace hosts {

struct CommandOrder {
  std::vector<std::string> argv;
  std::string folder;  // "" is ours
  const sys::Environment* environment = nullptr;
  // Asked a few times a second; a reason that is not "" ends the command.
  std::function<std::string()> stop;
};

// Appends the output. Ends when the command has ended and nothing else holds
// its output. Cancelled with stop's reason; ResourceExhausted for more than
// kMaxOperandBytes.
absl::StatusOr<sys::Ended> RunCommand(const CommandOrder& order,
                                      std::string* output);

}  // namespace hosts
