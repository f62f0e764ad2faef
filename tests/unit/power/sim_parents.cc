#include "unit/power/sim_parents.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

namespace power_test {

void MakeParents(power::CampaignRequest& request, std::mt19937_64& random) {
  const auto chance = [&random] {
    return std::uniform_real_distribution<double>(0, 1)(random);
  };
  if (!power::HeedsParents(request.action) || chance() < 0.4) return;
  const size_t parents = 1 + random() % 4;
  for (size_t i = 0; i < parents; ++i) {
    const power::CampaignHost& host =
        request.hosts[random() % request.hosts.size()];
    power::CampaignParent parent = {.name = host.name, .feeds = host.feeds};
    if (chance() < 0.4) {
      parent = {.name = absl::StrCat("c", i),
                .feeds = {{.pcu = random() % request.pcus.size(),
                           .plug = absl::StrCat(random() % 24)}}};
    }
    if (i > 0 && chance() < 0.4) parent.parent = random() % i;
    request.parents.push_back(parent);
  }
  for (power::CampaignHost& host : request.hosts) {
    if (chance() < 0.6) host.parents.push_back(random() % parents);
  }
}

bool Family::IsOn(const power::CampaignParent& parent) const {
  return absl::c_any_of(parent.feeds, [this](const power::CampaignFeed& feed) {
    return At(feed).is_on;
  });
}

// What it hangs on, what that hangs on, and so on.
std::vector<const power::CampaignParent*> Family::Above(size_t host) const {
  std::vector<const power::CampaignParent*> above;
  for (const size_t parent : request_.hosts[host].parents) {
    std::optional<size_t> at = parent;
    for (; at.has_value(); at = above.back()->parent) {
      above.push_back(&request_.parents[*at]);
    }
  }
  return above;
}

// Nobody else uses their plugs.
bool Family::AreApart(const Feeds& host, const Feeds& parent) const {
  return absl::c_all_of(host,
                        [this](const power::CampaignFeed& feed) {
                          return At(feed).users == 1;
                        }) &&
         absl::c_all_of(parent, [this](const power::CampaignFeed& feed) {
           return At(feed).users <= 2;
         });
}

bool Family::IsCutOff(size_t host) const {
  return absl::c_any_of(
      Above(host),
      [this](const power::CampaignParent* parent) { return !IsOn(*parent); });
}

void Family::CheckSwitch(size_t pcu, const std::string& plug,
                         power::Action action) const {
  const power::CampaignFeed feed = {.pcu = pcu, .plug = plug};
  for (size_t host = 0; host < request_.hosts.size(); ++host) {
    const Feeds& its = request_.hosts[host].feeds;
    if (request_.hosts[host].skipped.has_value()) continue;
    for (const power::CampaignParent* parent : Above(host)) {
      if (power::EndsOff(action)) {
        if (absl::c_linear_search(parent->feeds, feed) &&
            AreApart(its, parent->feeds)) {
          REQUIRE(results_.count(host) > 0);
        }
      } else if (absl::c_linear_search(its, feed)) {
        REQUIRE(IsOn(*parent));
        REQUIRE(absl::c_any_of(parent->feeds,
                               [this](const power::CampaignFeed& other) {
                                 return At(other).was_seen_on;
                               }));
      }
    }
  }
}

}  // namespace power_test
