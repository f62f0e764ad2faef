#include "isinit/log_file.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/status.h"
#include "isinit/log_rotation.h"
#include "sys/file.h"
#include "wire/compress.h"

namespace isinit {
namespace {

// A frame for each piece: together they are a file that any zstd reads, and
// no more of the old log is in memory.
constexpr size_t kPieceBytes = 1 << 20;

absl::Status Compress(const std::string& path) {
  const std::string unfinished = path + ".zst.new";
  TRY_ASSIGN(const sys::Fd from, sys::Open(path, O_RDONLY));
  TRY_ASSIGN(const sys::Fd to,
             sys::Open(unfinished, O_WRONLY | O_CREAT | O_TRUNC, 0640));
  std::string piece(kPieceBytes, '\0');
  for (;;) {
    const ssize_t n = read(from.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError(path);
    if (n == 0) break;
    TRY(sys::WriteAll(to.get(), wire::CompressedFrame(absl::string_view(
                                    piece.data(), static_cast<size_t>(n)))));
  }
  if (fsync(to.get()) != 0) return base::SysError(unfinished);
  if (rename(unfinished.c_str(), (path + ".zst").c_str()) != 0) {
    return base::SysError(unfinished);
  }
  return sys::RemoveFile(path);
}

}  // namespace

absl::Status LogFile::Open() {
  TRY(sys::MakeFolders(folder_));
  TRY_ASSIGN(fd_, sys::Open(absl::StrCat(folder_, "/", LogName(tag_)),
                            O_WRONLY | O_APPEND | O_CREAT, 0640));
  return absl::OkStatus();
}

absl::Status LogFile::Append(absl::string_view lines, int64_t most_bytes,
                             absl::Time now, bool* full) {
  struct stat info = {};
  // Somebody may have taken it away.
  if (fd_ && (fstat(fd_.get(), &info) != 0 || info.st_nlink == 0)) fd_.Reset();
  if (!fd_) {
    TRY(Open());
    if (fstat(fd_.get(), &info) != 0) return base::SysError(tag_);
  }
  const int64_t bytes = static_cast<int64_t>(lines.size());
  if (info.st_size > 0 && info.st_size + bytes > most_bytes) {
    const std::string path = absl::StrCat(folder_, "/", LogName(tag_));
    const std::string old = absl::StrCat(folder_, "/", OldLogName(tag_, now));
    if (rename(path.c_str(), old.c_str()) != 0) return base::SysError(path);
    fd_.Reset();
    *full = true;
    TRY(Open());
    info.st_size = 0;
  }
  while (!lines.empty()) {
    const ssize_t n = write(fd_.get(), lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n >= 0) {
      lines.remove_prefix(static_cast<size_t>(n));
      continue;
    }
    absl::Status failed = base::SysError(LogName(tag_));
    if (ftruncate(fd_.get(), info.st_size) != 0) fd_.Reset();
    return failed;
  }
  return absl::OkStatus();
}

absl::Status TidyLogFiles(const std::string& folder, const std::string& tag,
                          int keep) {
  TRY_ASSIGN(const std::vector<std::string> names, sys::ListFolder(folder));
  const LogTidying tidying = TidyLogs(tag, names, keep);
  absl::Status first;
  // What goes first makes room for what is compressed.
  for (const std::string& name : tidying.remove) {
    first.Update(sys::RemoveFile(absl::StrCat(folder, "/", name)));
  }
  for (const std::string& name : tidying.compress) {
    first.Update(Compress(absl::StrCat(folder, "/", name)));
  }
  return first;
}

}  // namespace isinit
