#include "power/credential_form.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

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

// Not in a form, where every byte has a way to be written.
bool TypesSecret(const std::vector<Statement>& body) {
  return absl::c_any_of(body, [](const Statement& s) {
    return (s.kind == Statement::Kind::kSendSecret &&
            s.form != SecretForm::kForm) ||
           TypesSecret(s.body) ||
           absl::c_any_of(s.branches,
                          [](const Branch& b) { return TypesSecret(b.body); });
  });
}

}  // namespace

std::string WhyNotCarried(const keys::Secret& secret,
                          const Specification& specification) {
  const absl::string_view bytes = secret.view();
  const std::optional<int> longest = specification.secret_length;
  if (longest.has_value() &&
      (bytes.empty() || bytes.size() > static_cast<size_t>(*longest))) {
    return absl::StrCat("the password has ", bytes.size(), " bytes, and model ",
                        specification.name, " takes 1 to ", *longest);
  }
  const bool is_key =
      absl::c_any_of(bytes, absl::ascii_iscntrl) &&
      absl::c_any_of(specification.scripts, [](const Script& script) {
        return TypesSecret(script.body);
      });
  return is_key ? absl::StrCat(
                      "the password has a control character, which "
                      "model ",
                      specification.name, " would act on")
                : "";
}

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
