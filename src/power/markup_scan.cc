#include "power/markup_scan.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <optional>

#include "power/limits.h"
#include "text/utf8.h"

namespace power {
namespace {

constexpr size_t kMaxAttributes = 64;
constexpr size_t kMaxEntityBytes = 12;

// "&lt;..." -> '<'; what is no entity stays as it is.
void TakeEntity(absl::string_view& s, std::string& out) {
  const size_t end = s.substr(0, kMaxEntityBytes).find(';');
  if (end == absl::string_view::npos) {
    out += '&';
    s.remove_prefix(1);
    return;
  }
  const absl::string_view name = s.substr(1, end - 1);
  uint32_t code = 0;
  bool known = true;
  if (name == "lt")
    code = '<';
  else if (name == "gt")
    code = '>';
  else if (name == "amp")
    code = '&';
  else if (name == "quot")
    code = '"';
  else if (name == "apos")
    code = '\'';
  else if (absl::StartsWith(name, "#x"))
    known = absl::SimpleHexAtoi(name.substr(2), &code);
  else
    known =
        absl::StartsWith(name, "#") && absl::SimpleAtoi(name.substr(1), &code);
  if (!known || code == 0 || code > 0x10ffff ||
      (code >= 0xd800 && code < 0xe000)) {
    out += '&';
    s.remove_prefix(1);
    return;
  }
  text::AppendRune(out, static_cast<char32_t>(code));
  s.remove_prefix(end + 1);
}

std::string Decode(absl::string_view s) {
  std::string out;
  while (!s.empty()) {
    if (s[0] == '&') {
      TakeEntity(s, out);
      continue;
    }
    out += s[0];
    s.remove_prefix(1);
  }
  return out;
}

bool IsNameByte(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' ||
         c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

std::string TakeName(absl::string_view& s) {
  size_t n = 0;
  while (n < s.size() && IsNameByte(s[n])) ++n;
  absl::string_view name = s.substr(0, n);
  s.remove_prefix(n);
  name.remove_prefix(name.rfind(':') + 1);
  return std::string(name);
}

// Where a tag ends: at a '>' that no quotes hold.
size_t TagEnd(absl::string_view s) {
  char quote = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    if (quote != 0) {
      if (s[i] == quote) quote = 0;
    } else if (s[i] == '"' || s[i] == '\'') {
      quote = s[i];
    } else if (s[i] == '>') {
      return i;
    }
  }
  return absl::string_view::npos;
}

void TakeAttributes(absl::string_view s, MarkupItem& item) {
  while (item.attributes.size() < kMaxAttributes) {
    while (!s.empty() && !IsNameByte(s[0])) s.remove_prefix(1);
    if (s.empty()) return;
    std::string name = TakeName(s);
    s = absl::StripLeadingAsciiWhitespace(s);
    std::string value;
    if (absl::ConsumePrefix(&s, "=")) {
      s = absl::StripLeadingAsciiWhitespace(s);
      size_t end = 0;
      if (!s.empty() && (s[0] == '"' || s[0] == '\'')) {
        const char quote = s[0];
        s.remove_prefix(1);
        end = std::min(s.find(quote), s.size());
      } else {
        while (end < s.size() && !absl::ascii_isspace(s[end])) ++end;
      }
      value = Decode(s.substr(0, end));
      s.remove_prefix(std::min(end + 1, s.size()));
    }
    item.attributes.emplace_back(std::move(name), std::move(value));
  }
}

// Skips up to and with `mark`, or to the end.
absl::string_view Until(absl::string_view& s, absl::string_view mark) {
  const size_t at = s.find(mark);
  const absl::string_view before = s.substr(0, at);
  s.remove_prefix(at == absl::string_view::npos ? s.size() : at + mark.size());
  return before;
}

void TakeTag(absl::string_view& s, std::vector<MarkupItem>& items) {
  if (absl::ConsumePrefix(&s, "<!--")) {
    Until(s, "-->");
    return;
  }
  if (absl::ConsumePrefix(&s, "<![CDATA[")) {
    items.push_back({.kind = MarkupItem::Kind::kText,
                     .text = std::string(Until(s, "]]>"))});
    return;
  }
  if (absl::StartsWith(s, "<?") || absl::StartsWith(s, "<!")) {
    Until(s, ">");
    return;
  }
  const size_t end = TagEnd(s);
  if (end == absl::string_view::npos) {
    s = {};  // a half
    return;
  }
  absl::string_view tag = s.substr(1, end - 1);
  s.remove_prefix(end + 1);
  MarkupItem item;
  item.kind = absl::ConsumePrefix(&tag, "/") ? MarkupItem::Kind::kClose
                                             : MarkupItem::Kind::kOpen;
  item.is_empty = absl::ConsumeSuffix(&tag, "/");
  item.name = TakeName(tag);
  if (item.name.empty()) return;
  if (item.kind == MarkupItem::Kind::kOpen) TakeAttributes(tag, item);
  items.push_back(std::move(item));
}

}  // namespace

absl::string_view MarkupItem::Find(absl::string_view attribute) const {
  for (const auto& [name, value] : attributes) {
    if (absl::EqualsIgnoreCase(name, attribute)) return value;
  }
  return "";
}

std::vector<MarkupItem> ScanMarkup(absl::string_view s) {
  std::vector<MarkupItem> items;
  while (!s.empty() && items.size() < kMaxMarkupItems) {
    const size_t tag = std::min(s.find('<'), s.size());
    if (!absl::StripAsciiWhitespace(s.substr(0, tag)).empty()) {
      items.push_back(
          {.kind = MarkupItem::Kind::kText, .text = Decode(s.substr(0, tag))});
    }
    s.remove_prefix(tag);
    if (!s.empty()) TakeTag(s, items);
  }
  return items;
}

const MarkupItem* FindMarkup(const std::vector<MarkupItem>& items,
                             absl::string_view name) {
  for (const MarkupItem& item : items) {
    if (item.kind == MarkupItem::Kind::kOpen &&
        absl::EqualsIgnoreCase(item.name, name)) {
      return &item;
    }
  }
  return nullptr;
}

std::string MarkupText(const std::vector<MarkupItem>& items,
                       absl::string_view name) {
  std::string text;
  const MarkupItem* open = FindMarkup(items, name);
  if (open == nullptr || open->is_empty) return text;
  const MarkupItem* end = items.data() + items.size();
  for (const MarkupItem* item = open + 1; item < end; ++item) {
    if (item->kind == MarkupItem::Kind::kClose &&
        absl::EqualsIgnoreCase(item->name, name)) {
      break;
    }
    if (item->kind == MarkupItem::Kind::kText) text += item->text;
  }
  return std::string(absl::StripAsciiWhitespace(text));
}

std::string EscapeMarkup(absl::string_view text) {
  std::string out;
  // At once: what a string has grown out of would keep a password.
  out.reserve(text.size() * 6);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace power
