// The store as tables of one SQLite file. Knows no threads and no clock: one
// caller at a time.
//
//   kv(k, created, modified, lease, v)  the entries; an index finds those with
//                                       a lease
//   chg(rev, c)                         what each revision changed (changes.h)
//   meta(name, value)                   compacted: the newest revision whose
//                                       changes are forgotten
//
// The revision of the store is the newest in chg, or `compacted` if that is
// newer. chg has a row for each applied transaction, so its numbers have no
// gap; without history it has none, and `compacted` is the revision.
//
// Writing goes in groups: Begin, then for each transaction Holds and, if so,
// Apply; then Commit, which makes all of them durable by one flush, or Undo.
//
// When the disk fails. What SQLite wrote before the last frame of a commit
// counts for nothing, so a failure before Commit, or a full disk in it, is
// undone for certain by a rollback. When the flush itself fails, the commit
// may be on the disk or not, and a second flush would say ok without trying
// (Linux holds the pages for clean after an error). So the file is closed, and
// the log cut back to the last commit that was flushed; if that cut can be
// made durable the group never happened, and Commit says so. If it cannot,
// nobody knows, and Commit says that: the next use opens the file again, whose
// recovery decides, after the log was written and flushed anew (SettleWal).
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/engine.h"
#include "store/sqlite_db.h"

namespace store {

inline constexpr int64_t kSchemaVersion = 1;

class Tables {
 public:
  // Opens the file, or makes it if the options say so. FailedPrecondition when
  // the schema is newer than ours or not ours; DataLoss when it is damaged.
  static absl::StatusOr<std::unique_ptr<Tables>> Open(
      const Database::Options& options);

  // --- reading; opens the file again if it had to be closed
  absl::StatusOr<Entry> Get(absl::string_view key);
  absl::StatusOr<RangeResult> Range(absl::string_view first,
                                    absl::string_view last, int64_t limit);
  // Rows of chg after `from`, the oldest first, until they weigh `max_bytes`
  // (at least one).
  struct ChangeRow {
    Revision revision;
    std::string packed;
  };
  absl::StatusOr<std::vector<ChangeRow>> ChangesAfter(Revision from,
                                                      size_t max_bytes);
  absl::StatusOr<std::vector<std::string>> KeysOf(Lease lease);
  absl::StatusOr<std::vector<std::string>> LeasedKeys();  // of any lease
  absl::Status EnsureOpen();
  // Of the pages that hold something.
  absl::StatusOr<int64_t> UsedBytes();

  // As of the last commit, or of the group under way.
  Revision revision() const { return revision_; }
  Revision compacted() const { return compacted_; }

  // --- writing
  absl::Status Begin();
  absl::StatusOr<bool> Holds(const std::vector<Condition>& conditions);
  // Carries the operations out as the next revision. Right after Holds, of
  // what it learned some is used again.
  absl::Status Apply(const std::vector<Operation>& operations);
  // What Apply did last, as a row of chg.
  const std::string& applied() const { return row_; }
  // Forgets the changes up to and including `r`, which must not be newer than
  // revision().
  absl::Status Compact(Revision r);
  struct Committed {
    absl::Status why;       // ok: durable
    bool in_doubt = false;  // else false: nothing of the group happened
  };
  Committed Commit();
  void Undo();  // after anything but Commit failed

  int64_t wal_bytes() const { return db_ == nullptr ? 0 : db_->wal_bytes(); }
  absl::Status Checkpoint();

  // Null when the file had to be closed.
  Database* database() { return db_.get(); }

 private:
  // What a transaction learned of a key on its way: nothing when it is absent.
  struct Meta {
    Revision created = 0, modified = 0;
  };
  struct Known {
    absl::string_view key;
    std::optional<Meta> meta;
  };

  explicit Tables(Database::Options options) : options_(std::move(options)) {}
  absl::Status OpenFile();
  absl::Status MakeSchema();
  absl::Status CheckSchema();
  absl::Status Prepare();
  absl::Status ReadRevisions();
  void CloseFile();
  absl::Status ForgetHistory();
  absl::Status CommitGroup();
  void Forget();  // what the group under way changed in memory
  absl::StatusOr<std::optional<Meta>> Look(absl::string_view key);

  const Database::Options options_;
  std::unique_ptr<Database> db_;
  Statement begin_, commit_, rollback_, look_, get_, range_, range_to_, put_,
      update_, delete_, change_, changes_, of_lease_, leased_, compact_,
      forget_;
  Revision revision_ = 0, compacted_ = 0;
  struct {
    Revision revision = 0, compacted = 0;
  } before_;  // the group under way
  std::vector<Known> known_;
  std::string row_;
};

}  // namespace store
