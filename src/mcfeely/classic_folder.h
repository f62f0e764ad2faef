// Reading the queue's folder of the original McFeely (classic_spool.h).
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "mcfeely/classic_spool.h"

namespace mcfeely {

// Whether the folder looks like one.
absl::StatusOr<bool> IsClassicFolder(const std::string& folder);
// All of its files. The original must not run meanwhile: it has no lock by
// which we could know.
absl::StatusOr<ClassicFiles> ReadClassicFolder(const std::string& folder);

}  // namespace mcfeely
