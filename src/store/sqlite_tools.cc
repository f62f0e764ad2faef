// What is done to a store that nobody owns: checked, looked through; and to
// any: copied.

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "store/changes.h"
#include "store/sqlite_engine.h"
#include "store/sqlite_place.h"
#include "store/sqlite_tables.h"
#include "sys/file.h"

namespace store {
namespace {

constexpr size_t kPieceBytes = 4 << 20;
constexpr int kMostFaults = 10;  // of one integrity check
constexpr int kMostCopies = 10;  // of a store that seems damaged

struct Unowned {
  sys::LockFile lock;  // nobody may come while we look
  std::unique_ptr<Tables> tables;
};

absl::Status CheckThere(const std::string& folder) {
  const std::string path = StorePath(folder);
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path));
  if (info.exists) return absl::OkStatus();
  return absl::NotFoundError(path + ": there is no store");
}

absl::StatusOr<Unowned> OpenUnowned(const std::string& folder) {
  const std::string path = StorePath(folder);
  TRY(CheckThere(folder));
  TRY_ASSIGN(sys::LockFile lock, TakeStore(folder));
  TRY_ASSIGN(std::unique_ptr<Tables> tables,
             Tables::Open({.path = path, .keep_log = true}));
  return Unowned{std::move(lock), std::move(tables)};
}

absl::Status Wrong(absl::string_view what, absl::string_view key) {
  return absl::DataLossError(absl::StrCat(what, " '", base::Escape(key), "'"));
}

absl::Status CheckStructure(Database& database) {
  TRY_ASSIGN(Statement check, database.Prepare("pragma integrity_check"));
  std::string faults;
  for (int n = 0; n < kMostFaults; ++n) {
    TRY_ASSIGN(const bool row, check.Step());
    if (!row) break;
    if (check.Blob(0) == "ok") return absl::OkStatus();
    absl::StrAppend(&faults, faults.empty() ? "" : "; ",
                    base::Escape(check.Blob(0)));
  }
  return absl::DataLossError(faults);
}

// The last change of each key, as the table of changes has it.
struct Last {
  Revision revision = 0;
  bool deleted = false;
  std::string value;
};
using LastChanges = std::map<std::string, Last, std::less<>>;

absl::StatusOr<LastChanges> ReadChanges(Tables& tables) {
  LastChanges last;
  Revision at = tables.compacted();
  for (;;) {
    TRY_ASSIGN(const auto rows, tables.ChangesAfter(at, kPieceBytes));
    if (rows.empty()) break;
    for (const Tables::ChangeRow& row : rows) {
      if (row.revision != ++at) {
        return absl::DataLossError(
            absl::StrCat("the changes of revision ", at, " are missing"));
      }
      TRY_ASSIGN(std::vector<Change> changes,
                 UnpackChanges(row.revision, row.packed, ""));
      for (Change& c : changes) {
        last[c.key] = {at, c.deleted, std::move(c.entry.value)};
      }
    }
  }
  return last;
}

absl::Status CheckEntry(const Entry& entry, const Tables& tables,
                        const LastChanges& last) {
  if (entry.created < 1 || entry.created > entry.modified ||
      entry.modified > tables.revision()) {
    return Wrong("the revisions cannot be of", entry.key);
  }
  const auto change = last.find(entry.key);
  if (change == last.end()) {
    return entry.modified <= tables.compacted()
               ? absl::OkStatus()
               : Wrong("no change led to", entry.key);
  }
  if (change->second.deleted || change->second.revision != entry.modified ||
      change->second.value != entry.value) {
    return Wrong("the last change did not lead to", entry.key);
  }
  return absl::OkStatus();
}

absl::Status ForEachEntry(Tables& tables, absl::string_view prefix,
                          const std::function<absl::Status(Entry)>& visit) {
  const std::string end = PrefixEnd(prefix);
  std::string first(prefix);
  for (;;) {
    TRY_ASSIGN(RangeResult range, tables.Range(first, end, 1000));
    for (Entry& entry : range.entries) {
      first = entry.key;
      TRY(visit(std::move(entry)));
    }
    if (!range.more) return absl::OkStatus();
    first += '\0';  // the next key there can be
  }
}

}  // namespace

