// Cuts a file into elements of so many lines, as it is read.
// Differs: in the original a line has a longest length (-b).
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace oue {

struct Element {
  // Its lines, each but the last closed by the terminator. Borrowed.
  absl::string_view text;
  int64_t line_number = 1;  // of its first line, from 1
};

class Cutter {
 public:
  // `lines` at least 1. A last element that is short of lines is filled with
  // `pad`.
  Cutter(size_t lines, char terminator, std::string pad);

  // A new file: what is left of the one before is forgotten.
  void Begin();
  // Where what is read next goes, and how much of it that was. No element that
  // was cut before is good after Room.
  absl::Span<char> Room();
  void Filled(size_t bytes);
  // Replaces `elements` by those that are there, at most `most`. False when
  // there is none.
  bool Cut(size_t most, std::vector<Element>* elements);
  // At the end of the file, when Cut has no more: the rest, which may lack a
  // terminator. False when there is none.
  bool CutLast(Element* element);

 private:
  const size_t lines_;
  const char terminator_;
  const std::string pad_;

  std::vector<char> buffer_;
  // buffer_[begin_, end_) is read and not cut; of it, [begin_, searched_) was
  // searched and holds `found_` terminators. However slowly a long line comes,
  // none of it is searched twice.
  size_t begin_ = 0, searched_ = 0, end_ = 0, found_ = 0;
  int64_t line_number_ = 1;
  std::string last_;  // what CutLast put together
};

}  // namespace oue
