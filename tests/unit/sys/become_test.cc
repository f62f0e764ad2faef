#include "sys/become.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/status.h"

TEST_CASE("become: a command is looked up and takes our place", "[sys]") {
  const pid_t pid = fork();
  if (pid == 0) {
    sys::BecomeCommand({"sh", "-c", "exit 5"}).IgnoreError();
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(WEXITSTATUS(status) == 5);
}

TEST_CASE("become: what is not there leaves us where we are", "[sys]") {
  CHECK(absl::IsNotFound(sys::BecomeCommand({"no-such-command"})));
  CHECK(absl::IsNotFound(sys::BecomeCommand({"/no/such", "word"})));
}
