// What is to be done with the folder we are in, whatever the hosts: read from
// its recipe, its names, and the command line.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "msrc/destination.h"
#include "msrc/payload.h"
#include "msrc/recipe.h"
#include "msrc/sorting.h"
#include "sys/environment.h"

namespace msrc {

struct PlanOrder {
  std::string program;
  RecipeOrder recipe;
  bool local = false;           // -l
  bool ignore_options = false;  // -z
};

struct Plan {
  RecipeOrder recipe;
  Sorted names;
  Mode recipe_mode = Mode::kAuto, mode = Mode::kRemote;
  Destination into;
  Payload payload;
  // The text of HXINCLUDE, if there is any such file.
  std::optional<std::string> options;
  std::vector<std::string> notes;  // what a person should look at
};

// Exit codes: 65 for INTO, and for two sources of one target; 66 for a recipe
// or a file that is not there; 78 for MODE.
absl::StatusOr<Plan> MakePlan(const PlanOrder& order);

// Exit code 76 where something would be put outside of INTO.
absl::Status CheckInside(const Payload& payload);

// What -d P prints.
std::string PlanText(const Plan& plan);

// Whether a folder that exists is the one we are in.
bool IsCurrentFolder(const std::string& path);

}  // namespace msrc
