#include "text/m4.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

namespace {

// Files by name, commands that answer with themselves, and what was asked.
class FakeSystem : public text::M4System {
 public:
  std::map<std::string, std::string> files;
  std::vector<std::string> commands;

  absl::StatusOr<File> Read(absl::string_view name) override {
    const auto found = files.find(std::string(name));
    if (found == files.end()) {
      return absl::NotFoundError("No such file or directory");
    }
    return File{found->first,
                std::make_shared<const std::string>(found->second)};
  }
  absl::StatusOr<int> Shell(const std::string& command,
                            std::string* output) override {
    commands.push_back(command);
    if (output != nullptr) *output = absl::StrCat("[", command, "]");
    return 7;
  }
  absl::StatusOr<std::string> MakeFile(const std::string& pattern) override {
    return absl::StrReplaceAll(pattern, {{"XXXXXX", "abcdef"}});
  }
};

struct Stream {
  explicit Stream(text::M4Options options = {},
                  std::shared_ptr<const text::M4Definitions> begin = nullptr)
      : m4(std::move(options), &system,
           {.output =
                [this](absl::string_view s) {
                  output.append(s.data(), s.size());
                },
            .messages =
                [this](absl::string_view s) {
                  messages.append(s.data(), s.size());
                }},
           std::move(begin)) {}

  FakeSystem system;
  std::string output, messages;
  text::M4 m4;
};

// The output of one text, whatever else it does.
std::string Of(absl::string_view text, text::M4Options options = {}) {
  Stream s(std::move(options));
  s.m4.Expand("t", text);
  s.m4.Finish();
  return s.output;
}

}  // namespace

TEST_CASE("m4: a value is text whatever stands in it", "[text]") {
  Stream s;
  s.m4.Define("NAME", "can't");
  s.m4.Define("OPEN", "a`b");
  s.m4.Define("CALL", "f(x");
  s.m4.Define("f", "<$1>");
  s.m4.Expand("t", "len(defn(`CALL')) NAME CALL)\n");
  CHECK(s.m4.Finish() == 0);
  CHECK(s.output == "3 can't <x>\n");
  CHECK(s.messages == "");
}

TEST_CASE("m4: a value is scanned and has parameters when it is called",
          "[text]") {
  Stream s;
  s.m4.Define("HOST", "SHORT.example");
  s.m4.Define("SHORT", "alpha");
  s.m4.Define("pair", "$1=$2");
  s.m4.Expand("t", "HOST pair(a, HOST)");
  CHECK(s.m4.Finish() == 0);
  CHECK(s.output == "alpha.example a=alpha.example");
}

TEST_CASE("m4: streams share a beginning and keep their changes to themselves",
          "[text]") {
  Stream base;
  base.m4.Define("SITE", "lab");
  base.m4.Push("SITE", "edge");
  base.m4.Expand("t", "define(`greet',`hello $1')changequote([,])");
  const auto begin = base.m4.Definitions();

  Stream one({}, begin), two({}, begin);
  one.m4.Define("SITE", "changed");
  one.m4.Undefine("greet");
  one.m4.Define("own", "1");
  one.m4.Expand("t", "SITE greet(x) own [SITE] popdef([SITE])SITE");
  two.m4.Expand("t", "SITE greet(x) own [SITE] popdef([SITE])SITE");
  one.m4.Finish();
  two.m4.Finish();
  CHECK(one.output == "changed greet(x) 1 SITE lab");
  CHECK(two.output == "edge hello x own SITE lab");

  // And a beginning made from a stream that had one.
  Stream three({}, one.m4.Definitions());
  three.m4.Expand("t", "SITE greet(x) own len(abc)");
  three.m4.Finish();
  CHECK(three.output == "lab greet(x) 1 3");
}

TEST_CASE("m4: what is pushed between two texts is there in the second",
          "[text]") {
  Stream s;
  for (const char* host : {"alpha", "beta"}) {
    s.m4.Push("HOST", host);
    s.m4.Expand("guard", "HOST divert(1)HOST divert(0)\n");
    s.m4.Pop("HOST");
  }
  s.m4.Expand("end", "HOST\n");
  CHECK(s.m4.Finish() == 0);
  CHECK(s.output == "alpha \nbeta \nHOST\nalpha beta ");
}

