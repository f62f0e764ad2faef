#include "fanout/pool_text.h"

#include <catch2/catch.hpp>

#include "text/json.h"

namespace {

fanout::PoolTable Table() {
  fanout::PoolTable table;
  table.source = "tags";
  table.from_file = true;
  table.rows = {{0, "red", 0, ""}, {2, "\xc3", 17, "sh -c 'a\nb'"}};
  return table;
}

TEST_CASE("pool text: sizes are those of the rows that are there", "[fanout]") {
  CHECK(fanout::PoolText("ptbw", Table()) ==
        "ptbw: master has 2 tokens, max length 3 (total space 6)\n"
        " Master tokens from file: tags\n"
        " Index\tLock\tTokens (request in groups of 1)\n"
        "     0\t0\tred\n"
        "     2\t17\t\xc3\n");
  CHECK(fanout::PoolText("x", {}) ==
        "x: master has 0 tokens, max length 0 (total space 0)\n"
        " Master tokens from the internal function: \n"
        " Index\tLock\tTokens (request in groups of 1)\n");
}

TEST_CASE("pool text: a holder's command stays one line", "[fanout]") {
  CHECK(fanout::HoldersText(Table()).find("\tsh -c 'a\n") == std::string::npos);
  CHECK(fanout::HoldersText(Table()).find("red") == std::string::npos);
}

TEST_CASE("pool text: the JSON form is JSON, whatever a token is", "[fanout]") {
  for (const bool held_only : {false, true}) {
    const auto json =
        text::Json::Parse(fanout::PoolJson(Table(), held_only, held_only));
    REQUIRE(json.ok());
    const text::Json* const tokens = json->Find("tokens");
    REQUIRE(tokens != nullptr);
    CHECK(tokens->AsArray()->size() == (held_only ? 1 : 2));
    const text::Json& last = tokens->AsArray()->back();
    CHECK(*last.Find("token")->StringAt("b64") == "ww==");
    CHECK(*last.IntAt("holder") == 17);
    CHECK((last.Find("command") != nullptr) == held_only);
  }
}

TEST_CASE("pool text: a command line is quoted for a shell", "[fanout]") {
  CHECK(fanout::CommandLineText(std::string("sh\0-c\0a b\0\0", 10)) ==
        "sh -c 'a b'");
  CHECK(fanout::CommandLineText(std::string("sh\0\0", 4)) == "sh ''");
  CHECK(fanout::CommandLineText("") == "");
}

}  // namespace
