#include "mcfeely/metrics.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;

// Counted from the start on, so that a rate is known for the first of them too.
constexpr absl::string_view kEvents[] = {
    "job.accepted",  "job.done",     "job.failed",     "task.dispatched",
    "task.done",     "task.failed",  "task.deferred",  "task.skipped",
    "task.held",     "job.reported", "host.connected", "host.gone",
    "store.trouble", "store.back"};

void Declare(absl::string_view name, absl::string_view type,
             absl::string_view help, std::string* out) {
  absl::StrAppend(out, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type,
                  "\n");
}

void One(absl::string_view name, absl::string_view type, absl::string_view help,
         uint64_t value, std::string* out) {
  Declare(name, type, help, out);
  absl::StrAppend(out, name, " ", value, "\n");
}

void Labelled(absl::string_view name, absl::string_view label,
              absl::string_view text, uint64_t value, std::string* out) {
  absl::StrAppend(out, name, "{", label, "=\"",
                  absl::StrReplaceAll(
                      text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
                  "\"} ", value, "\n");
}

}  // namespace

std::string FormatMetrics(const Metrics& m) {
  std::string out;
  Declare("mcfeely_build_info", "gauge", "The version, as a label.", &out);
  Labelled("mcfeely_build_info", "version", FLEETBOX_VERSION, 1, &out);
  One("process_start_time_seconds", "gauge", "When the server began.",
      static_cast<uint64_t>(absl::ToUnixSeconds(m.started)), &out);
  One("process_resident_memory_bytes", "gauge", "Resident memory.",
      m.resident_bytes, &out);
  One("mcfeely_jobs_open", "gauge", "Jobs that have not ended.", m.open_jobs,
      &out);
  One("mcfeely_tasks_open", "gauge", "Tasks that have not ended.", m.open_tasks,
      &out);
  One("mcfeely_attempts_open", "gauge",
      "Attempts that agents have and that have not ended.", m.open_attempts,
      &out);
  One("mcfeely_store_trouble", "gauge", "1 while the store takes nothing.",
      m.store_in_trouble, &out);
  Declare("mcfeely_events_total", "counter",
          "Events of the log, by their names.", &out);
  absl::btree_map<std::string, uint64_t> events = m.events;
  for (const absl::string_view name : kEvents) events.emplace(name, 0);
  for (const auto& [name, count] : events) {
    Labelled("mcfeely_events_total", "event", name, count, &out);
  }
  Declare("mcfeely_host_connected", "gauge", "1 while its agent is connected.",
          &out);
  for (const pb::HostView& h : m.hosts.host()) {
    Labelled("mcfeely_host_connected", "host", h.name(), h.connected(), &out);
  }
  Declare("mcfeely_host_attempts_open", "gauge", "Open attempts of a host.",
          &out);
  for (const pb::HostView& h : m.hosts.host()) {
    Labelled("mcfeely_host_attempts_open", "host", h.name(), h.running(), &out);
  }
  Declare("mcfeely_host_tasks_ready", "gauge",
          "Tasks of a host that could start.", &out);
  for (const pb::HostView& h : m.hosts.host()) {
    Labelled("mcfeely_host_tasks_ready", "host", h.name(), h.queued(), &out);
  }
  One("mcfeely_http_requests_total", "counter", "Requests answered.",
      m.http.requests, &out);
  One("mcfeely_http_refused_total", "counter",
      "Requests not understood or over a limit.", m.http.refused, &out);
  One("mcfeely_http_timeouts_total", "counter",
      "Connections closed since their request or its reading took too long.",
      m.http.timed_out, &out);
  One("mcfeely_http_streams_dropped_total", "counter",
      "Streams of events whose reader was too slow.", m.http.dropped_streams,
      &out);
  One("mcfeely_http_connections", "gauge", "Connections that are open.",
      m.http.connections, &out);
  One("mcfeely_http_streams", "gauge", "Streams of events among them.",
      m.http.streams, &out);
  return out;
}

}  // namespace mcfeely
