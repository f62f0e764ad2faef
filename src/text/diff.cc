#include "text/diff.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <vector>

namespace text {
namespace {

// How the lines that stay are found: E. Myers, "An O(ND) Difference Algorithm
// and Its Variations", Algorithmica 1 (1986), with its refinement to linear
// space.
//
// The lines of both texts span a grid: x lines of the first are done, y of the
// second. A step to the right removes a line, one down adds one, and one along
// a diagonal, where both lines are equal, is free. The shortest way from (0, 0)
// to the end is looked for from both ends at once; where the two meet, the grid
// is split into two smaller ones. On each diagonal k = x - y only the furthest
// point that d steps can reach matters, so that a text of n lines with d
// differences takes n + d * d steps.
//
// After kMaxSteps the furthest point is taken for where to split. Texts that
// share nothing would else take the square of their lengths.
constexpr int kMaxSteps = 1024;

using Lines = std::vector<int>;  // equal lines have equal numbers

struct Part {
  int from, to;  // lines
  int size() const { return to - from; }
};

struct Point {
  int x, y;
};

class Differ {
 public:
  Differ(const Lines& a, const Lines& b)
      : a_(a),
        b_(b),
        removed(a.size()),
        added(b.size()),
        ahead_(a.size() + b.size() + 3),
        back_(a.size() + b.size() + 3) {}

  void Compare(Part a, Part b) {
    for (;;) {
      while (a.size() > 0 && b.size() > 0 && a_[a.from] == b_[b.from]) {
        a.from++, b.from++;
      }
      while (a.size() > 0 && b.size() > 0 && a_[a.to - 1] == b_[b.to - 1]) {
        a.to--, b.to--;
      }
      if (a.size() == 0 || b.size() == 0) break;
      const Point at = Split(a, b);
      Compare({a.from, a.from + at.x}, {b.from, b.from + at.y});
      a.from += at.x;
      b.from += at.y;
    }
    std::fill(removed.begin() + a.from, removed.begin() + a.to, true);
    std::fill(added.begin() + b.from, added.begin() + b.to, true);
  }

 private:
  const Lines& a_;
  const Lines& b_;

 public:
  std::vector<bool> removed, added;

 private:
  // One of the two searches: the furthest x on each diagonal, or -1. The one
  // from the end counts from there, on both axes.
  struct Search {
    std::vector<int>& reached;
    int zero;  // where diagonal 0 is
    int& on(int k) const { return reached[static_cast<size_t>(zero + k)]; }
  };

  // The furthest point on diagonal k with one step more, or -1 where there is
  // none in the grid.
  static int Further(const Search& s, int k, int n, int m) {
    const int down = s.on(k + 1);
    int right = s.on(k - 1);
    if (right >= 0) right++;
    int x = -1;
    if (down >= 0 && down - k <= m) x = down;
    if (right >= 0 && right <= n) x = std::max(x, right);
    return x;
  }

  Point Split(Part a, Part b) {
    const int n = a.size(), m = b.size(), delta = n - m;
    const Search ahead = {ahead_, m + 1}, back = {back_, m + 1};
    std::fill_n(ahead_.begin(), n + m + 3, -1);
    std::fill_n(back_.begin(), n + m + 3, -1);
    for (int d = 0;; d++) {
      const int low = -std::min(d, m - ((d - m) & 1 && d > m ? 1 : 0));
      const int high = std::min(d, n - ((d - n) & 1 && d > n ? 1 : 0));
      for (int k = low; k <= high; k += 2) {
        int x = d == 0 ? 0 : Further(ahead, k, n, m);
        if (x >= 0) {
          while (x < n && x - k < m && a_[a.from + x] == b_[b.from + x - k]) {
            x++;
          }
        }
        ahead.on(k) = x;
        if (x >= 0 && Meet(back, delta - k, n, m, x)) return {x, x - k};
      }
      for (int k = low; k <= high; k += 2) {
        int x = d == 0 ? 0 : Further(back, k, n, m);
        if (x >= 0) {
          while (x < n && x - k < m &&
                 a_[a.to - 1 - x] == b_[b.to - 1 - (x - k)]) {
            x++;
          }
        }
        back.on(k) = x;
        if (x >= 0 && Meet(ahead, delta - k, n, m, x)) {
          return {n - x, m - (x - k)};
        }
      }
      if (d >= kMaxSteps) return Furthest(ahead, low, high);
    }
  }

