#include "fanout/numbers.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/strip.h>

#include "text/size_expression.h"

namespace fanout {
namespace {

constexpr size_t kMostDigits = 18;

bool AllDigits(absl::string_view text) {
  return text.size() <= kMostDigits &&
         text.find_first_not_of("0123456789") == absl::string_view::npos;
}

}  // namespace

std::optional<int64_t> WholeNumber(absl::string_view text) {
  int64_t number;
  if (text.empty() || !AllDigits(text) || !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<double> DecimalNumber(absl::string_view text) {
  const size_t point = text.find('.');
  const absl::string_view before = text.substr(0, point);
  const absl::string_view after =
      point == absl::string_view::npos ? "" : text.substr(point + 1);
  double number;
  if ((before.empty() && after.empty()) || !AllDigits(before) ||
      !AllDigits(after) || !absl::SimpleAtod(text, &number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<double> Percentage(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, "%")) return std::nullopt;
  return DecimalNumber(text);
}

std::optional<int64_t> SizeOf(absl::string_view text) {
  // An expression's letters are small and end at g.
  const std::string small = absl::StrReplaceAll(
      text,
      {{"K", "k"}, {"M", "m"}, {"G", "g"}, {"T", "(1024g)"}, {"t", "(1024g)"}});
  const absl::StatusOr<int64_t> size = text::ParseSizeExpression(small);
  if (!size.ok()) return std::nullopt;
  return *size;
}

}  // namespace fanout
