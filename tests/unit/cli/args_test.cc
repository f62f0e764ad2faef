#include "cli/args.h"

#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

using Words = std::vector<std::string>;

namespace {

absl::StatusOr<int> Zero(const cli::Call&) { return 0; }

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'f', "force", "", "a switch"},
      {'c', "comment", "TEXT", "a value", "none"},
      {'P', "parallel", "[N]", "a value that may be left out", "1", "4"},
      {'x', "", "FILE", "a letter alone"},
      {0, "no-compress", "", "a word alone"},
      {'#', "count", "N", "a number as the option", "1"},
      {'t', "time", "SPAN", "a duration", "30s"},
      {'b', "bytes", "SIZE", "a size", "64k"},
  });
});
constexpr cli::Applet kApplet = {
    .name = "tool",
    .summary = "try options",
    .usage = "[OPTION ...] FILE",
    .options = kOptions,
    .environment = "TOOL_PASS TOOL",
    .run = Zero,
};

constexpr auto kStatusOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'j', "json", "", "for programs"},
      {'f', "file", "NAME", "another file"},
  });
});
constexpr cli::Verb kVerbs[] = {
    {"status", "[-j]", "show what there is", kStatusOptions, Zero},
    {"stop", "", "end it", {}, Zero},
};
constexpr cli::Applet kVerbApplet = {
    .name = "many",
    .summary = "try verbs",
    .usage = "VERB",
    .options = kOptions,
    .verbs = kVerbs,
};

absl::StatusOr<cli::CommandLine> Read(const Words& words,
                                      const cli::Applet& applet = kApplet) {
  return cli::ReadCommandLine(applet, applet.name, words);
}
cli::Call Call(const Words& words, const cli::Applet& applet = kApplet) {
  const absl::StatusOr<cli::CommandLine> line = Read(words, applet);
  INFO(line.status());
  REQUIRE(line.ok());
  CHECK(line->wanted == cli::Wanted::kRun);
  return line->call;
}
std::string Why(const Words& words, const cli::Applet& applet = kApplet) {
  const absl::StatusOr<cli::CommandLine> line = Read(words, applet);
  REQUIRE_FALSE(line.ok());
  CHECK(cli::IsUsageError(line.status()));
  return std::string(line.status().message());
}
// The options in order, "word=value".
std::string Order(const cli::Call& call) {
  return absl::StrJoin(call.seen, " ", [](std::string* out, const auto& s) {
    *out += cli::OptionName(s.option) + "=" + s.value;
  });
}

}  // namespace

TEST_CASE("args: nothing given is what the head says", "[cli]") {
  const cli::Call call = Call({});
  CHECK_FALSE(call.Has("force"));
  CHECK(call.Get("comment") == "none");
  CHECK(call.Get("parallel") == "1");
  CHECK(call.All("comment").empty());
  CHECK(call.operands.empty());
  CHECK(call.program == "tool");
}

TEST_CASE("args: a value may stand in four places", "[cli]") {
  for (const Words& words :
       {Words{"-cX y"}, Words{"-c", "X y"}, Words{"--comment=X y"},
        Words{"--comment", "X y"}}) {
    const cli::Call call = Call(words);
    CHECK(call.Get("comment") == "X y");
    CHECK(call.operands.empty());
  }
  CHECK(Call({"--comment="}).Get("comment") == "");
  CHECK(Call({"--comment", ""}).Get("comment") == "");
  CHECK(Call({"-c", "-f"}).Get("comment") == "-f");
  CHECK(Call({"-c", "--"}).Get("comment") == "--");
  CHECK(Call({"--comment=a=b,c \xC3\xA9\n"}).Get("comment") ==
        "a=b,c \xC3\xA9\n");
}

TEST_CASE("args: letters may be written together", "[cli]") {
  const cli::Call call = Call({"-ffcTEXT", "-fxc"});
  CHECK(call.Count("force") == 3);
  CHECK(call.Get("comment") == "TEXT");
  CHECK(call.Get("x") == "c");
}

