// Names of hosts as one short text: web[1-3,07-12].example.com, db1. Pure.
#pragma once

#include <absl/types/span.h>

#include <string>

namespace hosts {

// Names that differ in one number, the last one before their first dot, are one
// name with ranges in brackets; where zeros lead, the width stays. In the order
// in which the names begin, separated by commas.
std::string FoldNames(absl::Span<const std::string> names);

}  // namespace hosts
