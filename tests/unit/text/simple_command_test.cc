#include "text/simple_command.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "text/words.h"

using text::SimpleCommand;
using Words = std::vector<std::string>;

namespace {

struct Case {
  absl::string_view command;
  absl::string_view words;  // joined with '|'; "shell" when there are none
};

std::string Judge(absl::string_view command, bool utf8 = true) {
  const std::optional<Words> words = SimpleCommand(command, utf8);
  return words.has_value() ? absl::StrJoin(*words, "|") : "shell";
}

void CheckAll(absl::Span<const Case> cases) {
  for (const Case& c : cases) {
    INFO("command: " << c.command);
    CHECK(Judge(c.command) == c.words);
  }
}

// What `shell` prints for a script.
std::string Ask(const std::string& shell, const std::string& script) {
  char path[] = "/tmp/simple_command.XXXXXX";
  const int fd = mkstemp(path);
  REQUIRE(fd >= 0);
  FILE* file = fdopen(fd, "w");
  REQUIRE(fwrite(script.data(), 1, script.size(), file) == script.size());
  REQUIRE(fclose(file) == 0);
  FILE* shown = popen(absl::StrCat(shell, " ", path).c_str(), "r");
  REQUIRE(shown != nullptr);
  std::string out;
  char block[4096];
  for (size_t n; (n = fread(block, 1, sizeof block, shown)) > 0;) {
    out.append(block, n);
  }
  CHECK(pclose(shown) == 0);
  unlink(path);
  return out;
}

bool IsThere(absl::string_view program) {
  return system(absl::StrCat("command -v ", program, " >/dev/null").c_str()) ==
         0;
}

// The parts of a command behind its first word, of everything rule 3 speaks of.
std::string RandomTail(std::mt19937& random, bool utf8) {
  static constexpr absl::string_view kPieces[] = {
      " ",
      "  ",
      "\t",
      "a",
      "bC9",
      "-x",
      "/etc",
      "a.b:c",
      ",+@%=",
      "x=y",
      "%",
      "'a b'",
      "''",
      "'$x`y'",
      "'a\nb'",
      "'\\'",
      "'!*?[~#'",
      "\"a b\"",
      "\"\"",
      "\"'\"",
      "\"\\$\"",
      "\"\\`\"",
      "\"\\\"\"",
      "\"\\\\\"",
      "\"\\a\"",
      "\"\\!\"",
      "\"a\nb\"",
      "\"*?~#;|&\"",
      "\\ ",
      "\\\\",
      "\\'",
      "\\\"",
      "\\$",
      "\\`",
      "\\a",
      "\\*",
      "\\~",
      "\\#",
      "\\!",
      "\\{",
      "\\=",
      "\\\t",
      "'\x01\x7f'",
      "\\\x01",
      "\\\x7f",
      "\"\x01\x7f\x1b\"",
      "'\x81\x88\xff'",
  };
  static constexpr absl::string_view kHigh[] = {
      "\xC3\xA9",
      "\\\xC3\xA9",
      "\"\xE2\x82\xAC\"",
      "'\xF0\x9F\x90\x9A'",
      "\xC2\xA0",
      "\xE3\x80\x80",
      "\x81",
      "\xff",
      "\\\x88",
      "\"\x82\"",
      "\xC3",
      "\"\xE2\x82\"",
  };
  // Now and then something that is for the shell only.
  static constexpr absl::string_view kShell[] = {
      "$x",    "`x`",  "*",    "?",        "[a]",    "~",     "#",
      "{a,b}", ";",    "|",    "&",        ">x",     "(",     "!",
      "^",     "\n",   "\r",   "\\\n",     "\"$x\"", "\"!\"", "'",
      "\"",    "\x01", "\x7f", "\"\\\n\"",
  };
  const auto one_of = [&random](auto& pieces) {
    return pieces[random() % std::size(pieces)];
  };
  std::string tail = " ";
  const int pieces = 1 + static_cast<int>(random() % 12);
  for (int i = 0; i < pieces; i++) {
    const unsigned dice = random() % 100;
    absl::StrAppend(&tail, dice < 2            ? one_of(kShell)
                           : dice < 20 && utf8 ? one_of(kHigh)
                                               : one_of(kPieces));
  }
  return tail;
}

}  // namespace

TEST_CASE("simple_command: plain words are split at blanks and tabs",
          "[text]") {
  static constexpr Case kCases[] = {
      {"ls", "ls"},
      {" \tls  -l\t/tmp ", "ls|-l|/tmp"},
      {"/bin/true", "/bin/true"},
      {"/bin/echo a", "/bin/echo|a"},
      {"./run --file=x a=b %1 @ , + : .", "./run|--file=x|a=b|%1|@|,|+|:|."},
      {"ls if echo exec time", "ls|if|echo|exec|time"},
      {"a.b_c-d/e:f,g+h@i%j0Z", "a.b_c-d/e:f,g+h@i%j0Z"},
      {"", "shell"},
      {" \t ", "shell"},
  };
  CheckAll(kCases);
}

