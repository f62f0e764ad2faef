// A small file that is replaced often: readers see the old text or the new one.
// Not synced: after a loss of power nothing of it is true any more.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <string>

namespace isinit {

absl::Status WriteWhole(const std::string& path, absl::string_view text);

}  // namespace isinit
