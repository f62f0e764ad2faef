#include "power/plug_range.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <random>
#include <set>

namespace {

using power::ExpandRange;
using power::FoldRange;

std::string Expanded(absl::string_view text, size_t most = 1000) {
  const auto names = ExpandRange(text, most);
  if (!names.ok()) return std::string(names.status().message());
  std::string out;
  for (const std::string& name : *names) absl::StrAppend(&out, " ", name);
  return out.substr(1);
}

TEST_CASE("plug ranges: brackets, leading zeros, several of both", "[power]") {
  CHECK(Expanded("web[1-3,7]") == "web1 web2 web3 web7");
  CHECK(Expanded("a,b[08-10]c,d") == "a b08c b09c b10c d");
  CHECK(Expanded("r[1-2]n[1-2]") == "r1n1 r1n2 r2n1 r2n2");
  CHECK(Expanded("[1-3]") == "1 2 3");
  CHECK(Expanded("a[") == "'a[' has a [ without a ]");
  CHECK(Expanded("a]") == "'a]' has a ] without a [");
  CHECK(Expanded("a[3-1]") == "'3-1' runs backwards");
  CHECK(Expanded("a[x]") == "'x' is no range of numbers");
  CHECK(Expanded("a[1-2") == "'a[1-2' has a [ without a ]");
  CHECK(Expanded("a,,b") == "',b' has an empty name");
  CHECK(Expanded("") == "'' has an empty name");
  CHECK(Expanded("a[0-999999999]") == "more than 1000 names");
  CHECK(Expanded("a[1-1000]b[1-2]") == "more than 1000 names");
  CHECK(Expanded("a[99999999999]") == "'99999999999' is no range of numbers");
}

TEST_CASE("plug ranges: folded as short as can be", "[power]") {
  CHECK(FoldRange({"7", "1", "3", "2"}) == "[1-3,7]");
  CHECK(FoldRange({"7"}) == "7");
  CHECK(FoldRange({"9", "10", "11"}) == "[9-11]");
  CHECK(FoldRange({"08", "09", "10"}) == "[08-10]");
  CHECK(FoldRange({"web1", "db2", "web2"}) == "db2,web[1-2]");
  CHECK(FoldRange({"A", "B"}) == "A,B");
  CHECK(FoldRange({}) == "");
}

TEST_CASE("plug ranges: what is folded expands to the same", "[power][sim]") {
  const unsigned seed = Catch::rngSeed();
  INFO("SEED=" << seed);
  std::mt19937 random(seed);
  for (int run = 0; run < 2000; run++) {
    std::set<std::string> names;
    for (size_t i = 0; i <= random() % 12; i++) {
      std::string name;
      if (random() % 2) name = random() % 2 ? "a" : "b1x";
      if (random() % 4) absl::StrAppend(&name, random() % 3 ? "" : "0");
      if (random() % 8 || name.empty()) absl::StrAppend(&name, random() % 15);
      names.insert(name);
    }
    const std::string folded = FoldRange({names.begin(), names.end()});
    INFO(folded);
    const auto expanded = ExpandRange(folded, 1000);
    REQUIRE(expanded.ok());
    CHECK(std::set<std::string>(expanded->begin(), expanded->end()) == names);
    CHECK(expanded->size() == names.size());
  }
}

}  // namespace
