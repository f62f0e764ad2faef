#include "isinit/write_whole.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>

#include <cstdio>

#include "base/status.h"
#include "sys/file.h"

namespace isinit {

absl::Status WriteWhole(const std::string& path, absl::string_view text) {
  const std::string made = absl::StrCat(path, ".new");
  TRY_ASSIGN(
      const sys::Fd fd,
      sys::Open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                0644));
  const absl::Status written = sys::WriteAll(fd.get(), text);
  if (!written.ok() || rename(made.c_str(), path.c_str()) != 0) {
    const absl::Status failed = written.ok() ? base::SysError(path) : written;
    sys::RemoveFile(made).IgnoreError();
    return base::Context(failed, path);
  }
  return absl::OkStatus();
}

}  // namespace isinit
