#include "sys/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/status.h"
#include "sys/fd.h"

namespace sys {

bool IsTerminal(int fd) { return isatty(fd) == 1; }

int TerminalColumns(int fd) {
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

int TerminalLines(int fd) {
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return 24;
  return size.ws_row;
}

bool InForeground() {
  const Fd terminal(open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC));
  return terminal && tcgetpgrp(terminal.get()) == getpgrp();
}

absl::StatusOr<RawTerminal> RawTerminal::Make(int fd) {
  termios now = {};
  if (tcgetattr(fd, &now) != 0) {
    return absl::FailedPreconditionError("standard input is no terminal");
  }
  RawTerminal raw;
  raw.fd_ = fd;
  raw.before_ = now;
  cfmakeraw(&now);
  if (tcsetattr(fd, TCSADRAIN, &now) != 0) {
    return base::SysError("set up the terminal");
  }
  return raw;
}

RawTerminal& RawTerminal::operator=(RawTerminal&& other) noexcept {
  if (this == &other) return *this;
  Restore();
  fd_ = other.fd_;
  before_ = std::exchange(other.before_, std::nullopt);
  return *this;
}

void RawTerminal::Restore() {
  if (before_) tcsetattr(fd_, TCSADRAIN, &*before_);
  before_.reset();
}

}  // namespace sys
