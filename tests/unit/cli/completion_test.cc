#include "cli/completion.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "cli/completion_places.h"
#include "text/words.h"

using cli::Completed;
using cli::CompletionShell;
using Words = std::vector<std::string>;

namespace {

absl::StatusOr<int> Zero(const cli::Call&) { return 0; }

// All that means something to one of the three shells.
constexpr char kHostile[] =
    "it's \"odd\" [in] (all) {ways}: $HOME `id` $(id) \\n \\ * ? # ~ ! % %d ; "
    "| & < > ^ = @ - 'x\n\tand more\x1b";
constexpr char kHostileLine[] =
    "it's \"odd\" [in] (all) {ways}: $HOME `id` $(id) \\n \\ * ? # ~ ! % %d ; "
    "| & < > ^ = @ - 'x  and more ";
constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'a', "all", "", kHostile},
      {'b', "bad", "[it's: \"[a]\" $x `id` \\]", kHostile},
      {'c', "collate", "live|done|line|off", "when"},
      {'d', "dir", "DIR", "a folder"},
      {'f', "file", "FILE", "a file"},
      {'P', "parallel", "[N]", "so many at once", "1", "3"},
      {'#', "count", "N", "a number"},
      {'e', "", "VAR[=TEXT]", "a letter alone"},
  });
});
constexpr cli::Verb kVerbs[] = {
    {"go", "[-f FILE] COMMAND [ARG ...]", kHostile, kOptions, Zero},
    {"stop", "", "end it", {}, Zero},
};
constexpr cli::Applet kMany = {
    .name = "try-many", .summary = kHostile, .usage = "VERB", .verbs = kVerbs};
constexpr cli::Applet kWrap = {.name = "wrap",
                               .summary = "run a command",
                               .usage = "[OPTION ...] [COMMAND [ITEM ...]]",
                               .options = kOptions,
                               .run = Zero};
constexpr auto kItselfOptions = cli::Options([] {
  return std::to_array<cli::Option>({{'l', "list", "", "print the names"}});
});
constexpr cli::Applet kItself = {
    .name = "try", .summary = "all of them", .options = kItselfOptions};
constexpr cli::Row kTable[] = {{"try-many", &kMany}, {"wrap", &kWrap}};

std::string Script(CompletionShell shell) {
  return cli::CompletionScript(kTable, kItself, shell);
}

bool IsThere(absl::string_view program) {
  return system(absl::StrCat("command -v ", program, " >/dev/null").c_str()) ==
         0;
}

// A folder with a script in it, for the life of a test.
class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_) != nullptr); }
  ~Folder() {
    if (system(absl::StrCat("rm -rf ", path_).c_str()) != 0) abort();
  }
  std::string Write(const std::string& name, absl::string_view content) {
    const std::string path = absl::StrCat(path_, "/", name);
    FILE* file = fopen(path.c_str(), "w");
    REQUIRE(file != nullptr);
    REQUIRE(fwrite(content.data(), 1, content.size(), file) == content.size());
    REQUIRE(fclose(file) == 0);
    return path;
  }
  // What a command line of the shell prints, in the folder.
  std::string Run(absl::string_view command) {
    FILE* shown =
        popen(absl::StrCat("cd ", path_, " && export HOME=", path_,
                           " LC_ALL=C.UTF-8 && timeout 20 ", command, " 2>&1")
                  .c_str(),
              "r");
    REQUIRE(shown != nullptr);
    std::string out;
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, shown)) > 0;) {
      out.append(block, n);
    }
    const int code = pclose(shown);
    INFO(out);
    CHECK(code == 0);
    return out;
  }
  const char* path() const { return path_; }

 private:
  char path_[32] = "/tmp/completion.XXXXXX";
};

// What bash offers for the last of the words, "a|b". `line` is what was typed,
// where the words do not show what belongs together.
std::string Bash(const Words& words, const std::string& line = "") {
  Folder folder;
  const std::string script =
      folder.Write("script", Script(CompletionShell::kBash));
  const std::string test = folder.Write(
      "test",
      absl::StrCat(". ", script, "\nCOMP_WORDS=(", text::JoinWords(words),
                   ")\n", "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=",
                   text::QuoteWord(line), "\n_fleetbox\n",
                   "IFS='|'; printf %s \"${COMPREPLY[*]}\"\n"));
  return folder.Run("bash " + test);
}

