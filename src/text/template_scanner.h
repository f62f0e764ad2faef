// Reads the text of a command template from front to back and words what is
// wrong with it: "%[1/2 tail: missing close bracket (]) at column 11".
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace text {

class TemplateScanner {
 public:
  static constexpr int kEnd = -1;
  // What TakeNumber makes of numbers that are larger: past the end of anything.
  static constexpr size_t kMostNumber = SIZE_MAX / 16;

  // `text` is borrowed. Under `utf8`, TakeCharacter takes UTF-8 characters.
  TemplateScanner(absl::string_view text, bool utf8)
      : text_(text), utf8_(utf8) {}

  size_t at() const { return at_; }
  absl::string_view rest() const { return text_.substr(at_); }
  // The next byte (0 to 255), or kEnd.
  int Peek() const {
    return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : kEnd;
  }
  bool AtDigit() const { return Peek() >= '0' && Peek() <= '9'; }
  absl::string_view Since(size_t from) const {
    return text_.substr(from, at_ - from);
  }

  // These take what is there; none goes past the end.
  void Skip(size_t bytes);
  bool TakeIf(char c);
  // Up to the next `c`, which stays, or to the end.
  absl::string_view TakeUntil(char c);
  // The digits that are there, of which there must be one.
  size_t TakeNumber();
  // One UTF-8 character where there is one, else one byte; empty at the end.
  absl::string_view TakeCharacter();

  // A form begins here.
  void BeginForm() { form_ = at_; }
  size_t form() const { return form_; }

  // InvalidArgument: the form up to and with the next byte, which is the wrong
  // one, "what", and its column (bytes from 1). `subject` stands in front.
  absl::Status Fail(absl::string_view what,
                    absl::string_view subject = "") const;
  // The same for a form that is wrong as a whole and has been read: its column.
  absl::Status FailForm(absl::string_view what) const;

 private:
  absl::string_view text_;
  bool utf8_;
  size_t at_ = 0, form_ = 0;
};

// Text of a template for a message: on one line, and not long.
std::string ShowForm(absl::string_view form);

}  // namespace text
