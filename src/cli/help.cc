#include "cli/help.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

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

std::string OptionsText(absl::Span<const Option> options) {
  std::vector<Line> lines;
  bool has_h = false, has_v = false;
  for (const Option& o : options) {
    has_h = has_h || o.letter == 'h';
    has_v = has_v || o.letter == 'V';
    lines.push_back({Term(o), std::string(o.help)});
  }
  lines.push_back({Term({has_h ? '\0' : 'h', "help"}), "show this help"});
  lines.push_back({Term({has_v ? '\0' : 'V', "version"}), "show the version"});
  return Terms("Options", lines);
}

}  // namespace

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
  std::vector<Line> exits;
  for (absl::string_view line :
       absl::StrSplit(applet.exits, '\n', absl::SkipEmpty())) {
    const size_t blank = line.find(' ');
    exits.push_back({std::string(line.substr(0, blank)),
                     blank == absl::string_view::npos
                         ? ""
                         : std::string(absl::StripLeadingAsciiWhitespace(
                               line.substr(blank)))});
  }
  absl::StrAppend(&out, Terms("Exit codes", exits));
  return out;
}

}  // namespace cli
