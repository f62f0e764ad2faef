// The original McFeely's texts: what its callers give to mcfeely-queue, and
// the form in which its queue keeps a task. Numbers are in the machine's byte
// order, as the original wrote them. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mcfeely/job.h"

namespace mcfeely {

// Each read to its end.
struct ClassicStreams {
  // Per task a 32-bit count of bytes, then so many: host NUL comm NUL (arg
  // NUL)*.
  absl::string_view tasks;
  // Per task, in the same order, bytes without sign: how many tasks it
  // requires, how many require it, and the positions of the latter.
  absl::string_view waiters;
  absl::string_view texts;  // description NUL failure NUL success NUL
};

// The job the streams describe, checked as any other; its tasks are named by
// their positions: "0", "1". InvalidArgument says what is wrong, or where a
// stream ends too early: a stream that was cut is never a job.
absl::StatusOr<Job> ParseClassicJob(const ClassicStreams& streams);

// host NUL comm NUL (arg NUL)*. The task has no name; its fields are not
// checked.
absl::StatusOr<Task> ParseClassicTask(absl::string_view bytes);
// One text, or several with blanks between them.
std::vector<std::string> ClassicAddresses(absl::string_view text);
// InvalidArgument unless 4 bytes are there.
absl::StatusOr<uint32_t> TakeClassicNumber(absl::string_view* bytes);

// `required[t]` is how many tasks task t is said to require, `waiters[t]` the
// positions of those that are said to wait for it, as the original counted
// them: with repetitions. What the two do not agree on would have kept a task
// waiting for ever: InvalidArgument.
absl::Status AddClassicWaiters(
    const std::vector<uint32_t>& required,
    const std::vector<std::vector<uint32_t>>& waiters, Job* job);

}  // namespace mcfeely
