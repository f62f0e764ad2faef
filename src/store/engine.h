// What survives: an ordered map of byte strings with revisions, and what an
// engine that keeps it must do. Applets are written once against this; one
// conformance suite (tests/unit/store/conformance_test.cc) runs against every
// engine.
//
// The revision rises by one with each applied transaction, over the whole
// store; a new store is at revision 0. A transaction is all or nothing, and
// durable once it is said to be applied.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sys {
class Loop;
}

namespace store {

using Revision = int64_t;
using Lease = int64_t;  // 0 is none

struct Entry {
  std::string key, value;
  Revision created = 0, modified = 0;  // of this key since it was last absent
  Lease lease = 0;
};

struct Condition {
  enum class Kind { kAbsent, kPresent, kModifiedAt, kValueIs };
  Kind kind;
  std::string key;
  Revision modified = 0;  // kModifiedAt; 0 there means absent
  std::string value;      // kValueIs
};
Condition Absent(std::string key);
Condition Present(std::string key);
Condition ModifiedAt(std::string key, Revision r);
Condition ValueIs(std::string key, std::string value);

struct Operation {
  enum class Kind { kPut, kDelete };
  Kind kind;
  std::string key;
  std::string value;  // kPut
  Lease lease = 0;    // kPut: the entry goes when the lease ends
};
Operation Put(std::string key, std::string value, Lease lease = 0);
Operation Delete(std::string key);

struct Transaction {
  std::vector<Condition> conditions;
  std::vector<Operation> operations;  // carried out in order
};

struct Outcome {
  enum class Kind {
    kApplied,  // durable
    kRefused,  // a condition was false, or the disk refused: nothing happened
    kInDoubt,  // no answer: it may have happened or may still happen
  };
  Kind kind;
  Revision revision = 0;  // of the store: the transaction's own when applied
  // Ok when applied and when a condition was false; else why: InvalidArgument
  // (over a limit of base/limits.h), NotFound (a lease it names has ended),
  // ResourceExhausted (disk or quota full), DataLoss (the disk fails),
  // Unavailable.
  absl::Status why;
};

struct RangeResult {
  Revision revision = 0;
  std::vector<Entry> entries;  // in key order
  bool more = false;           // the limit cut it
};

struct Change {
  std::string key;
  bool deleted = false;
  Entry entry;  // as put; only the key when deleted
};
struct WatchBatch {
  Revision revision = 0;
  std::vector<Change> changes;  // in the order they were made
  // Not 0: revisions before this are gone; nothing follows. Range, watch anew.
  Revision compacted = 0;
};

struct EngineStatus {
  Revision revision = 0;
  int64_t bytes = 0;        // in use; what deleting left empty is used again
  int64_t limit_bytes = 0;  // 0: none but the disk
  std::vector<std::string> members;
  std::string leader;
};

// All calls come from the program's thread, and so do all answers. An engine
// that is destroyed carries out what it was handed before, and calls nobody.
class Engine {
 public:
  virtual ~Engine() = default;

  // Reads wait for the answer. NotFound when there is no such key.
  virtual absl::StatusOr<Entry> Get(absl::string_view key) = 0;
  // Keys k with first <= k < last; an empty `last` means: to the end. limit 0
  // is all. The answer is one consistent picture, at the
  // revision it names.
  virtual absl::StatusOr<RangeResult> Range(absl::string_view first,
                                            absl::string_view last,
                                            int64_t limit) = 0;

  // Carries out transactions in the order given; many wait for one flush. The
  // answer comes through `done`, never before Commit has returned, in order.
  virtual void Commit(Transaction txn, std::function<void(Outcome)> done) = 0;

  // Every change of keys with `prefix` after revision `from`, in order, none
  // twice, until Unwatch. Returns its handle. Never calls before it returned.
  virtual int64_t Watch(absl::string_view prefix, Revision from,
                        std::function<void(WatchBatch)> changed) = 0;
  virtual void Unwatch(int64_t watch) = 0;

  // A lease ends `ttl` after it was made or last kept alive; its entries are
  // then deleted in one transaction of their own.
  virtual absl::StatusOr<Lease> MakeLease(absl::Duration ttl) = 0;
  virtual absl::Status KeepAlive(Lease lease) = 0;  // NotFound: it has ended
  virtual absl::Status Revoke(Lease lease) = 0;

  // Forgets the changes up to and including `r` (not the entries).
  virtual absl::Status Compact(Revision r) = 0;
  virtual absl::StatusOr<EngineStatus> Status() = 0;
};

// The limits of base/limits.h; InvalidArgument names the one that is passed.
absl::Status CheckLimits(const Transaction& txn);
// The smallest key greater than every key with this prefix; "" if there is
// none.
std::string PrefixEnd(absl::string_view prefix);
// What every engine says in the same words.
absl::Status NoSuchKey();               // NotFound
absl::Status NoSuchLease(Lease lease);  // NotFound
absl::Status FutureRevision(Revision asked,
                            Revision newest);  // InvalidArgument

// What an engine needs of the program around it: to run something on the
// program's thread, the time, and timers. In a simulation all three are fake.
struct Surroundings {
  std::function<void(std::function<void()>)> post;  // from any thread
  std::function<absl::Time()> now;
  std::function<void(absl::Time, std::function<void()>)> at;
};
Surroundings SurroundingsOf(sys::Loop& loop);  // the loop outlives the engine

}  // namespace store
