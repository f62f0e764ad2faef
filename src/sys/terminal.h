// Terminals: whether a descriptor is one, how wide, and who has the keyboard.
#pragma once

namespace sys {

bool IsTerminal(int fd);
// Columns of the terminal at `fd`; 80 when it is none or does not say.
int TerminalColumns(int fd);
// Its lines; 24 likewise.
int TerminalLines(int fd);
// Whether we are in the foreground group of our controlling terminal: who is
// not, and reads from it, is stopped; who is, gets what is typed as a signal.
bool InForeground();

}  // namespace sys
