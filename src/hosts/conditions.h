// The conditions of -B and -E, as text and as values. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "hosts/table.h"

namespace hosts {

// One word of -B: an attribute that must be set, or the number of files that
// mention the host.
struct Presence {
  bool negated = false;
  std::string name;  // empty for a count
  int mentions = 0;
};

// "CORES,!OWNER", "CORES & 2". InvalidArgument.
absl::StatusOr<std::vector<Presence>> ParsePresence(absl::string_view text);
bool Holds(const Presence& presence, const Table& table, size_t host);
bool Holds(absl::Span<const Presence> all, const Table& table, size_t host);

// -E: LEFT OPERATOR RIGHT, both sides m4 text.
struct Comparison {
  std::string text;      // as given
  bool negated = false;  // an odd number of leading !
  std::string left, right;
  std::string op;  // "=" and "!" compare texts, the others numbers
  bool is_numeric() const { return op != "=" && op != "!"; }
};

// "SITE=edge", "!ARCH!amd64", "CORES>=8", "index(SHORT,et)!=-1".
// InvalidArgument.
absl::StatusOr<Comparison> ParseComparison(absl::string_view text);

}  // namespace hosts
