#include "sys/range_locks.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/status.h"
#include "sys/file.h"

namespace sys {
namespace {

struct flock Region(int64_t number, short type) {
  struct flock region = {};
  region.l_type = type;
  region.l_whence = SEEK_SET;
  region.l_start = number;
  region.l_len = 1;
  return region;
}

}  // namespace

absl::StatusOr<RangeLocks> RangeLocks::Open(const std::string& path, int mode) {
  TRY_ASSIGN(Fd fd, sys::Open(path, O_RDWR | O_CREAT, mode));
  return RangeLocks(std::move(fd));
}

absl::StatusOr<std::optional<int>> RangeLocks::Take(int64_t number) {
  // Whoever holds it may let go between the two questions.
  while (true) {
    struct flock region = Region(number, F_WRLCK);
    if (fcntl(fd_.get(), F_SETLK, &region) == 0) return std::nullopt;
    if (errno != EAGAIN && errno != EACCES) return base::SysError("lock");
    region = Region(number, F_WRLCK);
    if (fcntl(fd_.get(), F_GETLK, &region) != 0) return base::SysError("lock");
    if (region.l_type != F_UNLCK) return region.l_pid;
  }
}

void RangeLocks::LetGo(int64_t number) {
  struct flock region = Region(number, F_UNLCK);
  fcntl(fd_.get(), F_SETLK, &region);
}

}  // namespace sys
