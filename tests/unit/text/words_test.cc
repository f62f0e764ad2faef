#include "text/words.h"

#include <catch2/catch.hpp>

using text::JoinWords;
using text::QuoteWord;
using text::SplitWords;
using Words = std::vector<std::string>;

namespace {

Words Split(absl::string_view text) {
  const absl::StatusOr<Words> words = SplitWords(text);
  REQUIRE(words.ok());
  return *words;
}
std::string Why(absl::string_view text) {
  const absl::StatusOr<Words> words = SplitWords(text);
  REQUIRE_FALSE(words.ok());
  CHECK(words.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(words.status().message());
}

}  // namespace

TEST_CASE("words: blanks, tabs and newlines separate", "[text]") {
  CHECK(Split("").empty());
  CHECK(Split(" \t\n").empty());
  CHECK(Split("a  b\tc\nd ") == Words{"a", "b", "c", "d"});
}

TEST_CASE("words: quotes are as a shell has them", "[text]") {
  CHECK(Split("'a b' \"c d\" e\\ f") == Words{"a b", "c d", "e f"});
  CHECK(Split("a'b'\"c\"d") == Words{"abcd"});
  CHECK(Split("'' \"\"") == Words{"", ""});
  CHECK(Split("'\\n' \"'\" '\"'") == Words{"\\n", "'", "\""});
  CHECK(Split("\"\\$ \\` \\\" \\\\ \\n\"") == Words{"$ ` \" \\ \\n"});
}

TEST_CASE("words: a backslash before a newline joins lines", "[text]") {
  CHECK(Split("a\\\nb \"c\\\nd\" \\\n") == Words{"ab", "cd"});
  CHECK(Split("'a\\\nb'") == Words{"a\\\nb"});
}

TEST_CASE("words: nothing is expanded", "[text]") {
  CHECK(Split("$HOME `x` * # | ; & > ~") ==
        Words{"$HOME", "`x`", "*", "#", "|", ";", "&", ">", "~"});
}

TEST_CASE("words: what is never closed is named with its place", "[text]") {
  CHECK(Why("a 'b") == "character 3: the ' is never closed");
  CHECK(Why("\"a'b'") == "character 1: the \" is never closed");
  CHECK(Why("a\\") == "character 2: nothing follows the backslash");
  CHECK(Why(absl::string_view("a\0b", 3)) == "character 2: a NUL");
  CHECK(Why(absl::string_view("\\\0", 2)) == "character 2: a NUL");
  CHECK(Why(absl::string_view("'\0'", 3)) == "character 2: a NUL");
}

TEST_CASE("words: grouped words know blanks, tabs and two quotes", "[text]") {
  const auto grouped = [](absl::string_view text) {
    const absl::StatusOr<Words> words = text::SplitGrouped(text);
    REQUIRE(words.ok());
    return *words;
  };
  CHECK(grouped("").empty());
  CHECK(grouped(" \t ").empty());
  CHECK(grouped(" -a\t-b  c ") == Words{"-a", "-b", "c"});
  CHECK(grouped("'a b' \"c\td\"") == Words{"a b", "c\td"});
  CHECK(grouped("'' \"\"") == Words{"", ""});
  CHECK(grouped("-T'%x \"1\"'end") == Words{"-T%x \"1\"end"});
  CHECK(grouped("\"it's\"") == Words{"it's"});
  // What quotes elsewhere is an ordinary character here.
  CHECK(grouped("a\\ b\\") == Words{"a\\", "b\\"});
  CHECK(grouped("\"a\\\" b") == Words{"a\\", "b"});
  CHECK(grouped("a\nb $x `y` #z") == Words{"a\nb", "$x", "`y`", "#z"});
  CHECK(text::SplitGrouped("a 'b \" c").status().message() ==
        "character 3: the ' is never closed");
  CHECK(text::SplitGrouped("\\\"").status().message() ==
        "character 2: the \" is never closed");
}

TEST_CASE("words: quoted words read back as they were", "[text]") {
  CHECK(QuoteWord("plain-1.2/x:y@z%") == "plain-1.2/x:y@z%");
  CHECK(QuoteWord("") == "''");
  CHECK(QuoteWord("it's") == "'it'\\''s'");
  CHECK(QuoteWord("A=b") == "'A=b'");
  CHECK(QuoteWord("~root") == "'~root'");
  std::string all;
  for (int c = 1; c < 256; c++) all += static_cast<char>(c);
  const Words words = {"", "a b", "'", "\\", "$x\n", all};
  CHECK(Split(JoinWords(words)) == words);
}
