// Hosts that do not call: the server of a World calls them, as server.cc and
// carriers.cc do, by the real plan.

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "world_state.h"

namespace mcfeely {

namespace {

constexpr absl::Duration kBetweenLooks = absl::Seconds(1);
constexpr absl::Duration kBetweenInspections = absl::Minutes(1);
// The longest rest of the plan is five minutes.
constexpr int kLongUnserved = 7;
// A host is kept a few seconds after its last task; the server may take 45 s to
// notice that a channel is dead.
constexpr int kLongIdle = 3;
constexpr absl::Duration kAgentLingers = absl::Minutes(1);

}  // namespace

void World::State::StartCarriers() {
  if (o.kept.empty() && o.on_demand.empty()) return;
  plan = std::make_unique<CarrierPlan>(CarrierLimits(), [this] {
    return static_cast<double>(dice.Below(4096)) / 4096;
  });
  for (AgentState& agent : agents) {
    if (agent.calls_us()) continue;
    agent.unserved = agent.idle = 0;
    plan->Add(agent.name, 1, agent.on_demand, ServerNow());
    if (queue->scheduler().HasWork(agent.name)) Wanted(agent.name);
  }
  PumpCarriers();
}

void World::State::PumpCarriers() {
  if (plan == nullptr) return;
  const int life = server_life;
  bool refused = false;
  for (const CarrierAction& action : plan->TakeActions()) {
    if (const auto* a = std::get_if<CallHost>(&action)) {
      BeginCall(agent_of.at(a->host));
    } else if (const auto* a = std::get_if<HangUp>(&action)) {
      HangUpOn(agent_of.at(a->host), a->why);
    } else if (const auto* a = std::get_if<HostAway>(&action)) {
      queue->HostAway(a->host, a->why, a->again, a->refused, ServerNow());
      refused |= a->refused;
    }
    if (server_life != life) return;
  }
  if (refused) PumpServer();
  if (server_life != life || plan == nullptr) return;
  const absl::Time when = plan->wake_at();
  if (when == plan_wake || when == absl::InfiniteFuture()) return;
  plan_wake = when;
  At_(when - server_clock, [this, life, when] {
    if (server_life != life || plan_wake != when) return;
    plan_wake = absl::InfiniteFuture();
    plan->Wake(ServerNow());
    PumpCarriers();
  });
}

void World::State::Wanted(const std::string& name) {
  if (plan == nullptr || !plan->Has(name)) return;
  agents[agent_of.at(name)].idle = 0;
  if (!working.insert(name).second) return;
  plan->Work(name, true, ServerNow());
  if (!std::exchange(looking, true)) {
    After(kBetweenLooks, [this, life = server_life] {
      if (server_life == life) LookForWork();
    });
  }
  PumpCarriers();
}

void World::State::LookForWork() {
  looking = false;
  for (auto it = working.begin(); it != working.end();) {
    if (queue->scheduler().HasWork(*it)) {
      agents[agent_of.at(*it)].idle = 0;
      ++it;
      continue;
    }
    if (!o.broken.end_of_work_not_told) plan->Work(*it, false, ServerNow());
    it = working.erase(it);
  }
  if (!working.empty()) {
    looking = true;
    After(kBetweenLooks, [this, life = server_life] {
      if (server_life == life) LookForWork();
    });
  }
  PumpCarriers();
}

// --- a call -----------------------------------------------------------------

void World::State::BeginCall(int h) {
  AgentState& agent = agents[h];
  if (calls.contains(h)) {
    return Wrong(absl::StrCat(agent.name, " is called twice at once"));
  }
  facts.calls++;
  agent.unserved = 0;
  const int64_t number = ++last_call;
  calls[h] = {number};
  const auto then = [this, h, number, life = server_life](absl::Duration after,
                                                          auto f) {
    After(after, [this, h, number, life, f] {
      const auto call = calls.find(h);
      if (server_life == life && call != calls.end() &&
          call->second.number == number) {
        f();
      }
    });
  };
  if (o.broken.calls_twice) {
    then(absl::Seconds(2), [this, h] {
      plan->Ended(agents[h].name, "forgotten", ServerNow());
      PumpCarriers();
    });
  }
  const bool dead = now < agent.cut_off;
  if (dead || Luck(o.chaos.call_fails)) {
    return then(
        dead ? absl::Seconds(30) : dice.Between(kMinDelay, absl::Seconds(3)),
        [this, h, refused = !dead && number % 4 == 0] {
          EndCall(h, refused ? "refused" : "connection timed out", refused);
        });
  }
  const absl::Duration takes =
      Luck(o.chaos.call_is_slow)
          ? dice.Between(absl::Seconds(1), absl::Minutes(8))
          : Soon();
  then(takes, [this, h] {
    AgentState& called = agents[h];
    // On demand an agent is started by the call, if there is none.
    if (called.on_demand) StartAgent(h);
    if (called.attempts == nullptr) return EndCall(h, "connection refused");
    // Its former channel may be dead, and it does not know.
    if (const Connection former = std::exchange(called.channel, 0)) {
      channels.at(former).peer_open = false;
      Break(former);
    }
    Channel& channel = NewChannel(h, 0);
    channel.called = true;
    calls.at(h).channel = channel.id;
    Announce(h, channel.id);
  });
}

void World::State::EndCall(int h, std::string why, bool refused) {
  const bool lost = calls.at(h).channel != 0;
  facts.calls_failed += !lost;
  calls.erase(h);
  if (lost && o.broken.lost_channel_not_told) return;
  plan->Ended(agents[h].name, std::move(why), ServerNow(), refused);
  PumpCarriers();
}

void World::State::HangUpOn(int h, const std::string& why) {
  const auto found = calls.find(h);
  if (found == calls.end()) return;
  const Connection id = found->second.channel;
  if (id == 0) return EndCall(h, why);
  After(Soon(), [this, id] {
    Channel& channel = channels.at(id);
    if (!channel.server_open || channel.server_life != server_life) return;
    if (channel.dead) return;  // it is noticed when it is
    channel.dead = true;
    After(Soon(), [this, id] { PeerNotices(id); });
    ServerNotices(id);
  });
}

// The server has noticed that it is over.
void World::State::ChannelEnded(const Channel& channel) {
  const auto found = calls.find(channel.host);
  if (!channel.called || found == calls.end() ||
      found->second.channel != channel.id) {
    return;
  }
  EndCall(channel.host, "it has hung up");
}

// An agent that was started by a call ends when nobody calls and nothing runs.
void World::State::EndWhenIdle(int h) {
  After(kAgentLingers, [this, h, life = agents[h].life] {
    AgentState& agent = agents[h];
    if (agent.life != life || agent.channel != 0) return;
    if (agent.attempts->running() > 0 || agent.committing) {
      return EndWhenIdle(h);
    }
    agent.attempts.reset();
    agent.life++;
  });
}

// --- what must not be -------------------------------------------------------

void World::State::Inspect() {
  After(kBetweenInspections, [this] { Inspect(); });
  for (size_t h = 0; h < agents.size(); h++) {
    AgentState& agent = agents[h];
    if (agent.calls_us()) continue;
    if (queue == nullptr) {
      agent.unserved = agent.idle = 0;
      continue;
    }
    const bool work = queue->scheduler().HasWork(agent.name);
    const auto call = calls.find(static_cast<int>(h));
    const bool called = call != calls.end();
    const bool there = called && call->second.channel != 0;
    agent.unserved = work && !called ? agent.unserved + 1 : 0;
    agent.idle = !work && there && agent.on_demand ? agent.idle + 1 : 0;
    if (agent.unserved > kLongUnserved) {
      Wrong(absl::StrCat(agent.name, " has work and is not called"));
    }
    if (agent.idle > kLongIdle) {
      Wrong(absl::StrCat(agent.name, " is kept and has nothing to do"));
    }
  }
}

}  // namespace mcfeely
