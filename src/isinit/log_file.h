// A log file of bounded size and its older ones. Everything here may wait for a
// disk, so it runs on threads of their own; one at a time for a LogFile.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "sys/fd.h"

namespace isinit {

class LogFile {
 public:
  LogFile(std::string folder, std::string tag)
      : folder_(std::move(folder)), tag_(std::move(tag)) {}

  // Whole lines, all of them or none: what a full disk took of them is taken
  // back. A file that would become longer than `most_bytes` becomes an old one
  // first, and `*full` is set.
  absl::Status Append(absl::string_view lines, int64_t most_bytes,
                      absl::Time now, bool* full);

 private:
  absl::Status Open();

  std::string folder_, tag_;
  sys::Fd fd_;
};

// Compresses the old logs of an entry and removes what is more than `keep`.
absl::Status TidyLogFiles(const std::string& folder, const std::string& tag,
                          int keep);

}  // namespace isinit
