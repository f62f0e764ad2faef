// Where a receiver keeps what helps it later: hashes, lists of sent files, the
// output of utilities that run on. A folder of the account's own that nobody
// else can write to.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>

namespace msrc {

// $XDG_CACHE_HOME/fleetbox or ~/.cache/fleetbox, made with mode 0700; where
// that cannot be, $TMPDIR/fleetbox-UID. PermissionDenied when what is there
// belongs to somebody else, or others can write to it.
absl::StatusOr<std::string> CacheFolder();
// The same for a folder of that name in particular.
absl::Status NeedPrivateFolder(const std::string& path);

// Removes receivers and runs that were not used for long. Failures are nobody's
// concern.
void TidyCache(const std::string& cache, absl::Time now);

}  // namespace msrc
