// The options by which hosts are read and elected: the same in efmd, hxmd and
// msrc. A head takes them from here and adds its own.
//
//   constexpr auto kOptions = cli::Options([] {
//     return hosts::WithHostOptions(std::to_array<cli::Option>({
//         {'L', "", "", "print the keys of the elected hosts"},
//     }));
//   });
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "cli/applet.h"
#include "hosts/conditions.h"
#include "hosts/merged.h"
#include "sys/environment.h"

namespace hosts {

inline constexpr auto kHostOptions = std::to_array<cli::Option>({
    {'B', "", "LIST", "hosts for which all of these are set; !NAME is not"},
    {'C', "", "FILES", "host files, separated by colons"},
    {'d', "", "LETTERS", "say more; '?' lists the letters"},
    {'D', "", "NAME[=TEXT]", "define a macro; !NAME keeps it out of -o"},
    {'E', "", "TEST", "hosts for which LEFT=RIGHT; or ! == != < <= > >="},
    {'F', "", "N", "how many operands are texts; -N: of the last ones", "1"},
    {'G', "", "TEXT", "m4 text that makes the names of hosts to elect"},
    {'I', "", "DIR", "look there for what m4 includes; -- for our own place"},
    {'j', "", "FILE", "m4 text to read in front of every other"},
    {'k', "", "NAME", "the attribute hosts are known by", "HOST"},
    {'M', "", "PREFIX", "what the names of our macros begin with", "HXMD_"},
    {'o', "", "NAMES", "write a host file of these attributes"},
    {'U', "", "NAME", "undefine a macro"},
    {'X', "", "FILES", "host files that add to hosts, and add no hosts"},
    {'Y', "", "TEXT", "m4 text in front of the election"},
    {'Z', "", "FILES", "host files that give defaults, too"},
    {0, "on", "NAMES", "only these hosts, separated by commas"},
    {0, "strict", "", "what looks like a mistake is a failure"},
    {0, "safe", "", "no commands in m4 texts, no files elsewhere"},
    {0, "allow-cache", "", "cache directories all the same"},
});

// In the order of their letters: what has only a word comes last.
template <size_t kAll>
consteval auto InOrderOfLetters(std::array<cli::Option, kAll> all) {
  const auto place = [](char letter) {
    if (letter == 0) return 1000;
    if (letter == '#') return 0;
    const bool capital = letter >= 'A' && letter <= 'Z';
    return 2 * (capital ? letter - 'A' : letter - 'a') + 1 + capital;
  };
  for (size_t i = 1; i < all.size(); i++) {
    for (size_t j = i; j > 0 && place(all[j].letter) < place(all[j - 1].letter);
         j--) {
      const cli::Option o = all[j];
      all[j] = all[j - 1];
      all[j - 1] = o;
    }
  }
  return all;
}

// `more` and the options above.
template <size_t kMore>
consteval auto WithHostOptions(std::array<cli::Option, kMore> more) {
  std::array<cli::Option, kMore + kHostOptions.size()> all{};
  size_t at = 0;
  for (const cli::Option& o : more) all[at++] = o;
  for (const cli::Option& o : kHostOptions) all[at++] = o;
  return InOrderOfLetters(all);
}

// The same without -F, for commands whose operands are no texts.
template <size_t kMore>
consteval auto WithElectionOptions(std::array<cli::Option, kMore> more) {
  std::array<cli::Option, kMore + kHostOptions.size() - 1> all{};
  size_t at = 0;
  for (const cli::Option& o : more) all[at++] = o;
  for (const cli::Option& o : kHostOptions) {
    if (o.letter != 'F') all[at++] = o;
  }
  return InOrderOfLetters(all);
}

struct HostOptions {
  std::string program;  // as we were called
  std::string key = "HOST", prefix = "HXMD_";
  // Names of files as given, one each.
  std::vector<std::string> configs, extras, defaults;
  // The one of `defaults` that stands for our name, not for an option.
  bool implied_defaults = false;
  std::vector<Presence> presences;
  std::vector<Comparison> comparisons;
  std::vector<std::string> guards, tops;
  std::vector<Definition> definitions;  // -D and -U, as they came
  std::vector<std::string> include_folders, preloads;
  int literals = 1;
  std::optional<std::string> merge;  // all of -o, with tabs between
  std::string debug;                 // all of -d
  std::string m4_debug;              // the letters of the last -d that are m4's
  std::vector<std::string> on;
  bool strict = false, safe = false, allow_cache = false;

  bool Debugs(char letter) const {
    return debug.find(letter) != std::string::npos;
  }
  std::string Macro(absl::string_view name) const;  // with the prefix
};

// What a command line says. UsageError names the option. HXMD_SAFE and
// HXMD_M4_DEBUG of `environment` count, too.
absl::StatusOr<HostOptions> ReadHostOptions(
    const cli::Call& call, const sys::Environment& environment);

// "a:b:ansible:c" as "a", "b" and "ansible:c".
std::vector<std::string> SplitFileList(absl::string_view list);

// What -d '?' prints.
std::string DebugLetters();

}  // namespace hosts
