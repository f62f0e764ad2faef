// The engine for tests and for queues that need not survive.
#pragma once

#include <memory>

#include "store/engine.h"

namespace store {

std::unique_ptr<Engine> NewMemoryEngine(Surroundings surroundings);

}  // namespace store