TEST_CASE("args: a value that may be left out is attached or not there",
          "[cli]") {
  CHECK(Call({"-P8"}).Get("parallel") == "8");
  CHECK(Call({"--parallel=8"}).Get("parallel") == "8");
  CHECK(Call({"--parallel="}).Get("parallel") == "");
  const cli::Call bare = Call({"-P", "8"});
  CHECK(bare.Get("parallel") == "4");
  CHECK(bare.operands == Words{"8"});
  CHECK(Call({"--parallel", "8"}).operands == Words{"8"});
}

TEST_CASE("args: a number may be the option", "[cli]") {
  CHECK(Call({"-2"}).Get("count") == "2");
  CHECK(Call({"-12"}).Get("count") == "12");
  const cli::Call mixed = Call({"-f12f", "--count=3"});
  CHECK(mixed.All("count") == Words{"12", "3"});
  CHECK(mixed.Count("force") == 2);
  CHECK(Why({"-#"}) == "-#: no such option");
}

TEST_CASE("args: the first operand ends the options", "[cli]") {
  CHECK(Call({"-f", "make", "-f", "all"}).operands ==
        Words{"make", "-f", "all"});
  CHECK(Call({"make", "--help"}).operands == Words{"make", "--help"});
  CHECK(Call({"-", "-f"}).operands == Words{"-", "-f"});
  CHECK(Call({"", "-f"}).operands == Words{"", "-f"});
  CHECK(Call({"--", "-f"}).operands == Words{"-f"});
  CHECK(Call({"a", "--", "b"}).operands == Words{"a", "--", "b"});
  CHECK(Call({"--", "--"}).operands == Words{"--"});
  CHECK_FALSE(Call({"--", "-f"}).Has("force"));
}

TEST_CASE("args: options keep their order, repeated ones included", "[cli]") {
  CHECK(Order(Call({"-c1", "-f", "-x", "a", "-c2", "--no-compress"})) ==
        "--comment=1 --force= -x=a --comment=2 --no-compress=");
  CHECK(Call({"-ca", "-cb"}).All("comment") == Words{"a", "b"});
  CHECK(Call({"-ca", "-cb"}).Get("comment") == "b");
}

TEST_CASE("args: an unknown option suggests its neighbours", "[cli]") {
  CHECK(Why({"--paralel=3"}) ==
        "--paralel: no such option; did you mean --parallel?");
  CHECK(Why({"--hlep"}) == "--hlep: no such option; did you mean --help?");
  CHECK(Why({"--zebra"}) == "--zebra: no such option");
  CHECK(Why({"-fz"}) == "-z: no such option");
  CHECK(Why({"--force=yes"}) == "--force: takes no value");
  CHECK(Why({"--help=yes"}).find("--help: no such option") == 0);
  CHECK(Why({"--comment"}) == "--comment: TEXT is missing");
  CHECK(Why({"-x"}) == "-x: FILE is missing");
  CHECK(Why({"--x=1"}) == "--x: no such option");
  CHECK(Why({"--letter-120=1"}) == "--letter-120: no such option");
  CHECK(Why({"-\xFF"}) == "-\xFF: no such option");
  CHECK(Why({"--="}) == "--: no such option");
}

TEST_CASE("args: help and version win over what follows", "[cli]") {
  CHECK(Read({"-h", "--zebra"})->wanted == cli::Wanted::kHelp);
  CHECK(Read({"--help"})->wanted == cli::Wanted::kHelp);
  CHECK(Read({"-fV"})->wanted == cli::Wanted::kVersion);
  CHECK(Read({"--version"})->wanted == cli::Wanted::kVersion);
  CHECK_FALSE(Read({"--zebra", "-h"}).ok());
}

TEST_CASE("args: a head may have -h and -V for itself", "[cli]") {
  static constexpr auto kOwn = cli::Options([] {
    return std::to_array<cli::Option>(
        {{'h', "hold", "", ""}, {'V', "values", "N", ""}});
  });
  static constexpr cli::Applet kOwnApplet = {
      .name = "own", .summary = "", .options = kOwn, .run = Zero};
  const cli::Call call = Call({"-hV3"}, kOwnApplet);
  CHECK(call.Has("hold"));
  CHECK(call.Get("values") == "3");
  CHECK(Read({"--help"}, kOwnApplet)->wanted == cli::Wanted::kHelp);
}

