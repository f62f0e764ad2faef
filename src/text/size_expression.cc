#include "text/size_expression.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "base/status.h"

namespace text {
namespace {

// Each level is a few frames of ours on the stack.
constexpr int kMaxNesting = 64;

struct Unit {
  char letter;
  absl::string_view name;
  int64_t bytes;
};
constexpr Unit kUnits[] = {
    {'w', "word", 2},           {'l', "long word", 4},
    {'b', "block", 512},        {'k', "kilobyte", 1024},
    {'m', "megabyte", 1 << 20}, {'g', "gigabyte", 1 << 30},
};

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<int64_t> Parse() {
    TRY_ASSIGN(const int64_t value, Sum());
    if (Peek() == ')') return Error("there is no '(' for a ')'");
    if (at_ < text_.size()) return Error("nothing fits behind it");
    if (value < 0) return Error("is negative");
    return value;
  }

 private:
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("malformed expression '", text_, "': ", what));
  }
  absl::Status TooLarge() const { return Error("too large a number"); }

  // The next character that is no white space; 0 at the end.
  char Peek() {
    while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) at_++;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  absl::StatusOr<int64_t> Sum() {
    TRY_ASSIGN(int64_t sum, Product());
    for (char sign = Peek(); sign == '+' || sign == '-'; sign = Peek()) {
      at_++;
      TRY_ASSIGN(const int64_t next, Product());
      const bool over = sign == '+' ? __builtin_add_overflow(sum, next, &sum)
                                    : __builtin_sub_overflow(sum, next, &sum);
      if (over) return TooLarge();
    }
    return sum;
  }

  absl::StatusOr<int64_t> Product() {
    TRY_ASSIGN(int64_t product, Term());
    for (char sign = Peek(); sign == '*' || sign == '/' || sign == '%';
         sign = Peek()) {
      at_++;
      TRY_ASSIGN(const int64_t next, Term());
      if (sign == '*') {
        if (__builtin_mul_overflow(product, next, &product)) return TooLarge();
        continue;
      }
      if (next == 0) return Error("division by zero");
      // The one quotient that is no number: the lowest by -1.
      if (next == -1) {
        if (__builtin_sub_overflow(int64_t{0}, product, &product)) {
          return TooLarge();
        }
        if (sign == '%') product = 0;
      } else {
        product = sign == '/' ? product / next : product % next;
      }
    }
    return product;
  }

  absl::StatusOr<int64_t> Term() {
    TRY_ASSIGN(int64_t term, Part());
    for (char c = Peek(); c == '(' || absl::ascii_isalnum(c); c = Peek()) {
      TRY_ASSIGN(const int64_t next, Part());
      if (__builtin_mul_overflow(term, next, &term)) return TooLarge();
    }
    return term;
  }

  absl::StatusOr<int64_t> Part() {
    const char c = Peek();
    if (absl::ascii_isdigit(c)) return Number();
    if (c == '(') {
      if (++nesting_ > kMaxNesting) return Error("too many parentheses");
      at_++;
      TRY_ASSIGN(const int64_t inner, Sum());
      if (Peek() != ')') return Error("a ')' is missing");
      at_++;
      nesting_--;
      return inner;
    }
    for (const Unit& unit : kUnits) {
      if (unit.letter != c) continue;
      at_++;
      return unit.bytes;
    }
    if (absl::ascii_isalpha(c)) return Error("unknown unit");
    return Error("a number is missing");
  }

  absl::StatusOr<int64_t> Number() {
    int base = 10;
    if (text_[at_] == '0') {
      base = 8;
      if (at_ + 2 < text_.size() && (text_[at_ + 1] | 32) == 'x' &&
          absl::ascii_isxdigit(text_[at_ + 2])) {
        base = 16;
        at_ += 2;
      }
    }
    int64_t number = 0;
    for (; at_ < text_.size(); at_++) {
      const char c = absl::ascii_tolower(text_[at_]);
      if (!(base == 16 ? absl::ascii_isxdigit(c) : absl::ascii_isdigit(c))) {
        break;
      }
      const int digit = absl::ascii_isdigit(c) ? c - '0' : c - 'a' + 10;
      if (digit >= base) return Error("8 and 9 are no octal digits");
      if (__builtin_mul_overflow(number, base, &number) ||
          __builtin_add_overflow(number, digit, &number)) {
        return TooLarge();
      }
    }
    return number;
  }

  absl::string_view text_;
  size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace

// Differs: the usual precedence of operators. The original read what stands
// behind a '*' to its end first, so that 2*3+4 was 14; there a division never
// ended, and what did not parse was a warning.
absl::StatusOr<int64_t> ParseSizeExpression(absl::string_view text) {
  return Parser(text).Parse();
}

std::string SizeTable(absl::string_view program) {
  std::string table = absl::StrCat(program, ": byte conversion table\n");
  for (const Unit& unit : kUnits) {
    absl::StrAppendFormat(&table, " %c %9s %10d\n", unit.letter, unit.name,
                          unit.bytes);
  }
  return table;
}

}  // namespace text
