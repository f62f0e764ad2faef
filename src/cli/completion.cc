#include "cli/completion.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "cli/completion_places.h"
#include "cli/help.h"

namespace cli {
namespace {

// Scripts are lines; what is shown is one.
std::string OneLine(absl::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return out;
}

bool MayLeaveOut(const Option& o) { return absl::StartsWith(o.value, "["); }

void AddOption(const Option& o, CompletionPlace& place) {
  CompletedOption option = {.name = "",
                            .help = OneLine(o.help),
                            .takes_value = !o.value.empty(),
                            .may_leave_out = MayLeaveOut(o),
                            .value = ValueCompletion(o.value)};
  absl::string_view value = o.value;
  if (option.may_leave_out) value = value.substr(1, value.size() - 2);
  option.value_name = OneLine(value);
  if (o.letter == '#') {
    place.takes_numbers = true;
  } else if (o.letter != 0) {
    option.name = {'-', o.letter};
    place.options.push_back(option);
  }
  if (!o.word.empty()) {
    option.name = absl::StrCat("--", o.word);
    place.options.push_back(std::move(option));
  }
}

void AddOptions(OptionTable options, CompletionPlace& place) {
  for (const Option o : options) AddOption(o, place);
  for (const Option& o : SharedOptions(options)) AddOption(o, place);
}

Completed::Kind FirstOperand(absl::string_view usage) {
  for (absl::string_view word :
       absl::StrSplit(usage, absl::ByAnyChar(" \n[]|"), absl::SkipEmpty())) {
    if (word == "COMMAND" || word == "UTILITY" || word == "CLIENT" ||
        word == "PROGRAM") {
      return Completed::kCommand;
    }
  }
  return Completed::kFile;
}

void AddPlaces(absl::string_view name, const Applet& applet,
               std::vector<CompletionPlace>& places) {
  CompletionPlace place = {.key = std::string(name)};
  AddOptions(applet.options, place);
  for (const Verb& v : applet.verbs) {
    place.verbs.push_back({std::string(v.name), absl::StrCat(name, " ", v.name),
                           OneLine(v.summary)});
  }
  place.takes_operands = applet.run != nullptr;
  place.first = FirstOperand(applet.usage);
  places.push_back(std::move(place));
  for (const Verb& v : applet.verbs) {
    CompletionPlace behind = {.key = absl::StrCat(name, " ", v.name)};
    AddOptions(v.options, behind);
    behind.first = FirstOperand(v.usage);
    places.push_back(std::move(behind));
  }
}

}  // namespace

std::optional<CompletionShell> FindCompletionShell(absl::string_view name) {
  if (name == "bash") return CompletionShell::kBash;
  if (name == "zsh") return CompletionShell::kZsh;
  if (name == "fish") return CompletionShell::kFish;
  return std::nullopt;
}

Completed ValueCompletion(absl::string_view value) {
  if (absl::StartsWith(value, "[")) {
    value = value.substr(1, value.size() - 2);
  }
  const bool words = std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' ||
           c == '|';
  });
  if (words && absl::StrContains(value, '|')) {
    return {Completed::kChoice, absl::StrSplit(value, '|', absl::SkipEmpty())};
  }
  const auto says = [value](absl::string_view word) {
    return absl::StrContains(value, word);
  };
  if (says("FILE") || says("PATH") || says("SOCKET")) return {Completed::kFile};
  if (says("DIR") || says("FOLDER")) return {Completed::kFolder};
  if (says("COMMAND") || says("PROGRAM") || says("SHELL")) {
    return {Completed::kCommand};
  }
  return {Completed::kAnything};
}

std::string KindText(const Completed& value) {
  switch (value.kind) {
    case Completed::kAnything:
      return "any";
    case Completed::kFile:
      return "file";
    case Completed::kFolder:
      return "dir";
    case Completed::kCommand:
      return "command";
    case Completed::kChoice:
      return absl::StrCat("=", absl::StrJoin(value.choices, "|"));
  }
  return "";
}

std::string CompletionScript(Table table, const Applet& itself,
                             CompletionShell shell) {
  std::vector<CompletionPlace> places;
  std::vector<std::string> commands = {std::string(itself.name)};
  // Behind fleetbox stand the commands, as verbs stand behind others.
  CompletionPlace first = {.key = std::string(itself.name)};
  AddOptions(itself.options, first);
  first.takes_operands = false;
  for (const Row& row : table) {
    const std::string name(row.name);
    first.verbs.push_back({name, name, OneLine(row.applet->summary)});
    commands.push_back(name);
  }
  const std::string prefix = absl::StrCat(itself.name, "-");
  for (const Row& row : table) {
    if (!absl::StartsWith(row.name, prefix)) continue;
    const std::string short_name(row.name.substr(prefix.size()));
    const bool taken = std::find(commands.begin(), commands.end(),
                                 short_name) != commands.end();
    if (taken) continue;
    first.verbs.push_back(
        {short_name, std::string(row.name), OneLine(row.applet->summary)});
  }
  places.push_back(std::move(first));
  for (const Row& row : table) AddPlaces(row.name, *row.applet, places);
  switch (shell) {
    case CompletionShell::kBash:
      return BashCompletion(places, commands);
    case CompletionShell::kZsh:
      return ZshCompletion(places, commands);
    case CompletionShell::kFish:
      return FishCompletion(places, commands);
  }
  return "";
}

}  // namespace cli
