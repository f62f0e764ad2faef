// Who may read a file that holds a secret. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace power {

// Why a file with these permission bits may hold no secret, with the mode in
// the text; empty if it may: nobody but its owner can open it.
std::string ModeProblem(uint32_t mode);

}  // namespace power
