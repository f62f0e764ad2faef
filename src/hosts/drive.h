// hxmd, behind the election: a command for each host, many at once, and one
// that is told how they ended.
//
//   elected hosts ──► Supply: texts and files ──► fanout: their commands
//                                                        │ statuses
//            exit code ◄── closing command ◄── list ◄────┘
//
// All of it is one process, with one loop for the commands and one thread that
// expands ahead of them. A host's files are there as long as its command runs.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <optional>
#include <string>

#include "fanout/xapply.h"
#include "hosts/closing.h"
#include "hosts/drive_outcome.h"
#include "hosts/run.h"

namespace hosts {

struct DriveOptions {
  // How commands are run, and what is done with what they print. Items,
  // environment and `otherwise` are not looked at; an empty `command` is "%+":
  // the control, a template for the other operands.
  fanout::XapplyOptions commands;
  std::optional<std::string> otherwise;  // -N
  int preload = 2;                       // hosts expanded ahead
  // Between the first `jobs` starts.
  absl::Duration spacing = absl::Milliseconds(10);
  ClosingOptions closing;
  bool always_zero = false;  // the exit code, whatever the commands did
  // A host is done with, or was skipped: its place among the elected, and its
  // status. May be null.
  std::function<void(size_t position, int status)> ended;
  // What a dry run prints for a host, in the place of its command. May be null.
  std::function<std::string(size_t position, absl::string_view command)> listed;
  // A dry run that prints a script of the commands instead, which ends with
  // this one (ShellPlan::last).
  bool shell_plan = false;
  std::string plan_last;
  // Where the commands' output goes, and what is printed besides: expressions
  // of xclate's -O and -W.
  std::optional<std::string> output, widows;
};

// The exit code; of `face` only what concerns progress is used. Statuses: that
// of an expansion that failed for a reason that is not its host's.
absl::StatusOr<int> Drive(Run& run, DriveOptions options,
                          const fanout::XapplyFace& face);

}  // namespace hosts
