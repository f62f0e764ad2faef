#include "power/private_file.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/status.h"
#include "power/secret_mode.h"
#include "sys/clock.h"

namespace power {
namespace {

constexpr int kPauseMs = 20;

absl::StatusOr<sys::Fd> OpenRegular(const std::string& path,
                                    sys::FileInfo* info) {
  // A pipe would be waited for, and what it gives is gone afterwards.
  TRY_ASSIGN(sys::Fd fd, sys::Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  TRY_ASSIGN(*info, sys::Stat(fd.get()));
  if (info->regular) return fd;
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": is no regular file"));
}

absl::StatusOr<keys::Secret> ReadAll(const std::string& path, int fd,
                                     size_t most) {
  // One byte more shows that there is more.
  keys::Secret buffer(most + 1);
  size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t n = read(fd, buffer.data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError(path);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  if (size <= most) return keys::Secret(buffer.view().substr(0, size));
  return absl::ResourceExhaustedError(
      absl::StrCat(path, ": is longer than ", most, " bytes"));
}

}  // namespace

absl::StatusOr<keys::Secret> ReadPrivateFile(const std::string& path,
                                             size_t most) {
  sys::FileInfo info;
  TRY_ASSIGN(const sys::Fd fd, OpenRegular(path, &info));
  if (const std::string problem = ModeProblem(info.mode); !problem.empty()) {
    return absl::PermissionDeniedError(absl::StrCat(path, ": ", problem));
  }
  if (info.uid != geteuid() && info.uid != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": belongs to user ", info.uid, ", who is not us"));
  }
  return ReadAll(path, fd.get(), most);
}

absl::StatusOr<keys::Secret> ReadSecretFile(const std::string& path,
                                            size_t most) {
  sys::FileInfo info;
  TRY_ASSIGN(const sys::Fd fd, OpenRegular(path, &info));
  return ReadAll(path, fd.get(), most);
}

absl::StatusOr<sys::LockFile> WaitForLock(const std::string& path,
                                          absl::Duration longest) {
  const absl::Time end = sys::SteadyNow() + longest;
  while (true) {
    absl::StatusOr<sys::LockFile> lock = sys::LockFile::Take(path);
    if (!absl::IsUnavailable(lock.status()) || sys::SteadyNow() >= end) {
      return lock;
    }
    poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace power
