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
  // Another host that is to do it; whose key and trust file count then.
  std::string via = {}, identity = {}, trust = {};
};

// Action and targets are what is in the operands; files of targets are read.
absl::StatusOr<RebootOptions> ReadRebootOptions(
    const cli::Call& call, Action action, std::vector<std::string> operands);

// For every verb: the inventory that --inventory names, or the usual one, with
// its mistakes in the message and exit code 78.
absl::StatusOr<Inventory> NeedInventory(const cli::Call& call);
absl::StatusOr<Inventory> NeedInventory(const std::string& path);
// What an inventory makes of a choice, past its guards; else with exit code 64
// or 66.
absl::StatusOr<CampaignPlan> NeedPlan(const Inventory& inventory,
                                      const TargetChoice& choice,
                                      const PlanOptions& options);
std::string InventoryPath(const cli::Call& call);
std::string StateFolder(const cli::Call& call);
SecretPlaces PlacesOf(const cli::Call& call);
// The folders of locks, journal and secrets.
CampaignRun::Options FoldersOf(const cli::Call& call);
// The same, for a service.
ServiceRun::Options ServiceOptionsOf(const cli::Call& call);

}  // namespace power