// The same of fish, with the help texts, a line each.
std::string Fish(absl::string_view line) {
  Folder folder;
  folder.Write("afile", "");
  REQUIRE(mkdir(absl::StrCat(folder.path(), "/adir").c_str(), 0700) == 0);
  folder.Write("script", Script(CompletionShell::kFish));
  folder.Write("test", absl::StrCat("source script\ncomplete -C",
                                    text::QuoteWord(line), "\n"));
  return folder.Run("fish -N test");
}
// Of zsh a whole list, since it takes a while to start: a line, and what is
// offered there.
void CheckZsh(absl::Span<const std::pair<absl::string_view, std::string>> all) {
  Folder folder, functions;
  folder.Write("afile", "");
  REQUIRE(mkdir(absl::StrCat(folder.path(), "/adir").c_str(), 0700) == 0);
  functions.Write("_fleetbox", Script(CompletionShell::kZsh));
  char here[4096];
  REQUIRE(getcwd(here, sizeof here) != nullptr);
  std::string command =
      absl::StrCat("zsh -f ", here, "/tests/complete.zsh ", functions.path());
  std::string expected;
  for (const auto& [line, offered] : all) {
    absl::StrAppend(&command, " ", text::QuoteWord(line));
    absl::StrAppend(&expected, line, "\n", offered);
  }
  CHECK(folder.Run(command) == expected);
}

}  // namespace

TEST_CASE("completion: the name of a value says what completes it", "[cli]") {
  const auto kind = [](absl::string_view value) {
    return cli::KindText(cli::ValueCompletion(value));
  };
  CHECK(kind("FILE") == "file");
  CHECK(kind("[FILE]") == "file");
  CHECK(kind("PATH") == "file");
  CHECK(kind("TOKENFILE|SOCKET") == "file");
  CHECK(kind("DIR") == "dir");
  CHECK(kind("COMMAND") == "command");
  CHECK(kind("SHELL") == "command");
  CHECK(kind("live|done|off") == "=live|done|off");
  CHECK(kind("[soon|now]") == "=soon|now");
  CHECK(kind("N|auto") == "any");
  CHECK(kind("TEXT") == "any");
  CHECK(kind("VAR[=TEXT]") == "any");
  CHECK(kind("[N]") == "any");
  CHECK(kind("") == "any");
}

TEST_CASE("completion: there are scripts for three shells", "[cli]") {
  CHECK(cli::FindCompletionShell("bash") == CompletionShell::kBash);
  CHECK(cli::FindCompletionShell("zsh") == CompletionShell::kZsh);
  CHECK(cli::FindCompletionShell("fish") == CompletionShell::kFish);
  CHECK_FALSE(cli::FindCompletionShell("ksh").has_value());
  CHECK_FALSE(cli::FindCompletionShell("").has_value());
}

TEST_CASE("completion: bash offers what the head has", "[cli]") {
  CHECK(Bash({"try", ""}) == "try-many|wrap|many");
  CHECK(Bash({"try", "--"}) == "--list|--help|--version");
  CHECK(Bash({"try-many", ""}) == "go|stop");
  CHECK(Bash({"try", "many", "s"}) == "stop");
  CHECK(Bash({"/usr/bin/try", "many", "s"}) == "stop");
  CHECK(Bash({"wrap", "--co"}) == "--collate|--count");
  CHECK(Bash({"wrap", "-"}) ==
        "-a|--all|-b|--bad|-c|--collate|-d|--dir|-f|--file|-P|--parallel|"
        "--count|-e|-h|--help|-V|--version");
  CHECK(Bash({"wrap", "--collate", ""}) == "live|done|line|off");
  CHECK(Bash({"wrap", "-ac", "l"}) == "live|line");
  CHECK(Bash({"wrap", "--collate", "=", "d"}, "wrap --collate=d") == "done");
  CHECK(Bash({"wrap", "--collate", "="}, "wrap --collate=") ==
        "live|done|line|off");
  CHECK(Bash({"wrap", "--collate=d"}) == "--collate=done");
  CHECK(Bash({"wrap", "-e", "a", ":", "b", "--coll"}, "wrap -e a:b --coll") ==
        "--collate");
  CHECK(Bash({"wrap", "-e", "a", "=", "b", "--coll"}, "wrap  -e  a=b --coll") ==
        "--collate");
  CHECK(Bash({"wrap", "-e", "a", ":", "b", "--coll"}, "wrap -e a : b --coll") ==
        "");
  CHECK(Bash({"wrap", "-2a3c", "o"}) == "off");
}

