// Looking at a queue that no server runs, and mending it.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace mcfeely {

struct Checked {
  std::vector<std::string> problems;
  std::string kept;  // when it was mended: the store as it was
  size_t open_jobs = 0;
  bool lost = false;  // mended, but not all of it is there
};
// The pages, the history and the records of the queue in `folder`; `repair`
// makes a store without the problems, if there are any, and keeps the old one.
// Unavailable, naming the pid, when a server has the queue; NotFound when there
// is none; DataLoss when nothing can be read any more.
absl::StatusOr<Checked> CheckQueue(const std::string& folder, bool repair);

}  // namespace mcfeely
