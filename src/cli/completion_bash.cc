// The script is a table and a function that reads the line by it, with nothing
// but bash: the package bash-completion need not be there.
#include <absl/strings/str_cat.h>

#include "cli/completion_places.h"
#include "text/words.h"

namespace cli {
namespace {

// File names are left to bash itself, which knows how to quote them: then
// COMPREPLY stays empty.
constexpr absl::string_view kFunctions = R"(
# Sets kind to what stands behind the option $1; "" for a switch.
_fleetbox_kind() {
  local one
  kind=
  for one in "${values[@]}"; do
    [[ $one == "$1="* ]] && kind=${one#"$1="}
  done
}

# Sets pending when the value of the options $1 is the next word.
_fleetbox_pending() {
  local letters=${1#-} kind
  pending=
  if [[ $1 == --* ]]; then
    [[ $1 == *=* ]] && return
    _fleetbox_kind "$1"
    [[ $kind == '?'* ]] || pending=$kind
    return
  fi
  while [[ -n $letters ]]; do
    _fleetbox_kind "-${letters:0:1}"
    letters=${letters:1}
    [[ -z $kind ]] && continue
    [[ -n $letters || $kind == '?'* ]] || pending=$kind
    return
  done
}

_fleetbox_offer() {
  local one
  for one; do
    [[ $one == "$typed"* ]] && COMPREPLY+=("${one#"$prefix"}")
  done
}

_fleetbox_no_files() {
  compopt +o default +o bashdefault 2>/dev/null
}

# Completes a value of the kind $1 behind $2 ("--word=", or nothing).
_fleetbox_value() {
  local one
  case $1 in
    file)
      # A whole word is only seen where = does not separate words.
      if [[ -n $2 && -z $prefix ]]; then
        compopt -o nospace -o filenames 2>/dev/null
        while IFS= read -r one; do COMPREPLY+=("$2$one"); done \
          < <(compgen -f -- "${typed#"$2"}")
      fi ;;
    dir)
      _fleetbox_no_files
      if [[ -n $2 && -z $prefix ]]; then
        compopt -o nospace -o filenames 2>/dev/null
        while IFS= read -r one; do COMPREPLY+=("$2$one"); done \
          < <(compgen -d -- "${typed#"$2"}")
      else
        compopt -o dirnames 2>/dev/null
      fi ;;
    command)
      while IFS= read -r one; do _fleetbox_offer "$2$one"; done \
        < <(compgen -c -- "${typed#"$2"}" | sort -u) ;;
    =*)
      _fleetbox_no_files
      IFS='|' read -r -a options <<<"${1#=}"
      _fleetbox_offer "${options[@]/#/$2}" ;;
    *) _fleetbox_no_files ;;
  esac
}

_fleetbox() {
  local cur=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:-${COMP_WORDS[*]}}
  local -a words=() options values verbs targets
  local word rest i n=-1
  COMPREPLY=()
  # Put together what was split at = and : within a word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    rest=${line#"${line%%[![:space:]]*}"}
    if [[ -n $line && $rest == "$line" && $rest == "$word"* ]] && ((n >= 0))
    then
      words[n]+=$word
    else
      words[++n]=$word
    fi
    line=${rest#"$word"}
  done
  # What of the word bash does not replace.
  local typed=${words[n]} prefix
  prefix=${typed%"$cur"}
  [[ -n $prefix && $cur == [=:] ]] && prefix=$typed

  local ended= operand= pending= first kind target
  _fleetbox_place "${words[0]##*/}"
  for ((i = 1; i < n; i++)); do
    word=${words[i]}
    if [[ -n $pending ]]; then
      pending=
    elif [[ -z $ended && $word == -- ]]; then
      ended=1
    elif [[ -z $ended && $word == -?* ]]; then
      _fleetbox_pending "$word"
    else
      ended=1 target=
      if [[ -z $operand ]]; then
        for rest in "${!verbs[@]}"; do
          [[ ${verbs[rest]} == "$word" ]] && target=${targets[rest]}
        done
      fi
      if [[ -n $target ]]; then
        ended=
        _fleetbox_place "$target"
      else
        operand=1
      fi
    fi
  done

  if [[ -n $pending ]]; then
    _fleetbox_value "$pending" ''
  elif [[ -z $ended && $typed == --*=* ]]; then
    _fleetbox_kind "${typed%%=*}"
    _fleetbox_value "${kind#'?'}" "${typed%%=*}="
  elif [[ -z $ended && $typed == -* ]]; then
    _fleetbox_no_files
    _fleetbox_offer "${options[@]}"
  elif [[ -z $operand ]]; then
    _fleetbox_offer "${verbs[@]}"
    [[ $first == command ]] && _fleetbox_value command ''
  fi
}
)";

void AddArray(absl::string_view name, const std::vector<std::string>& words,
              std::string& out) {
  if (words.empty()) return;
  absl::StrAppend(&out, "      ", name, "=(");
  size_t column = 9 + name.size();
  const char* between = "";
  for (const std::string& word : words) {
    const std::string quoted = text::QuoteWord(word);
    if (column + quoted.size() > 76 && *between != '\0') {
      between = "\n        ";
      column = 8;
    }
    absl::StrAppend(&out, between, quoted);
    column += quoted.size() + 1;
    between = " ";
  }
  out += ")\n";
}

std::string PlaceText(const CompletionPlace& place) {
  std::vector<std::string> options, values, verbs, targets;
  for (const CompletedOption& o : place.options) {
    options.push_back(o.name);
    if (!o.takes_value) continue;
    values.push_back(
        absl::StrCat(o.name, o.may_leave_out ? "=?" : "=", KindText(o.value)));
  }
  for (const CompletedVerb& v : place.verbs) {
    verbs.push_back(v.name);
    targets.push_back(v.key);
  }
  std::string out = absl::StrCat("    ", text::QuoteWord(place.key), ")\n");
  AddArray("options", options, out);
  AddArray("values", values, out);
  AddArray("verbs", verbs, out);
  AddArray("targets", targets, out);
  if (place.first == Completed::kCommand) {
    out += "      first=command\n";
  }
  return out + "      ;;\n";
}

}  // namespace

std::string BashCompletion(const std::vector<CompletionPlace>& places,
                           const std::vector<std::string>& commands) {
  std::string out =
      "# Completion of fleetbox and its commands for bash. Made by\n"
      "# fleetbox --completion bash\n\n"
      "# What stands behind the name of a command or verb: its options, what\n"
      "# values they take, its verbs and where these lead.\n"
      "_fleetbox_place() {\n"
      "  options=() values=() verbs=() targets=() first=\n"
      "  case $1 in\n";
  for (const CompletionPlace& place : places) out += PlaceText(place);
  absl::StrAppend(&out, "  esac\n}\n", kFunctions,
                  "\ncomplete -o bashdefault -o default -F _fleetbox");
  for (const std::string& command : commands) {
    absl::StrAppend(&out, " \\\n  ", text::QuoteWord(command));
  }
  return out + "\n";
}

}  // namespace cli
