// pcu-reboot serve: powerman's server over the inventory (PowermanServer on a
// ServiceRun), until a signal ends it.
#pragma once

#include <absl/status/statusor.h>

#include "cli/applet.h"

namespace power {

absl::StatusOr<int> RunServe(const cli::Call& call);

}  // namespace power
