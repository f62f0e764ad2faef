#include "text/template_scanner.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <string>

#include "text/utf8.h"

namespace text {
namespace {

constexpr size_t kShownBytes = 40;

}  // namespace

void TemplateScanner::Skip(size_t bytes) {
  at_ = std::min(at_ + bytes, text_.size());
}

bool TemplateScanner::TakeIf(char c) {
  if (Peek() != static_cast<unsigned char>(c)) return false;
  at_++;
  return true;
}

absl::string_view TemplateScanner::TakeUntil(char c) {
  const size_t from = at_;
  at_ = std::min(text_.find(c, at_), text_.size());
  return Since(from);
}

size_t TemplateScanner::TakeNumber() {
  size_t number = 0;
  for (; AtDigit(); at_++) {
    number = std::min(number * 10 + (Peek() - '0'), kMostNumber);
  }
  return number;
}

absl::string_view TemplateScanner::TakeCharacter() {
  const size_t from = at_;
  if (at_ == text_.size()) return "";
  absl::string_view after = rest();
  char32_t rune;
  if (utf8_) {
    TakeRune(after, rune);
    at_ = text_.size() - after.size();
  } else {
    at_++;
  }
  return Since(from);
}

absl::Status TemplateScanner::Fail(absl::string_view what,
                                   absl::string_view subject) const {
  const size_t end = std::min(at_ + 1, text_.size());
  return absl::InvalidArgumentError(
      absl::StrCat(subject, ShowForm(text_.substr(form_, end - form_)), ": ",
                   what, " at column ", at_ + 1));
}

absl::Status TemplateScanner::FailForm(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(
      ShowForm(Since(form_)), ": ", what, " at column ", form_ + 1));
}

std::string ShowForm(absl::string_view form) {
  if (form.size() <= kShownBytes) return Clean(form);
  return absl::StrCat(Clean(form.substr(0, kShownBytes)), "..");
}

}  // namespace text
