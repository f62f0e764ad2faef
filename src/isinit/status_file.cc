#include "isinit/status_file.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

namespace isinit {

absl::string_view InitstatWord(const GroupView& group) {
  switch (group.state) {
    case GroupState::kIdle:
      return "stopped";
    case GroupState::kStarting:
    case GroupState::kStopping:
      return "start";
    case GroupState::kUp:
      return "run";
    case GroupState::kFailed:
      return "fail";
    case GroupState::kHalting:
      return "stopping";
  }
  return "";
}

absl::string_view ClstatWord(const GroupView& group) {
  switch (group.state) {
    case GroupState::kIdle:
      return "";
    case GroupState::kStarting:
      return group.checking ? "CHECKING" : "STARTING";
    case GroupState::kStopping:
      return "STOPPING";
    case GroupState::kUp:
      return group.all_tests ? "PASSED" : "DONE";
    case GroupState::kFailed:
      return "FAILED";
    case GroupState::kHalting:
      return "HALTING";
  }
  return "";
}

std::string InitstatText(const std::vector<GroupView>& groups,
                         double fraction) {
  // As Perl prints a number.
  const std::string id = absl::StrFormat("%.15g", fraction);
  std::string text = absl::StrCat("!startid ", id, "\n");
  for (const GroupView& group : groups) {
    absl::StrAppendFormat(&text, "%-15s %-15s %-15s\n", group.name,
                          InitstatWord(group), group.level);
  }
  absl::StrAppend(&text, "!endid ", id, "\n");
  return text;
}

std::string ClstatText(const std::vector<GroupView>& groups) {
  std::string text;
  for (const GroupView& group : groups) {
    const absl::string_view word = ClstatWord(group);
    if (word.empty()) continue;
    absl::StrAppend(&text, "Cluster::Init::Group ", group.name, " ",
                    group.level, " ", word, "\n");
  }
  return text;
}

absl::Duration Heartbeat(double fraction) {
  return absl::Seconds(30) + absl::Seconds(15) * fraction;
}

}  // namespace isinit
