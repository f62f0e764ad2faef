#include "base/status.h"

#include <absl/strings/str_cat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace base {

absl::Status Context(const absl::Status& status, absl::string_view what) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(what, ": ", status.message()));
}

absl::Status SysError(absl::string_view what) { return SysError(errno, what); }

absl::Status SysError(int error_number, absl::string_view what) {
  std::string message = absl::StrCat(what, ": ", strerror(error_number));
  switch (error_number) {
    case EINVAL:
      return absl::InternalError(message);
    case EIO:
      return absl::DataLossError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::Status(absl::ErrnoToStatusCode(error_number), message);
  }
}

void MustFailed(const char* condition, const char* file, int line) {
  fprintf(stderr, "fleetbox: %s:%d: broken: %s\n", file, line, condition);
  abort();
}

}  // namespace base
