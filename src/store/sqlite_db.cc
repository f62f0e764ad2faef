#include "store/sqlite_db.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "store/sqlite_vfs.h"
#include "sys/file.h"

namespace store {
namespace {

constexpr int kPagesAtOnce = 1000;  // of a copy, until it looks up
// The layout of the log, as kWalHeaderBytes.
constexpr int64_t kFrameHeaderBytes = 24;

// The status of a result code. `number` is errno as it was, or 0.
absl::Status StatusOf(int code, int number, absl::string_view text) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return base::SysError(ENOSPC, "write");
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_DATA) {
        return absl::DataLossError("the checksum of a page is wrong");
      }
      // A quota or a limit shows as a failed write like any other. Otherwise
      // errno is not to be trusted: other calls came after the one that failed.
      if (number == ENOSPC || number == EDQUOT || number == EFBIG) {
        return base::SysError(number, "write");
      }
      return absl::DataLossError(text);
    case SQLITE_CANTOPEN:
      return number == 0 ? absl::DataLossError(text)
                         : base::SysError(number, "open");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(text);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(text);
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(text);
    default:
      return absl::InternalError(absl::StrCat(text, " (", code, ")"));
  }
}

// We lock ourselves, and do not read SQLite's memory statistics, which cost a
// mutex for each allocation.
void InitializeOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
  });
}

// A file opened through SQLite's door to the system, so that tests which make
// that door fail reach everything that is done to the log.
class RawFile {
 public:
  static absl::StatusOr<std::unique_ptr<RawFile>> OpenWal(
      const Database::Options& options) {
    InitializeOnce();
    sqlite3_vfs* vfs =
        sqlite3_vfs_find(options.vfs.empty() ? nullptr : options.vfs.c_str());
    if (vfs == nullptr) return absl::InternalError("no such vfs");
    auto raw = std::unique_ptr<RawFile>(new RawFile);
    raw->what_ = absl::StrCat(options.path, "-wal");
    // SQLite's file names end in a list of parameters that ends in two NULs.
    raw->name_ = raw->what_ + std::string(3, '\0');
    raw->memory_.resize(
        static_cast<size_t>(vfs->szOsFile) / sizeof(max_align_t) + 1);
    int exists = 0;
    if (vfs->xAccess(vfs, raw->name_.c_str(), SQLITE_ACCESS_EXISTS, &exists) !=
            SQLITE_OK ||
        exists == 0) {
      return absl::NotFoundError(raw->what_);
    }
    const int code =
        vfs->xOpen(vfs, raw->name_.c_str(), raw->file(),
                   SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE, nullptr);
    if (code != SQLITE_OK) return raw->Error(code);
    return raw;
  }
  ~RawFile() {
    if (file()->pMethods != nullptr) file()->pMethods->xClose(file());
  }

  absl::StatusOr<int64_t> Size() {
    errno = 0;
    sqlite3_int64 size = 0;
    TRY(Error(file()->pMethods->xFileSize(file(), &size)));
    return size;
  }
  absl::Status Read(int64_t at, size_t bytes, std::string* into) {
    into->resize(bytes);
    errno = 0;
    return Error(file()->pMethods->xRead(file(), into->data(),
                                         static_cast<int>(bytes), at));
  }
  absl::Status Write(int64_t at, absl::string_view bytes) {
    errno = 0;
    return Error(file()->pMethods->xWrite(file(), bytes.data(),
                                          static_cast<int>(bytes.size()), at));
  }
  absl::Status Truncate(int64_t bytes) {
    errno = 0;
    return Error(file()->pMethods->xTruncate(file(), bytes));
  }
  absl::Status Sync() {
    errno = 0;
    return Error(file()->pMethods->xSync(file(), SQLITE_SYNC_NORMAL));
  }

 private:
  RawFile() = default;
  sqlite3_file* file() {
    return reinterpret_cast<sqlite3_file*>(memory_.data());
  }
  absl::Status Error(int code) {
    if (code == SQLITE_OK) return absl::OkStatus();
    return base::Context(StatusOf(code, errno, sqlite3_errstr(code)), what_);
  }

  std::string name_, what_;
  std::vector<max_align_t> memory_;  // the vfs's own sqlite3_file
};

}  // namespace

