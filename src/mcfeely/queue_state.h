// What a Queue holds; for the queue*.cc files alone. queue.cc takes events in,
// queue_write.cc makes transactions of what they changed, queue_load.cc reads
// it back, queue_view.cc shows it.
//
// Events change records; what changed is noted in `open`, the batch that forms.
// A batch is closed (its records are encoded as they then are) when a
// transaction can be made, or between two events when it is nearly full, so
// that a record never holds what a later batch should say. Batches are written
// one after the other. A batch is one transaction, unless one event alone
// changed more than fits: it is then written in steps, in an order that Load
// can mend.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/node_hash_set.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "mcfeely/queue.h"
#include "mcfeely/rare.h"
#include "mcfeely/records.h"

namespace mcfeely {

// The latest attempts of tasks that have had some: AttemptViews in order, each
// serialised.
using KeptAttempts = absl::flat_hash_map<uint32_t, std::vector<std::string>>;

// What is known of an open job besides what the scheduler knows; and of one
// that has ended, until that is stored.
struct QueuedJob {
  base::ParcelId parcel;
  const std::string* principal;  // in State::principals
  Millis injected;
  uint32_t text_pieces = 0;
  uint32_t in_table = kTasksInTable;  // of its tasks
  std::shared_ptr<const Job> spec;    // the scheduler's too
  bool has_parts() const { return spec->tasks.size() > in_table; }
  struct End {
    fleetbox::wire::JobState state;
    absl::Time when;
    std::vector<TaskStatus> tasks;
  };
  struct Past {
    KeptAttempts attempts;
    // What operators did to it, the latest kKeptNotes.
    std::vector<fleetbox::wire::JobNote> notes;
    uint32_t ends = 0;       // how often it has ended
    std::optional<End> end;  // nullopt: it is open
  };
  Rare<Past> past;
};

// An injection that is being stored.
struct Pending {
  JobId job;
  QueuedJob record;
  std::string key;  // with the principal; "" for none
  std::vector<std::pair<Connection, base::ParcelId>> waiting;  // the first too
  std::vector<std::string> pieces;  // keys written ahead of the head
};

// Operations that belong into one transaction.
struct Group {
  std::vector<store::Condition> conditions = {};
  std::vector<store::Operation> operations = {};
  Pending* injection = nullptr;  // it goes with the injection when that is
                                 // refused
};

// A dispatch on its way; the message is made when it may be sent.
struct Sending {
  Connection to;
  std::shared_ptr<const Job> spec;  // the scheduler's too
  const std::string* principal;     // in State::principals
  Dispatch dispatch;
};
using Held = std::variant<Action, Sending>;

// The stored pieces of a job that is being read back.
struct Pieces {
  JobId job;
  bool has_head = false;
  fleetbox::wire::JobHead head;
  std::vector<std::string> keys;
  std::vector<TaskStatus> tasks;
  std::unique_ptr<KeptAttempts> attempts;
  std::string parcel;
  uint32_t text_pieces = 0;
};

// What waits for a batch.
struct Waiting {
  std::vector<Held> actions;
  absl::btree_set<JobId> changed;
  bool empty() const { return actions.empty() && changed.empty(); }
};

struct Batch {
  std::deque<Group> groups;
  std::vector<Pending*> injections;
  std::vector<JobId> ended;
  Waiting waiting;
};

// The batch that forms.
struct OpenBatch {
  std::vector<Group> first;  // each by itself, before all others
  std::vector<Group> injected;
  std::vector<std::pair<std::string, std::string>> runs;  // key, value
  absl::flat_hash_map<std::string, size_t> run_at;
  // Tables to be written, with what belongs into the same transaction. Heads
  // of jobs with parts come last: their tasks' parts are before them.
  struct Table {
    JobId job;
    uint32_t part;  // kHead for the head
    std::vector<store::Operation> also;
  };
  static constexpr uint32_t kHead = UINT32_MAX;
  static uint32_t PartOf(const QueuedJob& job, uint32_t task) {
    return job.has_parts() ? task / job.in_table : kHead;
  }
  std::vector<Table> tables;
  absl::flat_hash_map<std::pair<uint64_t, uint32_t>, size_t> table_at;
  std::vector<Pending*> injections;
  std::vector<JobId> ended;
  Waiting waiting;
  size_t operations = 0, bytes = 0;  // at most so much when encoded
  bool empty() const { return operations == 0; }
};

struct Queue::State {
  explicit State(QueueOptions options);

  QueueOptions options;
  Keys keys;
  Scheduler scheduler;
  absl::Time now = absl::InfinitePast();

  // What is stored.
  // What became of a parcel, and whose it was: its id is only as good as its
  // sender, so that somebody else's parcel of the same id is not a repeat.
  struct Decided {
    uint64_t job;
    const std::string* principal;  // in principals
  };
  absl::flat_hash_map<base::ParcelId, Decided> parcels;
  absl::flat_hash_map<std::string, uint64_t> idempotent;  // principal NUL key
  absl::flat_hash_map<uint64_t, std::unique_ptr<QueuedJob>> jobs;
  absl::node_hash_set<std::string> principals;  // who has injected
  // Stored ends, in their order: milliseconds, and the job.
  absl::btree_set<std::pair<int64_t, uint64_t>> ended_jobs;
  absl::btree_map<std::string, fleetbox::wire::DrainedHost> drained;
  // Operators' parcels that took effect of late, and the order of their times.
  struct OperatedParcel {
    int64_t ms;
    std::string principal;
  };
  absl::flat_hash_map<base::ParcelId, OperatedParcel> operated;
  absl::btree_set<std::pair<int64_t, base::ParcelId>> operated_times;
  uint64_t stored_seq = 0;

