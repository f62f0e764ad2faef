// The host's log (syslog), for what its administrator is to know and whoever is
// at the other end of our standard error is not.
#pragma once

#include <absl/strings/string_view.h>

namespace sys {

// A notice of the facility authpriv, as one datagram to /dev/log. Where nobody
// listens there it is lost.
void TellSystemLog(absl::string_view program, absl::string_view line);

}  // namespace sys