// --- statements -------------------------------------------------------------

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::Bind(int parameter, absl::string_view bytes) {
  // A null pointer would bind NULL, which is not the empty byte string.
  sqlite3_bind_blob(statement_, parameter,
                    bytes.data() == nullptr ? "" : bytes.data(),
                    static_cast<int>(bytes.size()), SQLITE_STATIC);
  return *this;
}
Statement& Statement::Bind(int parameter, int64_t number) {
  sqlite3_bind_int64(statement_, parameter, number);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  errno = 0;
  const int code = sqlite3_step(statement_);
  const int number = errno;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  sqlite3* db = sqlite3_db_handle(statement_);
  // Not sqlite3_system_errno: it knows nothing of the log.
  const absl::Status status =
      StatusOf(sqlite3_extended_errcode(db), number, sqlite3_errmsg(db));
  sqlite3_reset(statement_);
  return status;
}

absl::Status Statement::Run() {
  for (;;) {
    TRY_ASSIGN(const bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

void Statement::Reset() { sqlite3_reset(statement_); }

absl::string_view Statement::Blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return "";
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}
int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

// --- the connection ---------------------------------------------------------

absl::Status Database::Error() const {
  return StatusOf(sqlite3_extended_errcode(db_), sqlite3_system_errno(db_),
                  sqlite3_errmsg(db_));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const Options& options,
                                                         int64_t wal_frames) {
  InitializeOnce();
  auto database = std::unique_ptr<Database>(new Database);
  database->wal_frames_ = wal_frames;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE |
                    (options.create ? SQLITE_OPEN_CREATE : 0);
  TRY_ASSIGN(const std::string vfs, SqliteVfs(options.vfs));
  if (sqlite3_open_v2(options.path.c_str(), &database->db_, flags,
                      vfs.c_str()) != SQLITE_OK) {
    return base::Context(database->Error(), options.path);
  }
  const absl::Status configured = database->Configure(options);
  if (!configured.ok()) {
    database->Abandon();
    return base::Context(configured, options.path);
  }
  return database;
}

absl::Status Database::Configure(const Options& options) {
  // A file from outside must not be able to make us run anything.
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // Room at the end of each page for its checksum; counts only for a new file.
  int reserve = kChecksumBytes;
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
  // The first two come before the file is looked at: with the lock held for
  // good the log's index is kept in memory, not in a shared file.
  TRY(Run("pragma locking_mode=exclusive"));
  TRY(Run("pragma mmap_size=0"));
  TRY(Run("pragma trusted_schema=off"));
  TRY(Run("pragma cell_size_check=on"));
  TRY(Run("pragma temp_store=memory"));
  TRY(Run("pragma cache_size=-8192"));
  if (!options.keep_log) TRY(UseLog());
  TRY(Run(options.flush_at_commit ? "pragma synchronous=full"
                                  : "pragma synchronous=normal"));
  // Switches automatic checkpoints off as well.
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int frames) {
        static_cast<Database*>(self)->wal_frames_ = frames;
        return SQLITE_OK;
      },
      this);
  TRY_ASSIGN(page_bytes_, Number("pragma page_size"));
  if (options.keep_log) {
    TRY_ASSIGN(const sys::FileInfo log, sys::Stat(options.path + "-wal"));
    if (log.bytes > 0) Abandon();
  }
  return absl::OkStatus();
}

absl::Status Database::UseLog() {
  TRY_ASSIGN(Statement mode, Prepare("pragma journal_mode=wal"));
  TRY_ASSIGN(const bool row, mode.Step());
  // SQLite does not call it a failure.
  if (!row || mode.Blob(0) != "wal") {
    return absl::FailedPreconditionError("cannot have a write-ahead log here");
  }
  return absl::OkStatus();
}

Database::~Database() {
  // Finishes the log and deletes it. What cannot be finished stays for the
  // next one to recover.
  sqlite3_close(db_);
}

void Database::Abandon() {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

absl::Status Database::Run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return Error();
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Database::Number(const char* sql) {
  TRY_ASSIGN(Statement statement, Prepare(sql));
  TRY_ASSIGN(const bool row, statement.Step());
  return row ? statement.Int(0) : 0;
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view sql) {
  Statement statement;
  if (sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement.statement_,
                         nullptr) != SQLITE_OK) {
    return Error();
  }
  return statement;
}

