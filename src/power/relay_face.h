// pcu-reboot --via at both ends: the order that goes out, and the process that
// ssh starts where it is carried out.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>

#include "cli/applet.h"
#include "power/host_result.h"
#include "power/reboot_options.h"
#include "power/relay_server.h"
#include "sys/loop.h"

namespace power {

struct ViaCallbacks {
  std::function<void(size_t hosts)> hosts;  // there are so many
  std::function<void(const std::string& text)> plan;
  std::function<void(size_t host, const HostResult& result)> ended;
  std::function<void(const std::string& line)> note;
  std::function<void(const std::string& pcu, const std::string& line)> trace;
  std::function<void()> interrupted;  // a first signal
};
// Has options.via do it, and runs the loop until then. The exit code is the one
// it would be there. An error, with the exit code for it, when nothing came of
// any host; else every one had its result.
absl::StatusOr<int> AskVia(sys::Loop& loop, const RebootOptions& options,
                           const ViaCallbacks& callbacks);

// --relay: one who asks, at standard input and output.
absl::StatusOr<int> RunRelay(const cli::Call& call);
// How a server takes such requests beside what else it does.
RelayServer::Options RelayOptionsOf(const cli::Call& call);

}  // namespace power
