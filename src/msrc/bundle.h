// A delivery that is carried by hand: msrc --bundle writes what msrc-recv
// --apply reads (msrc-transport(7)): a parcel of kind bundle, and behind it the
// contents of all its entries, as one stream.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>

#include "msrc/host_link.h"

namespace msrc {

// Puts it at `file`, mode 0600, in place of what is there. Good until
// `valid_until`. FailedPrecondition when a file is not what it was.
absl::Status WriteBundle(const RunShared& shared, const HostJob& job,
                         absl::Time valid_until, const std::string& file);

}  // namespace msrc
