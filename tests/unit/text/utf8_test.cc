#include "text/utf8.h"

#include <catch2/catch.hpp>

using text::Clean;
using text::Cut;
using text::IsUtf8;
using text::Width;

TEST_CASE("utf8: characters of each length are taken whole", "[text]") {
  absl::string_view rest = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  for (char32_t expected : {0x61, 0xE9, 0x20AC, 0x1F600}) {
    char32_t rune;
    REQUIRE(text::TakeRune(rest, rune));
    CHECK(rune == expected);
    std::string again;
    text::AppendRune(again, rune);
    absl::string_view back = again;
    char32_t same;
    CHECK(text::TakeRune(back, same));
    CHECK(same == rune);
  }
  CHECK(rest.empty());
}

TEST_CASE("utf8: forged characters are refused", "[text]") {
  for (absl::string_view bad :
       {"\x80", "\xC3", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE2\x82",
        "\xED\xA0\x80", "\xF0\x80\x80\xAF", "\xF4\x90\x80\x80", "\xF5", "\xFF",
        "\xC3\x28"}) {
    INFO(Clean(bad));
    CHECK_FALSE(IsUtf8(bad));
  }
  for (absl::string_view good :
       {"", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xC2\x80"}) {
    CHECK(IsUtf8(good));
  }
}

TEST_CASE("utf8: width counts columns, not bytes", "[text]") {
  CHECK(Width("abc") == 3);
  CHECK(Width("h\xC3\xA9") == 2);
  CHECK(Width("e\xCC\x81") == 1);                 // e and a combining accent
  CHECK(Width("\xE6\x97\xA5\xE6\x9C\xAC") == 4);  // two ideographs
  CHECK(Width("\xF0\x9F\x9A\x80") == 2);          // a rocket
  CHECK(Width("\xE2\x80\xA6") == 1);
}

TEST_CASE("utf8: a cut text is as wide as it may be", "[text]") {
  CHECK(Cut("abcdef", 6) == "abcdef");
  CHECK(Cut("abcdef", 5) == "abcd\xE2\x80\xA6");
  CHECK(Cut("abcdef", 1) == "\xE2\x80\xA6");
  CHECK(Cut("abcdef", 0) == "");
  // A wide character that would only half fit is left out.
  CHECK(Cut("\xE6\x97\xA5\xE6\x9C\xAC", 3) == "\xE6\x97\xA5\xE2\x80\xA6");
  CHECK(Width(Cut("\xE6\x97\xA5\xE6\x9C\xAC", 2)) == 1);
}

TEST_CASE("utf8: clean text cannot move a cursor", "[text]") {
  CHECK(Clean("a\n\tb\r\x1b[2J\x7f") == "a\\n\\tb\\x0d\\x1b[2J\\x7f");
  CHECK(Clean("\xC2\x9B") == "\\xc2\\x9b");           // CSI in one character
  CHECK(Clean("\xE2\x80\xAE") == "\\xe2\\x80\\xae");  // right to left
  CHECK(Clean("\xFF\xC3") == "\\xff\\xc3");
  CHECK(Clean("h\xC3\xA9\xE6\x97\xA5") == "h\xC3\xA9\xE6\x97\xA5");
}
