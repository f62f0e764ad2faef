// What a command line asks of an inventory, made into a campaign: who is
// switched, who is left alone, by which ways, how long anything may take. Pure.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "power/campaign.h"
#include "power/inventory.h"
#include "power/targets.h"
#include "power/way_in.h"

namespace power {

struct PlanOptions {
  Action action = Action::kStatus;
  bool with_confirmation = false;
  bool force = false;         // protected hosts that are named exactly
  bool shared = false;        // also what else hangs on the plugs
  bool native_cycle = false;  // the device's own, even if its model is unsafe
  bool no_native_cycle = false;  // not even if its model is safe
  bool wait = true;
  bool hard = true;
  size_t at_once = 256;
  size_t datagrams_at_once = 1024;
  std::optional<absl::Duration> limit = {}, off_time = {}, stagger = {},
                                grace = {}, state_timeout = {}, hold = {},
                                step_timeout = {};
  std::optional<int> retries = {};
  // The guard: refused beyond this many, unless all are meant.
  size_t most = 32;
  bool yes = false;
  std::optional<size_t> expected = {};
};

struct PlannedPcu {
  const Pcu* pcu = nullptr;  // of the inventory
  const Specification* specification = nullptr;
  std::vector<WayIn> ways = {};
  std::vector<std::string> plugs = {};  // all that have a host
};

struct CampaignPlan {
  CampaignRequest request = {};
  std::vector<PlannedPcu> pcus = {};  // beside the request's
  // PCUs that are otherwise than in the inventory: those of `pcus` then.
  std::vector<std::unique_ptr<Pcu>> own = {};
};

bool IsSwitching(Action action);

// InvalidArgument when it must not be done so: too many hosts, another number
// than expected, others on the same plugs.
absl::Status GuardPlan(const Inventory& inventory,
                       absl::Span<const Target> targets,
                       const PlanOptions& options);
CampaignPlan MakePlan(const Inventory& inventory,
                      absl::Span<const Target> targets,
                      const PlanOptions& options);
// The same for whole hosts, in that order; what is no host is skipped.
CampaignPlan PlanHosts(const Inventory& inventory,
                       absl::Span<const std::string> names,
                       const PlanOptions& options);

}  // namespace power
