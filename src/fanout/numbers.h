// Numbers as options have them: digits only. Abseil's readers also take blanks,
// signs, "inf" and "nan", which nobody means.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>

namespace fanout {

// "17"; none for anything else and for more than 18 digits.
std::optional<int64_t> WholeNumber(absl::string_view text);
// "0.75", "3", ".5"; at most 18 digits before and after the point.
std::optional<double> DecimalNumber(absl::string_view text);
// "12%" and "0.5%".
std::optional<double> Percentage(absl::string_view text);
// Bytes: "64k", "3m+512", also with K M G T (see text/size_expression.h).
std::optional<int64_t> SizeOf(absl::string_view text);

}  // namespace fanout
