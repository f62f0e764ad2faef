#include "store/sqlite_tables.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "store/changes.h"
#include "sys/file.h"

namespace store {
namespace {

// The narrow columns first: what lies behind a long value is found only by
// following its pages. In capitals as SQLite keeps them: the text is compared.
constexpr const char* kSchema[] = {
    ("CREATE TABLE kv(k blob primary key, created, modified, lease, v)"
     " without rowid"),
    "CREATE INDEX kv_leased on kv(lease) where lease<>0",
    "CREATE TABLE chg(rev integer primary key, c blob)",
    "CREATE TABLE meta(name text primary key, value) without rowid",
};
constexpr int64_t kLeastBytes = 512;            // SQLite's smallest page
constexpr int64_t kApplicationId = 0x66626f78;  // "fbox"

std::string CopyOf(absl::string_view bytes) { return std::string(bytes); }

Entry ReadEntry(const Statement& row) {
  Entry entry;
  entry.key = CopyOf(row.Blob(0));
  entry.created = row.Int(1);
  entry.modified = row.Int(2);
  entry.lease = row.Int(3);
  entry.value = CopyOf(row.Blob(4));
  return entry;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tables>> Tables::Open(
    const Database::Options& options) {
  auto tables = std::unique_ptr<Tables>(new Tables(options));
  TRY(tables->OpenFile());
  return tables;
}

absl::Status Tables::OpenFile() {
  // SQLite takes a file of one byte for a new one, and us with it.
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(options_.path));
  if (info.bytes > 0 && info.bytes < kLeastBytes) {
    return absl::DataLossError(absl::StrCat(options_.path, ": ", info.bytes,
                                            " bytes are not a store"));
  }
  TRY(CheckWal(options_));
  int64_t wal_frames = 0;
  if (!options_.keep_log) {
    TRY_ASSIGN(wal_frames, SettleWal(options_));
  }
  TRY_ASSIGN(db_, Database::Open(options_, wal_frames));
  absl::Status status = CheckSchema();
  if (status.ok()) status = Prepare();
  if (status.ok()) status = ReadRevisions();
  if (status.ok() && !options_.history) status = ForgetHistory();
  if (!status.ok()) CloseFile();
  return status;
}

absl::Status Tables::MakeSchema() {
  TRY(db_->Run("begin immediate"));
  for (const char* sql : kSchema) TRY(db_->Run(sql));
  TRY(db_->Run(absl::StrCat("pragma application_id=", kApplicationId).c_str()));
  TRY(db_->Run(absl::StrCat("pragma user_version=", kSchemaVersion).c_str()));
  return db_->Run("commit");
}

absl::Status Tables::CheckSchema() {
  TRY_ASSIGN(const int64_t version, db_->Number("pragma user_version"));
  TRY_ASSIGN(const int64_t id, db_->Number("pragma application_id"));
  TRY_ASSIGN(Statement all, db_->Prepare("select sql from sqlite_schema"
                                         " where sql is not null"
                                         " order by rowid"));
  std::vector<std::string> found;
  for (;;) {
    TRY_ASSIGN(const bool row, all.Step());
    if (!row) break;
    found.push_back(CopyOf(all.Blob(0)));
  }
  // All of it is made by one transaction, so it is there whole or not at all.
  if (version == 0 && found.empty()) {
    if (options_.create) return MakeSchema();
    return absl::DataLossError(options_.path + ": holds no tables");
  }
  if (id != kApplicationId) {
    return absl::FailedPreconditionError(
        absl::StrCat(options_.path, ": an SQLite file, but not a store"));
  }
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        options_.path, ": has schema version ", version,
        ", and this program knows no newer than ", kSchemaVersion));
  }
  if (version != kSchemaVersion ||
      !std::equal(found.begin(), found.end(), std::begin(kSchema),
                  std::end(kSchema))) {
    return absl::DataLossError(
        absl::StrCat(options_.path, ": the tables are not those of a store"));
  }
  return absl::OkStatus();
}

absl::Status Tables::Prepare() {
  const struct {
    Statement* statement;
    const char* sql;
  } all[] = {
      {&begin_, "begin immediate"},
      {&commit_, "commit"},
      {&rollback_, "rollback"},
      {&look_, "select created, modified from kv where k=?1"},
      {&get_, "select k, created, modified, lease, v from kv where k=?1"},
      {&range_,
       "select k, created, modified, lease, v from kv where k>=?1"
       " order by k limit ?2"},
      {&range_to_,
       "select k, created, modified, lease, v from kv where k>=?1 and k<?3"
       " order by k limit ?2"},
      {&put_,
       "insert into kv(k, created, modified, lease, v)"
       " values(?1, ?2, ?2, ?3, ?4)"},
      {&update_, "update kv set modified=?2, lease=?3, v=?4 where k=?1"},
      {&delete_, "delete from kv where k=?1"},
      {&change_, "insert into chg(rev, c) values(?1, ?2)"},
      {&changes_, "select rev, c from chg where rev>?1 order by rev"},
      {&of_lease_,
       "select k from kv indexed by kv_leased"
       " where lease<>0 and lease=?1 order by k"},
      {&leased_,
       "select k from kv indexed by kv_leased"
       " where lease<>0 order by k"},
      {&compact_,
       "insert into meta(name, value) values('compacted', ?1)"
       " on conflict(name) do update set value=?1"},
      {&forget_, "delete from chg where rev<=?1"},
  };
  for (const auto& [statement, sql] : all) {
    TRY_ASSIGN(*statement, db_->Prepare(sql));
  }
  return absl::OkStatus();
}