  // Whether the other search has reached, on its diagonal k, the point that is
  // x from this one's beginning.
  static bool Meet(const Search& other, int k, int n, int m, int x) {
    if (k < -m || k > n) return false;
    return other.on(k) >= 0 && other.on(k) + x >= n;
  }

  static Point Furthest(const Search& s, int low, int high) {
    Point best = {0, 0};
    for (int k = low; k <= high; k += 2) {
      const int x = s.on(k);
      if (x >= 0 && x + x - k > best.x + best.y) best = {x, x - k};
    }
    return best;
  }

  std::vector<int> ahead_, back_;
};

// With their newlines, so that a last line without one is another line.
std::vector<absl::string_view> Split(absl::string_view text) {
  std::vector<absl::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t n = end == absl::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, n));
    text.remove_prefix(n);
  }
  return lines;
}

std::string Range(size_t from, size_t count) {
  // Of no lines, the one before is named.
  if (count == 0) return absl::StrCat(from, ",0");
  if (count == 1) return absl::StrCat(from + 1);
  return absl::StrCat(from + 1, ",", count);
}

void AppendLine(char mark, absl::string_view line, std::string& out) {
  out += mark;
  absl::StrAppend(&out, line);
  if (!absl::EndsWith(line, "\n")) {
    absl::StrAppend(&out, "\n\\ No newline at end of file\n");
  }
}

// A run of lines that differ: [a, a_end) became [b, b_end).
struct Change {
  size_t a, a_end, b, b_end;
};

std::vector<Change> Changes(const std::vector<bool>& removed,
                            const std::vector<bool>& added) {
  std::vector<Change> changes;
  size_t a = 0, b = 0;
  while (a < removed.size() || b < added.size()) {
    Change change = {a, a, b, b};
    while (a < removed.size() && removed[a]) a++;
    while (b < added.size() && added[b]) b++;
    change.a_end = a, change.b_end = b;
    if (a > change.a || b > change.b) {
      changes.push_back(change);
    } else {
      a++, b++;
    }
  }
  return changes;
}

}  // namespace

bool IsText(absl::string_view bytes) {
  return !absl::StrContains(bytes, absl::string_view("\0", 1));
}

std::string UnifiedDiff(absl::string_view before, absl::string_view after,
                        size_t context) {
  const std::vector<absl::string_view> old = Split(before), now = Split(after);
  absl::flat_hash_map<absl::string_view, int> numbers;
  const auto number = [&numbers](const std::vector<absl::string_view>& lines) {
    Lines all;
    all.reserve(lines.size());
    for (absl::string_view line : lines) {
      all.push_back(numbers.emplace(line, static_cast<int>(numbers.size()))
                        .first->second);
    }
    return all;
  };
  const Lines a = number(old), b = number(now);
  Differ differ(a, b);
  differ.Compare({0, static_cast<int>(a.size())},
                 {0, static_cast<int>(b.size())});
  const std::vector<Change> changes = Changes(differ.removed, differ.added);

  std::string out;
  for (size_t i = 0; i < changes.size();) {
    // Changes that are so near that their contexts touch are one hunk.
    size_t last = i;
    while (last + 1 < changes.size() &&
           changes[last + 1].a - changes[last].a_end <= 2 * context) {
      last++;
    }
    const size_t lead = std::min(context, changes[i].a);
    const size_t tail = std::min(context, old.size() - changes[last].a_end);
    size_t at = changes[i].a - lead;
    const size_t b_from = changes[i].b - lead;
    absl::StrAppend(&out, "@@ -", Range(at, changes[last].a_end + tail - at),
                    " +", Range(b_from, changes[last].b_end + tail - b_from),
                    " @@\n");
    for (; i <= last; i++) {
      for (; at < changes[i].a; at++) AppendLine(' ', old[at], out);
      for (; at < changes[i].a_end; at++) AppendLine('-', old[at], out);
      for (size_t y = changes[i].b; y < changes[i].b_end; y++) {
        AppendLine('+', now[y], out);
      }
    }
    for (size_t n = 0; n < tail; n++) AppendLine(' ', old[at + n], out);
  }
  return out;
}

}  // namespace text
