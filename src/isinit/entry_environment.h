// The environment of an entry's processes: what it is made of, and the files
// that env-file= names. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <utility>
#include <vector>

#include "isinit/table.h"

namespace isinit {

// What every process has that nothing else is said about.
inline constexpr absl::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

using Variables = std::vector<std::pair<std::string, std::string>>;

// Lines NAME=VALUE; empty ones and those that begin with '#' say nothing, an
// `export` in front is taken off. A value may stand in '...' or in "...", in
// which a backslash quotes '"', '\', '$' and '`'. Nothing is expanded.
// InvalidArgument, with the line's number, for anything else.
absl::StatusOr<Variables> ReadEnvironmentFile(absl::string_view text);

struct EnvironmentParts {
  absl::Span<const std::string> ours;  // NAME=VALUE; env-pass= takes from it
  Variables account;                   // of user=: HOME, USER, LOGNAME, SHELL
  Variables file;                      // of env-file=
  Variables own;  // ISINIT_... and the like: nothing stands above these
};
// NAME=VALUE, each name once. The later stands above the earlier: PATH, the
// account's, what is passed on, the file's, env=, our own.
std::vector<std::string> MakeEnvironment(const Surroundings& surroundings,
                                         const EnvironmentParts& parts);

// The first of that name; "" when there is none.
absl::string_view ValueOf(absl::Span<const std::string> environment,
                          absl::string_view name);

}  // namespace isinit
