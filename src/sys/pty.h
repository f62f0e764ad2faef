// A pseudo terminal: a program that wants one, and we at its other side.
#pragma once

#include <absl/status/statusor.h>

#include "sys/fd.h"

namespace sys {

struct Pty {
  Fd ours;    // does not block
  Fd theirs;  // for the program; to be closed once it has been started
};
// With a terminal's usual settings. Nobody's controlling terminal.
absl::StatusOr<Pty> OpenPty(int columns, int lines);
absl::Status ResizePty(int pty, int columns, int lines);
// Whether the program has taken over line editing and echo.
bool IsRaw(int pty);

}  // namespace sys
