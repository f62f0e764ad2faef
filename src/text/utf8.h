// UTF-8 (RFC 3629), without the C library: in a static binary its locale is
// always "C".
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace text {

// Takes one character off the front of `rest`, which must not be empty. False
// when what is there is no UTF-8 (a stray or missing continuation, an overlong
// form, a surrogate, above U+10FFFF); then one byte is taken.
bool TakeRune(absl::string_view& rest, char32_t& rune);
void AppendRune(std::string& out, char32_t rune);
bool IsUtf8(absl::string_view bytes);

// Columns `rune` takes on a terminal: 0, 1 or 2. Newer emoji count as most
// terminals draw them.
int RuneWidth(char32_t rune);
// Columns of Clean text.
size_t Width(absl::string_view text);
// The longest front of Clean text that is at most `columns` wide; if that is
// not all of it, it ends in "…", which is counted.
std::string Cut(absl::string_view text, size_t columns);

// `bytes` with whatever could move a cursor or is no UTF-8 made visible: \n,
// \t, \xHH. UTF-8 letters stay. For text from outside that people shall read.
std::string Clean(absl::string_view bytes);

}  // namespace text
