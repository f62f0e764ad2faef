// What earlier deliveries of a recipe have put into a folder, for whoever wants
// to have removed what is not listed any more.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <set>
#include <string>

#include "msrc/comparison.h"

namespace msrc {

// Paths; a folder's ends in '/'.
using SentPaths = std::set<std::string>;

// Of the folder `into` (absolute, free of links) and the recipe; none when
// there is no list, or one that cannot be read.
SentPaths ReadSent(const std::string& cache, absl::string_view into,
                   absl::string_view recipe);
absl::Status WriteSent(const std::string& cache, absl::string_view into,
                       absl::string_view recipe, const SentPaths& paths);
SentPaths PathsOf(const wire::Manifest& manifest);
// Pure: the bytes of a list. InvalidArgument for what is none.
absl::StatusOr<SentPaths> ParseSent(absl::string_view bytes,
                                    absl::string_view recipe);

}  // namespace msrc
