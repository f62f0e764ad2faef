#include "fanout/jobs_file.h"

#include <absl/strings/ascii.h>

#include "base/status.h"
#include "fanout/parallelism.h"

namespace fanout {
namespace {

constexpr size_t kMostBytes = 64;

bool Same(const sys::FileInfo& a, const sys::FileInfo& b) {
  return a.exists == b.exists && a.mtime_ns == b.mtime_ns &&
         a.bytes == b.bytes && a.inode == b.inode && a.device == b.device;
}

}  // namespace

absl::StatusOr<JobsFile> JobsFile::Open(const std::string& path,
                                        int processors) {
  JobsFile file(path, processors);
  // Before it is read: a change in between is seen by the next Refresh.
  TRY_ASSIGN(file.seen_, sys::Stat(path));
  TRY(file.Read());
  return file;
}

absl::Status JobsFile::Read() {
  TRY_ASSIGN(const std::string content, sys::ReadFile(path_, kMostBytes));
  const absl::StatusOr<int> jobs = ParseJobs(
      absl::StripAsciiWhitespace(content), [this] { return processors_; });
  if (!jobs.ok()) return base::Context(jobs.status(), path_);
  jobs_ = *jobs;
  return absl::OkStatus();
}

absl::Status JobsFile::Refresh() {
  const absl::StatusOr<sys::FileInfo> now = sys::Stat(path_);
  // A folder on the way that is gone is told once, as the file itself would be.
  const sys::FileInfo info = now.value_or(sys::FileInfo());
  if (Same(info, seen_)) return absl::OkStatus();
  seen_ = info;
  TRY(now);
  return Read();
}

}  // namespace fanout