absl::Status Tables::ReadRevisions() {
  TRY_ASSIGN(compacted_,
             db_->Number("select value from meta where name='compacted'"));
  TRY_ASSIGN(const int64_t newest, db_->Number("select max(rev) from chg"));
  revision_ = std::max<Revision>(newest, compacted_);
  return absl::OkStatus();
}

// Of a former life that kept one. All rows at once are no more work than a few:
// their pages are not even looked at.
absl::Status Tables::ForgetHistory() {
  if (compacted_ == revision_) return absl::OkStatus();
  TRY(begin_.Run());
  TRY(db_->Run("delete from chg"));
  TRY(compact_.Bind(1, revision_).Run());
  compacted_ = revision_;
  return commit_.Run();
}

absl::StatusOr<int64_t> Tables::UsedBytes() {
  TRY(EnsureOpen());
  TRY_ASSIGN(const int64_t pages, db_->Number("pragma page_count"));
  TRY_ASSIGN(const int64_t empty, db_->Number("pragma freelist_count"));
  return (pages - empty) * db_->page_bytes();
}

absl::Status Tables::EnsureOpen() {
  return db_ != nullptr ? absl::OkStatus() : OpenFile();
}

// Leaves the log for the next OpenFile: what is in it must be settled before
// it may be moved into the file.
void Tables::CloseFile() {
  if (db_ == nullptr) return;
  db_->Abandon();
  for (Statement* s : {&begin_, &commit_, &rollback_, &look_, &get_, &range_,
                       &range_to_, &put_, &update_, &delete_, &change_,
                       &changes_, &of_lease_, &leased_, &compact_, &forget_}) {
    *s = Statement();
  }
  db_ = nullptr;
}

// --- reading ----------------------------------------------------------------

absl::StatusOr<Entry> Tables::Get(absl::string_view key) {
  TRY(EnsureOpen());
  TRY_ASSIGN(const bool row, get_.Bind(1, key).Step());
  if (!row) return NoSuchKey();
  Entry entry = ReadEntry(get_);
  get_.Reset();
  return entry;
}

absl::StatusOr<RangeResult> Tables::Range(absl::string_view first,
                                          absl::string_view last,
                                          int64_t limit) {
  TRY(EnsureOpen());
  Statement& statement = last.empty() ? range_ : range_to_;
  // One more than asked for tells whether there is more; -1 is no limit.
  statement.Bind(1, first).Bind(2, limit > 0 ? limit + 1 : -1);
  if (!last.empty()) statement.Bind(3, last);
  RangeResult result;
  result.revision = revision_;
  for (;;) {
    TRY_ASSIGN(const bool row, statement.Step());
    if (!row) return result;
    if (limit > 0 && static_cast<int64_t>(result.entries.size()) == limit) {
      result.more = true;
      statement.Reset();
      return result;
    }
    result.entries.push_back(ReadEntry(statement));
  }
}

absl::StatusOr<std::vector<Tables::ChangeRow>> Tables::ChangesAfter(
    Revision from, size_t max_bytes) {
  TRY(EnsureOpen());
  std::vector<ChangeRow> rows;
  size_t bytes = 0;
  changes_.Bind(1, from);
  while (bytes < max_bytes) {
    TRY_ASSIGN(const bool row, changes_.Step());
    if (!row) return rows;
    rows.push_back({changes_.Int(0), CopyOf(changes_.Blob(1))});
    bytes += sizeof(ChangeRow) + rows.back().packed.size();
  }
  changes_.Reset();
  return rows;
}

