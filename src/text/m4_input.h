// What is still to be read: texts on top of each other, the last one first, cut
// into the tokens of m4.
//
// A token does not end where its text ends: `b' at the end of a text and `c' at
// the begin of the one below are the word `bc', as in every m4. A text that is
// used up therefore stays until something below it was read.
//
// The position is that of the byte read last: a file's line, or for a text that
// came of a macro the place of its call.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "text/m4_names.h"
#include "text/m4_value.h"

namespace text {

struct M4Position {
  const std::string* file = nullptr;  // lives as long as the input; null: none
  int line = 0;                       // 0 when there is no file
};

struct M4Token {
  enum class Kind : uint8_t {
    kEnd,
    kText,    // bytes without a meaning
    kString,  // what was quoted, or a comment with its delimiters
    kWord,    // may be a macro
    kOpen,    // only when arguments are collected, like the next two
    kComma,
    kClose,
    kBuiltin,      // of defn
    kOpenString,   // the end came before that of a string or a comment,
    kOpenComment,  // whose begin is `at`
  };
  Kind kind;
  // Borrowed until the next thing is read.
  absl::string_view text;
  const M4Builtin* builtin = nullptr;
};

class M4Input {
 public:
  M4Input(size_t max_pushed_bytes, bool synclines);

  // A file; `content` is borrowed until it has been read, unless `keep` is its
  // owner.
  void PushFile(absl::string_view name, absl::string_view content,
                std::shared_ptr<const std::string> keep);
  void PushStream(absl::string_view name,
                  std::function<bool(std::string& text)> more);
  // The text that was appended to stack() since Begin(), as one that came from
  // `from`.
  void PushStacked(M4Position from);
  void PushBuiltin(const M4Builtin* builtin);
  // A text that is read at the end of all input, the last one first.
  void Wrap(absl::string_view text, M4Position from);
  // Makes what was wrapped the input; false when there is nothing.
  bool Unwrap();

  // Before stack().Begin(): lets go of what is used up, so that a macro that
  // ends in a call of itself runs in constant space.
  void PopUsed();
  M4Stack& stack() { return stack_; }

  M4Token Next(bool in_arguments);
  // Whether an argument list follows.
  bool AtOpen();
  void SkipByte();
  // Up to and including a newline; false when the input ended before.
  bool SkipLine();

  // Where the last byte was read.
  M4Position position();
  // From now on, until the next byte is read.
  void set_position(M4Position position) {
    position_ = position;
    moved_ = false;
  }
  // Of the first byte of the last token; kept for synclines only.
  int token_line() const { return token_line_; }
  const M4Position& string_begin() const { return string_begin_; }

  const M4Delimiters& delimiters() const { return delimiters_; }
  void set_delimiters(M4Delimiters delimiters);

  // Called when a file was used up: where, and where reading goes on (null: at
  // the end of all).
  std::function<void(M4Position end, M4Position next)> on_file_end;

  // The same pointer for the same name, for ever.
  const std::string* Intern(absl::string_view name);

 private:
  enum class BlockKind : uint8_t { kText, kFile, kStream, kBuiltin };
  struct Block {
    BlockKind kind;
    const char* at;
    const char* end;
    const char* begin;
    const char* counted;  // of a file: `line` is that of this byte
    const std::string* file;
    int line;
    int last_line;  // of a stream: of the byte before `begin`
    const M4Builtin* builtin;
  };
  // What files are made of, beside their blocks.
  struct Source {
    std::shared_ptr<const std::string> keep;
    std::function<bool(std::string&)> more;
    std::string piece;
  };
  static constexpr int kEnd = -1, kToken = 256;

  // The next byte, kEnd or kToken; nothing is read.
  int Peek();
  int Take();
  bool Refill(size_t block);
  void Pop();
  int LineOf(Block& block);
  // Whether `delimiter`, whose first byte is next, is there; takes it if so.
  bool Match(absl::string_view delimiter, bool take);
  absl::string_view Word(Block& block);
  M4Token Quoted();
  M4Token Comment();
  void Classify();

  std::vector<Block> blocks_;
  // Of the files and streams among them. They stay where they are: a short
  // piece is inside of its string.
  std::deque<Source> sources_;
  M4Stack stack_;
  struct Wrapped {
    std::string text;
    M4Position from;
  };
  std::vector<Wrapped> wrapped_;
  std::set<std::string> file_names_;

  M4Position position_;
  bool moved_ = false;  // bytes were read since position_ was right
  bool synclines_;
  int token_line_ = 0;
  M4Position string_begin_;
  M4Delimiters delimiters_;
  std::string scratch_;  // a token out of several blocks
  uint8_t class_[256];
};

}  // namespace text
