// What a World holds; for the world*.cc files alone. world.cc begins and ends
// it; world_server.cc is the server, world_watch.cc what becomes durable and
// world_rules.cc what may; world_agents.cc the agents, world_carriers.cc how
// they are called, world_network.cc the network and who injects;
// world_operators.cc the operators; world_fates.cc how jobs should have ended.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/container/node_hash_map.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mcfeely/carrier_plan.h"
#include "mcfeely/policy.h"
#include "wire/parcel.h"
#include "world.h"

namespace mcfeely {

constexpr absl::Duration kMinDelay = absl::Milliseconds(1);

// What really happened to an attempt.
struct AttemptTruth {
  size_t job;
  uint32_t task;
  int started = 0;
  bool stopped = false;    // it was asked to end
  bool cancelled = false;  // and did, for that reason
  bool forbidden = false;  // by the agent's policy
  absl::Time over = absl::InfiniteFuture();
  fleetbox::wire::Verdict ended =
      fleetbox::wire::VERDICT_NONE;  // its comm's end, not interrupted
};

// What somebody asks of a job or a host, under a name of his own.
struct OperationTruth {
  Queue::Operation what;
  std::vector<uint32_t> tasks;  // none: the whole job
  bool forbidden = false;       // he is no operator
  absl::Time signed_at;
  int tries = 0;
  bool arrived = false;     // at a server's queue
  bool remembered = false;  // as a parcel that has taken effect
  bool stored = false;      // what it does
  bool answered = false, refused = false;
  bool Covers(uint32_t t) const {
    return tasks.empty() || std::count(tasks.begin(), tasks.end(), t) > 0;
  }
  Verb verb() const { return what.control.verb(); }
};

struct JobTruth {
  Workload load;
  std::vector<std::vector<uint32_t>> needs;
  base::ParcelId parcel;
  bool forbidden = false;      // by the server's policy
  bool refused = false;        // and its injector knows
  std::vector<int> completed;  // runs of each task's comm to its end
  uint64_t number = 0;         // by the store
  uint64_t answered = 0;       // to its injector
  absl::Time injected = absl::InfiniteFuture();               // first tried
  std::vector<fleetbox::wire::TaskRecord> records;            // as stored
  fleetbox::wire::JobState state = fleetbox::wire::JOB_OPEN;  // likewise
  bool has_head = false;
  bool held = false;
  uint32_t ends = 0;
  std::vector<std::string> notes;  // who made them
  // Operations that were stored with the head at hand.
  std::vector<const OperationTruth*> fresh;
  std::vector<const OperationTruth*> done;   // stored, in order
  std::vector<const OperationTruth*> asked;  // have arrived at a queue
  std::vector<bool> cancelled;  // since the task began, the last time
  std::vector<bool> meddled;    // with the task's end, by operators
  bool touched = false;         // one of them
  // Of its ends: by key, the id.
  absl::btree_map<std::string, std::string> reports;
  int reports_sent = 0;
};

// A channel. Each side learns of its end in its own time.
struct Channel {
  Connection id;
  int host;  // or one of these
  static constexpr int kInjector = -1, kOperator = -2;
  size_t job = 0;         // the injector's
  std::string operation;  // the operator's
  bool called = false;    // by the server
  bool dead = false;
  bool drains = false;  // its peer has died; what it had sent still arrives
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
  bool kept = false, on_demand = false;
  bool calls_us() const { return !kept && !on_demand; }
  // Of a host that is called, by looks of the server's (Inspect).
  int unserved = 0, idle = 0;
};

// A call the server makes to a host, until it is over.
struct Call {
  int64_t number;
  Connection channel = 0;  // 0: not there yet
};

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
  absl::flat_hash_map<base::ParcelId, size_t> by_parcel;
  absl::node_hash_map<AttemptId, AttemptTruth> attempts;
  absl::flat_hash_set<AttemptId> stored_attempts;  // by the server, ever
  absl::btree_map<std::string, std::unique_ptr<OperationTruth>>
      operations;  // by principal
  // As the store has it.
  absl::btree_set<std::string> drained;
  absl::flat_hash_map<base::ParcelId, OperationTruth*> operation_of;
  absl::btree_set<std::string> still_drained;  // through all of a transaction

  FakeDisk disk;
  std::unique_ptr<Queue> queue;
  int server_life = 0;
  bool committing = false;
  absl::Duration wall;          // jumps
  bool jumped = false;          // ever
  absl::Duration server_clock;  // of this life, against `now`
  absl::Time wake = absl::InfiniteFuture();
  wire::ReplayGuard replays;  // of this life
  // What was sent ahead last, as it is sent later, and in which parcel.
  absl::flat_hash_map<Connection, std::pair<std::string, base::ParcelId>>
      sent_ahead;
  Policy policy, odd_policy, even_policy;  // of the server, and of agents
  std::vector<AgentState> agents;
  absl::flat_hash_map<std::string, int> agent_of;
  absl::node_hash_map<Connection, Channel> channels;
  absl::btree_set<Connection> open_channels;  // the server thinks so
  Connection last_channel = 0;
  absl::flat_hash_map<base::ParcelId, fleetbox::wire::Results>
      results;  // sent by agents

