// How sections are to look, as the variables XCLATE and XCLATE_1 say it.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "fanout/collator_client.h"

namespace fanout {

// `words`: options of xclate(1). Only -T, -H, -L and -s mean something for a
// section that has no xclate of its own; the others are passed over.
// InvalidArgument for a quote that is not closed, a value that is missing or a
// size that is none.
absl::StatusOr<SectionStyle> ReadSectionStyle(absl::string_view words);

}  // namespace fanout
