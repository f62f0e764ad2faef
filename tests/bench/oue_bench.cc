// What passing each line once costs: five million lines of a million kinds,
// cut and filtered, beside the obvious way, a set of strings. Of a thousand
// kinds the set stays in the cache, and there is nothing to be gained.
//
//   oue_bench [FILE]    the table on standard output, and as JSON in FILE
#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/status.h"
#include "bench/bench.h"
#include "oue/cutter.h"
#include "oue/filter.h"
#include "oue/options.h"

namespace {

constexpr int kLines = 5'000'000;
constexpr int kRounds = 3;

std::string Lines(int kinds) {
  std::string lines;
  uint64_t x = 88172645463325252u;
  for (int i = 0; i < kLines; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    absl::StrAppend(&lines, "host", 10'000'000 + x % kinds, ".example.net\n");
  }
  return lines;
}

size_t Pass(const oue::Options& options, absl::string_view lines) {
  oue::Filter filter(*oue::ReadOptions(options));
  oue::Cutter cutter(1, '\n', "");
  std::vector<oue::Element> elements;
  std::string none;
  size_t bytes = 0;
  filter.BeginFile("-", 1);
  while (!lines.empty()) {
    const absl::Span<char> room = cutter.Room();
    const size_t n = std::min(room.size(), lines.size());
    memcpy(room.data(), lines.data(), n);
    lines.remove_prefix(n);
    cutter.Filled(n);
    while (cutter.Cut(64, &elements)) {
      MUST(filter.See(elements).ok());
      if (filter.waiting_bytes() > 65536) bytes += filter.Settle(&none).size();
    }
  }
  for (bool more = true; more;) {
    more = *filter.Report();
    bytes += filter.Settle(&none).size();
  }
  return bytes;
}

size_t Plainly(absl::string_view lines) {
  absl::flat_hash_set<std::string> seen;
  std::string answer;
  size_t bytes = 0;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const absl::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + 1);
    if (!seen.insert(std::string(line)).second) continue;
    absl::StrAppend(&answer, line, "\n");
    if (answer.size() > 65536) {
      bytes += answer.size();
      answer.clear();
    }
  }
  return bytes + answer.size();
}

double MillionPerSecond(const std::function<void()>& f) {
  return kLines / 1e6 / bench::MedianSeconds(kRounds, f);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Table table(
      "each line once: 5 million lines, beside a set of strings");
  for (const auto& [kinds, asked] :
       {std::pair<int, const char*>{1'000, ">= 0.6"}, {1'000'000, ">= 1.5"}}) {
    const std::string lines = Lines(kinds);
    MUST(Pass({}, lines) == Plainly(lines));
    const double limit = MillionPerSecond([&] { Plainly(lines); });
    const std::string of = absl::StrCat(" of ", kinds, " kinds");
    table.Add("lines" + of, "M/s", MillionPerSecond([&] { Pass({}, lines); }),
              limit, asked);
    table.Add("lines counted" + of, "M/s",
              MillionPerSecond([&] { Pass({.count = true}, lines); }), limit,
              asked);
    table.Add("lines with a diced key" + of, "M/s",
              MillionPerSecond([&] { Pass({.key = "%[1.1]"}, lines); }), limit,
              "");
  }
  return table.Finish(argc, argv);
}
