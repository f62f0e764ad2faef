// What an operator types while a terminal belongs to a utility over there: all
// of it goes there, but for what is for us, as ssh(1) has it. At the beginning
// of a line "~." hangs up, and "~~" is one "~". Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace msrc {

class EscapeKeys {
 public:
  struct Typed {
    std::string keys;  // for the utility
    bool hang_up = false;
  };
  // What is behind a "~." is dropped.
  Typed Take(absl::string_view bytes);

 private:
  bool at_line_ = true;   // nothing has been typed in this line
  bool escaped_ = false;  // but a "~", which waits
};

}  // namespace msrc
