// What time it is; the only place that knows.
#pragma once

#include <absl/time/time.h>

namespace sys {

// The host's wall clock, which people and other hosts go by: time stamps of
// parcels and log lines.
absl::Time WallNow();

// Wall time as it was when the process began, plus what has passed since by a
// clock that never jumps (CLOCK_BOOTTIME). Never goes back; a clock that is set
// meanwhile does not fire or lose a timer. All timers and schedulers use it.
absl::Time SteadyNow();

}  // namespace sys
