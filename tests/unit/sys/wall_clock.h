// The wall clock, set by somebody while the program runs. Whatever asks for it
// in this process sees the jump; CLOCK_BOOTTIME does not take part.
#pragma once

#include <absl/time/time.h>

namespace sys_test {

class WallClock {
 public:
  ~WallClock() { Set(absl::ZeroDuration()); }
  // So far from the truth, from now on.
  void Set(absl::Duration ahead);
};

}  // namespace sys_test
