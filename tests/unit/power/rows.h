// The original's dialogues, row by row: what the device prints and which keys
// are to come.
#pragma once

#include <string>
#include <vector>

#include "power/specification.h"
#include "unit/power/fake_device.h"

namespace power_test {

struct Row {
  std::string model;
  std::string way;  // telnet, ssh, ...
  power::Verb verb = power::Verb::kCycle;
  std::string plug = "3";
  std::vector<Step> steps;
};
// Those that switch: at least one step says so.
std::vector<Row> SwitchingRows();
// The trials: no step does.
std::vector<Row> VerifyRows();

}  // namespace power_test
