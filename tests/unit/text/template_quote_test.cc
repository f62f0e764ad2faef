// The prefixes q, Q and W.
#include "text/template_quote.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <random>

#include "text/words.h"
#include "unit/text/expand.h"

using text::AppendQuoted;
using text::Expanded;
using text::Quote;

namespace {

std::string Quoted(Quote quote, absl::string_view value) {
  std::string out;
  AppendQuoted(quote, value, &out);
  return out;
}

// Each character that gets a backslash.
std::string Backslashed(Quote quote) {
  std::string found;
  for (int byte = 1; byte < 256; byte++) {
    const std::string c(1, static_cast<char>(byte));
    if (Quoted(quote, c) == "\\" + c) {
      found += c;
    } else if (quote != Quote::kWord || c != "\n") {
      CHECK(Quoted(quote, c) == c);
    }
  }
  return found;
}

}  // namespace

TEST_CASE(
    "template: a template's quotes put a backslash before what is special",
    "[text]") {
  CHECK(Backslashed(Quote::kNone) == "");
  CHECK(Backslashed(Quote::kInDouble) == "\"$\\`");
  CHECK(Backslashed(Quote::kShell) == "!\"#$%&'()*;<=>?[\\]^`{|}~");
  CHECK(Backslashed(Quote::kWord) == "\t !\"#$%&'()*;<=>?[\\]^`{|}~");
}

TEST_CASE("template: a template's word is one word", "[text]") {
  CHECK(Quoted(Quote::kWord, "") == "''");
  CHECK(Quoted(Quote::kWord, "a\nb") == "a'\n'b");
  CHECK(Quoted(Quote::kWord, "\n") == "'\n'");
  CHECK(Quoted(Quote::kShell, "") == "");
  CHECK(Quoted(Quote::kShell, "a b\tc\nd") == "a b\tc\nd");
  std::mt19937 random(1);
  constexpr absl::string_view kLikely = " \t\n\r'\"\\$`a~#=!*\xc3\xa9";
  for (int i = 0; i < 5000; i++) {
    std::string value;
    for (size_t n = random() % 12; n > 0; n--) {
      value += random() % 4 ? kLikely[random() % kLikely.size()]
                            : static_cast<char>(1 + random() % 255);
    }
    const auto words =
        text::SplitWords(absl::StrCat("x ", Quoted(Quote::kWord, value), " y"));
    REQUIRE(words.ok());
    REQUIRE(*words == text::Strings{"x", value, "y"});
    const auto inner = text::SplitWords(
        absl::StrCat("\"", Quoted(Quote::kInDouble, value), "\""));
    REQUIRE(inner.ok());
    REQUIRE(*inner == text::Strings{value});
  }
}

TEST_CASE("template: a template's value is quoted after it was diced and mixed",
          "[text]") {
  CHECK(Expanded("%Q[1/$]", {"a b/$c;"}) == "\\$c\\;");
  CHECK(Expanded("%W([1/1],$-1)", {"a b/c"}) == "b\\ a");
  CHECK(Expanded("%W(1,\"\")%q(1,\"$\")%Q(1,\"~ ~\")", {"x"}) ==
        "''\\$\\~ \\~");
  CHECK(Expanded("%W*", {"a", "b c"}) == "a\\ b\\ c");
  CHECK(Expanded("%W0%Q0%q0", {"a"}) == "''");
  CHECK(Expanded("%W+", {"x %1", "y"}) == "x\\ y");
}
