#include "world.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/time.h"
#include "wire/message.h"
#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using base::ParcelId;
using Record = pb::TaskRecord;
using Code = net::Receipt::Code;
using At = CrashPoint::At;

namespace {

constexpr int64_t kMaxSteps = 2'000'000;

}  // namespace

// --- the disk ---------------------------------------------------------------

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
  chaos.not_now = 0.02;
  chaos.journal_lost = 0.2;
  chaos.partition = 0.2;
  chaos.mail_fails = 0.3;
  chaos.clock_jump = 0.3;
  return chaos;
}

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
}  // namespace mcfeely
