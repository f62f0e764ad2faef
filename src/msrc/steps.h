// Where hosts have hooks, a script of each does its delivery in two steps, and
// what the tables say comes between them:
//
//   "$MSRC_PROGRAM" msrc --step transfer ...   connects, and applies the folder
//   (PRE_CMD)
//   "$MSRC_PROGRAM" msrc --step utility ...    runs the utility, over the same
//                                              connection
//
// The connections are the run's, in a thread of its own beside the one that
// runs the scripts; a step is a small program that asks for them. A script that
// ends without its second step has its connection closed, and no utility.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <memory>
#include <optional>
#include <string>

#include "msrc/host_report.h"
#include "msrc/plan.h"
#include "msrc/shared_delivery.h"
#include "msrc/utility_message.h"

namespace msrc {

class StepServer {
 public:
  // Listens in `folder`, which must be private. All else is borrowed.
  static absl::StatusOr<std::unique_ptr<StepServer>> Start(
      const Plan& plan, const UtilityPlan& utility,
      const DeliveryOptions& options, const SharedDelivery& shared,
      const std::string& folder);
  // Ends whatever is still under way; utilities there have some seconds for it.
  ~StepServer();

  const std::string& socket() const;
  // How a host's delivery ended, once that was told to its script; its position
  // is not known here. From any thread.
  std::optional<HostReport> ReportOf(absl::string_view host) const;

 private:
  StepServer();
  struct State;
  std::unique_ptr<State> state_;
};

// The words of a step, behind its kind: what the scripts write (AddTransfer).
//
//   transfer         the script's pid, SSH, [login@]host, a path for each MAP
//                    file
//   transfer-or-tar  the same; where there is no executable for the host it
//   ends
//                    with kUseTar, and the script goes on by itself
//   utility          the script's pid, a shell, a file to source first
//
// The step itself, in a process of its own: its exit code.
absl::StatusOr<int> RunStep(absl::Span<const std::string> words);

}  // namespace msrc
