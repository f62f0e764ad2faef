// Inventories in files: finds and reads them with what they include, and looks
// at what an inventory says about this host and the network.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "power/inventory_lint.h"
#include "power/inventory_reader.h"

namespace power {

// /etc/fleetbox/pcu.conf, or if there is none and powerman's is there,
// /etc/powerman/powerman.conf.
std::string DefaultInventoryPath();

// An include that is no absolute path is looked up beside the file that has it.
// NotFound, PermissionDenied: the file itself; what is wrong inside it is in
// the reading's problems. The text of the file may be `-`, standard input.
absl::StatusOr<InventoryReading> ReadInventory(const std::string& path);

// The looks of LintInventory at the real world. BLOCKS while names are looked
// up; after the first answer that does not come, no more are.
InventoryLooks RealLooks();

}  // namespace power
