#include "text/m4_eval.h"

#include <algorithm>

namespace text {
namespace {

enum class Op : uint8_t {
  kNumber,
  kOrElse,
  kAndAlso,
  kOr,
  kXor,
  kAnd,
  kEqual,
  kSingleEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kShiftLeft,
  kShiftRight,
  kPlus,
  kMinus,
  kTimes,
  kDivide,
  kModulo,
  kPower,
  kNot,
  kComplement,
  kOpen,
  kClose,
  kEnd,
  kUnknown,  // no such byte in an expression
  kRefused,  // an operator of C, but not of m4
};

// How tightly the binary operators bind; 0 is no binary operator.
int Level(Op op) {
  switch (op) {
    case Op::kOrElse:
      return 1;
    case Op::kAndAlso:
      return 2;
    case Op::kOr:
      return 3;
    case Op::kXor:
      return 4;
    case Op::kAnd:
      return 5;
    case Op::kEqual:
    case Op::kSingleEqual:
    case Op::kNotEqual:
      return 6;
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
      return 7;
    case Op::kShiftLeft:
    case Op::kShiftRight:
      return 8;
    case Op::kPlus:
    case Op::kMinus:
      return 9;
    case Op::kTimes:
    case Op::kDivide:
    case Op::kModulo:
      return 10;
    case Op::kPower:
      return 11;
    default:
      return 0;
  }
}
constexpr int kPowerLevel = 11;

// Those before kSyntax do not matter where && or || decide without them.
enum class Error : uint8_t {
  kNone,
  kDivision,
  kModulo,
  kExponent,
  kSyntax,
  kClosing,
  kInput,
  kExcess,
  kOperator,
  kDepth,
};

absl::string_view Text(Error error) {
  switch (error) {
    case Error::kNone:
      return "";
    case Error::kDivision:
      return "divide by zero in eval";
    case Error::kModulo:
      return "modulo by zero in eval";
    case Error::kExponent:
      return "negative exponent in eval";
    case Error::kSyntax:
      return "bad expression in eval";
    case Error::kClosing:
      return "bad expression in eval (missing right parenthesis)";
    case Error::kInput:
      return "bad expression in eval (bad input)";
    case Error::kExcess:
      return "bad expression in eval (excess input)";
    case Error::kOperator:
      return "invalid operator in eval";
    case Error::kDepth:
      return "expression nested too deeply in eval";
  }
  return "";
}

// The parser is recursive: this many parentheses, unary operators and powers
// within each other keep it well inside any stack.
constexpr int kMaxDepth = 2000;

uint32_t Bits(int32_t value) { return static_cast<uint32_t>(value); }
int32_t Wrapped(uint32_t bits) { return static_cast<int32_t>(bits); }

int32_t Power(int32_t base, int32_t exponent) {
  uint32_t result = 1, square = Bits(base);
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= square;
    square *= square;
  }
  return Wrapped(result);
}

Error Apply(Op op, int32_t right, int32_t* left) {
  const uint32_t a = Bits(*left), b = Bits(right);
  switch (op) {
    case Op::kOrElse:
      *left = *left || right;
      break;
    case Op::kAndAlso:
      *left = *left && right;
      break;
    case Op::kOr:
      *left = Wrapped(a | b);
      break;
    case Op::kXor:
      *left = Wrapped(a ^ b);
      break;
    case Op::kAnd:
      *left = Wrapped(a & b);
      break;
    case Op::kEqual:
    case Op::kSingleEqual:
      *left = *left == right;
      break;
    case Op::kNotEqual:
      *left = *left != right;
      break;
    case Op::kLess:
      *left = *left < right;
      break;
    case Op::kLessEqual:
      *left = *left <= right;
      break;
    case Op::kGreater:
      *left = *left > right;
      break;
    case Op::kGreaterEqual:
      *left = *left >= right;
      break;
    case Op::kShiftLeft:
      *left = Wrapped(a << (b & 31));
      break;
    case Op::kShiftRight:
      *left = *left >> (b & 31);
      break;
    case Op::kPlus:
      *left = Wrapped(a + b);
      break;
    case Op::kMinus:
      *left = Wrapped(a - b);
      break;
    case Op::kTimes:
      *left = Wrapped(a * b);
      break;
    case Op::kDivide:
      if (right == 0) return Error::kDivision;
      // The least number has no opposite.
      *left = right == -1 ? Wrapped(0 - a) : *left / right;
      break;
    case Op::kModulo:
      if (right == 0) return Error::kModulo;
      *left = right == -1 ? 0 : *left % right;
      break;
    case Op::kPower:
      if (right < 0) return Error::kExponent;
      if (*left == 0 && right == 0) return Error::kDivision;
      *left = Power(*left, right);
      break;
    default:
      break;
  }
  return Error::kNone;
}

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  M4Sum Evaluate() {
    M4Sum sum;
    Error error = Binary(1, Lex(&sum.value), &sum.value);
    if (error == Error::kNone && at_ != text_.size()) {
      int32_t ignored = 0;
      error = Lex(&ignored) == Op::kRefused ? Error::kOperator : Error::kExcess;
    }
    sum.error = Text(error);
    sum.bad_operator = error == Error::kOperator;
    sum.single_equals = single_equals_;
    return sum;
  }

