#include "hosts/conditions.h"

#include <catch2/catch.hpp>

#include "world.h"

using hosts::ParseComparison;
using hosts::ParsePresence;
using hosts_test::JoinText;
using hosts_test::kFleet;

namespace {

// The numbers of the hosts that hold.
std::string Admitted(absl::string_view text) {
  const auto joined = JoinText(std::string(kFleet));
  const auto presences = ParsePresence(text);
  REQUIRE(presences.ok());
  std::string out;
  for (size_t host : joined->All()) {
    if (hosts::Holds(*presences, joined->table, host)) {
      out += std::to_string(host);
    }
  }
  return out;
}

// "LEFT OP RIGHT", with "not" in front when negated.
std::string Parsed(absl::string_view text) {
  const auto c = ParseComparison(text);
  if (!c.ok()) return "refused";
  return (c->negated ? "not " : "") + c->left + " " + c->op + " " + c->right;
}

}  // namespace

TEST_CASE("hxmd H21: attributes that must and must not be set", "[hosts]") {
  CHECK(Admitted("CORES,!OWNER") == "1");
  CHECK(Admitted("CORES & OWNER") == "0");
  CHECK(Admitted("!!TAGS") == "3");
  CHECK(Admitted("! !! TAGS") == "012");
  CHECK(Admitted("NOBODY") == "");
  CHECK(Admitted("") == "0123");
}

TEST_CASE("hxmd H22: a number is how many files mention a host", "[hosts]") {
  CHECK(Admitted("1") == "0123");
  CHECK(Admitted("!1") == "");
  CHECK(Admitted("2") == "");
}

TEST_CASE("hxmd H34: conditions that are none are refused", "[hosts]") {
  CHECK(!ParsePresence("A-B").ok());
  CHECK(!ParsePresence("2x").ok());
  CHECK(!ParsePresence("!").ok());
  CHECK(!ParsePresence("99999999999999").ok());
  CHECK(Parsed("SHORT") == "refused");
  CHECK(Parsed("F(x=1") == "refused");
  CHECK(Parsed("=x") == "refused");
  CHECK(Parsed("") == "refused");
  CHECK(Parsed("A ~ b") == "refused");
}

TEST_CASE("comparison: the longest operator is taken", "[hosts]") {
  CHECK(Parsed("ARCH=amd64") == "ARCH = amd64");
  CHECK(Parsed("ARCH!amd64") == "ARCH ! amd64");
  CHECK(Parsed("CORES>=8") == "CORES >= 8");
  CHECK(Parsed("5<CORES") == "5 < CORES");
  CHECK(Parsed("CORES==2+2") == "CORES == 2+2");
  CHECK(Parsed("A!=b") == "A != b");
  CHECK(Parsed("A  <= 3") == "A <=  3");
}

TEST_CASE("comparison: signs in front of the left side", "[hosts]") {
  CHECK(Parsed("-1!=index(SHORT,et)") == "-1 != index(SHORT,et)");
  CHECK(Parsed("!SITE=edge") == "not SITE = edge");
  CHECK(Parsed("!!SITE=edge") == "SITE = edge");
  CHECK(Parsed("!--5>X") == "not 5 > X");
}

TEST_CASE("comparison: parentheses are counted and quotes are not", "[hosts]") {
  CHECK(Parsed("f(a,g(b))=c") == "f(a,g(b)) = c");
  CHECK(Parsed("f(`=')=c") == "f(`=') = c");
  CHECK(Parsed("SHORT=translit(DELTA,A-Z,a-z)") ==
        "SHORT = translit(DELTA,A-Z,a-z)");
}
