#include "base/strings.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>

#include <algorithm>
#include <numeric>

namespace base {

bool GlobMatch(absl::string_view pattern, absl::string_view text) {
  size_t p = 0, t = 0;
  // Where to go on after a mismatch: behind the last `*`, one byte later.
  size_t star = absl::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' || pattern[p] == text[t])) {
      p++, t++;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') p++;
  return p == pattern.size();
}

namespace {

// Insertions, deletions, changes and swaps of neighbours between a and b
// (Damerau, Levenshtein).
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (size_t i = 1; i <= a.size(); i++) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      row[j] = std::min(
          {last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::vector<std::string> Nearest(absl::string_view typed,
                                 absl::Span<const absl::string_view> names) {
  std::vector<std::pair<size_t, absl::string_view>> found;
  for (absl::string_view name : names) {
    size_t d = Distance(typed, name);
    const bool prefix = typed.size() >= 3 && absl::StartsWith(name, typed);
    if (prefix) d = 1;
    if (d <= 1 + typed.size() / 4) found.emplace_back(d, name);
  }
  std::stable_sort(
      found.begin(), found.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> out;
  for (const auto& [d, name] : found) {
    if (out.size() < 3) out.emplace_back(name);
  }
  return out;
}

bool IsName(absl::string_view text, size_t max) {
  if (text.empty() || text.size() > max || !absl::ascii_isalnum(text[0])) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace base
