#include "hosts/merged.h"

#include <catch2/catch.hpp>
#include <random>

#include "world.h"

using hosts::MergedFile;
using hosts::QuoteValue;
using hosts_test::JoinText;
using hosts_test::kFleet;

TEST_CASE("hxmd H58: the merged file of the fleet", "[hosts]") {
  const auto joined = JoinText(std::string(kFleet));
  const std::vector<hosts::Definition> definitions = {
      {"VIA", "x", false, false},
      {"KEY", "s3", false, true},
      {"GONE", "", true, false},
      {"EMPTY", "", false, false}};
  CHECK(MergedFile(joined->table, joined->All(), "SHORT OWNER", definitions) ==
        "VIA=x\n#KEY\nEMPTY=`'\n"
        "%HOST SHORT OWNER\n"
        "alpha.lab.example alpha `Ada L.'\n"
        "beta.lab.example beta .\n"
        "gamma.lab.example gamma `Bo\tD'\n"
        "delta.edge.example delta .\n");
}

TEST_CASE("hxmd H59: a key among the words stays where it is", "[hosts]") {
  const auto joined = JoinText(std::string(kFleet));
  CHECK(MergedFile(joined->table, {2}, "OWNER HOST", {}) ==
        "%OWNER HOST\n`Bo\tD' gamma.lab.example\n");
}

TEST_CASE("merged file: blanks between words are kept", "[hosts]") {
  const auto joined = JoinText(std::string(kFleet));
  CHECK(MergedFile(joined->table, {0}, "SHORT\tARCH  CORES", {}) ==
        "%HOST\tSHORT\tARCH  CORES\nalpha.lab.example\talpha\tamd64  8\n");
  CHECK(MergedFile(joined->table, {0}, "", {}) == "%HOST\nalpha.lab.example\n");
}

TEST_CASE("merged file: a word of several names is one column", "[hosts]") {
  const auto joined = JoinText(std::string(kFleet));
  CHECK(MergedFile(joined->table, {0, 3}, "SHORT@@ARCH 9X", {}) ==
        "%HOST SHORT_ARCH d9X\nalpha.lab.example alpha@@amd64 .\n"
        "delta.edge.example delta@@. .\n");
}

TEST_CASE("merged file: what the command line defines is not lost in a column",
          "[hosts]") {
  const auto joined = JoinText("%HOST A\nk1 x\nk2 .\n");
  CHECK(MergedFile(joined->table, joined->All(), "A B C D",
                   {{"A", "y", false, false},
                    {"B", "b b", false, false},
                    {"C", "c", false, true},
                    {"D", "d", false, false},
                    {"D", "", true, false}}) ==
        "A=y\nB=`b b'\n#C\nD=d\n%HOST A B C D\n"
        "k1 x `b b' . .\nk2 y `b b' . .\n");
}

TEST_CASE("merged file: a name on the command line cannot add a line",
          "[hosts]") {
  const auto joined = JoinText("k1\n");
  CHECK(MergedFile(joined->table, {0}, "", {{"a\nb", "x", false, false}}) ==
        "#a_b\n%HOST\nk1\n");
}

TEST_CASE("merged file: how values are quoted", "[hosts]") {
  CHECK(QuoteValue("plain-1.2/x") == "plain-1.2/x");
  CHECK(QuoteValue("") == "`'");
  CHECK(QuoteValue(".") == "`.'");
  CHECK(QuoteValue("%x") == "`%x'");
  CHECK(QuoteValue("a b") == "`a b'");
  CHECK(QuoteValue("a=b") == "`a=b'");
  CHECK(QuoteValue("a `b' c") == "`a `b' c'");
  CHECK(QuoteValue("can't") == "\"can't\"");
  CHECK(QuoteValue("'x`") == "\"'x`\"");
  CHECK(QuoteValue("a\x01") == "\"a\\001\"");
  CHECK(QuoteValue("'\"\\\n") == "\"'\\\"\\\\\\n\"");
}

namespace {

// Writes the value, reads it again, and compares.
void CheckRoundTrip(const std::string& value) {
  const auto joined = JoinText("%HOST V W\nk1 " + QuoteValue(value) + " end\n");
  INFO(QuoteValue(value));
  REQUIRE(joined->status.ok());
  CHECK(joined->remarks.warnings.empty());
  REQUIRE(joined->table.Get(0, "V").has_value());
  CHECK(*joined->table.Get(0, "V") == absl::string_view(value));
  CHECK(joined->table.Get(0, "W") == absl::string_view("end"));
  const std::string again = MergedFile(joined->table, joined->All(), "V W", {});
  const auto second = JoinText(again);
  REQUIRE(second->status.ok());
  CHECK(second->Hosts() == joined->Hosts());
}

}  // namespace

TEST_CASE("hxmd H60: every byte reads back", "[hosts]") {
  for (int byte = 1; byte < 256; byte++) {
    const std::string c(1, static_cast<char>(byte));
    for (const std::string& value :
         {c, "a" + c, c + "a", "a" + c + "8", c + c}) {
      CheckRoundTrip(value);
    }
  }
}

TEST_CASE("hxmd H60: hostile values read back", "[hosts]") {
  for (const char* value :
       {"`",          "'",         "'`",     "`'",  "``''", "`'`",
        "\"",         "\\",        "\\\\n",  "\n",  "\r\n", "#",
        "# x",        "=",         "A=b",    "%",   "%%",   ". ",
        ".x",         "a\tb\nc",   "`\x01'", "dnl", "$1",   "'quoted'",
        "\"quoted\"", "x'y`z\"w\\"}) {
    CheckRoundTrip(value);
  }
}

TEST_CASE("hxmd H60: any run of awkward bytes reads back", "[hosts]") {
  std::mt19937 random(1);
  const std::string bytes = "`'\"\\\n\t\r #=%.ab8\x01\x7f\xff";
  for (int round = 0; round < 2000; round++) {
    std::string value;
    for (size_t n = random() % 12; n > 0; n--) {
      value += bytes[random() % bytes.size()];
    }
    CheckRoundTrip(value);
  }
}
