#include "sys/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <catch2/catch.hpp>

#include "sys/file.h"

TEST_CASE("terminal: tells a terminal and its width from a file", "[sys]") {
  auto file = sys::Open("/dev/null", O_RDWR);
  REQUIRE(file.ok());
  CHECK_FALSE(sys::IsTerminal(file->get()));
  CHECK_FALSE(sys::IsTerminal(-1));
  CHECK(sys::TerminalColumns(file->get()) == 80);
  CHECK(sys::TerminalLines(file->get()) == 24);

  sys::Fd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master) {
    WARN("skipped: no pseudo-terminals here");
    return;
  }
  CHECK(sys::IsTerminal(master.get()));
  CHECK(sys::TerminalColumns(master.get()) == 80);  // does not say yet
  winsize size = {};
  CHECK(sys::TerminalLines(master.get()) == 24);
  size.ws_row = 50;
  size.ws_col = 132;
  REQUIRE(ioctl(master.get(), TIOCSWINSZ, &size) == 0);
  CHECK(sys::TerminalColumns(master.get()) == 132);
  CHECK(sys::TerminalLines(master.get()) == 50);
}
