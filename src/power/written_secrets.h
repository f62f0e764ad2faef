// Passwords that stand in the scripts of a device file, as powerman's have
// them: what is sent once a device was waited for to ask for one, and what is
// behind the colon of an `auth USER:PASSWORD` to a co-process. Pure.
#pragma once

#include <string>
#include <vector>

#include "power/specification.h"

namespace power {

// Each once, without the end of its line.
std::vector<std::string> WrittenSecrets(const Specification& specification);

}  // namespace power
