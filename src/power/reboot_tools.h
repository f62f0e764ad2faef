// What pcu-reboot(8) does besides acting on hosts: it shows, checks and keeps.
#pragma once

#include <absl/status/statusor.h>

#include "cli/applet.h"

namespace power {

absl::StatusOr<int> RunList(const cli::Call& call);
absl::StatusOr<int> RunModels(const cli::Call& call);
absl::StatusOr<int> RunLint(const cli::Call& call);
absl::StatusOr<int> RunImport(const cli::Call& call);
absl::StatusOr<int> RunJournal(const cli::Call& call);
absl::StatusOr<int> RunSecret(const cli::Call& call);

}  // namespace power
