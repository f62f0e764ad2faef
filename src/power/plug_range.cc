#include "power/plug_range.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <iterator>
#include <tuple>

#include "text/utf8.h"

namespace power {
namespace {

constexpr size_t kMaxDigits = 9;

absl::Status Wrong(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text::Clean(text.substr(0, 80)), "' ", what));
}

struct Numbers {
  int first = 0, last = 0;
  int width = 0;
};

absl::StatusOr<Numbers> ParseNumbers(absl::string_view text) {
  const std::vector<absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  Numbers numbers;
  for (const absl::string_view end : ends) {
    const bool digits =
        !end.empty() && end.size() <= kMaxDigits &&
        std::all_of(end.begin(), end.end(), absl::ascii_isdigit);
    if (!digits || !absl::SimpleAtoi(end, &numbers.last)) {
      return Wrong(text, "is no range of numbers");
    }
    if (end.data() == ends[0].data()) numbers.first = numbers.last;
  }
  numbers.width = static_cast<int>(ends[0].size());
  if (numbers.last < numbers.first) return Wrong(text, "runs backwards");
  return numbers;
}

// Where `text` ends that has no comma outside of brackets.
size_t ItemEnd(absl::string_view text) {
  bool inside = false;
  for (size_t at = 0; at < text.size(); at++) {
    if (text[at] == '[') inside = true;
    if (text[at] == ']') inside = false;
    if (text[at] == ',' && !inside) return at;
  }
  return text.size();
}

// Each of `names` with each of the numbers of `list` behind it.
absl::Status Multiply(absl::string_view list, size_t most,
                      std::vector<std::string>* names) {
  std::vector<std::string> result;
  for (const absl::string_view part : absl::StrSplit(list, ',')) {
    const absl::StatusOr<Numbers> numbers = ParseNumbers(part);
    if (!numbers.ok()) return numbers.status();
    const size_t count =
        static_cast<size_t>(numbers->last - numbers->first) + 1;
    if (count > most || (result.size() + count * names->size()) > most) {
      return absl::OutOfRangeError(absl::StrCat("more than ", most, " names"));
    }
    // Zeros in front, so that there are `width` digits.
    const auto padding = static_cast<absl::PadSpec>(numbers->width);
    static_assert(absl::kNoPad == 1 && absl::kZeroPad2 == 2 &&
                  absl::kZeroPad9 == kMaxDigits);
    result.reserve(result.size() + count * names->size());
    for (const std::string& name : *names) {
      for (int n = numbers->first; n <= numbers->last; n++) {
        result.push_back(absl::StrCat(name, absl::Dec(n, padding)));
      }
    }
  }
  *names = std::move(result);
  return absl::OkStatus();
}

absl::Status ExpandItem(absl::string_view item, size_t most,
                        std::vector<std::string>* out) {
  const absl::string_view all = item;
  std::vector<std::string> names = {""};
  while (!item.empty()) {
    const size_t open = item.find('[');
    const absl::string_view plain = item.substr(0, open);
    if (plain.find(']') != absl::string_view::npos) {
      return Wrong(all, "has a ] without a [");
    }
    for (std::string& name : names) absl::StrAppend(&name, plain);
    if (open == absl::string_view::npos) break;
    const size_t close = item.find(']', open);
    if (close == absl::string_view::npos) {
      return Wrong(all, "has a [ without a ]");
    }
    if (const absl::Status status =
            Multiply(item.substr(open + 1, close - open - 1), most, &names);
        !status.ok()) {
      return status;
    }
    item.remove_prefix(close + 1);
  }
  if (out->size() + names.size() > most) {
    return absl::OutOfRangeError(absl::StrCat("more than ", most, " names"));
  }
  if (out->empty()) {
    *out = std::move(names);
  } else {
    std::move(names.begin(), names.end(), std::back_inserter(*out));
  }
  return absl::OkStatus();
}

// A name as letters and the number at its end.
struct Numbered {
  absl::string_view name, prefix;
  bool has_number = false;
  int number = 0;
  size_t width = 0;
  // 01 and 1 are different, and 9 and 10 are neighbours.
  size_t padded = 0;
};

Numbered Split(absl::string_view name) {
  Numbered result = {.name = name, .prefix = name};
  size_t at = name.size();
  while (at > 0 && absl::ascii_isdigit(name[at - 1]) &&
         name.size() - at < kMaxDigits) {
    at--;
  }
  const bool special = name.find_first_of("[],") != name.npos;
  if (at < name.size() && !special &&
      absl::SimpleAtoi(name.substr(at), &result.number)) {
    result.has_number = true;
    result.prefix = name.substr(0, at);
    result.width = name.size() - at;
    result.padded = name[at] == '0' && result.width > 1 ? result.width : 0;
  }
  return result;
}

bool Before(const Numbered& a, const Numbered& b) {
  return std::tie(a.prefix, a.number, a.width) <
         std::tie(b.prefix, b.number, b.width);
}

// Whether `b` may stand in the same brackets as `a`, which is before it.
bool Together(const Numbered& a, const Numbered& b) {
  return a.has_number && b.has_number && a.prefix == b.prefix;
}

// Whether `b` goes on the range that began with `first` and ends with `a`.
bool Follows(const Numbered& first, const Numbered& a, const Numbered& b) {
  if (!Together(a, b) || b.number != a.number + 1) return false;
  return first.padded != 0 ? b.width == first.width
                           : b.padded == 0 && a.padded == 0;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandRange(absl::string_view text,
                                                     size_t most) {
  std::vector<std::string> names;
  while (true) {
    const size_t end = ItemEnd(text);
    if (end == 0) return Wrong(text, "has an empty name");
    if (const absl::Status status =
            ExpandItem(text.substr(0, end), most, &names);
        !status.ok()) {
      return status;
    }
    if (end == text.size()) return names;
    text.remove_prefix(end + 1);
  }
}

std::string FoldRange(std::vector<std::string> names) {
  std::vector<Numbered> sorted;
  sorted.reserve(names.size());
  for (const std::string& name : names) sorted.push_back(Split(name));
  if (!absl::c_is_sorted(sorted, Before)) absl::c_sort(sorted, Before);
  std::string out;
  for (size_t at = 0; at < sorted.size();) {
    absl::StrAppend(&out, out.empty() ? "" : ",");
    size_t group_end = at + 1;
    while (group_end < sorted.size() &&
           Together(sorted[at], sorted[group_end])) {
      group_end++;
    }
    if (group_end == at + 1) {
      absl::StrAppend(&out, sorted[at++].name);
      continue;
    }
    absl::StrAppend(&out, sorted[at].prefix, "[");
    for (bool first = true; at < group_end; first = false) {
      size_t last = at;
      while (last + 1 < group_end &&
             Follows(sorted[at], sorted[last], sorted[last + 1])) {
        last++;
      }
      const auto digits = [&](size_t i) {
        return sorted[i].name.substr(sorted[i].prefix.size());
      };
      absl::StrAppend(&out, first ? "" : ",", digits(at));
      if (last > at) absl::StrAppend(&out, "-", digits(last));
      at = last + 1;
    }
    absl::StrAppend(&out, "]");
  }
  return out;
}

}  // namespace power
