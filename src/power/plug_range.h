// Ranges of names, as powerman has them: web[1-3,7] is web1, web2, web3, web7;
// leading zeros stay. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace power {

// Several, with commas between them, each with any number of brackets.
// InvalidArgument for what is no range, OutOfRange for more than `most` names.
absl::StatusOr<std::vector<std::string>> ExpandRange(absl::string_view text,
                                                     size_t most);

// The shortest text that means these, sorted: "[1-3,7]", "p1,q[01-12]". What
// holds brackets or commas itself stays as it is.
std::string FoldRange(std::vector<std::string> names);

}  // namespace power
