#include "power/plain_pattern.h"

#include <absl/strings/str_cat.h>
#include <regex.h>

#include <catch2/catch.hpp>
#include <random>

namespace {

using power::Match;
using power::PlainPattern;
using Answer = PlainPattern::Answer;

// What libc finds; no groups: nothing.
Match ByLibc(const std::string& pattern, absl::string_view bytes) {
  regex_t regex;
  REQUIRE(regcomp(&regex, pattern.c_str(), REG_EXTENDED) == 0);
  std::vector<regmatch_t> found(regex.re_nsub + 1);
  found[0].rm_so = 0;
  found[0].rm_eo = static_cast<regoff_t>(bytes.size());
  Match match;
  if (regexec(&regex, bytes.data(), found.size(), found.data(),
              REG_NOTEOL | REG_STARTEND) == 0) {
    for (const regmatch_t& one : found) {
      match.groups.push_back(Match::Span{static_cast<size_t>(one.rm_so),
                                         static_cast<size_t>(one.rm_eo)});
    }
  }
  regfree(&regex);
  return match;
}

// A row of pieces that suits the text below.
std::string RandomPattern(std::mt19937& random) {
  constexpr const char* kPieces[] = {
      "a",     "b",      "1",        " ",      "[0-9]*",     "[ab]?",
      "[^a]+", ".*",     ".",        "(a|b1)", "(ab|ba|1)",  "([0-9]+)",
      "( *)",  "(a*b?)", "([^1]*)1", "b*",     "(1|a|bb|ba)"};
  std::string pattern;
  for (size_t i = random() % 6 + 1; i > 0; --i) {
    pattern += kPieces[random() % std::size(kPieces)];
  }
  return pattern;
}

TEST_CASE("dialogue patterns: plain ones are matched as libc does", "[power]") {
  std::mt19937 random(7);
  int given_up = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string pattern = RandomPattern(random);
    std::string text;
    for (size_t left = random() % 24; left > 0; --left) {
      text += "aab11 \n\0"[random() % 8];
    }
    INFO(pattern << " in '" << text << "'");
    const auto plain = PlainPattern::Parse(pattern);
    REQUIRE(plain);
    Match match;
    const Answer answer = plain->Find(text, &match);
    if (answer == Answer::kGivenUp) {
      ++given_up;
      continue;
    }
    const Match libcs = ByLibc(pattern, text);
    REQUIRE((answer == Answer::kFound) == !libcs.groups.empty());
    REQUIRE(match.groups == libcs.groups);
  }
  CHECK(given_up < 100);
}

TEST_CASE("dialogue patterns: what is plain, and what is not", "[power]") {
  for (const char* text :
       {"> ", "[0-9]* OK\n", "plug ([0-9]+): (ON|OFF)\n", ".*RPC-28[A]*>",
        "In what state do you want the power.*\\? ", "\\[OK\\]\r\n",
        "Outlet ([1-8]+)[^O]*(ON|OFF)", "!..(.)(.)00\r", "[]-]", "[^]a-]",
        "node([0-9]+): (on|off|n/a)", "([^\n:]+): ([^\n]+)\n"}) {
    INFO(text);
    CHECK(PlainPattern::Parse(text));
  }
  // The last ones have words of which one begins another.
  for (const char* text :
       {"",    "^a",   "a$",  "a|b",  "(a)*",        "((a))",   "a{2}",
        "()",  "(a|)", "\\w", "\\<a", "[[:digit:]]", "[a-\n]",  "[+--]",
        "[é]", "a**",  "*a",  "(*a)", "(on|one)",    "(on|on)", "(a*|b)"}) {
    INFO(text);
    CHECK_FALSE(PlainPattern::Parse(text));
  }
}

TEST_CASE("dialogue patterns: trying does not go on for ever", "[power]") {
  const std::string text(4000, 'a');
  Match match;
  // What begins with a repetition is tried once.
  CHECK(PlainPattern::Parse(".*b")->Find(text, &match) == Answer::kNothing);
  CHECK(PlainPattern::Parse("a*")->Find(text, nullptr) == Answer::kFound);
  CHECK(PlainPattern::Parse("a.*b")->Find(text, nullptr) == Answer::kGivenUp);
  CHECK(PlainPattern::Parse(".*.*.*b")->Find(text, &match) == Answer::kGivenUp);
}

}  // namespace
