// The script is a table and a function that reads the line by it. fish's own
// way, a `complete -s -l` for each option, knows no verbs and would go on
// offering options behind the first operand.
#include <absl/strings/str_cat.h>

#include "cli/completion_places.h"

namespace cli {
namespace {

// Within '...' fish takes \ and ' behind a backslash, and nothing else.
std::string Quoted(absl::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + "'";
}

constexpr absl::string_view kFunctions = R"(
# What the options in the word $argv[1] leave to the next word: a kind, or
# nothing. The table's lines follow.
function __fleetbox_pending
    set -l word $argv[1]
    set -l table $argv[2..-1]
    if string match -q -- '--*' $word
        string match -q -- '*=*' $word; and return
        set -l kind (__fleetbox_kind $word $table)
        string match -q -- '\?*' $kind; or echo $kind
        return
    end
    set -l letters (string split '' -- (string sub -s 2 -- $word))
    while set -q letters[1]
        set -l kind (__fleetbox_kind -$letters[1] $table)
        set -e letters[1]
        test -z "$kind"; and continue
        if not set -q letters[1]; and not string match -q -- '\?*' $kind
            echo $kind
        end
        return
    end
end

# The kind of the value that the option $argv[1] takes; nothing for a switch.
function __fleetbox_kind
    set -l name $argv[1]
    for line in $argv[2..-1]
        set -l field (string split \t -- $line)
        if test "$field[2]" = "$name"; and test "$field[1]" != switch
            echo $field[1]
            return
        end
    end
end

# Sets __fleetbox_found to what may stand at the cursor. Fails when files may
# stand there too; fish completes those by itself.
function __fleetbox_find
    set -g __fleetbox_found
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l ended 0
    set -l operand 0
    set -l pending
    set -l table (__fleetbox_place (string replace -r '.*/' '' -- $words[1]))
    set -e words[1]
    for word in $words
        if test -n "$pending"
            set pending
        else if test $ended = 0; and test "$word" = --
            set ended 1
        else if test $ended = 0; and string match -q -- '-?*' $word
            set pending (__fleetbox_pending $word $table)
        else
            set ended 1
            set -l target
            if test $operand = 0
                for line in $table
                    set -l field (string split \t -- $line)
                    if test "$field[1]" = verb; and test "$field[2]" = "$word"
                        set target $field[4]
                    end
                end
            end
            if test -n "$target"
                set ended 0
                set table (__fleetbox_place $target)
            else
                set operand 1
            end
        end
    end
    if test -n "$pending"
        __fleetbox_value $pending ''
        return
    else if test $ended = 0; and string match -q -- '--*=*' $typed
        set -l name (string replace -r '=.*' '' -- $typed)
        __fleetbox_value (string trim -l -c '?' -- \
            (__fleetbox_kind $name $table)) $name=
        return
    else if test $ended = 0; and string match -q -- '-*' $typed
        for line in $table
            set -l field (string split \t -- $line)
            contains -- $field[1] verb first
            or set -a __fleetbox_found $field[2]\t$field[3]
        end
        return 0
    else if test $operand = 0
        set -l first file
        for line in $table
            set -l field (string split \t -- $line)
            switch $field[1]
                case verb
                    set -a __fleetbox_found $field[2]\t$field[3]
                case first
                    set first $field[2]
            end
        end
        if test "$first" = nothing; and string match -q -- '*/*' $typed
            set first file
        end
        __fleetbox_value $first ''
        return
    end
    return 1
end

# Adds the values of the kind $argv[1], each behind $argv[2].
function __fleetbox_value
    set -l typed (commandline -ct)
    switch "$argv[1]"
        case file
            return 1
        case dir
            set -l inside (string sub -s (math 1 + (string length -- \
                "$argv[2]")) -- $typed)
            set -a __fleetbox_found $argv[2](__fish_complete_directories \
                "$inside" '')
        case command
            test -z "$argv[2]"
            and set -a __fleetbox_found (__fish_complete_command)
        case '=*'
            for choice in (string split '|' -- (string sub -s 2 -- $argv[1]))
                set -a __fleetbox_found $argv[2]$choice
            end
    end
    return 0
end
)";

std::string PlaceText(const CompletionPlace& place) {
  std::string out = absl::StrCat("        case ", Quoted(place.key),
                                 "\n            printf '%s\\t%s\\t%s\\t%s\\n'");
  const auto line = [&out](absl::string_view kind, absl::string_view name,
                           absl::string_view help, absl::string_view target) {
    absl::StrAppend(&out, " \\\n                ", Quoted(kind), " ",
                    Quoted(name), " ", Quoted(help), " ", Quoted(target));
  };
  for (const CompletedOption& o : place.options) {
    line(!o.takes_value
             ? "switch"
             : absl::StrCat(o.may_leave_out ? "?" : "", KindText(o.value)),
         o.name, o.help, "");
  }
  for (const CompletedVerb& v : place.verbs)
    line("verb", v.name, v.help, v.key);
  if (!place.takes_operands) {
    line("first", "nothing", "", "");
  } else if (place.first == Completed::kCommand) {
    line("first", "command", "", "");
  }
  return out + "\n";
}

}  // namespace

std::string FishCompletion(const std::vector<CompletionPlace>& places,
                           const std::vector<std::string>& commands) {
  std::string out =
      "# Completion of fleetbox and its commands for fish. Made by\n"
      "# fleetbox --completion fish\n\n"
      "# What stands behind the name of a command or verb: for each thing its\n"
      "# kind, name and help, and for a verb where it leads.\n"
      "function __fleetbox_place\n"
      "    switch $argv[1]\n";
  for (const CompletionPlace& place : places) out += PlaceText(place);
  absl::StrAppend(&out, "    end\nend\n", kFunctions, "\nfor command in");
  for (const std::string& command : commands) {
    absl::StrAppend(&out, " \\\n        ", Quoted(command));
  }
  absl::StrAppend(&out,
                  "\n    complete -c $command -e\n"
                  "    complete -c $command -k -f -n __fleetbox_find"
                  " -a '$__fleetbox_found'\n"
                  "    complete -c $command -k -n 'not __fleetbox_find'"
                  " -a '$__fleetbox_found'\n"
                  "end\n");
  return out;
}

}  // namespace cli
