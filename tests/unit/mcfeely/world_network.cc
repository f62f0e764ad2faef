// The network of a World, and those who inject jobs.

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using base::ParcelId;
using Code = net::Receipt::Code;

// --- the network ------------------------------------------------------------

Channel& World::State::NewChannel(int host, size_t job) {
  const Connection id = ++last_channel;
  Channel& channel = channels[id];
  channel.id = id;
  channel.host = host;
  channel.job = job;
  channel.server_life = server_life;
  channel.peer_life = host < 0 ? 0 : agents[host].life;
  channel.to_server = channel.to_peer = now;
  open_channels.insert(id);
  return channel;
}

// From now on nothing arrives; when a side notices is another matter.
void World::State::Break(Connection id) {
  Channel& channel = channels.at(id);
  if (channel.dead) return;
  channel.dead = true;
  const int h = channel.host;
  if (h >= 0 && Luck(o.chaos.partition)) {
    agents[h].cut_off = now + dice.Between(absl::Seconds(1), absl::Minutes(10));
  }
  After(dice.Between(kMinDelay, absl::Seconds(45)),
        [this, id] { ServerNotices(id); });
  if (h < 0) return;
  After(dice.Between(kMinDelay, absl::Seconds(45)),
        [this, id] { PeerNotices(id); });
}

void World::State::ServerNotices(Connection id) {
  Channel& channel = channels.at(id);
  if (!channel.server_open || channel.server_life != server_life) return;
  channel.server_open = false;
  open_channels.erase(id);
  queue->Closed(id, ServerNow());
  ChannelEnded(channel);
  PumpServer();
}

void World::State::PeerNotices(Connection id) {
  const int h = channels.at(id).host;
  AgentState& agent = agents[h];
  if (agent.attempts == nullptr || agent.channel != id) return;
  agent.attempts->Closed();
  agent.channel = 0;
  PumpAgent(h);
  if (agent.attempts == nullptr) return;
  if (agent.calls_us()) Connect(h);
  if (agent.on_demand) EndWhenIdle(h);
}

void World::State::ToServer(Connection id, std::function<void()> deliver,
                            bool repeatable) {
  Send(id, true, repeatable, [this, id, deliver = std::move(deliver)] {
    const Channel& c = channels.at(id);
    const bool arrives = !c.dead || c.drains;
    if (arrives && c.server_open && c.server_life == server_life) deliver();
  });
}

void World::State::ToPeer(Connection id, std::function<void()> deliver) {
  Send(id, false, true, [this, id, deliver = std::move(deliver)] {
    const Channel& c = channels.at(id);
    if (c.dead || !c.peer_open) return;
    if (c.host >= 0 &&
        (agents[c.host].life != c.peer_life || agents[c.host].channel != id)) {
      return;
    }
    deliver();
  });
}

void World::State::Send(Connection id, bool to_server, bool repeatable,
                        std::function<void()> deliver) {
  const auto at = channels.find(id);
  if (at == channels.end() || at->second.dead) return;
  if (Luck(o.chaos.break_channel)) return Break(id);
  absl::Time& arrives = to_server ? at->second.to_server : at->second.to_peer;
  absl::Duration delay = Soon();
  if (Luck(o.chaos.slow_message)) delay = absl::Seconds(10) * (delay / Soon());
  arrives = std::max(arrives, now + std::min(delay, absl::Seconds(30)));
  At_(arrives, deliver);
  // A copy may come much later, behind what was sent after it.
  if (repeatable && Luck(o.chaos.repeat_message)) {
    At_(arrives + dice.Between(kMinDelay, absl::Seconds(10)),
        std::move(deliver));
  }
}

void World::State::AtAgent(Connection id, const base::ParcelId& parcel,
                           const pb::Dispatch& dispatch) {
  const int h = channels.at(id).host;
  if (o.broken.start_before_journal) {
    for (const pb::Attempt& attempt : dispatch.attempt()) {
      const std::string key = absl::StrCat("attempt/", base::Hex(attempt.id()));
      if (!agents[h].disk->entries().contains(key)) RunComm(h, attempt);
    }
  }
  agents[h].attempts->Arrived(parcel, dispatch, now);
  PumpAgent(h);
}

// --- injectors --------------------------------------------------------------

// Servers that read a job wrongly.
Job World::State::AsRead(const Job& job) const {
  Job read = job;
  for (Task& task : read.tasks) {
    TaskOptions& options = task.options.Edit();
    if (o.broken.run_if_ignored) options.run_if = RunIf::kSuccess;
    if (o.broken.continue_ignored) options.continue_if_failed = false;
    if (o.broken.given_up_early) options.retry_for /= 2;
  }
  return read;
}

void World::State::Inject(size_t n) {
  JobTruth& job = jobs[n];
  if (job.answered != 0 || job.refused) return;
  job.injected = std::min(job.injected, now);
  After(dice.Between(absl::Seconds(2), absl::Seconds(40)),
        [this, n] { Inject(n); });
  if (queue == nullptr) return;
  ParcelId parcel = job.parcel;
  if (o.broken.repeat_gets_new_id && job.number != 0) {
    parcel = ParcelId::From(dice.Bytes(16));
    by_parcel[parcel] = n;
  }
  const Connection id = NewChannel(Channel::kInjector, n).id;
  ToServer(id, [this, id, n, parcel] {
    const Job spec = AsRead(jobs[n].load.job);
    queue->Inject({.from = id,
                   .parcel = parcel,
                   .principal = jobs[n].load.principal,
                   .parcel_bytes = FakeParcel(parcel, spec),
                   .job = ToMessage(spec)},
                  ServerNow());
    PumpServer();
  });
}

void World::State::Answered(size_t n, const net::Receipt& receipt) {
  JobTruth& job = jobs[n];
  if (receipt.code == Code::kNotNow) return;
  if (receipt.code == Code::kRefused && job.forbidden) {
    facts.forbidden_jobs += !std::exchange(job.refused, true);
    return;
  }
  if (receipt.code != Code::kAccepted) {
    return Wrong(absl::StrCat("a good job was refused: ", receipt.text));
  }
  if (job.answered != 0 && job.answered != receipt.number) {
    return Wrong("one job got two numbers");
  }
  job.answered = receipt.number;
  if (!disk.entries().contains(keys.Head(JobId{receipt.number})) ||
      job.number != receipt.number) {
    Wrong("a job was accepted that is not stored");
  }
}

}  // namespace mcfeely
