// The ways in of a PCU, in the order in which they are tried. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <vector>

#include "power/pcu.h"
#include "power/specification.h"

namespace power {

// The port that a transport usually has; 0 for one that has none (serial,
// exec, wol, manual) or none in particular (tcp).
int UsualPort(absl::string_view transport);

// Those of the PCU, else those of its model, each with its port; nothing if
// neither names any.
std::vector<Way> WaysOf(const Pcu& pcu, const Specification& spec);

// Whether something is sent to it that only a secret can be: its dialogue has a
// place for one, or the protocol asks for one.
bool NeedsSecret(const Pcu& pcu, const Specification& spec);

}  // namespace power
