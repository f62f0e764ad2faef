// The command line of pcu-reboot(8), understood.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "cli/applet.h"
#include "power/campaign_plan.h"
#include "power/campaign_run.h"
#include "power/inventory_reader.h"
#include "power/service_run.h"
#include "power/targets.h"

namespace power {

struct RebootOptions {
  std::string inventory;
  TargetChoice choice = {};
  PlanOptions plan = {};
  CampaignRun::Options run = {};
  bool dry_run = false;
  bool json = false, quiet = false, verbose = false, trace = false;
  bool legacy_output = false;
};

// Action and targets are what is in the operands; files of targets are read.
absl::StatusOr<RebootOptions> ReadRebootOptions(
    const cli::Call& call, Action action, std::vector<std::string> operands);

// For every verb: the inventory that --inventory names, or the usual one, with
// its mistakes in the message and exit code 78.
absl::StatusOr<Inventory> NeedInventory(const cli::Call& call);
absl::StatusOr<Inventory> NeedInventoryAt(const std::string& path);
std::string InventoryPath(const cli::Call& call);
std::string StateFolder(const cli::Call& call);
SecretPlaces PlacesOf(const cli::Call& call);
// The folders, for a service.
ServiceRun::Options ServiceOptionsOf(const cli::Call& call);

}  // namespace power