 private:
  char Ahead(size_t n = 0) const {
    return at_ + n < text_.size() ? text_[at_ + n] : '\0';
  }
  // One of the operators with `=` behind them: C's assignments.
  Op Unless(char assigns, Op op) {
    return Ahead() == assigns ? Op::kRefused : op;
  }

  Op Lex(int32_t* value) {
    while (Ahead() == ' ' || (Ahead() >= '\t' && Ahead() <= '\r')) ++at_;
    begin_ = at_;
    if (at_ == text_.size()) return Op::kEnd;
    const char c = Ahead();
    if (c >= '0' && c <= '9') return Number(value);
    ++at_;
    switch (c) {
      case '+':
        return Ahead() == '+' ? Op::kRefused : Unless('=', Op::kPlus);
      case '-':
        return Ahead() == '-' ? Op::kRefused : Unless('=', Op::kMinus);
      case '*':
        if (Ahead() == '*') {
          ++at_;
          return Op::kPower;
        }
        return Unless('=', Op::kTimes);
      case '/':
        return Unless('=', Op::kDivide);
      case '%':
        return Unless('=', Op::kModulo);
      case '=':
        return Two('=', Op::kEqual, Op::kSingleEqual);
      case '!':
        return Two('=', Op::kNotEqual, Op::kNot);
      case '>':
        if (Ahead() == '>') {
          ++at_;
          return Unless('=', Op::kShiftRight);
        }
        return Two('=', Op::kGreaterEqual, Op::kGreater);
      case '<':
        if (Ahead() == '<') {
          ++at_;
          return Unless('=', Op::kShiftLeft);
        }
        return Two('=', Op::kLessEqual, Op::kLess);
      case '^':
        return Unless('=', Op::kXor);
      case '~':
        return Op::kComplement;
      case '&':
        if (Ahead() == '&') {
          ++at_;
          return Op::kAndAlso;
        }
        return Unless('=', Op::kAnd);
      case '|':
        if (Ahead() == '|') {
          ++at_;
          return Op::kOrElse;
        }
        return Unless('=', Op::kOr);
      case '(':
        return Op::kOpen;
      case ')':
        return Op::kClose;
      default:
        return Op::kUnknown;
    }
  }

  Op Two(char second, Op both, Op alone) {
    if (Ahead() != second) return alone;
    ++at_;
    return both;
  }

