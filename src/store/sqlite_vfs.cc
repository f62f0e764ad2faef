#include "store/sqlite_vfs.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>
#include <endian.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <type_traits>

namespace store {
namespace {

// The real file lies right behind ours; sqlite3_vfs::szOsFile makes room for
// both.
struct alignas(max_align_t) File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
struct alignas(max_align_t) LogFile {
  sqlite3_file base;
  std::string gathered;     // not written yet
  sqlite3_int64 at = 0;     // where it goes
  sqlite3_int64 bytes = 0;  // that the file holds, room and all
  bool makes_room = true;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

template <typename T>
sqlite3_file* RealOf(sqlite3_file* f) {
  return reinterpret_cast<T*>(f)->real();
}

// --- the file: page checksums -----------------------------------------------

// As base::Le32, which is no inline function: this runs over every page that
// is moved into the file.
uint32_t Word(const char* at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return le32toh(word);
}

// Two running sums over 32-bit words, the second over the first: a swap of
// words shows too. A page that was never written is all zero, and so is its
// checksum.
void Sum(const char* page, size_t bytes, char sum[kChecksumBytes]) {
  uint32_t a = 0, b = 0;
  for (size_t i = 0; i + 8 <= bytes; i += 8) {
    a += Word(page + i) + b;
    b += Word(page + i + 4) + a;
  }
  for (int i = 0; i < 4; ++i) {
    sum[i] = static_cast<char>(a >> (8 * i));
    sum[4 + i] = static_cast<char>(b >> (8 * i));
  }
}

// SQLite reads and writes the main file in whole pages, but for the first
// bytes of the header when it opens it.
bool IsPage(int bytes, sqlite3_int64 at) {
  return bytes >= 512 && (bytes & (bytes - 1)) == 0 && at % bytes == 0;
}

int ReadPage(sqlite3_file* f, void* to, int bytes, sqlite3_int64 at) {
  sqlite3_file* real = RealOf<File>(f);
  const int code = real->pMethods->xRead(real, to, bytes, at);
  // A page that the file holds only the beginning of comes filled up with
  // zeros, which SQLite takes for its content.
  const bool some = code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ;
  if (!some || !IsPage(bytes, at)) return code;
  const char* page = static_cast<const char*>(to);
  const size_t content = static_cast<size_t>(bytes) - kChecksumBytes;
  char sum[kChecksumBytes];
  Sum(page, content, sum);
  return memcmp(sum, page + content, kChecksumBytes) == 0 ? code
                                                          : SQLITE_IOERR_DATA;
}

int WritePage(sqlite3_file* f, const void* from, int bytes, sqlite3_int64 at) {
  if (IsPage(bytes, at)) {
    // In SQLite's own buffer: nobody else uses the bytes it reserved.
    char* page = const_cast<char*>(static_cast<const char*>(from));
    const size_t content = static_cast<size_t>(bytes) - kChecksumBytes;
    Sum(page, content, page + content);
  }
  sqlite3_file* real = RealOf<File>(f);
  return real->pMethods->xWrite(real, from, bytes, at);
}

// --- the log: long writes ---------------------------------------------------

constexpr size_t kMostGathered = 1 << 20;
constexpr size_t kMostAtOnce = 64 << 10;  // SQLite's own door ends at 128 KiB

// A log that is short-lived needs no room.
constexpr sqlite3_int64 kLeastRoom = 64 << 10, kMostRoom = 1 << 20;

int WriteAll(LogFile* log, absl::string_view bytes, sqlite3_int64 at) {
  while (!bytes.empty()) {
    const absl::string_view some = bytes.substr(0, kMostAtOnce);
    const int code = log->real()->pMethods->xWrite(
        log->real(), some.data(), static_cast<int>(some.size()), at);
    if (code != SQLITE_OK) return code;
    bytes.remove_prefix(some.size());
    at += static_cast<sqlite3_int64>(some.size());
  }
  return SQLITE_OK;
}

// As much again as there is.
void MakeRoom(LogFile* log) {
  if (log->bytes < kLeastRoom || !log->makes_room) return;
  const std::string room(static_cast<size_t>(std::min(log->bytes, kMostRoom)),
                         '\0');
  // A full disk is a matter of the writes that need it.
  log->makes_room = WriteAll(log, room, log->bytes) == SQLITE_OK;
  if (log->makes_room) log->bytes += static_cast<sqlite3_int64>(room.size());
}

int WriteOut(LogFile* log) {
  const int code = WriteAll(log, log->gathered, log->at);
  const sqlite3_int64 end =
      log->at + static_cast<sqlite3_int64>(log->gathered.size());
  // Also when it failed: the commit has failed then, and SQLite writes it anew
  // or not at all.
  log->gathered.clear();
  if (code == SQLITE_OK && end > log->bytes) {
    log->bytes = end;
    MakeRoom(log);
  }
  return code;
}
int WriteOut(sqlite3_file* f) {
  return WriteOut(reinterpret_cast<LogFile*>(f));
}

int WriteLog(sqlite3_file* f, const void* from, int bytes, sqlite3_int64 at) {
  LogFile* log = reinterpret_cast<LogFile*>(f);
  const sqlite3_int64 end =
      log->at + static_cast<sqlite3_int64>(log->gathered.size());
  if (at != end || log->gathered.size() >= kMostGathered) {
    const int code = WriteOut(log);
    if (code != SQLITE_OK) return code;
  }
  if (log->gathered.empty()) log->at = at;
  log->gathered.append(static_cast<const char*>(from),
                       static_cast<size_t>(bytes));
  return SQLITE_OK;
}

int ReadLog(sqlite3_file* f, void* to, int bytes, sqlite3_int64 at) {
  const int code = WriteOut(f);
  sqlite3_file* real = RealOf<LogFile>(f);
  return code != SQLITE_OK ? code : real->pMethods->xRead(real, to, bytes, at);
}

template <typename T>
int Truncate(sqlite3_file* f, sqlite3_int64 bytes) {
  sqlite3_file* real = RealOf<T>(f);
  if constexpr (std::is_same_v<T, LogFile>) {
    LogFile* log = reinterpret_cast<LogFile*>(f);
    const int code = WriteOut(log);
    if (code != SQLITE_OK) return code;
    log->bytes = std::min(log->bytes, bytes);
  }
  return real->pMethods->xTruncate(real, bytes);
}

// SQLite flushes a log's header before the first frame, for the frames of an
// older log must not be found behind a new header, nor new ones behind an old
// header. In an empty file there are none: header and frames go together.
bool IsHeaderOfNewLog(const LogFile& log) {
  return log.bytes == 0 && log.at == 0 &&
         log.gathered.size() == kWalHeaderBytes;
}

int SyncLog(sqlite3_file* f, int how) {
  LogFile* log = reinterpret_cast<LogFile*>(f);
  if (IsHeaderOfNewLog(*log)) return SQLITE_OK;
  const int code = WriteOut(log);
  sqlite3_file* real = log->real();
  return code != SQLITE_OK ? code : real->pMethods->xSync(real, how);
}

int CloseLog(sqlite3_file* f) {
  LogFile* log = reinterpret_cast<LogFile*>(f);
  // What was not flushed was not committed, and need not be written.
  const int code = log->real()->pMethods->xClose(log->real());
  log->~LogFile();
  return code;
}

// --- both -------------------------------------------------------------------

// Before anything but a write is done to the file.
template <typename T>
int Settle(sqlite3_file* f) {
  if constexpr (std::is_same_v<T, LogFile>) return WriteOut(f);
  return SQLITE_OK;
}

#define REAL(method, ...) \
  RealOf<T>(f)->pMethods->method(RealOf<T>(f), ##__VA_ARGS__)
#define SETTLED(method, ...)                                           \
  [&] {                                                                \
    const int settled = Settle<T>(f);                                  \
    return settled != SQLITE_OK ? settled : REAL(method, __VA_ARGS__); \
  }()

// Version 1: no shared memory and no mapping, neither of which a store that
// is locked for good uses.
template <typename T>
constexpr sqlite3_io_methods MethodsOf(int (*close)(sqlite3_file*),
                                       int (*read)(sqlite3_file*, void*, int,
                                                   sqlite3_int64),
                                       int (*write)(sqlite3_file*, const void*,
                                                    int, sqlite3_int64),
                                       int (*sync)(sqlite3_file*, int)) {
  return {
      .iVersion = 1,
      .xClose = close,
      .xRead = read,
      .xWrite = write,
      .xTruncate = Truncate<T>,
      .xSync = sync,
      .xFileSize = [](sqlite3_file* f,
                      sqlite3_int64* n) { return SETTLED(xFileSize, n); },
      .xLock = [](sqlite3_file* f, int level) { return REAL(xLock, level); },
      .xUnlock = [](sqlite3_file* f,
                    int level) { return REAL(xUnlock, level); },
      .xCheckReservedLock =
          [](sqlite3_file* f, int* out) {
            return REAL(xCheckReservedLock, out);
          },
      .xFileControl = [](sqlite3_file* f, int op,
                         void* arg) { return REAL(xFileControl, op, arg); },
      .xSectorSize = [](sqlite3_file* f) { return REAL(xSectorSize); },
      .xDeviceCharacteristics =
          [](sqlite3_file* f) { return REAL(xDeviceCharacteristics); },
      .xShmMap = nullptr,
      .xShmLock = nullptr,
      .xShmBarrier = nullptr,
      .xShmUnmap = nullptr,
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
}
#undef SETTLED
#undef REAL

int CloseFile(sqlite3_file* f) {
  sqlite3_file* real = RealOf<File>(f);
  return real->pMethods->xClose(real);
}

int SyncFile(sqlite3_file* f, int how) {
  sqlite3_file* real = RealOf<File>(f);
  return real->pMethods->xSync(real, how);
}

constexpr sqlite3_io_methods kFileMethods =
    MethodsOf<File>(CloseFile, ReadPage, WritePage, SyncFile);
constexpr sqlite3_io_methods kLogMethods =
    MethodsOf<LogFile>(CloseLog, ReadLog, WriteLog, SyncLog);

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags,
         int* out) {
  sqlite3_vfs* under = static_cast<sqlite3_vfs*>(vfs->pAppData);
  f->pMethods = nullptr;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    const int code = under->xOpen(under, name, RealOf<File>(f), flags, out);
    if (code == SQLITE_OK) f->pMethods = &kFileMethods;
    return code;
  }
  if ((flags & SQLITE_OPEN_WAL) != 0) {
    const int code = under->xOpen(under, name, RealOf<LogFile>(f), flags, out);
    if (code != SQLITE_OK) return code;
    LogFile* log = new (f) LogFile;
    log->base.pMethods = &kLogMethods;
    // Of one whose size is not told, what it holds is found when it is written.
    log->real()->pMethods->xFileSize(log->real(), &log->bytes);
    return code;
  }
  return under->xOpen(under, name, f, flags, out);
}

}  // namespace

absl::StatusOr<std::string> SqliteVfs(const std::string& under) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  sqlite3_vfs* real = sqlite3_vfs_find(under.empty() ? nullptr : under.c_str());
  if (real == nullptr) {
    return absl::InternalError(absl::StrCat("no SQLite vfs '", under, "'"));
  }
  const std::string name = absl::StrCat("fleetbox-", real->zName);
  if (sqlite3_vfs_find(name.c_str()) != nullptr) return name;
  // SQLite keeps both for as long as the program runs. What this does not do
  // itself is the other's function, called with this one's data; the system's
  // needs none.
  sqlite3_vfs* vfs = new sqlite3_vfs(*real);
  vfs->zName = strdup(name.c_str());
  vfs->szOsFile = static_cast<int>(sizeof(LogFile)) + real->szOsFile;
  vfs->pAppData = real;
  vfs->pNext = nullptr;
  vfs->xOpen = Open;
#define UNDER static_cast<sqlite3_vfs*>(v->pAppData)
  vfs->xDelete = [](sqlite3_vfs* v, const char* file, int sync) {
    return UNDER->xDelete(UNDER, file, sync);
  };
  vfs->xAccess = [](sqlite3_vfs* v, const char* file, int flags, int* out) {
    return UNDER->xAccess(UNDER, file, flags, out);
  };
  vfs->xFullPathname = [](sqlite3_vfs* v, const char* file, int n, char* out) {
    return UNDER->xFullPathname(UNDER, file, n, out);
  };
#undef UNDER
  if (sqlite3_vfs_register(vfs, 0) != SQLITE_OK) {
    return absl::InternalError("SQLite takes no vfs");
  }
  return name;
}

}  // namespace store