namespace {

absl::StatusOr<std::vector<std::string>> Keys(Statement& statement) {
  std::vector<std::string> keys;
  for (;;) {
    TRY_ASSIGN(const bool row, statement.Step());
    if (!row) return keys;
    keys.push_back(CopyOf(statement.Blob(0)));
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Tables::KeysOf(Lease lease) {
  TRY(EnsureOpen());
  return Keys(of_lease_.Bind(1, lease));
}
absl::StatusOr<std::vector<std::string>> Tables::LeasedKeys() {
  TRY(EnsureOpen());
  return Keys(leased_);
}

// --- writing ----------------------------------------------------------------

absl::Status Tables::Begin() {
  TRY(EnsureOpen());
  before_ = {revision_, compacted_};
  return begin_.Run();
}

absl::StatusOr<std::optional<Tables::Meta>> Tables::Look(
    absl::string_view key) {
  std::optional<Meta> meta;
  TRY_ASSIGN(const bool row, look_.Bind(1, key).Step());
  if (row) {
    meta = Meta{look_.Int(0), look_.Int(1)};
    look_.Reset();
  }
  return meta;
}

absl::StatusOr<bool> Tables::Holds(const std::vector<Condition>& conditions) {
  known_.clear();
  for (const Condition& c : conditions) {
    std::optional<Meta> meta;
    bool same_value = false;
    if (c.kind == Condition::Kind::kValueIs) {
      TRY_ASSIGN(const bool row, get_.Bind(1, c.key).Step());
      if (row) {
        meta = Meta{get_.Int(1), get_.Int(2)};
        same_value = get_.Blob(4) == c.value;
        get_.Reset();
      }
    } else {
      TRY_ASSIGN(meta, Look(c.key));
    }
    known_.push_back({c.key, meta});
    bool holds = false;
    switch (c.kind) {
      case Condition::Kind::kAbsent:
        holds = !meta.has_value();
        break;
      case Condition::Kind::kPresent:
        holds = meta.has_value();
        break;
      case Condition::Kind::kModifiedAt:
        holds = (meta.has_value() ? meta->modified : 0) == c.modified;
        break;
      case Condition::Kind::kValueIs:
        holds = same_value;
        break;
    }
    if (!holds) return false;
  }
  return true;
}

absl::Status Tables::Apply(const std::vector<Operation>& operations) {
  const Revision revision = revision_ + 1;
  row_.clear();
  for (const Operation& o : operations) {
    const auto known =
        std::find_if(known_.begin(), known_.end(),
                     [&o](const Known& k) { return k.key == o.key; });
    std::optional<Meta> meta;
    if (known != known_.end()) {
      meta = known->meta;
    } else if (o.kind == Operation::Kind::kPut) {
      TRY_ASSIGN(meta, Look(o.key));
    }
    if (o.kind == Operation::Kind::kDelete) {
      TRY(delete_.Bind(1, o.key).Run());
      if (db_->Changed() != 0) PackDelete(row_, o.key);
      meta.reset();
    } else {
      Statement& write = meta.has_value() ? update_ : put_;
      TRY(write.Bind(1, o.key)
              .Bind(2, revision)
              .Bind(3, o.lease)
              .Bind(4, o.value)
              .Run());
      meta = Meta{meta.has_value() ? meta->created : revision, revision};
      PackPut(row_, o.key, o.value, meta->created, o.lease);
    }
    // Kept up to date for the operations to come, never added to: to look a
    // key up twice is cheaper than to search a long list for each.
    if (known != known_.end()) known->meta = meta;
  }
  if (options_.history) TRY(change_.Bind(1, revision).Bind(2, row_).Run());
  known_.clear();
  revision_ = revision;
  return absl::OkStatus();
}

absl::Status Tables::Compact(Revision r) {
  if (r <= compacted_) return absl::OkStatus();
  TRY(forget_.Bind(1, r).Run());
  TRY(compact_.Bind(1, r).Run());
  compacted_ = r;
  return absl::OkStatus();
}

void Tables::Forget() {
  known_.clear();
  revision_ = before_.revision;
  compacted_ = before_.compacted;
}

void Tables::Undo() {
  if (db_ == nullptr) return;
  const bool full = db_->LastWasFull();
  Forget();
  // SQLite may have rolled back by itself.
  if (full && (!db_->InTransaction() || rollback_.Run().ok())) return;
  // No frame that ends a commit was written: closing undoes the group.
  CloseFile();
}

absl::Status Tables::CommitGroup() {
  if (!options_.history && compacted_ != revision_) {
    TRY(compact_.Bind(1, revision_).Run());
    compacted_ = revision_;
  }
  return commit_.Run();
}

Tables::Committed Tables::Commit() {
  const absl::Status status = CommitGroup();
  if (status.ok()) return {};
  if (db_->LastWasFull()) {
    Undo();
    return {status, false};
  }
  Forget();
  const int64_t frames = db_->wal_frames(), page_bytes = db_->page_bytes();
  CloseFile();
  const absl::Status cut = CutWal(options_, frames, page_bytes);
  if (cut.ok()) return {status, false};
  return {absl::DataLossError(absl::StrCat(
              status.message(),
              "; and the log could not be cut back: ", cut.message())),
          true};
}

absl::Status Tables::Checkpoint() {
  TRY(EnsureOpen());
  const absl::Status status = db_->Checkpoint();
  // The log still has everything, and the next attempt writes it all anew; but
  // after a failed flush only a file that was opened again is to be believed.
  if (!status.ok() && !db_->LastWasFull()) CloseFile();
  return status;
}

}  // namespace store
