// Addresses of host names, without the host's look-up modules.
//
// A static executable that let libc follow nsswitch.conf would load the host's
// libnss_*.so, and with them another libc. So every look-up is kept on what is
// inside libc.a: the files in /etc, and DNS.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace sys {

// Numeric addresses of a host name: "localhost" and numeric ones at once,
// others from the hosts file and DNS. BLOCKS (ten seconds and more when a name
// server does not answer); call it from a thread. NotFound; Unavailable when
// the name server does not answer; InvalidArgument for what cannot be a name.
absl::StatusOr<std::vector<std::string>> Resolve(const std::string& host);

// Keeps libc's look-ups of every kind on "files" and "dns". Called by whatever
// here looks something up; once is enough, more is harmless.
void PinLookUps();

}  // namespace sys
