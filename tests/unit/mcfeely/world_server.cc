// The server of a World, its disk, and what both must never say.

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

// --- the server -------------------------------------------------------------

void World::State::StartServer() {
  if (queue != nullptr) return;
  // A program takes the wall clock's time when it starts, and its own after.
  if (Luck(o.chaos.clock_jump)) {
    wall += dice.Between(-absl::Hours(1), absl::Hours(1));
  }
  server_clock = wall;
  server_life++;
  committing = false;
  wake = absl::InfiniteFuture();
  queue = std::make_unique<Queue>(
      QueueOptions{.name = "main",
                   .limits = o.limits,
                   .random_bytes = [this](size_t n) { return dice.Bytes(n); },
                   .known_host = [](const std::string&) { return true; }});
  const absl::Status status = queue->Load(disk, ServerNow());
  if (!status.ok()) {
    return Wrong(absl::StrCat("load: ", status.message()));
  }
  for (const JobTruth& job : jobs) {
    if (job.answered != 0 &&
        queue->FindParcel(job.parcel) != JobId{job.answered}) {
      Wrong(absl::StrCat("job ", job.answered, " was accepted and is gone"));
    }
    if (job.number != 0 && job.records.size() <= kTasksInTable &&
        (job.state == pb::JOB_OPEN) !=
            queue->scheduler().Has(JobId{job.number})) {
      Wrong(absl::StrCat("job ", job.number, " was lost or came back"));
    }
  }
  PumpServer();
}