TEST_CASE("m4: Value and IsDefined tell what a name has", "[text]") {
  Stream s;
  s.m4.Define("x", "1");
  CHECK(s.m4.IsDefined("x"));
  CHECK(s.m4.Value("x") == absl::string_view("1"));
  CHECK(s.m4.IsDefined("len"));
  CHECK(!s.m4.Value("len").has_value());
  s.m4.Expand("t", "define(`x',`2')undefine(`len')");
  CHECK(s.m4.Value("x") == absl::string_view("2"));
  CHECK(!s.m4.IsDefined("len"));
  CHECK(!s.m4.IsDefined("y"));
}

TEST_CASE("m4: a text that comes in pieces of any size means the same",
          "[text]") {
  const std::string text =
      "changequote(`<<',`>>')changecom(`/*',`*/')define(<<f>>,<<[$1|$2]>>)\n"
      "f(<<a<<b>>c>>, d /* not, here */) plain f /* f(x) */\nword\n"
      "eval(1/0) f(__line__,\n__line__) <<quoted\n\n>> dnl gone\n__line__\n";
  Stream whole;
  whole.m4.Expand("t", text);
  CHECK(whole.m4.Finish() == 0);
  CHECK(whole.messages == "m4:t:4: divide by zero in eval: 1/0\n");
  for (size_t size = 1; size < 12; ++size) {
    Stream s;
    size_t at = 0;
    s.m4.ExpandStream("t", [&](std::string& more) {
      if (at >= text.size()) return false;
      more += text.substr(at, size);
      at += size;
      return true;
    });
    CHECK(s.m4.Finish() == 0);
    CHECK(s.output == whole.output);
    CHECK(s.messages == whole.messages);
  }
}

TEST_CASE("m4: a message names the place where the call began", "[text]") {
  Stream s;
  s.m4.Expand("motd", "\nlen(\n\nincr(x))\ninclude(`nope')\n");
  CHECK(s.m4.Finish() == 1);
  CHECK(s.messages ==
        "m4:motd:4: non-numeric argument to builtin `incr'\n"
        "m4:motd:5: cannot open `nope': No such file or directory\n");
  CHECK(s.output == "\n0\n\n");
}

TEST_CASE("m4: an open string ends the stream where it began", "[text]") {
  Stream s;
  s.m4.Expand("motd", "a\nb `c\n");
  CHECK(s.m4.ended());
  s.m4.Define("x", "1");
  s.m4.Expand("more", "never");
  CHECK(s.m4.Finish() == 1);
  CHECK(s.output == "a\nb ");
  CHECK(s.messages == "m4:motd:2: ERROR: end of file in string\n");
}

TEST_CASE("m4: Finish puts out what was wrapped and then what was diverted",
          "[text]") {
  Stream s;
  s.m4.Expand("t", "m4wrap(`last ')divert(2)b divert(1)a divert(0)first ");
  CHECK(s.m4.Finish() == 0);
  CHECK(s.output == "first last a b ");
}

TEST_CASE("m4: m4exit drops what waits and keeps what is out", "[text]") {
  Stream s;
  s.m4.Expand("t", "out m4wrap(`w')divert(1)d m4exit(9) gone");
  CHECK(s.m4.ended());
  CHECK(s.m4.Finish() == 9);
  CHECK(s.output == "out ");
}

TEST_CASE("m4: an included file is read where it is named", "[text]") {
  Stream s;
  s.system.files["inc"] = "__file__:__line__ define(`x',`y')";
  s.m4.Expand("t",
              "a include(`inc')x __file__ sinclude(`nope')|undivert(`inc')");
  CHECK(s.m4.Finish() == 0);
  CHECK(s.output == "a inc:1 y t |__file__:__line__ define(`x',`y')");
  CHECK(s.m4.effects().files);
  CHECK(!s.m4.effects().commands);
}

TEST_CASE("m4: ExpandFile reports a file that is not there and goes on",
          "[text]") {
  Stream s;
  s.system.files["one"] = "1";
  s.m4.ExpandFile("none");
  s.m4.ExpandFile("one");
  CHECK(s.m4.Finish() == 1);
  CHECK(s.output == "1");
  CHECK(s.messages == "m4: cannot open `none': No such file or directory\n");
}

