// Whether the host has room for another task: --load, --memfree, --pressure,
// --noswap. Pure: the caller reads (fanout/readings.h) and says what it read.
//
// These hold up the start of tasks, of the first one too: a host that others
// keep busy may hold up a run for long, so the reason is there to be shown.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>

#include "fanout/proc_text.h"

namespace fanout {

struct GaugeLimits {
  std::optional<double> load;          // 1-minute average, --load
  std::optional<int64_t> free_bytes;   // --memfree
  std::optional<double> cpu_pressure;  // percent, --pressure
  std::optional<double> memory_pressure, io_pressure;
  bool no_swap = false;

  bool any() const {
    return load || free_bytes || cpu_pressure || memory_pressure ||
           io_pressure || no_swap;
  }
};
// --load: "3.5", or "80%" of `processors`. InvalidArgument.
absl::StatusOr<double> ParseLoad(absl::string_view text, int processors);
// --memfree: a size above 0. InvalidArgument.
absl::StatusOr<int64_t> ParseFree(absl::string_view text);
// --pressure: "cpu:20%", "memory:5%", "io:50%"; a list of them, separated by
// commas, is taken, too. InvalidArgument.
absl::Status AddPressure(absl::string_view text, GaugeLimits* limits);

// What is not asked for, or could not be read, is not there.
struct Readings {
  absl::Time at;
  std::optional<double> load;
  std::optional<int64_t> available_bytes;
  std::optional<double> cpu_pressure, memory_pressure, io_pressure;
  std::optional<SwapCounts> swapped;
};

class Gauges {
 public:
  // How often it is worth reading.
  static constexpr absl::Duration kInterval = absl::Milliseconds(200);

  explicit Gauges(const GaugeLimits& limits) : limits_(limits) {}

  // Nothing when a task may start, else why not: "load average 4.20 is above
  // 3.00". Swapping is when pages went out and pages came back within about a
  // second, so it takes two readings to be seen, and one a second later to be
  // over. What was not read is no reason.
  std::optional<std::string> Reason(const Readings& readings);
  // Whether the youngest task should be stopped and tried again later: there is
  // less than half the memory that --memfree wants.
  bool Short(const Readings& readings) const;

  const GaugeLimits& limits() const { return limits_; }

 private:
  static constexpr absl::Duration kSwapWindow = absl::Seconds(1);
  bool Swapping(const Readings& readings);

  GaugeLimits limits_;
  std::optional<SwapCounts> swapped_;  // at the start of the window
  absl::Time window_start_;
  bool swapping_ = false;
};

}  // namespace fanout
