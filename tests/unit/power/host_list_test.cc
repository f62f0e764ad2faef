#include "power/host_list.h"

#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

namespace {

using power::FoldInOrder;
using power::ParseHostList;

std::string Parsed(absl::string_view text, size_t most = 1000) {
  const auto names = ParseHostList(text, most);
  return names.ok() ? absl::StrJoin(*names, " ") : "wrong";
}

TEST_CASE("host list: names and ranges between commas and blanks", "[power]") {
  CHECK(Parsed("t[1-3]") == "t1 t2 t3");
  CHECK(Parsed("t1,,t2 a\tb,") == "t1 t2 a b");
  CHECK(Parsed("t[01-02,7]x,y") == "t01x t02x t7x y");
  CHECK(Parsed("t[08-10]") == "t08 t09 t10");
  CHECK(Parsed("").empty());
  CHECK(Parsed(",").empty());
}

TEST_CASE("host list: half a bracket is a part of a name", "[power]") {
  CHECK(Parsed("t[") == "t[");
  CHECK(Parsed("t]") == "t]");
  CHECK(Parsed("t[1-2,u") == "t[1-2 u");
}

TEST_CASE("host list: what is no range is refused", "[power]") {
  for (const char* text : {"t[]", "t[3-1]", "t[a-b]", "t[1,]", "t[1-2-3]"}) {
    CHECK(ParseHostList(text, 1000).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("host list: more names than there may be are refused", "[power]") {
  CHECK(Parsed("t[1-10]", 10) != "wrong");
  for (const char* text : {"t[1-11]", "t[1-99999999]", "t[1-9],a,b",
                           "a,b,c,d,e,f,g,h,i,j,k", "a[1-9][1-9]"}) {
    CHECK(ParseHostList(text, 10).status().code() ==
          absl::StatusCode::kOutOfRange);
  }
}

TEST_CASE("host list: folding leaves each name in its place", "[power]") {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"t9,t10", "t[9-10]"},
      {"t09,t10", "t[09-10]"},
      {"t9,t010", "t[9,010]"},
      {"t1,t01,t2", "t[1,01,2]"},
      {"a1b2,a1b3", "a1b[2-3]"},
      {"a,b,a", "a,b,a"},
      {"t[1-3],t[2-4]", "t[1-3,2-4]"},
      {"t2,t1", "t[2,1]"},
      {"t[1-2],u1,t3", "t[1-2],u1,t3"},
      {"1,2,3", "[1-3]"},
      {"t0,t1,t00", "t[0-1,00]"},
      {"t[3,1],t2,a,b", "t[3,1-2],a,b"},
      {"t123456789012,t123456789013", "t123456789012,t123456789013"},
      {"t5", "t5"},
  };
  for (const auto& [text, folded] : cases) {
    CHECK(FoldInOrder(ParseHostList(text, 1000).value()) == folded);
  }
}

TEST_CASE("host list: hosts are sorted by name and number", "[power]") {
  std::vector<std::string> names = {"z", "t10", "t9", "t09", "a", "t"};
  power::SortHosts(&names);
  CHECK(absl::StrJoin(names, " ") == "a t t9 t09 t10 z");
}

}  // namespace