bool Database::InTransaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}
bool Database::LastWasFull() const {
  return (sqlite3_errcode(db_) & 0xff) == SQLITE_FULL;
}
int64_t Database::Changed() const { return sqlite3_changes64(db_); }

int64_t Database::wal_bytes() const {
  return wal_frames_ * (kFrameHeaderBytes + page_bytes_);
}

absl::Status Database::Checkpoint() {
  int frames = 0, moved = 0;
  if (sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, &frames,
                                &moved) != SQLITE_OK) {
    return Error();
  }
  // Nobody else reads, so nothing can hold it up.
  if (frames != moved) return absl::InternalError("half a checkpoint");
  wal_frames_ = 0;
  return absl::OkStatus();
}

absl::Status Database::CopyTo(const std::string& path,
                              const std::function<bool()>& is_interrupted) {
  TRY_ASSIGN(const std::string vfs, SqliteVfs(""));
  Database copy;
  if (sqlite3_open_v2(
          path.c_str(), &copy.db_,
          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE,
          vfs.c_str()) != SQLITE_OK) {
    return base::Context(copy.Error(), path);
  }
  TRY(base::Context(copy.Run("pragma locking_mode=exclusive"), path));
  sqlite3_backup* backup = sqlite3_backup_init(copy.db_, "main", db_, "main");
  if (backup == nullptr) return base::Context(copy.Error(), path);
  bool is_over = is_interrupted();
  while (!is_over && sqlite3_backup_step(backup, kPagesAtOnce) == SQLITE_OK) {
    is_over = is_interrupted();
  }
  if (sqlite3_backup_finish(backup) != SQLITE_OK) {
    return base::Context(copy.Error(), path);
  }
  if (is_over) return absl::CancelledError("interrupted");
  // The copy is one file that any reader can open from a folder it may not
  // write to; the store makes a log for it again.
  TRY(base::Context(copy.Run("pragma journal_mode=delete"), path));
  return absl::OkStatus();
}

// --- the log ----------------------------------------------------------------

absl::Status CutWal(const Database::Options& options, int64_t frames,
                    int64_t page_bytes) {
  absl::StatusOr<std::unique_ptr<RawFile>> wal = RawFile::OpenWal(options);
  if (absl::IsNotFound(wal.status())) return absl::OkStatus();
  TRY(wal);
  const int64_t keep =
      frames == 0 ? 0
                  : kWalHeaderBytes + frames * (kFrameHeaderBytes + page_bytes);
  TRY_ASSIGN(const int64_t size, (*wal)->Size());
  if (size > keep) TRY((*wal)->Truncate(keep));
  return (*wal)->Sync();
}

namespace {

// The log's checksum: two running sums over pairs of 32-bit words, in the byte
// order that the lowest bit of the log's magic number names.
struct WalSum {
  bool big_endian;
  uint32_t a = 0, b = 0;
  void Add(absl::string_view bytes) {
    for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      const char* at = bytes.data() + i;
      a += (big_endian ? base::Be32(at) : base::Le32(at)) + b;
      b += (big_endian ? base::Be32(at + 4) : base::Le32(at + 4)) + a;
    }
  }
  bool Is(const char* at) const {
    return a == base::Be32(at) && b == base::Be32(at + 4);
  }
};

struct WalHeader {
  bool good;  // else its fields mean nothing
  bool big_endian;
  int64_t page_bytes;
  std::string bytes;
};

absl::StatusOr<WalHeader> ReadWalHeader(RawFile& wal) {
  WalHeader header{};
  TRY(wal.Read(0, kWalHeaderBytes, &header.bytes));
  const uint32_t magic = base::Be32(header.bytes.data());
  header.big_endian = (magic & 1) != 0;
  header.page_bytes = base::Be32(header.bytes.data() + 8);
  WalSum sum{header.big_endian};
  sum.Add(absl::string_view(header.bytes).substr(0, 24));
  header.good = (magic & ~1u) == 0x377f0682 && header.page_bytes >= 512 &&
                header.page_bytes <= 65536 && sum.Is(header.bytes.data() + 24);
  return header;
}

