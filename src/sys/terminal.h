// Whether a descriptor is a terminal, and how wide.
#pragma once

namespace sys {

bool IsTerminal(int fd);
// Columns of the terminal at `fd`; 80 when it is none or does not say.
int TerminalColumns(int fd);
// Its lines; 24 likewise.
int TerminalLines(int fd);

}  // namespace sys
