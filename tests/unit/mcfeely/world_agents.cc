// The agents of a World, its network, and those who inject jobs.

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/time.h"
#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using base::ParcelId;
using Record = pb::TaskRecord;
using Code = net::Receipt::Code;
using At = CrashPoint::At;

// --- agents -----------------------------------------------------------------

void World::State::StartAgent(int h) {
  AgentState& agent = agents[h];
  if (agent.attempts != nullptr) return;
  agent.life++;
  agent.committing = false;
  agent.channel = 0;
  agent.timer = absl::InfiniteFuture();
  agent.attempts = std::make_unique<Attempts>(dice.Bytes(16));
  const absl::Status status = agent.attempts->Load(*agent.disk, now);
  if (!status.ok()) return Wrong(absl::StrCat("journal: ", status.message()));
  PumpAgent(h);
  After(Soon(), [this, h, life = agent.life] {
    if (agents[h].life == life) Connect(h);
  });
}

void World::State::CrashAgent(int h) {
  AgentState& agent = agents[h];
  facts.agent_crashes++;
  agent.attempts.reset();
  agent.life++;
  if (agent.channel != 0) {
    channels.at(agent.channel).peer_open = false;
    Break(agent.channel);
    agent.channel = 0;
  }
  if (Luck(o.chaos.journal_lost)) {
    facts.journals_lost++;
    agent.disk = std::make_unique<FakeDisk>();
  }
  After(dice.Between(absl::Milliseconds(100), absl::Minutes(2)),
        [this, h] { StartAgent(h); });
}

void World::State::PumpAgent(int h) {
  AgentState& agent = agents[h];
  if (agent.attempts == nullptr) return;
  for (AgentAction& action : agent.attempts->TakeActions()) {
    if (auto* start = std::get_if<StartComm>(&action)) {
      if (!o.broken.start_before_journal) RunComm(h, start->attempt);
    } else if (auto* send = std::get_if<SendResults>(&action)) {
      if (agent.channel == 0) continue;
      const ParcelId parcel = ParcelId::From(dice.Bytes(16));
      agent.attempts->Sent(parcel);
      const Connection id = agent.channel;
      results[parcel] = send->results;
      ToServer(id, [this, id, parcel, results = send->results] {
        if (Luck(o.chaos.not_now)) {
          return CarryOut(SendReceipt{id, {parcel, Code::kNotNow, 0, ""}});
        }
        pb::Results taken = results;
        if (o.broken.result_counts_for_any_attempt) {
          for (pb::Result& r : *taken.mutable_result()) {
            const JobId job{r.job()};
            if (!queue->scheduler().Has(job)) continue;
            r.set_attempt(std::string(
                queue->scheduler().Record(job, {r.task()}).attempt.view()));
          }
        }
        queue->AgentResults(id, parcel, taken, ServerNow());
        if (o.broken.confirm_before_commit) {
          CarryOut(SendReceipt{id, {parcel, Code::kAccepted, 0, ""}});
        }
        PumpServer();
      });
    }
  }
  if (!agent.committing) {
    if (auto txn = agent.attempts->NextTransaction()) {
      agent.committing = true;
      facts.agent_transactions++;
      if (CrashNow(o.agent_crash, At::kBefore, facts.agent_transactions,
                   o.chaos.agent_crash)) {
        return CrashAgent(h);
      }
      After(dice.Between(absl::Microseconds(100), absl::Milliseconds(5)),
            [this, h, life = agent.life, txn = *std::move(txn)] {
              if (agents[h].life == life) CommitAgent(h, txn);
            });
    }
  }
  const absl::Time when = agent.attempts->wake_at();
  if (when == agent.timer || when == absl::InfiniteFuture()) return;
  agent.timer = when;
  At_(when, [this, h, life = agent.life, when] {
    AgentState& a = agents[h];
    if (a.life != life || a.timer != when) return;
    a.timer = absl::InfiniteFuture();
    a.attempts->Wake(now);
    PumpAgent(h);
  });
}

void World::State::CommitAgent(int h, store::Transaction txn) {
  AgentState& agent = agents[h];
  const int64_t number = facts.agent_transactions;
  store::Outcome outcome{store::Outcome::Kind::kRefused, 0,
                         absl::ResourceExhaustedError("the disk is full")};
  if (Luck(o.chaos.disk_doubt)) {
    outcome.kind = store::Outcome::Kind::kInDoubt;
    if (dice.Chance(0.5)) agent.disk->Apply(txn);
  } else if (!Luck(o.chaos.disk_full)) {
    outcome = agent.disk->Apply(txn);
    if (!outcome.why.ok()) return Wrong(std::string(outcome.why.message()));
    if (CrashNow(o.agent_crash, At::kInside, number, o.chaos.agent_crash)) {
      return CrashAgent(h);
    }
  }
  agent.attempts->Committed(outcome, now);
  agent.committing = false;
  if (CrashNow(o.agent_crash, At::kAfter, number, o.chaos.agent_crash)) {
    return CrashAgent(h);
  }
  PumpAgent(h);
  if (o.agent_crash.at == At::kTold && o.agent_crash.transaction == number &&
      agent.attempts != nullptr) {
    CrashAgent(h);
  }
}

