// Figures of ours beside the limit of the machine and beside peers. Everybody
// is measured once in each round, so that a neighbour's load hits all alike;
// what is shown are medians.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "text/json.h"

namespace bench {

// What a figure is to be.
struct Asked {
  enum Of { kNothing, kOurs, kRatioToLimit, kPeers } of = kNothing;
  bool at_least = false;  // else at most
  double value = 0;
  bool below_peers = false;  // besides; of kPeers nothing else
};

struct Figure {
  std::string what, unit;
  Asked asked = {};
};

// A value for each figure; kNone where somebody has none.
using Values = std::vector<double>;
inline constexpr double kNone = -1;

// NotFound: it is not on this machine. FailedPrecondition: it cannot be
// measured here.
struct Contender {
  std::string name;
  std::function<absl::StatusOr<Values>()> measure;
  bool is_peer = true;  // else another limit
};

struct Scenario {
  std::string group;
  std::vector<Figure> figures;
  Contender ours;
  // The first may be the limit, which kRatioToLimit speaks of.
  std::vector<Contender> others = {};
};

class Report {
 public:
  explicit Report(int rounds);
  // Measures and prints, if the scenario's group is wanted (BENCH_ONLY).
  void Add(const Scenario& scenario);
  // Writes what was measured to `path`, if there is one. The exit code: 1 when
  // something of ours failed (not: when it is slower than asked).
  int Finish(const std::string& path);

 private:
  struct Line {
    std::string name;
    bool is_peer = true;
    std::vector<Values> rounds;
    absl::Status failed;
  };
  void Print(const Figure& figure, size_t f, const std::vector<Line>& lines);

  int rounds_;
  bool failed_ = false;
  text::JsonWriter json_{text::JsonWriter::Layout::kPretty};
};

}  // namespace bench