TEST_CASE("completion: bash knows where the options end", "[cli]") {
  CHECK(Bash({"try-many", "go", "--coll"}) == "--collate");
  CHECK(Bash({"try-many", "stop", "--coll"}) == "");
  CHECK(Bash({"try-many", "-h", "go", "--coll"}) == "--collate");
  CHECK(Bash({"wrap", "ls", "--coll"}) == "");
  CHECK(Bash({"wrap", "--", "--coll"}) == "");
  CHECK(Bash({"wrap", "-f", "ls", "--coll"}) == "--collate");
  CHECK(Bash({"wrap", "-fls", "--coll"}) == "--collate");
  CHECK(Bash({"wrap", "-P", "--coll"}) == "--collate");
  CHECK(Bash({"wrap", "--parallel", "4", "--coll"}) == "");
  CHECK(Bash({"wrap", "-e", "--", "--coll"}) == "--collate");
  CHECK(Bash({"wrap", "-f", "--coll"}) == "");
  CHECK(Bash({"try-many", "go", "stop", "--"}) == "");
  CHECK(Bash({"try", "nothing", ""}) == "");
}

TEST_CASE("completion: bash completes a command where one stands", "[cli]") {
  const std::string commands = absl::StrCat("|", Bash({"wrap", "unam"}), "|");
  CHECK(absl::StrContains(commands, "|uname|"));
  CHECK(absl::StrContains("|" + Bash({"try-many", "go", "unam"}) + "|",
                          "|uname|"));
  CHECK(Bash({"wrap", "env", "unam"}) == "");
  CHECK(Bash({"wrap", "-e", "unam"}) == "");
}

TEST_CASE("completion: fish shows every help text as it is", "[cli]") {
  if (!IsThere("fish")) return;
  CHECK(Fish("try-many g") == absl::StrCat("go\t", kHostileLine, "\n"));
  CHECK(Fish("try man") == absl::StrCat("many\t", kHostileLine, "\n"));
  CHECK(Fish("wrap --a") == absl::StrCat("--all\t", kHostileLine, "\n"));
  CHECK(Fish("wrap --b") == absl::StrCat("--bad\t", kHostileLine, "\n"));
}

TEST_CASE("completion: fish knows the line as we do", "[cli]") {
  if (!IsThere("fish")) return;
  CHECK(Fish("wrap --collate ") == "live\ndone\nline\noff\n");
  CHECK(Fish("wrap -2ac l") == "live\nline\n");
  CHECK(Fish("wrap --collate=d") == "--collate=done\n");
  CHECK(Fish("wrap --bad=") == "");
  CHECK(Fish("wrap -e ") == "");
  CHECK(Fish("wrap --dir ") == "adir/\n");
  CHECK(Fish("wrap --dir=a") == "--dir=adir/\n");
  CHECK(Fish("wrap --file=a") == "--file=adir/\n--file=afile\n");
  CHECK(Fish("wrap -P --coll") == "--collate\twhen\n");
  CHECK(Fish("wrap ls --coll") == "");
  CHECK(Fish("wrap ls a") == "adir/\nafile\n");
  CHECK(absl::StrContains(Fish("wrap unam"), "uname"));
  CHECK(absl::StartsWith(Fish("try-many go -f x --dir"), "--dir\ta folder\n"));
}

TEST_CASE("completion: zsh shows every help text as it is", "[cli]") {
  if (!IsThere("zsh")) return;
  const std::string hostile = absl::StrCat(" | ", kHostileLine, "\n");
  CheckZsh({{"try-many g", "  go" + hostile},
            {"try man", "  many" + hostile},
            {"wrap --a", "  --all" + hostile},
            {"wrap --b", "  --bad" + hostile}});
}

TEST_CASE("completion: zsh knows the line as we do", "[cli]") {
  if (!IsThere("zsh")) return;
  CheckZsh({
      {"wrap --collate ", "  live\n  done\n  line\n  off\n"},
      {"wrap -2ac l", "  live\n  line\n"},
      {"wrap --collate=d", "  --collate=done\n"},
      {"wrap --bad=", ""},
      {"wrap -e ", ""},
      {"wrap --dir ", "  adir\n"},
      {"wrap --dir=a", "  --dir=adir\n"},
      {"wrap -P --coll", "  --collate | when\n"},
      {"wrap ls --coll", ""},
      {"wrap ls a", "  adir\n  afile\n"},
      {"wrap unam", "  uname\n"},
      {"try-many go -f x --dir", "  --dir | a folder\n"},
      {"try many stop --vers", "  --version | show the version\n"},
  });
}
