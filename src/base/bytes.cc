#include "base/bytes.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

namespace base {
namespace {

template <typename T>
void PutLe(std::string& out, T v) {
  for (size_t i = 0; i < sizeof v; i++) out += static_cast<char>(v >> (8 * i));
}
template <typename T>
void PutBe(std::string& out, T v) {
  for (size_t i = sizeof v; i-- > 0;) out += static_cast<char>(v >> (8 * i));
}
template <typename T>
T GetLe(const char* at) {
  T v = 0;
  for (size_t i = sizeof v; i-- > 0;) v = v << 8 | static_cast<uint8_t>(at[i]);
  return v;
}
template <typename T>
T GetBe(const char* at) {
  T v = 0;
  for (size_t i = 0; i < sizeof v; i++) {
    v = v << 8 | static_cast<uint8_t>(at[i]);
  }
  return v;
}

}  // namespace

std::string Hex(absl::string_view bytes) {
  return absl::BytesToHexString(bytes);
}

absl::StatusOr<std::string> FromHex(absl::string_view text) {
  if (text.size() % 2 != 0) {
    return absl::InvalidArgumentError("an odd number of hexadecimal digits");
  }
  for (char c : text) {
    if (!absl::ascii_isxdigit(c)) {
      return absl::InvalidArgumentError("not a hexadecimal digit");
    }
  }
  return absl::HexStringToBytes(text);
}

std::string Base64(absl::string_view bytes) {
  return absl::Base64Escape(bytes);
}

absl::StatusOr<std::string> FromBase64(absl::string_view text) {
  std::string bytes;
  // Abseil skips white space and takes unpadded text; encoding again tells.
  if (!absl::Base64Unescape(text, &bytes) || Base64(bytes) != text) {
    return absl::InvalidArgumentError("not base64");
  }
  return bytes;
}

std::string Base64NoPad(absl::string_view bytes) {
  std::string text = Base64(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

void PutLe16(std::string& out, uint16_t v) { PutLe(out, v); }
void PutLe32(std::string& out, uint32_t v) { PutLe(out, v); }
void PutLe64(std::string& out, uint64_t v) { PutLe(out, v); }
void PutBe32(std::string& out, uint32_t v) { PutBe(out, v); }
void PutBe64(std::string& out, uint64_t v) { PutBe(out, v); }
uint16_t Le16(const char* at) { return GetLe<uint16_t>(at); }
uint32_t Le32(const char* at) { return GetLe<uint32_t>(at); }
uint64_t Le64(const char* at) { return GetLe<uint64_t>(at); }
uint32_t Be32(const char* at) { return GetBe<uint32_t>(at); }
uint64_t Be64(const char* at) { return GetBe<uint64_t>(at); }

std::string Escape(absl::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\\')
      out += "\\\\";
    else if (absl::ascii_isprint(c))
      out += c;
    else
      absl::StrAppend(&out, "\\x", Hex(absl::string_view(&c, 1)));
  }
  return out;
}

absl::string_view Reader::Bytes(size_t n) {
  if (!ok_ || n > rest_.size()) {
    ok_ = false;
    return {};
  }
  absl::string_view bytes = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return bytes;
}
uint8_t Reader::U8() {
  absl::string_view b = Bytes(1);
  return ok_ ? static_cast<uint8_t>(b[0]) : 0;
}
uint32_t Reader::Be32() {
  absl::string_view b = Bytes(4);
  return ok_ ? base::Be32(b.data()) : 0;
}
uint64_t Reader::Be64() {
  absl::string_view b = Bytes(8);
  return ok_ ? base::Be64(b.data()) : 0;
}
uint32_t Reader::Le32() {
  absl::string_view b = Bytes(4);
  return ok_ ? base::Le32(b.data()) : 0;
}
uint64_t Reader::Le64() {
  absl::string_view b = Bytes(8);
  return ok_ ? base::Le64(b.data()) : 0;
}

void PutSshString(std::string& out, absl::string_view bytes) {
  PutBe32(out, static_cast<uint32_t>(bytes.size()));
  absl::StrAppend(&out, bytes);
}

}  // namespace base
