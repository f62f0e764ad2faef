// Asking the server of this host. Blocks.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <string>

#include "wire/messages.pb.h"

namespace isinit {

// Sends a request and calls `told` with each answer, the last included, until
// then or until it returns false. The exit code of the last answer. Unavailable
// when nobody listens at `socket`, or the server ended before it answered;
// DeadlineExceeded when it has not by `deadline` (sys::SteadyNow's time).
absl::StatusOr<int> Ask(
    const std::string& socket, const fleetbox::wire::IsinitRequest& request,
    absl::Time deadline,
    const std::function<bool(const fleetbox::wire::IsinitAnswer&)>& told);

// Whether a server listens there.
bool IsThere(const std::string& socket);

}  // namespace isinit
