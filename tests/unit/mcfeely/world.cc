#include "world.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <deque>

#include "base/bytes.h"
#include "base/time.h"
#include "wire/message.h"
#include "wire/parcel.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using base::ParcelId;
using Record = pb::TaskRecord;
using Code = net::Receipt::Code;
using At = CrashPoint::At;

// --- the disk
// ------------------------------------------------------------------

store::Outcome FakeDisk::Apply(const store::Transaction& txn) {
  store::Outcome outcome{store::Outcome::Kind::kRefused, revision_, {}};
  outcome.why = store::CheckLimits(txn);
  if (!outcome.why.ok()) return outcome;
  for (const store::Condition& c : txn.conditions) {
    const auto found = entries_.find(c.key);
    const bool there = found != entries_.end();
    const bool holds = c.kind == store::Condition::Kind::kAbsent ? !there
                       : c.kind == store::Condition::Kind::kPresent
                           ? there
                           : there && found->second == c.value;
    if (!holds) return outcome;
  }
  for (const store::Operation& o : txn.operations) {
    if (watch != nullptr) watch(o);
    if (o.kind == store::Operation::Kind::kPut) {
      entries_[o.key] = o.value;
    } else {
      entries_.erase(o.key);
    }
  }
  outcome.kind = store::Outcome::Kind::kApplied;
  outcome.revision = ++revision_;
  return outcome;
}

absl::StatusOr<store::Entry> FakeDisk::Get(absl::string_view key) {
  const auto found = entries_.find(std::string(key));
  if (found == entries_.end()) return absl::NotFoundError("no such key");
  return store::Entry{.key = found->first, .value = found->second};
}

absl::StatusOr<store::RangeResult> FakeDisk::Range(absl::string_view first,
                                                   absl::string_view last,
                                                   int64_t limit) {
  store::RangeResult result;
  result.revision = revision_;
  for (auto it = entries_.lower_bound(std::string(first));
       it != entries_.end() && (last.empty() || it->first < last); ++it) {
    if (limit > 0 && static_cast<int64_t>(result.entries.size()) == limit) {
      result.more = true;
      break;
    }
    result.entries.push_back({.key = it->first, .value = it->second});
  }
  return result;
}

// The world commits through Apply; of the rest a queue has no need.
void FakeDisk::Commit(store::Transaction, std::function<void(store::Outcome)>) {
  abort();
}
int64_t FakeDisk::Watch(absl::string_view, store::Revision,
                        std::function<void(store::WatchBatch)>) {
  abort();
}
void FakeDisk::Unwatch(int64_t) { abort(); }
absl::StatusOr<store::Lease> FakeDisk::MakeLease(absl::Duration) { abort(); }
absl::Status FakeDisk::KeepAlive(store::Lease) { abort(); }
absl::Status FakeDisk::Revoke(store::Lease) { abort(); }
absl::Status FakeDisk::Compact(store::Revision) { abort(); }
absl::StatusOr<store::EngineStatus> FakeDisk::Status() { abort(); }

std::string FakeParcel(const ParcelId& id, const Job& job) {
  const std::string body = wire::Serialize(ToMessage(job));
  std::string parcel = "FBP1";
  parcel += static_cast<char>(pb::JOB);
  parcel += '\0';
  base::PutLe16(parcel, 0);
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe64(parcel, 1'700'000'000'000);
  absl::StrAppend(&parcel, id.view(), std::string(32, 'k'),
                  std::string(32, '\0'), body, std::string(64, 's'));
  return parcel;
}

Chaos Chaos::Some() {
  Chaos chaos;
  chaos.disk_full = 0.03;
  chaos.disk_doubt = 0.03;
  chaos.server_crash = 0.01;
  chaos.agent_crash = 0.02;
  chaos.break_channel = 0.02;
  chaos.repeat_message = 0.05;
  chaos.slow_message = 0.05;
  chaos.journal_lost = 0.2;
  chaos.partition = 0.2;
  chaos.mail_fails = 0.3;
  chaos.clock_jump = 0.3;
  return chaos;
}

// --- the world
// -----------------------------------------------------------------

