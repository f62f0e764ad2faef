// How the value of a form is quoted for a shell: the prefixes q, Q and W.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace text {

enum class Quote : char {
  kNone,
  kInDouble,  // q: a value that stands between double quotes
  kShell,     // Q: no character but white space means anything to a shell
  kWord,      // W: exactly one word, an empty value too
};

// Appends `value`, quoted. kWord gives what every POSIX shell, and SplitWords,
// take for the value itself, as long as there is no NUL in it.
void AppendQuoted(Quote quote, absl::string_view value, std::string* out);

}  // namespace text
