// The ways into a PCU, in the order they are tried: those of the inventory, or
// its model's, and then those of the model's alternatives. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <string>
#include <vector>

#include "power/pcu.h"

namespace power {

struct WayIn {
  const Specification* specification = nullptr;  // outlives it
  Way way = {};                                  // its port is set
};

// Spoken in datagrams: thousands at once cost next to nothing.
bool IsDatagram(absl::string_view transport);
// Has no address: a program of this host.
bool IsLocal(absl::string_view transport);

using FindModel =
    std::function<const Specification*(absl::string_view name)>;  // null
// Empty when neither the inventory nor the model names one.
std::vector<WayIn> WaysInto(const Pcu& pcu, const Specification& specification,
                            const FindModel& find);

}  // namespace power