void World::State::RunComm(int h, const pb::Attempt& attempt) {
  const auto found = by_number.find(attempt.job());
  if (found == by_number.end()) return Wrong("a comm of no job is started");
  JobTruth& job = jobs[found->second];
  const AttemptId id = AttemptId::From(attempt.id());
  AttemptTruth& truth = attempts[id];
  truth.job = found->second;
  truth.task = attempt.task();
  facts.executions++;
  if (++truth.started > 1) {
    return Wrong(absl::StrCat("attempt ", attempt.number(), " of task ",
                              attempt.task(), " of job ", attempt.job(),
                              " was executed twice"));
  }
  for (const Requirement& r : job.load.job.requirements) {
    if (std::count(r.tasks.begin(), r.tasks.end(), attempt.task()) == 0) {
      continue;
    }
    for (const uint32_t need : r.needs) {
      if (job.records[need].state() != Record::SUCCEEDED) {
        return Wrong("a task runs and what it requires is not stored as done");
      }
    }
  }
  const int life = agents[h].life;
  After(Soon(), [this, h, life, id] {
    if (agents[h].life != life) return;
    agents[h].attempts->Started(id, now);
    PumpAgent(h);
  });
  const Script& script = job.load.scripts[attempt.task()];
  After(script.lasts + Soon(), [this, h, life, id] { EndComm(h, life, id); });
}

void World::State::EndComm(int h, int life, AttemptId id) {
  if (agents[h].life != life) return;  // killed with its agent
  AttemptTruth& truth = attempts.at(id);
  JobTruth& job = jobs[truth.job];
  const Script& script = job.load.scripts[truth.task];
  const bool last = job.completed[truth.task]++ >= script.deferrals;
  truth.ended = last ? script.verdict : pb::DEFERRED;
  pb::Result result;
  result.set_attempt(std::string(id.view()));
  result.set_verdict(truth.ended);
  result.set_reason(last ? "exit 0" : "exit 99");
  result.set_head("output");
  result.set_output_bytes(6);
  agents[h].attempts->Ended(result, now);
  PumpAgent(h);
}

void World::State::Connect(int h) {
  AgentState& agent = agents[h];
  if (agent.attempts == nullptr || agent.channel != 0) return;
  if (queue == nullptr || now < agent.cut_off) {
    After(dice.Between(absl::Seconds(1), absl::Seconds(10)),
          [this, h, life = agent.life] {
            if (agents[h].life == life) Connect(h);
          });
    return;
  }
  Channel& channel = NewChannel(h, 0);
  agent.channel = channel.id;
  pb::Announce announce = agent.attempts->Opened(agent.name);
  if (o.broken.journal_loss_hidden) {
    if (agent.journal.empty()) agent.journal = announce.journal();
    announce.set_journal(agent.journal);
  }
  // Once: a channel does not repeat, and a parcel of this kind counts once.
  ToServer(
      channel.id,
      [this, id = channel.id, announce] {
        queue->AgentOpened(id, announce, ServerNow());
        PumpServer();
      },
      /*repeatable=*/false);
  PumpAgent(h);
}

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
  After(dice.Between(kMinDelay, absl::Seconds(45)), [this, id] {
    Channel& c = channels.at(id);
    if (!c.server_open || c.server_life != server_life) return;
    c.server_open = false;
    queue->Closed(id, ServerNow());
    PumpServer();
  });
  if (h < 0) return;
  After(dice.Between(kMinDelay, absl::Seconds(45)), [this, id, h] {
    AgentState& agent = agents[h];
    if (agent.attempts == nullptr || agent.channel != id) return;
    agent.attempts->Closed();
    agent.channel = 0;
    PumpAgent(h);
    Connect(h);
  });
}

void World::State::ToServer(Connection id, std::function<void()> deliver,
                            bool repeatable) {
  Send(id, true, repeatable, [this, id, deliver = std::move(deliver)] {
    const Channel& c = channels.at(id);
    if (!c.dead && c.server_open && c.server_life == server_life) deliver();
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

void World::State::AtAgent(Connection id, const pb::Dispatch& dispatch) {
  const int h = channels.at(id).host;
  if (o.broken.start_before_journal) {
    for (const pb::Attempt& attempt : dispatch.attempt()) {
      const std::string key = absl::StrCat("attempt/", base::Hex(attempt.id()));
      if (!agents[h].disk->entries().contains(key)) RunComm(h, attempt);
    }
  }
  agents[h].attempts->Arrived(dispatch, now);
  PumpAgent(h);
}

// --- injectors --------------------------------------------------------------

void World::State::Inject(size_t n) {
  JobTruth& job = jobs[n];
  if (job.answered != 0) return;
  After(dice.Between(absl::Seconds(2), absl::Seconds(40)),
        [this, n] { Inject(n); });
  if (queue == nullptr) return;
  ParcelId parcel = job.parcel;
  if (o.broken.repeat_gets_new_id && job.number != 0) {
    parcel = ParcelId::From(dice.Bytes(16));
    by_parcel[parcel] = n;
  }
  const Connection id = NewChannel(-1, n).id;
  ToServer(id, [this, id, n, parcel] {
    const Job& spec = jobs[n].load.job;
    queue->Inject({.from = id,
                   .parcel = parcel,
                   .principal = "user:ops@example.com",
                   .parcel_bytes = FakeParcel(parcel, spec),
                   .job = ToMessage(spec)},
                  ServerNow());
    PumpServer();
  });
}

void World::State::Answered(size_t n, const net::Receipt& receipt) {
  JobTruth& job = jobs[n];
  if (receipt.code == Code::kNotNow) return;
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
