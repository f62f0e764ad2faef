// A model of an outlet strip that a device file says in a table, beside those
// that are built in (snmp_families.h):
//
//   snmp {
//     get "1.3.6.1.4.1.318.1.1.4.4.2.1.3.$1" on 1 off 2 pending 3 5 6 7
//     set "1.3.6.1.4.1.318.1.1.4.4.2.1.3.$1" on 1 off 2 cycle 3
//   }
//
// Pure.
#pragma once

#include <absl/status/statusor.h>

#include <deque>
#include <memory>
#include <string>

#include "power/snmp_families.h"
#include "power/specification.h"

namespace power {

struct SnmpTable {
  SnmpTable() = default;
  SnmpTable(const SnmpTable&) = delete;  // the family is of these texts

  std::deque<std::string> texts = {};
  SnmpFamily family = {};
};

// Whether the block of a specification is a table: it may name a family
// instead.
bool IsSnmpTable(const SettingsBlock& block);
// InvalidArgument says what is wrong with it. `name`: of the model.
absl::StatusOr<std::shared_ptr<const SnmpTable>> ReadSnmpTable(
    const SettingsBlock& block, absl::string_view name);

}  // namespace power
