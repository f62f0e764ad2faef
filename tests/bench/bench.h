// What every benchmark needs: medians, a table with ratios, JSON.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "sys/file.h"
#include "text/json.h"

namespace bench {

inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Seconds that `f` takes, by the median of `rounds`.
inline double MedianSeconds(int rounds, const std::function<void()>& f) {
  std::vector<double> seconds;
  for (int i = 0; i < rounds; i++) {
    const absl::Time begin = absl::Now();
    f();
    seconds.push_back(absl::ToDoubleSeconds(absl::Now() - begin));
  }
  return Median(seconds);
}

// One line per figure: what, how much, the limit measured beside it, what is
// asked of the ratio.
class Table {
 public:
  explicit Table(absl::string_view title) {
    absl::PrintF("%s\n%-46s %12s %12s %7s  %s\n", title, "", "ours", "limit",
                 "ratio", "asked");
    json_.BeginArray();
  }

  // `asked` e.g. ">= 0.5"; "" where nothing is. limit 0: there is none.
  void Add(const std::string& what, const std::string& unit, double ours,
           double limit, const std::string& asked) {
    const double ratio = limit == 0 ? 0 : ours / limit;
    absl::PrintF("%-46s %12.6g %12s %7s  %s\n",
                 absl::StrCat(what, " (", unit, ")"), ours,
                 limit == 0 ? "-" : absl::StrFormat("%.6g", limit),
                 limit == 0 ? "-" : absl::StrFormat("%.2f", ratio), asked);
    fflush(stdout);
    json_.BeginObject();
    json_.Key("what").String(what).Key("unit").String(unit);
    json_.Key("ours").Double(ours).Key("limit").Double(limit);
    json_.Key("ratio").Double(ratio).Key("asked").String(asked);
    json_.EndObject();
  }

  // Writes the JSON file named on the command line, if there is one.
  int Finish(int argc, char** argv) {
    json_.EndArray();
    if (argc < 2) return 0;
    return sys::ReplaceFile(argv[1], json_.Take()).ok() ? 0 : 1;
  }

 private:
  text::JsonWriter json_{text::JsonWriter::Layout::kPretty};
};

}  // namespace bench
