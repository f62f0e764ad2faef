// How times and durations are read and written. Nothing here looks at a clock.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>

namespace base {

// "30" and "30s", "5m", "2h", "7d", "250ms"; a sum may be written without
// blanks ("1h30m"). InvalidArgument for anything else, negative ones included,
// and for more than 100 years.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);
// The shortest such text: "90s" is "1m30s", zero is "0s". Rounded to
// milliseconds below a second's tenth place where it matters, never up to
// another unit; InfiniteDuration is "forever".
std::string FormatDuration(absl::Duration d);
// For people, one or two units: "4 min", "1 h 30 min", "2 days".
std::string DurationWords(absl::Duration d);

// RFC 3339 with a zone: "2025-01-31T10:15:04.120Z".
absl::StatusOr<absl::Time> ParseTime(absl::string_view text);
// UTC with milliseconds, as in logs: "2025-01-31T10:15:04.120Z".
std::string FormatTime(absl::Time t);

// Milliseconds since 1970, as stored and sent; and back.
int64_t ToMillis(absl::Time t);
absl::Time FromMillis(int64_t ms);

}  // namespace base
