// What an inventory says that is read and probably not meant. Mistakes are the
// reader's. Pure: what has to be looked at is handed in.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "power/inventory.h"
#include "power/inventory_reader.h"

namespace power {

struct InventoryLooks {
  // Permission bits of a file; empty: not looked at.
  std::function<absl::StatusOr<uint32_t>(const std::string& path)> mode = {};
  // Numeric addresses of a host; NotFound if it has none. Unavailable: nobody
  // knows, and nothing is said of it. Empty: not looked at.
  std::function<absl::StatusOr<std::vector<std::string>>(
      const std::string& host)>
      addresses = {};
};

// What a PCU's name and address make of each other, in the words that the
// original's databases have.
enum class DnsVerdict : uint8_t {
  kOk,           // the name means the address
  kMismatch,     // it means others
  kNoEntry,      // it means none
  kNoHostname,   // there is only an address
  kNoDnsOrIp,    // there is neither
  kNotLookedAt,  // there is only a name, or nobody can tell
};
absl::string_view Word(DnsVerdict verdict);  // "DNS-OK"
// `addresses` of the name, if they were looked up.
DnsVerdict JudgeDns(
    const Pcu& pcu,
    const std::optional<absl::StatusOr<std::vector<std::string>>>& addresses);

// Of a reading without errors: about its PCUs and its own specifications. The
// reader's problems are not repeated.
std::vector<DeviceProblem> LintInventory(const Inventory& inventory,
                                         const InventoryLooks& looks);

}  // namespace power