  Op Number(int32_t* value) {
    uint32_t base = 10;
    if (Ahead() == '0') {
      ++at_;
      switch (Ahead()) {
        case 'x':
        case 'X':
          base = 16, ++at_;
          break;
        case 'b':
        case 'B':
          base = 2, ++at_;
          break;
        case 'r':
        case 'R':
          base = 0;
          ++at_;
          for (; Ahead() >= '0' && Ahead() <= '9' && base <= 36; ++at_) {
            base = 10 * base + (Ahead() - '0');
          }
          if (base == 0 || base > 36 || Ahead() != ':') return Op::kUnknown;
          ++at_;
          break;
        default:
          base = 8;
      }
    }
    uint32_t sum = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = Ahead();
      uint32_t digit;
      if (c >= '0' && c <= '9') {
        digit = c - '0';
      } else if (c >= 'a' && c <= 'z') {
        digit = c - 'a' + 10;
      } else if (c >= 'A' && c <= 'Z') {
        digit = c - 'A' + 10;
      } else {
        break;
      }
      if (base == 1) {
        // A row of ones, which zeros may lead.
        if (digit == 0 && sum == 0) continue;
        if (digit != 1) break;
        ++sum;
      } else if (digit >= base) {
        break;
      } else {
        sum = sum * base + digit;
      }
    }
    *value = Wrapped(sum);
    return Op::kNumber;
  }

  // What binds at least as tightly as `level`; `op` is its first token. Leaves
  // the token behind it unread.
  Error Binary(int level, Op op, int32_t* value) {
    Error error = Unary(op, value);
    int last = kPowerLevel;
    while (error == Error::kNone) {
      int32_t right = 0;
      const Op next = Lex(&right);
      if (next == Op::kUnknown) return Error::kInput;
      const int binds = Level(next);
      // Behind an error that did not matter there may be an operator that binds
      // more tightly; GNU m4 stumbles over it.
      if (binds < level || binds > last) {
        at_ = begin_;
        return Error::kNone;
      }
      const Op first = Lex(&right);
      if (first == Op::kUnknown) return Error::kInput;
      // Powers group to the right, all others to the left.
      if (binds == kPowerLevel) {
        if (++depth_ > kMaxDepth) return Error::kDepth;
        error = Binary(kPowerLevel, first, &right);
        --depth_;
      } else {
        error = Binary(binds + 1, first, &right);
      }
      last = binds;
      if (error == Error::kNone) {
        if (next == Op::kSingleEqual) ++single_equals_;
        error = Apply(next, right, value);
      } else if (error < Error::kSyntax &&
                 ((next == Op::kOrElse && *value != 0) ||
                  (next == Op::kAndAlso && *value == 0))) {
        *value = next == Op::kOrElse;
        error = Error::kNone;
      }
    }
    return error;
  }

  Error Unary(Op op, int32_t* value) {
    if (op == Op::kPlus || op == Op::kMinus || op == Op::kNot ||
        op == Op::kComplement) {
      const Op next = Lex(value);
      if (next == Op::kUnknown) return Error::kInput;
      if (++depth_ > kMaxDepth) return Error::kDepth;
      const Error error = Unary(next, value);
      --depth_;
      if (error != Error::kNone) return error;
      if (op == Op::kMinus) *value = Wrapped(0 - Bits(*value));
      if (op == Op::kNot) *value = *value == 0;
      if (op == Op::kComplement) *value = ~*value;
      return error;
    }
    if (op == Op::kNumber) return Error::kNone;
    if (op == Op::kRefused) return Error::kOperator;
    if (op != Op::kOpen) return Error::kSyntax;
    Op next = Lex(value);
    if (next == Op::kUnknown) return Error::kInput;
    if (++depth_ > kMaxDepth) return Error::kDepth;
    const Error error = Binary(1, next, value);
    --depth_;
    if (error != Error::kNone) return error;
    int32_t ignored = 0;
    next = Lex(&ignored);
    if (next == Op::kUnknown) return Error::kInput;
    return next == Op::kClose ? Error::kNone : Error::kClosing;
  }

  absl::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;  // of the last token
  int depth_ = 0;
  int single_equals_ = 0;
};

}  // namespace

M4Sum EvaluateM4(absl::string_view expression) {
  return Parser(expression).Evaluate();
}

std::string M4Digits(int32_t value, int radix, int digits, size_t max_bytes) {
  const bool minus = value < 0;
  uint32_t rest = minus ? 0 - Bits(value) : Bits(value);
  std::string number;  // from the last digit on
  if (radix == 1) {
    if (rest > max_bytes) return "";
    number.assign(rest, '1');
  } else {
    do {
      number += "0123456789abcdefghijklmnopqrstuvwxyz"[rest % radix];
      rest /= radix;
    } while (rest != 0);
  }
  const size_t wanted = digits > 0 ? digits : 0;
  if (wanted > max_bytes) return "";
  if (number.size() < wanted) number.append(wanted - number.size(), '0');
  if (minus) number += '-';
  std::reverse(number.begin(), number.end());
  return number;
}

}  // namespace text
