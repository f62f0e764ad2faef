// Terminals: whether a descriptor is one, how wide, and who has the keyboard.
#pragma once

#include <absl/status/statusor.h>
#include <termios.h>

#include <optional>
#include <utility>

namespace sys {

bool IsTerminal(int fd);
// Columns of the terminal at `fd`; 80 when it is none or does not say.
int TerminalColumns(int fd);
// Its lines; 24 likewise.
int TerminalLines(int fd);
// Whether we are in the foreground group of our controlling terminal: who is
// not, and reads from it, is stopped; who is, gets what is typed as a signal.
bool InForeground();

// A terminal that makes nothing of what is typed or printed by itself: no echo,
// no line editing, no signals, no CR before LF. As it was when this ends.
class RawTerminal {
 public:
  // `fd` is borrowed. FailedPrecondition when it is no terminal.
  static absl::StatusOr<RawTerminal> Make(int fd);
  RawTerminal(RawTerminal&& other) noexcept { *this = std::move(other); }
  RawTerminal& operator=(RawTerminal&& other) noexcept;
  ~RawTerminal() { Restore(); }

 private:
  RawTerminal() = default;
  void Restore();
  int fd_ = -1;
  std::optional<termios> before_;
};

}  // namespace sys
