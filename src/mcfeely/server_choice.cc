#include "mcfeely/server_choice.h"

#include <algorithm>

#include "base/status.h"

namespace mcfeely {

ServerChoice::ServerChoice(size_t servers, absl::Duration first_pause,
                           absl::Duration longest_pause)
    : first_(first_pause), longest_(longest_pause), servers_(servers) {
  MUST(servers > 0);
}

ServerChoice::Next ServerChoice::Choose(absl::Time now) const {
  size_t soonest = 0;
  for (size_t i = 0; i < servers_.size(); i++) {
    if (servers_[i].not_before <= now) return {i, servers_[i].not_before};
    if (servers_[i].not_before < servers_[soonest].not_before) soonest = i;
  }
  return {soonest, servers_[soonest].not_before};
}

void ServerChoice::Reached(size_t server) { servers_[server] = Server(); }

void ServerChoice::Failed(size_t server, double random, absl::Time now) {
  Server& s = servers_[server];
  s.pause = std::clamp(s.pause * 2, first_, longest_);
  s.not_before = now + s.pause * (0.5 + 0.5 * random);
}

}  // namespace mcfeely
