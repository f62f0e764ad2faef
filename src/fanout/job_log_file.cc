#include "fanout/job_log_file.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/status.h"
#include "sys/file.h"

namespace fanout {
namespace {

constexpr int64_t kPiece = 64 << 10;

// Up to `n` bytes from `at` on; fewer at the end of the file.
absl::StatusOr<std::string> ReadAt(int fd, int64_t at, int64_t n) {
  std::string bytes(n, '\0');
  size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t r =
        pread(fd, bytes.data() + got, bytes.size() - got, at + got);
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return base::SysError("read");
    if (r == 0) break;
    got += r;
  }
  bytes.resize(got);
  return bytes;
}

}  // namespace

absl::StatusOr<JobLogFile> JobLogFile::Open(const std::string& path) {
  TRY_ASSIGN(sys::Fd fd,
             sys::Open(path, O_RDWR | O_APPEND | O_CREAT | O_NOCTTY, 0666));
  JobLogFile file(path, std::move(fd));
  const absl::Status repaired = file.Repair();
  if (!repaired.ok()) return base::Context(repaired, path);
  return file;
}

absl::Status JobLogFile::Repair() {
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(fd_.get()));
  // What is no plain file, such as a pipe, has no past.
  if (!info.regular) return Write(kJobLogHeader);
  TRY_ASSIGN(const std::string begin,
             ReadAt(fd_.get(), 0, kJobLogHeader.size()));
  if (begin != kJobLogHeader) {
    if (!absl::StartsWith(kJobLogHeader, begin)) {
      return absl::InvalidArgumentError("is not a job log");
    }
    if (ftruncate(fd_.get(), 0) != 0) return base::SysError("truncate");
    return Write(kJobLogHeader);
  }
  return DropTornLine(info.bytes);
}

absl::Status JobLogFile::DropTornLine(int64_t size) {
  for (int64_t end = size; end > 0;) {
    const int64_t from = std::max<int64_t>(0, end - kPiece);
    TRY_ASSIGN(const std::string piece, ReadAt(fd_.get(), from, end - from));
    const size_t newline = piece.rfind('\n');
    if (newline == std::string::npos) {
      end = from;
      continue;
    }
    const int64_t whole = from + static_cast<int64_t>(newline) + 1;
    if (whole != size && ftruncate(fd_.get(), whole) != 0) {
      return base::SysError("truncate");
    }
    break;
  }
  return absl::OkStatus();
}

absl::Status JobLogFile::Write(absl::string_view bytes) {
  ssize_t wrote;
  do {
    wrote = write(fd_.get(), bytes.data(), bytes.size());
  } while (wrote < 0 && errno == EINTR);
  if (wrote == static_cast<ssize_t>(bytes.size())) return absl::OkStatus();
  if (wrote < 0) return base::SysError("write");
  // A part was written: the rest is tried to learn why, and then taken back.
  const absl::Status rest = sys::WriteAll(fd_.get(), bytes.substr(wrote));
  if (rest.ok()) return rest;
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(fd_.get());
  if (info.ok() && info->regular) DropTornLine(info->bytes).IgnoreError();
  return rest;
}

absl::Status JobLogFile::Append(const JobLogRow& row) {
  return base::Context(Write(FormatJobLogRow(row)), path_);
}

absl::StatusOr<JobLogHistory> ReadJobLog(const std::string& path,
                                         bool keep_failed_commands) {
  JobLogHistory history(keep_failed_commands);
  absl::StatusOr<sys::Fd> fd = sys::Open(path, O_RDONLY);
  if (absl::IsNotFound(fd.status())) return history;
  TRY(fd);
  std::string piece(kPiece, '\0');
  for (;;) {
    const ssize_t r = read(fd->get(), piece.data(), piece.size());
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return base::SysError(absl::StrCat(path, ": read"));
    if (r == 0) break;
    const absl::Status fed = history.Feed(absl::string_view(piece.data(), r));
    if (!fed.ok()) return base::Context(fed, path);
  }
  history.Finish();
  return history;
}

}  // namespace fanout
