// How many tasks run at once: -P and --jobs. Always from 1 to 4096.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>

namespace fanout {

inline constexpr int kMostParallel = 4096;

// Asked only if the answer matters: to count them costs as much as half of our
// start.
using CountProcessors = absl::FunctionRef<int()>;

// What follows -P in its word. Digits: that many, 0 for as many as there are
// processors. Nothing: $PARALLEL if it is a number, else 3 (GNU parallel keeps
// options of its own in that variable). InvalidArgument for anything else.
absl::StatusOr<int> ParseParallel(absl::string_view digits,
                                  std::optional<absl::string_view> variable,
                                  CountProcessors processors);

// --jobs: "8"; "0" for as many as there are processors, and from there "150%",
// "+2" and "-1", of which the result is cut to what is possible.
// InvalidArgument.
absl::StatusOr<int> ParseJobs(absl::string_view text,
                              CountProcessors processors);

}  // namespace fanout
