#include "msrc/recipe_text.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <map>

#include "msrc/limits.h"

namespace {

struct Given {
  std::vector<std::string> yokes;
  std::map<std::string, std::string, std::less<>> environment;
};

absl::StatusOr<std::string> Value(absl::string_view text, const Given& given,
                                  const std::string& name = "SEND") {
  msrc::RecipeText recipe;
  recipe.text = text;
  recipe.hook = "__msrc";
  recipe.yokes = given.yokes;
  recipe.environment =
      [&](absl::string_view n) -> std::optional<absl::string_view> {
    const auto found = given.environment.find(std::string(n));
    if (found == given.environment.end()) return std::nullopt;
    return found->second;
  };
  const auto values = msrc::PlainValues(recipe, {name});
  if (!values.ok()) return values.status();
  return (*values)[0];
}

bool TakesMake(absl::string_view text, const Given& given = {}) {
  return absl::IsUnimplemented(Value(text, given).status());
}

}  // namespace

TEST_CASE("recipe text: assignments are read as make reads them", "[msrc]") {
  CHECK(*Value("SEND=a b\n", {}) == "a b");
  CHECK(*Value("  SEND =  a b  # c\n", {}) == "a b");
  CHECK(*Value("SEND = a", {}) == "a");
  CHECK(*Value("SEND=a\nSEND=b\n", {}) == "b");
  CHECK(*Value("SEND=a\nSEND?=b\n", {}) == "a");
  CHECK(*Value("SEND?=b\n", {}) == "b");
  CHECK(*Value("SEND=a\nSEND+=b\n", {}) == "a b");
  CHECK(*Value("SEND+=b\n", {}) == "b");
  CHECK(*Value("SEND=a \\\n\t b \\\n c\n", {}) == "a b c");
  CHECK(*Value("X=1\nSEND=${X}$(X)$X\n", {}) == "111");
  CHECK(*Value("SEND=${X}\nX=2\n", {}) == "2");
  CHECK(*Value("X=1\nSEND:=${X}\nX=2\n", {}) == "1");
  CHECK(*Value("X=1\nSEND::=${X}\nX=2\n", {}) == "1");
  CHECK(*Value("X=1\nSEND:=a\nSEND+=${X}\nX=2\n", {}) == "a 1");
  CHECK(*Value("X=1\nSEND=a\nSEND+=${X}\nX=2\n", {}) == "a 2");
  CHECK(*Value("SEND=a$$b\n", {}) == "a$b");
  CHECK(*Value("SEND:=a$$b\n", {}) == "a$b");
  CHECK(*Value("SEND=a${NOTHING}b\n", {}) == "ab");
  CHECK(*Value("", {}) == "");
  CHECK(*Value("# SEND=a\n", {}) == "");
}

TEST_CASE(
    "recipe text: the command line is stronger than the file, the file "
    "than the environment",
    "[msrc]") {
  const Given both = {{"SEND=yoke"}, {{"SEND", "outside"}}};
  const Given outside = {{}, {{"SEND", "outside"}, {"X", "x$$"}}};
  CHECK(*Value("SEND=file\nSEND+=more\n", both) == "yoke");
  CHECK(*Value("SEND=file\n", outside) == "file");
  CHECK(*Value("", outside) == "outside");
  CHECK(*Value("SEND?=file\n", outside) == "outside");
  CHECK(*Value("SEND+=file\n", outside) == "outside file");
  CHECK(*Value("SEND=${X}\n", outside) == "x$");
  CHECK(*Value("Y=1\n", {{"SEND=${Y}"}, {}}) == "1");
}

TEST_CASE("recipe text: rules for others are passed over", "[msrc]") {
  CHECK(*Value("all: a.o\n\tcc -o $@ $(shell date)\n\nSEND=a\n", {}) == "a");
  CHECK(*Value(".PHONY: __msrc\nSEND=a\n", {}) == "a");
  CHECK(*Value(".c.o:\n\tcc\nSEND=a\n", {}) == "a");
  CHECK(*Value("a:: b ; echo\n\techo \\\n more\nSEND=a\n", {}) == "a");
}

