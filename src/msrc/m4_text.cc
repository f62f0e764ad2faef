#include "msrc/m4_text.h"

#include <absl/strings/str_cat.h>

#include <utility>

namespace msrc {

std::string QuoteM4(absl::string_view text) {
  // A quote of either kind stands outside of quotes: there ' is a letter like
  // any other, and ` needs other quotes around it for once.
  constexpr absl::string_view kOpen = "`'changequote([,])[`]changequote`'";
  // Empty quotes keep apart what stands at both sides.
  std::string source = text.empty() ? "`'" : "";
  while (!text.empty()) {
    const size_t end = text.find_first_of("`'");
    const absl::string_view plain = text.substr(0, end);
    if (!plain.empty()) absl::StrAppend(&source, "`", plain, "'");
    if (end == absl::string_view::npos) break;
    // The empty quotes keep what follows from being arguments or letters.
    source += text[end] == '`' ? std::string(kOpen) : "'";
    text.remove_prefix(end + 1);
  }
  return source;
}

void M4Text::Flush() {
  if (!text_.empty()) source_ += QuoteM4(text_);
  text_.clear();
}

M4Text& M4Text::Text(absl::string_view text) {
  absl::StrAppend(&text_, text);
  return *this;
}

M4Text& M4Text::Call(absl::string_view source) {
  Flush();
  absl::StrAppend(&source_, source);
  return *this;
}

M4Text& M4Text::Divert(absl::string_view where) {
  return Call(absl::StrCat("divert(", where, ")dnl\n"));
}

std::string M4Text::Take() {
  Flush();
  return std::exchange(source_, "");
}

}  // namespace msrc
