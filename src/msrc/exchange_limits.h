// Every limit on what comes from outside to msrc's controller; limits(7) says
// the same for people.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>

namespace msrc {

// What a host may print before its receiver speaks.
inline constexpr size_t kMaxRemoteNoiseBytes = 64 << 10;
inline constexpr size_t kMaxRemoteLineBytes = 4 << 10;

}  // namespace msrc
