// What a monitoring system scrapes, in Prometheus' text format (version 0.0.4).
// mcfeely-server(8) names the metrics. Pure.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/time/time.h>

#include <string>

#include "net/http.h"
#include "wire/messages.pb.h"

namespace mcfeely {

struct Metrics {
  absl::Time started = absl::UnixEpoch();
  size_t resident_bytes = 0;
  size_t open_jobs = 0, open_tasks = 0, open_attempts = 0;
  bool store_in_trouble = false;
  // By the event's name in the log, since the start: "task.done".
  absl::btree_map<std::string, uint64_t> events;
  fleetbox::wire::Reply hosts;  // only its hosts
  net::HttpCounts http;
};

std::string FormatMetrics(const Metrics& metrics);

}  // namespace mcfeely
