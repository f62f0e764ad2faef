#include "store/memory_engine.h"

#include <absl/strings/match.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/status.h"
#include "store/leases.h"

namespace store {
namespace {

class MemoryEngine : public Engine {
 public:
  explicit MemoryEngine(Surroundings surroundings)
      : surroundings_(surroundings),
        leases_(surroundings, [this](Lease lease) { DeleteLeased(lease); }) {}

  absl::StatusOr<Entry> Get(absl::string_view key) override {
    const auto it = entries_.find(key);
    if (it == entries_.end()) return NoSuchKey();
    return it->second;
  }

  absl::StatusOr<RangeResult> Range(absl::string_view first,
                                    absl::string_view last,
                                    int64_t limit) override {
    RangeResult result;
    result.revision = revision_;
    for (auto it = entries_.lower_bound(first); it != entries_.end(); ++it) {
      if (!last.empty() && it->first >= last) break;
      if (limit > 0 && static_cast<int64_t>(result.entries.size()) == limit) {
        result.more = true;
        break;
      }
      result.entries.push_back(it->second);
    }
    return result;
  }

  void Commit(Transaction txn, std::function<void(Outcome)> done) override {
    Outcome outcome = Carry(txn);
    Later([done = std::move(done), outcome = std::move(outcome)] {
      done(outcome);
    });
    if (outcome.kind == Outcome::Kind::kApplied) TellWatches(revision_);
  }

  int64_t Watch(absl::string_view prefix, Revision from,
                std::function<void(WatchBatch)> changed) override {
    const int64_t id = ++last_watch_;
    watches_[id] = {std::string(prefix), from, std::move(changed)};
    if (from < compacted_) {
      WatchBatch gone;
      gone.revision = revision_;
      gone.compacted = compacted_ + 1;
      Tell(id, std::move(gone));
      // Stays known, so that Unwatch works, and silent.
      watches_[id].from = std::numeric_limits<Revision>::max();
      return id;
    }
    for (auto it = history_.upper_bound(from); it != history_.end(); ++it) {
      TellWatch(id, it->first);
    }
    return id;
  }
  void Unwatch(int64_t watch) override { watches_.erase(watch); }

  absl::StatusOr<Lease> MakeLease(absl::Duration ttl) override {
    TRY_ASSIGN(const Lease lease, leases_.Make(ttl));
    live_leases_.insert(lease);
    return lease;
  }
  absl::Status KeepAlive(Lease lease) override {
    return leases_.KeepAlive(lease);
  }
  absl::Status Revoke(Lease lease) override {
    TRY(leases_.End(lease));
    DeleteLeased(lease);
    return absl::OkStatus();
  }

  absl::Status Compact(Revision r) override {
    if (r > revision_) return FutureRevision(r, revision_);
    compacted_ = std::max(compacted_, r);
    history_.erase(history_.begin(), history_.upper_bound(r));
    return absl::OkStatus();
  }

  absl::StatusOr<EngineStatus> Status() override {
    EngineStatus status;
    status.revision = revision_;
    for (const auto& [key, entry] : entries_) {
      status.bytes += static_cast<int64_t>(key.size() + entry.value.size());
    }
    return status;
  }

 private:
  struct Watcher {
    std::string prefix;
    Revision from;
    std::function<void(WatchBatch)> changed;
  };

  bool Holds(const Condition& c) const {
    const auto it = entries_.find(c.key);
    const bool present = it != entries_.end();
    switch (c.kind) {
      case Condition::Kind::kAbsent:
        return !present;
      case Condition::Kind::kPresent:
        return present;
      case Condition::Kind::kModifiedAt:
        return (present ? it->second.modified : 0) == c.modified;
      case Condition::Kind::kValueIs:
        return present && it->second.value == c.value;
    }
    return false;
  }

  Outcome Carry(Transaction& txn) {
    Outcome refused{Outcome::Kind::kRefused, revision_, CheckLimits(txn)};
    if (!refused.why.ok()) return refused;
    for (const Condition& c : txn.conditions) {
      if (!Holds(c)) return refused;
    }
    for (const Operation& o : txn.operations) {
      if (o.lease != 0 && live_leases_.find(o.lease) == live_leases_.end()) {
        refused.why = NoSuchLease(o.lease);
        return refused;
      }
    }
    std::vector<Change>& changes = history_[++revision_];
    for (Operation& o : txn.operations) {
      if (o.kind == Operation::Kind::kDelete) {
        Remove(o.key, &changes);
        continue;
      }
      Entry& entry = entries_[o.key];
      if (entry.created == 0) entry.created = revision_;
      entry.modified = revision_;
      entry.lease = o.lease;
      entry.value = std::move(o.value);
      entry.key = std::move(o.key);
      changes.push_back({entry.key, false, entry});
    }
    return {Outcome::Kind::kApplied, revision_, absl::OkStatus()};
  }

  void Remove(const std::string& key, std::vector<Change>* changes) {
    if (entries_.erase(key) == 0) return;
    Change change{key, true, {}};
    change.entry.key = key;
    changes->push_back(std::move(change));
  }

  void DeleteLeased(Lease lease) {
    live_leases_.erase(lease);
    std::vector<std::string> keys;
    for (const auto& [key, entry] : entries_) {
      if (entry.lease == lease) keys.push_back(key);
    }
    if (keys.empty()) return;
    std::vector<Change>& changes = history_[++revision_];
    for (const std::string& key : keys) Remove(key, &changes);
    TellWatches(revision_);
  }

  void TellWatches(Revision r) {
    for (const auto& [id, watcher] : watches_) TellWatch(id, r);
  }
  void TellWatch(int64_t id, Revision r) {
    const Watcher& watcher = watches_[id];
    if (r <= watcher.from) return;
    WatchBatch batch;
    batch.revision = r;
    for (const Change& c : history_[r]) {
      if (absl::StartsWith(c.key, watcher.prefix)) batch.changes.push_back(c);
    }
    if (!batch.changes.empty()) Tell(id, std::move(batch));
  }
  void Tell(int64_t id, WatchBatch batch) {
    Later([this, id, batch = std::move(batch)] {
      const auto it = watches_.find(id);
      if (it == watches_.end()) return;
      // A copy: it may take its own watch away.
      const std::function<void(WatchBatch)> changed = it->second.changed;
      changed(batch);
    });
  }
  void Later(std::function<void()> f) {
    surroundings_.post([alive = std::weak_ptr<int>(alive_), f = std::move(f)] {
      if (!alive.expired()) f();
    });
  }

  const Surroundings surroundings_;
  // What was posted may outlive us, and looks whether this does.
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::map<std::string, Entry, std::less<>> entries_;
  std::map<Revision, std::vector<Change>> history_;
  Revision revision_ = 0, compacted_ = 0;
  std::map<int64_t, Watcher> watches_;
  int64_t last_watch_ = 0;
  std::set<Lease> live_leases_;
  Leases leases_;
};

}  // namespace

std::unique_ptr<Engine> NewMemoryEngine(Surroundings surroundings) {
  return std::make_unique<MemoryEngine>(std::move(surroundings));
}

}  // namespace store
