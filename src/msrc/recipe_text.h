// A control recipe as text: what its macros are, as far as that can be known
// without make, and the rule by which make is made to tell. Pure.
//
// Most control recipes are a few assignments. These are read here, as every
// make reads them: comments, continued lines, =, :=, ::=, ?= and +=, ${NAME}
// and
// $(NAME), and rules, whose recipes are passed over. Whatever makes may differ
// about, or has more to it (conditions, includes, functions, patterns, a rule
// for the hook itself), is left to make: the answer is Unimplemented, and says
// why.
//
// The order of strength is make's: the command line (the yokes), the file, the
// environment.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace msrc {

struct RecipeText {
  absl::string_view text;
  absl::string_view hook;               // the target whose recipe is ours
  absl::Span<const std::string> yokes;  // words of make's command line
  std::function<std::optional<absl::string_view>(absl::string_view)>
      environment;
};

// The values of `names`, as a shell gets to see them: references are replaced,
// quotes and globs are as they were. Unimplemented, with the line, when it
// takes make; ResourceExhausted.
absl::StatusOr<std::vector<std::string>> PlainValues(
    const RecipeText& recipe, absl::Span<const std::string> names);

// Whether a shell would make anything but its words of a value.
bool NeedsShell(absl::string_view value);

// The words of a value that needs no shell, or of what one has made of it.
// ResourceExhausted.
absl::StatusOr<std::vector<std::string>> ValueWords(absl::string_view value);

// The recipe with a rule for the hook, which writes the value of each macro to
// a file of its name in the folder $MSRC_MACROS.
std::string WithHookRule(const RecipeText& recipe,
                         absl::Span<const std::string> names);

// Whether a word may be asked for: letters, digits, and "_.-".
bool IsMakeName(absl::string_view name);

}  // namespace msrc
