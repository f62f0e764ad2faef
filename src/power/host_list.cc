#include "power/host_list.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/status.h"
#include "power/plug_range.h"

namespace power {
namespace {

// More digits than these are a name's, not a number.
constexpr size_t kMaxDigits = 9;

bool Separates(char c) { return c == ',' || absl::ascii_isspace(c); }

// Where the item at the front of `text` ends. What stands in brackets belongs
// to it, if they are closed.
size_t ItemEnd(absl::string_view text) {
  size_t at = 0;
  while (at < text.size() && !Separates(text[at])) {
    if (text[at] == '[') {
      const size_t close = text.find(']', at);
      if (close != absl::string_view::npos) at = close;
    }
    at++;
  }
  return at;
}

bool HasRange(absl::string_view item) {
  const size_t open = item.find('[');
  return open != absl::string_view::npos &&
         item.find(']', open) != absl::string_view::npos;
}

// A name, and the number at its end.
struct Parts {
  absl::string_view prefix, digits;
  int number = -1;
  bool is_padded() const { return digits.size() > 1 && digits[0] == '0'; }
};

Parts Split(absl::string_view name) {
  size_t at = name.size();
  while (at > 0 && absl::ascii_isdigit(name[at - 1])) at--;
  Parts parts = {name.substr(0, at), name.substr(at)};
  if (parts.digits.size() > kMaxDigits ||
      !absl::SimpleAtoi(parts.digits, &parts.number)) {
    return {name, {}};
  }
  return parts;
}

bool Follows(const Parts& first, const Parts& last, const Parts& next) {
  if (next.number != last.number + 1) return false;
  if (first.is_padded()) return next.digits.size() == first.digits.size();
  return !next.is_padded() && !last.is_padded();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ParseHostList(absl::string_view text,
                                                       size_t most) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const absl::string_view item = text.substr(0, ItemEnd(text));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    if (item.empty()) continue;
    if (!HasRange(item)) {
      names.emplace_back(item);
    } else {
      TRY_ASSIGN(std::vector<std::string> some,
                 ExpandRange(item, most - names.size()));
      std::move(some.begin(), some.end(), std::back_inserter(names));
    }
    if (names.size() >= most && !text.empty()) {
      return absl::OutOfRangeError(absl::StrCat("more than ", most, " names"));
    }
  }
  return names;
}

std::string FoldInOrder(const std::vector<std::string>& names) {
  std::string out;
  for (size_t at = 0; at < names.size();) {
    const Parts first = Split(names[at]);
    size_t end = at + 1;
    while (end < names.size() && first.number >= 0) {
      const Parts next = Split(names[end]);
      if (next.number < 0 || next.prefix != first.prefix) break;
      end++;
    }
    absl::StrAppend(&out, out.empty() ? "" : ",");
    if (end == at + 1) {
      absl::StrAppend(&out, names[at++]);
      continue;
    }
    absl::StrAppend(&out, first.prefix);
    for (char before = '['; at < end; before = ',') {
      const Parts from = Split(names[at]);
      Parts to = from;
      while (++at < end && Follows(from, to, Split(names[at]))) {
        to = Split(names[at]);
      }
      absl::StrAppend(&out, std::string(1, before), from.digits);
      if (to.number != from.number) absl::StrAppend(&out, "-", to.digits);
    }
    absl::StrAppend(&out, "]");
  }
  return out;
}

void SortHosts(std::vector<std::string>* names) {
  std::stable_sort(
      names->begin(), names->end(),
      [](const std::string& a, const std::string& b) {
        const Parts x = Split(a), y = Split(b);
        return std::make_tuple(x.prefix, x.number, x.digits.size()) <
               std::make_tuple(y.prefix, y.number, y.digits.size());
      });
}

}  // namespace power
