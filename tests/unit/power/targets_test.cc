#include "power/targets.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "power/inventory_reader.h"
#include "power/limits.h"

namespace {

using power::Target;
using Strings = std::vector<std::string>;

constexpr char kFleet[] = R"(
  specification "eight" { timeout 5
                          plug name { "1" "2" "3" "4" "5" "6" "7" "8" } }
  pcu "a" { model "APCControl13p13" host "h" shared "7"
            node "web[1-3]" "[1-3]" node "s1" "7" node "s2" "7" }
  pcu "b" { model "eight" host "h" ports telnet node "web[4-5]" "[4-5]" }
  node "db1" feeds "a/8" "b/8"
  alias "front" "web[1-2]"
  group "web" "web[1-5]"
  protect "web2" "db1"
)";

const power::Inventory& Fleet() {
  static const auto* fleet =
      new power::InventoryReading(power::ReadInventoryText("t", kFleet));
  REQUIRE(fleet->ok());
  return fleet->inventory;
}
absl::StatusOr<std::vector<Target>> Choose(Strings words, Strings excluded = {},
                                           bool ignore_unknown = false) {
  return power::ChooseTargets(
      Fleet(), {std::move(words), std::move(excluded), ignore_unknown});
}
std::string Names(Strings words, Strings excluded = {},
                  bool ignore_unknown = false) {
  const auto targets =
      Choose(std::move(words), std::move(excluded), ignore_unknown);
  if (!targets.ok()) return std::string(targets.status().message());
  std::string out;
  for (const Target& target : *targets) {
    absl::StrAppend(&out, out.empty() ? "" : " ", target.name);
  }
  return out;
}

TEST_CASE("targets: hosts, ranges, groups, aliases, PCUs and plugs",
          "[power]") {
  CHECK(Names({"web3"}) == "web3");
  CHECK(Names({"web[4-5,1]", "web1,db1"}) == "web4 web5 web1 db1");
  CHECK(Names({"@web"}) == "web1 web2 web3 web4 web5");
  CHECK(Names({"@all"}) == "web1 web2 web3 s1 s2 web4 web5 db1");
  CHECK(Names({"front"}) == "web1 web2");
  CHECK(Names({"pcu:b"}) == "web4 web5 db1");
  CHECK(Names({"pcu:[a,b]"}) == "'a' is no range of numbers");
  CHECK(Names({"pcu:a/[23-24],pcu:b/1"}) == "a/23 a/24 b/1");
  const auto one = Choose({"db1"});
  REQUIRE(one.ok());
  CHECK((*one)[0].feeds == std::vector<power::Outlet>{{"a", "8"}, {"b", "8"}});
}

TEST_CASE("power 2: all unknown names in one message", "[power]") {
  CHECK(Names({"web[1-7]", "@none", "pcu:c", "pcu:b/99", "mail", "db1", "web6"},
              {"zz"}) == "unknown: @none,mail,pcu:b/99,pcu:c,web[6-7],zz");
  CHECK(absl::IsNotFound(Choose({"web1", "x"}).status()));
  CHECK(Names({"web1", "x"}, {}, true) == "web1");
  CHECK(Names({"x\n\033[2J"}).find('\033') == std::string::npos);
}

TEST_CASE("power 3: no targets at all", "[power]") {
  CHECK(Names({}) == "no targets");
  CHECK(Names({"web1", "--json"}) ==
        "'--json': options stand before the targets");
  CHECK(absl::IsInvalidArgument(Choose({}).status()));
  CHECK(Names({"web1"}, {"@web"}) == "no targets");
  CHECK(Names({"x"}, {}, true) == "no targets");
  const auto words = power::ParseTargetFile("# nothing\n\n  \t\r\n");
  REQUIRE(words.ok());
  CHECK(words->empty());
}

TEST_CASE("targets: what is excluded is not switched, however it was meant",
          "[power]") {
  CHECK(Names({"@all"}, {"web[1-4]", "pcu:a/7"}) == "web5 db1");
  CHECK(Names({"pcu:a/1", "web3"}, {"web1"}) == "web3");
  CHECK(Names({"db1", "web1"}, {"pcu:b/8"}) == "web1");
  CHECK(Names({"@all"}, {"pcu:a"}) == "web4 web5");
}

TEST_CASE("power 7: who is protected, and who was named itself", "[power]") {
  const auto targets = Choose({"web[1-3]", "pcu:a/2", "web3", "front"});
  REQUIRE(targets.ok());
  REQUIRE(targets->size() == 4);
  CHECK_FALSE((*targets)[0].is_protected);
  CHECK((*targets)[1].is_protected);
  CHECK_FALSE((*targets)[1].exact);
  CHECK((*targets)[2].exact);
  CHECK((*targets)[3].outlet);
  CHECK((*targets)[3].is_protected);
  CHECK_FALSE((*targets)[3].exact);
  CHECK(Choose({"web2"})->at(0).exact);
}

TEST_CASE("targets: others that hang on the same outlet", "[power]") {
  const auto also = [](Strings words) {
    return power::AlsoSwitched(Fleet(), *Choose(std::move(words)));
  };
  CHECK(also({"s1"}) == Strings{"s2"});
  CHECK(also({"s1", "s2", "web1"}) == Strings());
  CHECK(also({"pcu:a/1"}) == Strings());
  CHECK(also({"pcu:a/7"}) == Strings{"s1", "s2"});
}

TEST_CASE("targets: a file of names", "[power]") {
  const auto words =
      power::ParseTargetFile("web1 web[2-3]\r\n# no\n@web#x\n\tdb1");
  REQUIRE(words.ok());
  CHECK(*words == Strings{"web1", "web[2-3]", "@web", "db1"});
  CHECK(absl::IsResourceExhausted(
      power::ParseTargetFile(std::string(power::kMaxTargetFileBytes + 1, 'a'))
          .status()));
}

TEST_CASE("targets: ranges that mean too much or nothing", "[power]") {
  CHECK(absl::IsOutOfRange(Choose({"web[1-99999999]"}).status()));
  CHECK(absl::IsOutOfRange(
      Choose(Strings(20, "web[1-60000]"), {}, true).status()));
  CHECK(absl::IsInvalidArgument(Choose({"web[3-1]"}).status()));
  CHECK(absl::IsInvalidArgument(Choose({"web[1"}).status()));
  CHECK(absl::IsInvalidArgument(Choose({"web1,,web2"}).status()));
  CHECK(absl::IsInvalidArgument(Choose({""}).status()));
  CHECK(absl::IsInvalidArgument(Choose({std::string(9000, 'a')}).status()));
}

TEST_CASE("power 1: names are folded for summaries", "[power]") {
  CHECK(power::FoldHosts({"web3", "web1", "db1", "web2"}) == "db1,web[1-3]");
  CHECK(power::FoldHosts({"a01", "a02", "a9"}) == "a[01-02,9]");
  CHECK(power::FoldHosts({"x2.example.org", "x1.example.org", "x1", "x1"}) ==
        "x1,x[1-2].example.org");
  CHECK(power::FoldHosts({"rack/1", "rack/2"}) == "rack/[1-2]");
  CHECK(power::FoldHosts({}).empty());
}

}  // namespace
