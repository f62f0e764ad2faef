// Tables of ten thousand entries: an event costs what it changes.
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "world.h"

namespace isinit {
namespace {

constexpr int kMany = 10000;

TEST_CASE("isinit 27: ten thousand entries start, die together and stop",
          "[isinit]") {
  World w;
  std::vector<Entry> lines;
  for (int n = 0; n < kMany; n++) {
    lines.push_back(Line("g", absl::StrCat("t", n), "1", Mode::kRespawn));
    // All of them wait for the first one, and each for the one before it.
    if (n == 0) continue;
    lines.back().attributes.needs = {"t0"};
    lines.back().attributes.after = {absl::StrCat("t", n - 1)};
  }
  w.Load(lines);
  w.Tell("g", "1", 1);
  CHECK(w.alive() == kMany);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  w.End("t0", {0, 9});
  w.Drain();
  CHECK(w.alive() == kMany);
  CHECK(w.Starts("t9999") == 2);
  lines.pop_back();
  w.Load(lines);
  CHECK(w.alive() == kMany - 1);
  w.On(Halt{2});
  CHECK(w.alive() == 0);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kDone);
}

}  // namespace
}  // namespace isinit
