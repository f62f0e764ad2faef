// What -n tells of a host: what it would get, where, and what would be run
// there. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

#include "msrc/plan.h"
#include "msrc/transport.h"

namespace msrc {

// A block of lines; `utility` is a shell's text.
std::string HostListing(const Plan& plan, absl::string_view host,
                        Transport transport, absl::string_view utility);

}  // namespace msrc
