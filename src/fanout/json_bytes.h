// A stream of bytes as one JSON value: a string if all of it is UTF-8, else
// {"b64": "..."}. What it is has to be known before the first byte goes out.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace fanout {

// Whether bytes that come in pieces are UTF-8 as a whole.
class Utf8Check {
 public:
  void Add(absl::string_view bytes);
  bool valid() const { return valid_ && rest_.empty(); }

 private:
  bool valid_ = true;
  std::string rest_;  // the start of a character
};

class JsonBytes {
 public:
  explicit JsonBytes(bool utf8) : utf8_(utf8) {}
  std::string Begin() const { return utf8_ ? "\"" : "{\"b64\":\""; }
  std::string Add(absl::string_view bytes);
  std::string End();

 private:
  bool utf8_;
  std::string rest_;  // bytes that wait for the third
};

}  // namespace fanout
