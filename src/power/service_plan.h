// What an order of a face (service.h) is as a campaign, and what a campaign's
// results are in the face's words. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "power/campaign_plan.h"
#include "power/inventory.h"
#include "power/service.h"

namespace power {

// As a service has it: connections are kept between orders.
Inventory InventoryToServe(const Inventory& inventory);

// None for what no engine can do.
std::optional<Action> ActionOf(Verb verb);

// Whether the controllers of all of these have a way to do that.
bool CanDo(const Inventory& inventory, Verb verb,
           const std::vector<std::string>& hosts);

// What ActionOf knows, for the hosts of the order, in that order. One that
// cannot be switched without switching others is left alone. Where the order
// has a time for a step, `pcus` holds what the plan points to; it outlives the
// plan.
CampaignPlan PlanOrder(const Inventory& inventory, const ServiceOrder& order,
                       std::vector<std::unique_ptr<Pcu>>* pcus);

// Of host number `host` of what was planned.
ServiceResult ResultForFace(const CampaignRequest& request, size_t host,
                            const HostResult& result);

// powerman's words for a line of a trace.
std::string TelemetryLine(absl::string_view pcu, absl::string_view line);

}  // namespace power
