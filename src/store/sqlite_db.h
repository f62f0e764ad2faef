// One connection to one SQLite file, the only one there may be: what the rules
// of the house ask of it, prepared statements, and how it is left after a
// failed flush. sqlite_db.cc and sqlite_vfs.cc alone know <sqlite3.h>.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace store {

// A prepared statement. Borrows its database, which must outlive it.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters are numbered from 1; `bytes` must live until the statement has
  // run.
  Statement& Bind(int parameter, absl::string_view bytes);
  Statement& Bind(int parameter, int64_t number);

  // True: there is a row, to be read before the next Step. False: it is done.
  // A statement that is done, or has failed, is reset.
  absl::StatusOr<bool> Step();
  absl::Status Run();  // to its end
  void Reset();        // for one that is left before its end

  absl::string_view Blob(int column) const;
  int64_t Int(int column) const;

 private:
  friend class Database;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  struct Options {
    std::string path;
    bool create = false;
    // Of Tables: whether the changes are kept beside the entries.
    bool history = true;
    // For looking only: leaves the log to be recovered by the store's owner.
    bool keep_log = false;
    // False only in tests: does not flush at each commit.
    bool flush_at_commit = true;
    std::string vfs = "";  // under ours; empty is the system's
  };
  // `wal_frames` as SettleWal said. NotFound when it is missing and not to be
  // made; Unavailable when another program has locked it; DataLoss when it is
  // no database or damaged.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const Options& options,
                                                        int64_t wal_frames);
  // Moves the log into the file and removes it, unless Abandon was called.
  ~Database();

  absl::Status Run(const char* sql);
  absl::StatusOr<int64_t> Number(const char* sql);  // the first, else 0
  absl::StatusOr<Statement> Prepare(absl::string_view sql);
  bool InTransaction() const;
  // Whether the last failure was a full disk that SQLite itself noticed, after
  // which a rollback is all it takes.
  bool LastWasFull() const;
  // How many rows the last statement changed.
  int64_t Changed() const;

  // The log: frames of commits that were flushed, and what they weigh.
  int64_t wal_frames() const { return wal_frames_; }
  int64_t wal_bytes() const;
  int64_t page_bytes() const { return page_bytes_; }
  // Moves the whole log into the file and flushes that. The next commit begins
  // the log anew.
  absl::Status Checkpoint();

  // Leaves the log as it is when this is destroyed.
  void Abandon();

  // Copies everything to the new file at `path` and closes it, flushed.
  // Cancelled when it is interrupted.
  absl::Status CopyTo(const std::string& path,
                      const std::function<bool()>& is_interrupted);

 private:
  Database() = default;
  absl::Status Error() const;
  absl::Status Configure(const Options& options);
  absl::Status UseLog();

  sqlite3* db_ = nullptr;
  int64_t wal_frames_ = 0;
  int64_t page_bytes_ = 0;
};

// The rest works on the log of a database that is closed.

// Cuts everything off the log of the database at `path` behind its first
// `frames` frames, durably: what was committed after them never happened. Ok
// if there is no log.
absl::Status CutWal(const Database::Options& options, int64_t frames,
                    int64_t page_bytes);

// Makes what the log holds durable before anybody reads it, and returns how
// many frames that is. A process that was killed between write and flush
// leaves commits that only memory has. After a flush that failed, Linux holds
// the pages for clean, and the next flush says ok without having written them;
// therefore they are written anew first.
absl::StatusOr<int64_t> SettleWal(const Database::Options& options);

// DataLoss when commits stand behind what cannot be read of the log. SQLite,
// and SettleWal, take the first frame that cannot be read for the log's end.
absl::Status CheckWal(const Database::Options& options);

}  // namespace store
