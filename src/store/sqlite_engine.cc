// Who does what: the program's thread hands requests over in a queue. One
// writer thread takes everything that waits, carries it out as one SQLite
// transaction, flushes once, and posts all answers back in order. Nothing is
// held back to gather more: while one group is being flushed the next forms.
//
// Reads run on the program's thread, between groups: the connection is behind
// a turnstile, and the writer holds it from the first condition of a group to
// the end of its flush. So a read never sees what is not durable, and sees
// all that was answered as applied.
//
// What a watch reads of the past it reads on the program's thread, a piece in
// each call; both that and what the writer tells it happen behind the
// turnstile, as watchers.h wants.

#include "store/sqlite_engine.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "store/leases.h"
#include "store/sqlite_place.h"
#include "store/sqlite_tables.h"
#include "store/turnstile.h"
#include "store/watchers.h"
#include "sys/file.h"
#include "sys/log.h"

namespace store {
namespace {

constexpr size_t kMaxGroupBytes = 16 << 20;
constexpr Revision kCompactStep = 1000;  // rows forgotten in one group
constexpr auto kIdle = std::chrono::seconds(1);
constexpr absl::Duration kRetry = absl::Seconds(1);

struct Request {
  enum class Kind { kTransaction, kEndLease, kCompact };
  Kind kind = Kind::kTransaction;
  Transaction transaction;
  std::function<void(Outcome)> done;
  size_t bytes = 0;
  // As long as it is not carried out: refused, with the limit it is over.
  Outcome outcome{Outcome::Kind::kRefused, 0, absl::OkStatus()};
  // Not for a transaction.
  Lease lease = 0;
  Revision revision = 0;
  std::function<void(absl::Status)> ended;  // on the writer's thread
};

size_t BytesOf(const Transaction& txn) {
  size_t bytes = 0;
  for (const Operation& o : txn.operations) {
    bytes += o.key.size() + o.value.size();
  }
  return bytes;
}

std::vector<Operation> Deletions(const std::vector<std::string>& keys) {
  std::vector<Operation> deletions;
  for (const std::string& key : keys) deletions.push_back(Delete(key));
  return deletions;
}

// A status that shares nothing with `status`: for another thread. Abseil counts
// references soundly, but where the thread sanitizer does not see it.
absl::Status OwnCopy(const absl::Status& status) {
  return absl::Status(status.code(), status.message());
}

class SqliteEngine : public Engine {
 public:
  SqliteEngine(SqliteOptions options, sys::LockFile lock, LogGate gate,
               std::unique_ptr<Tables> tables, Surroundings surroundings)
      : options_(std::move(options)),
        surroundings_(surroundings),
        lock_(std::move(lock)),
        gate_(std::move(gate)),
        tables_(std::move(tables)),
        leases_(surroundings, [this](Lease lease) { EndLease(lease, {}); }),
        log_waits_(tables_->wal_bytes() > 0),
        checkpoint_at_(options_.log_bytes),
        writer_([this] { Write(); }) {}

