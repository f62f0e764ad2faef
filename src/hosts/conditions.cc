#include "hosts/conditions.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include "base/status.h"
#include "hosts/name.h"

namespace hosts {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Wrong(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("'", text, "': ", why));
}

bool IsOperandByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '.' || c == ':' || c == '-';
}

}  // namespace

absl::StatusOr<std::vector<Presence>> ParsePresence(absl::string_view text) {
  std::vector<Presence> all;
  for (absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(",&"))) {
    word = absl::StripAsciiWhitespace(word);
    if (word.empty()) continue;
    Presence presence;
    while (!word.empty() && (word[0] == '!' || IsBlank(word[0]))) {
      if (word[0] == '!') presence.negated = !presence.negated;
      word.remove_prefix(1);
    }
    if (word.empty()) return Wrong(text, "nothing follows the '!'");
    if (IsDigit(word[0])) {
      for (char c : word) {
        if (!IsDigit(c)) {
          return Wrong(word, "neither a number nor the name of an attribute");
        }
      }
      if (!absl::SimpleAtoi(word, &presence.mentions)) {
        return Wrong(word, "too large a number");
      }
    } else if (IsMacroName(word)) {
      presence.name = std::string(word);
    } else {
      return Wrong(word, "not the name of an attribute");
    }
    all.push_back(std::move(presence));
  }
  return all;
}

bool Holds(const Presence& presence, const Table& table, size_t host) {
  const bool holds = presence.name.empty()
                         ? table.Mentions(host) == presence.mentions
                         : table.Get(host, presence.name).has_value();
  return holds != presence.negated;
}

bool Holds(absl::Span<const Presence> all, const Table& table, size_t host) {
  for (const Presence& presence : all) {
    if (!Holds(presence, table, host)) return false;
  }
  return true;
}

absl::StatusOr<Comparison> ParseComparison(absl::string_view text) {
  Comparison c;
  c.text = std::string(text);
  absl::string_view rest = text;
  while (absl::ConsumePrefix(&rest, "!")) c.negated = !c.negated;
  bool minus = false;
  while (absl::ConsumePrefix(&rest, "-")) minus = !minus;
  size_t end = 0;
  while (end < rest.size() && IsOperandByte(rest[end])) end++;
  if (end == 0) return Wrong(text, "there is nothing to compare");
  if (end < rest.size() && rest[end] == '(') {
    int depth = 0;
    do {
      if (rest[end] == '(') depth++;
      if (rest[end] == ')') depth--;
      end++;
    } while (end < rest.size() && depth > 0);
    if (depth > 0) return Wrong(text, "a ) is missing");
  }
  c.left = absl::StrCat(minus ? "-" : "", rest.substr(0, end));
  rest.remove_prefix(end);
  while (!rest.empty() && IsBlank(rest[0])) rest.remove_prefix(1);
  for (absl::string_view op : {"==", "!=", "<=", ">=", "=", "!", "<", ">"}) {
    if (!absl::ConsumePrefix(&rest, op)) continue;
    c.op = std::string(op);
    c.right = std::string(rest);
    return c;
  }
  return Wrong(text,
               "not a comparison: one of = ! == != < <= > >= must follow the "
               "left side");
}

}  // namespace hosts
