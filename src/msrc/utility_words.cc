#include "msrc/utility_words.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "base/limits.h"
#include "base/status.h"
#include "msrc/receiver_limits.h"
#include "text/words.h"

namespace msrc {
namespace {

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("utility: ", why));
}

bool HasNul(absl::string_view text) {
  return absl::StrContains(text, absl::string_view("\0", 1));
}

bool IsName(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("._-+", c)) return false;
  }
  return true;
}

bool IsVariable(absl::string_view text) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos || equals == 0) return false;
  const absl::string_view name = text.substr(0, equals);
  for (char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return !absl::ascii_isdigit(name[0]);
}

}  // namespace

bool IsTerminal(const fleetbox::wire::Terminal& terminal) {
  return terminal.columns() <= kMaxTerminalSide &&
         terminal.lines() <= kMaxTerminalSide &&
         terminal.type().size() <= kMaxTerminalTypeBytes &&
         IsName(terminal.type());
}

absl::Status CheckUtility(const fleetbox::wire::Utility& utility) {
  if (utility.word_size() > static_cast<int>(kMaxWords)) {
    return Bad(absl::StrCat("more than ", kMaxWords, " words"));
  }
  size_t bytes = 0;
  for (const std::string& word : utility.word()) {
    bytes += word.size() + 1;
    if (HasNul(word)) return Bad("a word has a NUL");
  }
  if (bytes > kMaxWordsBytes) {
    return Bad(absl::StrCat("words of more than ", kMaxWordsBytes, " bytes"));
  }
  if (utility.argv() && (utility.word_size() == 0 || utility.word(0).empty())) {
    return Bad("no program is named");
  }
  for (const std::string* path : {&utility.shell(), &utility.defs()}) {
    if (path->size() > base::kMaxPathBytes || HasNul(*path)) {
      return Bad("a path that is none");
    }
  }
  if (!utility.shell().empty() && utility.shell()[0] != '/') {
    return Bad("the shell's path is not absolute");
  }
  if (utility.environment_size() > static_cast<int>(base::kMaxVariables)) {
    return Bad(absl::StrCat("more than ", base::kMaxVariables, " variables"));
  }
  size_t variables = 0;
  for (const std::string& variable : utility.environment()) {
    variables += variable.size();
    if (!IsVariable(variable) || HasNul(variable)) {
      return Bad("a variable that is none");
    }
  }
  if (variables > base::kMaxVariableBytes) {
    return Bad(absl::StrCat("variables of more than ", base::kMaxVariableBytes,
                            " bytes"));
  }
  if (utility.detach() && (utility.input() || utility.has_terminal())) {
    return Bad("one that runs on without the channel has no input");
  }
  if (utility.has_terminal() && !IsTerminal(utility.terminal())) {
    return Bad("a terminal that is none");
  }
  return absl::OkStatus();
}

Command CommandOf(const fleetbox::wire::Utility& utility,
                  const std::string& into, const std::string& home) {
  const std::vector<std::string> words(utility.word().begin(),
                                       utility.word().end());
  // A shell may have options, as in "/bin/sh -x".
  std::vector<std::string> shell =
      absl::StrSplit(utility.shell(), ' ', absl::SkipEmpty());
  if (shell.empty()) shell = {"/bin/sh"};
  const auto run = [&shell](const std::string& text) {
    std::vector<std::string> argv = shell;
    argv.insert(argv.end(), {"-c", text});
    return argv;
  };
  if (utility.defs().empty()) {
    if (utility.argv()) return {words, into};
    return {run(absl::StrJoin(words, " ")), into};
  }
  // Text of a shell's, as it always was: it may begin with ~ or $HOME. A mere
  // name would be looked for on PATH.
  const std::string& defs = utility.defs();
  const std::string begin =
      absl::StrCat(". ", IsName(defs) ? "./" : "", defs, " || exit\ncd ",
                   text::QuoteWord(into), " || exit\n");
  if (!utility.argv()) {
    return {run(absl::StrCat(begin, absl::StrJoin(words, " "))), home};
  }
  std::vector<std::string> argv = run(absl::StrCat(begin, "exec \"$@\""));
  argv.push_back("sh");
  argv.insert(argv.end(), words.begin(), words.end());
  return {argv, home};
}

bool IsSignalForUtility(uint32_t signal, bool* ends) {
  constexpr uint32_t kHup = 1, kInt = 2, kQuit = 3, kKill = 9, kUsr1 = 10,
                     kUsr2 = 12, kTerm = 15;
  *ends = signal != kUsr1 && signal != kUsr2;
  for (uint32_t known : {0u, kHup, kInt, kQuit, kKill, kUsr1, kUsr2, kTerm}) {
    if (signal == known) return true;
  }
  return false;
}

}  // namespace msrc
