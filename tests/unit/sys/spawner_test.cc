#include "sys/spawner.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sys/clock.h"
#include "sys/file.h"

namespace {

using sys::Loop;
using sys::Spawner;

Spawner::Order Shell(const std::string& text) {
  Spawner::Order order;
  order.argv = {"sh", "-c", text};
  order.options.program = "/bin/sh";
  order.options.out = 1;
  order.options.err = 2;
  return order;
}

}  // namespace

TEST_CASE("spawner: every child is reported once, with its end", "[sys]") {
  Loop loop;
  std::map<size_t, int> codes;
  Spawner spawner(loop, 2, [&](size_t slot, Spawner::Report report) {
    REQUIRE(report.started.ok());
    CHECK(report.pid > 0);
    CHECK(report.end >= report.start);
    CHECK(codes.emplace(slot, report.ended.code).second);
  });
  for (size_t slot = 0; slot < 20; slot++) {
    spawner.Start(slot, Shell("exit " + std::to_string(slot)));
  }
  loop.Run();  // ends by itself when all are reported
  REQUIRE(codes.size() == 20);
  for (const auto& [slot, code] : codes) {
    CHECK(code == static_cast<int>(slot));
  }
}

TEST_CASE("spawner: a slot goes on without the loop if it is told how",
          "[sys]") {
  Loop loop;
  std::atomic<int> next_calls = 0, failed = 0;  // on the slots' threads
  int told = 0;
  Spawner spawner(
      loop, 2, [&](size_t, Spawner::Report) { told++; },
      [&](size_t, Spawner::Report& report,
          std::optional<Spawner::Order>* order) {
        failed += !report.started.ok();
        if (next_calls++ >= 50) return false;
        *order = Shell(":");
        return true;
      });
  spawner.Start(0, Shell(":"));
  spawner.Start(1, Shell(":"));
  loop.Run();
  CHECK(told == 2);
  CHECK(next_calls >= 52);
  CHECK(failed == 0);
}

TEST_CASE(
    "spawner: an order of nothing ends well without a process, and lets "
    "others end",
    "[sys]") {
  Loop loop;
  bool child_ended = false;
  int rounds = 0;
  Spawner spawner(
      loop, 1,
      [&](size_t slot, Spawner::Report report) {
        CHECK(report.started.ok());
        CHECK(report.ended.code == 0);
        CHECK((report.pid > 0) == (slot == 0));
      },
      // On the only thread: it would never hear of the child if the other slot
      // kept it to itself.
      [&](size_t slot, Spawner::Report&, std::optional<Spawner::Order>* order) {
        if (slot == 0) child_ended = true;
        if (child_ended || rounds++ > 10'000'000) return false;
        order->emplace();
        (*order)->nothing = true;
        return true;
      });
  Spawner::Order nothing;
  nothing.nothing = true;
  auto pipe = *sys::Pipe();
  nothing.held.push_back(std::move(pipe.second));
  spawner.Start(0, Shell("exit 0"));
  spawner.Start(1, std::move(nothing));
  loop.Run();
  CHECK(child_ended);
  CHECK(rounds <= 10'000'000);
  char byte;
  CHECK(read(pipe.first.get(), &byte, 1) == 0);  // what it held is closed
}

TEST_CASE("spawner: what cannot be started comes back as it was", "[sys]") {
  Loop loop;
  int told = 0;
  Spawner spawner(loop, 1, [&](size_t slot, Spawner::Report report) {
    told++;
    CHECK(slot == 3);
    CHECK(absl::IsNotFound(report.started));
    CHECK(report.order.argv == std::vector<std::string>{"x", "y"});
    CHECK(report.order.held.size() == 1);
  });
  Spawner::Order order;
  order.argv = {"x", "y"};
  order.options.program = "/nonexistent/x";
  order.held.push_back(std::move(sys::Pipe()->second));
  spawner.Start(3, std::move(order));
  loop.Run();
  CHECK(told == 1);
}

TEST_CASE("spawner: a signal reaches a child that is only about to start",
          "[sys]") {
  for (int i = 0; i < 20; i++) {
    Loop loop;
    sys::Ended ended;
    Spawner spawner(
        loop, 1, [&](size_t, Spawner::Report report) { ended = report.ended; });
    Spawner::Order order = Shell("sleep 60");
    order.options.own_group = true;
    spawner.Start(0, std::move(order));
    spawner.Signal(0, SIGTERM);
    loop.Run();
    CHECK(ended.signal == SIGTERM);
  }
}

TEST_CASE("spawner: at its end children end, unless they are left alone",
          "[sys]") {
  for (const bool leave : {false, true}) {
    Loop loop;
    auto pipe = *sys::Pipe();
    auto input = *sys::Pipe();
    {
      Spawner spawner(loop, 1, [](size_t, Spawner::Report) {});
      if (leave) spawner.LeaveChildren();
      Spawner::Order order = Shell("echo started; read x; echo went on");
      order.options.in = input.first.get();
      order.options.out = pipe.second.get();
      order.options.err = -1;
      spawner.Start(0, std::move(order));
      char byte;
      REQUIRE(read(pipe.first.get(), &byte, 1) == 1);
    }
    pipe.second.Reset();
    input.second.Reset();
    const std::string rest = *sys::ReadFd(pipe.first.get());
    CHECK(rest == (leave ? "tarted\nwent on\n" : "tarted\n"));
    // Nobody else waits for it now.
    if (leave) CHECK(waitpid(-1, nullptr, 0) > 0);
  }
}
