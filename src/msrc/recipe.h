// The control recipe: which file it is, what its macros are, and its targets.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "sys/environment.h"

namespace msrc {

struct RecipeOrder {
  std::string file;  // as FindRecipe has it
  std::string hook;
  std::vector<std::string> yokes;
  // Of all that is run: borrowed.
  const sys::Environment* environment = nullptr;
};

// The first of the usual names that is a file here; "" if there is none.
std::string FindRecipe();
// Which recipe: `given`, or the first of the usual ones. Exit codes 65 and 66.
absl::StatusOr<std::string> ChooseRecipe(const std::string& given);

// The words of each macro. Make is run once, if it takes make: then the
// prerequisites of the hook are made, and what they print is our output. Exit
// code 66 when make fails; Unimplemented when it takes make and there is none.
absl::StatusOr<std::vector<std::vector<std::string>>> ReadMacros(
    const RecipeOrder& order, absl::Span<const std::string> names);

// Makes a target of the recipe itself, with MSRC_EXITCODE as a macro. Its exit
// code, or that of the signal that ended it.
absl::StatusOr<int> MakeTarget(const RecipeOrder& order,
                               absl::string_view target, int exit_code);
// The same as a shell's command, which finds the exit code in $code.
std::string TargetCommand(const RecipeOrder& order, absl::string_view target);

}  // namespace msrc
