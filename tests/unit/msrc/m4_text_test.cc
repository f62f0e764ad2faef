#include "msrc/m4_text.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <random>

#include "text/m4.h"

namespace {

// With macros that would show if they were called.
std::string Expanded(absl::string_view source) {
  text::M4 m4({}, nullptr, {});
  m4.Define("HOST", "<host>");
  m4.Define("x", "<y>");
  const auto out = text::ExpandM4("t", source, m4.Definitions());
  REQUIRE(out.ok());
  return *out;
}

}  // namespace

TEST_CASE("m4 text: quoted text stays as it is, whatever is in it", "[msrc]") {
  for (const char* text :
       {"",        "plain",  "HOST",   "dnl",          "it's",
        "a`b",     "`HOST'", "''",     "``",           "`'",
        "'`",      "# HOST", "[HOST]", "changequote(", "define(`x',`y')",
        "$1 ${1}", "(",      "),(",    "HOST`(x)'",    "`'changequote([,])[`]",
        "a\nb"}) {
    INFO(text);
    CHECK(Expanded(msrc::QuoteM4(text)) == text);
    // What stands beside it is none of its business.
    CHECK(Expanded(absl::StrCat("HOST", msrc::QuoteM4(text), "HOST")) ==
          absl::StrCat("<host>", text, "<host>"));
  }
}

TEST_CASE("m4 text: any bytes stay as they are", "[msrc]") {
  std::mt19937 random(20261121);
  const absl::string_view letters = "`'`'[](),#x$1HOST dnl\n\\\"\xff";
  for (int i = 0; i < 2000; i++) {
    std::string text;
    for (size_t n = random() % 20; n > 0; n--) {
      text += letters[random() % letters.size()];
    }
    INFO(text);
    REQUIRE(Expanded(absl::StrCat("x", msrc::QuoteM4(text), "x")) ==
            absl::StrCat("<y>", text, "<y>"));
  }
}

TEST_CASE("m4 text: calls are called between texts", "[msrc]") {
  msrc::M4Text text;
  text.Text("a ").Text("HOST ").Call("HOST").Text("`(x)\n").Dnl().Divert("1");
  text.Text("later").Divert("0");
  CHECK(Expanded(text.Take()) == "a HOST <host>`(x)\nlater");
  CHECK(text.Take().empty());
}
