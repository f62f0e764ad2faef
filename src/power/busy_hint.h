// What a device that is in use says of how long it will be. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>

namespace power {

// How long a busy device says that it will be so: "try again in 30 seconds",
// "for 2 minutes"; nullopt if it does not, or for more than ten minutes.
std::optional<absl::Duration> BusyHint(absl::string_view text);

}  // namespace power
