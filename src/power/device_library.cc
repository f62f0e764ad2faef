#include "power/device_library.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <utility>

namespace power {
namespace {

constexpr std::pair<absl::string_view, absl::string_view> kOldNames[] = {
    {"AP79xx", "APCControl13p13"},
    {"Masterswitch", "APCControl13p13"},
    {"DS4-RPC", "BayTech"},
    {"IP-41x_IP-81x", "IPAL"},
    {"DRAC3", "DRAC"},
    {"DRAC4", "DRAC"},
    {"DRAC5", "DRAC"},
    {"ePowerSwitch", "ePowerSwitchOld"},
    {"ilo1", "HPiLO"},
    {"ilo2", "HPiLO"},
    {"PM211-MIP", "PM211MIP"},
    {"AMT2.5", "IntelAMT"},
    {"AMT3.0", "IntelAMT"},
    {"WTI_IPS-4", "WTIIPS4"},
    {"ipmi", "OpenIPMI"},
    {"IPMI", "OpenIPMI"},
    {"bbsemaverick", "BlackBoxPSMaverick"},
    {"unknown", "ManualPCU"},
    {"manualadmin", "ManualPCU"},
};

absl::StatusOr<std::string> IncludeBuiltIn(absl::string_view path,
                                           absl::string_view) {
  const auto text = FindBuiltInFile(path);
  if (!text) return absl::NotFoundError("there is no such file built in");
  return std::string(*text);
}

}  // namespace

std::optional<absl::string_view> FindBuiltInFile(absl::string_view name) {
  for (size_t i = 0; i < kBuiltInFileCount; i++) {
    if (kBuiltInFiles[i].name == name) return kBuiltInFiles[i].text;
  }
  return std::nullopt;
}

DeviceReading ReadBuiltInDevices() {
  DeviceReading all;
  for (size_t i = 0; i < kBuiltInFileCount; i++) {
    const BuiltInFile& file = kBuiltInFiles[i];
    // Others (.inc) are parts of specifications.
    if (!absl::EndsWith(file.name, ".dev")) continue;
    DeviceReading one = ReadDeviceFile(file.name, file.text, IncludeBuiltIn);
    for (Specification& spec : one.file.specifications) {
      all.file.specifications.push_back(std::move(spec));
    }
    for (DeviceProblem& problem : one.problems) {
      all.problems.push_back(std::move(problem));
    }
  }
  return all;
}

DeviceFile ReadBuiltInModel(absl::string_view name) {
  const std::string begin = absl::StrCat("specification \"", name, "\"");
  for (size_t i = 0; i < kBuiltInFileCount; i++) {
    const BuiltInFile& file = kBuiltInFiles[i];
    if (!absl::StrContains(file.text, begin)) continue;
    DeviceFile read = ReadDeviceFile(file.name, file.text, IncludeBuiltIn).file;
    // A comment may say the same.
    if (read.Find(name) != nullptr) return read;
  }
  return {};
}

std::string CurrentModelName(absl::string_view name) {
  for (const auto& [old, current] : kOldNames) {
    if (name == old) return std::string(current);
  }
  return std::string(name);
}

}  // namespace power
