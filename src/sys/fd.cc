#include "sys/fd.h"

#include <unistd.h>

#include <cerrno>

namespace sys {

void Fd::Reset(int fd) {
  if (fd_ >= 0) {
    // A destructor may run between a failed call and the reading of errno. No
    // second try after EINTR: Linux has closed it by then, and the number may
    // be somebody else's already.
    const int kept = errno;
    close(fd_);
    errno = kept;
  }
  fd_ = fd;
}

}  // namespace sys
