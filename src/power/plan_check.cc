#include "power/plan_check.h"

#include <absl/algorithm/container.h>

#include <string>
#include <utility>

#include "power/ability.h"
#include "power/host_operation.h"

namespace power {
namespace {

// A PCU as its first way in knows it.
struct Asked {
  DialogueDevice device = {};
  std::vector<std::string> plugs = {};  // all that are asked for
};

Asked AskedOf(const PlannedPcu& pcu, std::vector<std::string> plugs) {
  Asked asked = {.plugs = std::move(plugs)};
  if (pcu.ways.empty()) return asked;
  const Specification& spec = *pcu.ways.front().specification;
  asked.device.specification = &spec;
  for (const std::string& name :
       spec.plugs.empty() ? asked.plugs : spec.plugs) {
    asked.device.plugs.push_back(
        {name, absl::c_linear_search(pcu.plugs, name)});
  }
  if (!spec.plugs.empty()) return asked;
  for (const std::string& name : pcu.plugs) {
    if (absl::c_linear_search(asked.plugs, name)) continue;
    asked.device.plugs.push_back({name});
  }
  return asked;
}

std::vector<Asked> AskedBy(const CampaignPlan& plan) {
  std::vector<std::vector<std::string>> plugs(plan.pcus.size());
  for (const CampaignHost& host : plan.request.hosts) {
    if (host.skipped.has_value()) continue;
    for (const CampaignFeed& feed : host.feeds) {
      plugs[feed.pcu].push_back(feed.plug);
    }
  }
  std::vector<Asked> all;
  all.reserve(plan.pcus.size());
  for (size_t pcu = 0; pcu < plan.pcus.size(); ++pcu) {
    all.push_back(AskedOf(plan.pcus[pcu], std::move(plugs[pcu])));
  }
  return all;
}

std::optional<Failure> WhyNotByFeed(const CampaignPlan& plan,
                                    const Asked& asked,
                                    const CampaignFeed& feed, Action action) {
  const PlannedPcu& pcu = plan.pcus[feed.pcu];
  if (pcu.ways.empty()) return std::nullopt;
  if (asked.device.specification->scripts.empty()) {
    return WhyNotByProtocol(pcu.ways.front().way.transport, action);
  }
  return WhyNotByScripts(asked.device,
                         {.action = action,
                          .plug = feed.plug,
                          .options = plan.request.pcus[feed.pcu].options,
                          .with_confirmation = plan.request.with_confirmation},
                         [&asked] { return asked.plugs; });
}

// Of several feeds some orders go to the first whose controller knows them; all
// others need each of them, and a cycle is off and on of each then.
std::optional<Failure> WhyNotOf(const CampaignPlan& plan,
                                const std::vector<Asked>& asked,
                                const CampaignHost& host) {
  const Action action = plan.request.action;
  std::vector<Action> steps = {action};
  if (action == Action::kCycle && host.feeds.size() > 1) {
    steps = {Action::kOff, Action::kOn};
  }
  std::optional<Failure> first;
  for (const CampaignFeed& feed : host.feeds) {
    std::optional<Failure> failure;
    for (const Action step : steps) {
      if (failure.has_value()) break;
      failure = WhyNotByFeed(plan, asked[feed.pcu], feed, step);
    }
    if (!failure.has_value() && IsSought(action)) return std::nullopt;
    if (!first.has_value()) first = std::move(failure);
  }
  return first;
}

}  // namespace

std::vector<std::optional<Failure>> WhyNot(const CampaignPlan& plan) {
  const std::vector<Asked> asked = AskedBy(plan);
  std::vector<std::optional<Failure>> all;
  all.reserve(plan.request.hosts.size());
  for (const CampaignHost& host : plan.request.hosts) {
    all.push_back(WhyNotOf(plan, asked, host));
  }
  return all;
}

}  // namespace power
