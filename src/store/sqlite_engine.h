// The default engine: one SQLite file on this host, one writer thread that
// commits in groups.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "store/engine.h"

namespace store {

struct SqliteOptions {
  std::string folder;  // made when missing; holds "store.db" and "lock"
  bool allow_network_fs = false;
  // Without, half as much is written: a watch is told of what follows only, and
  // a damaged store has each entry once.
  bool history = true;
  // The log is moved into the file when it has grown to this, or when nothing
  // was written for a second.
  int64_t log_bytes = 16 << 20;

  // For tests only: the door to the system under ours (a name SQLite knows),
  // and a control that does not flush at each commit.
  std::string test_vfs = "";
  bool test_no_flush = false;
};

// Opens the store and recovers what a crash left. Unavailable, naming the pid,
// when another process owns it; FailedPrecondition when its schema is newer
// than ours (both versions named) or its file system does not lock or flush;
// DataLoss when it is damaged, with the way out in the message.
absl::StatusOr<std::unique_ptr<Engine>> OpenSqlite(SqliteOptions options,
                                                   Surroundings surroundings);

// The name of the file system kind `magic` (statfs(2), f_type) if it is one
// that is not known to lock and flush, such as NFS; else null.
const char* NetworkFileSystem(int64_t magic);

// The rest is NotFound when there is no store. All but RepairSqlite leave it as
// it is.

// Copies the store in `folder` to the new file `target`, durably, as one
// file that can be put in a folder as "store.db". AlreadyExists when the
// target is there. Where another process owns it: as it is at some moment
// meanwhile, with all that was committed before; beside the target there is
// room needed for a second copy then. Cancelled, with nothing left, as soon as
// `is_interrupted` says so.
absl::Status BackupSqlite(const std::string& folder, const std::string& target,
                          const std::function<bool()>& is_interrupted);

// The rest is for a store nobody owns: Unavailable, naming the pid, when
// somebody does.

// PRAGMA integrity_check, the checksums of all pages, and that the entries are
// what the changes led to. DataLoss with what is wrong.
absl::Status CheckSqlite(const std::string& folder);
// Calls `visit` for each entry whose key has the prefix, in order, and returns
// the revision.
absl::StatusOr<Revision> ScanSqlite(const std::string& folder,
                                    absl::string_view prefix,
                                    const std::function<void(Entry)>& visit);

using Entries = std::map<std::string, std::string>;
struct Repaired {
  std::string kept;  // path of the file as it was
  std::string lost;  // what may be missing; empty: nothing
};
// Makes the store anew of every entry that can still be read, as `edit` leaves
// them, which is told what may be missing (Repaired::lost); without leases,
// from revision 1 on. The old file is kept. DataLoss when not even the tables
// can be found in it; then, and when it fails in between, the store stays as it
// was.
absl::StatusOr<Repaired> RepairSqlite(
    const std::string& folder,
    const std::function<absl::Status(Entries&, const std::string& lost)>& edit);

}  // namespace store
