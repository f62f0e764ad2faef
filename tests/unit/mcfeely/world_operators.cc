// The operators of a World: they ask for what they like, whenever they like,
// and hear of it or not. Each thing asked for has a name of its own, so that
// what is stored tells what it came of.

#include <absl/strings/str_cat.h>

#include "base/limits.h"
#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using base::ParcelId;
using pb::Control;
using Record = pb::TaskRecord;
using Code = net::Receipt::Code;

namespace {

constexpr int kMostTries = 3;
constexpr absl::Duration kPatience = absl::Seconds(30);

Verb RandomVerb(Dice& dice) {
  constexpr Verb kVerbs[] = {
      Control::HOLD,        Control::HOLD,    Control::HOLD,
      Control::RELEASE,     Control::RELEASE, Control::RELEASE,
      Control::RELEASE,     Control::CANCEL,  Control::CANCEL,
      Control::NOW,         Control::NOW,     Control::RETRY,
      Control::RETRY,       Control::RETRY,   Control::MARK_DONE,
      Control::MARK_FAILED, Control::DRAIN,   Control::DRAIN,
      Control::RESUME,      Control::RESUME};
  return kVerbs[dice.Below(std::size(kVerbs))];
}

}  // namespace

OperationTruth& World::State::NewOperation(Verb verb) {
  auto made = std::make_unique<OperationTruth>();
  made->forbidden = o.policies && Luck(0.05);
  const std::string name =
      absl::StrCat("user:", made->forbidden ? "nobody" : "op",
                   operations.size() + 1, "@example.com");
  made->what.parcel = ParcelId::From(dice.Bytes(16));
  made->what.principal = name;
  made->what.control.set_verb(verb);
  operation_of[made->what.parcel] = made.get();
  return *(operations[name] = std::move(made));
}

void World::State::BeginOperators() {
  if (o.operators_think < absl::InfiniteDuration()) AskSomething();
  for (const JobTruth& job : jobs) {
    if (o.operators_think < absl::InfiniteDuration() || job.load.job.hold) {
      return At_(calm_at + absl::Minutes(1), [this] { Tidy(); });
    }
  }
}

void World::State::AskSomething() {
  After(dice.Between(kMinDelay, 2 * o.operators_think), [this] {
    if (calm()) return;
    OperationTruth& asked = NewOperation(RandomVerb(dice));
    const Verb verb = asked.verb();
    if (verb == Control::DRAIN || verb == Control::RESUME) {
      asked.what.control.set_host(agents[dice.Below(agents.size())].name);
    } else {
      AskOfJob(asked);
    }
    SendOperation(asked.what.principal);
    AskSomething();
  });
}

void World::State::AskOfJob(OperationTruth& asked) {
  Control& control = asked.what.control;
  control.set_job(1 + dice.Below(jobs.size() + 1));
  const auto found = by_number.find(control.job());
  if (found == by_number.end()) return;  // there is none: it is refused
  const JobTruth& job = jobs[found->second];
  const bool mark = asked.verb() == Control::MARK_DONE ||
                    asked.verb() == Control::MARK_FAILED;
  if (mark || dice.Chance(0.5)) {
    for (uint32_t t = 0; t < job.records.size(); t++) {
      if (dice.Chance(0.3)) asked.tasks.push_back(t);
    }
    if (asked.tasks.empty()) {
      asked.tasks.push_back(
          static_cast<uint32_t>(dice.Below(job.records.size())));
    }
  }
  // Most comms are short; those that are not are worth being ended.
  if (asked.verb() == Control::CANCEL && dice.Chance(0.5)) {
    std::vector<uint32_t> running;
    for (uint32_t t = 0; t < job.records.size(); t++) {
      if (job.records[t].state() == Record::RUNNING) running.push_back(t);
    }
    if (!running.empty()) asked.tasks = std::move(running);
  }
  for (const uint32_t t : asked.tasks) {
    control.add_task(job.load.job.tasks[t].name);
  }
  if (dice.Chance(0.02)) control.add_task("nothing");
}

