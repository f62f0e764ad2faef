// What may be the name of a macro, and so of an attribute.
#pragma once

#include <absl/strings/ascii.h>
#include <absl/strings/string_view.h>

namespace hosts {

inline bool IsNameStart(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_';
}
inline bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}
// [A-Za-z_][A-Za-z0-9_]*
inline bool IsMacroName(absl::string_view text) {
  if (text.empty() || !IsNameStart(text[0])) return false;
  for (char c : text) {
    if (!IsNameByte(c)) return false;
  }
  return true;
}

}  // namespace hosts
