#include "msrc/command_line.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "hosts/name.h"

namespace msrc {

absl::StatusOr<cli::Call> InnerCall(const cli::Applet& head,
                                    const cli::Call& call,
                                    const cli::EnvironmentWords& words,
                                    absl::string_view own) {
  TRY_ASSIGN(cli::CommandLine line,
             cli::ReadCommandLine(head, call.program, {}, words));
  if (line.wanted != cli::Wanted::kRun) {
    return cli::UsageError(
        absl::StrCat(words.name, ": asks for help, which is for people"));
  }
  for (const cli::Seen& seen : call.seen) {
    const bool is_own = seen.option.letter != 0 &&
                        own.find(seen.option.letter) != absl::string_view::npos;
    if (is_own || !HasOption(head, seen.option)) continue;
    line.call.seen.push_back(seen);
  }
  return std::move(line.call);
}

std::string WordOf(const cli::Seen& seen) {
  const cli::Option& o = seen.option;
  if (o.letter == '#') return absl::StrCat("-", seen.value);
  if (o.letter != 0) {
    return absl::StrCat("-", absl::string_view(&o.letter, 1), seen.value);
  }
  return absl::StrCat("--", o.word, o.value.empty() ? "" : "=", seen.value);
}

bool HasOption(const cli::Applet& head, const cli::Option& option) {
  for (const cli::Option o : head.options) {
    if (o.letter == option.letter && o.word == option.word) return true;
  }
  return false;
}

std::string ModeMacro(absl::string_view program) {
  std::string name = absl::AsciiStrToUpper(absl::StrCat(program, "_MODE"));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !hosts::IsNameByte(c); },
      '_');
  return name;
}

std::vector<std::string> LocalNames(absl::string_view host_name) {
  std::vector<std::string> names;
  const size_t dot = host_name.find('.');
  for (absl::string_view name = host_name; !name.empty();) {
    names.emplace_back(name);
    const size_t last = name.rfind('.');
    name = name.substr(0, last == absl::string_view::npos ? 0 : last);
  }
  if (dot != absl::string_view::npos) {
    names.push_back(absl::StrCat("localhost", host_name.substr(dot)));
  }
  names.emplace_back("localhost");
  return names;
}

}  // namespace msrc
