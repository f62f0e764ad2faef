#include "cli/live.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <algorithm>

#include "cli/paint.h"
#include "sys/file.h"
#include "sys/terminal.h"

namespace cli {
namespace {

// Up over what is ours, and clear from there to the end of the screen
// (ECMA-48, 8.3.22 and 8.3.39).
std::string Back(int lines) {
  return lines == 0 ? "" : absl::StrCat("\x1b[", lines, "A\r\x1b[J");
}

}  // namespace

Live::Live(int fd) : fd_(fd), on_(IsCapableTerminal(fd)) {}

int Live::lines() const { return std::max(5, sys::TerminalLines(fd_) - 2); }
int Live::columns() const { return sys::TerminalColumns(fd_) - 1; }

void Live::Show(absl::string_view lines) {
  if (!on_) return;
  // One write: a terminal that shows the screen half cleared flickers.
  sys::WriteAll(fd_, absl::StrCat(Back(drawn_), lines)).IgnoreError();
  drawn_ = static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
}

void Live::Clear() {
  if (drawn_ != 0) sys::WriteAll(fd_, Back(drawn_)).IgnoreError();
  drawn_ = 0;
}

}  // namespace cli
