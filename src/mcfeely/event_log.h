// The event log of a queue, as it is read: one line per event.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <string>

namespace mcfeely {

std::string EventLogPath(const std::string& queue_folder);

// Calls `line` (with its newline) for each line of the log and of the one
// before it, or with `job` not 0 only for those about that job, until it
// returns false. With `follow` goes on as the log grows, for ever, through its
// rotation too. NotFound.
absl::Status ReadEventLog(
    const std::string& path, uint64_t job, bool follow,
    const std::function<bool(absl::string_view line)>& line);

}  // namespace mcfeely
