// The server's configuration file: a directive and its words a line.
// mcfeely-server(8) describes it. Pure: parsing only.
#pragma once

#include <absl/container/btree_set.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "mcfeely/page_options.h"
#include "mcfeely/scheduler.h"

namespace mcfeely {

struct ServerConfig {
  std::string queue = "/var/lib/fleetbox/mcfeely";  // folder
  std::vector<std::string> listen;                  // addresses
  std::string identity, trust;                      // files; "": the usual ones
  std::string principal = "server:mcfeely";
  // A sendmail-compatible program and its words; empty: no mail is sent.
  std::vector<std::string> mail;
  std::string mail_from;
  absl::btree_set<std::string> hosts;  // known besides those of the trust file
  SchedulerLimits limits;
  PageOptions http;  // no address: nothing is served
};

// `path` is for messages: "PATH:LINE: what is wrong" (InvalidArgument).
absl::StatusOr<ServerConfig> ParseServerConfig(absl::string_view text,
                                               absl::string_view path);

}  // namespace mcfeely