// Over a channel of its own. Who hears nothing may send the same again.
void World::State::SendOperation(const std::string& name) {
  OperationTruth& asked = *operations.at(name);
  // Everybody's clock jumps with the server's.
  if (asked.tries++ == 0) asked.signed_at = now + wall;
  After(kPatience, [this, name] {
    const OperationTruth& was = *operations.at(name);
    if (was.answered || was.tries >= kMostTries) return;
    if (calm() || dice.Chance(0.5)) SendOperation(name);
  });
  if (queue == nullptr) return;
  Channel& channel = NewChannel(Channel::kOperator, 0);
  channel.operation = name;
  const Connection id = channel.id;
  ToServer(id, [this, id, name] { OperationArrived(id, name); });
}

// As server.cc takes a control parcel in.
void World::State::OperationArrived(Connection id, const std::string& name) {
  OperationTruth& asked = *operations.at(name);
  wire::Header header;
  header.id = asked.what.parcel;
  const absl::Duration age = ServerNow() - asked.signed_at;
  const bool in_time =
      age <= base::kMaxClockBehind && -age <= base::kMaxClockAhead;
  if (!o.broken.repeated_operation_counts &&
      (!in_time || !replays.Check(header, now).ok())) {
    facts.operations_repeated++;
    return CarryOut(
        SendReceipt{id, {asked.what.parcel, Code::kRefused, 0, ""}});
  }
  Queue::Operation operation = asked.what;
  operation.from = id;
  if (o.broken.repeated_operation_counts) {
    operation.parcel = ParcelId::From(dice.Bytes(16));
    operation_of[operation.parcel] = &asked;
  }
  const auto answer = [&](const std::string& error) {
    pb::Reply reply;
    reply.set_error(error);
    reply.set_code(error.empty() ? 0 : 9);
    CarryOut(SendAnswer{id, asked.what.parcel, reply});
  };
  const PolicyAnswer may = policy.RightsOf(name).MayOperate();
  if (!may.allowed) {
    if (o.broken.refused_leaves_trace) {
      operation.from = 0;
      queue->Operate(operation, disk, ServerNow());
      PumpServer();
    }
    return answer(absl::StrCat("refused by policy: ", may.why));
  }
  // The job may have come to be since it was asked for.
  if (const auto found = by_number.find(operation.control.job());
      found != by_number.end() && !std::exchange(asked.arrived, true)) {
    jobs[found->second].asked.push_back(&asked);
  }
  queue->Operate(operation, disk, ServerNow());
  if (o.broken.operator_told_before_commit) answer("");
  PumpServer();
}

void World::State::Answered(const std::string& name, const pb::Reply& reply) {
  OperationTruth& asked = *operations.at(name);
  if (std::exchange(asked.answered, true)) return;
  asked.refused = reply.code() != 0;
  if (asked.refused) {
    facts.operations_refused++;
    if (asked.stored) {
      Wrong(absl::StrCat("an operation was stored, and its operator heard '",
                         std::string(reply.error()), "'"));
    }
    return;
  }
  if (asked.forbidden) return Wrong("somebody operates who may not");
  if (!asked.stored || !asked.remembered) {
    Wrong(absl::StrCat("an operation (", Control::Verb_Name(asked.verb()),
                       ") was answered and is not stored"));
  }
}

void World::State::Operate(JobId job, Verb verb,
                           const std::vector<TaskIndex>& tasks) {
  const auto found = by_number.find(job.value);
  if (found == by_number.end()) return;
  OperationTruth& asked = NewOperation(verb);
  asked.what.control.set_job(job.value);
  for (const TaskIndex t : tasks) {
    asked.tasks.push_back(t.value);
    asked.what.control.add_task(
        jobs[found->second].load.job.tasks[t.value].name);
  }
  SendOperation(asked.what.principal);
}

// What was held and drained is let go, so that the world may end.
void World::State::Tidy() {
  for (const std::string& host : drained) {
    OperationTruth& asked = NewOperation(Control::RESUME);
    asked.what.control.set_host(host);
    SendOperation(asked.what.principal);
  }
  for (const JobTruth& job : jobs) {
    if (job.number == 0 || job.state != pb::JOB_OPEN) continue;
    if (job.held) Operate(JobId{job.number}, Control::RELEASE, {});
    std::vector<TaskIndex> held;
    for (uint32_t t = 0; t < job.records.size(); t++) {
      const Record& record = job.records[t];
      if (record.state() == Record::HELD ||
          (record.held() && !HasEnded(record.state()))) {
        held.push_back({t});
      }
    }
    if (!held.empty()) Operate(JobId{job.number}, Control::RELEASE, held);
  }
  After(absl::Minutes(1), [this] { Tidy(); });
}

}  // namespace mcfeely
