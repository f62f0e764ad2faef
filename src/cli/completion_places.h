// What the writers of completion scripts are given: every place on a command
// line at which options may stand, made of the heads.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace cli {

// What stands in the place of a value or of the first operand.
struct Completed {
  enum Kind { kAnything, kFile, kFolder, kCommand, kChoice };
  Kind kind = kAnything;
  std::vector<std::string> choices = {};  // of kChoice
};
// By the name in a head: "[FILE]", "DIR", "PATH", "COMMAND", "live|done|off".
Completed ValueCompletion(absl::string_view value);

// The kind in the tables of scripts: "any", "file", "dir", "command", or
// "=live|done|off".
std::string KindText(const Completed& value);

// An option as the line has it, "-c" or "--comment".
struct CompletedOption {
  std::string name, help;
  bool takes_value = false;
  bool may_leave_out = false;   // then the value is attached
  std::string value_name = {};  // without brackets
  Completed value = {};
};

// A verb, or a command behind `fleetbox`; `key` names its own place.
struct CompletedVerb {
  std::string name, key, help;
};

// One place on a command line at which options and a first operand may stand:
// behind the name of a command or verb.
struct CompletionPlace {
  std::string key;  // "fleetbox-key new"
  std::vector<CompletedOption> options = {};
  bool takes_numbers = false;  // -2, the value of an option '#'
  std::vector<CompletedVerb> verbs = {};
  // Whether the first operand may be anything but a verb, and what it then is.
  bool takes_operands = true;
  Completed::Kind first = Completed::kFile;
};

std::string BashCompletion(const std::vector<CompletionPlace>& places,
                           const std::vector<std::string>& commands);
std::string ZshCompletion(const std::vector<CompletionPlace>& places,
                          const std::vector<std::string>& commands);
std::string FishCompletion(const std::vector<CompletionPlace>& places,
                           const std::vector<std::string>& commands);

}  // namespace cli
