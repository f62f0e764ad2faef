// Lists of hosts as powerman's protocol and its options have them: names and
// ranges between commas and blanks, in the order in which they were given.
// Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace power {

// Nothing between two commas is nothing; a bracket without its other half is a
// part of a name. InvalidArgument for a range of something else than numbers,
// or one that runs backwards; OutOfRange for more than `most` names.
absl::StatusOr<std::vector<std::string>> ParseHostList(absl::string_view text,
                                                       size_t most);

// "t[3,1-2],a": neighbours are folded, and none changes its place.
std::string FoldInOrder(const std::vector<std::string>& names);

// By name and by number: a, t9, t10, t010.
void SortHosts(std::vector<std::string>* names);

}  // namespace power