TEST_CASE("args: a variable's words stand before the line's", "[cli]") {
  const auto with = [](absl::string_view text, const Words& words) {
    return cli::ReadCommandLine(kApplet, "tool", words,
                                {"TOOL", std::string(text)});
  };
  const absl::StatusOr<cli::CommandLine> line =
      with("-f -c 'a b' ", {"-c", "z", "op"});
  REQUIRE(line.ok());
  CHECK(Order(line->call) == "--force= --comment=a b --comment=z");
  CHECK(line->call.operands == Words{"op"});
  CHECK(with("-f op", {}).status().message() == "TOOL: 'op' is no option");
  CHECK(with("'x", {}).status().message() ==
        "TOOL: character 1: the ' is never closed");
  CHECK(Order(with("-c \\a\\ -x \"'\"", {})->call) == "--comment=\\a\\ -x='");
  CHECK(with("-c", {"value"}).status().message() ==
        "TOOL: --comment: TEXT is missing");
  CHECK(cli::IsUsageError(with("-z", {}).status()));
}

// The line of xapply has all there is.
namespace {
constexpr auto kApplyOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'#', "count", "N", "", "1"},
      {'a', "escape", "C", "", "%"},
      {'e', "", "VAR[=TEXT]", ""},
      {'f', "files", "", ""},
      {'n', "dry-run", "", ""},
      {'P', "parallel", "[N]", "", "1", "3"},
      {0, "keep-order", "", ""},
      {'z', "null", "", ""},
      {'i', "input", "FILE", ""},
      {0, "tag", "[TEXT]", "", "", "%1\t"},
  });
});
constexpr cli::Applet kApply = {.name = "apply",
                                .summary = "",
                                .options = kApplyOptions,
                                .usage_exit = 1,
                                .run = Zero};
}  // namespace

TEST_CASE("args: digits are the count wherever they stand in a cluster",
          "[cli]") {
  CHECK(Order(Call({"-n2", "cmd"}, kApply)) == "--dry-run= --count=2");
  CHECK(Order(Call({"-2n"}, kApply)) == "--count=2 --dry-run=");
  CHECK(Order(Call({"-f12nz"}, kApply)) ==
        "--files= --count=12 --dry-run= --null=");
  CHECK(Order(Call({"-fn", "-2"}, kApply)) == "--files= --dry-run= --count=2");
  CHECK(Order(Call({"-n11", "-3"}, kApply)) ==
        "--dry-run= --count=11 --count=3");
  CHECK(Call({"-n11", "-3"}, kApply).Get("count") == "3");
  CHECK(Call({"-0"}, kApply).Get("count") == "0");
  CHECK(Order(Call({"-2i3"}, kApply)) == "--count=2 --input=3");
  CHECK(Call({"-007"}, kApply).Get("count") == "007");
  // A head without '#' has no digits.
  CHECK(Why({"status", "-j2"}, kVerbApplet) == "-2: no such option");
}

TEST_CASE("args: a value that may be left out ends its cluster", "[cli]") {
  CHECK(Order(Call({"-fP1"}, kApply)) == "--files= --parallel=1");
  CHECK(Order(Call({"-fnP4", "cmd"}, kApply)) ==
        "--files= --dry-run= --parallel=4");
  CHECK(Order(Call({"-2P"}, kApply)) == "--count=2 --parallel=3");
  CHECK(Call({"-P"}, kApply).Get("parallel") == "3");
  CHECK(Call({"-Pmany"}, kApply).Get("parallel") == "many");
  CHECK_FALSE(Call({"-Pmany"}, kApply).Int("parallel", 0, 4096).ok());
  CHECK(Call({"-P0"}, kApply).Get("parallel") == "0");
  CHECK(Call({"-P-3"}, kApply).Get("parallel") == "-3");
  CHECK(Call({"-Pn"}, kApply).Get("parallel") == "n");
  const cli::Call apart = Call({"-P", "4", "-n"}, kApply);
  CHECK(apart.Get("parallel") == "3");
  CHECK(apart.operands == Words{"4", "-n"});
  const cli::Call next = Call({"-P", "-4", "cmd"}, kApply);
  CHECK(next.Get("parallel") == "3");
  CHECK(next.Get("count") == "4");
  CHECK(Call({}, kApply).Get("parallel") == "1");
  CHECK(Call({"--tag"}, kApply).Get("tag") == "%1\t");
  CHECK(Call({"--tag=%u "}, kApply).Get("tag") == "%u ");
}

