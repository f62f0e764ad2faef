#include "cli/paint.h"

#include <absl/strings/str_cat.h>

#include "sys/terminal.h"
#include "sys/users.h"

namespace cli {

bool IsCapableTerminal(int fd) {
  if (!sys::IsTerminal(fd)) return false;
  const std::string kind = sys::EnvironmentVariable("TERM");
  return !kind.empty() && kind != "dumb";
}

Paint::Paint(int fd)
    : on_(IsCapableTerminal(fd) &&
          sys::EnvironmentVariable("NO_COLOR").empty()) {}

std::string Paint::With(absl::string_view style, absl::string_view text) {
  if (style.empty()) return std::string(text);
  return absl::StrCat("\x1b[", style, "m", text, "\x1b[0m");
}

}  // namespace cli
