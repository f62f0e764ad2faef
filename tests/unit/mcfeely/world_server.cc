// The server of a World: what server.cc does around a Queue.

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/time.h"
#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using base::ParcelId;
using Record = pb::TaskRecord;
using Code = net::Receipt::Code;
using At = CrashPoint::At;

QueueOptions World::State::Options() {
  QueueOptions options{
      .name = "main",
      .limits = o.limits,
      .random_bytes = [this](size_t n) { return dice.Bytes(n); },
      .known_host = [](const std::string&) { return true; }};
  if (o.policies && !o.broken.policy_ignored) {
    options.may_run = [this](const std::string& principal,
                             const Job& job) -> absl::Status {
      if (Luck(o.chaos.policy_unread)) {
        return absl::UnavailableError("the policy cannot be read");
      }
      return CheckJobPolicy(policy, principal, job);
    };
  }
  return options;
}

void World::State::StartServer() {
  if (queue != nullptr) return;
  // A program takes the wall clock's time when it starts, and its own after.
  if (Luck(o.chaos.clock_jump)) {
    wall += dice.Between(-absl::Hours(1), absl::Hours(1));
    jumped = true;
  }
  server_clock = wall;
  server_life++;
  committing = false;
  wake = absl::InfiniteFuture();
  replays = wire::ReplayGuard();
  sent_ahead.clear();
  Forget();
  queue = std::make_unique<Queue>(Options());
  absl::btree_set<std::string> called;
  for (const AgentState& agent : agents) {
    if (!agent.calls_us()) called.insert(agent.name);
  }
  queue->SetCalled(std::move(called));
  const absl::Status status = queue->Load(disk, ServerNow());
  if (!status.ok()) {
    return Wrong(absl::StrCat("load: ", status.message()));
  }
  CheckLoaded();
  StartCarriers();
  PumpServer();
}

// What a broken server does not know any more.
void World::State::Forget() {
  store::Transaction txn;
  if (o.broken.drains_forgotten) {
    for (const std::string& host : drained) {
      txn.operations.push_back(store::Delete(keys.Drained(host)));
    }
  }
  for (const JobTruth& job : jobs) {
    const bool hold = o.broken.holds_forgotten && job.held;
    if (job.number == 0 || job.state != pb::JOB_OPEN ||
        !(hold || o.broken.retry_unasked)) {
      continue;
    }
    const std::string key = keys.Head(JobId{job.number});
    pb::JobHead head;
    if (!UnpackMessage(disk.entries().at(key), head).ok()) continue;
    if (hold) head.set_held(false);
    for (Record& record : *head.mutable_task()) {
      if (o.broken.retry_unasked && record.state() == Record::FAILED) {
        record = Record();
      }
    }
    txn.operations.push_back(store::Put(key, PackMessage(head)));
  }
  if (txn.operations.empty()) return;
  disk.watch = nullptr;
  disk.Apply(txn);
  disk.watch = [this](const store::Operation& op) { Watch(op); };
}

void World::State::CheckLoaded() {
  for (const JobTruth& job : jobs) {
    if (job.answered != 0 &&
        queue->FindParcel(job.parcel) != JobId{job.answered}) {
      Wrong(absl::StrCat("job ", job.answered, " was accepted and is gone"));
    }
    const JobId id{job.number};
    if (job.number == 0 || job.records.size() > kTasksInTable) continue;
    if (job.state != pb::JOB_OPEN && queue->scheduler().Has(id)) {
      Wrong(absl::StrCat("job ", job.number, " came back"));
    }
    if (job.state != pb::JOB_OPEN || queue->scheduler().Has(id)) continue;
    // Its last task may be given up at once; it is shown as open until that
    // is stored.
    const auto view = queue->View(disk, id, false, ServerNow());
    bool given_up = view.ok();
    for (int t = 0; given_up && t < view->task_size(); t++) {
      const pb::TaskView& task = view->task(t);
      given_up = task.state() == pb::TASK_DONE ||
                 task.state() == pb::TASK_FAILED ||
                 task.state() == pb::TASK_SKIPPED ||
                 task.state() == pb::TASK_CANCELLED;
    }
    if (!given_up) Wrong(absl::StrCat("job ", job.number, " was lost"));
  }
  for (const AgentState& agent : agents) {
    if (queue->drained().contains(agent.name) != drained.contains(agent.name)) {
      Wrong(absl::StrCat(agent.name, " was drained, or resumed, by a restart"));
    }
  }
}

