// The texts of both originals' status files, initstat and clstat. Pure.
//
//   !startid 0.317528821851255
//   a               run             1
//   b               stopped
//   !endid 0.317528821851255
//
//   Cluster::Init::Group a 1 DONE
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "isinit/supervision.h"

namespace isinit {

// stopped, start, run, fail, stopping.
absl::string_view InitstatWord(const GroupView& group);
// STARTING, CHECKING, STOPPING, DONE, PASSED, FAILED, HALTING; "" for a group
// that was never told, which has no line.
absl::string_view ClstatWord(const GroupView& group);

// `fraction`, at least 0 and less than 1, is another one for each writing:
// readers take the file for whole when first and last line agree. `groups` are
// sorted, as Supervision::Groups() gives them.
std::string InitstatText(const std::vector<GroupView>& groups, double fraction);
std::string ClstatText(const std::vector<GroupView>& groups);

// Both are written again after so long, even if nothing has changed: other
// hosts take the age of the file for ours. 30 to 45 s.
absl::Duration Heartbeat(double fraction);

}  // namespace isinit
