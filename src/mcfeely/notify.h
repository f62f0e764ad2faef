// Telling a program: what an address "exec:NAME" stands for.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <string>
#include <vector>

#include "sys/loop.h"

namespace mcfeely {

// Runs the program `name` of `folder` with `text` on its stdin, at most a
// minute, with a clean environment and `environment`. It must be as safely
// owned as a comm. `done` comes on the loop, never before this has returned: ok
// when the program exited with 0.
void Notify(sys::Loop& loop, const std::string& folder, const std::string& name,
            std::vector<std::string> environment, std::string text,
            std::function<void(absl::Status)> done);

}  // namespace mcfeely