void World::State::CrashServer() {
  facts.server_crashes++;
  queue.reset();
  server_life++;
  committing = false;
  plan.reset();
  calls.clear();
  working.clear();
  looking = false;
  plan_wake = absl::InfiniteFuture();
  for (const Connection id : std::exchange(open_channels, {})) {
    channels.at(id).server_open = false;
    Break(id);
  }
  After(dice.Between(absl::Milliseconds(100), absl::Seconds(30)),
        [this] { StartServer(); });
}

bool World::State::CrashNow(const CrashPoint& point, At at, int64_t transaction,
                            double chance) {
  return (point.at == at && point.transaction == transaction) || Luck(chance);
}

void World::State::PumpServer() {
  if (queue == nullptr) return;
  const int life = server_life;
  for (const Action& action : queue->TakeActions()) {
    CarryOut(action);
    if (server_life != life) return;
  }
  if (plan != nullptr) {
    for (const std::string& name : queue->TakeWanted()) Wanted(name);
  }
  if (committing) return;
  auto txn = queue->NextTransaction(ServerNow());
  if (!txn.has_value()) return;
  committing = true;
  facts.server_transactions++;
  if (CrashNow(o.server_crash, At::kBefore, facts.server_transactions,
               o.chaos.server_crash)) {
    return CrashServer();
  }
  for (const SendAttempts& send : queue->Upcoming()) {
    if (dice.Chance(0.5)) SendAhead(send);
  }
  if (o.broken.told_before_commit) {
    queue->Committed({store::Outcome::Kind::kApplied, 0, {}}, ServerNow());
    for (const Action& action : queue->TakeActions()) {
      CarryOut(action);
    }
  }
  After(dice.Between(absl::Microseconds(100), absl::Milliseconds(5)),
        [this, life, txn = *std::move(txn)] {
          if (server_life == life) CommitServer(txn);
        });
}

void World::State::CommitServer(store::Transaction txn) {
  const int64_t number = facts.server_transactions;
  store::Outcome outcome{store::Outcome::Kind::kRefused, 0,
                         absl::ResourceExhaustedError("the disk is full")};
  if (o.broken.told_before_commit) {
    disk.Apply(txn);
    committing = false;
    return PumpServer();
  }
  if (Luck(o.chaos.disk_full)) {
    facts.refused++;
  } else if (Luck(o.chaos.disk_doubt)) {
    facts.doubts++;
    outcome = {store::Outcome::Kind::kInDoubt, 0,
               absl::UnavailableError("no answer")};
    if (dice.Chance(0.5)) {
      disk.Apply(txn);
    } else if (dice.Chance(0.5)) {
      // It may still arrive, even after its repeat.
      const int life = server_life;
      After(dice.Between(kMinDelay, absl::Seconds(5)), [this, life, txn] {
        if (server_life == life) disk.Apply(txn);
      });
    }
  } else {
    outcome = disk.Apply(txn);
    if (absl::IsInvalidArgument(outcome.why)) {
      return Wrong(std::string(outcome.why.message()));
    }
    if (CrashNow(o.server_crash, At::kInside, number, o.chaos.server_crash)) {
      return CrashServer();
    }
  }
  queue->Committed(outcome, ServerNow());
  committing = false;
  if (CrashNow(o.server_crash, At::kAfter, number, o.chaos.server_crash)) {
    return CrashServer();
  }
  if (o.server_crash.at == At::kTold && o.server_crash.transaction == number) {
    for (const Action& action : queue->TakeActions()) CarryOut(action);
    return CrashServer();
  }
  PumpServer();
}

