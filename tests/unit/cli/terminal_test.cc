// Progress and Paint on a terminal of their own, and where there is none.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "cli/paint.h"
#include "cli/progress.h"
#include "sys/fd.h"
#include "sys/file.h"

namespace {

struct Terminal {
  sys::Fd screen, program;  // what is shown; what a program writes to

  explicit Terminal(int columns) {
    screen.Reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(screen);
    REQUIRE(grantpt(screen.get()) == 0);
    REQUIRE(unlockpt(screen.get()) == 0);
    program.Reset(open(ptsname(screen.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(program);
    const winsize size = {24, static_cast<unsigned short>(columns), 0, 0};
    REQUIRE(ioctl(program.get(), TIOCSWINSZ, &size) == 0);
  }
  // What came, read until it is as long as what is expected. The kernel brings
  // it in pieces, and a moment after it was written.
  std::string Shown(absl::string_view expected) const {
    std::string shown;
    while (shown.size() < expected.size()) {
      pollfd ready = {screen.get(), POLLIN, 0};
      char bytes[4096];
      if (poll(&ready, 1, 5000) != 1) break;
      const ssize_t n = read(screen.get(), bytes, sizeof bytes);
      if (n <= 0) break;
      shown.append(bytes, n);
    }
    return shown;
  }
  // What comes until nobody has the terminal open any more.
  std::string Rest() {
    program.Reset();
    return Shown(std::string(4096, ' '));
  }
};

// Sets a variable for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    const char* old = getenv(name);
    if (old != nullptr) old_ = old;
    had_ = old != nullptr;
    if (value != nullptr)
      setenv(name, value, 1);
    else
      unsetenv(name);
  }
  ~Variable() {
    if (had_)
      setenv(name_, old_.c_str(), 1);
    else
      unsetenv(name_);
  }

 private:
  const char* name_;
  std::string old_;
  bool had_;
};

}  // namespace

TEST_CASE("progress: the line is redrawn in place, cut, and taken away",
          "[cli]") {
  const Variable term("TERM", "xterm");
  Terminal terminal(10);
  const std::string line = "\r3 of 10 \xE2\x80\xA6\x1b[K";
  {
    cli::Progress progress(terminal.program.get());
    progress.Show("3 of 10 hosts");
    CHECK(terminal.Shown(line) == line);
    progress.Above("failed\n");
    const std::string above = "\r\x1b[Kfailed\r\n" + line;
    CHECK(terminal.Shown(above) == above);
  }
  CHECK(terminal.Rest() == "\r\x1b[K");
}

TEST_CASE("progress: a thousand steps are not a thousand writes", "[cli]") {
  const Variable term("TERM", "xterm");
  Terminal terminal(80);
  {
    cli::Progress progress(terminal.program.get());
    for (int i = 0; i < 1000; i++) progress.Show("step");
  }
  // One line, how ever slow the machine is, is nothing like a thousand.
  const std::string shown = terminal.Rest();
  CHECK(shown.find("\rstep\x1b[K") == 0);
  CHECK(shown.size() < 500);
}

TEST_CASE("progress: what a name holds cannot move the cursor", "[cli]") {
  const Variable term("TERM", "xterm");
  Terminal terminal(80);
  cli::Progress progress(terminal.program.get());
  progress.Show("a\n\x1b[2J");
  const std::string line = "\ra\\n\\x1b[2J\x1b[K";
  CHECK(terminal.Shown(line) == line);
}

TEST_CASE("progress: nothing moves where there is no terminal", "[cli]") {
  const Variable term("TERM", "xterm");
  absl::StatusOr<std::pair<sys::Fd, sys::Fd>> pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  {
    cli::Progress progress(pipe->second.get());
    progress.Show("3 of 10");
    progress.Above("failed\n");
  }
  pipe->second.Reset();
  CHECK(*sys::ReadFd(pipe->first.get()) == "failed\n");
}

TEST_CASE("progress: a dumb terminal is none", "[cli]") {
  const Variable term("TERM", "dumb");
  Terminal terminal(80);
  cli::Progress(terminal.program.get()).Show("3 of 10");
  CHECK(terminal.Rest() == "");
}

TEST_CASE("paint: colours are for terminals whose user wants them", "[cli]") {
  const Terminal terminal(80);
  const int fd = terminal.program.get();
  {
    const Variable term("TERM", "xterm"), wanted("NO_COLOR", nullptr);
    CHECK(cli::Paint(fd).Red("x") == "\x1b[31mx\x1b[0m");
    CHECK(cli::Paint(fd).bold() == "1");
    const Variable empty("NO_COLOR", "");
    CHECK(cli::Paint(fd).on());
    const Variable unwanted("NO_COLOR", "1");
    CHECK(cli::Paint(fd).Red("x") == "x");
    CHECK(cli::Paint(fd).bold() == "");
  }
  const Variable wanted("NO_COLOR", nullptr);
  {
    const Variable term("TERM", "dumb");
    CHECK_FALSE(cli::Paint(fd).on());
  }
  {
    const Variable term("TERM", nullptr);
    CHECK_FALSE(cli::Paint(fd).on());
  }
  const Variable term("TERM", "xterm");
  absl::StatusOr<std::pair<sys::Fd, sys::Fd>> pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  CHECK_FALSE(cli::Paint(pipe->second.get()).on());
}
