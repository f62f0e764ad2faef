#include "sys/process_list.h"

#include <absl/strings/match.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "sys/child.h"

TEST_CASE("process list: when a child was started is known without a look",
          "[sys]") {
  const uint64_t before = sys::TicksNow();
  auto child = sys::Child::Spawn({"sleep", "100"}, {});
  REQUIRE(child.ok());
  const auto info = sys::ReadProcess(child->pid());
  REQUIRE(info.has_value());
  CHECK(info->start_ticks + 1 >= before);
  CHECK(info->start_ticks <= sys::TicksNow());
  CHECK(sys::IsSameStart(info->start_ticks, info->start_ticks + 2));
  CHECK(sys::IsSameStart(info->start_ticks, info->start_ticks - 2));
  CHECK_FALSE(sys::IsSameStart(info->start_ticks, info->start_ticks + 3));
  CHECK_FALSE(sys::IsSameStart(info->start_ticks, 0));
}

TEST_CASE("process list: knows us, our parent and our children", "[sys]") {
  const auto us = sys::ReadProcess(getpid());
  REQUIRE(us);
  CHECK(us->pid == getpid());
  CHECK(us->parent == getppid());
  CHECK(us->session == getsid(0));
  CHECK(us->group == getpgrp());
  CHECK_FALSE(us->ended);
  CHECK(us->start_ticks > 0);
  CHECK(sys::OwnChildren().empty());
  const std::vector<std::string> environment = {"LIST_TEST=1=2", "LIST=3"};
  auto child = sys::Child::Spawn(
      {"sleep", "1000"}, {.environment = &environment, .own_session = true});
  REQUIRE(child.ok());
  CHECK(sys::OwnChildren() == std::vector<int>{child->pid()});
  // In the middle of its exec it has none.
  while (sys::EnvironmentOf(child->pid()).empty()) sched_yield();
  CHECK(sys::EnvironmentOf(child->pid()) == environment);
  const auto info = sys::ReadProcess(child->pid());
  REQUIRE(info);
  CHECK(info->parent == getpid());
  CHECK(info->session == child->pid());
  const std::vector<sys::ProcessInfo> all = sys::AllProcesses();
  CHECK(std::any_of(all.begin(), all.end(), [&](const auto& p) {
    return p.pid == child->pid() && p.start_ticks == info->start_ticks;
  }));
  const int pid = child->pid();
  child->Signal(9).IgnoreError();
  child->Wait();
  CHECK_FALSE(sys::ReadProcess(pid));
  CHECK(sys::EnvironmentOf(pid).empty());
  CHECK(sys::CgroupOf(pid) == "");
}
