// A connection to a server of powerman's protocol, for as long as one command
// line takes.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace power {

// `server`: HOST, HOST:PORT, [V6]:PORT, or the path of a socket, with a '/'.
// BLOCKS. Unavailable when nobody answers there within `longest`.
absl::StatusOr<sys::Fd> ConnectToPowerman(const std::string& server,
                                          absl::Duration longest);

// Has the commands carried out over that connection, however long it takes;
// what is to be shown comes as it arrives. The exit code (PowermanTalk).
absl::StatusOr<int> RunPowermanCommands(
    sys::Fd connection, std::vector<std::string> commands, bool goes_on,
    std::function<void(absl::string_view)> print);

}  // namespace power
