// Writes specifications as device files have them: what is written reads back
// as the same. Pure.
#pragma once

#include <string>

#include "power/device_parser.h"
#include "power/specification.h"

namespace power {

// With "language 2" in front if it needs that.
std::string SpecificationText(const Specification& spec);
std::string DeviceFileText(const DeviceFile& file);

// "\r\n" with quotes and escapes, as the language has strings.
std::string DeviceString(absl::string_view text);
// "4", "0.7"
std::string SecondsText(absl::Duration span);

}  // namespace power
