// What a plan cannot come to, whatever its devices answer: for a dry run. Pure.
#pragma once

#include <optional>
#include <vector>

#include "power/campaign_plan.h"
#include "power/outcome.h"

namespace power {

// Of each host of the plan why its models or protocols cannot do it; by the
// first way into each of its feeds.
std::vector<std::optional<Failure>> WhyNot(const CampaignPlan& plan);

}  // namespace power
