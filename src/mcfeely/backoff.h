// When to try again: the snooze formula of a well-known mail server, which the
// original took over.
#pragma once

#include <absl/time/time.h>

namespace mcfeely {

// The next attempt of a task that became eligible at `birth` and whose latest
// attempt started at `last`:
//
//   birth + (sqrt(last - birth in seconds) + step)^2
//
// so with step 5 and attempts exactly when due: 0, 25, 100, 225, 400 ... s
// after birth. Never more than `longest` after `last`; to the millisecond.
absl::Time NextAttempt(absl::Time birth, absl::Time last, int step,
                       absl::Duration longest);

}  // namespace mcfeely