TEST_CASE("simple_command: quotes are as a shell has them", "[text]") {
  static constexpr Case kCases[] = {
      {"ls 'a b' \"c d\" e\\ f", "ls|a b|c d|e f"},
      {"ls '' \"\"", "ls||"},
      {"ls a''b\"c\"'d'\\e", "ls|abcde"},
      {"ls 'a\\' 'b$`\"!*'", "ls|a\\|b$`\"!*"},
      {"ls 'a\nb' \"c\nd\"", "ls|a\nb|c\nd"},
      {"ls \"\\$ \\` \\\" \\\\\"", "ls|$ ` \" \\"},
      {"ls \"\\a \\! \\'\"", "ls|\\a \\! \\'"},
      {"ls \"*?[~#;|&<>(){}^\"", "ls|*?[~#;|&<>(){}^"},
      {"ls \\* \\$x \\` \\\\ \\~ \\# \\; \\! \\=", "ls|*|$x|`|\\|~|#|;|!|="},
      {"ls \\\t \\'", "ls|\t|'"},
  };
  CheckAll(kCases);
}

TEST_CASE("simple_command: what a shell could read is the shell's", "[text]") {
  for (char c : absl::string_view("|&;<>()$`*?[]#~!{}^\n\r\v\f\x01\x1b\x7f")) {
    INFO("byte " << static_cast<int>(c));
    CHECK(Judge(absl::StrCat("ls a", absl::string_view(&c, 1))) == "shell");
    CHECK(Judge(absl::StrCat("ls ", absl::string_view(&c, 1), " a")) ==
          "shell");
    CHECK(Judge(absl::StrCat(absl::string_view(&c, 1), "ls")) == "shell");
  }
  static constexpr Case kCases[] = {
      {"ls \"$HOME\"", "shell"},  {"ls \"`id`\"", "shell"},
      {"ls \"a!\"", "shell"},     {"ls \"\\\\$x\"", "shell"},
      {"ls 'a", "shell"},         {"ls \"a", "shell"},
      {"ls \"a\\\"", "shell"},    {"ls \"a\\", "shell"},
      {"ls a\\", "shell"},        {"ls a\\\nb", "shell"},
      {"ls \"a\\\nb\"", "shell"}, {"ls\nls", "shell"},
  };
  CheckAll(kCases);
  for (absl::string_view with_nul :
       {absl::string_view("ls a\0b", 6), absl::string_view("ls '\0'", 6),
        absl::string_view("ls \"\0\"", 6), absl::string_view("ls \\\0", 5),
        absl::string_view("ls \"\\\0\"", 7)}) {
    CHECK(Judge(with_nul) == "shell");
  }
}

TEST_CASE("simple_command: the first word is the name of a program", "[text]") {
  static constexpr Case kCases[] = {
      {"a=b", "shell"},
      {"a=b ls", "shell"},
      {"a+=b ls", "shell"},
      {"%1", "shell"},
      {"'%1'", "shell"},
      {"-x ls", "shell"},
      {"+x ls", "shell"},
      {"'-x'", "shell"},
      {"'' a", "shell"},
      {"l\\s", "shell"},
      {"\\ls", "shell"},
      {"l's'", "shell"},
      {"'l''s'", "shell"},
      {"\"l\"s", "shell"},
      {"'/opt/my tools/run' a", "/opt/my tools/run|a"},
      {"\"/opt/my tools/run\" a", "/opt/my tools/run|a"},
      {"'a=b' c", "a=b|c"},
      {"'echo' c", "shell"},
      {"\"if\" c", "shell"},
      {"/usr/bin/printf %s", "/usr/bin/printf|%s"},
      {"./echo", "./echo"},
      {"echoes", "echoes"},
      {"Echo", "Echo"},
      {"[ -f x ]", "shell"},
      {"'[' -f x", "shell"},
  };
  CheckAll(kCases);
  for (absl::string_view name : absl::StrSplit(
           "if then elif else fi do done case esac while until for in select "
           "function time coproc [[ ]] { } ! . : alias bg bind break builtin "
           "cd command continue declare dirs disown echo enable eval exit "
           "export false fc fg getopts hash help history jobs kill let local "
           "logout mapfile popd print printf pushd pwd read readarray readonly "
           "return set shift shopt source suspend test times trap true type "
           "typeset ulimit umask unalias unset wait whence [",
           ' ')) {
    INFO("name: " << name);
    CHECK(Judge(name) == "shell");
    CHECK(Judge(absl::StrCat(name, " x")) == "shell");
    CHECK(Judge(absl::StrCat("'", name, "' x")) == "shell");
    CHECK(Judge(absl::StrCat("exec ", name, " x")) == "shell");
    CHECK(Judge(absl::StrCat("ls '", name, "'")) == absl::StrCat("ls|", name));
  }
}

