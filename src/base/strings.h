// The few things about text that Abseil lacks.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

namespace base {

// Whether `text` matches `pattern`: `*` any run, `?` one byte, all else
// itself. Linear in the product of the lengths at worst, never exponential.
bool GlobMatch(absl::string_view pattern, absl::string_view text);

// Those of `names` that `typed` was probably meant to be, best first, at most
// three: a common prefix of a word, or few changed letters.
std::vector<std::string> Nearest(absl::string_view typed,
                                 absl::Span<const absl::string_view> names);

// [A-Za-z0-9][A-Za-z0-9._-]*, at most `max` bytes: names of tasks, groups.
bool IsName(absl::string_view text, size_t max);

// Abseil in Debian 12 has a string_view of its own; the standard library's
// converts through here.
inline absl::string_view View(std::string_view s) {
  return {s.data(), s.size()};
}
inline std::string_view StdView(absl::string_view s) {
  return {s.data(), s.size()};
}

}  // namespace base
