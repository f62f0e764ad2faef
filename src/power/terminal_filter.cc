#include "power/terminal_filter.h"

namespace power {
namespace {

// One that is longer is no sequence: it must not swallow what follows.
constexpr size_t kMaxControlBytes = 64;
constexpr size_t kMaxTitleBytes = 1024;

}  // namespace

std::string TerminalFilter::Take(absl::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (Byte(c)) text += c;
  }
  return text;
}

TerminalFilter::State TerminalFilter::AfterEscape(char c) {
  if (c == '[') return State::kControl;
  if (c == ']') return State::kTitle;
  // Intermediate bytes: one more follows.
  return c >= ' ' && c <= '/' ? State::kEscape : State::kText;
}

// Whether `c` is text.
bool TerminalFilter::Byte(char c) {
  length_++;
  switch (state_) {
    case State::kText:
      if (c == '\033') {
        state_ = State::kEscape;
        length_ = 0;
      }
      return c != '\033' && c != '\0';
    case State::kEscape:
      state_ = c == '\033' ? State::kEscape : AfterEscape(c);
      return false;
    case State::kControl:
      if ((c >= '@' && c <= '~') || length_ > kMaxControlBytes) {
        state_ = State::kText;
      }
      return false;
    case State::kTitle:
      if (c == '\033') {
        state_ = State::kTitleEscape;
      } else if (c == '\a' || length_ > kMaxTitleBytes) {
        state_ = State::kText;
      }
      return false;
    case State::kTitleEscape:
      state_ = State::kText;
      return false;
  }
  return true;
}

}  // namespace power
