// A whole McFeely in simulated time: one queue on a disk that forgets what was
// not committed, agents with journals of their own, a network that delays,
// loses and repeats, hosts that call and hosts that are called, people who
// inject jobs and people who interfere with them, policies, and a mail program.
// Everything follows from a seed.
//
// Whatever becomes durable, and whatever anybody is told, is compared with what
// really happened; the first thing that must not be ends the world, and is told
// by violation().
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mcfeely/attempts.h"
#include "mcfeely/queue.h"
#include "mcfeely/records.h"

namespace mcfeely {

// splitmix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t n) { return Next() % n; }
  bool Chance(double p) { return Next() < p * 1.8446744073709552e19; }
  absl::Duration Between(absl::Duration a, absl::Duration b) {
    return a + (b - a) * (static_cast<double>(Next() >> 11) / (1ull << 53));
  }
  std::string Bytes(size_t n) {
    std::string s(n, '\0');
    for (char& c : s) c = static_cast<char>(Next());
    return s;
  }

 private:
  uint64_t state_;
};

// What is on a disk: applied transactions and nothing else.
class FakeDisk : public store::Engine {
 public:
  // Called with a transaction that is about to be applied, then for each of its
  // operations.
  std::function<void(const store::Transaction&)> begin;
  std::function<void(const store::Operation&)> watch;

  store::Outcome Apply(const store::Transaction& txn);
  const absl::btree_map<std::string, std::string>& entries() const {
    return entries_;
  }

  absl::StatusOr<store::Entry> Get(absl::string_view key) override;
  absl::StatusOr<store::RangeResult> Range(absl::string_view first,
                                           absl::string_view last,
                                           int64_t limit) override;
  void Commit(store::Transaction, std::function<void(store::Outcome)>) override;
  int64_t Watch(absl::string_view, store::Revision,
                std::function<void(store::WatchBatch)>) override;
  void Unwatch(int64_t) override;
  absl::StatusOr<store::Lease> MakeLease(absl::Duration) override;
  absl::Status KeepAlive(store::Lease) override;
  absl::Status Revoke(store::Lease) override;
  absl::Status Compact(store::Revision) override;
  absl::StatusOr<store::EngineStatus> Status() override;

 private:
  absl::btree_map<std::string, std::string> entries_;
  store::Revision revision_ = 0;
};

// A job parcel as it is stored; its signature is nobody's.
std::string FakeParcel(const base::ParcelId& id, const Job& job);

// What a task's comm does: so many deferrals, then this, each time it is run to
// its end. Interrupted runs do not count.
struct Script {
  int deferrals = 0;
  fleetbox::wire::Verdict verdict = fleetbox::wire::DONE;
  absl::Duration lasts = absl::Seconds(1);
};
struct Workload {
  Job job;
  std::vector<Script> scripts;
  std::string principal = "user:ops@example.com";  // who injects it
};

// How likely what goes wrong is; all zero: nothing does.
struct Chaos {
  double disk_full = 0, disk_doubt = 0;      // of a transaction
  double server_crash = 0, agent_crash = 0;  // at a transaction, at each point
  double break_channel = 0;                  // at a message
  double repeat_message = 0;
  double slow_message = 0;  // seconds instead of milliseconds
  double not_now = 0;       // a server answers so to results
  double journal_lost = 0;  // when an agent crashes
  double sent_arrives = 0;  // what it had sent, then
  double partition = 0;     // when a channel breaks
  double mail_fails = 0;
  double call_fails = 0, call_is_slow = 0;   // to a host that is called
  double policy_unread = 0;                  // somebody is just mending it
  double clock_jump = 0;                     // when the server starts
  absl::Duration lasts = absl::Minutes(10);  // then all is well again
  static Chaos Some();
};

