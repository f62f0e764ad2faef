#include "mcfeely/backoff.h"

#include <algorithm>
#include <cmath>

namespace mcfeely {

absl::Time NextAttempt(absl::Time birth, absl::Time last, int step,
                       absl::Duration longest) {
  // A clock that was set back can leave an attempt before its task's birth.
  const absl::Duration age = std::max(last - birth, absl::ZeroDuration());
  // The formula less `last`, so that it is as exact for old tasks as for new.
  const double by = step;
  const double wait_s =
      2 * by * std::sqrt(absl::ToDoubleSeconds(age)) + by * by;
  const absl::Duration wait = absl::Trunc(
      absl::Seconds(wait_s) + absl::Microseconds(500), absl::Milliseconds(1));
  return last + std::max(std::min(wait, longest), absl::ZeroDuration());
}

}  // namespace mcfeely