TEST_CASE("m4: output reaches the sink before a command runs", "[text]") {
  Stream s;
  std::string seen;
  s.m4.Expand("t", "before esyscmd(`x')");
  CHECK(s.output == "before ");
  s.m4.Expand("t", " sysval mkstemp(`/tmp/aXX')");
  CHECK(s.m4.Finish() == 0);
  CHECK(s.output == "before [x] 7 /tmp/aabcdef");
  CHECK(s.m4.effects().commands);
  CHECK(s.m4.effects().temporary_files);
}

TEST_CASE("m4: safe mode runs no command and makes no file", "[text]") {
  Stream s({.safe = true});
  s.m4.Expand("t",
              "esyscmd(`a')syscmd(`b')mkstemp(`c')maketemp(`d')"
              "debugfile(`e')still here");
  CHECK(s.m4.Finish() == 1);
  CHECK(s.output == "still here");
  CHECK(s.system.commands.empty());
  CHECK(s.messages ==
        "m4:t:1: esyscmd: disabled in safe mode\n"
        "m4:t:1: syscmd: disabled in safe mode\n"
        "m4:t:1: mkstemp: disabled in safe mode\n"
        "m4:t:1: maketemp: disabled in safe mode\n"
        "m4:t:1: debugfile: disabled in safe mode\n");
}

TEST_CASE("m4: without a system there are no files and no commands", "[text]") {
  std::string messages;
  text::M4 m4({}, nullptr, {.messages = [&](absl::string_view s) {
                messages.append(s.data(), s.size());
              }});
  m4.Expand("t", "include(`x')esyscmd(`y')");
  CHECK(m4.Finish() == 1);
  CHECK(messages ==
        "m4:t:1: cannot open `x': No such file or directory\n"
        "m4:t:1: cannot run command `y': Operation not permitted\n");
}

TEST_CASE("m4: the names of BSD are there unless they are not wanted",
          "[text]") {
  Stream s;
  s.system.files["f"] = "len(x)";
  s.m4.Expand("t", "paste expr(1+1) paste(`f') spaste(`nope') expr");
  CHECK(s.m4.Finish() == 0);
  CHECK(s.output == "paste 2 len(x)  expr");
  CHECK(Of("paste(`f') expr(1)", {.bsd_names = false}) == "paste(f) expr(1)");
}

TEST_CASE("m4: a text as a whole is one call", "[text]") {
  const auto good = text::ExpandM4("t", "define(`x',`1')x");
  REQUIRE(good.ok());
  CHECK(*good == "1");
  const auto bad = text::ExpandM4("t", "\n`open");
  REQUIRE(!bad.ok());
  CHECK(bad.status().message() == "m4:t:2: ERROR: end of file in string");
}

TEST_CASE("m4: bytes that are no text pass and NUL ends an argument",
          "[text]") {
  using std::string_literals::operator""s;
  CHECK(Of("a\0b\xff\xfe `c\0d' len(`x\0y')"s) == "ab\xff\xfe c 1");
}

TEST_CASE("m4: a builtin token never becomes text", "[text]") {
  Stream s;
  s.m4.Expand("t",
              "define(`l',defn(`len'))l(abc) [defn(`len')] "
              "define(`f',`<$1>')f(defn(`len'))");
  CHECK(s.m4.Finish() == 0);
  CHECK(s.output == "3 [] <>");
}

TEST_CASE("m4: a delimiter that does not go on is text wherever a piece ends",
          "[text]") {
  const std::string text =
      "changecom(`/*<*/')changequote(`<<!',`!>>')a /* x */ <<b <<!c<<!!>>d!>>";
  Stream whole;
  whole.m4.Expand("t", text);
  whole.m4.Finish();
  CHECK(whole.output == "a /* x */ <<b c<<!!>>d");
  for (size_t size = 1; size < 8; ++size) {
    Stream s;
    size_t at = 0;
    s.m4.ExpandStream("t", [&](std::string& more) {
      if (at >= text.size()) return false;
      more += text.substr(at, size);
      at += size;
      return true;
    });
    s.m4.Finish();
    CHECK(s.output == whole.output);
  }
}
