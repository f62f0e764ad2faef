#include "fanout/client_limit.h"

#include <sys/resource.h>

#include <algorithm>

#include "sys/process.h"

namespace fanout {
namespace {

// What one costs us is bounded, too: this many cost 1 GiB at worst.
constexpr size_t kMostClients = 16 << 10;

bool Fits(size_t others, size_t share) {
  rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
         others < std::max<rlim_t>(limit.rlim_cur / share, 1);
}

}  // namespace

bool RoomForClient(size_t others, size_t share) {
  if (others >= kMostClients) return false;
  if (Fits(others, share)) return true;
  sys::RaiseDescriptorLimit();
  return Fits(others, share);
}

}  // namespace fanout
