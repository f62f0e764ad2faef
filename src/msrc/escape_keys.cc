#include "msrc/escape_keys.h"

#include <utility>

namespace msrc {

EscapeKeys::Typed EscapeKeys::Take(absl::string_view bytes) {
  Typed typed;
  for (const char c : bytes) {
    if (std::exchange(escaped_, false)) {
      if (c == '.') {
        typed.hang_up = true;
        return typed;
      }
      typed.keys.push_back('~');
      at_line_ = false;
      if (c == '~') continue;
    } else if (at_line_ && c == '~') {
      escaped_ = true;
      continue;
    }
    typed.keys.push_back(c);
    at_line_ = c == '\r' || c == '\n';
  }
  return typed;
}

}  // namespace msrc
