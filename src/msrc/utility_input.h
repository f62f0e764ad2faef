// What utilities are to read: the same for every host, each from its beginning.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "fanout/xapply.h"
#include "hosts/run.h"

namespace msrc {

// The path of a file that -i leads to; "" for no input. What is no file, as a
// pipe, is read to its end, into the run's folder. Errors before any host is
// called: NotFound, and so on.
absl::StatusOr<std::string> UtilityInput(const fanout::XapplyOptions& commands,
                                         hosts::Run& run);

}  // namespace msrc
