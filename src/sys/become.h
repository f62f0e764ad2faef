// A command in our own place.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <vector>

namespace sys {

// Executes argv[0], looked up on our PATH when it has no '/', with our
// environment; returns only when that fails.
absl::Status BecomeCommand(const std::vector<std::string>& argv);

}  // namespace sys
