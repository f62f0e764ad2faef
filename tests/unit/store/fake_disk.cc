#include "unit/store/fake_disk.h"

#include <absl/strings/str_cat.h>
#include <errno.h>
#include <sqlite3.h>

#include <atomic>

#include "sys/file.h"

namespace store {
namespace {

struct File {
  sqlite3_file base;
  FakeDisk* disk;
  std::string* name;
  void* padding;  // the file behind this is aligned as this is
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* Ours(sqlite3_file* f) { return reinterpret_cast<File*>(f); }
sqlite3_file* Real(sqlite3_file* f) { return Ours(f)->real(); }

std::string BaseName(const char* path) {
  const std::string name(path);
  return name.substr(name.rfind('/') + 1);
}

std::string NextName() {
  static std::atomic<int> count{0};
  return absl::StrCat("fake-disk-", ++count);
}

}  // namespace

struct FakeDiskMethods {
  using Kind = FakeDisk::Event::Kind;
  static int Close(sqlite3_file* f) {
    const int code = Real(f)->pMethods->xClose(Real(f));
    delete Ours(f)->name;
    return code;
  }
  static int Read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    return Real(f)->pMethods->xRead(Real(f), to, n, at);
  }
  static int Write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    const char* bytes = static_cast<const char*>(from);
    const int code =
        Ours(f)->disk->Meet({Kind::kWrite, *Ours(f)->name, at,
                             std::string(bytes, static_cast<size_t>(n))});
    if (code == SQLITE_OK) {
      return Real(f)->pMethods->xWrite(Real(f), from, n, at);
    }
    // Half of it may have gone out.
    Real(f)->pMethods->xWrite(Real(f), from, n / 2, at);
    errno = code == SQLITE_FULL ? ENOSPC : EIO;
    return code;
  }
  static int Cut(sqlite3_file* f, sqlite3_int64 n) {
    const int code = Ours(f)->disk->Meet({Kind::kCut, *Ours(f)->name, n, ""});
    if (code != SQLITE_OK) return code;
    return Real(f)->pMethods->xTruncate(Real(f), n);
  }
  static int Flush(sqlite3_file* f, int flags) {
    const int code = Ours(f)->disk->Meet({Kind::kFlush, *Ours(f)->name, 0, ""});
    if (code == SQLITE_OK) return Real(f)->pMethods->xSync(Real(f), flags);
    errno = EIO;
    return code;
  }
  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f,
                  int flags, int* out) {
    static constexpr sqlite3_io_methods kMethods = {
        .iVersion = 1,
        .xClose = Close,
        .xRead = Read,
        .xWrite = Write,
        .xTruncate = Cut,
        .xSync = Flush,
        .xFileSize =
            [](sqlite3_file* f, sqlite3_int64* n) {
              return Real(f)->pMethods->xFileSize(Real(f), n);
            },
        .xLock =
            [](sqlite3_file* f, int level) {
              return Real(f)->pMethods->xLock(Real(f), level);
            },
        .xUnlock =
            [](sqlite3_file* f, int level) {
              return Real(f)->pMethods->xUnlock(Real(f), level);
            },
        .xCheckReservedLock =
            [](sqlite3_file* f, int* n) {
              return Real(f)->pMethods->xCheckReservedLock(Real(f), n);
            },
        .xFileControl =
            [](sqlite3_file* f, int op, void* arg) {
              return Real(f)->pMethods->xFileControl(Real(f), op, arg);
            },
        .xSectorSize =
            [](sqlite3_file* f) {
              return Real(f)->pMethods->xSectorSize(Real(f));
            },
        .xDeviceCharacteristics =
            [](sqlite3_file* f) {
              return Real(f)->pMethods->xDeviceCharacteristics(Real(f));
            },
        .xShmMap = nullptr,
        .xShmLock = nullptr,
        .xShmBarrier = nullptr,
        .xShmUnmap = nullptr,
        .xFetch = nullptr,
        .xUnfetch = nullptr,
    };
    FakeDisk* disk = static_cast<FakeDisk*>(vfs->pAppData);
    sqlite3_vfs* under = sqlite3_vfs_find(nullptr);
    f->pMethods = nullptr;
    const int code = under->xOpen(under, name, Real(f), flags, out);
    if (code != SQLITE_OK) return code;
    f->pMethods = &kMethods;
    Ours(f)->disk = disk;
    Ours(f)->name = new std::string(name == nullptr ? "" : BaseName(name));
    disk->Meet({Kind::kOpen, *Ours(f)->name, 0, ""});
    return SQLITE_OK;
  }
  static int Delete(sqlite3_vfs* vfs, const char* name, int sync) {
    static_cast<FakeDisk*>(vfs->pAppData)
        ->Meet({Kind::kDelete, BaseName(name), 0, ""});
    sqlite3_vfs* under = sqlite3_vfs_find(nullptr);
    return under->xDelete(under, name, sync);
  }
};

