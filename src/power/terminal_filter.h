// Takes out of what a device prints what only a terminal wants: colours, moves
// of the cursor, titles, NULs. Dialogues of language 2 see the text alone; in
// language 1 regexes see every byte, as powerman's do. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

namespace power {

class TerminalFilter {
 public:
  std::string Take(absl::string_view bytes);

 private:
  // ECMA-48: ESC [ parameters final; ESC ] text BEL, or ESC \ at its end; ESC
  // and intermediates and a final byte for the rest.
  enum class State : uint8_t { kText, kEscape, kControl, kTitle, kTitleEscape };
  bool Byte(char c);
  State AfterEscape(char c);

  State state_ = State::kText;
  size_t length_ = 0;
};

}  // namespace power
