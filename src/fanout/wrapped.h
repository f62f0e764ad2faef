// The command that a wrapper runs in its own place.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "sys/child.h"
#include "sys/environment.h"

namespace fanout {

// The file `name` means. ResourceExhausted (71, as the original's failed exec)
// when there is none that can be executed.
absl::StatusOr<std::string> FindWrapped(absl::string_view name,
                                        const sys::Environment& environment);

// argv[0] becomes `name`, unless that is empty, or `path` is our own
// executable, which goes by its name.
void Rename(const std::string& name, const std::string& path,
            std::vector<std::string>* argv);

// The exit code that stands for it. Differs: 128+N after signal N, not 0.
inline int WrappedStatus(const sys::Ended& ended) {
  return ended.signal != 0 ? 128 + ended.signal : ended.code;
}

}  // namespace fanout