absl::Status CheckSqlite(const std::string& folder) {
  TRY_ASSIGN(const Unowned store, OpenUnowned(folder));
  const std::string path = StorePath(folder);
  Tables& tables = *store.tables;
  TRY(base::Context(CheckStructure(*tables.database()), path));
  const absl::StatusOr<LastChanges> last = ReadChanges(tables);
  TRY(base::Context(last.status(), path));
  size_t present = 0;
  TRY(base::Context(ForEachEntry(tables, "",
                                 [&](const Entry& entry) {
                                   present += last->count(entry.key);
                                   return CheckEntry(entry, tables, *last);
                                 }),
                    path));
  size_t expected = 0;
  for (const auto& [key, change] : *last) expected += change.deleted ? 0 : 1;
  if (present != expected) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", expected - present, " entries are missing"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Revision> ScanSqlite(const std::string& folder,
                                    absl::string_view prefix,
                                    const std::function<void(Entry)>& visit) {
  TRY_ASSIGN(const Unowned store, OpenUnowned(folder));
  TRY(base::Context(ForEachEntry(*store.tables, prefix,
                                 [&](Entry entry) {
                                   visit(std::move(entry));
                                   return absl::OkStatus();
                                 }),
                    StorePath(folder)));
  return store.tables->revision();
}

namespace {

absl::Status CopyFile(int from, const std::string& path,
                      const std::function<bool()>& is_interrupted) {
  TRY_ASSIGN(const sys::Fd to, sys::Open(path, O_WRONLY | O_CREAT | O_EXCL));
  // Not what is added meanwhile: its last bytes may not be there yet.
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(from));
  std::string piece(kPieceBytes, '\0');
  for (int64_t at = 0; at < info.bytes;) {
    if (is_interrupted()) return absl::CancelledError("interrupted");
    const size_t want =
        std::min(piece.size(), static_cast<size_t>(info.bytes - at));
    const ssize_t n = pread(from, piece.data(), want, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("read");
    if (n == 0) break;
    TRY(base::Context(
        sys::WriteAll(to.get(), {piece.data(), static_cast<size_t>(n)}), path));
    at += n;
  }
  return absl::OkStatus();
}

// The store at a moment, as a folder of its own, while its owner goes on.
absl::Status CopyOwned(const std::string& folder, const std::string& to,
                       const std::function<bool()>& is_interrupted) {
  TRY_ASSIGN(LogGate gate, LogGate::Open(folder));
  TRY(gate.EnterToCopy());
  // Before the database is read: an owner that ends moves its log and removes
  // it.
  const absl::StatusOr<sys::Fd> log =
      sys::Open(StorePath(folder) + "-wal", O_RDONLY);
  if (!log.ok() && !absl::IsNotFound(log.status())) return log.status();
  TRY(base::Context(CopyFile(gate.file(), StorePath(to), is_interrupted),
                    StorePath(folder)));
  if (!log.ok()) return absl::OkStatus();
  return base::Context(
      CopyFile(log->get(), StorePath(to) + "-wal", is_interrupted),
      StorePath(folder));
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status CopyMoment(const std::string& folder, const std::string& target,
                        const std::function<bool()>& is_interrupted) {
  TRY_ASSIGN(const sys::TemporaryFolder moment,
             sys::TemporaryFolder::MakeIn(FolderOf(target), ".backup-"));
  TRY(CopyOwned(folder, moment.path(), is_interrupted));
  TRY_ASSIGN(const Unowned store, OpenUnowned(moment.path()));
  TRY(CheckStructure(*store.tables->database()));
  return store.tables->database()->CopyTo(target, is_interrupted);
}

absl::Status CopyStore(const std::string& folder, const std::string& target,
                       const std::function<bool()>& is_interrupted) {
  if (!absl::IsUnavailable(TakeStore(folder).status())) {
    TRY_ASSIGN(const Unowned store, OpenUnowned(folder));
    return store.tables->database()->CopyTo(target, is_interrupted);
  }
  // Of a log that was begun anew in its old place, what is just being written
  // may be half there in the copy, and what follows it whole: a hole, in one of
  // ten copies at most. Damage stays.
  absl::Status copied = absl::DataLossError("");
  for (int n = 0; n < kMostCopies && absl::IsDataLoss(copied); ++n) {
    copied = CopyMoment(folder, target, is_interrupted);
  }
  return base::Context(copied, StorePath(folder));
}

}  // namespace

absl::Status BackupSqlite(const std::string& folder, const std::string& target,
                          const std::function<bool()>& is_interrupted) {
  TRY(CheckThere(folder));
  // Taken before it is filled, so that of two backups one is refused.
  TRY(sys::Open(target, O_RDWR | O_CREAT | O_EXCL, 0600));
  const absl::Status copied = CopyStore(folder, target, is_interrupted);
  if (!copied.ok()) {
    TRY(sys::RemoveFile(target));
    return copied;
  }
  return sys::SyncFolder(FolderOf(target));
}

}  // namespace store
