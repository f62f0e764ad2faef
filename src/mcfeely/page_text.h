// The page for people, as it is sent: page.html of this folder.
#pragma once

#include <absl/strings/string_view.h>

namespace mcfeely {

absl::string_view PageText();

}  // namespace mcfeely
