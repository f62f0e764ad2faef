// Requests in simulated time, with controllers that refuse, hang up, carry out
// what they then do not confirm, and forget; and with people who interrupt.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "power/campaign.h"
#include "unit/power/sim_parents.h"

namespace {

using power::Action;
using power::Campaign;
using power::CampaignHost;
using power::CampaignParent;
using power::CampaignRequest;
using power::Failure;
using power::FailureClass;
using power::HostOutcome;
using power::HostResult;
using power::Outcome;
using power::PlugResult;
using power::PlugState;
using power::VerifyLevel;
using power_test::Plug;

constexpr int kWorlds = 10'000;

uint64_t FirstSeed() {
  const char* given = getenv("SEED");
  return given == nullptr ? 1 : strtoull(given, nullptr, 10);
}

class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {
    MakeRequest();
    campaign_ =
        std::make_unique<Campaign>(request_, [this] { return Chance(); });
  }

  void Run() {
    Take(campaign_->Begin(now_));
    const absl::Time interrupt_at = Chance() < 0.3
                                        ? now_ + absl::Seconds(Chance() * 20)
                                        : absl::InfiniteFuture();
    const absl::Time abandon_at =
        Chance() < 0.3 ? interrupt_at + absl::Seconds(Chance() * 20)
                       : absl::InfiniteFuture();
    absl::Time interrupt = interrupt_at, abandon = abandon_at;
    for (int turns = 0; !campaign_->is_ended(); ++turns) {
      REQUIRE(turns < 100'000);
      const absl::Time happens =
          events_.empty() ? absl::InfiniteFuture() : events_.begin()->first;
      const absl::Time next =
          std::min({happens, campaign_->wake_at(), interrupt, abandon});
      // There is always something that leads on.
      REQUIRE(next != absl::InfiniteFuture());
      now_ = std::max(now_, next);
      if (interrupt <= now_) {
        interrupt = absl::InfiniteFuture();
        Take(campaign_->Interrupt(now_));
      } else if (abandon <= now_) {
        abandon = absl::InfiniteFuture();
        was_abandoned_ = true;
        Take(campaign_->Abandon(now_));
      } else if (campaign_->wake_at() <= now_) {
        Take(campaign_->Wake(now_));
        REQUIRE(campaign_->wake_at() > now_);
      } else {
        const Event event = events_.begin()->second;
        events_.erase(events_.begin());
        Happen(event);
      }
    }
    // What was under way when it was given up still goes on out there.
    while (!events_.empty()) {
      now_ = std::max(now_, events_.begin()->first);
      const Event event = events_.begin()->second;
      events_.erase(events_.begin());
      Happen(event);
    }
    Check();
  }

 private:
  struct Event {
    Campaign::BatchId batch = 0;
    size_t index = 0;
    bool is_switch = false;  // of the plug; else the order's end
    Action command = Action::kStatus;
  };
  struct Running {
    size_t pcu = 0;
    std::vector<power::PcuQueue::Order> orders;
    std::vector<PlugResult> results;  // as they will be told
    std::vector<bool> has_begun;
    size_t open = 0;
  };

  double Chance() {
    return std::uniform_real_distribution<double>(0, 1)(random_);
  }
  size_t Pick(size_t n) { return random_() % n; }

  void MakeRequest() {
    constexpr Action kActions[] = {
        Action::kCycle, Action::kCycle, Action::kCycle, Action::kOn,
        Action::kOff,   Action::kReset, Action::kSoft,  Action::kStatus};
    request_.action = kActions[Pick(std::size(kActions))];
    request_.at_once = 1 + Pick(3);
    request_.datagrams_at_once = 1 + Pick(3);
    trouble_ = Chance() < 0.3 ? 0 : Chance() * 0.6;
    const size_t pcus = 1 + Pick(4);
    for (size_t i = 0; i < pcus; ++i) {
      power::CampaignPcu pcu;
      pcu.name = absl::StrCat("p", i);
      pcu.settings.ways = 1 + Pick(2);
      pcu.settings.try_all = Chance() < 0.2;
      pcu.settings.sessions = 1 + static_cast<int>(Pick(2));
      if (Chance() < 0.4) {
        pcu.settings.stagger = absl::Milliseconds(100 + Pick(900));
      }
      pcu.settings.retry.retries = static_cast<int>(Pick(4));
      pcu.settings.retry.of_connecting = Chance() < 0.3;
      pcu.ways.assign(pcu.settings.ways, "ssh");
      pcu.options.off_time = absl::Milliseconds(Pick(5000));
      pcu.options.native_cycle = Chance() < 0.2;
      pcu.options.hard = Chance() < 0.5;
      pcu.is_datagram = Chance() < 0.3;
      request_.pcus.push_back(pcu);
    }
    const size_t hosts = 1 + Pick(8);
    for (size_t i = 0; i < hosts; ++i) {
      CampaignHost host;
      host.name = absl::StrCat("h", i);
      const size_t feeds = 1 + Pick(3);
      for (size_t f = 0; f < feeds; ++f) {
        // Now and then two hosts have a plug in common.
        host.feeds.push_back(
            {.pcu = Pick(pcus), .plug = absl::StrCat(Pick(24))});
      }
      if (Chance() < 0.05) host.skipped = "protected";
      request_.hosts.push_back(host);
    }
    power_test::MakeParents(request_, random_);
    for (const CampaignHost& host : request_.hosts) MakePlugs(host.feeds);
    for (const CampaignParent& parent : request_.parents) {
      MakePlugs(parent.feeds);
    }
  }

  void MakePlugs(const std::vector<CampaignHost::Feed>& feeds) {
    for (const CampaignHost::Feed& feed : feeds) {
      Plug& plug = plugs_[{feed.pcu, feed.plug}];
      plug.was_on = plug.is_on = Chance() < 0.8;
      plug.off_since = plug.is_on ? absl::InfiniteFuture() : now_;
      ++plug.users;
    }
  }

  void Take(const Campaign::Effects& effects) {
    for (const Campaign::Start& start : effects.start) Start(start);
    for (const Campaign::BatchId batch : effects.cancel) Cancel(batch);
    for (const Campaign::HostEnded& ended : effects.ended) {
      REQUIRE(results_.emplace(ended.host, ended.result).second);
    }
    for (const size_t pcu : effects.released) {
      REQUIRE(released_.insert(pcu).second);
    }
  }

  void Start(const Campaign::Start& start) {
    REQUIRE_FALSE(was_abandoned_);
    REQUIRE(released_.count(start.pcu) == 0);
    REQUIRE(start.batch.way < request_.pcus[start.pcu].settings.ways);
    REQUIRE(start.batch.limit > absl::ZeroDuration());
    Running& running = running_[start.batch.id];
    running.pcu = start.pcu;
    running.orders = start.batch.orders;
    running.open = running.orders.size();
    running.results.resize(running.open);
    running.has_begun.resize(running.open);
    int sessions = 0;
    std::set<size_t> active[2];
    std::set<std::string> plugs;
    for (const auto& [id, other] : running_) {
      sessions += other.pcu == start.pcu;
      active[request_.pcus[other.pcu].is_datagram].insert(other.pcu);
    }
    REQUIRE(sessions <= request_.pcus[start.pcu].settings.sessions);
    REQUIRE(active[0].size() <= request_.at_once);
    REQUIRE(active[1].size() <= request_.datagrams_at_once);
    if (refused_.count(start.pcu) > 0) {
      // Nobody asks again with a password that was refused, but for a host
      // that would stay dark.
      for (const auto& order : running.orders) {
        REQUIRE(order.order.is_urgent);
      }
    }
    absl::Time at = now_ + absl::Milliseconds(Pick(300));
    for (size_t i = 0; i < running.orders.size(); ++i) {
      REQUIRE(plugs.insert(running.orders[i].plug).second);
      at = Plan(start.batch.id, i, at);
    }
  }

  // Makes up what will come of an order that begins at `at`.
  absl::Time Plan(Campaign::BatchId batch, size_t index, absl::Time at) {
    const absl::Time switched = at + absl::Milliseconds(1 + Pick(1500));
    const absl::Time ended = switched + absl::Milliseconds(Pick(1500));
    begins_[{batch, index}] = at;
    events_.insert(
        {switched, {.batch = batch, .index = index, .is_switch = true}});
    events_.insert({ended, {.batch = batch, .index = index}});
    return Chance() < 0.5 ? at : ended;  // beside each other, or in turn
  }

  void Cancel(Campaign::BatchId batch) {
    const auto at = running_.find(batch);
    REQUIRE(at != running_.end());
    cancelled_.insert(batch);
  }

  Failure RandomFailure() {
    constexpr FailureClass kClasses[] = {
        FailureClass::kAuth,    FailureClass::kUnreachable,
        FailureClass::kTimeout, FailureClass::kClosed,
        FailureClass::kBusy,    FailureClass::kDevice,
        FailureClass::kPrompt,  FailureClass::kUnsupported,
        FailureClass::kState,   FailureClass::kLocked};
    return {.failure_class = kClasses[Pick(std::size(kClasses))],
            .text = "trouble"};
  }

  void Happen(const Event& event) {
    Running& running = running_.at(event.batch);
    if (!event.is_switch) {
      End(event);
      return;
    }
    PlugResult& result = running.results[event.index];
    result.attempts = 1;
    const power::PcuQueue::Order& order = running.orders[event.index];
    const bool is_late = cancelled_.count(event.batch) > 0 && Chance() < 0.7;
    if (is_late || Chance() < 0.01)
      return;  // not begun; or lost, for no reason
    Plug& plug = plugs_.at({running.pcu, order.plug});
    result.before = plug.is_on ? PlugState::kOn : PlugState::kOff;
    if (Chance() < trouble_) {
      result.failure = RandomFailure();
      result.verified = static_cast<VerifyLevel>(Pick(5));
      const FailureClass c = result.failure->failure_class;
      if (c == FailureClass::kState ||
          (Chance() < 0.3 && c != FailureClass::kAuth &&
           c != FailureClass::kUnreachable)) {
        result.failure->maybe_executed = true;
        if (Chance() < 0.5) Switch(running, order, plug);
      } else if (c == FailureClass::kAuth) {
        result.verified = VerifyLevel::kReach;
      }
      return;
    }
    Succeed(running, order, plug, result);
  }

  void Succeed(const Running& running, const power::PcuQueue::Order& order,
               Plug& plug, PlugResult& result) {
    const Action action = order.order.action;
    result.verified = VerifyLevel::kPrivilege;
    result.outcome = Outcome::kDone;
    const bool is_so = (action == Action::kOn && plug.is_on) ||
                       ((action == Action::kOff || action == Action::kReset ||
                         action == Action::kSoft) &&
                        !plug.is_on);
    if (is_so) {
      result.outcome = Outcome::kAlready;
    } else {
      Switch(running, order, plug);
    }
    result.after = plug.is_on ? PlugState::kOn : PlugState::kOff;
  }

  void Switch(const Running& running, const power::PcuQueue::Order& order,
              Plug& plug) {
    const Action action = order.order.action;
    if (power::HeedsParents(action) &&
        (!power::EndsOff(action) || power::EndsOff(request_.action))) {
      Around().CheckSwitch(running.pcu, order.plug, action);
    }
    switch (action) {
      case Action::kOn:
        Light(running, plug);
        break;
      case Action::kOff:
        plug.is_on = false;
        plug.off_since = std::min(plug.off_since, now_);
        ++plug.offs;
        NoteDark();
        break;
      case Action::kCycle:
        ++plug.once_only;
        plug.is_on = false;
        NoteDark();
        Light(running, plug);
        break;
      case Action::kSoft:
        ++plug.once_only;
        plug.is_on = false;
        break;
      case Action::kReset:
      case Action::kNmi:
        ++plug.once_only;
        break;
      default:
        break;
    }
  }

  void Light(const Running& running, Plug& plug) {
    const auto [last, is_first] = lit_.try_emplace(running.pcu, now_);
    if (!is_first) {
      REQUIRE(now_ - last->second >=
              request_.pcus[running.pcu].settings.stagger);
      last->second = now_;
    }
    plug.is_on = true;
    plug.off_since = absl::InfiniteFuture();
  }

  void NoteDark() {
    for (size_t host = 0; host < request_.hosts.size(); ++host) {
      bool is_dark = true;
      for (const auto& feed : request_.hosts[host].feeds) {
        is_dark = is_dark && !plugs_.at({feed.pcu, feed.plug}).is_on;
      }
      if (is_dark) dark_.insert(host);
    }
  }

  void End(const Event& event) {
    const auto at = running_.find(event.batch);
    const size_t pcu = at->second.pcu;
    const PlugResult result = at->second.results[event.index];
    const power::PcuQueue::Order& order = at->second.orders[event.index];
    if (order.order.action == Action::kStatus &&
        result.after == PlugState::kOn) {
      plugs_.at({pcu, order.plug}).was_seen_on = true;
    }
    if (result.failure.has_value() && !request_.pcus[pcu].settings.try_all &&
        result.failure->failure_class == FailureClass::kAuth) {
      refused_.insert(pcu);
    }
    const bool is_last = --at->second.open == 0;
    if (is_last) running_.erase(at);
    Campaign::Effects effects;
    campaign_->OrderEnded(event.batch, event.index, result, now_, effects);
    Take(std::move(effects));
  }

  void Check() {
    REQUIRE(results_.size() == request_.hosts.size());
    for (size_t host = 0; host < request_.hosts.size(); ++host) {
      CheckHost(host, results_.at(host));
    }
    for (const auto& [where, plug] : plugs_) REQUIRE(plug.once_only <= 1);
  }

  void CheckHost(size_t host, const HostResult& result) {
    CAPTURE(host, power::ResultLine(result), power::Word(result.action));
    REQUIRE(result.host == request_.hosts[host].name);
    if (request_.hosts[host].skipped.has_value()) {
      REQUIRE(result.outcome == HostOutcome::kSkipped);
      return;
    }
    const bool succeeded = power::IsSuccess(result.outcome);
    bool all_on = true, all_off = true;
    for (const auto& feed : request_.hosts[host].feeds) {
      const Plug& plug = plugs_.at({feed.pcu, feed.plug});
      all_on = all_on && plug.is_on;
      all_off = all_off && !plug.is_on;
      if (result.action == Action::kCycle && plug.was_on && !plug.is_on) {
        // Nothing stays dark without a line that says so, and where.
        REQUIRE(result.outcome == HostOutcome::kFailed);
        if (Feeds(host) > 1) {
          REQUIRE(absl::StrContains(
              result.detail, absl::StrCat("p", feed.pcu, "/", feed.plug)));
        }
      }
      if (result.outcome == HostOutcome::kSkipped) {
        REQUIRE(plug.is_on == plug.was_on);
        REQUIRE(plug.offs == 0);
        REQUIRE(plug.once_only == 0);
      }
    }
    if (!succeeded) return;
    if (result.action == Action::kCycle) {
      REQUIRE(all_on);
      REQUIRE((dark_.count(host) > 0 || WasDark(host)));
    }
    if (result.action == Action::kOn) REQUIRE(all_on);
    if (result.action == Action::kOff && !Around().IsCutOff(host))
      REQUIRE(all_off);
  }

  power_test::Family Around() const { return {request_, plugs_, results_}; }

  size_t Feeds(size_t host) const {
    std::set<std::pair<size_t, std::string>> feeds;
    for (const auto& feed : request_.hosts[host].feeds) {
      feeds.insert({feed.pcu, feed.plug});
    }
    return feeds.size();
  }

  bool WasDark(size_t host) const {
    return std::none_of(request_.hosts[host].feeds.begin(),
                        request_.hosts[host].feeds.end(),
                        [this](const CampaignHost::Feed& feed) {
                          return plugs_.at({feed.pcu, feed.plug}).was_on;
                        });
  }

  std::mt19937_64 random_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  CampaignRequest request_;
  double trouble_ = 0;
  power_test::Plugs plugs_;
  std::unique_ptr<Campaign> campaign_;
  std::multimap<absl::Time, Event> events_;
  std::map<Campaign::BatchId, Running> running_;
  std::map<std::pair<Campaign::BatchId, size_t>, absl::Time> begins_;
  std::set<Campaign::BatchId> cancelled_;
  std::map<size_t, HostResult> results_;
  std::map<size_t, absl::Time> lit_;  // by PCU: the last power-on
  std::set<size_t> released_, refused_, dark_;
  bool was_abandoned_ = false;
};

}  // namespace

TEST_CASE(
    "campaign: with hostile controllers every host has one line that is true",
    "[power][sim]") {
  for (uint64_t seed = FirstSeed(); seed < FirstSeed() + kWorlds; ++seed) {
    CAPTURE(seed);
    World(seed).Run();
  }
}
