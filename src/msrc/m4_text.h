// m4 source, made of text that stays as it is and of calls. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace msrc {

// `text` as m4 source that expands to exactly that text, whatever is in it. To
// stand outside of quotes and arguments.
std::string QuoteM4(absl::string_view text);

// Source being written: Text is quoted, Call is not. Adjacent texts are joined.
class M4Text {
 public:
  M4Text& Text(absl::string_view text);
  M4Text& Call(absl::string_view source);
  // A line break that is not put out.
  M4Text& Dnl() { return Call("dnl\n"); }
  // What was expanded of here on goes there; to nowhere for -1.
  M4Text& Divert(absl::string_view where);
  std::string Take();

 private:
  void Flush();
  std::string source_, text_;
};

}  // namespace msrc
