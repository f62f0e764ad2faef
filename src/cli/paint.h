// Bold and colours, where somebody sees them.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace cli {

// What the functions give is text with its style around it. Styles are off, and
// the text comes back as it is, unless `fd` is a terminal that knows them: TERM
// is set and not "dumb", and NO_COLOR is unset or empty (no-color.org).
class Paint {
 public:
  explicit Paint(int fd);

  bool on() const { return on_; }
  std::string Bold(absl::string_view text) const { return With(bold(), text); }
  std::string Dim(absl::string_view text) const { return With(dim(), text); }
  std::string Red(absl::string_view text) const { return With(red(), text); }
  std::string Green(absl::string_view text) const {
    return With(green(), text);
  }
  std::string Yellow(absl::string_view text) const {
    return With(yellow(), text);
  }
  // The styles by themselves, for text::Cell; "" when off.
  absl::string_view bold() const { return on_ ? "1" : ""; }
  absl::string_view dim() const { return on_ ? "2" : ""; }
  absl::string_view red() const { return on_ ? "31" : ""; }
  absl::string_view green() const { return on_ ? "32" : ""; }
  absl::string_view yellow() const { return on_ ? "33" : ""; }

 private:
  static std::string With(absl::string_view style, absl::string_view text);
  bool on_;
};

// Whether `fd` is a terminal that can do more than print lines.
bool IsCapableTerminal(int fd);

}  // namespace cli
