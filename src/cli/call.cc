#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <limits>

#include "base/status.h"
#include "base/time.h"
#include "cli/applet.h"
#include "cli/args.h"

namespace cli {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

bool IsCalled(const Option& option, absl::string_view word) {
  if (!option.word.empty()) return option.word == word;
  return word.size() == 1 && option.letter == word[0];
}

// The option of that name, the verb's before the applet's.
const Option& Find(const Call& call, absl::string_view word) {
  const auto found =
      std::find_if(call.options.rbegin(), call.options.rend(),
                   [&](const Option& o) { return IsCalled(o, word); });
  MUST(found != call.options.rend());
  return *found;
}

absl::Status NotA(const Call& call, absl::string_view word,
                  absl::string_view value, absl::string_view what) {
  return UsageError(absl::StrCat(OptionName(Find(call, word)), ": '", value,
                                 "' is not ", what));
}

// "64k" and the like; false when it is none, or too large for an int64_t.
bool ParseBytes(absl::string_view text, int64_t& bytes) {
  constexpr absl::string_view kUnits = "kMGT";
  int shift = 0;
  if (!text.empty()) {
    const char unit = text.back() == 'K' ? 'k' : text.back();
    const size_t at = kUnits.find(unit);
    if (at != absl::string_view::npos) {
      shift = 10 * (static_cast<int>(at) + 1);
      text.remove_suffix(1);
    }
  }
  // SimpleAtoi takes blanks and signs, which nobody means here.
  if (text.empty() ||
      text.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(text, &bytes) || bytes > (kNoLimit >> shift)) {
    return false;
  }
  bytes <<= shift;
  return true;
}

bool ParseInt(absl::string_view text, int64_t& number) {
  absl::string_view digits = text;
  if (!digits.empty() && digits[0] == '-') digits.remove_prefix(1);
  return !digits.empty() &&
         digits.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(text, &number);
}

// "1048576" as "1M", where that says the same.
std::string BytesText(int64_t bytes) {
  constexpr absl::string_view kUnits[] = {"", "k", "M", "G", "T"};
  size_t unit = 0;
  while (unit < 4 && bytes != 0 && bytes % 1024 == 0) bytes /= 1024, unit++;
  return absl::StrCat(bytes, kUnits[unit]);
}

}  // namespace

bool Call::Has(absl::string_view word) const { return Count(word) > 0; }

int Call::Count(absl::string_view word) const {
  Find(*this, word);
  int count = 0;
  for (const Seen& s : seen) count += IsCalled(s.option, word);
  return count;
}

std::string Call::Get(absl::string_view word) const {
  for (size_t i = seen.size(); i-- > 0;) {
    if (IsCalled(seen[i].option, word)) return seen[i].value;
  }
  return std::string(Find(*this, word).unset);
}

std::vector<std::string> Call::All(absl::string_view word) const {
  Find(*this, word);
  std::vector<std::string> values;
  for (const Seen& s : seen) {
    if (IsCalled(s.option, word)) values.push_back(s.value);
  }
  return values;
}

absl::StatusOr<int64_t> Call::Int(absl::string_view word, int64_t min,
                                  int64_t max) const {
  const std::string value = Get(word);
  int64_t number;
  if (ParseInt(value, number) && number >= min && number <= max) return number;
  return NotA(*this, word, value,
              max == kNoLimit
                  ? absl::StrCat("a number of at least ", min)
                  : absl::StrCat("a number from ", min, " to ", max));
}

absl::StatusOr<int64_t> Call::Bytes(absl::string_view word, int64_t min,
                                    int64_t max) const {
  const std::string value = Get(word);
  int64_t bytes;
  if (ParseBytes(value, bytes) && bytes >= min && bytes <= max) return bytes;
  if (min == 0 && max == kNoLimit) {
    return NotA(*this, word, value, "a size such as 4096, 64k, 16M, 2G");
  }
  return NotA(*this, word, value,
              max == kNoLimit
                  ? absl::StrCat("a size of at least ", BytesText(min))
                  : absl::StrCat("a size from ", BytesText(min), " to ",
                                 BytesText(max)));
}

absl::StatusOr<absl::Duration> Call::Duration(absl::string_view word,
                                              absl::Duration min,
                                              absl::Duration max) const {
  const std::string value = Get(word);
  const absl::StatusOr<absl::Duration> d = base::ParseDuration(value);
  if (d.ok() && *d >= min && *d <= max) return *d;
  if (!d.ok()) {
    return NotA(*this, word, value, "a duration such as 30s, 5m, 2h, 7d");
  }
  return NotA(
      *this, word, value,
      max == absl::InfiniteDuration()
          ? absl::StrCat("a duration of at least ", base::FormatDuration(min))
          : absl::StrCat("a duration from ", base::FormatDuration(min), " to ",
                         base::FormatDuration(max)));
}

absl::Status Call::OptionsFirst() const {
  for (const std::string& operand : operands) {
    if (dashes || operand.size() < 2 || operand[0] != '-') continue;
    return UsageError(
        absl::StrCat("'", operand, "': options stand before the operands"));
  }
  return absl::OkStatus();
}

absl::Status Call::Operands(size_t min, size_t max,
                            absl::string_view what) const {
  if (operands.size() < min) {
    return UsageError(absl::StrCat(what, " is missing"));
  }
  if (max != SIZE_MAX) TRY(OptionsFirst());
  if (operands.size() > max) {
    return UsageError(
        absl::StrCat("'", operands[max], "' is one operand too many"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Call::OnlyOperand(absl::string_view what) const {
  TRY(Operands(1, 1, what));
  return operands[0];
}

}  // namespace cli
