#include "text/character.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <optional>

#include "text/utf8.h"

namespace text {
namespace {

// The values are those of bytes, 0 to 255.
using Byte = std::optional<int>;

Byte Octal(absl::string_view digits, size_t fewest) {
  if (digits.size() < fewest || digits.size() > 3) return std::nullopt;
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + (c - '0');
  }
  return value <= 255 ? Byte(value) : std::nullopt;
}

Byte Control(char c) {
  if (c == '?') return 127;
  const char upper = absl::ascii_toupper(static_cast<unsigned char>(c));
  return upper >= '@' && upper <= '_' ? Byte(upper - '@') : std::nullopt;
}

Byte PlainOrControl(absl::string_view text) {
  if (text.size() == 1) return static_cast<unsigned char>(text[0]);
  if (text.size() == 2 && text[0] == '^') return Control(text[1]);
  return std::nullopt;
}

Byte BehindBackslash(absl::string_view text) {
  switch (text.size() == 1 ? text[0] : '\0') {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'r':
      return '\r';
    case 'v':
      return '\v';
    case '\\':
      return '\\';
  }
  return Octal(text, 1);
}

Byte Parse(absl::string_view text) {
  if (const Byte byte = PlainOrControl(text)) return byte;
  if (absl::ConsumePrefix(&text, "M-")) {
    const Byte byte = PlainOrControl(text);
    return byte ? Byte(*byte | 0x80) : std::nullopt;
  }
  if (absl::ConsumePrefix(&text, "\\")) return BehindBackslash(text);
  return Octal(text, 2);
}

}  // namespace

absl::StatusOr<char> ParseCharacter(absl::string_view text) {
  const Byte byte = Parse(text);
  if (!byte) {
    // Differs: the original of xapply then expanded nothing at all, silently.
    return absl::InvalidArgumentError(
        absl::StrCat("'", Clean(text), "' is not one character"));
  }
  if (*byte == 0) {
    return absl::FailedPreconditionError("NUL cannot be the character");
  }
  return static_cast<char>(*byte);
}

}  // namespace text
