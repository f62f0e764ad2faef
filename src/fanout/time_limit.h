// How long a task may run: --timeout=time or --timeout=n%.
//
// A percentage is of the median of the run times of the tasks that have ended,
// once there are three; before that nothing is limited. The median is exact for
// the first 8192 tasks. From then on it is that of a sample spread evenly over
// the run: of every second task's, then of every fourth's and so on, of which
// there are 4096 to 8192. So memory stays below 300 KiB, and a task costs the
// logarithm of that.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

namespace fanout {

class RunningMedian {
 public:
  static constexpr size_t kMost = 8192;
  void Add(absl::Duration value);
  // How many were added, not how many are kept.
  int64_t added() const { return added_; }
  // The middle one; of an even number the mean of the two. Zero for none.
  absl::Duration Median() const;

 private:
  void Insert(absl::Duration value);

  int64_t added_ = 0, stride_ = 1;
  std::vector<absl::Duration> kept_;  // in the order they came
  // The lower half, largest first, and the upper half, smallest first; the
  // lower one may have one more.
  std::priority_queue<absl::Duration> low_;
  std::priority_queue<absl::Duration, std::vector<absl::Duration>,
                      std::greater<absl::Duration>>
      high_;
};

class TimeLimit {
 public:
  TimeLimit() = default;  // none
  // A duration above zero, or a percentage from 1 to 1000000. InvalidArgument.
  static absl::StatusOr<TimeLimit> Parse(absl::string_view text);

  // A task ended by itself after `run`. One that was stopped, for its time or
  // by a halt, is not told: it would hold the median down.
  void Ended(absl::Duration run);
  // As it is now, for tasks that run and those to come; none while there is no
  // limit. With a percentage it changes with each end, so ask at a task's start
  // and again when its time is up; a task started before there was a limit gets
  // the one there is when another ends.
  std::optional<absl::Duration> Limit() const;
  bool relative() const { return percent_ > 0; }

 private:
  static constexpr int64_t kEndedBeforePercent = 3;
  absl::Duration fixed_;  // zero for none
  double percent_ = 0;
  RunningMedian runs_;
};

}  // namespace fanout
