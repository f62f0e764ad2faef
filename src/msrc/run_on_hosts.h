// What a plan comes to on the elected hosts: scripts, one for each, run by
// hosts::Drive.
//
// Where every host has the built-in transport, and no table has a hook, there
// are no scripts (msrc/direct_run.h).
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "fanout/xapply.h"
#include "hosts/drive.h"
#include "hosts/run.h"
#include "msrc/plan.h"
#include "msrc/run_record.h"
#include "msrc/script.h"
#include "msrc/shared_delivery.h"

namespace msrc {

struct HostsOrder {
  std::string program;
  Utility utility;
  std::optional<Transport> transport;  // --transport
  bool strict = false;  // a transport that is not here is a failure
  std::string keep;     // a folder for scratch folders that stay; "" for none
  bool show_scripts = false, show_command = false;  // -d S, -d X
  // The words of hxmd's command line that would do the same, for -d X.
  std::vector<std::string> shown_words;
  hosts::DriveOptions drive;
  DeliveryOptions delivery;
  // An option that asks for the built-in transport; "" for none.
  std::string delivery_option;
  RunRecord* record = nullptr;  // borrowed; null: nothing is recorded
  // Options that are about commands here, and so want scripts.
  bool wants_scripts = false;
};

// `run` is begun, with the plan's MAP files as its operands. The exit code.
absl::StatusOr<int> RunOnHosts(const Plan& plan, HostsOrder order,
                               hosts::Run& run, const fanout::XapplyFace& face);

// The operands of a run for a plan: the names of its MAP files.
std::vector<std::string> OperandsOf(const Plan& plan);
// The order of a plan's scripts.
ScriptOrder ScriptOrderOf(const Plan& plan, const Utility& utility,
                          const hosts::HostOptions& options);
// An operand that is expanded like a file, and is none.
hosts::Operand MadeOperand(const std::string& name, std::string text);
// All operands of a run: the control, the MAP files, which get names that mean
// nothing to a shell or to m4, and what comes behind them.
void SetOperands(hosts::Run& run, hosts::Operand control,
                 std::optional<hosts::Operand> last);

}  // namespace msrc
