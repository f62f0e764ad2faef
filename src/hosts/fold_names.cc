#include "hosts/fold_names.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/string_view.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace hosts {
namespace {

constexpr size_t kMostDigits = 15;  // a number beyond is part of the name

struct Parts {
  absl::string_view front, digits, back;
};

Parts Split(absl::string_view name) {
  size_t end = std::min(name.find('.'), name.size());
  while (end > 0 && !absl::ascii_isdigit(name[end - 1])) end--;
  size_t begin = end;
  while (begin > 0 && absl::ascii_isdigit(name[begin - 1])) begin--;
  if (end - begin > kMostDigits) begin = end;
  return {name.substr(0, begin), name.substr(begin, end - begin),
          name.substr(end)};
}

struct Group {
  absl::string_view front, back;
  int width = 0;
  std::set<int64_t> numbers;
};

std::string Format(const Group& group) {
  const auto number = [&](int64_t n) {
    return absl::StrFormat("%0*d", group.width, n);
  };
  std::string ranges;
  for (auto it = group.numbers.begin(); it != group.numbers.end();) {
    const int64_t first = *it;
    int64_t last = first;
    for (++it; it != group.numbers.end() && *it == last + 1; ++it) last = *it;
    absl::StrAppend(&ranges, ranges.empty() ? "" : ",", number(first));
    if (last != first) absl::StrAppend(&ranges, "-", number(last));
  }
  if (group.numbers.size() > 1) ranges = absl::StrCat("[", ranges, "]");
  return absl::StrCat(group.front, ranges, group.back);
}

}  // namespace

std::string FoldNames(absl::Span<const std::string> names) {
  // 08 and 09 say how 10 is meant.
  using Key = std::tuple<absl::string_view, absl::string_view, size_t>;
  std::set<Key> padded;
  for (const std::string& name : names) {
    const Parts p = Split(name);
    if (p.digits.size() > 1 && p.digits[0] == '0') {
      padded.insert({p.front, p.back, p.digits.size()});
    }
  }
  std::vector<Group> groups;
  std::map<Key, size_t> places;
  for (const std::string& name : names) {
    const Parts p = Split(name);
    const bool pads = padded.contains({p.front, p.back, p.digits.size()});
    const size_t width = pads ? p.digits.size() : 0;
    const auto [place, is_new] =
        places.try_emplace({p.front, p.back, width}, groups.size());
    if (is_new) {
      groups.push_back({p.front, p.back, static_cast<int>(width), {}});
    }
    int64_t number;
    if (absl::SimpleAtoi(p.digits, &number)) {
      groups[place->second].numbers.insert(number);
    }
  }
  std::string out;
  for (const Group& group : groups) {
    absl::StrAppend(&out, out.empty() ? "" : ",", Format(group));
  }
  return out;
}

}  // namespace hosts
