#include "power/busy_hint.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>

#include <string>

namespace power {
namespace {

constexpr absl::Duration kMaxBusyHint = absl::Minutes(10);

}  // namespace

std::optional<absl::Duration> BusyHint(absl::string_view text) {
  const std::string words = absl::AsciiStrToLower(text);
  for (size_t at = 0; at < words.size();) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(words[at]))) {
      at++;
      continue;
    }
    size_t end = at;
    while (end < words.size() &&
           absl::ascii_isdigit(static_cast<unsigned char>(words[end]))) {
      end++;
    }
    int64_t count = 0;
    const bool is_number =
        absl::SimpleAtoi(absl::string_view(words).substr(at, end - at), &count);
    absl::string_view unit = absl::string_view(words).substr(end);
    unit = absl::StripLeadingAsciiWhitespace(unit);
    at = end;
    if (!is_number || count > 3600) continue;
    absl::Duration hint;
    if (absl::StartsWith(unit, "min")) {
      hint = absl::Minutes(count);
    } else if (absl::StartsWith(unit, "sec") || unit == "s" ||
               absl::StartsWith(unit, "s ") || absl::StartsWith(unit, "s.")) {
      hint = absl::Seconds(count);
    } else {
      continue;
    }
    if (hint <= kMaxBusyHint) return hint;
  }
  return std::nullopt;
}

}  // namespace power
