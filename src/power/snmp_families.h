// Which object of which outlet strip says what a plug is, and which switches
// it. Pure data, and how it is read.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <optional>

#include "power/outcome.h"
#include "power/snmp_ber.h"

namespace power {

// In objects $1, $2, $3 stand for the parts of a plug's name: "2.7" is plug 7
// of unit 2. Parts that are not given, in front, are 1.
struct SnmpWrite {
  absl::string_view object = {};  // empty: there is no such command
  int value = 0;
};
struct SnmpFamily {
  absl::string_view name;
  // Prefixes of sysObjectID, below 1.3.6.1.4.1 unless they begin with a dot.
  absl::string_view system = {};
  absl::string_view read = {};
  absl::string_view read_else = {};  // where the first is not there
  // What is read, in decimal numbers; what is in none of them is unknown.
  absl::string_view on = {}, off = {}, pending = {};
  SnmpWrite turn_on = {}, turn_off = {}, cycle = {};
};

absl::Span<const SnmpFamily> SnmpFamilies();
const SnmpFamily* FindSnmpFamily(absl::string_view name);  // null
// The one with the longest prefix; null when none fits.
const SnmpFamily* SnmpFamilyOf(const SnmpOid& system);

// Nothing for a plug that the object has no place for.
std::optional<SnmpOid> SnmpObjectOf(absl::string_view object,
                                    absl::string_view plug);
PlugState SnmpStateOf(const SnmpFamily& family, int64_t value);

}  // namespace power
