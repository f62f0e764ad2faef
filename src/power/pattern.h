// A regular expression as device files have it: POSIX extended, of at most 256
// bytes, in which the two characters \r and \n stand for CR and LF. It matches
// anywhere, the leftmost of all, the longest of these; `$` does not match at
// the end of what has arrived, for more may come. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <memory>
#include <optional>
#include <string>

#include "power/match.h"

namespace power {

class Pattern {
 public:
  Pattern() = default;  // matches nothing

  // InvalidArgument with the reason: does not compile, is too long, repeats
  // too much, refers back (which POSIX does not have, and takes forever).
  static absl::StatusOr<Pattern> Compile(absl::string_view text);

  // As it was written.
  const std::string& text() const { return text_; }
  int groups() const;  // without the whole
  // `bytes` has no NUL: MatchBuffer sees to that.
  std::optional<Match> Find(absl::string_view bytes) const;
  // In a text that is whole: its end is the end.
  bool Matches(absl::string_view value) const;

  friend bool operator==(const Pattern& a, const Pattern& b) {
    return a.text_ == b.text_;
  }

 private:
  struct Compiled;
  std::string text_;
  // Copies of a pattern are the other owners: a compiled one does not change.
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace power
