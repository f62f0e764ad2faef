// `isinit -- COMMAND`: one command as the only work of a container. We are
// process 1 there: orphans are reaped, and signals passed on.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace isinit {

// Runs it to its end and returns its exit code, 128 + N for a signal N. What it
// left behind gets SIGTERM, and SIGKILL two seconds later. NotFound and
// PermissionDenied when it cannot be executed.
absl::StatusOr<int> RunAsReaper(const std::vector<std::string>& command);

}  // namespace isinit
