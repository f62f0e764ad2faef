#include "fanout/json_bytes.h"

#include <absl/strings/str_cat.h>

#include "base/bytes.h"
#include "text/utf8.h"

namespace fanout {

void Utf8Check::Add(absl::string_view bytes) {
  if (!valid_) return;
  std::string joined;
  if (!rest_.empty()) {
    joined = absl::StrCat(rest_, bytes);
    bytes = joined;
  }
  // A character that is cut at the end may go on in the next piece.
  size_t tail = 0;
  for (size_t back = 1; back <= 3 && back <= bytes.size(); back++) {
    const auto c = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if (c < 0x80) break;
    if (c < 0xc0) continue;
    const size_t needs = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (needs > back) tail = back;
    break;
  }
  if (!text::IsUtf8(bytes.substr(0, bytes.size() - tail))) valid_ = false;
  rest_ = std::string(bytes.substr(bytes.size() - tail));
}

std::string JsonBytes::Add(absl::string_view bytes) {
  std::string out;
  if (!utf8_) {
    absl::StrAppend(&rest_, bytes);
    const size_t whole = rest_.size() / 3 * 3;
    out = base::Base64(rest_.substr(0, whole));
    rest_.erase(0, whole);
    return out;
  }
  out.reserve(bytes.size() + bytes.size() / 16);
  for (const char c : bytes) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          absl::StrAppend(&out, "\\u", absl::Hex(c, absl::kZeroPad4));
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string JsonBytes::End() {
  return utf8_ ? "\"" : absl::StrCat(base::Base64(rest_), "\"}");
}

}  // namespace fanout
