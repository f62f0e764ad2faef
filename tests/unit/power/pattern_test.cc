#include "power/pattern.h"

#include <catch2/catch.hpp>

#include "power/limits.h"

namespace {

using power::Pattern;

Pattern Re(absl::string_view text) {
  const auto pattern = Pattern::Compile(text);
  REQUIRE(pattern.ok());
  return *pattern;
}
std::string Found(absl::string_view pattern, absl::string_view bytes) {
  const auto match = Re(pattern).Find(bytes);
  if (!match) return "none";
  return std::string(
      bytes.substr(match->begin(), match->end() - match->begin()));
}

TEST_CASE("dialogue patterns: anywhere, the leftmost, the longest", "[power]") {
  CHECK(Found("b+", "aabbbab") == "bbb");
  CHECK(Found("a|ab|abc", "xabcd") == "abc");
  CHECK(Found("OK\\r\\n", "OK\r\n") == "OK\r\n");
  CHECK(Found("OK\r\n", "OK\r\n") == "OK\r\n");
  CHECK(Found(".*#", "a\nb# c") == "a\nb#");
  // The end of what has arrived is not the end.
  CHECK(Found("x$", "x") == "none");
  CHECK(Found("^x", "yx") == "none");
  CHECK(Found("x", "") == "none");
  const auto match = Re("(a)|(b)(c)?").Find("b");
  REQUIRE(match);
  CHECK_FALSE(match->groups[1].has_value());
  CHECK(match->groups[2].has_value());
  CHECK_FALSE(match->groups[3].has_value());
  CHECK(Re("(a)|(b)(c)?").groups() == 3);
  CHECK_FALSE(Pattern().Matches("x"));
  // A value is whole.
  CHECK(Re("^0$").Matches("0"));
  CHECK_FALSE(Re("^0$").Matches("05"));
}

}  // namespace
