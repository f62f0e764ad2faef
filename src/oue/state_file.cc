#include "oue/state_file.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/status.h"

namespace oue {
namespace {

constexpr int kMostTries = 10;
constexpr uint64_t kWasteBytes = 1 << 20;

absl::Status TakeLock(int fd, int operation) {
  while (flock(fd, operation) != 0) {
    if (errno != EINTR) return base::SysError("lock");
  }
  return absl::OkStatus();
}

absl::Status CheckPlain(const sys::FileInfo& info) {
  if (info.folder) return base::SysError(EISDIR, "read");
  if (!info.regular) return absl::FailedPreconditionError("is no plain file");
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFrom(int fd, uint64_t at, uint64_t end) {
  std::string bytes(end - at, '\0');
  size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t n = pread(fd, bytes.data() + got, bytes.size() - got,
                            static_cast<off_t>(at + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("read");
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

// Visits what stands behind the first `good` bytes, and returns how many are
// good then.
absl::StatusOr<uint64_t> ReadRest(int fd, uint64_t good,
                                  const VisitEntry& visit) {
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(fd));
  TRY(CheckPlain(info));
  const uint64_t end = static_cast<uint64_t>(info.bytes);
  if (end < good) return absl::DataLossError("has become shorter");
  TRY_ASSIGN(const std::string bytes, ReadFrom(fd, good, end));
  absl::string_view rest = bytes;
  if (good == 0) {
    TRY_ASSIGN(const bool ours, HasStateHeader(rest));
    if (!ours) return 0;
    good = kStateHeader.size();
    rest.remove_prefix(good);
  }
  TRY_ASSIGN(const uint64_t more, ReadBatches(rest, good, visit));
  return good + more;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

constexpr int kOpenFlags = O_RDWR | O_CREAT | O_NOCTTY | O_NONBLOCK;

}  // namespace

absl::StatusOr<StateFile> StateFile::Open(const std::string& path, bool lock) {
  TRY_ASSIGN(sys::Fd fd, sys::Open(path, kOpenFlags, 0666));
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(fd.get()));
  const absl::Status plain = CheckPlain(info);
  if (!plain.ok()) return base::Context(plain, path);
  return StateFile(path, lock, std::move(fd));
}

absl::Status StateFile::Read(const std::string& path, bool lock,
                             const VisitEntry& visit) {
  TRY_ASSIGN(const sys::Fd fd,
             sys::Open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK));
  absl::Status status;
  if (lock) status = TakeLock(fd.get(), LOCK_SH);
  if (status.ok()) status = ReadRest(fd.get(), 0, visit).status();
  return base::Context(status, path);
}

absl::Status StateFile::Begin(const VisitEntry& visit) {
  absl::Status status = Lock();
  if (status.ok()) status = CatchUp(visit);
  if (!status.ok()) End();
  return base::Context(status, path_);
}

absl::Status StateFile::Lock() {
  for (int i = 0; i < kMostTries; i++) {
    if (lock_) TRY(TakeLock(fd_.get(), LOCK_EX));
    TRY_ASSIGN(const bool replaced, WasReplaced());
    if (!replaced) return absl::OkStatus();
    TRY_ASSIGN(fd_, sys::Open(path_, kOpenFlags, 0666));
    good_ = 0;
  }
  return absl::UnavailableError("is being replaced again and again");
}

// What is added to a file without a name is lost.
absl::StatusOr<bool> StateFile::WasReplaced() const {
  TRY_ASSIGN(const sys::FileInfo ours, sys::Stat(fd_.get()));
  TRY_ASSIGN(const sys::FileInfo now, sys::Stat(path_));
  return !now.exists || now.inode != ours.inode || now.device != ours.device;
}

absl::Status StateFile::CatchUp(const VisitEntry& visit) {
  TRY_ASSIGN(good_, ReadRest(fd_.get(), good_, visit));
  return absl::OkStatus();
}

absl::Status StateFile::Append(absl::string_view content) {
  absl::Status status = Write(content);
  if (!status.ok()) {
    // Behind the last whole batch anything may stand, but a full disk had
    // better get back what it gave.
    if (ftruncate(fd_.get(), static_cast<off_t>(good_)) != 0) {
      return base::Context(status, path_);
    }
  }
  return base::Context(status, path_);
}

absl::Status StateFile::Write(absl::string_view content) {
  const bool is_new = good_ == 0;
  const absl::string_view header = is_new ? kStateHeader : "";
  const std::string head = BatchHead(content, good_ + header.size());
  // What a crash has left is in the way: it could be longer than the batch.
  if (ftruncate(fd_.get(), static_cast<off_t>(good_)) != 0) {
    return base::SysError("write");
  }
  if (lseek(fd_.get(), static_cast<off_t>(good_), SEEK_SET) < 0) {
    return base::SysError("write");
  }
  TRY(sys::WriteAll(fd_.get(), header));
  TRY(sys::WriteAll(fd_.get(), head));
  TRY(sys::WriteAll(fd_.get(), content));
  if (fdatasync(fd_.get()) != 0) return base::SysError("sync");
  if (is_new) TRY(sys::SyncFolder(FolderOf(path_)));
  good_ += header.size() + head.size() + content.size();
  return absl::OkStatus();
}

bool StateFile::IsWasteful(uint64_t bytes) const {
  // Others that take no lock would go on with the old file.
  return lock_ && good_ > 2 * bytes + kWasteBytes;
}

// Whoever waits for the lock of the old file then finds it replaced.
absl::Status StateFile::Replace(absl::string_view content) {
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(fd_.get()));
  if (info.uid != geteuid() || info.gid != getegid()) {
    return absl::PermissionDeniedError("belongs to somebody else");
  }
  TRY_ASSIGN(const std::string path, sys::PathOf(fd_.get()));
  const std::string bytes = absl::StrCat(
      kStateHeader, BatchHead(content, kStateHeader.size()), content);
  // At no time may it be closed to somebody whom the old one is open to.
  const mode_t mask = umask(0);
  const absl::Status status =
      sys::ReplaceFile(path, bytes, static_cast<int>(info.mode));
  umask(mask);
  return status;
}

void StateFile::End() {
  if (lock_) flock(fd_.get(), LOCK_UN);
}

}  // namespace oue