TEST_CASE("args: a value is what stands there, whatever it begins with",
          "[cli]") {
  CHECK(Call({"-a", "^A", "cmd"}, kApply).Get("escape") == "^A");
  CHECK(Call({"-a^A"}, kApply).Get("escape") == "^A");
  CHECK(Call({"-a", "-"}, kApply).Get("escape") == "-");
  CHECK(Call({"-a", "="}, kApply).Get("escape") == "=");
  CHECK(Call({"-a="}, kApply).Get("escape") == "=");
  CHECK(Call({"-a", ""}, kApply).Get("escape") == "");
  CHECK(Call({"-a", "\\040"}, kApply).Get("escape") == "\\040");
  CHECK(Call({"-a", "\xE9"}, kApply).Get("escape") == "\xE9");
  const cli::Call e =
      Call({"-e", "A", "-e", "B=x", "-neC=-2 '$y'", "-e", ""}, kApply);
  CHECK(e.All("e") == Words{"A", "B=x", "C=-2 '$y'", ""});
  CHECK(e.Has("dry-run"));
  CHECK_FALSE(e.Has("count"));
}

TEST_CASE("args: words and letters mix before the first operand", "[cli]") {
  const cli::Call call = Call({"-f", "--keep-order", "-2P4", "--null", "--tag",
                               "--escape=%", "-n", "--", "-z", "--tag"},
                              kApply);
  CHECK(Order(call) ==
        "--files= --keep-order= --count=2 --parallel=4 --null= --tag=%1\t "
        "--escape=% --dry-run=");
  CHECK(call.operands == Words{"-z", "--tag"});
  CHECK(Call({"-n2", "-", "-f"}, kApply).operands == Words{"-", "-f"});
  CHECK(Call({"-n2", "--", "-"}, kApply).operands == Words{"-"});
  CHECK(Call({"-n2", "--", "", "-a", "-b"}, kApply).operands ==
        Words{"", "-a", "-b"});
  CHECK(Why({"-n2Q", "cmd"}, kApply) == "-Q: no such option");
  CHECK(Why({"-e"}, kApply) == "-e: VAR[=TEXT] is missing");
}

TEST_CASE("args: a verb has options of its own", "[cli]") {
  const cli::Call call =
      Call({"-f", "status", "-j", "--file=x", "op", "-f"}, kVerbApplet);
  REQUIRE(call.verb != nullptr);
  CHECK(call.verb->name == "status");
  CHECK(call.Has("force"));
  CHECK(call.Has("json"));
  CHECK(call.Get("file") == "x");
  CHECK(call.operands == Words{"op", "-f"});
  CHECK(Why({"status", "--comment=x"}, kVerbApplet) ==
        "--comment: no such option");
  CHECK(Read({"status", "-h"}, kVerbApplet)->call.verb == &kVerbs[0]);
}

TEST_CASE("args: an error behind a verb is about that verb", "[cli]") {
  const absl::Status behind = Read({"stop", "-z"}, kVerbApplet).status();
  CHECK(cli::VerbOfError(kVerbApplet, behind) == "stop");
  const absl::Status before = Read({"-z", "stop"}, kVerbApplet).status();
  CHECK(cli::VerbOfError(kVerbApplet, before) == "");
}

TEST_CASE("args: a missing or unknown verb lists what there is", "[cli]") {
  CHECK(Why({}, kVerbApplet) == "a verb is missing: status, stop");
  CHECK(Why({"statsu"}, kVerbApplet) ==
        "'statsu' is not a verb of many; did you mean 'status'?");
  CHECK(Why({"zebra"}, kVerbApplet) ==
        "'zebra' is not a verb of many; there are status, stop");
  CHECK(Read({"--help"}, kVerbApplet)->wanted == cli::Wanted::kHelp);
}

TEST_CASE("args: an applet with verbs and a function takes operands", "[cli]") {
  static constexpr cli::Applet kBoth = {
      .name = "both", .summary = "", .verbs = kVerbs, .run = Zero};
  const cli::Call call = Call({"statsu", "x"}, kBoth);
  CHECK(call.verb == nullptr);
  CHECK(call.operands == Words{"statsu", "x"});
  CHECK(Call({"stop"}, kBoth).verb == &kVerbs[1]);
}