namespace {

constexpr int64_t kMaxSteps = 2'000'000;
constexpr absl::Duration kMinDelay = absl::Milliseconds(1);

// What really happened to an attempt.
struct AttemptTruth {
  size_t job;
  uint32_t task;
  int started = 0;
  pb::Verdict ended = pb::VERDICT_NONE;  // its comm's end, not interrupted
};

struct JobTruth {
  Workload load;
  ParcelId parcel;
  std::vector<int> completed;   // runs of each task's comm to its end
  uint64_t number = 0;          // by the store
  uint64_t answered = 0;        // to its injector
  std::vector<Record> records;  // as stored
  pb::JobState state = pb::JOB_OPEN;
  std::string report_id;
  int reports = 0;
  std::vector<Record::Stored> expected;
};

// A channel. Each side learns of its end in its own time.
struct Channel {
  Connection id;
  int host;        // -1: an injector's
  size_t job = 0;  // the injector's
  bool dead = false;
  bool server_open = true, peer_open = true;
  int server_life, peer_life;
  absl::Time to_server, to_peer;  // when the latest message arrives
};

struct AgentState {
  std::string name;
  std::unique_ptr<FakeDisk> disk = std::make_unique<FakeDisk>();
  std::unique_ptr<Attempts> attempts;
  int life = 0;
  bool committing = false;
  std::string journal;  // id, as first announced
  Connection channel = 0;
  absl::Time cut_off = absl::InfinitePast();  // until then
  absl::Time timer = absl::InfiniteFuture();
};

}  // namespace

struct World::State {
  WorldOptions o;
  Dice dice;
  Keys keys{"main"};
  std::string violation;
  Facts facts;
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  absl::Time calm_at;

  absl::btree_map<std::pair<absl::Time, uint64_t>, std::function<void()>>
      events;
  uint64_t last_event = 0;

  std::vector<JobTruth> jobs;
  absl::btree_map<uint64_t, size_t> by_number;
  absl::btree_map<ParcelId, size_t> by_parcel;
  absl::btree_map<AttemptId, AttemptTruth> attempts;

  FakeDisk disk;
  std::unique_ptr<Queue> queue;
  int server_life = 0;
  bool committing = false;
  absl::Duration wall;          // jumps
  absl::Duration server_clock;  // of this life, against `now`
  absl::Time wake = absl::InfiniteFuture();
  std::vector<AgentState> agents;
  absl::btree_map<Connection, Channel> channels;
  Connection last_channel = 0;
  absl::btree_map<ParcelId, pb::Results> results;  // sent by agents

  explicit State(WorldOptions options)
      : o(std::move(options)), dice(o.seed), calm_at(now + o.chaos.lasts) {}

  bool calm() const { return now >= calm_at; }
  bool Luck(double p) { return p > 0 && !calm() && dice.Chance(p); }
  void Wrong(const std::string& what) {
    if (violation.empty()) violation = what;
  }
  void At_(absl::Time when, std::function<void()> f) {
    events.emplace(std::make_pair(std::max(when, now), ++last_event),
                   std::move(f));
  }
  void After(absl::Duration d, std::function<void()> f) {
    At_(now + d, std::move(f));
  }
  absl::Duration Soon() {
    return dice.Between(kMinDelay, absl::Milliseconds(20));
  }

  void Begin();
  bool Finished() const;

  // The server.
  absl::Time ServerNow() const { return now + server_clock; }
  void StartServer();
  void CrashServer();
  void PumpServer();
  void CommitServer(store::Transaction txn);
  void CarryOut(const Action& action);
  void Mail(const SendReport& report);
  void Watch(const store::Operation& o);
  void WatchTable(JobTruth& job, size_t first,
                  const google::protobuf::RepeatedPtrField<Record>& table,
                  bool whole);
  void WatchRuns(const store::Operation& o);
  bool CrashNow(const CrashPoint& point, At at, int64_t transaction,
                double chance);

  // Agents.
  void StartAgent(int h);
  void CrashAgent(int h);
  void PumpAgent(int h);
  void CommitAgent(int h, store::Transaction txn);
  void RunComm(int h, const pb::Attempt& attempt);
  void EndComm(int h, int life, AttemptId id);
  void Connect(int h);

  // The network.
  Channel& NewChannel(int host, size_t job);
  void Break(Connection id);
  void ToServer(Connection id, std::function<void()> deliver,
                bool repeatable = true);
  void ToPeer(Connection id, std::function<void()> deliver);
  void Send(Connection id, bool to_server, bool repeatable,
            std::function<void()> deliver);
  void AtAgent(Connection id, const pb::Dispatch& dispatch);
  void CheckConfirmed(const pb::Results& results);

  void Inject(size_t n);
  void Answered(size_t n, const net::Receipt& receipt);
};

