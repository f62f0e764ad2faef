// The built-in transport without scripts: where no host has a hook, the
// exchanges are all there is (msrc/delivery_run.h), and no process of ours is
// started but ssh.
#pragma once

#include <absl/status/statusor.h>

#include "fanout/xapply.h"
#include "hosts/drive.h"
#include "hosts/run.h"
#include "msrc/plan.h"
#include "msrc/run_record.h"
#include "msrc/script.h"
#include "msrc/shared_delivery.h"

namespace msrc {

struct DirectOrder {
  Utility utility;
  const DeliveryOptions* delivery = nullptr;  // borrowed, as is the next
  const hosts::DriveOptions* drive = nullptr;
  RunRecord* record = nullptr;  // borrowed; null: nothing is recorded
  // Hosts for which there is no executable have tar instead.
  bool may_use_tar = false;
  // What hosts say before their receivers do is told.
  bool shows_noise = false;
};

// `run` is begun, with the plan's MAP files as its operands. The exit code. Of
// `face` what concerns progress.
absl::StatusOr<int> RunDirect(const Plan& plan, const DirectOrder& order,
                              hosts::Run& run, const fanout::XapplyFace& face);

}  // namespace msrc
