// How many clients a manager serves at once.
#pragma once

#include <cstddef>

namespace fanout {

// Whether one more may be let in beside so many others. Together they get at
// most one in `share` of the descriptors that we may have, and our limit of
// these is raised before one is turned away: however many come and stay, we can
// do the rest of our work. Who is not let in waits at the listener.
bool RoomForClient(size_t others, size_t share);

}  // namespace fanout
