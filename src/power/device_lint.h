// What a device file says that is read and probably not meant, and what cannot
// work. Pure.
#pragma once

#include <vector>

#include "power/device_parser.h"
#include "power/specification.h"

namespace power {

// About one specification; `known` are those it may name as its alternative.
std::vector<DeviceProblem> LintSpecification(const Specification& spec,
                                             const DeviceFile& known);
// The same for all of a file, and for its devices and hosts: a host on a plug
// that has one already or that the model does not have, an unknown device or
// specification.
std::vector<DeviceProblem> LintDeviceFile(const DeviceFile& file);

}  // namespace power
