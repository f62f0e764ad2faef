// The options of a task that say when it is attempted, and whether: run,
// if-failed, priority, tries, start, warn-after, class. jobfile(5) describes
// them. Pure: who knows the time hands it over.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "mcfeely/job.h"

namespace mcfeely {

// What "08:30" and "+2h" count from. Without a clock (InfinitePast) only full
// times can be read.
struct JobClock {
  absl::Time now = absl::InfinitePast();
  absl::TimeZone zone = absl::UTCTimeZone();
};

// "2026-01-31T10:15:00Z", "10:15" (the next one), "+2h": InvalidArgument for
// anything else.
absl::StatusOr<absl::Time> ParseStart(absl::string_view text,
                                      const JobClock& clock);

// Whether `name` is one of these options.
bool IsScheduleOption(absl::string_view name);
// Sets it to what is written behind its '='.
absl::Status SetScheduleOption(absl::string_view name, absl::string_view value,
                               const JobClock& clock, TaskOptions& options);
// How its value is written; empty when it is the default.
std::string ScheduleOptionText(absl::string_view name,
                               const TaskOptions& options);

// warn_after aside, which job.cc checks with the other durations.
absl::Status CheckScheduleOptions(const TaskOptions& options);
void WriteScheduleOptions(const TaskOptions& options,
                          fleetbox::wire::TaskOptions* message);
absl::Status ReadScheduleOptions(const fleetbox::wire::TaskOptions& message,
                                 TaskOptions* options);
// A start as it is sent: 0 is none. InvalidArgument beyond the year 9999.
uint64_t StartToMillis(absl::Time start);
absl::StatusOr<absl::Time> StartFromMillis(uint64_t ms);

}  // namespace mcfeely
