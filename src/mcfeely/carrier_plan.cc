#include "mcfeely/carrier_plan.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "base/time.h"

namespace mcfeely {

CarrierPlan::CarrierPlan(CarrierLimits limits, std::function<double()> random)
    : limits_(limits), random_(std::move(random)) {}

CarrierPlan::Host* CarrierPlan::Find(const std::string& host) {
  const auto found = hosts_.find(host);
  return found == hosts_.end() ? nullptr : &found->second;
}

void CarrierPlan::Add(const std::string& host, size_t addresses, bool on_demand,
                      absl::Time now) {
  MUST(addresses > 0);
  now_ = std::max(now_, now);
  const auto [at, is_new] = hosts_.try_emplace(host);
  if (!is_new) return;
  Host& h = at->second;
  h.name = host;
  h.addresses = addresses;
  h.on_demand = on_demand;
  if (Wanted(h)) Due(h);
  FillPlaces();
}

// --- events -----------------------------------------------------------------

void CarrierPlan::Work(const std::string& host, bool has, absl::Time now) {
  now_ = std::max(now_, now);
  Host* h = Find(host);
  if (h == nullptr || h->work == has) return;
  h->work = has;
  switch (h->state) {
    case State::kIdle:
      if (Wanted(*h)) Due(*h);
      break;
    case State::kConnected:
      if (!Wanted(*h)) Go(*h, State::kLingering, now_ + limits_.linger);
      break;
    case State::kLingering:
      if (Wanted(*h)) Go(*h, State::kConnected, absl::InfiniteFuture());
      break;
    case State::kDue:        // looked at when its turn comes
    case State::kCalling:    // ... when it is connected
    case State::kSlowCall:   //
    case State::kHangingUp:  // ... when it has ended
    case State::kResting:    // ... when the rest is over
      break;
  }
  FillPlaces();
}

bool CarrierPlan::Announced(const std::string& host, absl::Time now) {
  now_ = std::max(now_, now);
  Host* h = Find(host);
  if (h == nullptr ||
      (h->state != State::kCalling && h->state != State::kSlowCall)) {
    return false;
  }
  h->connected = now_;
  h->tried = 0;
  if (Wanted(*h)) {
    Go(*h, State::kConnected, absl::InfiniteFuture());
  } else {
    Go(*h, State::kLingering, now_ + limits_.linger);
  }
  FillPlaces();
  return true;
}

void CarrierPlan::Ended(const std::string& host, std::string why,
                        absl::Time now, bool refused) {
  now_ = std::max(now_, now);
  Host* h = Find(host);
  if (h == nullptr) return;
  h->refused = refused;
  switch (h->state) {
    case State::kCalling:
    case State::kSlowCall:
      h->trouble = std::move(why);
      h->address = (h->address + 1) % h->addresses;
      // The next address at once; a rest when all of them have failed.
      if (++h->tried < h->addresses && Wanted(*h)) {
        Due(*h);
      } else {
        Rest(*h);
      }
      break;
    case State::kConnected:
    case State::kLingering:
      h->trouble = std::move(why);
      if (now_ - h->connected >= limits_.lasting) h->failures = 0;
      Rest(*h);
      break;
    case State::kHangingUp:
      // We wanted it so; but work may have come meanwhile.
      h->failures = 0;
      if (Wanted(*h)) {
        Due(*h);
      } else {
        Go(*h, State::kIdle, absl::InfiniteFuture());
      }
      break;
    case State::kIdle:
    case State::kDue:
    case State::kResting:
      break;
  }
  FillPlaces();
}

void CarrierPlan::Wake(absl::Time now) {
  now_ = std::max(now_, now);
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    Host& h = *timers_.begin()->second;
    switch (h.state) {
      case State::kCalling:
        Go(h, State::kSlowCall, h.called + LaneOf(h).longest);
        break;
      case State::kSlowCall:
        // Ended comes for it, and finds it as it is.
        Go(h, State::kSlowCall, absl::InfiniteFuture());
        actions_.push_back(HangUp{
            h.name, absl::StrCat("no agent after ",
                                 base::FormatDuration(LaneOf(h).longest))});
        break;
      case State::kLingering:
        Go(h, State::kHangingUp, absl::InfiniteFuture());
        actions_.push_back(HangUp{h.name, "no more work"});
        break;
      case State::kResting:
        h.tried = 0;
        if (Wanted(h)) {
          Due(h);
        } else {
          Go(h, State::kIdle, absl::InfiniteFuture());
        }
        break;
      case State::kIdle:
      case State::kDue:
      case State::kConnected:
      case State::kHangingUp:
        Go(h, h.state, absl::InfiniteFuture());
        break;
    }
  }
  FillPlaces();
}

void CarrierPlan::Stop() {
  stopped_ = true;
  actions_.clear();
}

absl::Time CarrierPlan::wake_at() const {
  if (stopped_ || timers_.empty()) return absl::InfiniteFuture();
  return timers_.begin()->first;
}

std::vector<CarrierAction> CarrierPlan::TakeActions() {
  return std::exchange(actions_, {});
}

// --- steps ------------------------------------------------------------------

void CarrierPlan::Go(Host& h, State state, absl::Time until) {
  if (h.until < absl::InfiniteFuture()) timers_.erase({h.until, &h});
  Line& line = h.on_demand ? on_demand_ : kept_;
  const auto calls = [](State s) {
    return s == State::kCalling || s == State::kSlowCall;
  };
  line.calling += (state == State::kCalling) - (h.state == State::kCalling);
  line.under_way += calls(state) - calls(h.state);
  h.state = state;
  h.until = until;
  if (until < absl::InfiniteFuture()) timers_.insert({until, &h});
}

void CarrierPlan::Due(Host& h) {
  Go(h, State::kDue, absl::InfiniteFuture());
  Line& line = h.on_demand ? on_demand_ : kept_;
  (h.failures == 0 && h.tried == 0 ? line.fresh : line.failed).push_back(&h);
}

void CarrierPlan::Rest(Host& h) {
  // A host that was reached is called again soon.
  h.failures++;
  absl::Duration rest = limits_.first_rest;
  for (int i = 1; i < h.failures && rest < limits_.longest_rest; i++) rest *= 2;
  rest = std::min(rest, limits_.longest_rest) * (0.5 + 0.5 * random_());
  const absl::Time again = now_ + rest;
  Go(h, State::kResting, again);
  if (!stopped_)
    actions_.push_back(HostAway{h.name, h.trouble, again, h.refused});
}

void CarrierPlan::FillPlaces() {
  for (Line* line : {&kept_, &on_demand_}) {
    while (!stopped_ && !(line->fresh.empty() && line->failed.empty())) {
      auto& first = line->fresh.empty() ? line->failed : line->fresh;
      Host& h = *first.front();
      const CarrierLimits::Lane lane = LaneOf(h);
      if (line->calling >= lane.places || line->under_way >= lane.most) break;
      first.pop_front();
      if (!Wanted(h)) {
        Go(h, State::kIdle, absl::InfiniteFuture());
        continue;
      }
      h.called = now_;
      Go(h, State::kCalling, now_ + lane.slow);
      actions_.push_back(CallHost{h.name, h.address});
    }
  }
}

}  // namespace mcfeely
