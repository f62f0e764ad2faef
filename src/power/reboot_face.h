// How pcu-reboot(8) acts on targets and speaks of it.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "cli/applet.h"
#include "power/outcome.h"

namespace power {

// The action on the hosts that the operands name; the exit code.
absl::StatusOr<int> RunAction(const cli::Call& call, Action action,
                              std::vector<std::string> operands);

}  // namespace power
