// What comes after all hosts: the closing command is run on the list of how
// they ended.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <optional>
#include <string>

#include "hosts/closing.h"
#include "hosts/run.h"

namespace hosts {

// Its exit code. `statuses` are those of the elected; `shell` is that of the
// commands, if one was asked for.
absl::StatusOr<int> RunClosing(Run& run, const ClosingOptions& options,
                               const std::optional<std::string>& shell,
                               absl::Span<const int> statuses);

}  // namespace hosts
