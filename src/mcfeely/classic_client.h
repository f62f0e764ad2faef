// What mcfeely-qread, mcfeely-qwatch and `mcfeely-server status --classic`
// print.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "cli/applet.h"
#include "mcfeely/client.h"

namespace mcfeely {

// Asks for the jobs of `status`, one after the other so that no answer is too
// long, and calls `print` with each.
absl::Status ListClassic(Client& client,
                         const fleetbox::wire::Query::Status& status,
                         absl::FunctionRef<void(absl::string_view)> print);
// The same for an applet without operands that has an option "older", and those
// of client_options.h.
absl::Status ListClassic(const cli::Call& call,
                         absl::FunctionRef<void(absl::string_view)> print);

}  // namespace mcfeely
