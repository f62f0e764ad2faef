// The file of a job log (fanout/job_log.h): appended to, and read.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>

#include "fanout/job_log.h"
#include "sys/fd.h"

namespace fanout {

// Every row is appended by one write(2), so it survives whatever ends us, and
// several of us may append to one file.
class JobLogFile {
 public:
  // Makes it, with its header, when there is none or it is empty. Removes a
  // last line that is not whole. InvalidArgument when it holds something else.
  static absl::StatusOr<JobLogFile> Open(const std::string& path);
  // ResourceExhausted when the disk is full: then nothing of the row is there.
  absl::Status Append(const JobLogRow& row);

 private:
  JobLogFile(std::string path, sys::Fd fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}
  absl::Status Repair();
  absl::Status DropTornLine(int64_t size);
  absl::Status Write(absl::string_view bytes);

  std::string path_;
  sys::Fd fd_;
};

// A file that does not exist is a log without rows. Statuses name the path.
absl::StatusOr<JobLogHistory> ReadJobLog(const std::string& path,
                                         bool keep_failed_commands);

}  // namespace fanout
