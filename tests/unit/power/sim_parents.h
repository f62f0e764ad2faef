// Of simulated campaigns: hosts that hang on others, and what must never happen
// to them.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "power/campaign.h"

namespace power_test {

// What really happened to one plug.
struct Plug {
  bool was_on = true;
  bool is_on = true;
  bool was_seen_on = false;
  absl::Time off_since = absl::InfiniteFuture();
  int once_only = 0;  // cycle, reset, soft, nmi
  int offs = 0;
  int users = 0;  // hosts and parents
};
using Plugs = std::map<std::pair<size_t, std::string>, Plug>;

// Parents that are switched themselves, or only carry others. Now and then one
// hangs on itself, by way of plugs that are shared.
void MakeParents(power::CampaignRequest& request, std::mt19937_64& random);

class Family {
 public:
  // All of them outlive this.
  Family(const power::CampaignRequest& request, const Plugs& plugs,
         const std::map<size_t, power::HostResult>& results)
      : request_(request), plugs_(plugs), results_(results) {}

  // No child is switched on, or reset, unless what it hangs on is on, and was
  // seen to be; and nothing is cut off before what hangs on it had its turn.
  void CheckSwitch(size_t pcu, const std::string& plug,
                   power::Action action) const;
  // Something that the host hangs on is off.
  bool IsCutOff(size_t host) const;

 private:
  using Feeds = std::vector<power::CampaignFeed>;
  const Plug& At(const power::CampaignFeed& feed) const {
    return plugs_.at({feed.pcu, feed.plug});
  }
  bool IsOn(const power::CampaignParent& parent) const;
  std::vector<const power::CampaignParent*> Above(size_t host) const;
  bool AreApart(const Feeds& host, const Feeds& parent) const;

  const power::CampaignRequest& request_;
  const Plugs& plugs_;
  const std::map<size_t, power::HostResult>& results_;
};

}  // namespace power_test
