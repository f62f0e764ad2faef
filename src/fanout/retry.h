// Whether a task that ended is tried again, and when: --retries, --retry-delay,
// --retry-on.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <bitset>
#include <optional>

#include "fanout/outcome.h"

namespace fanout {

struct RetryDelay {
  absl::Duration first;  // before the second attempt
  double factor = 1;     // each later one is this much longer
};
// "5s", "500ms,2". The factor is from 1 to 100. InvalidArgument.
absl::StatusOr<RetryDelay> ParseRetryDelay(absl::string_view text);
// Behind the attempt of that number, from 1; at most RetryRules::kLongest.
absl::Duration WaitAfter(const RetryDelay& delay, int attempt);

// Which ends are worth another attempt: codes as Outcome::code() has them.
struct RetryOn {
  std::bitset<256> codes;
  bool timeout = false;  // ended by --timeout; so does the code 124

  static RetryOn AnyFailure();  // all but 0
};
// A list, separated by commas: statuses ("75"), ranges ("1-5"), signals ("KILL"
// or "SIGKILL", the same as 137) and "timeout". 0 is not a failure and is
// refused. InvalidArgument.
absl::StatusOr<RetryOn> ParseRetryOn(absl::string_view text);

struct RetryRules {
  static constexpr absl::Duration kLongest = absl::Hours(24);
  int retries = 0;  // attempts after the first
  RetryDelay delay;
  RetryOn on = RetryOn::AnyFailure();

  // How long to wait before the next attempt, at most kLongest; none when there
  // is none. `attempt` is the number, from 1, of the one that ended so.
  std::optional<absl::Duration> Again(const Outcome& outcome,
                                      int attempt) const;
};

}  // namespace fanout
