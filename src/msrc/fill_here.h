// What a plan comes to on this host alone: INTO is a folder here that stays.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

#include "hosts/run.h"
#include "msrc/plan.h"
#include "msrc/script.h"

namespace msrc {

struct FillOrder {
  Utility utility;   // ":" alone is nothing
  std::string host;  // its key, as -D gives it; "" for whoever we are
  std::string local_name;
  bool show_scripts = false;  // -d S
};

// `run` is begun, with the plan's MAP files as its operands. The exit code of
// the script, whose last command is the utility. Exit codes: 77 when INTO
// cannot be made, 78 when nobody is elected.
absl::StatusOr<int> FillHere(const Plan& plan, const FillOrder& order,
                             hosts::Run& run);

}  // namespace msrc
