#include "power/snmp_families.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <string>
#include <vector>

namespace power {
namespace {

// Objects without a dot in front are below private enterprises.
constexpr SnmpFamily kFamilies[] = {
    {.name = "apc-masterswitch",
     .system = "318.1.3.4.1 318.1.3.4.2 318.1.3.4.3",
     .read = "318.1.1.4.4.2.1.3.$1",
     .on = "1",
     .off = "2",
     .pending = "3 5 6 7",
     .turn_on = {"318.1.1.4.4.2.1.3.$1", 1},
     .turn_off = {"318.1.1.4.4.2.1.3.$1", 2},
     .cycle = {"318.1.1.4.4.2.1.3.$1", 3}},
    {.name = "apc-masterswitch-plus",
     .system = "318.1.3.4.4",
     .read = "318.1.1.6.7.1.1.5.$1.1.$2",
     .on = "1",
     .off = "2",
     .turn_on = {"318.1.1.6.5.1.1.5.$1.1.$2", 1},
     .turn_off = {"318.1.1.6.5.1.1.5.$1.1.$2", 2},
     .cycle = {"318.1.1.6.5.1.1.5.$1.1.$2", 3}},
    {.name = "apc-rpdu",
     .system = "318.1.3.4.5",
     .read = "318.1.1.12.3.5.1.1.4.$1",
     .read_else = "318.1.1.12.3.3.1.1.4.$1",
     .on = "1",
     .off = "2",
     .pending = "3 4 5 6",
     .turn_on = {"318.1.1.12.3.3.1.1.4.$1", 1},
     .turn_off = {"318.1.1.12.3.3.1.1.4.$1", 2},
     .cycle = {"318.1.1.12.3.3.1.1.4.$1", 3}},
    {.name = "apc-rpdu2",
     .system = "318.1.3.4.6",
     .read = "318.1.1.26.9.2.3.1.5.$1",
     .on = "2",
     .off = "1",
     .turn_on = {"318.1.1.26.9.2.4.1.5.$1", 1},
     .turn_off = {"318.1.1.26.9.2.4.1.5.$1", 2},
     .cycle = {"318.1.1.26.9.2.4.1.5.$1", 3}},
    {.name = "apc-easy-epdu",
     .system = "318.1.3.4.10",
     .read = "318.1.1.30.6.2.1.4.$1",
     .on = "1",
     .off = "2",
     .turn_on = {"318.1.1.30.6.2.1.4.$1", 1},
     .turn_off = {"318.1.1.30.6.2.1.4.$1", 2}},
    {.name = "raritan-px",
     .system = "13742.4",
     .read = "13742.4.1.2.2.1.3.$1",
     .on = "1",
     .off = "0",
     .pending = "2",
     .turn_on = {"13742.4.1.2.2.1.3.$1", 1},
     .turn_off = {"13742.4.1.2.2.1.3.$1", 0},
     .cycle = {"13742.4.1.2.2.1.3.$1", 2}},
    {.name = "raritan-px2",
     .system = "13742.6",
     .read = "13742.6.4.1.2.1.3.$1.$2",
     .on = "7",
     .off = "8",
     .turn_on = {"13742.6.4.1.2.1.2.$1.$2", 1},
     .turn_off = {"13742.6.4.1.2.1.2.$1.$2", 0},
     .cycle = {"13742.6.4.1.2.1.2.$1.$2", 2}},
    {.name = "eaton-revelation",
     .system = "534.6.6.6",
     .read = "534.6.6.6.1.2.2.1.3.$1",
     .on = "1",
     .off = "0",
     .pending = "2",
     .turn_on = {"534.6.6.6.1.2.2.1.3.$1", 1},
     .turn_off = {"534.6.6.6.1.2.2.1.3.$1", 0},
     .cycle = {"534.6.6.6.1.2.2.1.3.$1", 2}},
    {.name = "eaton-marlin",
     .system = "534.6.6.7",
     .read = "534.6.6.7.6.6.1.2.$1.$2",
     .on = "1",
     .off = "0",
     .pending = "2 3",
     .turn_on = {"534.6.6.7.6.6.1.4.$1.$2", 0},
     .turn_off = {"534.6.6.7.6.6.1.3.$1.$2", 0},
     .cycle = {"534.6.6.7.6.6.1.5.$1.$2", 0}},
    {.name = "eaton-pulizzi",
     .system = "20677",
     .read = "20677.2.6.3.$1.0",
     .on = "1",
     .off = "2",
     .turn_on = {"20677.2.6.2.$1.0", 1},
     .turn_off = {"20677.2.6.2.$1.0", 2},
     .cycle = {"20677.2.6.2.$1.0", 3}},
    {.name = "hpe-pdu",
     .system = "232.165.7",
     .read = "232.165.7.5.2.1.1.$1.$2",
     .on = "2",
     .off = "1",
     .pending = "3 4",
     .turn_on = {"232.165.7.5.2.1.3.$1.$2", 0},
     .turn_off = {"232.165.7.5.2.1.2.$1.$2", 0},
     .cycle = {"232.165.7.5.2.1.4.$1.$2", 0}},
    {.name = "sentry3",
     .system = "1718.3",
     .read = "1718.3.2.3.1.10.$1.$2.$3",
     .on = "1 3 5 7 13 15",
     .off = "0 2 4 6 12 14",
     .pending = "8 9 10 11 16 17",
     .turn_on = {"1718.3.2.3.1.11.$1.$2.$3", 1},
     .turn_off = {"1718.3.2.3.1.11.$1.$2.$3", 2},
     .cycle = {"1718.3.2.3.1.11.$1.$2.$3", 3}},
    {.name = "sentry4",
     .system = "1718.4",
     .read = "1718.4.1.8.3.1.1.$1.$2.$3",
     .on = "1",
     .off = "0",
     .pending = "2 3",
     .turn_on = {"1718.4.1.8.5.1.2.$1.$2.$3", 1},
     .turn_off = {"1718.4.1.8.5.1.2.$1.$2.$3", 2},
     .cycle = {"1718.4.1.8.5.1.2.$1.$2.$3", 3}},
    {.name = "baytech",
     .system = "4779",
     .read = "4779.1.3.5.3.1.3.1.$1",
     .on = "1",
     .off = "0",
     .pending = "2",
     .turn_on = {"4779.1.3.5.3.1.3.1.$1", 1},
     .turn_off = {"4779.1.3.5.3.1.3.1.$1", 0},
     .cycle = {"4779.1.3.5.3.1.3.1.$1", 2}},
    {.name = "avocent",
     .system = "10418.17",
     .read = "10418.17.2.5.5.1.5.1.$1.$2",
     .on = "2",
     .off = "1",
     .turn_on = {"10418.17.2.5.5.1.6.1.$1.$2", 2},
     .turn_off = {"10418.17.2.5.5.1.6.1.$1.$2", 3},
     .cycle = {"10418.17.2.5.5.1.6.1.$1.$2", 4}},
    {.name = "emerson",
     .system = "476.1.42",
     .read = "476.1.42.3.8.50.20.1.95.$1.$2.$3",
     .on = "2",
     .off = "1",
     .pending = "3",
     .turn_on = {"476.1.42.3.8.50.20.1.100.$1.$2.$3", 1},
     .turn_off = {"476.1.42.3.8.50.20.1.100.$1.$2.$3", 0}},
    {.name = "ibm-ipdu",
     .system = "2.6.223",
     .read = "2.6.223.8.2.2.1.11.$1",
     .on = "1",
     .off = "0",
     .turn_on = {"2.6.223.8.2.2.1.11.$1", 1},
     .turn_off = {"2.6.223.8.2.2.1.11.$1", 0}},
    {.name = "tripplite",
     .system = "850",
     .read = "850.10.2.3.5.1.2.1.$1",
     .on = "2",
     .off = "1",
     .turn_on = {"850.10.2.3.5.1.4.1.$1", 2},
     .turn_off = {"850.10.2.3.5.1.4.1.$1", 1}},
    {.name = "cyberpower",
     .system = "3808",
     .read = "3808.1.1.3.3.3.1.1.4.$1",
     .on = "1",
     .off = "2",
     .turn_on = {"3808.1.1.3.3.3.1.1.4.$1", 1},
     .turn_off = {"3808.1.1.3.3.3.1.1.4.$1", 2},
     .cycle = {"3808.1.1.3.3.3.1.1.4.$1", 3}},
    {.name = "poe",  // any switch of RFC 3621: it has to be named
     .read = ".1.3.6.1.2.1.105.1.1.1.3.$1.$2",
     .on = "1",
     .off = "2",
     .turn_on = {".1.3.6.1.2.1.105.1.1.1.3.$1.$2", 1},
     .turn_off = {".1.3.6.1.2.1.105.1.1.1.3.$1.$2", 2}},
};

constexpr absl::string_view kEnterprises = "1.3.6.1.4.1.";

std::string Whole(absl::string_view object) {
  if (absl::StartsWith(object, ".")) return std::string(object.substr(1));
  return absl::StrCat(kEnterprises, object);
}

bool Lists(absl::string_view numbers, int64_t value) {
  const std::string text = absl::StrCat(value);
  for (const absl::string_view number : absl::StrSplit(numbers, ' ')) {
    if (number == text) return true;
  }
  return false;
}

size_t PartsOf(absl::string_view object) {
  for (const char* last : {"3", "2"}) {
    if (absl::StrContains(object, absl::StrCat("$", last))) return *last - '0';
  }
  return 1;
}

}  // namespace

absl::Span<const SnmpFamily> SnmpFamilies() { return kFamilies; }

const SnmpFamily* FindSnmpFamily(absl::string_view name) {
  for (const SnmpFamily& family : kFamilies) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

const SnmpFamily* SnmpFamilyOf(const SnmpOid& system) {
  const SnmpFamily* best = nullptr;
  size_t longest = 0;
  for (const SnmpFamily& family : kFamilies) {
    for (const absl::string_view text :
         absl::StrSplit(family.system, ' ', absl::SkipEmpty())) {
      const absl::StatusOr<SnmpOid> prefix = ParseSnmpOid(Whole(text));
      if (!prefix.ok() || prefix->size() > system.size() ||
          prefix->size() <= longest ||
          !std::equal(prefix->begin(), prefix->end(), system.begin())) {
        continue;
      }
      best = &family;
      longest = prefix->size();
    }
  }
  return best;
}

std::optional<SnmpOid> SnmpObjectOf(absl::string_view object,
                                    absl::string_view plug) {
  const size_t places = PartsOf(object);
  std::vector<uint32_t> parts;
  for (const absl::string_view text : absl::StrSplit(plug, '.')) {
    uint32_t number = 0;
    if (text.empty() || text[0] == '+' || text[0] == '-' ||
        !absl::SimpleAtoi(text, &number)) {
      return std::nullopt;
    }
    parts.push_back(number);
  }
  if (parts.size() > places) return std::nullopt;
  parts.insert(parts.begin(), places - parts.size(), 1);
  SnmpOid oid;
  for (const absl::string_view text : absl::StrSplit(Whole(object), '.')) {
    uint32_t number = 0;
    if (text[0] == '$') {
      number = parts[text[1] - '1'];
    } else if (!absl::SimpleAtoi(text, &number)) {
      return std::nullopt;
    }
    oid.push_back(number);
  }
  return oid;
}

PlugState SnmpStateOf(const SnmpFamily& family, int64_t value) {
  if (Lists(family.on, value)) return PlugState::kOn;
  if (Lists(family.off, value)) return PlugState::kOff;
  if (Lists(family.pending, value)) return PlugState::kPending;
  return PlugState::kUnknown;
}

}  // namespace power
