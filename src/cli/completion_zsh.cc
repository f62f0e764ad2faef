// The script leaves the reading of the line to zsh's own _arguments, one call
// for each place, as zshcompsys(1) means it to be used.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "cli/completion_places.h"
#include "text/words.h"

namespace cli {
namespace {

// `text` with a backslash before each of `special`.
std::string Escaped(absl::string_view text, absl::string_view special) {
  std::string out;
  for (char c : text) {
    if (special.find(c) != absl::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string Action(const Completed& value) {
  switch (value.kind) {
    case Completed::kAnything:
      return " ";
    case Completed::kFile:
      return "_files";
    case Completed::kFolder:
      return "_files -/";
    case Completed::kCommand:
      return "_command_names -e";
    case Completed::kChoice:
      return absl::StrCat("(", absl::StrJoin(value.choices, " "), ")");
  }
  return "";
}

// '*--comment=[a comment]:TEXT: '; an option may be given again, always.
std::string Spec(const CompletedOption& o) {
  std::string out = absl::StrCat("*", Escaped(o.name, ":\\[]+="));
  const bool word = o.name.size() > 2;
  if (o.takes_value) {
    // Where the value may stand: "-" in the same word alone, "+" there or in
    // the next one; the "=" belongs to a word.
    if (word) out += '=';
    if (o.may_leave_out) out += '-';
    if (!word && !o.may_leave_out) out += '+';
  }
  absl::StrAppend(&out, "[", Escaped(o.help, "\\[]"), "]");
  if (o.takes_value) {
    absl::StrAppend(&out, o.may_leave_out ? "::" : ":",
                    Escaped(o.value_name, ":\\"), ":", Action(o.value));
  }
  return out;
}

std::string PlaceText(const CompletionPlace& place) {
  std::string out = absl::StrCat("    (", text::QuoteWord(place.key), ")\n",
                                 "      _arguments -C -s -S -A '-*' :");
  const auto line = [&out](const std::string& spec) {
    absl::StrAppend(&out, " \\\n        ", text::QuoteWord(spec));
  };
  for (const CompletedOption& o : place.options) line(Spec(o));
  if (place.takes_numbers) {
    // Digits are letters that are not offered, but may stand among others.
    for (char c = '0'; c <= '9'; c++) line({'!', '*', '-', c});
  }
  if (!place.verbs.empty()) {
    line("1: :->first");
    line("*:: :->behind");
  } else {
    if (place.first == Completed::kCommand) {
      line("1:command:_command_names -e");
    }
    line("*:file:_files");
  }
  out += " && ret=0\n";
  if (!place.verbs.empty()) {
    out += "      verbs=(";
    for (const CompletedVerb& v : place.verbs) {
      absl::StrAppend(&out, "\n        ",
                      text::QuoteWord(absl::StrCat(Escaped(v.name, ":\\"), ":",
                                                   Escaped(v.help, "\\"))));
    }
    out += ")\n      targets=(";
    for (const CompletedVerb& v : place.verbs) {
      absl::StrAppend(&out, "\n        ", text::QuoteWord(v.name), " ",
                      text::QuoteWord(v.key));
    }
    absl::StrAppend(&out, ")\n");
    if (place.takes_operands) {
      absl::StrAppend(
          &out, "      first='",
          place.first == Completed::kCommand ? "_command_names -e" : "_files",
          "'\n");
    }
  }
  return out + "      ;;\n";
}

constexpr absl::string_view kFunctions = R"(
  # Of a line that holds a verb, $words begins with it.
  case $state in
    (first)
      _describe -t verbs verb verbs && ret=0
      if [[ -n $first ]]; then
        ${=first} && ret=0
      elif ((ret)); then
        _files && ret=0
      fi
      ;;
    (behind)
      if [[ -n $targets[$words[1]] ]]; then
        _fleetbox_at $targets[$words[1]] && ret=0
      else
        _files && ret=0
      fi
      ;;
  esac
  return ret
}

_fleetbox() {
  _fleetbox_at $service
}

if [[ $funcstack[1] == _fleetbox ]]; then
  _fleetbox "$@"
)";

}  // namespace

std::string ZshCompletion(const std::vector<CompletionPlace>& places,
                          const std::vector<std::string>& commands) {
  std::vector<std::string> names;
  for (const std::string& name : commands) {
    names.push_back(text::QuoteWord(name));
  }
  const std::string all = absl::StrJoin(names, " ");
  // The first line is read by compinit; as a file in a folder of $fpath the
  // script is the function _fleetbox, read by `source` it tells zsh by itself.
  std::string out = absl::StrCat(
      "#compdef ", absl::StrJoin(commands, " "),
      "\n# Completion of fleetbox and its commands for zsh. Made by\n"
      "# fleetbox --completion zsh\n\n"
      "# Completes behind the name of a command or verb.\n"
      "_fleetbox_at() {\n"
      "  local curcontext=$curcontext state state_descr line first ret=1\n"
      "  local -a verbs\n"
      "  local -A opt_args targets\n"
      "  case $1 in\n");
  for (const CompletionPlace& place : places) out += PlaceText(place);
  absl::StrAppend(&out, "    (*) _files && ret=0 ;;\n  esac\n", kFunctions,
                  "else\n  compdef _fleetbox ", all, "\nfi\n");
  return out;
}

}  // namespace cli