TEST_CASE("simple_command: without a shell every name is a program's",
          "[text]") {
  const auto judge = [](absl::string_view command) {
    const std::optional<Words> words =
        SimpleCommand(command, true, /*any_name=*/true);
    return words.has_value() ? absl::StrJoin(*words, "|") : "shell";
  };
  CHECK(judge("echo a") == "echo|a");
  CHECK(judge("exec echo a") == "echo|a");
  CHECK(judge("test -e x") == "test|-e|x");
  CHECK(judge("my\\ tool 'a b'") == "my tool|a b");
  CHECK(judge("'a=b' c") == "a=b|c");
  CHECK(judge("a=b ls") == "shell");
  CHECK(judge("'' a") == "shell");
  CHECK(judge("exec") == "shell");
  CHECK(judge("echo $x") == "shell");
  CHECK(judge("echo a; ls") == "shell");
}

TEST_CASE("simple_command: a leading exec is taken off, once", "[text]") {
  static constexpr Case kCases[] = {
      {"exec ls -l", "ls|-l"},
      {" exec\t/bin/echo 'a b'", "/bin/echo|a b"},
      {"exec 'my tool' x", "my tool|x"},
      {"exec", "shell"},
      {"exec ", "shell"},
      {"exec exec ls", "shell"},
      {"exec -a name ls", "shell"},
      {"exec -- ls", "shell"},
      {"exec a=b ls", "shell"},
      {"exec >x", "shell"},
      {"exec ls >x", "shell"},
      {"'exec' ls", "shell"},
      {"\\exec ls", "shell"},
      {"ls exec", "ls|exec"},
  };
  CheckAll(kCases);
}

TEST_CASE("simple_command: bytes from 0x80 up are letters in UTF-8 alone",
          "[text]") {
  CHECK(Judge("ls caf\xC3\xA9 \xE2\x82\xAC") == "ls|caf\xC3\xA9|\xE2\x82\xAC");
  CHECK(Judge("\xC3\xA9 x") == "\xC3\xA9|x");
  CHECK(Judge("ls \\\xC3\xA9 \"\xC3\xA9\"") == "ls|\xC3\xA9|\xC3\xA9");
  CHECK(Judge("ls caf\xC3\xA9", false) == "shell");
  CHECK(Judge("ls \\\xC3\xA9", false) == "shell");
  // The second half of such a character may look like a backslash.
  CHECK(Judge("ls \"\x95\x5c\"", false) == "shell");
  CHECK(Judge("ls \"\\\x95\"", false) == "shell");
  CHECK(Judge("ls '\x95\x5c'", false) == "ls|\x95\x5c");
}

TEST_CASE("simple_command: no built-in of the shells here is run directly",
          "[text]") {
  std::string names;
  if (IsThere("bash")) names += Ask("bash", "compgen -b -k\n");
  if (IsThere("ksh")) {
    // Those with a path of their own are found by it; the rest by name.
    names += Ask("ksh", "builtin | grep -v /; alias | sed 's/=.*//'\n");
  }
  int seen = 0;
  for (absl::string_view name : absl::StrSplit(names, '\n')) {
    // The first is another test's; the others do what the programs do.
    if (name.empty() || name == "exec" || name == "sleep" ||
        name == "getconf" || name == "nohup" || name == "poll") {
      continue;
    }
    INFO("name: " << name);
    CHECK(Judge(absl::StrCat(name, " x")) == "shell");
    seen++;
  }
  CHECK(seen > 50);
}

// Each accepted command is given to the shells with a function that prints its
// words in the place of the first one; they must be the words we found.
TEST_CASE("simple_command: shells split into the same words", "[text]") {
  const char* const given = getenv("SEED");
  uint32_t seed = 1;
  if (given != nullptr) REQUIRE(absl::SimpleAtoi(given, &seed));
  INFO("SEED=" << seed);
  std::mt19937 random(seed);
  for (const bool utf8 : {true, false}) {
    std::vector<Words> expected;
    std::vector<std::string> tails;
    std::string script =
        "show() { printf '%s\\n' \"$#\"; printf '<%s>\\n' \"$@\"; }\n";
    for (int i = 0; i < 1500; i++) {
      const std::string tail = RandomTail(random, utf8);
      const std::optional<Words> words =
          SimpleCommand(absl::StrCat("program", tail), utf8);
      if (!words.has_value()) continue;
      REQUIRE((*words)[0] == "program");
      expected.emplace_back(words->begin() + 1, words->end());
      tails.push_back(tail);
      absl::StrAppend(&script, "show", tail, "\n");
    }
    CHECK(expected.size() > 700);
    for (absl::string_view shell :
         {"dash", "bash", "bash --posix", "busybox sh", "ksh", "mksh"}) {
      if (!IsThere(shell.substr(0, shell.find(' ')))) continue;
      const std::string shown =
          Ask(absl::StrCat("LC_ALL=", utf8 ? "C.UTF-8 " : "C ", shell), script);
      absl::string_view rest = shown;
      for (size_t i = 0; i < expected.size(); i++) {
        std::string want = absl::StrCat(expected[i].size(), "\n");
        for (const std::string& word : expected[i]) {
          absl::StrAppend(&want, "<", word, ">\n");
        }
        // printf without a word prints the format once.
        if (expected[i].empty()) want += "<>\n";
        INFO(shell << ", utf8 " << utf8 << ": " << tails[i]);
        REQUIRE(rest.substr(0, want.size()) == want);
        rest.remove_prefix(want.size());
      }
      CHECK(rest.empty());
    }
  }
}
