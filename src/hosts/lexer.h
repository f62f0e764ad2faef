// The tokens of a host file, as hostfile(5) has them. Pure.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace hosts {

struct Token {
  enum class Kind {
    kNewline,  // also a comment with its newline
    kEquals,   // =
    kHeader,   // %
    kUnset,    // .
    kString,   // "..." or `...', without the quotes and escapes
    kWord,
    kEnd,
  };
  Kind kind = Kind::kEnd;
  absl::string_view text;  // of a string or word; until the next token
  int line = 1;            // where it begins
  bool is_name = false;    // of a word: it may be a macro's name
};

class Lexer {
 public:
  // `file` is what messages call it. Both are borrowed. `warnings` gets a line
  // for each quote that closes nothing.
  Lexer(absl::string_view file, absl::string_view text,
        std::vector<std::string>* warnings)
      : file_(file), text_(text), warnings_(warnings) {}

  // InvalidArgument ("FILE:LINE: reason") for a string that is never closed,
  // with the line where it began, and for a NUL.
  absl::Status Next(Token* token);
  // A failure at that line: "FILE:LINE: what".
  std::string At(int line, absl::string_view what) const;

 private:
  absl::Status CString(Token* token);
  absl::Status M4String(Token* token);

  absl::string_view file_, text_;
  std::vector<std::string>* warnings_;
  size_t at_ = 0;
  int line_ = 1;
  std::string unescaped_;  // what the last token points to, if it had escapes
};

}  // namespace hosts
