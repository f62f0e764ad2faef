// Limits on what host files, inventories and operands may hold.
#pragma once

#include <cstddef>

namespace hosts {

inline constexpr size_t kMaxHostFileBytes = 256 << 20;
inline constexpr size_t kMaxHosts = 1'000'000;
inline constexpr size_t kMaxAttributes = 65'536;   // different names
inline constexpr size_t kMaxValues = 50'000'000;   // of all hosts together
inline constexpr size_t kMaxColumns = 4096;        // of one header
inline constexpr size_t kMaxFileWarnings = 100;    // of one file, then a sum
inline constexpr int kMaxIncludeDepth = 16;        // ssh_config's Include
inline constexpr size_t kMaxIncludedFiles = 1024;  // of one ssh_config
inline constexpr size_t kMaxGroups = 100'000;      // of one inventory
inline constexpr size_t kMaxOperandBytes = 256 << 20;
// An inventory of a few lines may mean the product of all its groups, ranges
// and variables; more than this many steps is a mistake or an attack.
inline constexpr size_t kMaxInventorySteps = 5'000'000;

}  // namespace hosts
