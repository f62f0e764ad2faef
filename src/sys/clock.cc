#include "sys/clock.h"

#include <time.h>

namespace sys {
namespace {

absl::Time Read(clockid_t clock) {
  timespec ts;
  clock_gettime(clock, &ts);
  return absl::TimeFromTimespec(ts);
}

}  // namespace

absl::Time WallNow() { return Read(CLOCK_REALTIME); }

absl::Time SteadyNow() {
  static const absl::Duration ahead =
      Read(CLOCK_REALTIME) - Read(CLOCK_BOOTTIME);
  return Read(CLOCK_BOOTTIME) + ahead;
}

}  // namespace sys
