#include "cli/help.h"

#include <absl/strings/str_split.h>

#include <catch2/catch.hpp>

namespace {

absl::StatusOr<int> Zero(const cli::Call&) { return 0; }
constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'c', "comment", "TEXT", "a comment to keep with the key"},
      {'f', "force", "",
       "replace a key that is already there, whatever it holds and whoever put "
       "it there"},
      {'P', "parallel", "[N]", "so many at once"},
      {'#', "lines", "N", "so many lines"},
      {0, "no-compress", "", "as it is"},
      {'x', "", "[N]", "a letter alone"},
      {'q', "a-word-that-is-very-long-indeed", "VALUE", "below"},
  });
});
constexpr cli::Verb kVerbs[] = {
    {"trust", "[-f] FILE", "trust a key", kOptions, Zero},
    {"show", "", "print a key", {}, Zero},
};
constexpr cli::Applet kApplet = {
    .name = "tool",
    .summary = "try help",
    .usage = "[-f] FILE\nVERB ...",
    .options = kOptions,
    .exits = "1   some failed\n73  FILE is there\n",
    .environment = "TOOL_PASS TOOL",
    .verbs = kVerbs,
    .run = Zero,
};

}  // namespace

TEST_CASE("help: it says what the head says", "[cli]") {
  CHECK(cli::HelpText(kApplet, "mine", nullptr) ==
        R"(usage: mine [-f] FILE
       mine VERB ...

try help

Verbs (VERB --help says more):
  trust  trust a key
  show   print a key

Options:
  -c, --comment TEXT  a comment to keep with the key
  -f, --force         replace a key that is already there, whatever it holds
                      and whoever put it there
  -P, --parallel[=N]  so many at once
  -#, --lines N       so many lines
      --no-compress   as it is
  -x[N]               a letter alone
  -q, --a-word-that-is-very-long-indeed VALUE
                      below
  -h, --help          show this help
  -V, --version       show the version

Options are also read from the first of these variables that is set:
  TOOL_PASS TOOL

Exit codes:
  1   some failed
  73  FILE is there
)");
}

TEST_CASE("help: an unusual code for a wrong command line is listed", "[cli]") {
  const auto exits = [](absl::string_view exits, int usage_exit) {
    const cli::Applet applet = {.name = "own",
                                .summary = "x",
                                .exits = exits,
                                .usage_exit = usage_exit,
                                .run = Zero};
    const std::string help = cli::HelpText(applet, "own", nullptr);
    const size_t at = help.find("Exit codes:\n");
    return at == std::string::npos ? "" : help.substr(at);
  };
  CHECK(exits("", 64) == "");
  CHECK(exits("", 1) == "Exit codes:\n  1  the command line is wrong\n");
  CHECK(exits("0   done\n65  no\n128+n  a signal\n", 1) == R"(Exit codes:
  0      done
  1      the command line is wrong
  65     no
  128+n  a signal
)");
  CHECK(exits("0  done\n128+n  a signal\n", 100) == R"(Exit codes:
  0      done
  100    the command line is wrong
  128+n  a signal
)");
}

TEST_CASE("help: a verb's help is about the verb", "[cli]") {
  CHECK(cli::HelpText(kApplet, "tool", &kVerbs[1]) ==
        R"(usage: tool show

print a key

Options:
  -h, --help     show this help
  -V, --version  show the version
)");
}

TEST_CASE("help: letters that a head has are not given twice", "[cli]") {
  static constexpr auto kOwn = cli::Options([] {
    return std::to_array<cli::Option>({{'h', "hold", "", "wait"}});
  });
  static constexpr cli::Applet kOwnApplet = {
      .name = "own", .summary = "x", .options = kOwn, .run = Zero};
  const std::string help = cli::HelpText(kOwnApplet, "own", nullptr);
  CHECK(help.find("  -h, --hold     wait\n") != std::string::npos);
  CHECK(help.find("      --help     show this help\n") != std::string::npos);
}

TEST_CASE("help: words that a head has are not given twice", "[cli]") {
  static constexpr auto kOwn = cli::Options([] {
    return std::to_array<cli::Option>(
        {{'V', "version", "", "the version and more"},
         {0, "help", "TEXT", "aid"}});
  });
  static constexpr cli::Applet kOwnApplet = {
      .name = "own", .summary = "x", .options = kOwn, .run = Zero};
  CHECK(cli::HelpText(kOwnApplet, "own", nullptr) == R"(usage: own

x

Options:
  -V, --version    the version and more
      --help TEXT  aid
  -h               show this help
)");
}

TEST_CASE("help: no line of it is wider than a terminal", "[cli]") {
  for (absl::string_view line :
       absl::StrSplit(cli::HelpText(kApplet, "tool", nullptr), '\n')) {
    CHECK(line.size() < 80);
  }
}
