// Job files as lines of words (jobfile(5), "Lexical rules"). Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "mcfeely/jobfile_model.h"

namespace mcfeely {

// A `${NAME}` that belongs before byte `at` of its word's text.
struct Hole {
  size_t at;
  std::string name;
};
struct Word {
  std::string text;  // quotes and escapes gone, parameters not yet in
  std::vector<Hole> holes;
  bool bare = true;  // nothing in it was quoted or came from a parameter
};
struct Line {
  Place place;              // where it begins
  std::vector<Word> words;  // at least one
  bool broken = false;      // an error was told; words may be missing
};

// Every line that has a word.
std::vector<Line> LexJobFile(uint32_t source, absl::string_view text,
                             JobErrors& errors);

// `word` as one word of a job file, in the plainest quotes that will do.
std::string QuoteJobWord(absl::string_view word);

}  // namespace mcfeely
