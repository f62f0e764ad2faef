#include "sys/pty.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/status.h"
#include "sys/file.h"

namespace sys {

absl::StatusOr<Pty> OpenPty(int columns, int lines) {
  Pty pty;
  pty.ours = Fd(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  char name[64];
  if (!pty.ours || grantpt(pty.ours.get()) != 0 ||
      unlockpt(pty.ours.get()) != 0 ||
      ptsname_r(pty.ours.get(), name, sizeof name) != 0) {
    return base::SysError("open a pseudo terminal");
  }
  TRY_ASSIGN(pty.theirs, Open(name, O_RDWR | O_NOCTTY));
  TRY(ResizePty(pty.theirs.get(), columns, lines));
  return pty;
}

absl::Status ResizePty(int pty, int columns, int lines) {
  winsize size = {};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(lines);
  if (ioctl(pty, TIOCSWINSZ, &size) == 0) return absl::OkStatus();
  return base::SysError("set the size of a pseudo terminal");
}

bool IsRaw(int pty) {
  // Of a pseudo terminal's other side these are the program's own settings.
  termios settings = {};
  return tcgetattr(pty, &settings) == 0 &&
         (settings.c_lflag & (ICANON | ECHO)) == 0;
}

}  // namespace sys
