// What makes one text of another, line by line, as `diff -u` says it.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace text {

// Whether people would call it a text: it holds no NUL.
bool IsText(absl::string_view bytes);

// The hunks that make `after` of `before`, each with its "@@ -1,3 +1,4 @@" line
// and `context` lines around what is different; empty when nothing is. The two
// lines that name files are the caller's. As short as can be where few lines
// differ; texts that have next to nothing in common are not gone through to the
// end, and what is said of them is right but may be longer.
std::string UnifiedDiff(absl::string_view before, absl::string_view after,
                        size_t context = 3);

}  // namespace text
