// The mixer: %(1,5-8).
#include "text/mixer.h"

#include <absl/strings/match.h>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "unit/text/expand.h"

using text::Expanded;

namespace {

struct Case {
  const char* mixer;
  const char* result;
};

void CheckAll(const std::string& value, std::initializer_list<Case> cases,
              const text::TemplateSyntax& syntax = {}) {
  for (const Case& c : cases) {
    INFO("%(1" << c.mixer << ") of '" << value << "'");
    CHECK(Expanded(absl::StrCat("<%(1", c.mixer, ")>"), {value}, syntax) ==
          absl::StrCat("<", c.result, ">"));
  }
}

constexpr char kDay[] = "20260731";
constexpr text::TemplateSyntax kUtf8{.utf8 = true};

}  // namespace

TEST_CASE("xapply D1: positions count from 1", "[text]") {
  CheckAll(kDay, {{"", kDay},
                  {",1", "2"},
                  {",4", "6"},
                  {",$", "1"},
                  {",~1", "1"},
                  {",~3", "7"},
                  {",~$", "2"},
                  {",0", "2"},
                  {",40", ""}});
}

TEST_CASE("xapply D2: ranges are inclusive and may run backwards", "[text]") {
  CheckAll(kDay, {{",5-6", "07"},
                  {",6-5", "70"},
                  {",$-1", "13706202"},
                  {",~4-~1", "0731"},
                  {",2-~2", "026073"},
                  {",3-*", "260731"},
                  {",6-99", "731"},
                  {",99-6", "137"},
                  {",98-99", ""},
                  {",99-98", ""}});
}

TEST_CASE("xapply D3: terms are joined", "[text]") {
  CheckAll(kDay, {{",1-4,`-',5-6,`-',7-8", "2026-07-31"},
                  {" 7-8 5-6", "3107"},
                  {",,1,,,$", "21"},
                  {"*", kDay},
                  {",*,*", "2026073120260731"},
                  {"\t1\t,\t$,\t ", "21"}});
}

TEST_CASE("xapply D4: text is copied", "[text]") {
  CheckAll(kDay, {{",\"a,)b\"1", "a,)b2"},
                  {",`x`y'z'1", "x`y'z2"},
                  {",\"\"", ""},
                  {",`'", ""},
                  {"\"<\"1-2\">\"", "<20>"},
                  {",\"`\",`\"'", "`\""},
                  {",\"\\\"1", "\\2"},
                  {",`'\"'\"$", "'1"}});
}

TEST_CASE("xapply D5: a group feeds what follows in its chain", "[text]") {
  CheckAll(kDay, {{",(5-8)1-2", "07"},
                  {",(5-8)($-1)1-2", "13"},
                  {",(2-$)(2-$)", "260731"},
                  {",(5-8),1-2", "20"},
                  {",1-2,(5-8)", "200731"},
                  {",(1-4)\"/\"*", "/2026"},
                  {",(`ab',1)($-1)*", "2ba"}});
}

TEST_CASE("xapply D6: other sources are mixed", "[text]") {
  CHECK(Expanded("%([1.1],1-3) %(2,$) %(*,1-5) %($,1) %q([2/2],1-2)",
                 {"web01.example", "a/$b"}) == "web b web01 a \\$b");
}

TEST_CASE("xapply D7: the last digit of the counter", "[text]") {
  text::TemplateValues values;
  values.number = "412";
  CHECK(text::ExpandWith("%0%(u,$)", values) == "2");
}

TEST_CASE("xapply D8: what is wrong is named, with its column", "[text]") {
  CHECK(Expanded("<%(1,z)>", {kDay}) ==
        "error: mixer %(1,z: syntax error in expression at column 6");
  CHECK(Expanded("<%(1,2-)>", {kDay}) ==
        "error: mixer %(1,2-): syntax error in expression at column 8");
  CHECK(Expanded("<%(1,3>", {kDay}) ==
        "error: mixer %(1,3>: syntax error in expression at column 7");
}

TEST_CASE("xapply D9: braces are a source", "[text]") {
  CHECK(Expanded("%({1},$)", {"abc"}) == "c");
}

TEST_CASE("mixer: the mixer does what its header says", "[text]") {
  CheckAll(kDay, {{",5-6", "07"},
                  {",7-8,\"/\",5-6", "31/07"},
                  {",$-1", "13706202"},
                  {",(5-8)1-2", "07"},
                  {",(5-8)1-2,1", "072"},
                  {",1\"-\"$", "2-1"}});
}

TEST_CASE("mixer: the mixer reads positions one after another", "[text]") {
  CheckAll("abcdef", {{"$", "f"},
                      {",1$", "af"},
                      {",12", ""},
                      {",~1~2", "fe"},
                      {",1-2~2-~1", "abef"},
                      {",**", "abcdefabcdef"},
                      {",*1", "abcdefa"},
                      {",~*", "fedcba"},
                      {",1~*", "afedcba"},
                      {",~0", "f"},
                      {",~6", "a"},
                      {",~7", "a"},
                      {",~99-2", "ab"},
                      {",$-$", "f"},
                      {",~$-~$", "a"},
                      {",~2-*", "ef"},
                      {",$-*", "f"},
                      {",0-0", "a"},
                      {",007-1", "fedcba"}});
}

