// Whether a server could start on the records of a queue, and what has to go so
// that it can. Pure.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <string>
#include <vector>

namespace mcfeely {

struct CheckedRecords {
  // Each "what: what is wrong; what was done", in the order they were found.
  std::vector<std::string> problems;
  size_t open_jobs = 0;  // of those that are left
  size_t lost_jobs = 0;
};
// Takes out of `entries`, the whole of a store, what makes no sense:
//
//   a job whose records or text cannot be read, whole: what is left of it could
//     not be told from a job that was never finished or runs twice
//   the output of a task, an unsent report, a name for a repeated injection, a
//     place in the list of ended jobs: by itself
//
// and makes the last job's number anew when it is too low. Where entries may be
// missing altogether, it may have been higher than any that is left: no number
// is given twice, so they go on from the seconds since 1970. With what is then
// left Queue::Load succeeds.
CheckedRecords CheckRecords(std::map<std::string, std::string>& entries,
                            absl::Time now, bool is_whole = true);

}  // namespace mcfeely
