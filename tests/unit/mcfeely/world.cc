#include "world.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using base::ParcelId;
using Record = pb::TaskRecord;

namespace {

constexpr int64_t kMaxSteps = 2'000'000;
// Once all is well. Clocks that have jumped may have put things off.
constexpr absl::Duration kLongestCalm = absl::Hours(3 * 24);

// What ForbiddenJob and ForbiddenAt say, as policies.
constexpr char kPolicy[] =
    "allow user:ops@example.com run *_comm ... on host*\n"
    "allow user:guest@example.com run test_comm on host0\n"
    "allow user:op* operate\n";
constexpr char kOddPolicy[] = "allow user:* run test_comm ...\n";

Policy Parsed(const char* text) {
  Policy::Parsed parsed = Policy::Parse(text, "policy");
  if (!parsed.errors.empty()) abort();
  return std::move(parsed.policy);
}

}  // namespace

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
  chaos.sent_arrives = 0.5;
  chaos.partition = 0.2;
  chaos.mail_fails = 0.3;
  chaos.call_fails = 0.2;
  chaos.call_is_slow = 0.1;
  chaos.policy_unread = 0.03;
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

int World::ReportsOf(size_t n) const { return state_->jobs[n].reports_sent; }
std::string World::Outcome(size_t n) const {
  std::vector<std::string> words;
  for (const Record& r : state_->jobs[n].records) {
    words.push_back(Record::Stored_Name(r.state()));
  }
  return absl::StrJoin(words, " ");
}

void World::State::Begin() {
  disk.begin = [this](const store::Transaction& t) { WatchTransaction(t); };
  disk.watch = [this](const store::Operation& op) { Watch(op); };
  if (o.policies) {
    policy = Parsed(kPolicy);
    odd_policy = Parsed(kOddPolicy);
  }
  for (const Workload& load : o.jobs) BeginJob(load);
  agents.resize(o.hosts);
  for (int h = 0; h < o.hosts; h++) {
    agents[h].name = absl::StrCat("host", h);
    agents[h].kept = o.kept.contains(h);
    agents[h].on_demand = o.on_demand.contains(h);
    agent_of[agents[h].name] = h;
    if (agents[h].on_demand) continue;
    After(dice.Between(kMinDelay, absl::Seconds(5)),
          [this, h] { StartAgent(h); });
  }
  StartServer();
  for (size_t n = 0; n < jobs.size(); n++) {
    After(dice.Between(kMinDelay, o.injected_within), [this, n] { Inject(n); });
  }
  BeginOperators();
  if (plan != nullptr) Inspect();
}

void World::State::BeginJob(const Workload& load) {
  JobTruth job;
  job.load = load;
  job.forbidden = o.policies && ForbiddenJob(load);
  job.parcel = ParcelId::From(dice.Bytes(16));
  const size_t tasks = load.job.tasks.size();
  job.completed.resize(tasks);
  job.records.resize(tasks);
  job.cancelled.resize(tasks);
  job.meddled.resize(tasks);
  job.needs.resize(tasks);
  for (const Requirement& r : load.job.requirements) {
    for (const uint32_t t : r.tasks) {
      job.needs[t].insert(job.needs[t].end(), r.needs.begin(), r.needs.end());
    }
  }
  by_parcel[job.parcel] = jobs.size();
  jobs.push_back(std::move(job));
}

bool World::State::Finished() const {
  if (queue == nullptr || committing) return false;
  for (const JobTruth& job : jobs) {
    if (job.refused) continue;
    if (job.answered == 0 || job.state == pb::JOB_OPEN) return false;
    // One for each of its ends, if all of them are told to somebody.
    const bool all =
        !job.load.job.success.empty() && !job.load.job.failure.empty();
    const auto& to =
        job.state == pb::JOB_DONE ? job.load.job.success : job.load.job.failure;
    if (!to.empty() && job.reports.size() < (all ? job.ends : 1)) return false;
  }
  return std::all_of(agents.begin(), agents.end(),
                     [this](const AgentState& a) { return AgentDone(a); });
}

bool World::State::AgentDone(const AgentState& agent) const {
  // What nobody waits for may stay in the journal until the next call.
  if (agent.on_demand) return !calls.contains(agent_of.at(agent.name));
  return agent.attempts != nullptr && agent.attempts->unconfirmed() == 0 &&
         agent.attempts->running() == 0;
}

bool World::Run() {
  State& s = *state_;
  while (s.violation.empty()) {
    if (++s.facts.steps % 16 == 0 && s.Finished()) break;
    if (s.events.empty() || s.facts.steps > kMaxSteps ||
        s.now > s.calm_at + kLongestCalm) {
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
    if (s.violation.empty()) s.JudgeJob(job);
  }
  s.facts.now = s.now;
  return s.violation.empty();
}

}  // namespace mcfeely
