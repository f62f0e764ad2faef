// Prints the script of a run (hosts/shell_plan.h) as its commands become known.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <utility>

#include "hosts/drive.h"
#include "hosts/expander.h"
#include "hosts/run.h"
#include "hosts/shell_plan.h"

namespace hosts {

class PlanPrinter {
 public:
  // What is printed first, with the files all hosts share. The run's private
  // folder has been made. Statuses: files that cannot be read, no shell.
  static absl::StatusOr<PlanPrinter> Begin(Run& run,
                                           const DriveOptions& options);
  // `texts` are those of the command; their files are still there.
  absl::Status Host(
      absl::string_view host, absl::string_view command,
      absl::Span<const std::pair<std::string, std::string>> variables,
      const HostTexts& texts);
  void Skipped(absl::string_view host, const Failure& failure);
  void End();

 private:
  ShellPlan plan_;
};

}  // namespace hosts
