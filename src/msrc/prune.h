// What is removed because it is not listed: what an earlier delivery sent, or
// everything. Pure.
//
// Never removed: what the manifest lists, folders on the way to that, what an
// IGNORE word matches and all that is below it, and folders of revision
// control. A folder goes only when everything in it does.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "msrc/comparison.h"

namespace msrc {

// Something below the folder that may have to go.
struct Found {
  std::string path;
  bool folder = false;
  size_t names = 0;  // in the folder; they are found, too, unless they are kept
};

struct Pruning {
  std::vector<std::string> remove;  // what is in a folder before the folder
  size_t kept = 0;                  // found, not listed, and left alone
};

// Whether a word matches the path, or a folder on the way to it: `*` is any
// text, `?` one byte.
bool IsIgnored(absl::string_view path, const Policy& policy);
// "RCS", ".git" and their kin, as the last part of the path.
bool IsRevisionFolder(absl::string_view path);

// `found` is in tree order.
Pruning PruningOf(const std::vector<Target>& targets,
                  const std::vector<Found>& found, const Policy& policy);

// Whether everything unlisted may be removed from the folder `into`, which is
// absolute and free of links: FailedPrecondition for /, a folder right below
// it, and a home folder.
absl::Status CheckPruneAll(absl::string_view into,
                           const std::vector<std::string>& homes);
// FailedPrecondition when that is more than the policy lets go.
absl::Status CheckPruneCount(size_t files, const Policy& policy);

}  // namespace msrc