void World::State::CarryOut(const Action& action) {
  if (const auto* receipt = std::get_if<SendReceipt>(&action)) {
    CarryReceipt(*receipt);
  } else if (const auto* send = std::get_if<SendAttempts>(&action)) {
    pb::Dispatch dispatch;
    for (const pb::Attempt& a : send->attempts) *dispatch.add_attempt() = a;
    const auto ahead = sent_ahead.find(send->to);
    if (ahead != sent_ahead.end() &&
        ahead->second.first == dispatch.SerializeAsString()) {
      return CarryReceipt(
          {send->to, {ahead->second.second, Code::kAccepted, 0, ""}});
    }
    SendToAgent(send->to, dispatch);
  } else if (const auto* cancel = std::get_if<SendCancel>(&action)) {
    pb::Dispatch dispatch;
    dispatch.add_cancel(std::string(cancel->attempt.view()));
    SendToAgent(cancel->to, dispatch);
  } else if (const auto* answer = std::get_if<SendAnswer>(&action)) {
    const auto at = channels.find(answer->to);
    if (at == channels.end()) return;
    ToPeer(answer->to, [this, name = at->second.operation,
                        reply = answer->reply] { Answered(name, reply); });
  } else if (const auto* report = std::get_if<SendReport>(&action)) {
    Mail(*report);
  } else if (const auto* w = std::get_if<WakeUp>(&action)) {
    wake = w->when;
    const int life = server_life;
    At_(w->when - server_clock, [this, life, when = w->when] {
      if (server_life != life || wake != when) return;
      wake = absl::InfiniteFuture();
      queue->Wake(ServerNow());
      PumpServer();
    });
  }
}

void World::State::CarryReceipt(const SendReceipt& receipt) {
  const auto at = channels.find(receipt.to);
  if (at == channels.end()) return;
  const net::Receipt r = receipt.receipt;
  const int h = at->second.host;
  const size_t n = at->second.job;
  if (h == Channel::kOperator) return;
  if (h >= 0 && r.code == Code::kAccepted) {
    const auto found = results.find(r.id);
    if (found != results.end()) CheckConfirmed(found->second);
  }
  ToPeer(receipt.to, [this, h, n, r] {
    if (h < 0) return Answered(n, r);
    AgentState& agent = agents[h];
    if (r.code == Code::kAccepted) {
      agent.attempts->Confirmed(r.id, now);
    } else {
      agent.attempts->NotConfirmed(r.id, now);
    }
    PumpAgent(h);
  });
}

void World::State::SendToAgent(Connection id, const pb::Dispatch& dispatch,
                               const ParcelId& parcel) {
  ToPeer(id, [this, id, dispatch, parcel] { AtAgent(id, parcel, dispatch); });
}

void World::State::SendAhead(const SendAttempts& send) {
  pb::Dispatch ahead, later;
  for (const pb::Attempt& a : send.attempts) {
    *later.add_attempt() = a;
    *ahead.add_ahead() = a;
  }
  const ParcelId parcel = ParcelId::From(dice.Bytes(16));
  sent_ahead[send.to] = {later.SerializeAsString(), parcel};
  facts.ahead++;
  SendToAgent(send.to, o.broken.ahead_is_given ? later : ahead, parcel);
}

void World::State::Mail(const SendReport& report) {
  const int life = server_life;
  const bool sent = !Luck(o.chaos.mail_fails);
  const auto found = by_number.find(report.report.job());
  if (found == by_number.end()) return Wrong("a report of no job");
  JobTruth& job = jobs[found->second];
  if (report.report.about() == pb::PendingReport::TASK_LATE) {
    facts.late += sent;
  } else if (report.report.about() == pb::PendingReport::TASK_HELD) {
    facts.held++;
    const JobId id{report.report.job()};
    const TaskIndex task{report.report.task()};
    // A person looks after a while; whether the server runs then or not.
    std::function<void()> look = [this, id, task] {
      Operate(id, pb::Control::RELEASE, {task});
    };
    After(dice.Between(absl::Seconds(10), absl::Minutes(5)), look);
    At_(calm_at + absl::Minutes(10), look);
  } else if (sent) {
    facts.reports++;
    job.reports_sent++;
    if (job.ends == 0) Wrong("a report before the end is stored");
    const auto [id, is_new] =
        job.reports.emplace(report.key, report.report.report_id());
    if (!is_new && id->second != report.report.report_id()) {
      Wrong("two reports on one job's end have different ids");
    }
  }
  After(Soon(), [this, life, sent, key = report.key] {
    if (server_life != life) return;
    if (sent) {
      queue->ReportSent(key, ServerNow());
    } else {
      queue->ReportFailed(key, ServerNow());
    }
    PumpServer();
  });
}

}  // namespace mcfeely