World::World(WorldOptions options)
    : state_(std::make_unique<State>(std::move(options))) {
  state_->Begin();
}
World::~World() = default;
const std::string& World::violation() const { return state_->violation; }
const World::Facts& World::facts() const { return state_->facts; }

int World::ReportsOf(size_t n) const { return state_->jobs[n].reports; }
std::string World::Outcome(size_t n) const {
  std::vector<std::string> words;
  for (const Record& r : state_->jobs[n].records) {
    words.push_back(Record::Stored_Name(r.state()));
  }
  return absl::StrJoin(words, " ");
}

void World::State::Begin() {
  disk.watch = [this](const store::Operation& op) { Watch(op); };
  for (const Workload& load : o.jobs) {
    JobTruth job;
    job.load = load;
    job.parcel = ParcelId::From(dice.Bytes(16));
    job.completed.resize(load.job.tasks.size());
    job.records.resize(load.job.tasks.size());
    const Graph graph =
        *Graph::Make(load.job.tasks.size(), load.job.requirements);
    job.expected.assign(load.job.tasks.size(), Record::SUCCEEDED);
    for (uint32_t t = 0; t < job.expected.size(); t++) {
      if (load.scripts[t].verdict == pb::FAILED) {
        job.expected[t] = Record::FAILED;
      }
    }
    for (uint32_t t = 0; t < job.expected.size(); t++) {
      if (job.expected[t] != Record::FAILED) continue;
      for (const uint32_t d : graph.TransitiveDependents(t)) {
        job.expected[d] = Record::SKIPPED;
      }
    }
    by_parcel[job.parcel] = jobs.size();
    jobs.push_back(std::move(job));
  }
  agents.resize(o.hosts);
  for (int h = 0; h < o.hosts; h++) {
    agents[h].name = absl::StrCat("host", h);
    After(dice.Between(kMinDelay, absl::Seconds(5)),
          [this, h] { StartAgent(h); });
  }
  StartServer();
  for (size_t n = 0; n < jobs.size(); n++) {
    After(dice.Between(kMinDelay, o.injected_within), [this, n] { Inject(n); });
  }
}

bool World::State::Finished() const {
  for (const JobTruth& job : jobs) {
    if (job.answered == 0 || job.state == pb::JOB_OPEN) return false;
    const auto& to =
        job.state == pb::JOB_DONE ? job.load.job.success : job.load.job.failure;
    if (!to.empty() && job.reports == 0) return false;
  }
  for (const AgentState& agent : agents) {
    if (agent.attempts == nullptr || agent.attempts->unconfirmed() > 0 ||
        agent.attempts->running() > 0) {
      return false;
    }
  }
  return queue != nullptr && !committing;
}

bool World::Run() {
  State& s = *state_;
  while (s.violation.empty()) {
    if (++s.facts.steps % 16 == 0 && s.Finished()) break;
    if (s.events.empty() || s.facts.steps > kMaxSteps) {
      if (!s.Finished()) s.Wrong("the world stands still: a job never ends");
      break;
    }
    const auto next = s.events.begin();
    s.now = next->first.first;
    const std::function<void()> f = std::move(next->second);
    s.events.erase(next);
    f();
  }
  for (const JobTruth& job : s.jobs) {
    for (size_t t = 0; t < job.expected.size() && s.violation.empty(); t++) {
      if (job.records[t].state() != job.expected[t]) {
        s.Wrong(absl::StrCat("task ", t, " of job ", job.number, " is ",
                             Record::Stored_Name(job.records[t].state()),
                             ", its script means ",
                             Record::Stored_Name(job.expected[t])));
      }
    }
  }
  s.facts.now = s.now;
  return s.violation.empty();
}

// --- the server
// ------------------------------------------------------------------

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
  if (report.report.about() == pb::PendingReport::TASK_HELD) {
    facts.held++;
    const JobId id{report.report.job()};
    const TaskIndex task{report.report.task()};
    // A person looks after a while; whether the server runs then or not.
    std::function<void()> look = [this, id, task] {
      if (queue == nullptr) return;
      queue->Release(id, task, ServerNow());
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

// --- what becomes durable
// ----------------------------------------------------------

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
    const uint64_t number = *UnpackNumber(op.value);
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

// --- agents
// ------------------------------------------------------------------------

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
    agents[h].attempts->Started(id);
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

// --- the network
// ---------------------------------------------------------------------

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
  if (repeatable && Luck(o.chaos.repeat_message)) {
    arrives += Soon();
    At_(arrives, std::move(deliver));
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

// --- injectors
// -----------------------------------------------------------------------

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
