// A file as the text of a POSIX shell that writes it.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace text {

// Commands that write `bytes` to `path` and give it `mode` (07777): lines as
// they are, in a here-document; anything else by printf(1), in escapes.
std::string ShellFile(absl::string_view path, absl::string_view bytes,
                      int mode);

}  // namespace text
