#include "fanout/section.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <vector>

namespace fanout {
namespace {

constexpr size_t kMaxSections = 32;

struct Line {
  absl::string_view manager;
  int64_t number = 0;
};

std::optional<Line> Read(absl::string_view text) {
  const size_t colon = text.rfind(':');
  Line line;
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(colon + 1), &line.number) ||
      line.number < 0) {
    return std::nullopt;
  }
  line.manager = text.substr(0, colon);
  return line;
}

}  // namespace

std::string EnterSection(absl::string_view value, absl::string_view manager,
                         int64_t number) {
  std::vector<absl::string_view> lines =
      absl::StrSplit(value, '\n', absl::SkipEmpty());
  const std::string ours = absl::StrCat(manager, ":", number);
  lines.insert(lines.begin(), ours);
  if (lines.size() > kMaxSections) lines.resize(kMaxSections);
  return absl::StrJoin(lines, "\n");
}

std::optional<int64_t> FindSection(absl::string_view value,
                                   absl::string_view manager) {
  for (absl::string_view text : absl::StrSplit(value, '\n')) {
    const std::optional<Line> line = Read(text);
    if (line && line->manager == manager) return line->number;
  }
  return std::nullopt;
}

}  // namespace fanout
