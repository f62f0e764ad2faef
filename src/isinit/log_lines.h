// What a process prints, as lines with the time they came. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace isinit {

inline constexpr size_t kMostLogLineBytes = 8192;  // longer ones are cut
inline constexpr size_t kTailLines = 20;
// What the tail keeps of a line: thousands of entries have one each.
inline constexpr size_t kTailLineBytes = 200;

// "2026-01-31T10:15:04.120345Z".
std::string LogStamp(absl::Time now);

class LogLines {
 public:
  // At most so many in a second, and after silence so many at once; 0 is no
  // limit. Those above it are counted, and the count is said before the next.
  void SetRate(int64_t lines_per_second) { rate_ = lines_per_second; }
  // Appends each line that is complete to `lines`, with its newline, and, if
  // `stamped`, the time and a blank in front. Returns how many.
  int64_t Add(absl::string_view bytes, absl::Time now, bool stamped,
              std::string* lines);
  // Completes what has no newline, if there is something: its writer is gone.
  int64_t Finish(absl::Time now, bool stamped, std::string* lines);

  int64_t dropped() const { return dropped_; }  // in all
  // The last ones that were not dropped, with their times, the oldest first.
  std::vector<std::string> Tail() const;

 private:
  bool Allow(absl::Time now);
  int64_t Line(absl::string_view text, absl::Time now, const std::string& stamp,
               bool stamped, std::string* lines);
  void Remember(absl::string_view stamp, absl::string_view text);

  std::string partial_;
  std::string tail_;  // lines, each with its newline
  uint32_t tail_lines_ = 0;
  int64_t rate_ = 0;
  double allowance_ = 0;
  absl::Time refilled_ = absl::InfinitePast();
  int64_t dropped_ = 0, unsaid_ = 0;
};

}  // namespace isinit
