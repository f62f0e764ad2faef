#include "text/m4_format.h"

#include <absl/strings/str_cat.h>
#include <stdio.h>  // snprintf, which writes numbers as GNU m4 does

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>

namespace text {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Formatter {
 public:
  Formatter(M4Engine& m4, const M4Args& args, M4Stack& out)
      : m4_(m4), args_(args), out_(out), format_(args[1]) {}

  void Run() {
    absl::string_view rest = format_;
    while (!m4_.ended()) {
      const size_t percent = rest.find('%');
      out_.Append(rest.substr(0, percent));
      if (percent == absl::string_view::npos) return;
      rest.remove_prefix(percent + 1);
      if (!rest.empty() && rest[0] == '%') {
        out_.Append('%');
        rest.remove_prefix(1);
      } else {
        Conversion(rest);
      }
    }
  }

 private:
  // One, behind its %.
  void Conversion(absl::string_view& rest) {
    const auto next = [&rest] { return rest.empty() ? '\0' : rest[0]; };
    std::string allowed = "aAcdeEfFgGiosuxX";
    const auto forbid = [&allowed](absl::string_view letters) {
      for (const char letter : letters) {
        const size_t at = allowed.find(letter);
        if (at != std::string::npos) allowed.erase(at, 1);
      }
    };
    std::string flags = "%";
    for (bool more = true; more;) {
      switch (next()) {
        case '\'':
          forbid("aAceEosxX");
          break;
        case '+':
          forbid("cosuxX");
          break;
        case ' ':
          forbid("cosuxX");
          break;
        case '0':
          forbid("cs");
          break;
        case '#':
          forbid("cdisu");
          break;
        case '-':
          break;
        default:
          more = false;
      }
      if (!more) break;
      if (flags.find(next()) == std::string::npos) flags += next();
      rest.remove_prefix(1);
    }
    const auto number = [&]() -> int {
      if (next() == '*') {
        rest.remove_prefix(1);
        return static_cast<int>(Integer());
      }
      int value = 0;
      while (IsDigit(next())) {
        value = value > INT_MAX / 10 - 1 ? INT_MAX : 10 * value + next() - '0';
        rest.remove_prefix(1);
      }
      return value;
    };
    const int width = number();
    int precision = -1;
    if (next() == '.') {
      forbid("c");
      rest.remove_prefix(1);
      precision = number();
    }
    bool is_long = false;
    std::string length;
    if (next() == 'l') {
      is_long = true;
      forbid("cs");
      length = "l";
      rest.remove_prefix(1);
    } else if (next() == 'h') {
      forbid("aAceEfFgGs");
      length = "h";
      rest.remove_prefix(1);
      if (next() == 'h') {
        length = "hh";
        rest.remove_prefix(1);
      }
    }
    const char letter = next();
    if (!rest.empty()) rest.remove_prefix(1);
    if (letter == '\0' || allowed.find(letter) == std::string::npos) {
      m4_.Warn(
          absl::StrCat("Warning: unrecognized specifier in `", format_, "'"));
      return;
    }
    // It would be written before anybody could look at how long it is.
    const size_t room = out_.room();
    if (static_cast<size_t>(std::abs(static_cast<int64_t>(width))) > room ||
        (precision > 0 && static_cast<size_t>(precision) > room)) {
      out_.Append(room + 1, ' ');
      return;
    }
    switch (letter) {
      case 'c': {
        const char c = static_cast<char>(Integer());
        // A NUL ends the text it stands in.
        const size_t size = c == '\0' ? 0 : 1;
        const bool left = width < 0 || flags.find('-') != std::string::npos;
        const size_t wide = std::abs(static_cast<int64_t>(width));
        if (wide >= INT_MAX) return;  // printf gives up there, too
        const size_t pad = wide > 1 ? wide - 1 : 0;
        if (!left) out_.Append(pad, ' ');
        out_.Append(absl::string_view(&c, size));
        if (left && size == 1) out_.Append(pad, ' ');
        return;
      }
      case 's': {
        absl::string_view text = Next();
        if (precision >= 0) text = text.substr(0, precision);
        const bool left = width < 0 || flags.find('-') != std::string::npos;
        const size_t wide = std::abs(static_cast<int64_t>(width));
        if (wide >= INT_MAX) return;  // printf gives up there, too
        const size_t pad = wide > text.size() ? wide - text.size() : 0;
        if (!left) out_.Append(pad, ' ');
        out_.Append(text);
        if (left) out_.Append(pad, ' ');
        return;
      }
      case 'd':
      case 'i':
      case 'o':
      case 'u':
      case 'x':
      case 'X':
        flags += "*.*" + length + letter;
        if (is_long) {
          Print(flags, width, precision, Long());
        } else {
          Print(flags, width, precision, static_cast<int>(Integer()));
        }
        return;
      default:
        // Of a double the l says nothing.
        flags += absl::StrCat("*.*", absl::string_view(&letter, 1));
        Print(flags, width, precision, Double());
        return;
    }
  }

  template <typename Number>
  void Print(const std::string& conversion, int width, int precision,
             Number number) {
    char small[128];
    const int size = snprintf(small, sizeof small, conversion.c_str(), width,
                              precision, number);
    if (size < 0 || size == INT_MAX) return;  // too wide
    if (static_cast<size_t>(size) < sizeof small) {
      out_.Append(absl::string_view(small, size));
      return;
    }
    std::string large(size, '\0');
    snprintf(large.data(), large.size() + 1, conversion.c_str(), width,
             precision, number);
    out_.Append(large);
  }

  absl::string_view Next() { return args_[++used_]; }
  bool AtEnd() const { return used_ >= args_.size(); }

  int64_t Long() { return Integer(true); }

  // As strtol takes it; an int keeps the low bits.
  int64_t Integer(bool is_long = false) {
    if (AtEnd()) return 0;
    const std::string text(Next());
    if (text.empty()) {
      m4_.Warn("empty string treated as 0");
      return 0;
    }
    errno = 0;
    char* end = nullptr;
    const long value = strtol(text.c_str(), &end, 10);
    Judge(text, end,
          errno == ERANGE || (!is_long && static_cast<int>(value) != value));
    return value;
  }

  double Double() {
    if (AtEnd()) return 0;
    const std::string text(Next());
    if (text.empty()) {
      m4_.Warn("empty string treated as 0");
      return 0;
    }
    errno = 0;
    char* end = nullptr;
    const double value = strtod(text.c_str(), &end);
    Judge(text, end, errno == ERANGE);
    return value;
  }

  void Judge(const std::string& text, const char* end, bool overflow) {
    if (end != text.c_str() + text.size()) {
      m4_.Warn(absl::StrCat("non-numeric argument ", text));
    } else if (IsSpace(text[0])) {
      m4_.Warn("leading whitespace ignored");
    } else if (overflow) {
      m4_.Warn("numeric overflow detected");
    }
  }

  M4Engine& m4_;
  const M4Args& args_;
  M4Stack& out_;
  absl::string_view format_;
  size_t used_ = 1;
};

}  // namespace

void FormatM4(M4Engine& m4, const M4Args& args, M4Stack& out) {
  Formatter(m4, args, out).Run();
}

}  // namespace text
