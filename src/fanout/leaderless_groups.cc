#include "fanout/leaderless_groups.h"

#include <signal.h>

#include <iterator>

#include "sys/clock.h"
#include "sys/process.h"

namespace fanout {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(10);

}  // namespace

void LeaderlessGroups::Watch(int leader, absl::Duration patience) {
  if (!sys::IsGroupAlive(leader)) return;
  deadlines_[leader] = sys::SteadyNow() + patience;
  if (timer_ == 0) timer_ = loop_.After(kInterval, [this] { Look(); });
}

void LeaderlessGroups::Signal(int signal) {
  for (const auto& [leader, deadline] : deadlines_) kill(-leader, signal);
}

void LeaderlessGroups::Look() {
  timer_ = 0;
  const absl::Time now = sys::SteadyNow();
  for (auto it = deadlines_.begin(); it != deadlines_.end();) {
    if (it->second <= now) kill(-it->first, SIGKILL);
    it = sys::IsGroupAlive(it->first) ? std::next(it) : deadlines_.erase(it);
  }
  if (deadlines_.empty()) return gone_();
  timer_ = loop_.After(kInterval, [this] { Look(); });
}

}  // namespace fanout
