// xclate -m: runs a utility, and manages a collated stream for all it starts.
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

struct ManagerOptions {
  // Empty: $SHELL. {":"}: none; serve until a client asks for the end.
  std::vector<std::string> utility;
  std::optional<int> wait_for;  // a process to wait for instead of a utility
  SectionStyle style;           // inherited by clients that give none
  // Stream expressions (fanout/stream.h); "-" is special for each.
  std::optional<std::string> notify, output, widow, input;
  bool notify_status = false, announce = false;
  std::optional<std::string> socket;  // a path, instead of a private one
  bool detached = false;
  int depth = 0;  // which outer stream -O - uses
  std::string group_name = "group";
  bool finish_outer = false;  // with -O -: ask the outer manager to end
  std::string shell;          // "" for $SHELL, else sh
  bool trace = false, dry_run = false;
};

// The exit code: the utility's, 128+N after signal N, 74 when the collated
// stream or a widow stream of the user's choice took no more. `say` gets lines
// for standard error: warnings, and the trace.
absl::StatusOr<int> RunManager(
    const ManagerOptions& options,
    const std::function<void(absl::string_view)>& say);

}  // namespace fanout
