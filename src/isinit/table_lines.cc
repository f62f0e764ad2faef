#include "isinit/table_lines.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "isinit/limits.h"

namespace isinit {
namespace {

bool SaysNothing(absl::string_view line) {
  const absl::string_view rest = absl::StripLeadingAsciiWhitespace(line);
  return rest.empty() || rest[0] == '#';
}

// As a shell joins lines: a backslash that is itself quoted by one does not.
bool EndsInBackslash(absl::string_view line) {
  const size_t last = line.find_last_not_of('\\');
  const size_t count =
      last == absl::string_view::npos ? line.size() : line.size() - last - 1;
  return count % 2 == 1;
}

// ":::compat:yes" is for the lines behind it. What else its value may be is
// said by table_special.cc.
bool TurnsCompatOn(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  return absl::ConsumePrefix(&line, ":::compat:") &&
         (line.empty() || line == "yes");
}

class Splitter {
 public:
  Splitter(absl::string_view text, bool compat, Problems& problems)
      : rest_(text), compat_(compat), problems_(problems) {}

  std::vector<TableLine> Split() {
    while (!rest_.empty()) {
      const absl::string_view first = Next();
      // A comment is over at its end: it joins nothing.
      if (SaysNothing(first)) continue;
      Joined(first);
    }
    if (with_cr_ > 0) {
      problems_.Warn(
          first_cr_,
          with_cr_ == 1
              ? "the line ends in CR, which is left away"
              : absl::StrCat("the line ends in CR, which is left away; so do ",
                             with_cr_ - 1, " others"));
    }
    return std::move(lines_);
  }

 private:
  absl::string_view Next() {
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    absl::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    number_++;
    if (absl::ConsumeSuffix(&line, "\r") && with_cr_++ == 0) {
      first_cr_ = number_;
    }
    return line;
  }

  void Joined(absl::string_view line) {
    TableLine whole = {.number = number_, .text = {}};
    bool too_long = false;
    while (true) {
      const bool joins = !compat_ && EndsInBackslash(line);
      if (joins) line.remove_suffix(1);
      too_long |= whole.text.size() + line.size() > kMaxLineBytes;
      if (!too_long) absl::StrAppend(&whole.text, line);
      if (!joins) break;
      if (rest_.empty()) {
        problems_.Warn(number_, "there is no line behind the backslash");
        break;
      }
      line = Next();
    }
    if (too_long) {
      problems_.Error(whole.number, absl::StrCat("the line is longer than ",
                                                 kMaxLineBytes, " bytes"));
    } else if (absl::StrContains(whole.text, '\0')) {
      problems_.Error(whole.number, "the line has a NUL");
    } else if (!SaysNothing(whole.text)) {
      compat_ = compat_ || TurnsCompatOn(whole.text);
      lines_.push_back(std::move(whole));
    }
  }

  absl::string_view rest_;
  bool compat_;
  Problems& problems_;
  std::vector<TableLine> lines_;
  int number_ = 0;
  int first_cr_ = 0;
  size_t with_cr_ = 0;
};

}  // namespace

void Problems::Add(int line, bool error, std::string text) {
  last_line_ = std::max(last_line_, line);
  size_t& count = error ? errors_ : warnings_;
  if (count++ < kMaxProblems) {
    problems_.push_back(
        {.line = line, .error = error, .text = std::move(text)});
  }
}

std::vector<Problem> Problems::Take() {
  std::stable_sort(
      problems_.begin(), problems_.end(),
      [](const Problem& a, const Problem& b) { return a.line < b.line; });
  for (const bool error : {true, false}) {
    const size_t count = error ? errors_ : warnings_;
    if (count <= kMaxProblems) continue;
    problems_.push_back(
        {.line = last_line_,
         .error = error,
         .text = absl::StrCat("and ", count - kMaxProblems, " more ",
                              error ? "errors" : "warnings")});
  }
  return std::move(problems_);
}

std::vector<TableLine> SplitTable(absl::string_view text, bool compat,
                                  Problems& problems) {
  return Splitter(text, compat, problems).Split();
}

}  // namespace isinit
