// Elements, attributes and texts out of what calls itself XML: several
// documents in a row, ill-formed ones, halves. Never fails. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <utility>
#include <vector>

namespace power {

struct MarkupItem {
  enum class Kind : uint8_t { kOpen, kClose, kText };
  Kind kind = Kind::kText;
  std::string name = {};  // without its prefix
  std::vector<std::pair<std::string, std::string>> attributes = {};
  std::string text = {};  // of kText
  bool is_empty = false;  // <name/>: no kClose follows

  // Names of attributes without regard to case; "" when there is none.
  absl::string_view Find(absl::string_view attribute) const;
};

// What is beyond kMaxMarkupItems is left out, as is a tag that never ends.
std::vector<MarkupItem> ScanMarkup(absl::string_view text);

// Names without regard to case. The first such element; null if there is none.
const MarkupItem* FindMarkup(const std::vector<MarkupItem>& items,
                             absl::string_view name);
// The text in it, without blanks around it; "" if there is none.
std::string MarkupText(const std::vector<MarkupItem>& items,
                       absl::string_view name);

// For a text or an attribute in quotes.
std::string EscapeMarkup(absl::string_view text);

}  // namespace power
