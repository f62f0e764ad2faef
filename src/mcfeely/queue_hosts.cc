// What a queue passes on about hosts that are called.

#include "mcfeely/queue_state.h"

namespace mcfeely {

void Queue::SetCalled(absl::btree_set<std::string> hosts) {
  state_->scheduler.SetCalled(std::move(hosts));
}

std::vector<std::string> Queue::TakeWanted() {
  return state_->scheduler.TakeWanted();
}

void Queue::HostAway(const std::string& host, std::string why, absl::Time again,
                     bool refused, absl::Time now) {
  state_->scheduler.SetAway(host, std::move(why), again);
  if (!refused) return;
  state_->Tick(now);
  state_->Feed(HostRefused{host});
}

}  // namespace mcfeely