struct WalFrame {
  absl::string_view bytes;
  absl::string_view salts() const { return bytes.substr(8, 8); }
  // The last frame of a commit holds the size of the file.
  bool ends_commit() const { return base::Be32(bytes.data() + 4) != 0; }
  // Whether it follows what `sum` is of; it is then of this, too.
  bool Follows(WalSum& sum) const {
    sum.Add(bytes.substr(0, 8));
    sum.Add(bytes.substr(kFrameHeaderBytes));
    return sum.Is(bytes.data() + 16);
  }
  // What the next one is to follow, by what this one says of itself.
  WalSum Said(bool big_endian) const {
    return {big_endian, base::Be32(bytes.data() + 16),
            base::Be32(bytes.data() + 20)};
  }
};

}  // namespace

absl::StatusOr<int64_t> SettleWal(const Database::Options& options) {
  absl::StatusOr<std::unique_ptr<RawFile>> wal = RawFile::OpenWal(options);
  if (absl::IsNotFound(wal.status())) return 0;
  TRY(wal);
  TRY_ASSIGN(const int64_t size, (*wal)->Size());
  if (size < kWalHeaderBytes) return 0;
  TRY_ASSIGN(const WalHeader header, ReadWalHeader(**wal));
  if (!header.good) return 0;  // SQLite holds it for empty as well
  TRY((*wal)->Write(0, header.bytes));
  WalSum sum{header.big_endian};
  sum.Add(absl::string_view(header.bytes).substr(0, 24));
  const int64_t step = kFrameHeaderBytes + header.page_bytes;
  int64_t frames = 0, committed = 0;
  std::string bytes;
  for (int64_t at = kWalHeaderBytes; at + step <= size; at += step) {
    TRY((*wal)->Read(at, static_cast<size_t>(step), &bytes));
    const WalFrame frame{bytes};
    if (!frame.Follows(sum) ||
        frame.salts() != absl::string_view(header.bytes).substr(16, 8)) {
      break;  // of an older log, or torn
    }
    TRY((*wal)->Write(at, bytes));
    ++frames;
    if (frame.ends_commit()) committed = frames;
  }
  TRY((*wal)->Sync());
  return committed;
}

// A commit is flushed before the next one is begun, so a crash or a power cut
// tears the last one only: where a frame follows behind the end of a commit
// that cannot be read, the log has been damaged since. Frames behind the bad
// one are known by their sums, which go on from what the one before says its
// sum is. Those of an older log have other salts.
//
// The last commit of a log cannot be told from a torn one this way; nor can a
// bad header from one that was torn when the log was begun anew, before the
// frames of the older log.
absl::Status CheckWal(const Database::Options& options) {
  absl::StatusOr<std::unique_ptr<RawFile>> wal = RawFile::OpenWal(options);
  if (absl::IsNotFound(wal.status())) return absl::OkStatus();
  TRY(wal);
  TRY_ASSIGN(const int64_t size, (*wal)->Size());
  if (size < kWalHeaderBytes) return absl::OkStatus();
  TRY_ASSIGN(const WalHeader header, ReadWalHeader(**wal));
  if (!header.good) return absl::OkStatus();
  const absl::string_view salts = absl::string_view(header.bytes).substr(16, 8);
  WalSum sum{header.big_endian};
  sum.Add(absl::string_view(header.bytes).substr(0, 24));
  WalSum said = sum;
  const int64_t step = kFrameHeaderBytes + header.page_bytes;
  int64_t bad = INT64_MAX;
  bool ended = false;  // a commit did, at or behind the bad frame
  std::string bytes;
  for (int64_t n = 0; kWalHeaderBytes + (n + 1) * step <= size; n++) {
    TRY((*wal)->Read(kWalHeaderBytes + n * step, static_cast<size_t>(step),
                     &bytes));
    const WalFrame frame{bytes};
    const bool of_this_log = frame.salts() == salts;
    // What is bad may be the frame, or only what it says of itself.
    const bool whole = (n <= bad || n == bad + 1) && frame.Follows(sum);
    if (n < bad && whole && of_this_log) {
      said = sum;
      continue;
    }
    bad = std::min(bad, n);
    if (ended && of_this_log && (whole || frame.Follows(said))) {
      return absl::DataLossError(
          absl::StrCat(options.path, "-wal: is damaged at byte ",
                       kWalHeaderBytes + bad * step,
                       "; what was committed after that cannot be read"));
    }
    ended |= of_this_log && frame.ends_commit();
    said = frame.Said(header.big_endian);
  }
  return absl::OkStatus();
}

}  // namespace store
