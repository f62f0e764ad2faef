// Definitions as m4 text, for people who want to see them (-d D). Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace hosts {

// A line that gives `name` this value, whatever is in it: with the usual
// quotes where they nest, else with others that do not occur in it.
std::string DefinitionText(absl::string_view name, absl::string_view value);

}  // namespace hosts
