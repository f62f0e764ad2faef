// Makes an inventory of a text: pcu-inventory(5), powerman's powerman.conf and
// device files, all in one grammar and in any mixture. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "power/device_lexer.h"
#include "power/inventory.h"

namespace power {

struct InventoryReading {
  Inventory inventory;  // without what was wrong
  // All of them at once: mistakes of the language, unknown models, a plug that
  // the model does not have, two hosts on one plug, duplicates, hosts without
  // a PCU.
  std::vector<DeviceProblem> problems;
  bool ok() const;  // no errors; an inventory with errors is not to be used
};

// `name` is what messages call the file.
InventoryReading ReadInventoryText(absl::string_view name,
                                   absl::string_view text,
                                   IncludeFile include = {});

}  // namespace power
