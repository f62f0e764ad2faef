// xclate without -m: one section of a collated stream, copied from standard
// input or written by a command.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fanout/collator_client.h"

namespace fanout {

struct ClientOptions {
  std::string name;
  std::vector<std::string> command;  // empty: copy standard input
  SectionStyle style;
  char escape = '%';                  // of titles
  std::optional<std::string> socket;  // of the manager; else by depth
  int depth = 0;
  bool widow = false;  // to the widow stream, without waiting
  // For the command: the manager's input, error, folder, and which of them is a
  // terminal as the controlling one.
  bool input = false, error = false, folder = false, terminal = false;
  bool finish = false;         // ask the manager to end
  bool return_status = false;  // exit with the section's status
  std::optional<int> watch;    // the process that writes our standard input
  bool inside_stream = false;  // we serve a stream of the manager (-Z)
  bool trace = false, dry_run = false;
};

// The exit code: 0, or the status with `return_status`; 74 when the stream took
// no more. Aborted when the manager is lost or makes no sense; NotFound when
// there is none, or no such command. `say`: as RunManager's.
absl::StatusOr<int> RunClient(
    const ClientOptions& options,
    const std::function<void(absl::string_view)>& say);

}  // namespace fanout
