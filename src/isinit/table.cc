#include "isinit/table.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

namespace isinit {

absl::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kWait:
      return "wait";
    case Mode::kOnce:
      return "once";
    case Mode::kRespawn:
      return "respawn";
    case Mode::kTest:
      return "test";
    case Mode::kOff:
      return "off";
    case Mode::kSysinit:
      return "sysinit";
    case Mode::kBootwait:
      return "bootwait";
    case Mode::kShutdown:
      return "shutdown";
    case Mode::kCtrlAltDel:
      return "ctrlaltdel";
    case Mode::kPowerFail:
      return "powerfail";
    case Mode::kRestart:
      return "restart";
    case Mode::kAskFirst:
      return "askfirst";
  }
  return "";
}

bool RunsInLevels(Mode mode) {
  return Blocks(mode) || Respawns(mode) || mode == Mode::kOnce;
}

bool Levels::Has(absl::string_view level) const {
  if (level.empty()) return false;
  if (!absl::StrContains(text, ',')) {
    return text == level ||
           (level.size() == 1 && absl::StrContains(text, level));
  }
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    if (name == level) return true;
  }
  return false;
}

const Entry* Table::Find(absl::string_view tag) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(),
                   [&](const Entry& entry) { return entry.tag == tag; });
  return found == entries.end() ? nullptr : &*found;
}

bool Table::HasGroup(absl::string_view group) const {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.group == group; });
}

std::vector<std::string> Table::Groups() const {
  std::vector<std::string> groups;
  for (const Entry& entry : entries) groups.push_back(entry.group);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

bool Reading::ok() const {
  return std::none_of(problems.begin(), problems.end(),
                      [](const Problem& problem) { return problem.error; });
}

std::string ProblemLines(const Reading& reading, absl::string_view file) {
  std::string lines;
  for (const Problem& problem : reading.problems) {
    absl::StrAppend(&lines, file, ": line ", problem.line, ": ",
                    problem.error ? "" : "warning: ", problem.text, "\n");
  }
  return lines;
}

}  // namespace isinit
