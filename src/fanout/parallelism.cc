#include "fanout/parallelism.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "fanout/numbers.h"

namespace fanout {
namespace {

constexpr int kWithoutDigits = 3;

int Cut(double jobs) {
  return static_cast<int>(std::clamp(jobs, 1.0, double{kMostParallel}));
}

absl::Status NotANumber(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not a number from 0 to ", kMostParallel));
}

}  // namespace

absl::StatusOr<int> ParseParallel(absl::string_view digits,
                                  std::optional<absl::string_view> variable,
                                  CountProcessors processors) {
  std::optional<int64_t> number = WholeNumber(digits);
  if (digits.empty()) {
    number = WholeNumber(variable.value_or(""));
    // The variable is not of this command line: what it cannot mean is cut.
    if (number > kMostParallel) number = kMostParallel;
    if (!number.has_value()) return kWithoutDigits;
  }
  if (!number.has_value() || *number > kMostParallel) {
    return NotANumber(digits);
  }
  return *number == 0 ? Cut(processors()) : static_cast<int>(*number);
}

absl::StatusOr<int> ParseJobs(absl::string_view text,
                              CountProcessors processors) {
  if (const std::optional<double> percent = Percentage(text)) {
    return Cut(processors() * *percent / 100);
  }
  const char sign = text.empty() ? '\0' : text[0];
  if (sign == '+' || sign == '-') {
    const std::optional<int64_t> number = WholeNumber(text.substr(1));
    if (number.has_value()) {
      const double change = static_cast<double>(*number);
      return Cut(sign == '+' ? processors() + change : processors() - change);
    }
  } else if (const std::optional<int64_t> number = WholeNumber(text)) {
    if (*number > kMostParallel) return NotANumber(text);
    return *number == 0 ? Cut(processors()) : static_cast<int>(*number);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not a number from 0 to ", kMostParallel,
                   ", or such as 150%, +2, -1, @FILE"));
}

}  // namespace fanout