void World::State::CrashServer() {
  facts.server_crashes++;
  queue.reset();
  server_life++;
  committing = false;
  for (auto& [id, channel] : channels) {
    if (channel.server_open) {
      channel.server_open = false;
      Break(id);
    }
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
  if (committing) return;
  auto txn = queue->NextTransaction(ServerNow());
  if (!txn.has_value()) return;
  committing = true;
  facts.server_transactions++;
  if (CrashNow(o.server_crash, At::kBefore, facts.server_transactions,
               o.chaos.server_crash)) {
    return CrashServer();
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
    const auto at = channels.find(receipt->to);
    if (at == channels.end()) return;
    const Connection id = receipt->to;
    const net::Receipt r = receipt->receipt;
    const int h = at->second.host;
    const size_t n = at->second.job;
    if (h >= 0 && r.code == Code::kAccepted) CheckConfirmed(results[r.id]);
    ToPeer(id, [this, h, n, r] {
      if (h < 0) return Answered(n, r);
      AgentState& agent = agents[h];
      if (r.code == Code::kAccepted) {
        agent.attempts->Confirmed(r.id, now);
      } else {
        agent.attempts->NotConfirmed(r.id, now);
      }
      PumpAgent(h);
    });
  } else if (const auto* send = std::get_if<SendAttempts>(&action)) {
    pb::Dispatch dispatch;
    for (const pb::Attempt& a : send->attempts) *dispatch.add_attempt() = a;
    const Connection id = send->to;
    ToPeer(id, [this, id, dispatch] { AtAgent(id, dispatch); });
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

// An agent that hears this forgets the results: they must be stored.
void World::State::CheckConfirmed(const pb::Results& confirmed) {
  for (const pb::Result& r : confirmed.result()) {
    const auto found = by_number.find(r.job());
    if (found == by_number.end()) return Wrong("a result of no job");
    const Record& record = jobs[found->second].records[r.task()];
    if (record.state() == Record::UNTOUCHED) {
      return Wrong("a result is confirmed of a task without attempts");
    }
    if (record.attempt_id() != r.attempt()) continue;  // a later one is open
    const bool open = record.state() == Record::DISPATCHED ||
                      record.state() == Record::RUNNING;
    if (open ||
        (r.verdict() == pb::DONE && record.state() != Record::SUCCEEDED) ||
        (r.verdict() == pb::FAILED && record.state() != Record::FAILED)) {
      return Wrong(absl::StrCat("a result (", pb::Verdict_Name(r.verdict()),
                                ") was confirmed and is not stored: ",
                                Record::Stored_Name(record.state())));
    }
  }
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
      if (queue == nullptr) return;
      Operate(id, pb::Control::RELEASE, {task});
      PumpServer();
    };
    After(dice.Between(absl::Seconds(10), absl::Minutes(5)), look);
    At_(calm_at + absl::Minutes(10), look);
  } else if (sent) {
    facts.reports++;
    job.reports++;
    if (job.state == pb::JOB_OPEN) Wrong("a report before the end is stored");
    if (job.report_id.empty()) job.report_id = report.report.report_id();
    if (job.report_id != report.report.report_id()) {
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

// --- what becomes durable ---------------------------------------------------

void World::State::Watch(const store::Operation& op) {
  const bool put = op.kind == store::Operation::Kind::kPut;
  const auto before = disk.entries().find(op.key);
  if (absl::StartsWith(op.key, keys.Parcels()) ||
      absl::StartsWith(op.key, keys.Idempotencies())) {
    if (!put ||
        (before != disk.entries().end() && before->second != op.value)) {
      return Wrong("what was decided about a parcel has changed");
    }
    const auto id = keys.ParseParcel(op.key);
    if (!id.has_value()) return;
    const uint64_t number =
        *UnpackNumber(absl::string_view(op.value).substr(0, 16));
    const auto known = by_parcel.find(*id);
    if (known == by_parcel.end()) return Wrong("a job nobody injected");
    const auto [at, is_new] = by_number.emplace(number, known->second);
    if (!is_new && at->second != known->second) {
      return Wrong("two jobs have one number");
    }
    jobs[known->second].number = number;
    return;
  }
  const auto key = keys.ParseJobKey(op.key);
  if (!key.has_value()) return;
  const auto found = by_number.find(key->job.value);
  if (!put) {
    if (found != by_number.end())
      Wrong("a piece of an accepted job is deleted");
    return;
  }
  if (key->kind == Keys::JobKey::Kind::kRun) return WatchRuns(op);
  if (key->kind == Keys::JobKey::Kind::kHead) {
    // The parcel's key is in the same transaction, before it.
    if (found == by_number.end()) return Wrong("a head without its parcel");
    JobTruth& job = jobs[found->second];
    pb::JobHead head;
    if (!UnpackMessage(op.value, head).ok()) return Wrong("a bad head");
    const bool small = head.tasks() <= kTasksInTable;
    if (small) WatchTable(job, 0, head.task(), true);
    if (job.state != pb::JOB_OPEN && job.state != head.state()) {
      Wrong("the end of a job has changed");
    }
    job.state = head.state();
    if (job.state == pb::JOB_OPEN) return;
    for (const Record& r : job.records) {
      if (r.state() != Record::SUCCEEDED && r.state() != Record::FAILED &&
          r.state() != Record::SKIPPED) {
        Wrong("a job has ended and a task has not");
      }
    }
  } else if (key->kind == Keys::JobKey::Kind::kPart &&
             found != by_number.end()) {
    pb::JobPart part;
    if (!UnpackMessage(op.value, part).ok()) return Wrong("a bad part");
    WatchTable(jobs[found->second], key->number * kTasksInTable, part.task(),
               false);
  }
}

void World::State::WatchTable(
    JobTruth& job, size_t first,
    const google::protobuf::RepeatedPtrField<Record>& table, bool whole) {
  for (int i = 0; i < table.size(); i++) {
    const Record& now_is = table[i];
    const size_t t = first + i;
    if (t >= job.records.size()) return Wrong("a task too many");
    const Record& was = job.records[t];
    const bool was_final = was.state() == Record::SUCCEEDED ||
                           was.state() == Record::FAILED ||
                           (whole && was.state() == Record::SKIPPED);
    if (was_final && now_is.state() != was.state()) {
      return Wrong(absl::StrCat("a stored ", Record::Stored_Name(was.state()),
                                " became ",
                                Record::Stored_Name(now_is.state())));
    }
    if (whole && now_is.attempts() < was.attempts()) {
      return Wrong("an attempt was forgotten");
    }
    // What an operator's eyes and dependents go by must be what its comm said.
    if (now_is.state() == Record::SUCCEEDED ||
        now_is.state() == Record::FAILED) {
      const auto truth = attempts.find(AttemptId::From(now_is.attempt_id()));
      const pb::Verdict said =
          truth == attempts.end() ? pb::VERDICT_NONE : truth->second.ended;
      const pb::Verdict meant =
          now_is.state() == Record::SUCCEEDED ? pb::DONE : pb::FAILED;
      if (said != meant) {
        return Wrong(absl::StrCat("task ", t, " of job ", job.number, " is ",
                                  Record::Stored_Name(now_is.state()),
                                  ", its attempt's comm said ",
                                  pb::Verdict_Name(said)));
      }
    }
    job.records[t] = now_is;
  }
}

void World::State::WatchRuns(const store::Operation& op) {
  pb::TaskRuns runs;
  if (!UnpackMessage(op.value, runs).ok()) return Wrong("bad runs");
  absl::btree_set<std::string> ids;
  for (const pb::AttemptView& view : runs.attempt()) {
    if (!ids.insert(view.id()).second) Wrong("an attempt is counted twice");
    const auto truth = attempts.find(AttemptId::From(view.id()));
    const pb::Verdict said =
        truth == attempts.end() ? pb::VERDICT_NONE : truth->second.ended;
    if (view.verdict() != pb::INTERRUPTED && view.verdict() != said) {
      Wrong("an attempt's verdict is not what its comm said");
    }
  }
}
}  // namespace mcfeely
