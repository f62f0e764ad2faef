#include "sys/range_locks.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace {

// Runs in a process of its own, which ends with what `body` gives.
template <typename Body>
int InChild(Body body) {
  const int pid = fork();
  if (pid == 0) _exit(body());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("range_locks: another process sees who has it, and gets the others",
          "[sys]") {
  auto folder = sys::TemporaryFolder::Make("locks");
  REQUIRE(folder.ok());
  const std::string path = folder->path() + "/locks";
  auto locks = sys::RangeLocks::Open(path);
  REQUIRE(locks.ok());
  REQUIRE(locks->Take(1'000'000'000'007).ok());
  const int us = getpid();
  const auto other = [&](int64_t number) {
    return InChild([&] {
      auto theirs = sys::RangeLocks::Open(path);
      if (!theirs.ok()) return 9;
      const auto holder = theirs->Take(number);
      if (!holder.ok()) return 8;
      if (!holder->has_value()) return 0;
      return **holder == us ? 1 : 2;
    });
  };
  CHECK(other(1'000'000'000'007) == 1);
  CHECK(other(1'000'000'000'008) == 0);
  locks->LetGo(1'000'000'000'007);
  CHECK(other(1'000'000'000'007) == 0);
  // What that process had, it has no more.
  const auto again = locks->Take(1'000'000'000'007);
  REQUIRE(again.ok());
  CHECK_FALSE(again->has_value());
}
