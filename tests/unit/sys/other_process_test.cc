#include "sys/other_process.h"

#include <absl/strings/str_cat.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "sys/child.h"
#include "sys/file.h"

namespace {

void AwaitEnd(const sys::OtherProcess& process) {
  pollfd p = {process.pidfd(), POLLIN, 0};
  REQUIRE(poll(&p, 1, 10'000) == 1);
}

// A process that ends as it is told; its parent is we, for want of another.
int Start(int code, int signal) {
  const std::string text = signal != 0 ? absl::StrCat("kill -", signal, " $$")
                                       : absl::StrCat("exit ", code);
  absl::StatusOr<sys::Child> child = sys::Child::Spawn({"sh", "-c", text}, {});
  REQUIRE(child.ok());
  child->LetGo();
  return child->pid();
}

TEST_CASE("other process: its end is known while nobody has asked", "[sys]") {
  const int exits = Start(7, 0), killed = Start(0, SIGKILL);
  auto one = sys::OtherProcess::Open(exits);
  auto two = sys::OtherProcess::Open(killed);
  REQUIRE(one.ok());
  REQUIRE(two.ok());
  AwaitEnd(*one);
  AwaitEnd(*two);
  REQUIRE(one->HowItEnded());
  CHECK(one->HowItEnded()->code == 7);
  CHECK(one->HowItEnded()->signal == 0);
  REQUIRE(two->HowItEnded());
  CHECK(two->HowItEnded()->signal == SIGKILL);
  waitpid(exits, nullptr, 0);
  waitpid(killed, nullptr, 0);
  // Afterwards only newer kernels know; none says anything else.
  if (const auto ended = one->HowItEnded()) CHECK(ended->code == 7);
  if (const auto ended = two->HowItEnded()) CHECK(ended->signal == SIGKILL);
}

TEST_CASE("other process: none of that number is not found", "[sys]") {
  CHECK(absl::IsNotFound(sys::OtherProcess::Open(4194304).status()));
}

TEST_CASE("other process: one that runs has not ended", "[sys]") {
  auto self = sys::OtherProcess::Open(getpid());
  REQUIRE(self.ok());
  CHECK(!self->HowItEnded());
  pollfd p = {self->pidfd(), POLLIN, 0};
  CHECK(poll(&p, 1, 0) == 0);
}

TEST_CASE("other process: how old it is, while it is there", "[sys]") {
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const int pid = fork();
  if (pid == 0) {
    char byte;
    close(ready[1]);
    _exit(read(ready[0], &byte, 1) == 0 ? 0 : 1);
  }
  auto child = sys::OtherProcess::Open(pid);
  REQUIRE(child.ok());
  REQUIRE(child->Age());
  CHECK(*child->Age() < absl::Seconds(10));
  const auto init = sys::OtherProcess::Open(1);
  REQUIRE(init.ok());
  REQUIRE(init->Age());
  CHECK(*init->Age() > *child->Age());
  CHECK(child->Signal(SIGKILL).ok());
  AwaitEnd(*child);
  CHECK(waitpid(pid, nullptr, 0) == pid);
  CHECK(!child->Age());
  CHECK(child->Signal(SIGTERM).ok());
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
