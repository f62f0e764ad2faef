// The server's configuration file: a directive and its words a line.
// mcfeely-server(8) describes it. Pure: parsing only.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "mcfeely/page_options.h"
#include "mcfeely/scheduler.h"

namespace mcfeely {

// The other end sends something every base::kKeepAlive, whatever we want.
inline constexpr absl::Duration kShortestDeadAfter = absl::Seconds(20);

struct ServerConfig {
  std::string queue = "/var/lib/fleetbox/mcfeely";  // folder
  std::vector<std::string> listen;                  // addresses
  std::string identity, trust;                      // files; "": the usual ones
  std::string policy;  // file; "": the usual one, if there is one
  std::string principal = "server:mcfeely";
  // A sendmail-compatible program and its words; empty: no mail is sent.
  std::vector<std::string> mail;
  std::string mail_from;
  std::string notify = "/etc/fleetbox/notify";  // folder of programs
  absl::btree_set<std::string> hosts;  // known besides those of the trust file
  // Hosts whose agents are called, and their addresses, tried in turn.
  absl::btree_map<std::string, std::vector<std::string>> carriers;
  std::vector<std::string> ssh = {"ssh"};  // program and options, for ssh:
  std::vector<std::string> far_agent;      // options of agents started by ssh:
  absl::Duration dead_after = base::kDeadAfter;  // of silent channels
  SchedulerLimits limits;
  // Ended jobs: how long, and how many.
  absl::Duration keep = absl::Hours(30 * 24);
  size_t keep_jobs = 100'000;
  // Of channels; zero stands for the usual one of base/limits.h.
  absl::Duration handshake_time;
  PageOptions http;  // no address: nothing is served
};

// `path` is for messages: "PATH:LINE: what is wrong" (InvalidArgument).
absl::StatusOr<ServerConfig> ParseServerConfig(absl::string_view text,
                                               absl::string_view path);

}  // namespace mcfeely