TEST_CASE("recipe text: what makes differ about takes make", "[msrc]") {
  for (const char* text : {"__msrc: source\n",
                           "other __msrc:\n\techo\n",
                           "%: a\n",
                           "%.o: %.c\n",
                           "include x.mk\n",
                           "-include x.mk\n",
                           ".include \"x\"\n",
                           "ifdef X\nSEND=a\nendif\n",
                           "define X\na\nendef\n",
                           "export X=1\n",
                           "override SEND=a\n",
                           "SEND=$(shell ls)\n",
                           "SEND=$(wildcard *)\n",
                           "SEND=${X:.c=.o}\n",
                           "SEND=${X${Y}}\n",
                           "SEND=$@\n",
                           "SEND != ls\n",
                           "SEND=${MAKE}\n",
                           "SEND=${CC}\n",
                           "SEND=${.CURDIR}\n",
                           "SEND=a\\#b\n",
                           "SEND=${SEND}\n",
                           "SEND=${X\n",
                           "SEND=a$",
                           "\techo\n",
                           "word\n",
                           "${X}: y\n",
                           ".DEFAULT:\n\techo\n",
                           ".RECIPEPREFIX=>\n",
                           "SHELL=/bin/false\n",
                           "a: $(shell date)\n",
                           "SEND=a\r\n",
                           "a: b\n\techo\nX=1\n\techo\n"}) {
    INFO(text);
    CHECK(TakesMake(text));
  }
  CHECK_FALSE(TakesMake("SHELL=/bin/sh\n"));
  for (const char* yoke : {"-k", "SEND+=a", "target", "SHELL=/bin/false"}) {
    CHECK(TakesMake("", {{yoke}, {}}));
  }
  CHECK(TakesMake("", {{}, {{"MAKEFILES", "x.mk"}}}));
  CHECK(TakesMake("", {{}, {{"MAKEFLAGS", "ks -- INTO=/tmp"}}}));
  CHECK_FALSE(TakesMake("", {{}, {{"MAKEFLAGS", "k --jobserver-auth=3,4"}}}));
  CHECK(Value("X=1\n\n\\\ninclude x\n", {}).status().message() ==
        "line 3 takes make: include");
}

TEST_CASE("recipe text: macros that multiply are not followed for ever",
          "[msrc]") {
  // 2^60 references, to nothing; and as many bytes.
  std::string nothing = "A0=\n", bytes = "A0=x\n";
  for (int i = 1; i <= 60; i++) {
    const std::string line =
        absl::StrCat("A", i, "=${A", i - 1, "}${A", i - 1, "}\n");
    nothing += line;
    bytes += line;
  }
  for (const std::string& text : {nothing, bytes}) {
    const auto value = Value(absl::StrCat(text, "SEND=${A60}\n"), {});
    CHECK(absl::IsResourceExhausted(value.status()));
  }
  const std::string name(msrc::kMaxNameBytes + 1, 'x');
  CHECK(absl::IsResourceExhausted(msrc::ValueWords(name).status()));
  std::string many;
  for (size_t i = 0; i <= msrc::kMaxNames; i++) many += "x ";
  CHECK(absl::IsResourceExhausted(msrc::ValueWords(many).status()));
}

TEST_CASE("recipe text: a shell is needed for what only a shell understands",
          "[msrc]") {
  for (const char* plain : {"", "a.c b-c_d/e", "a@b:c%d+e,f=g\t h"}) {
    INFO(plain);
    CHECK_FALSE(msrc::NeedsShell(plain));
  }
  for (const char* shell :
       {"*.c", "`ls`", "$(ls)", "; ls", "'a'", "\"a\"", "a\\b", "~", "a>b",
        "#a", "-n", " -e a", "a{b,c}", "a\nb", "\xc3\xa4"}) {
    INFO(shell);
    CHECK(msrc::NeedsShell(shell));
  }
}

TEST_CASE("recipe text: the rule for the hook begins a line of its own",
          "[msrc]") {
  msrc::RecipeText recipe;
  recipe.hook = "__msrc";
  recipe.text = "X=1";
  CHECK(msrc::WithHookRule(recipe, {"X"}) ==
        "X=1\n\n.PHONY: __msrc\n__msrc:\n\t@exec >\"$$MSRC_MACROS/X\"; echo "
        "${X}\n");
  CHECK(msrc::IsMakeName("__msrc"));
  for (const char* bad : {"", "a b", "a/b", "$X", "a:b", "../x"}) {
    CHECK_FALSE(msrc::IsMakeName(bad));
  }
}
