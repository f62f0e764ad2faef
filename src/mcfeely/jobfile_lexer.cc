#include "mcfeely/jobfile_lexer.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/limits.h"
#include "base/strings.h"
#include "text/utf8.h"

namespace mcfeely {
namespace {

// One pass over the text. A quote ends on its line, so that one that was
// forgotten spoils one line and not the rest of the file.
class Lexer {
 public:
  Lexer(uint32_t source, absl::string_view text, JobErrors& errors)
      : source_(source), rest_(text), errors_(errors) {}

  std::vector<Line> Run() {
    while (!rest_.empty()) {
      Line line{Here(), {}, false};
      ReadLine(line);
      if (!line.words.empty()) lines_.push_back(std::move(line));
      if (rest_.empty()) break;
      rest_.remove_prefix(LineEnd());
      line_++;
    }
    return std::move(lines_);
  }

 private:
  Place Here() const { return {source_, line_}; }
  void Wrong(Line& line, absl::string_view message) {
    errors_.Add(Here(), message);
    line.broken = true;
  }
  // How many bytes of a line's end `rest_` begins with: 0, 1, or 2.
  size_t LineEnd(size_t at = 0) const {
    const auto is = [&](size_t i, char c) {
      return i < rest_.size() && rest_[i] == c;
    };
    if (is(at, '\n')) return 1;
    return is(at, '\r') && is(at + 1, '\n') ? 2 : 0;
  }
  // Takes a `\` at the end of a line, and the end.
  bool TakeContinuation() {
    if (!absl::StartsWith(rest_, "\\")) return false;
    const size_t end = LineEnd(1);
    if (end == 0 && rest_.size() > 1) return false;
    rest_.remove_prefix(1 + end);
    if (end != 0) line_++;
    return true;
  }
  bool AtBlank() const { return rest_[0] == ' ' || rest_[0] == '\t'; }

  void ReadLine(Line& line) {
    while (!rest_.empty() && LineEnd() == 0) {
      if (AtBlank()) {
        rest_.remove_prefix(1);
      } else if (rest_[0] == '#') {
        while (!rest_.empty() && LineEnd() == 0) rest_.remove_prefix(1);
      } else if (!TakeContinuation()) {
        if (line.words.empty()) line.place = Here();
        Word word;
        ReadWord(line, word);
        line.words.push_back(std::move(word));
      }
    }
  }

  void ReadWord(Line& line, Word& word) {
    while (!rest_.empty() && LineEnd() == 0 && !AtBlank()) {
      if (TakeContinuation()) continue;
      const char c = rest_[0];
      if (c == '\'') {
        TakeSingleQuoted(line, word);
      } else if (c == '"') {
        TakeDoubleQuoted(line, word);
      } else if (absl::StartsWith(rest_, "${")) {
        TakeHole(line, word);
      } else {
        TakeBytes(line, word);
      }
    }
  }

  // Bytes that never mean anything, in one go; or the one that is there, which
  // does not mean anything here.
  void TakeBytes(Line& line, Word& word) {
    size_t n = 0;
    while (n < rest_.size() && !MayMean(rest_[n])) n++;
    if (n == 0) {
      if (rest_[0] == '\0') {
        Wrong(line, "there is a NUL byte");
        rest_ = {};  // This is no text: there would be one in each line.
        return;
      }
      n = 1;
    }
    word.text.append(rest_.data(), n);
    rest_.remove_prefix(n);
  }
  static bool MayMean(char c) {
    switch (c) {
      case '\0':
      case ' ':
      case '\t':
      case '\r':
      case '\n':
      case '\'':
      case '"':
      case '\\':
      case '$':
        return true;
      default:
        return false;
    }
  }

  void TakeSingleQuoted(Line& line, Word& word) {
    word.bare = false;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_[0] != '\n') {
      if (rest_[0] == '\'') {
        rest_.remove_prefix(1);
        return;
      }
      TakeBytes(line, word);
    }
    if (!line.broken) Wrong(line, "a ' is not closed on its line");
  }

  void TakeDoubleQuoted(Line& line, Word& word) {
    word.bare = false;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_[0] != '\n') {
      if (rest_[0] == '"') {
        rest_.remove_prefix(1);
        return;
      }
      if (TakeContinuation()) continue;
      if (rest_[0] == '\\')
        TakeEscape(line, word);
      else if (absl::StartsWith(rest_, "${"))
        TakeHole(line, word);
      else
        TakeBytes(line, word);
    }
    if (!line.broken) Wrong(line, "a \" is not closed on its line");
  }

  void TakeEscape(Line& line, Word& word) {
    rest_.remove_prefix(1);  // there is a byte behind it: no continuation
    const char c = rest_[0];
    if (c == 'x') {
      const absl::string_view digits = rest_.substr(1, 2);
      if (digits.size() < 2 || !absl::ascii_isxdigit(digits[0]) ||
          !absl::ascii_isxdigit(digits[1])) {
        Wrong(line, "\\x without two hexadecimal digits");
        rest_.remove_prefix(1);
        return;
      }
      const std::string byte = absl::HexStringToBytes(digits);
      if (byte[0] == '\0') Wrong(line, "\\x00 is a NUL byte");
      word.text += byte;
      rest_.remove_prefix(3);
      return;
    }
    switch (c) {
      case 'n':
        word.text += '\n';
        break;
      case 't':
        word.text += '\t';
        break;
      case '"':
      case '\\':
        word.text += c;
        break;
      default:
        Wrong(line,
              absl::StrCat("unknown escape ",
                           Quoted(absl::StrCat("\\", absl::string_view(&c, 1))),
                           " (there are \\\" \\\\ \\n \\t \\xHH)"));
    }
    rest_.remove_prefix(1);
  }

  void TakeHole(Line& line, Word& word) {
    word.bare = false;
    // Not further than a name goes, or many of them would take for ever.
    const size_t end =
        rest_.substr(0, base::kMaxNameBytes + 3).find_first_of("}\n");
    if (end == absl::string_view::npos || rest_[end] == '\n') {
      Wrong(line, "a ${ is not followed by a name and }");
      rest_.remove_prefix(2);
      return;
    }
    const absl::string_view name = rest_.substr(2, end - 2);
    if (!base::IsName(name, base::kMaxNameBytes)) {
      Wrong(line, absl::StrCat(Quoted(rest_.substr(0, end + 1)),
                               " does not name a parameter"));
    } else {
      word.holes.push_back({word.text.size(), std::string(name)});
    }
    rest_.remove_prefix(end + 1);
  }

  const uint32_t source_;
  uint32_t line_ = 1;
  absl::string_view rest_;
  JobErrors& errors_;
  std::vector<Line> lines_;
};

}  // namespace

std::vector<Line> LexJobFile(uint32_t source, absl::string_view text,
                             JobErrors& errors) {
  return Lexer(source, text, errors).Run();
}

std::string QuoteJobWord(absl::string_view word) {
  const auto plain = [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("_-./:@%+=,", c);
  };
  if (!word.empty() && word != ":" &&
      std::all_of(word.begin(), word.end(), plain)) {
    return std::string(word);
  }
  // Letters of any language stay readable; what moves a cursor does not stay.
  const bool shown = text::Clean(word) == word;
  if (shown && !absl::StrContains(word, '\'')) {
    return absl::StrCat("'", word, "'");
  }
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\')
      absl::StrAppend(&out, "\\", absl::string_view(&c, 1));
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c != '$' && (absl::ascii_isprint(c) || (shown && c < 0)))
      out += c;
    else
      absl::StrAppend(&out, "\\x",
                      absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
  }
  return out + "\"";
}

}  // namespace mcfeely
