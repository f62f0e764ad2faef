// A campaign in words, for a dry run: what would be done, and in which order.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "power/campaign_plan.h"

namespace power {

// A line for each PCU: model, ways, whose account, what in which order.
std::string PlanText(const CampaignPlan& plan);
// What each host's line says.
std::vector<HostResult> PlanResults(const CampaignPlan& plan);

}  // namespace power
