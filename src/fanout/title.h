// Titles and rules: the text in front of a section and behind it.
//
//   %x        the section's name; "?" when it has none
//   %s, %u    its number, from 0, in the order sections come out
//   %{NAME}   a variable of the environment
//   %0        nothing
//   %%        a percent sign
//
// A title ends with a newline unless it ends in a single '%'. Another escape
// character takes the place of '%' where one is chosen.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanout {

struct TitleValues {
  absl::string_view name;
  int64_t number = 0;
  absl::FunctionRef<std::optional<std::string>(absl::string_view)> variable;
};

// The text to write; nothing for an empty title. Appends to `warnings` a phrase
// for a variable that is not set, which is taken for empty, and one for the
// first unknown escape, which stands for itself.
std::string ExpandTitle(absl::string_view title, char escape,
                        const TitleValues& values,
                        std::vector<std::string>* warnings);

}  // namespace fanout
