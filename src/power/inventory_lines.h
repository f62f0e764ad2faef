// The lines of an inventory as they stand, before anything is made of them.
// Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "power/device_lexer.h"
#include "power/device_parser.h"
#include "power/pcu.h"

namespace power {

// node NAMES [PLUGS] in the block of a PCU, powerman's node NAMES PCU [PLUGS],
// and node NAMES feeds PCU/PLUGS ...
struct AssignmentLine {
  std::string names, pcu;
  std::optional<std::string> plugs = {};
  std::vector<std::string> feeds = {};  // if there are any: nothing else
  Where where = {};
};

// group NAME MEMBERS..., alias NAME HOSTS, protect HOSTS..., parent HOST
// HOSTS...
struct SetLine {
  std::string name;
  std::vector<std::string> members;
  Where where = {};
};

struct InventoryLines {
  std::vector<Pcu> pcus;
  std::vector<AssignmentLine> hosts;
  std::vector<SetLine> groups, protects, parents;
  // The rest: specifications, powerman's devices and aliases, and settings of
  // its server.
  DeviceFile file;
  std::vector<DeviceProblem> problems;
};

InventoryLines ReadInventoryLines(absl::string_view name,
                                  absl::string_view text, IncludeFile include);

}  // namespace power
