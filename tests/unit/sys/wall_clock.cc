#include "wall_clock.h"

#include <time.h>

#include <atomic>

namespace {

std::atomic<int64_t> seconds_ahead = 0;

}  // namespace

// The linker leads every call here (--wrap).
extern "C" int __real_clock_gettime(clockid_t clock, timespec* time);
extern "C" int __wrap_clock_gettime(clockid_t clock, timespec* time) {
  const int result = __real_clock_gettime(clock, time);
  if (clock == CLOCK_REALTIME) time->tv_sec += seconds_ahead;
  return result;
}

namespace sys_test {

void WallClock::Set(absl::Duration ahead) {
  seconds_ahead = absl::ToInt64Seconds(ahead);
}

}  // namespace sys_test