  // Of this life of the server.
  std::unique_ptr<CarrierPlan> plan;
  absl::btree_map<int, Call> calls;
  int64_t last_call = 0;
  absl::btree_set<std::string> working;
  bool looking = false;
  absl::Time plan_wake = absl::InfiniteFuture();

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
  void BeginJob(const Workload& load);
  void BeginPolicies();
  bool Finished() const;
  bool AgentDone(const AgentState& agent) const;

  // The server.
  absl::Time ServerNow() const { return now + server_clock; }
  QueueOptions Options();
  void StartServer();
  void Forget();
  void CheckLoaded();
  void CrashServer();
  void PumpServer();
  void CommitServer(store::Transaction txn);
  void CarryOut(const Action& action);
  void CarryReceipt(const SendReceipt& receipt);
  void SendToAgent(Connection id, const fleetbox::wire::Dispatch& dispatch,
                   const base::ParcelId& parcel = {});
  void SendAhead(const SendAttempts& send);
  void Mail(const SendReport& report);
  bool CrashNow(const CrashPoint& point, CrashPoint::At at, int64_t transaction,
                double chance);

  // What becomes durable.
  void WatchTransaction(const store::Transaction& txn);
  void Watch(const store::Operation& o);
  void WatchParcel(const store::Operation& o);
  void WatchDrained(const store::Operation& o);
  void WatchOperation(const store::Operation& o);
  void TakeEffect(OperationTruth& asked);
  void WatchHead(const store::Operation& o);
  void WatchNotes(JobTruth& job, const fleetbox::wire::JobHead& head);
  void NoteCancels(JobTruth& job);
  void WatchEnd(JobTruth& job, const fleetbox::wire::JobHead& head);
  void WatchTable(
      JobTruth& job, size_t first,
      const google::protobuf::RepeatedPtrField<fleetbox::wire::TaskRecord>&
          table);
  void WatchRuns(JobTruth& job, uint32_t task, const store::Operation& o);
  void CheckConfirmed(const fleetbox::wire::Results& results);

  // What may become of a task (world_rules.cc). An empty text: nothing wrong.
  std::string CheckChange(const JobTruth& job, uint32_t t,
                          const fleetbox::wire::TaskRecord& is) const;
  std::string CheckAttempt(const JobTruth& job, uint32_t t,
                           const fleetbox::wire::TaskRecord& is) const;
  std::string CheckVerdict(const JobTruth& job, uint32_t t,
                           const fleetbox::wire::TaskRecord& is);
  std::string CheckGivenUp(const JobTruth& job, uint32_t t,
                           const fleetbox::wire::TaskRecord& is);
  absl::Time EarliestBirth(const JobTruth& job, uint32_t t) const;
  bool MayStart(const JobTruth& job, uint32_t t) const;

  // How it has ended (world_fates.cc).
  void JudgeJob(const JobTruth& job);
  void JudgeUntouched(const JobTruth& job);
  void JudgeTouched(const JobTruth& job);

  // Operators.
  OperationTruth& NewOperation(Verb verb);
  void BeginOperators();
  void AskSomething();
  void AskOfJob(OperationTruth& asked);
  void SendOperation(const std::string& name);
  void OperationArrived(Connection id, const std::string& name);
  void Answered(const std::string& name, const fleetbox::wire::Reply& reply);
  void Operate(JobId job, Verb verb, const std::vector<TaskIndex>& tasks);
  void Tidy();

  // Agents.
  void StartAgent(int h);
  void CrashAgent(int h);
  void PumpAgent(int h);
  void CarryOutAgent(int h, const AgentAction& action);
  void SendAgentResults(int h, const fleetbox::wire::Results& results);
  void CommitAgent(int h, store::Transaction txn);
  void TakeAttempt(int h, const fleetbox::wire::Attempt& attempt);
  void RunComm(int h, const fleetbox::wire::Attempt& attempt);
  void EndComm(int h, int life, AttemptId id);
  void EndAttempt(int h, AttemptId id, fleetbox::wire::Verdict verdict,
                  const std::string& reason);
  void Connect(int h);
  void Announce(int h, Connection id);

  // Hosts that are called.
  void StartCarriers();
  void PumpCarriers();
  void Wanted(const std::string& name);
  void LookForWork();
  void BeginCall(int h);
  void EndCall(int h, std::string why, bool refused = false);
  void HangUpOn(int h, const std::string& why);
  void ChannelEnded(const Channel& channel);
  void EndWhenIdle(int h);
  void Inspect();

  // The network.
  Channel& NewChannel(int host, size_t job);
  void Break(Connection id);
  void ServerNotices(Connection id);
  void PeerNotices(Connection id);
  void ToServer(Connection id, std::function<void()> deliver,
                bool repeatable = true);
  void ToPeer(Connection id, std::function<void()> deliver);
  void Send(Connection id, bool to_server, bool repeatable,
            std::function<void()> deliver);
  void AtAgent(Connection id, const base::ParcelId& parcel,
               const fleetbox::wire::Dispatch& dispatch);

  void Inject(size_t n);
  Job AsRead(const Job& job) const;
  void Answered(size_t n, const net::Receipt& receipt);
};

// "FAILED", for messages.
std::string Name(fleetbox::wire::TaskRecord::Stored stored);
inline bool HasEnded(fleetbox::wire::TaskRecord::Stored stored) {
  using Record = fleetbox::wire::TaskRecord;
  return stored == Record::SUCCEEDED || stored == Record::FAILED ||
         stored == Record::SKIPPED || stored == Record::CANCELLED;
}

}  // namespace mcfeely
