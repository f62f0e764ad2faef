// The lines of a table, and what is wrong with them: joining, comments, line
// ends, limits; and the list of problems that reading it makes. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <utility>
#include <vector>

#include "isinit/table.h"

namespace isinit {

// What is wrong with a table. Junk may make a million errors: so many of each
// kind are kept as anybody reads, the rest is counted.
class Problems {
 public:
  void Error(int line, std::string text) { Add(line, true, std::move(text)); }
  void Warn(int line, std::string text) { Add(line, false, std::move(text)); }
  // In the order of the lines.
  std::vector<Problem> Take();

 private:
  void Add(int line, bool error, std::string text);

  std::vector<Problem> problems_;
  size_t errors_ = 0, warnings_ = 0;
  int last_line_ = 0;
};

struct TableLine {
  int number = 0;  // of the first of those that were joined
  std::string text;
};

// The lines that say something: no comments, no blank ones, without line ends;
// those that end in a backslash joined, unless `compat` or behind a line
// ":::compat:yes". A line that is too long or has a NUL is an error and left
// out.
std::vector<TableLine> SplitTable(absl::string_view text, bool compat,
                                  Problems& problems);

}  // namespace isinit