FakeDisk::FakeDisk() : name_(NextName()) {
  sqlite3_initialize();
  sqlite3_vfs* under = sqlite3_vfs_find(nullptr);
  vfs_ = std::make_unique<sqlite3_vfs>(*under);
  vfs_->zName = name_.c_str();
  vfs_->szOsFile = static_cast<int>(sizeof(File)) + under->szOsFile;
  vfs_->pAppData = this;
  vfs_->pNext = nullptr;
  vfs_->xOpen = FakeDiskMethods::Open;
  vfs_->xDelete = FakeDiskMethods::Delete;
  vfs_->xAccess = [](sqlite3_vfs*, const char* name, int flags, int* out) {
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    return real->xAccess(real, name, flags, out);
  };
  vfs_->xFullPathname = [](sqlite3_vfs*, const char* name, int n, char* out) {
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    return real->xFullPathname(real, name, n, out);
  };
  sqlite3_vfs_register(vfs_.get(), 0);
}

FakeDisk::~FakeDisk() { sqlite3_vfs_unregister(vfs_.get()); }

void FakeDisk::FailAt(Fault fault, int nth, bool forever) {
  const std::lock_guard<std::mutex> lock(mutex_);
  fault_ = fault;
  until_fault_ = nth;
  forever_ = forever;
  failed_ = false;
}
void FakeDisk::Heal() {
  const std::lock_guard<std::mutex> lock(mutex_);
  until_fault_ = 0;
}
bool FakeDisk::failed() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return failed_;
}

int FakeDisk::Meet(Event event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool write = event.kind == Event::Kind::kWrite;
  const bool flush = event.kind == Event::Kind::kFlush;
  const bool concerned = fault_ == Fault::kAnyError
                             ? write || flush || event.kind == Event::Kind::kCut
                             : (fault_ == Fault::kFlushError ? flush : write);
  if (concerned && until_fault_ > 0 &&
      (until_fault_ == 1 || --until_fault_ == 0)) {
    until_fault_ = forever_ ? 1 : 0;
    failed_ = true;
    if (write) {
      return fault_ == Fault::kWriteFull ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return flush ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_TRUNCATE;
  }
  events_.push_back(std::move(event));
  return SQLITE_OK;
}

void FakeDisk::Acknowledge(int64_t number) {
  Meet({Event::Kind::kAcknowledge, "", number, ""});
}
size_t FakeDisk::events() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return events_.size();
}
std::vector<size_t> FakeDisk::FlushBoundaries() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<size_t> at;
  for (size_t i = 0; i < events_.size(); ++i) {
    if (events_[i].kind == Event::Kind::kFlush) at.push_back(i);
  }
  return at;
}
std::vector<int64_t> FakeDisk::AcknowledgedBefore(size_t at) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < at; ++i) {
    if (events_[i].kind == Event::Kind::kAcknowledge) {
      numbers.push_back(events_[i].at);
    }
  }
  return numbers;
}

void FakeDisk::Rebuild(size_t at, const std::string& folder,
                       std::mt19937& random) {
  constexpr size_t kSector = 512, kPiece = 4096;
  struct Content {
    std::string flushed;
    std::vector<const Event*> later;
  };
  const auto apply = [](std::string& content, const Event& e, size_t bytes) {
    const size_t start = static_cast<size_t>(e.at);
    if (e.kind == Event::Kind::kCut) {
      content.resize(start);
      return;
    }
    if (content.size() < start + bytes) content.resize(start + bytes);
    content.replace(start, bytes, e.bytes, 0, bytes);
  };
  const std::lock_guard<std::mutex> lock(mutex_);
  std::map<std::string, Content> files;
  for (size_t i = 0; i < at; ++i) {
    const Event& e = events_[i];
    if (e.kind == Event::Kind::kAcknowledge) continue;
    if (e.kind == Event::Kind::kDelete) {
      files.erase(e.file);
      continue;
    }
    Content& content = files[e.file];
    if (e.kind == Event::Kind::kFlush) {
      for (const Event* late : content.later) {
        apply(content.flushed, *late, late->bytes.size());
      }
      content.later.clear();
    } else if (e.kind != Event::Kind::kOpen) {
      content.later.push_back(&e);
    }
  }
  for (auto& [name, content] : files) {
    for (const Event* e : content.later) {
      if (e->kind == Event::Kind::kCut) {
        if (random() % 10 >= 4) apply(content.flushed, *e, 0);
        continue;
      }
      // A long write goes to the disk in any order.
      for (size_t start = 0; start < e->bytes.size(); start += kPiece) {
        Event piece{e->kind, e->file, e->at + static_cast<int64_t>(start),
                    e->bytes.substr(start, kPiece)};
        const unsigned fate = random() % 10;
        size_t bytes = piece.bytes.size();
        if (fate < 4) continue;
        if (fate < 6 && bytes > kSector) {
          bytes = kSector * (random() % (bytes / kSector + 1));
        }
        apply(content.flushed, piece, bytes);
      }
    }
    if (!name.empty()) {
      (void)sys::ReplaceFile(folder + "/" + name, content.flushed, 0600);
    }
  }
}

}  // namespace store
