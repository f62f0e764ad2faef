#include "power/terminal_filter.h"

#include <catch2/catch.hpp>

namespace {

TEST_CASE("terminal: colours, titles and NULs are no text", "[power]") {
  using namespace std::string_literals;
  const std::string all =
      "a\0b\033[1;31mc\033]0;title\ad\033]x\033\\e\033(Bf\033=g"s;
  for (size_t cut = 0; cut <= all.size(); cut++) {
    power::TerminalFilter filter;
    const std::string first = filter.Take(all.substr(0, cut));
    CHECK(first + filter.Take(all.substr(cut)) == "abcdefg");
  }
  power::TerminalFilter filter;
  CHECK(filter.Take("\033[" + std::string(1000, '1')).size() > 900);
  CHECK(filter.Take("\033]" + std::string(5000, '1')).size() > 3000);
}

}  // namespace