  ~SqliteEngine() override {
    {
      const std::lock_guard<std::mutex> lock(queue_mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    writer_.join();
  }

  absl::StatusOr<Entry> Get(absl::string_view key) override {
    const std::lock_guard<Turnstile> lock(connection_);
    return Named(tables_->Get(key));
  }
  absl::StatusOr<RangeResult> Range(absl::string_view first,
                                    absl::string_view last,
                                    int64_t limit) override {
    const std::lock_guard<Turnstile> lock(connection_);
    return Named(tables_->Range(first, last, limit));
  }

  void Commit(Transaction txn, std::function<void(Outcome)> done) override {
    Request request;
    request.outcome.why = CheckLimits(txn);
    request.bytes = BytesOf(txn);
    request.transaction = std::move(txn);
    request.done = std::move(done);
    HandOver(std::move(request));
  }

  int64_t Watch(absl::string_view prefix, Revision from,
                std::function<void(WatchBatch)> changed) override {
    const int64_t watch = watchers_.Add(prefix, from, std::move(changed));
    Later([this, watch] { CatchUp(watch); });
    return watch;
  }
  void Unwatch(int64_t watch) override { watchers_.Remove(watch); }

  absl::StatusOr<Lease> MakeLease(absl::Duration ttl) override {
    TRY_ASSIGN(const Lease lease, leases_.Make(ttl));
    const std::lock_guard<std::mutex> lock(queue_mutex_);
    live_leases_.insert(lease);
    return lease;
  }
  absl::Status KeepAlive(Lease lease) override {
    return leases_.KeepAlive(lease);
  }
  absl::Status Revoke(Lease lease) override {
    TRY(leases_.End(lease));
    return Await([&](auto ended) { EndLease(lease, std::move(ended)); });
  }

  absl::Status Compact(Revision r) override;
  absl::StatusOr<EngineStatus> Status() override;

 private:
  struct Answer {
    std::function<void(Outcome)> done;
    Outcome outcome;
  };

  // With the store in front of what the disk said.
  template <typename T>
  absl::StatusOr<T> Named(absl::StatusOr<T> result) const {
    if (result.ok() || absl::IsNotFound(result.status())) return result;
    return base::Context(result.status(), options_.folder);
  }

  struct GroupEnd {
    absl::Status status;
    bool in_doubt = false;
    std::vector<Tables::ChangeRow> changes;  // when somebody watches
  };

  void HandOver(Request request);
  void EndLease(Lease lease, std::function<void(absl::Status)> ended);
  absl::Status Await(
      const std::function<void(std::function<void(absl::Status)>)>& begin);

  void Write();
  void WriteGroup(std::vector<Request> group);
  GroupEnd CarryOutAll(std::vector<Request>& group);
  absl::Status CarryOut(Request& request);
  Lease EndedLease(const Transaction& txn);
  void EndLeaseLater(Lease lease);
  void Checkpoint();

  void CatchUp(int64_t watch);
  void Deliver(const std::vector<Answer>& answers,
               const std::vector<Watchers::Telling>& tellings);
  bool Deliver(const Watchers::Telling& telling);
  void Later(std::function<void()> f);

  const SqliteOptions options_;
  const Surroundings surroundings_;
  const sys::LockFile lock_;
  LogGate gate_;
  // What was posted may outlive us, and looks whether this does.
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);

  Turnstile connection_;
  const std::unique_ptr<Tables> tables_;  // behind connection_

  Watchers watchers_;

  std::mutex queue_mutex_;
  std::condition_variable wake_;
  std::vector<Request> queue_;
  std::set<Lease> live_leases_;
  bool stopping_ = false;

  Leases leases_;
  // The program's thread is handing out a group's answers; see HandOver.
  bool delivering_ = false, handed_over_ = false;

  // The writer's own.
  bool log_waits_;         // a checkpoint has work to do
  int64_t checkpoint_at_;  // bytes of the log
  std::thread writer_;     // last: it uses all of the above
};

// --- the program's thread ---------------------------------------------------

// An answer often leads to the next transaction. While a group's answers are
// handed out the writer is left asleep, so that all these form one group
// instead of one and the rest.
void SqliteEngine::HandOver(Request request) {
  {
    const std::lock_guard<std::mutex> lock(queue_mutex_);
    queue_.push_back(std::move(request));
  }
  if (delivering_) {
    handed_over_ = true;
  } else {
    wake_.notify_one();
  }
}

absl::Status SqliteEngine::Await(
    const std::function<void(std::function<void(absl::Status)>)>& begin) {
  std::mutex mutex;
  std::condition_variable arrived;
  bool over = false;
  absl::Status result;
  begin([&](absl::Status status) {
    const std::lock_guard<std::mutex> lock(mutex);
    result = std::move(status);
    over = true;
    arrived.notify_one();
  });
  wake_.notify_one();  // also while answers are handed out
  std::unique_lock<std::mutex> lock(mutex);
  arrived.wait(lock, [&] { return over; });
  return result;
}

void SqliteEngine::EndLease(Lease lease,
                            std::function<void(absl::Status)> ended) {
  Request request;
  request.kind = Request::Kind::kEndLease;
  request.lease = lease;
  request.ended = std::move(ended);
  HandOver(std::move(request));
}

absl::Status SqliteEngine::Compact(Revision r) {
  TRY_ASSIGN(const EngineStatus status, Status());
  if (r > status.revision) return FutureRevision(r, status.revision);
  Revision from;
  {
    const std::lock_guard<Turnstile> lock(connection_);
    from = tables_->compacted();
  }
  // In steps, so that no group carries more than it can flush quickly.
  while (from < r) {
    from = std::min(from + kCompactStep, r);
    TRY(Await([&](auto ended) {
      Request request;
      request.kind = Request::Kind::kCompact;
      request.revision = from;
      request.ended = std::move(ended);
      HandOver(std::move(request));
    }));
  }
  return absl::OkStatus();
}

absl::StatusOr<EngineStatus> SqliteEngine::Status() {
  const std::lock_guard<Turnstile> lock(connection_);
  EngineStatus status;
  TRY_ASSIGN(status.bytes, tables_->UsedBytes());
  status.revision = tables_->revision();
  return status;
}

void SqliteEngine::Later(std::function<void()> f) {
  surroundings_.post([alive = std::weak_ptr<int>(alive_), f = std::move(f)] {
    if (!alive.expired()) f();
  });
}

// Each callback may destroy the engine.
void SqliteEngine::Deliver(const std::vector<Answer>& answers,
                           const std::vector<Watchers::Telling>& tellings) {
  const std::weak_ptr<int> alive = alive_;
  delivering_ = true;
  for (const Answer& answer : answers) {
    answer.done(answer.outcome);
    if (alive.expired()) return;
  }
  for (const Watchers::Telling& telling : tellings) {
    if (!Deliver(telling)) return;
  }
  delivering_ = false;
  if (std::exchange(handed_over_, false)) wake_.notify_one();
}

bool SqliteEngine::Deliver(const Watchers::Telling& telling) {
  const std::weak_ptr<int> alive = alive_;
  const Watchers::Changed changed = watchers_.CallOf(telling.watch);
  if (changed) changed(telling.batch);
  return !alive.expired();
}

void SqliteEngine::CatchUp(int64_t watch) {
  Watchers::Piece piece;
  {
    const std::lock_guard<Turnstile> lock(connection_);
    piece = watchers_.ReadOn(watch, *tables_);
  }
  const std::weak_ptr<int> alive = alive_;
  for (WatchBatch& batch : piece.batches) {
    if (!Deliver({watch, std::move(batch)})) return;
  }
  if (piece.more) Later([this, watch] { CatchUp(watch); });
  if (piece.status.ok()) return;
  sys::Log("store.watch-waits", {{"why", piece.status.message()}});
  surroundings_.at(surroundings_.now() + kRetry, [this, watch, alive] {
    if (!alive.expired()) CatchUp(watch);
  });
}

// --- the writer's thread ----------------------------------------------------

void SqliteEngine::Write() {
  for (;;) {
    std::vector<Request> group;
    {
      std::unique_lock<std::mutex> lock(queue_mutex_);
      const auto work = [this] { return stopping_ || !queue_.empty(); };
      if (!log_waits_) {
        wake_.wait(lock, work);
      } else if (!wake_.wait_for(lock, kIdle, work)) {
        lock.unlock();
        Checkpoint();
        continue;
      }
      if (queue_.empty()) return;
      size_t taken = 0, bytes = 0;
      while (taken < queue_.size() && bytes <= kMaxGroupBytes) {
        bytes += queue_[taken++].bytes;
      }
      if (taken == queue_.size()) {
        group.swap(queue_);
      } else {
        const auto end = queue_.begin() + static_cast<ptrdiff_t>(taken);
        group.assign(std::make_move_iterator(queue_.begin()),
                     std::make_move_iterator(end));
        queue_.erase(queue_.begin(), end);
      }
    }
    WriteGroup(std::move(group));
  }
}

void SqliteEngine::Checkpoint() {
  const std::lock_guard<Turnstile> lock(connection_);
  const absl::StatusOr<bool> may = gate_.TryToMove();
  if (may.ok() && !*may) {
    // Somebody copies: the log grows meanwhile.
    checkpoint_at_ = tables_->wal_bytes() + options_.log_bytes;
    return;
  }
  const absl::Status status = may.ok() ? tables_->Checkpoint() : may.status();
  gate_.Leave();
  log_waits_ = false;
  checkpoint_at_ = options_.log_bytes;
  if (status.ok()) return;
  // No harm is done: the log is as good a place. Tried again after the next
  // commit, but not after each one of a disk that is full.
  checkpoint_at_ += tables_->wal_bytes();
  sys::Log("store.checkpoint-failed", {{"why", status.message()}});
}

// The first lease of the transaction that has ended, or 0.
Lease SqliteEngine::EndedLease(const Transaction& txn) {
  for (const Operation& o : txn.operations) {
    if (o.lease == 0) continue;
    const std::lock_guard<std::mutex> lock(queue_mutex_);
    if (live_leases_.find(o.lease) == live_leases_.end()) return o.lease;
  }
  return 0;
}

absl::Status SqliteEngine::CarryOut(Request& request) {
  switch (request.kind) {
    case Request::Kind::kTransaction: {
      const Transaction& txn = request.transaction;
      Outcome& outcome = request.outcome;
      outcome.revision = tables_->revision();
      if (!outcome.why.ok()) return absl::OkStatus();
      TRY_ASSIGN(const bool holds, tables_->Holds(txn.conditions));
      if (!holds) return absl::OkStatus();
      if (const Lease lease = EndedLease(txn); lease != 0) {
        outcome.why = NoSuchLease(lease);
        return absl::OkStatus();
      }
      TRY(tables_->Apply(txn.operations));
      outcome.kind = Outcome::Kind::kApplied;
      outcome.revision = tables_->revision();
      return absl::OkStatus();
    }
    case Request::Kind::kEndLease: {
      {
        // From here on nothing can be put under it.
        const std::lock_guard<std::mutex> lock(queue_mutex_);
        live_leases_.erase(request.lease);
      }
      TRY_ASSIGN(const std::vector<std::string> keys,
                 tables_->KeysOf(request.lease));
      if (keys.empty()) return absl::OkStatus();
      TRY(tables_->Holds({}));
      return tables_->Apply(Deletions(keys));
    }
    case Request::Kind::kCompact:
      return tables_->Compact(request.revision);
  }
  return absl::InternalError("no such request");
}

// One SQLite transaction. When it fails, every condition that was found false
// may have been so only because of what did not happen, so all are told.
SqliteEngine::GroupEnd SqliteEngine::CarryOutAll(std::vector<Request>& group) {
  GroupEnd end;
  const bool watched = watchers_.Any();
  end.status = tables_->Begin();
  for (Request& request : group) {
    if (!end.status.ok()) break;
    const Revision before = tables_->revision();
    end.status = CarryOut(request);
    if (watched && tables_->revision() != before) {
      end.changes.push_back({tables_->revision(), tables_->applied()});
    }
  }
  if (end.status.ok()) {
    Tables::Committed committed = tables_->Commit();
    end.status = std::move(committed.why);
    end.in_doubt = committed.in_doubt;
  } else {
    tables_->Undo();
  }
  if (end.status.ok()) return end;
  end.changes.clear();
  end.status = base::Context(end.status, options_.folder);
  for (Request& request : group) {
    if (!request.outcome.why.ok()) continue;  // refused, whatever the disk does
    const bool applied = request.outcome.kind == Outcome::Kind::kApplied;
    request.outcome = {end.in_doubt && applied ? Outcome::Kind::kInDoubt
                                               : Outcome::Kind::kRefused,
                       tables_->revision(), OwnCopy(end.status)};
  }
  return end;
}

void SqliteEngine::WriteGroup(std::vector<Request> group) {
  std::vector<Answer> answers;
  bool full;
  {
    const std::lock_guard<Turnstile> lock(connection_);
    const GroupEnd end = CarryOutAll(group);
    if (!end.status.ok()) {
      sys::Log("store.commit-failed", {{"transactions", group.size()},
                                       {"in-doubt", end.in_doubt ? 1 : 0},
                                       {"why", end.status.message()}});
    }
    if (end.in_doubt) {
      // Nobody knows what of it is in the store; once it is open again each
      // watch reads on from where it was.
      for (const int64_t watch : watchers_.StartOver()) {
        Later([this, watch] { CatchUp(watch); });
      }
    }
    for (Request& request : group) {
      if (request.kind == Request::Kind::kTransaction) {
        answers.push_back(
            {std::move(request.done), std::move(request.outcome)});
        continue;
      }
      if (request.kind == Request::Kind::kEndLease && !end.status.ok()) {
        EndLeaseLater(request.lease);
      }
      if (request.ended) request.ended(OwnCopy(end.status));
    }
    // Behind the turnstile: a watch that catches up after this has seen all.
    Later([this, answers = std::move(answers),
           tellings = watchers_.Tell(end.changes)] {
      Deliver(answers, tellings);
    });
    log_waits_ = tables_->wal_bytes() > 0;
    full = tables_->wal_bytes() >= checkpoint_at_;
  }
  if (full) Checkpoint();
}

// The entries must go all the same once the disk is well.
void SqliteEngine::EndLeaseLater(Lease lease) {
  Later([this, lease] {
    surroundings_.at(surroundings_.now() + kRetry,
                     [this, lease, alive = std::weak_ptr<int>(alive_)] {
                       if (!alive.expired()) EndLease(lease, {});
                     });
  });
}

// --- opening ----------------------------------------------------------------

// Leases live in memory only: what a former process put under one goes.
absl::Status DeleteLeased(Tables& tables) {
  TRY_ASSIGN(const std::vector<std::string> keys, tables.LeasedKeys());
  if (keys.empty()) return absl::OkStatus();
  absl::Status status = tables.Begin();
  if (status.ok()) status = tables.Holds({}).status();
  if (status.ok()) status = tables.Apply(Deletions(keys));
  if (status.ok()) return tables.Commit().why;
  tables.Undo();
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> OpenSqlite(SqliteOptions options,
                                                   Surroundings surroundings) {
  TRY(sys::MakeFolders(options.folder, 0700));
  if (!options.allow_network_fs) TRY(CheckFileSystem(options.folder));
  TRY_ASSIGN(sys::LockFile lock, TakeStore(options.folder));
  // SQLite would let everybody read it; the log gets the file's mode.
  TRY(sys::Open(StorePath(options.folder), O_RDWR | O_CREAT, 0600));
  absl::StatusOr<std::unique_ptr<Tables>> tables =
      Tables::Open({.path = StorePath(options.folder),
                    .create = true,
                    .history = options.history,
                    .flush_at_commit = !options.test_no_flush,
                    .vfs = options.test_vfs});
  absl::Status status = tables.status();
  if (status.ok()) status = DeleteLeased(**tables);
  if (absl::IsDataLoss(status)) {
    return absl::DataLossError(absl::StrCat(
        status.message(), "; 'fleetbox-store check ", options.folder,
        "' says more, and a backup can take the place of ",
        StorePath(options.folder)));
  }
  TRY(status);
  // The names of the file and of its log must survive as well.
  TRY(sys::SyncFolder(options.folder));
  TRY_ASSIGN(LogGate gate, LogGate::Open(options.folder));
  return std::make_unique<SqliteEngine>(std::move(options), std::move(lock),
                                        std::move(gate), *std::move(tables),
                                        std::move(surroundings));
}

}  // namespace store