// Rules that may be broken on purpose, to see that it is noticed.
struct Broken {
  bool confirm_before_commit = false;
  bool start_before_journal = false;
  bool result_counts_for_any_attempt = false;
  bool told_before_commit = false;
  bool ahead_is_given = false;  // an agent starts what comes ahead
  bool journal_loss_hidden = false;
  bool repeat_gets_new_id = false;  // an injector does not keep its parcel's id
  // Operators.
  bool operator_told_before_commit = false;
  bool refused_leaves_trace = false;
  bool repeated_operation_counts = false;
  bool holds_forgotten = false;   // at the server's start
  bool drains_forgotten = false;  // at the server's start
  bool retry_unasked = false;     // a task begins anew at the server's start
  // How a job's options are read.
  bool run_if_ignored = false;
  bool continue_ignored = false;
  bool given_up_early = false;
  // Policies.
  bool policy_ignored = false;
  bool agent_policy_ignored = false;
  // Hosts that are called.
  bool calls_twice = false;
  bool lost_channel_not_told = false;
  bool end_of_work_not_told = false;
};

// Where, in a world without chaos, one crash happens.
struct CrashPoint {
  enum class At {
    kNone,
    kBefore,  // the transaction is made, the disk has not heard of it
    kInside,  // the disk has it, nobody has heard of that
    kAfter,   // the answer is in, nothing has been done on its strength
    kTold,    // what followed was done
  };
  At at = At::kNone;
  int64_t transaction = 0;  // counted over all lives
  // Of an agent: what it had sent arrives all the same.
  bool sent_arrives = false;
};

struct WorldOptions {
  uint64_t seed = 1;
  int hosts = 3;
  SchedulerLimits limits = {.max_running = 20, .max_per_host = 2};
  std::vector<Workload> jobs;
  Chaos chaos;
  Broken broken;
  CrashPoint server_crash, agent_crash;
  absl::Duration injected_within = absl::Minutes(2);
  // How long operators think between two things they ask for, on average, until
  // all is well again.
  absl::Duration operators_think = absl::InfiniteDuration();
  // Policies of the server and of every other agent: ForbiddenJob and
  // ForbiddenAt say what they mean.
  bool policies = false;
  // Hosts that do not call: their positions. `on_demand` are those whose agent
  // is started by the call.
  absl::btree_set<int> kept, on_demand;
};

// What the policies of a world mean, in other words than theirs: a guest may
// run only test_comm, and only on host0; agents of hosts with an odd number run
// no rare_comm.
bool ForbiddenJob(const Workload& load);
bool ForbiddenAt(absl::string_view host, absl::string_view comm);

// How a task of a job ends when nobody interferes.
enum class Fate { kDone, kFailed, kSkipped, kNotNeeded };
// `fails`: whose attempt fails, if they get one.
std::vector<Fate> FatesOf(const Job& job, const std::vector<bool>& fails);

class World {
 public:
  explicit World(WorldOptions options);
  ~World();
  // Until nothing is left to do, or something must not be. False then.
  bool Run();
  const std::string& violation() const;

  // What happened, for tests that look closer.
  struct Facts {
    int64_t steps = 0, server_transactions = 0, agent_transactions = 0;
    int64_t server_crashes = 0, agent_crashes = 0, journals_lost = 0;
    int64_t executions = 0, refused = 0, doubts = 0, reports = 0, held = 0;
    int64_t late = 0;
    int64_t ahead = 0;                // dispatches
    int64_t operations = 0;           // that were stored
    int64_t operations_refused = 0;   // and the operator has heard so
    int64_t operations_repeated = 0;  // and did not count
    int64_t drained = 0, given_up = 0, given_up_checked = 0, stopped = 0;
    int64_t forbidden_jobs = 0, forbidden_tasks = 0;
    int64_t calls = 0, calls_failed = 0;
    int64_t judged = 0;  // ended tasks compared with what was to be expected
    absl::Time now;
  };
  const Facts& facts() const;
  // Final states of job n of the options, in words: "done failed skipped".
  std::string Outcome(size_t n) const;
  int ReportsOf(size_t n) const;  // sent, of its end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcfeely
