#include "cli/help.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sysexits.h>

#include <algorithm>
#include <vector>

#include "text/utf8.h"

namespace cli {
namespace {

constexpr size_t kColumns = 79;

// Text in lines of at most kColumns, the first beginning at column `at`, the
// others indented to there.
std::string Wrapped(absl::string_view text, size_t at) {
  std::string out;
  size_t column = at;
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    const size_t width = text::Width(word);
    if (column > at && column + 1 + width > kColumns) {
      absl::StrAppend(&out, "\n", std::string(at, ' '));
      column = at;
    }
    if (column > at) out += ' ', column++;
    absl::StrAppend(&out, word);
    column += width;
  }
  return out;
}

struct Line {
  std::string term, help;
};

std::string Terms(absl::string_view title, const std::vector<Line>& lines) {
  if (lines.empty()) return "";
  // A term that is longer than this has its help on the next line.
  constexpr size_t kLongestTerm = 28;
  size_t width = 0;
  for (const Line& l : lines) {
    if (l.term.size() <= kLongestTerm) width = std::max(width, l.term.size());
  }
  const size_t at = 2 + width + 2;
  std::string out = absl::StrCat("\n", title, ":\n");
  for (const Line& l : lines) {
    absl::StrAppend(&out, "  ", l.term);
    if (!l.help.empty()) {
      if (l.term.size() > width) {
        absl::StrAppend(&out, "\n", std::string(at, ' '));
      } else {
        out.append(at - 2 - l.term.size(), ' ');
      }
      out += Wrapped(l.help, at);
    }
    out += '\n';
  }
  return out;
}

// "-P, --parallel[=N]"; the shared column for words makes them line up.
std::string Term(const Option& o) {
  std::string out = "    ";
  if (o.letter != 0) {
    out = {'-', o.letter};
    if (!o.word.empty()) out += ", ";
  }
  if (!o.word.empty()) absl::StrAppend(&out, "--", o.word);
  if (o.value.empty()) return out;
  if (o.value[0] != '[') return absl::StrCat(out, " ", o.value);
  if (o.word.empty()) return absl::StrCat(out, o.value);
  return absl::StrCat(out, "[=", o.value.substr(1));
}

std::string OptionsText(OptionTable options) {
  std::vector<Line> lines;
  for (const Option o : options)
    lines.push_back({Term(o), std::string(o.help)});
  for (const Option& o : SharedOptions(options)) {
    lines.push_back({Term(o), std::string(o.help)});
  }
  return Terms("Options", lines);
}

// The head's exit codes, and before the first that is larger the one of a wrong
// command line, unless it is what everybody expects.
std::vector<Line> ExitLines(const Applet& applet) {
  std::vector<Line> lines;
  bool says_usage = applet.usage_exit == EX_USAGE;
  const Line usage = {absl::StrCat(applet.usage_exit),
                      "the command line is wrong"};
  for (absl::string_view line :
       absl::StrSplit(applet.exits, '\n', absl::SkipEmpty())) {
    const absl::string_view code = line.substr(0, line.find(' '));
    int number = 0;
    // A code that is no number ("128+n") is larger than all that are.
    if (!says_usage &&
        (!absl::SimpleAtoi(code, &number) || number > applet.usage_exit)) {
      lines.push_back(usage);
      says_usage = true;
    }
    lines.push_back(
        {std::string(code), std::string(absl::StripLeadingAsciiWhitespace(
                                line.substr(code.size())))});
  }
  if (!says_usage) lines.push_back(usage);
  return lines;
}

}  // namespace

std::vector<Option> SharedOptions(OptionTable options) {
  std::vector<Option> shared;
  for (Option o : {Option{'h', "help", "", "show this help"},
                   Option{'V', "version", "", "show the version"}}) {
    for (const Option own : options) {
      if (own.letter == o.letter) o.letter = 0;
      if (own.word == o.word) o.word = "";
    }
    if (o.letter != 0 || !o.word.empty()) shared.push_back(o);
  }
  return shared;
}

std::string UsageText(const Applet& applet, absl::string_view program,
                      const Verb* verb) {
  std::string out;
  const absl::string_view forms = verb != nullptr ? verb->usage : applet.usage;
  for (absl::string_view form : absl::StrSplit(forms, '\n')) {
    absl::StrAppend(&out, out.empty() ? "usage: " : "       ", program);
    if (verb != nullptr) absl::StrAppend(&out, " ", verb->name);
    if (!form.empty()) absl::StrAppend(&out, " ", form);
    out += '\n';
  }
  return out;
}

std::string HelpText(const Applet& applet, absl::string_view program,
                     const Verb* verb, absl::string_view verbs_title) {
  std::string out = UsageText(applet, program, verb);
  if (verb != nullptr) {
    absl::StrAppend(&out, "\n", Wrapped(verb->summary, 0), "\n",
                    OptionsText(verb->options));
    return out;
  }
  absl::StrAppend(&out, "\n", Wrapped(applet.summary, 0), "\n");
  std::vector<Line> verbs;
  for (const Verb& v : applet.verbs) {
    verbs.push_back({std::string(v.name), std::string(v.summary)});
  }
  absl::StrAppend(&out, Terms(verbs_title, verbs), OptionsText(applet.options));
  if (!applet.environment.empty()) {
    absl::StrAppend(&out,
                    "\nOptions are also read from the first of these "
                    "variables that is set:\n  ",
                    applet.environment, "\n");
  }
  absl::StrAppend(&out, Terms("Exit codes", ExitLines(applet)));
  return out;
}

}  // namespace cli
