// Making a damaged store anew.
//
// Each entry is in the file twice: in the table of entries, and in the row of
// the change that made it. A page that cannot be read makes a hole in one of
// the two, and the other fills it, unless its changes were forgotten or it has
// a hole, too. Each table is read from its start, and from its end, up to the
// first failure: what lies between several bad pages counts as unreadable.

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "store/changes.h"
#include "store/sqlite_engine.h"
#include "store/sqlite_place.h"
#include "store/sqlite_tables.h"
#include "sys/file.h"

namespace store {
namespace {

constexpr size_t kOperationsAtOnce = 100;
constexpr size_t kBytesAtOnce = 512 << 10;

// Steps through a statement; false when it met what cannot be read.
absl::StatusOr<bool> ReadRows(
    Database& database, absl::string_view sql,
    const std::function<absl::Status(const Statement&)>& take) {
  TRY_ASSIGN(Statement rows, database.Prepare(sql));
  for (;;) {
    const absl::StatusOr<bool> row = rows.Step();
    if (absl::IsDataLoss(row.status())) return false;
    TRY(row);
    if (!*row) return true;
    const absl::Status taken = take(rows);
    if (absl::IsDataLoss(taken)) return false;
    TRY(taken);
  }
}

struct Hole {
  std::string after, before;  // keys; "" for the start and the end
};

// The entries that can be read, and where others may have been.
absl::StatusOr<std::optional<Hole>> ReadEntries(Database& database,
                                                Entries* entries) {
  Hole hole;
  TRY_ASSIGN(const bool whole,
             ReadRows(database, "select k, v from kv order by k",
                      [&](const Statement& row) {
                        hole.after = std::string(row.Blob(0));
                        (*entries)[hole.after] = std::string(row.Blob(1));
                        return absl::OkStatus();
                      }));
  if (whole) return std::optional<Hole>();
  TRY(ReadRows(database, "select k, v from kv order by k desc",
               [&](const Statement& row) {
                 hole.before = std::string(row.Blob(0));
                 (*entries)[hole.before] = std::string(row.Blob(1));
                 return absl::OkStatus();
               })
          .status());
  return std::make_optional(std::move(hole));
}

// The last readable change of each key in the hole. True: there was no later
// one, and none is missing.
absl::StatusOr<bool> FillHole(Database& database, const Hole& hole,
                              bool from_the_start, Entries* entries) {
  struct Last {
    Revision revision = 0;
    std::optional<std::string> value;
  };
  std::map<std::string, Last> last;
  const auto take = [&](const Statement& row) -> absl::Status {
    const Revision revision = row.Int(0);
    TRY_ASSIGN(const std::vector<Change> changes,
               UnpackChanges(revision, row.Blob(1), ""));
    for (const Change& c : changes) {
      if (c.key <= hole.after ||
          (!hole.before.empty() && c.key >= hole.before)) {
        continue;
      }
      Last& known = last[c.key];
      if (known.revision > revision) continue;
      known.revision = revision;
      known.value =
          c.deleted ? std::nullopt : std::make_optional(c.entry.value);
    }
    return absl::OkStatus();
  };
  TRY_ASSIGN(bool whole,
             ReadRows(database, "select rev, c from chg order by rev", take));
  if (!whole) {
    TRY(ReadRows(database, "select rev, c from chg order by rev desc", take)
            .status());
  }
  for (auto& [key, change] : last) {
    if (change.value.has_value()) (*entries)[key] = *std::move(change.value);
  }
  return whole && from_the_start;
}

absl::Status WriteStore(const std::string& path, const Entries& entries) {
  TRY(sys::RemoveFile(path));
  TRY(sys::Open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
  TRY_ASSIGN(const std::unique_ptr<Tables> tables,
             Tables::Open({.path = path, .create = true}));
  TRY(tables->Begin());
  std::vector<Operation> operations;
  size_t bytes = 0;
  const auto apply = [&]() -> absl::Status {
    if (operations.empty()) return absl::OkStatus();
    TRY(tables->Holds({}));
    TRY(tables->Apply(operations));
    operations.clear();
    bytes = 0;
    return absl::OkStatus();
  };
  for (const auto& [key, value] : entries) {
    operations.push_back(Put(key, value));
    bytes += key.size() + value.size();
    if (operations.size() == kOperationsAtOnce || bytes > kBytesAtOnce) {
      TRY(apply());
    }
  }
  TRY(apply());
  TRY(tables->Commit().why);
  return tables->Checkpoint();
}

// A name nobody has: FILE.damaged, FILE.damaged.2, ...
absl::StatusOr<std::string> KeepOld(const std::string& path) {
  for (int n = 1;; n++) {
    std::string kept =
        absl::StrCat(path, ".damaged", n == 1 ? "" : absl::StrCat(".", n));
    const absl::Status linked = sys::LinkFile(path, kept);
    if (absl::IsAlreadyExists(linked)) continue;
    TRY(linked);
    return kept;
  }
}

// SQLite reads nothing of a file that is shorter than its first page says. What
// is missing is made up for by bytes that are no page: their checksum is wrong.
// (Zeros would do as the rest of a long value.)
absl::Status FillUp(const std::string& path) {
  // https://www.sqlite.org/fileformat2.html, section 1.3.
  constexpr size_t kPageBytesAt = 16, kPagesAt = 28, kHeadBytes = 32;
  constexpr int64_t kMaxPages = 1 << 28;  // 1 TiB of the usual ones
  TRY_ASSIGN(const sys::Fd file, sys::Open(path, O_RDWR | O_CLOEXEC));
  char head[kHeadBytes];
  if (pread(file.get(), head, kHeadBytes, 0) != kHeadBytes) {
    return absl::OkStatus();  // whoever opens it will say so
  }
  const int64_t page_bytes = base::Be32(head + kPageBytesAt) >> 16;
  const int64_t pages = base::Be32(head + kPagesAt);
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(file.get()));
  if (page_bytes < 512 || pages > kMaxPages) return absl::OkStatus();
  const std::string filling(64 << 10, '\xff');
  for (int64_t at = info.bytes; at < pages * page_bytes;) {
    const size_t size = std::min<size_t>(
        filling.size(), static_cast<size_t>(pages * page_bytes - at));
    const ssize_t n = pwrite(file.get(), filling.data(), size, at);
    if (n < 0) return base::SysError(path);
    at += n;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Repaired> RepairSqlite(
    const std::string& folder,
    const std::function<absl::Status(Entries&, const std::string& lost)>&
        edit) {
  const std::string path = StorePath(folder), fresh = path + ".new";
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path));
  if (!info.exists) return absl::NotFoundError(path + ": there is no store");
  TRY_ASSIGN(const sys::LockFile lock, TakeStore(folder));
  Repaired repaired;
  Entries entries;
  {
    // As its owner, so that the log is moved into the file: it must not be
    // taken for that of the new one. Not through Tables, which would want to
    // know the last revision, and that may be what is damaged.
    const Database::Options options{.path = path};
    const absl::Status log = CheckWal(options);
    if (absl::IsDataLoss(log)) {
      repaired.lost = std::string(log.message());
      TRY(KeepOld(path + "-wal").status());
    } else {
      TRY(log);
    }
    TRY(FillUp(path));
    TRY_ASSIGN(const int64_t frames, SettleWal(options));
    TRY_ASSIGN(const std::unique_ptr<Database> database,
               Database::Open(options, frames));
    const absl::StatusOr<int64_t> tables = database->Number(
        "select count(*) from sqlite_master where name in ('kv', 'chg')");
    TRY(base::Context(tables.status(), path));
    if (*tables != 2) {
      return absl::DataLossError(path + ": has not even the tables of a store");
    }
    TRY_ASSIGN(const std::optional<Hole> hole,
               ReadEntries(*database, &entries));
    if (hole.has_value()) {
      const absl::StatusOr<int64_t> compacted =
          database->Number("select value from meta where name='compacted'");
      TRY_ASSIGN(const bool filled,
                 FillHole(*database, *hole, compacted.ok() && *compacted == 0,
                          &entries));
      if (!filled) {
        absl::StrAppend(
            &repaired.lost, repaired.lost.empty() ? "" : "; ",
            hole->after.empty() && hole->before.empty()
                ? "any entry"
                : absl::StrCat("between '", base::Escape(hole->after),
                               "' and '", base::Escape(hole->before),
                               "' entries"),
            " may be missing, or old");
      }
    }
    TRY(database->Checkpoint());
  }
  TRY_ASSIGN(const sys::FileInfo log, sys::Stat(path + "-wal"));
  if (log.exists && log.bytes != 0) {
    return absl::DataLossError(path + "-wal: cannot be moved into the file");
  }
  TRY(edit(entries, repaired.lost));
  TRY(WriteStore(fresh, entries));
  TRY_ASSIGN(repaired.kept, KeepOld(path));
  TRY(sys::MoveFile(fresh, path));
  return repaired;
}

}  // namespace store
