#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/strings.h"
#include "power/limits.h"
#include "power/statement_parser.h"

namespace power {
namespace {

std::string Shown(const DeviceToken& token) {
  if (token.kind == DeviceToken::Kind::kEnd) return "the end";
  return absl::StrCat("'", base::Escape(token.text.substr(0, 80)), "'");
}

// Decimal digits, exactly, as far as nanoseconds.
std::optional<absl::Duration> ParseSeconds(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  int64_t whole = 0;
  if (!parts[0].empty() && !absl::SimpleAtoi(parts[0], &whole)) {
    return std::nullopt;
  }
  std::string fraction(parts.size() > 1 ? parts[1].substr(0, 9) : "");
  fraction.resize(9, '0');
  int64_t nanoseconds = 0;
  if (!absl::SimpleAtoi(fraction, &nanoseconds)) return std::nullopt;
  if (whole < 0 || whole > absl::ToInt64Seconds(kMaxDeviceSpan)) {
    return std::nullopt;
  }
  return absl::Seconds(whole) + absl::Nanoseconds(nanoseconds);
}

}  // namespace

DeviceToken TokenStream::Take() {
  DeviceToken taken = std::move(token_);
  language_ = std::max(language_, taken.language);
  token_ = lexer_.Next();
  return taken;
}

bool TokenStream::TakeWord(absl::string_view word) {
  if (!token_.Is(word)) return false;
  Take();
  return true;
}

bool TokenStream::TakeMark(absl::string_view mark) {
  if (!token_.IsMark(mark)) return false;
  Take();
  return true;
}

void TokenStream::Error(absl::string_view rule, std::string text) {
  problems_.Error(token_.where, rule, std::move(text));
}

void TokenStream::Missing(absl::string_view what, absl::string_view behind) {
  Error("syntax", absl::StrCat(what, " is missing behind ", behind, ", at ",
                               Shown(token_)));
}

bool TokenStream::Expect(absl::string_view mark, absl::string_view behind) {
  if (TakeMark(mark)) return true;
  Missing(absl::StrCat("'", mark, "'"), behind);
  return false;
}

std::optional<std::string> TokenStream::String(absl::string_view behind) {
  if (token_.kind == DeviceToken::Kind::kString) return Take().text;
  Missing("a string", behind);
  return std::nullopt;
}

std::optional<absl::Duration> TokenStream::Seconds(absl::string_view behind) {
  if (token_.kind != DeviceToken::Kind::kNumber) {
    Missing("a number of seconds", behind);
    return std::nullopt;
  }
  const DeviceToken token = Take();
  const std::optional<absl::Duration> span = ParseSeconds(token.text);
  if (!span) {
    problems_.Error(token.where, "number",
                    absl::StrCat(token.text.substr(0, 80),
                                 " seconds: not from 0 to a day"));
  }
  return span;
}

std::optional<int> TokenStream::Count(absl::string_view behind, int most) {
  if (token_.kind != DeviceToken::Kind::kNumber) {
    Missing("a number", behind);
    return std::nullopt;
  }
  const DeviceToken token = Take();
  int count = 0;
  if (absl::SimpleAtoi(token.text, &count) && count >= 1 && count <= most) {
    return count;
  }
  problems_.Error(
      token.where, "number",
      absl::StrCat(token.text.substr(0, 80), " is not from 1 to ", most));
  return std::nullopt;
}

std::optional<int> TokenStream::Group() {
  if (!TakeMark("$")) {
    Missing("$ and a number", "the statement");
    return std::nullopt;
  }
  return Count("$", kMaxPatternGroups);
}

std::optional<Pattern> TokenStream::Regex(absl::string_view behind) {
  const Where where = token_.where;
  const std::optional<std::string> text = String(behind);
  if (!text) return std::nullopt;
  absl::StatusOr<Pattern> pattern = Pattern::Compile(*text);
  if (pattern.ok()) return *std::move(pattern);
  problems_.Error(
      where, "regex",
      absl::StrCat("the regular expression '",
                   base::Escape(absl::string_view(*text).substr(0, 80)), "' ",
                   pattern.status().message()));
  return std::nullopt;
}

void TokenStream::SkipBlock() {
  int depth = 0;
  while (!AtEnd()) {
    const DeviceToken token = Take();
    if (token.IsMark("{")) depth++;
    if (token.IsMark("}")) depth--;
    if (depth <= 0) return;
  }
}

int TokenStream::TakeLanguage() {
  const int language = std::max(language_, 1);
  language_ = 1;
  return language;
}

}  // namespace power