  // Injections being stored, by each name a repeat may come under.
  absl::btree_map<base::ParcelId, std::unique_ptr<Pending>> pending;
  absl::flat_hash_map<std::string, Pending*> pending_keys;
  uint64_t last_number = 0;  // given to an injection

  // Agents.
  absl::flat_hash_map<std::string, Connection> connection_of;
  absl::flat_hash_map<Connection, std::string> host_of;
  absl::flat_hash_map<Connection, std::string> replaced;  // by a newer one

  // Reports that have not been sent.
  struct Report {
    fleetbox::wire::PendingReport report;
    absl::Time again = absl::InfiniteFuture();
  };
  absl::btree_map<std::string, Report> reports;
  absl::btree_set<std::pair<absl::Time, std::string>> report_times;

  // Writing.
  OpenBatch open;
  std::deque<Batch> backlog;
  size_t unsent = 0;        // dispatches that wait for a batch
  uint64_t step = 0;        // of the last transaction
  std::string stored_step;  // value of its key; "" when it is absent
  std::string life;         // of this Queue, so that two differ
  std::string own_step;     // value the transaction under way puts there
  std::optional<store::Transaction> sent;  // under way or to be repeated
  size_t sent_groups = 0;                  // of the first batch
  bool under_way = false;
  bool doubt = false;  // `sent` may have happened
  absl::Status trouble;
  absl::Duration pause;  // before the next try
  absl::Time try_again = absl::InfinitePast();

  std::vector<Action> out;
  absl::Time scheduler_wake = absl::InfiniteFuture();
  absl::Time told_wake = absl::InfiniteFuture();

  // The result being taken in, for its output.
  const fleetbox::wire::Result* result = nullptr;

  // queue.cc
  void Tick(absl::Time t);
  const std::string* Principal(const std::string& name) {
    return &*principals.insert(name).first;
  }
  void Feed(const Event& e);
  void Carry(std::vector<Effect> effects);
  void CarryOne(const SaveTask& e);
  void CarryOne(const SaveAttempt& e);
  void CarryOne(const EndJob& e);
  void CarryOne(const SaveJob& e);
  void CarryOne(const TellHeld& e);
  void CarryOne(const TellLate& e);
  void CarryOne(const CancelAttempt& e);
  void CarryOne(const Dispatch& e);
  void CarryOne(const WakeAt& e);
  const TaskStatus& StatusOf(JobId job, uint32_t task) const;
  void NewReport(fleetbox::wire::PendingReport report, uint64_t number,
                 std::vector<store::Operation>* also);
  void TellOfTask(JobId job, TaskIndex task,
                  fleetbox::wire::PendingReport::About about, uint64_t number);
  void Answer(Connection to, const base::ParcelId& parcel,
              net::Receipt::Code code, uint64_t number, std::string text,
              bool at_once);
  absl::Status CheckInjection(const Job& job) const;
  void Store(std::unique_ptr<Pending> pending, std::string parcel_bytes);
  void Accept(Pending& pending);
  void AgentGone(const std::string& host);

  // queue_write.cc
  void Emit(Held action);
  void Log(std::string event, JobId job, std::string task, std::string host,
           std::string text);
  // What a principal did.
  void LogBy(std::string event, JobId job, std::string task, std::string host,
             std::string by);
  OpenBatch::Table& Touch(JobId job, uint32_t part);
  void TouchTask(JobId job, uint32_t task);
  void MakeRoom();
  void CloseBatch();
  Group Encode(const OpenBatch::Table& table) const;
  fleetbox::wire::JobHead HeadOf(JobId id, const QueuedJob& job) const;
  store::Transaction NextSteps();
  void Applied();
  void Refuse(const absl::Status& why);
  void Pause(const absl::Status& why);
  void FinishBatch();
  void Release(Waiting waiting);
  std::vector<SendAttempts> Gather(const Waiting& waiting) const;
  void ReleaseIfIdle();

  // queue_operate.cc
  absl::Status Operate(const Operation& operation, store::Engine& engine);
  absl::Status OperateHost(const Operation& operation);
  store::Operation Remember(const Operation& operation);
  void ForgetOperations();
  absl::Status Reopen(JobId job, store::Engine& engine, int64_t* ended_ms);
  void AddNote(JobId job, const Operation& operation);

  // queue_expire.cc
  absl::Status DeleteLast(store::Engine& engine, JobId job, Group* group);

  // queue_load.cc
  absl::StatusOr<std::unique_ptr<QueuedJob>> MakeLoaded(Pieces& pieces);
  absl::Status ReadPieces(store::Engine& engine, Pieces& pieces);
  absl::Status Load(store::Engine& engine);
  absl::Status LoadOperations(store::Engine& engine);
  absl::Status LoadJobs(store::Engine& engine);
  absl::Status AddLoaded(Pieces& pieces);
};

}  // namespace mcfeely
