// A run as a script of a POSIX shell, for somebody to read, keep, or run by
// hand: what each host's command would be, with the files it was made, one
// host after the other. Pure.
//
// The files are at the paths they had when the script was made, since the
// commands name them: in a private folder, which the script makes anew and
// removes. So a script runs once at a time, and says so. It is one function,
// called in the last line: of one that was cut short nothing is run.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <utility>
#include <vector>

namespace hosts {

struct PlannedFile {
  std::string path, bytes;
  int mode = 0600;
};

struct ShellPlan {
  std::string program;  // whose run it is
  size_t hosts = 0;     // that there are
  std::string folder;   // where commands run
  std::string work;     // the private folder; "" for none
  std::string shell = "/bin/sh";
  std::string input = "/dev/null";
  // What differs from the environment the script is run in.
  std::vector<std::pair<std::string, std::string>> variables;
  bool always_zero = false;  // the exit code, whatever the commands did
  // A command for the end, which finds the exit code in $code; "" for none. Its
  // own counts if it is not 0.
  std::string last;
};

// Its parts, in order: one beginning, hosts, one end.
std::string ShellPlanBegin(const ShellPlan& plan,
                           absl::Span<const PlannedFile> files);
std::string ShellPlanHost(
    const ShellPlan& plan, absl::string_view host, absl::string_view command,
    absl::Span<const std::pair<std::string, std::string>> variables,
    absl::Span<const PlannedFile> files);
// A host that no command could be made for.
std::string ShellPlanSkipped(absl::string_view host, int status,
                             absl::string_view why);
std::string ShellPlanEnd(const ShellPlan& plan);

}  // namespace hosts
