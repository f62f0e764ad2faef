#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/status.h"
#include "sys/file.h"
#include "sys/process.h"

// flock rather than fcntl's locks: those are lost as soon as anything in this
// process opens and closes the file once more.

namespace sys {
namespace {

constexpr int kMostTries = 10;

absl::Status InUse(const std::string& path, int fd) {
  char text[32];
  const ssize_t n = pread(fd, text, sizeof text, 0);
  int pid = 0;
  // Between locking and writing the holder is nameless for a moment.
  if (n <= 0 ||
      !absl::SimpleAtoi(absl::string_view(text, static_cast<size_t>(n)),
                        &pid) ||
      pid <= 0) {
    return absl::UnavailableError(
        absl::StrCat(path, ": is in use by another process"));
  }
  return absl::UnavailableError(
      absl::StrCat(path, ": is in use by process ", pid));
}

}  // namespace

absl::StatusOr<LockFile> LockFile::Take(const std::string& path) {
  for (int i = 0; i < kMostTries; i++) {
    TRY_ASSIGN(Fd fd, Open(path, O_RDWR | O_CREAT, 0644));
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return InUse(path, fd.get());
      return base::SysError(path);
    }
    // Removed or replaced since it was opened: the lock would keep nobody out.
    struct stat ours, now;
    if (fstat(fd.get(), &ours) != 0) return base::SysError(path);
    if (stat(path.c_str(), &now) != 0 || now.st_ino != ours.st_ino ||
        now.st_dev != ours.st_dev) {
      continue;
    }
    const std::string pid = absl::StrCat(MyPid(), "\n");
    TRY(base::Context(WriteAll(fd.get(), pid), path));
    // Only what was longer is cut: that takes a disk its time.
    const auto size = static_cast<off_t>(pid.size());
    if (ours.st_size > size && ftruncate(fd.get(), size) != 0) {
      return base::SysError(path);
    }
    return LockFile(std::move(fd));
  }
  return absl::UnavailableError(
      absl::StrCat(path, ": is being replaced again and again"));
}

}  // namespace sys
