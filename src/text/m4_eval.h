// The integer expressions of eval: 32 bits, two's complement.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

namespace text {

struct M4Sum {
  int32_t value = 0;
  // "" when it could be computed; else what GNU m4 says before ": EXPRESSION".
  absl::string_view error = "";
  bool bad_operator = false;  // which counts as more of an error
  int single_equals = 0;      // `=' for `==' occurred so often: a warning each
};

M4Sum EvaluateM4(absl::string_view expression);

// `value` to the base `radix`, 1 to 36, with at least `digits` digits: "-0011".
// Radix 1 writes as many ones as the value is. Empty when it would be longer
// than `max_bytes`.
std::string M4Digits(int32_t value, int radix, int digits, size_t max_bytes);

}  // namespace text
