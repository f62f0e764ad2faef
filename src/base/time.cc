#include "base/time.h"

#include <absl/status/status.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/time/civil_time.h>

#include <algorithm>

namespace base {
namespace {

struct Unit {
  absl::string_view name;
  int64_t ms;
};
constexpr Unit kUnits[] = {{"d", 86'400'000},
                           {"h", 3'600'000},
                           {"m", 60'000},
                           {"s", 1'000},
                           {"ms", 1}};
constexpr int64_t kLongestMs = int64_t{100} * 365 * 86'400'000;

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  const auto wrong = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a duration such as 30s, 5m, 2h, 7d"));
  };
  absl::string_view rest = text;
  int64_t total_ms = 0;
  bool first = true;
  if (rest.empty()) return wrong();
  while (!rest.empty()) {
    const size_t digits = rest.find_first_not_of("0123456789");
    int64_t number;
    if (!absl::SimpleAtoi(rest.substr(0, digits), &number)) return wrong();
    rest.remove_prefix(std::min(digits, rest.size()));
    const size_t letters =
        std::min(rest.find_first_of("0123456789"), rest.size());
    absl::string_view unit = rest.substr(0, letters);
    rest.remove_prefix(letters);
    // A number alone is seconds, but only alone: "1h30" is a likely mistake.
    if (unit.empty() && first) unit = "s";
    first = false;
    int64_t unit_ms = 0;
    for (const Unit& u : kUnits) {
      if (u.name == unit) unit_ms = u.ms;
    }
    if (unit_ms == 0 || number > kLongestMs / unit_ms) return wrong();
    total_ms += number * unit_ms;
    if (total_ms > kLongestMs) return wrong();
  }
  return absl::Milliseconds(total_ms);
}

std::string FormatDuration(absl::Duration d) {
  if (d == absl::InfiniteDuration()) return "forever";
  if (d < absl::ZeroDuration()) {
    const std::string text = base::FormatDuration(-d);
    return text == "0s" ? text : absl::StrCat("-", text);
  }
  int64_t ms = absl::ToInt64Milliseconds(d);
  if (ms == 0) return "0s";
  std::string out;
  for (const Unit& u : kUnits) {
    if (ms >= u.ms) {
      absl::StrAppend(&out, ms / u.ms, u.name);
      ms %= u.ms;
    }
  }
  return out;
}

std::string DurationWords(absl::Duration d) {
  if (d == absl::InfiniteDuration()) return "for ever";
  if (d < absl::ZeroDuration()) return absl::StrCat("-", DurationWords(-d));
  const int64_t s = absl::ToInt64Seconds(d);
  if (s < 1) return absl::StrCat(absl::ToInt64Milliseconds(d), " ms");
  if (s < 60) return absl::StrCat(s, " s");
  const auto two = [](int64_t a, absl::string_view unit_a, int64_t b,
                      absl::string_view unit_b) {
    std::string out = absl::StrCat(a, " ", unit_a);
    if (b != 0) absl::StrAppend(&out, " ", b, " ", unit_b);
    return out;
  };
  if (s < 3600) return two(s / 60, "min", s < 600 ? s % 60 : 0, "s");
  if (s < 86400) return two(s / 3600, "h", s / 60 % 60, "min");
  return two(s / 86400, s < 2 * 86400 ? "day" : "days", s / 3600 % 24, "h");
}

absl::StatusOr<absl::Time> ParseTime(absl::string_view text) {
  absl::Time t;
  std::string why;
  // Abseil also takes "infinite-future", and white space around the rest.
  const bool plain =
      text.find_first_not_of("0123456789-+:.TZ") == absl::string_view::npos;
  if (!plain || !absl::ParseTime(absl::RFC3339_full, text, &t, &why)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text, "' is not a time such as 2025-01-31T10:15:04Z"));
  }
  return t;
}

// A log has it in every line: absl::FormatTime reads its format each time,
// which takes two to three times as long.
std::string FormatTime(absl::Time t) {
  const absl::CivilSecond civil = absl::ToCivilSecond(t, absl::UTCTimeZone());
  if (civil.year() < 0 || civil.year() > 9999) {  // or for ever
    return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", t, absl::UTCTimeZone());
  }
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&](size_t end, int64_t number) {
    for (; number > 0; number /= 10) {
      text[--end] = static_cast<char>('0' + number % 10);
    }
  };
  put(4, civil.year());
  put(7, civil.month());
  put(10, civil.day());
  put(13, civil.hour());
  put(16, civil.minute());
  put(19, civil.second());
  put(23, (ToMillis(t) % 1000 + 1000) % 1000);
  return text;
}

int64_t ToMillis(absl::Time t) { return absl::ToUnixMillis(t); }
absl::Time FromMillis(int64_t ms) { return absl::FromUnixMillis(ms); }

}  // namespace base
