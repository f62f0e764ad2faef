// The agents of a World, and the comms they run.

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
  if (!agent.calls_us()) return;
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
    Channel& channel = channels.at(agent.channel);
    channel.peer_open = false;
    channel.drains = !channel.dead &&
                     (o.agent_crash.sent_arrives || Luck(o.chaos.sent_arrives));
    Break(agent.channel);
    agent.channel = 0;
  }
  if (Luck(o.chaos.journal_lost)) {
    facts.journals_lost++;
    agent.disk = std::make_unique<FakeDisk>();
  }
  if (agent.on_demand) return;  // the next call starts it
  After(dice.Between(absl::Milliseconds(100), absl::Minutes(2)),
        [this, h] { StartAgent(h); });
}

void World::State::PumpAgent(int h) {
  AgentState& agent = agents[h];
  if (agent.attempts == nullptr) return;
  for (const AgentAction& action : agent.attempts->TakeActions()) {
    CarryOutAgent(h, action);
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

void World::State::CarryOutAgent(int h, const AgentAction& action) {
  if (const auto* start = std::get_if<StartComm>(&action)) {
    if (!o.broken.start_before_journal) TakeAttempt(h, start->attempt);
  } else if (const auto* send = std::get_if<SendResults>(&action)) {
    if (agents[h].channel != 0) SendAgentResults(h, send->results);
  } else if (const auto* stop = std::get_if<StopComm>(&action)) {
    // A comm that is told to end takes its time, or ends by itself before.
    AttemptTruth& truth = attempts[stop->attempt];
    if (std::exchange(truth.stopped, true)) return;
    facts.stopped++;
    After(dice.Between(kMinDelay, absl::Seconds(10)),
          [this, h, life = agents[h].life, id = stop->attempt] {
            AttemptTruth& t = attempts.at(id);
            t.cancelled = t.ended == pb::VERDICT_NONE;
            EndComm(h, life, id);
          });
  }
}

void World::State::SendAgentResults(int h, const pb::Results& sent) {
  const ParcelId parcel = ParcelId::From(dice.Bytes(16));
  agents[h].attempts->Sent(parcel);
  const Connection id = agents[h].channel;
  results[parcel] = sent;
  ToServer(id, [this, id, parcel, sent] {
    if (Luck(o.chaos.not_now)) {
      return CarryOut(SendReceipt{id, {parcel, Code::kNotNow, 0, ""}});
    }
    pb::Results taken = sent;
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

// As agent.cc does: whatever the server has allowed.
void World::State::TakeAttempt(int h, const pb::Attempt& attempt) {
  const AttemptId id = AttemptId::From(attempt.id());
  if (!o.policies || o.broken.agent_policy_ignored) return RunComm(h, attempt);
  if (Luck(o.chaos.policy_unread)) {
    attempts[id].ended = pb::DEFERRED;
    attempts[id].over = now;
    return EndAttempt(h, id, pb::DEFERRED, "the policy cannot be read");
  }
  const Policy& rules = h % 2 == 1 ? odd_policy : even_policy;
  const PolicyAnswer answer = rules.RightsOf(attempt.principal())
                                  .MayRun(RequestOf(agents[h].name, attempt));
  if (answer.allowed) return RunComm(h, attempt);
  facts.forbidden_tasks++;
  attempts[id].ended = pb::FAILED;
  attempts[id].over = now;
  EndAttempt(h, id, pb::FAILED,
             absl::StrCat("refused by policy: ", answer.why));
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
  if (!stored_attempts.contains(id)) {
    return Wrong("a comm runs, and its attempt is not stored");
  }
  const Task& task = job.load.job.tasks[attempt.task()];
  if (attempt.comm() != task.comm || agents[h].name != task.host ||
      attempt.principal() != job.load.principal) {
    return Wrong("what runs is not what was injected");
  }
  if (o.policies && (job.forbidden || ForbiddenAt(task.host, task.comm))) {
    return Wrong("a comm runs that a policy forbids");
  }
  if (!MayStart(job, attempt.task())) {
    return Wrong("a task runs and what it requires is not stored as ended so");
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
  if (truth.ended != pb::VERDICT_NONE) return;
  JobTruth& job = jobs[truth.job];
  const Script& script = job.load.scripts[truth.task];
  truth.over = now;
  if (truth.cancelled) {
    truth.ended = pb::CANCELLED;
    return EndAttempt(h, id, pb::CANCELLED, "killed by SIGTERM");
  }
  const bool last = job.completed[truth.task]++ >= script.deferrals;
  truth.ended = last ? script.verdict : pb::DEFERRED;
  EndAttempt(h, id, truth.ended, last ? "exit 0" : "exit 99");
}

void World::State::EndAttempt(int h, AttemptId id, pb::Verdict verdict,
                              const std::string& reason) {
  pb::Result result;
  result.set_attempt(std::string(id.view()));
  result.set_verdict(verdict);
  result.set_reason(reason);
  result.set_head("output");
  result.set_output_bytes(6);
  agents[h].attempts->Ended(result, now);
  // Soon, since this may be while its actions are carried out.
  After(absl::ZeroDuration(), [this, h, life = agents[h].life] {
    if (agents[h].life == life) PumpAgent(h);
  });
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
  Announce(h, NewChannel(h, 0).id);
}

void World::State::Announce(int h, Connection id) {
  AgentState& agent = agents[h];
  agent.channel = id;
  pb::Announce announce = agent.attempts->Opened(agent.name);
  if (o.broken.journal_loss_hidden) {
    if (agent.journal.empty()) agent.journal = announce.journal();
    announce.set_journal(agent.journal);
  }
  // Once: a channel does not repeat, and a parcel of this kind counts once.
  ToServer(
      id,
      [this, id, announce] {
        queue->AgentOpened(id, announce, ServerNow());
        if (channels.at(id).called) {
          plan->Announced(announce.host(), ServerNow());
          PumpCarriers();
        }
        PumpServer();
      },
      /*repeatable=*/false);
  PumpAgent(h);
}

}  // namespace mcfeely
