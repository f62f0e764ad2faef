#include "hosts/options.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include "base/status.h"
#include "hosts/name.h"

namespace hosts {
namespace {

constexpr absl::string_view kM4Letters = "aeqcxflpitV";

absl::Status Wrong(char letter, absl::string_view why) {
  return cli::UsageError(
      absl::StrCat("-", absl::string_view(&letter, 1), ": ", why));
}

void AppendFiles(absl::string_view list, std::vector<std::string>& files) {
  for (std::string& file : SplitFileList(list)) {
    files.push_back(std::move(file));
  }
}

absl::StatusOr<Definition> ReadDefinition(absl::string_view text) {
  Definition definition;
  while (!text.empty() && (text[0] == '!' || text[0] == '#')) {
    definition.secret = true;
    text.remove_prefix(1);
  }
  const size_t equals = text.find('=');
  definition.name = std::string(text.substr(0, equals));
  if (definition.name.empty()) return Wrong('D', "the name is missing");
  if (equals != absl::string_view::npos) {
    definition.value = std::string(text.substr(equals + 1));
  }
  return definition;
}

absl::Status ReadOption(const cli::Seen& seen, HostOptions& options) {
  const std::string& value = seen.value;
  switch (seen.option.letter) {
    case 'B': {
      const auto presences = ParsePresence(value);
      if (!presences.ok()) return Wrong('B', presences.status().message());
      options.presences.insert(options.presences.end(), presences->begin(),
                               presences->end());
      break;
    }
    case 'C':
      AppendFiles(value, options.configs);
      break;
    case 'd':
      options.debug += value;
      options.m4_debug.clear();
      for (char c : value) {
        if (kM4Letters.find(c) != absl::string_view::npos) {
          options.m4_debug += c;
        }
      }
      break;
    case 'D': {
      TRY_ASSIGN(Definition definition, ReadDefinition(value));
      options.definitions.push_back(std::move(definition));
      break;
    }
    case 'E': {
      absl::StatusOr<Comparison> comparison = ParseComparison(value);
      if (!comparison.ok()) return Wrong('E', comparison.status().message());
      options.comparisons.push_back(*std::move(comparison));
      break;
    }
    case 'F':
      if (!absl::SimpleAtoi(value, &options.literals)) {
        return Wrong('F', absl::StrCat("'", value, "' is not a number"));
      }
      break;
    case 'G':
      options.guards.push_back(value);
      break;
    case 'I':
      options.include_folders.push_back(value);
      break;
    case 'j':
      options.preloads.push_back(value);
      break;
    case 'k':
      if (!IsMacroName(value)) {
        return Wrong('k',
                     absl::StrCat("'", value, "' is not the name of a macro"));
      }
      options.key = value;
      break;
    case 'M':
      if (!IsMacroName(value)) {
        return Wrong('M', absl::StrCat("'", value,
                                       "' cannot begin the name of a macro"));
      }
      options.prefix = value;
      break;
    case 'o':
      options.merge =
          options.merge ? absl::StrCat(*options.merge, "\t", value) : value;
      break;
    case 'U':
      options.definitions.push_back({value, "", true, false});
      break;
    case 'X':
      AppendFiles(value, options.extras);
      break;
    case 'Y':
      options.tops.push_back(value);
      break;
    case 'Z':
      AppendFiles(value, options.defaults);
      break;
    case 0:
      if (seen.option.word == "on") {
        for (absl::string_view name :
             absl::StrSplit(value, ',', absl::SkipWhitespace())) {
          options.on.emplace_back(absl::StripAsciiWhitespace(name));
        }
      } else if (seen.option.word == "strict") {
        options.strict = true;
      } else if (seen.option.word == "safe") {
        options.safe = true;
      } else if (seen.option.word == "allow-cache") {
        options.allow_cache = true;
      }
      break;
    default:  // of the applet itself
      break;
  }
  return absl::OkStatus();
}

}  // namespace

std::string HostOptions::Macro(absl::string_view name) const {
  return absl::StrCat(prefix, name);
}

std::vector<std::string> SplitFileList(absl::string_view list) {
  std::vector<std::string> files;
  bool prefixed = false;
  for (absl::string_view element :
       absl::StrSplit(list, ':', absl::SkipEmpty())) {
    if (prefixed) {
      absl::StrAppend(&files.back(), ":", element);
    } else {
      files.emplace_back(element);
    }
    prefixed = !prefixed && (element == "ansible" || element == "ssh");
  }
  return files;
}

absl::StatusOr<HostOptions> ReadHostOptions(
    const cli::Call& call, const sys::Environment& environment) {
  HostOptions options;
  options.program = call.program;
  for (const cli::Seen& seen : call.seen) TRY(ReadOption(seen, options));
  // A link gives a command its own name, and by it a file of defaults.
  if (call.program != call.applet->name && !call.Has("Z")) {
    options.implied_defaults = true;
    options.defaults.push_back(call.program == "-" || call.program == "stdin"
                                   ? "-"
                                   : absl::StrCat(call.program, ".cf"));
  }
  const auto safe = environment.Get("HXMD_SAFE");
  if (safe && !safe->empty() && *safe != "0") options.safe = true;
  if (const auto allowed = environment.Get("HXMD_M4_DEBUG")) {
    std::string letters;
    for (char c : options.m4_debug) {
      if (allowed->find(c) != absl::string_view::npos) letters += c;
    }
    options.m4_debug = letters;
  }
  return options;
}

std::string DebugLetters() {
  return "B  hosts that -B rejects\n"
         "C  recipes of cache directories\n"
         "D  each m4 stream and its definitions\n"
         "G  details of the election\n"
         "L  each word the election puts out\n"
         "M  rows that lack columns, and macros that were not set\n"
         "R  temporary files that are removed\n"
         "T  texts that are written to files\n"
         "X  the commands that are run\n"
         "?  this list\n"
         "aeqcxflpitV  go to m4, as far as HXMD_M4_DEBUG allows\n";
}

}  // namespace hosts
