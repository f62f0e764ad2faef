// --jobs=@file: parallelism that is changed while we run, by whoever edits a
// file. When to look at it is the caller's affair: a look costs one stat(2) as
// long as the file is as it was.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>

#include "sys/file.h"

namespace fanout {

class JobsFile {
 public:
  // What the file holds is as --jobs has it, but for @; white space around it
  // is ignored. NotFound, InvalidArgument.
  static absl::StatusOr<JobsFile> Open(const std::string& path, int processors);

  int jobs() const { return jobs_; }
  // Reads it again if it has changed. On a failure jobs() stays what it was;
  // the status, once for each change, is for the user to see.
  absl::Status Refresh();

 private:
  JobsFile(std::string path, int processors)
      : path_(std::move(path)), processors_(processors) {}
  absl::Status Read();

  std::string path_;
  int processors_ = 1, jobs_ = 1;
  sys::FileInfo seen_;
};

}  // namespace fanout
