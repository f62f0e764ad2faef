#include "power/credential_form.h"

#include <absl/strings/ascii.h>

namespace power {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";
constexpr size_t kLongestForm = 6;  // of one byte: &quot;

absl::string_view XmlForm(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
  }
  return "";
}

// Writes what `c` becomes; returns how many bytes that are.
size_t WriteByte(char c, SecretForm form, char* out) {
  switch (form) {
    case SecretForm::kRaw:
      break;
    case SecretForm::kXml:
      if (const absl::string_view xml = XmlForm(c); !xml.empty()) {
        return static_cast<size_t>(xml.copy(out, xml.size()));
      }
      break;
    case SecretForm::kForm:
      if (absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' ||
          c == '~') {
        break;
      }
      out[0] = '%';
      out[1] = kHex[static_cast<unsigned char>(c) >> 4];
      out[2] = kHex[c & 15];
      return 3;
  }
  *out = c;
  return 1;
}

}  // namespace

std::string EncodedUser(absl::string_view user, SecretForm form) {
  std::string out;
  for (const char c : user) {
    char bytes[kLongestForm];
    out.append(bytes, WriteByte(c, form, bytes));
  }
  return out;
}

keys::Secret EncodedSecret(const keys::Secret& secret, SecretForm form) {
  size_t size = 0;
  char bytes[kLongestForm];
  for (const char c : secret.view()) size += WriteByte(c, form, bytes);
  keys::Secret out(size);
  char* at = reinterpret_cast<char*>(out.data());
  for (const char c : secret.view()) {
    // Not straight into `out`: the last byte may leave too little room.
    const size_t count = WriteByte(c, form, bytes);
    std::copy(bytes, bytes + count, at);
    at += count;
  }
  std::fill(std::begin(bytes), std::end(bytes), '\0');
  return out;
}

}  // namespace power
