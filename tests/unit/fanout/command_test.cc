#include "fanout/command.h"

#include <absl/strings/str_cat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sys/child.h"
#include "sys/file.h"
#include "text/dicer.h"

namespace {

using fanout::CommandMaker;
using fanout::ExecMode;
using Words = std::vector<std::string>;

sys::Environment With(absl::string_view shell) {
  sys::Environment environment;
  environment.Set("PATH", "/usr/bin:/bin");
  if (!shell.empty()) environment.Set("SHELL", shell);
  return environment;
}

CommandMaker Maker(const sys::Environment& environment,
                   ExecMode mode = ExecMode::kAuto, Words set = {}) {
  auto maker = CommandMaker::Make("", false, mode, false, environment, set);
  REQUIRE(maker.ok());
  return *std::move(maker);
}

bool IsDirect(CommandMaker maker, absl::string_view text) {
  const auto prepared = maker.Prepare(text, {});
  REQUIRE(prepared.ok());
  return prepared->direct;
}

}  // namespace

TEST_CASE("command: a simple one is run directly, others by the shell",
          "[fanout]") {
  CommandMaker maker = Maker(With("/bin/sh"));
  auto prepared = maker.Prepare("cat 'a b' \\$c", {});
  REQUIRE(prepared.ok());
  CHECK(prepared->direct);
  CHECK(prepared->argv == Words{"cat", "a b", "$c"});
  CHECK(prepared->program == "/usr/bin/cat");
  const Words tokens = {"t1", "t2"};
  prepared = maker.Prepare("cat a | wc", tokens);
  CHECK_FALSE(prepared->direct);
  CHECK(prepared->argv ==
        Words{"/bin/sh", "-c", "cat a | wc", "_", "t1", "t2"});
  CHECK(prepared->program == "/bin/sh");
}

TEST_CASE("command: a colon and plain words are nothing to execute",
          "[fanout]") {
  CommandMaker maker = Maker(With("/bin/sh"));
  for (const char* text : {":", ": a 'b c'", ":\t\"x\""}) {
    CHECK(maker.Prepare(text, {})->nothing);
  }
  for (const char* text : {": $(touch x)", ": >x", ": ${x:=y}", ": | cat",
                           "exec :", ":;id", ": `id`", "true"}) {
    CHECK_FALSE(maker.Prepare(text, {})->nothing);
  }
  CHECK_FALSE(
      Maker(With("/bin/sh"), ExecMode::kShell).Prepare(":", {})->nothing);
  sys::Environment environment = With("/bin/bash");
  environment.Set("BASH_FUNC_:%%", "() { id; }");
  CHECK_FALSE(Maker(environment).Prepare(":", {})->nothing);
}

TEST_CASE("command: what may change a shell's ways makes it the shell's",
          "[fanout]") {
  CHECK(IsDirect(Maker(With("/bin/bash")), "cat x"));
  for (const char* name : {"BASH_ENV", "SHELLOPTS", "BASH_FUNC_cat%%"}) {
    sys::Environment environment = With("/bin/bash");
    environment.Set(name, "x");
    CHECK_FALSE(IsDirect(Maker(environment), "cat x"));
  }
  CHECK_FALSE(
      IsDirect(Maker(With("/bin/sh"), ExecMode::kAuto, {"BASH_ENV"}), "cat x"));
  CHECK_FALSE(
      IsDirect(Maker(With("/bin/sh"), ExecMode::kAuto, {"PATH"}), "cat x"));
  CHECK_FALSE(IsDirect(Maker(With("/bin/cat")), "cat x"));
  CHECK_FALSE(IsDirect(Maker(With("/bin/sh"), ExecMode::kShell), "cat x"));
  auto given =
      CommandMaker::Make("/bin/sh", true, ExecMode::kAuto, false, With(""), {});
  CHECK_FALSE(IsDirect(*std::move(given), "cat x"));
}