TEST_CASE("mixer: the mixer of an empty value is its text", "[text]") {
  CheckAll("", {{"", ""},
                {",*", ""},
                {",$-1", ""},
                {",~*", ""},
                {",~3-~1", ""},
                {",0", ""},
                {",(1-2)$", ""},
                {",(\"ab\")$-1,\"x\"", "bax"}});
}

TEST_CASE("mixer: the mixer yields the value of a chain that ends in a group",
          "[text]") {
  CheckAll("abcdef", {{",1,(2-3)", "abc"},
                      {",(2-3),1", "a"},
                      {",(2-$)(2-$),(1)", "a"},
                      {",()", "abcdef"},
                      {",(,),1", "a"},
                      {",(())$", "f"},
                      {",(\"\")", ""},
                      {",((2-4)($-1))1", "d"},
                      {",(1,3,5)(2,3)$-1", "ec"}});
}

TEST_CASE("mixer: the mixer takes nothing else", "[text]") {
  const std::pair<const char*, size_t> cases[] = {
      {"z", 5},        {"2-", 7},   {"-2", 5},   {"1-2-3", 8}, {"~", 6},
      {"~x", 6},       {"1-~", 8},  {"1-~*", 8}, {"*-2", 6},   {"1(2)", 6},
      {"\"x\"(1)", 8}, {"[1]", 5},  {"+1", 5},   {"1;2", 6},   {"1\n", 6},
      {"1.", 6},       {"'x'", 5},  {"\\\"", 5}, {"~-", 6},    {"~~1", 6},
      {"(1)(2)x", 11}, {"1--2", 7}, {"1- 2", 7}, {"$x", 6},
  };
  for (const auto& [mixer, column] : cases) {
    const auto compiled =
        text::Template::Compile(absl::StrCat("%(1,", mixer, ")"));
    INFO(mixer);
    REQUIRE_FALSE(compiled.ok());
    CHECK(absl::EndsWith(
        compiled.status().message(),
        absl::StrCat(": syntax error in expression at column ", column)));
  }
}

TEST_CASE("mixer: the mixer that is not closed says what is missing",
          "[text]") {
  const std::pair<const char*, const char*> cases[] = {
      {"%(1", "mixer %(1: missing close parenthesis ()) at column 4"},
      {"%(1,2", "mixer %(1,2: missing close parenthesis ()) at column 6"},
      {"%(1,(2)", "mixer %(1,(2): missing close parenthesis ()) at column 8"},
      {"%(1,\"ab)", "mixer %(1,\"ab): missing close quote (\") at column 9"},
      {"%(1,`a`b')", "mixer %(1,`a`b'): missing close quote (') at column 11"},
      {"%([1/1,2)", "%([1/1,2): missing close bracket (]) at column 10"},
  };
  for (const auto& [text, message] : cases) {
    INFO(text);
    CHECK(text::Template::Compile(text).status().message() == message);
  }
}

TEST_CASE("mixer: the mixer counts characters under UTF-8", "[text]") {
  CheckAll("año→€5",
           {{",2", "ñ"},
            {",$-1", "5€→oña"},
            {",~3-~2", "→€"},
            {",2-3", "ño"},
            {",7", ""},
            {",(2-5)($-1)*", "€→oñ"},
            {",\"é\"$", "é5"}},
           kUtf8);
  // Bytes where it is not asked for, and where the value is none.
  CheckAll("año", {{",2", "\xc3"}, {",3", "\xb1"}, {",$", "o"}});
  CheckAll("a\xff\xc3\xb1", {{",3", "\xc3"}, {",$", "\xb1"}}, kUtf8);
  // A group may be valid where the whole is not, and the other way round.
  CheckAll("\xff\xc3\xb1o", {{",(2-4)1", "\xc3\xb1"}, {",(1-2)2", "\xc3"}},
           kUtf8);
}

TEST_CASE("mixer: the mixer's groups are not nested deeper than 100",
          "[text]") {
  const auto nested = [](size_t depth) {
    return absl::StrCat("%(1,", std::string(depth, '('), "2-3",
                        std::string(depth, ')'), "1)");
  };
  CHECK(Expanded(nested(base::kMaxTemplateDepth - 1), {"abc"}) == "b");
  CHECK(absl::EndsWith(Expanded(nested(base::kMaxTemplateDepth), {"abc"}),
                       ": groups nested too deep at column 104"));
  CHECK_FALSE(text::Template::Compile(nested(1'000'000)).ok());
  // Any number of groups one behind another.
  std::string flat = "%(1,";
  for (int i = 0; i < 1000; i++) flat += "($-1)";
  CHECK(Expanded(flat + ")", {"abc"}) == "abc");
}

TEST_CASE("mixer: the mixer makes no more than its limit", "[text]") {
  std::string doubling = "%(1,";
  for (int i = 0; i < 60; i++) doubling += "(*,*)";
  CHECK(Expanded(doubling + ")", {"ab"}) ==
        "error: mixer %(1,(*,*)(*,*)(*,*)(*,*)(*,*)(*,*)(*,*)(.."
        ": makes more than 16777216 bytes");
  CHECK(Expanded(doubling + ")", {""}) == "");
}
