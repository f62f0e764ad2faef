// What the statuses of all hosts come to. Pure.
//
// The status of a host is the exit code of its command, 128 + N after signal N;
// what is above 255 says that there was no command:
//
//   1000 + N   a text could not be expanded: m4, or make, exited with N
//   2000 + N   the same by signal N
//   3000       the run ended before it was its turn
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

namespace hosts {

inline constexpr int kExpansionFailed = 1000;  // and above
inline constexpr int kNotStarted = 3000;

// 0 when all hosts are done, 1 when some failed, 2 when all did.
int ExitCodeOf(absl::Span<const int> statuses);

// For people: how many failed, and for each status, in order, which hosts; no
// line when none failed. `name_of` is asked for positions.
std::vector<std::string> FailureSummary(
    absl::Span<const int> statuses,
    absl::FunctionRef<absl::string_view(size_t)> name_of);

}  // namespace hosts
