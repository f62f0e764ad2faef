// The models that are built in (src/power/devices), and the names that they
// had. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "power/device_parser.h"

namespace power {

// Made of src/power/devices while building.
struct BuiltInFile {
  absl::string_view name, text;
};
extern const BuiltInFile kBuiltInFiles[];
extern const size_t kBuiltInFileCount;

// The text of a file, for includes; nullopt if there is none of that name.
std::optional<absl::string_view> FindBuiltInFile(absl::string_view name);

// All of them. Their problems are ours: a test sees to it that there are none.
DeviceReading ReadBuiltInDevices();

// The file that has the model `name`, and with it its alternatives; empty if no
// file has it. Much less work than to read all of them.
DeviceFile ReadBuiltInModel(absl::string_view name);

// What the model `name` is called today: older databases had other spellings.
// `name` itself if it is none of those.
std::string CurrentModelName(absl::string_view name);

}  // namespace power
