// What a World holds; for the world*.cc files alone. world.cc begins and ends
// it, world_server.cc is the server and what becomes durable, world_agents.cc
// the agents, the network and the people.
#pragma once

#include <absl/container/btree_map.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "world.h"

namespace mcfeely {

constexpr absl::Duration kMinDelay = absl::Milliseconds(1);

// What really happened to an attempt.
struct AttemptTruth {
  size_t job;
  uint32_t task;
  int started = 0;
  fleetbox::wire::Verdict ended =
      fleetbox::wire::VERDICT_NONE;  // its comm's end, not interrupted
};

struct JobTruth {
  Workload load;
  base::ParcelId parcel;
  std::vector<int> completed;  // runs of each task's comm to its end
  uint64_t number = 0;         // by the store
  uint64_t answered = 0;       // to its injector
  std::vector<fleetbox::wire::TaskRecord> records;  // as stored
  fleetbox::wire::JobState state = fleetbox::wire::JOB_OPEN;
  std::string report_id;
  int reports = 0;
  std::vector<fleetbox::wire::TaskRecord::Stored> expected;
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
  absl::btree_map<base::ParcelId, size_t> by_parcel;
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
  absl::btree_map<base::ParcelId, fleetbox::wire::Results>
      results;  // sent by agents

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
  void WatchTable(
      JobTruth& job, size_t first,
      const google::protobuf::RepeatedPtrField<fleetbox::wire::TaskRecord>&
          table,
      bool whole);
  void WatchRuns(const store::Operation& o);
  bool CrashNow(const CrashPoint& point, CrashPoint::At at, int64_t transaction,
                double chance);

  // Operators.
  void Operate(JobId job, Verb verb, const std::vector<TaskIndex>& tasks);

  // Agents.
  void StartAgent(int h);
  void CrashAgent(int h);
  void PumpAgent(int h);
  void CommitAgent(int h, store::Transaction txn);
  void RunComm(int h, const fleetbox::wire::Attempt& attempt);
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
  void AtAgent(Connection id, const fleetbox::wire::Dispatch& dispatch);
  void CheckConfirmed(const fleetbox::wire::Results& results);

  void Inject(size_t n);
  void Answered(size_t n, const net::Receipt& receipt);
};

}  // namespace mcfeely
