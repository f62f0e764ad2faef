// Worlds of the simulation, each from a seed.
#pragma once

#include "world.h"

namespace mcfeely {

// A job of up to `most` tasks on some of the hosts, of any shape.
Workload RandomWorkload(Dice& dice, int hosts, size_t most);

// Some hosts, some jobs, operators, policies, and everything goes wrong.
WorldOptions SmallWorld(uint64_t seed);

// More tasks than a head holds: the first third fails here and there, the
// second requires single tasks of the first, the third two of the second.
Workload ThreeTables(int hosts);

}  // namespace mcfeely