TEST_CASE("xapply G3: perl, and csh (G4), get their own arguments",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("shells-");
  for (const char* name : {"myperl5", "tcsh"}) {
    const std::string shell = folder.path() + "/" + name;
    REQUIRE(sys::CreateFile(shell, "#!/bin/sh\n", 0755).ok());
    auto maker =
        CommandMaker::Make(shell, true, ExecMode::kAuto, false, With(""), {});
    REQUIRE(maker.ok());
    const Words tokens = {"0"};
    const char* letter = name[0] == 'm' ? "-e" : "-c";
    CHECK(maker->Prepare("run", tokens)->argv ==
          Words{shell, letter, "run", "0"});
  }
}

TEST_CASE("xapply G6: no shell is found out before any task", "[fanout]") {
  const auto none =
      CommandMaker::Make("./nosh", true, ExecMode::kAuto, false, With(""), {});
  CHECK(none.status().code() == absl::StatusCode::kUnimplemented);
  sys::Environment empty = With("");
  empty.Set("SHELL", "");
  CHECK(CommandMaker::Make("", false, ExecMode::kAuto, false, empty, {})
            .status()
            .message() == "no shell available");
}

TEST_CASE("command: what is not found has the shell's words", "[fanout]") {
  CommandMaker maker = Maker(With("/bin/sh"));
  CHECK(maker.Prepare("nosuch-program x", {}).status() ==
        absl::NotFoundError("nosuch-program: not found"));
  CHECK(absl::IsPermissionDenied(maker.Prepare("/etc/passwd", {}).status()));
}

TEST_CASE("command: a file without a magic number is the shell's to read",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("scripts-");
  const std::string plain = folder.path() + "/plain",
                    marked = folder.path() + "/marked";
  REQUIRE(sys::CreateFile(plain, "echo\n", 0755).ok());
  REQUIRE(sys::CreateFile(marked, "#!/bin/sh\necho\n", 0755).ok());
  CHECK_FALSE(IsDirect(Maker(With("/bin/sh")), plain));
  CHECK(IsDirect(Maker(With("/bin/sh")), marked));
}

TEST_CASE("command: without a shell, what needs one is refused", "[fanout]") {
  CommandMaker maker = Maker(With(""), ExecMode::kDirect);
  CHECK(absl::IsInvalidArgument(maker.Prepare("cat x; id", {}).status()));
  CHECK(maker.Prepare("echo hi", {})->program == "/usr/bin/echo");
}

TEST_CASE("command: one that is longer than the system takes is told of",
          "[fanout]") {
  CommandMaker maker = Maker(With("/bin/sh"));
  const std::string x(128 << 10, 'x');
  CHECK(absl::IsOutOfRange(maker.Prepare("cat " + x, {}).status()));
  CHECK(absl::IsOutOfRange(maker.Prepare("cat; " + x, {}).status()));
  CHECK(maker.Prepare("cat " + x.substr(10), {}).ok());
}

TEST_CASE("command: a value behind %W is one word to the real shells",
          "[fanout]") {
  std::vector<std::string> words = {
      "",  "a b", "\n", "x\ny", "'",   "\"",       "\\",       "$HOME", "`id`",
      "~", "*",   "#",  "-n",   "a=b", "\xff\xfe", "\xc3\xa9", "{a,b}", "!!"};
  for (int c = 1; c < 256; c++) {
    words.push_back(std::string(1, static_cast<char>(c)));
    words.push_back(
        absl::StrCat("a", std::string(2, static_cast<char>(c)), "b"));
  }
  std::string text = "printf '<%s>'";
  std::string expected;
  for (const std::string& word : words) {
    const auto quoted = text::Template::Compile(" %W1");
    REQUIRE(quoted.ok());
    const std::vector<std::string> arguments = {word};
    text::TemplateValues values;
    values.arguments = arguments;
    REQUIRE(quoted->Expand(values, &text).ok());
    absl::StrAppend(&expected, "<", word, ">");
  }
  for (const char* shell : {"/bin/sh", "/bin/bash"}) {
    if (access(shell, X_OK) != 0) continue;
    const auto printed =
        sys::RunProgram({shell, "-c", text}, "", absl::Seconds(20));
    REQUIRE(printed.ok());
    CHECK(*printed == expected);
  }
}
