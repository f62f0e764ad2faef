// Dialogues with devices that are not as they should be, over real sockets.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "sys/clock.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "unit/power/apc_card.h"
#include "unit/power/login_strip.h"
#include "unit/power/programs.h"

namespace {

using namespace power_test;
using absl::StrContains;
using power::Action;
using power::FailureClass;
using power::Outcome;
using power::PlugState;
using power::VerifyLevel;

TEST_CASE("power 22: another menu is a prompt failure, and no key follows it",
          "[power]") {
  AtStrip at;
  at.strip.menu_changed = true;
  at.bench.specification.timeout = absl::Milliseconds(300);
  const power::PlugResult result = at.bench.One(Action::kOff, "3");
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kPrompt);
  INFO(result.failure->text);
  // What was wanted, and the last 200 bytes that can be shown.
  const std::string seen = " Welcome to firmware 2 choose:";
  CHECK(StrContains(
      result.failure->text,
      absl::StrCat("' or '> ' within 0.3 s; it printed '",
                   std::string(200 - seen.size(), '*'), seen, "'")));
  CHECK(StrContains(result.failure->text, "'> '"));
  CHECK(at.strip.commands == std::vector<std::string>{"status"});
  // Hanging up is the only logging out that presses no key.
  Await(at.bench.loop, [&] { return at.server.open() == 0; });
}

TEST_CASE("power 23: one byte at a time, between options, NULs and colours",
          "[power]") {
  AtStrip at({.one_byte = true,
              .noise = absl::StrCat("\xff\xfb\x01\xff\xfd\x18",
                                    std::string(1, '\0'), "\033[1;32m")});
  CHECK(Show(at.bench.One(Action::kOff, "3")) == "done on->off");
  CHECK(at.strip.passwords == 1);
}

TEST_CASE("power 23: a real model one byte at a time", "[power]") {
  Bench bench;
  ApcCard card("13", true, "1", "2", "3");
  DeviceServer server(bench.loop, [&] { return &card; },
                      {.one_byte = true, .noise = "\xff\xfb\x03\033[0m"});
  bench.BuiltIn("APCControl13p13");
  bench.At("telnet", server.port());
  CHECK(Show(bench.One(Action::kOff, "3")) == "done on->off");
  CHECK(card.switched == 1);
  CHECK(card.outlets[2] == false);
  CHECK(card.closes);  // logged out
}

TEST_CASE("power 25: a busy device is asked again after as long as it says",
          "[power]") {
  AtStrip at;
  at.strip.busy = 1;
  const absl::Time start = sys::SteadyNow();
  const power::PlugResult result = at.bench.One(Action::kOff, "3");
  CHECK(Show(result) == "done on->off");
  CHECK(result.attempts == 2);
  CHECK(sys::SteadyNow() - start >= absl::Seconds(1));

  at.strip.busy = 100;
  const int before = at.server.connections;
  CHECK(StrContains(Show(at.bench.One(Action::kOff, "1")),
                    "failed busy: login: Someone else is logged in"));
  CHECK(at.server.connections == before + 3);
}

TEST_CASE(
    "power 26: ten MiB without a prompt are no more than a prompt failure",
    "[power]") {
  AtStrip at({.flood_mib = 10});
  [[maybe_unused]] const size_t before = sys::ResidentBytes();
  const power::PlugResult result = at.bench.One(Action::kStatus, "1");
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kPrompt);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // These keep what was freed.
  // The transcript of what is traced is the test's own.
  CHECK(sys::ResidentBytes() < before + (16 << 20));
#endif
}

TEST_CASE("power 27: a refused connection is told at once", "[power]") {
  Bench bench;
  bench.Model(kStrip);
  {
    const sys::Fd gone = sys::ListenTcp("127.0.0.1", 0).value();
    bench.At("telnet", sys::LocalPort(gone.get()).value());
  }
  const absl::Time start = sys::SteadyNow();
  const power::PlugResult result = bench.One(Action::kOff, "1");
  CHECK(Show(result) == "failed unreachable: connect: Connection refused");
  CHECK_FALSE(result.failure->maybe_executed);
  CHECK(sys::SteadyNow() - start < absl::Seconds(4));
}

TEST_CASE("power 27: a black hole is given up at the limit of connecting",
          "[power]") {
  Bench bench;
  bench.Model(kStrip);
  // A listener whose queue is full answers nothing.
  const sys::Fd hole(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(listen(hole.get(), 0) == 0);
  const int port = sys::LocalPort(hole.get()).value();
  std::vector<sys::Fd> queue;
  for (int i = 0; i < 4; i++) {
    queue.push_back(sys::BeginConnectTcp("127.0.0.1", port).value());
  }
  bench.At("tcp", port);
  bench.connect_timeout = absl::Milliseconds(200);
  const absl::Time start = sys::SteadyNow();
  CHECK(Show(bench.One(Action::kOff, "1")) ==
        "failed timeout: connect: no answer within 200ms");
  CHECK(sys::SteadyNow() - start < absl::Seconds(4));
}

TEST_CASE("power 27: a hang-up says in which phase", "[power]") {
  for (const char* where : {"connect", "login"}) {
    AtStrip at;
    at.strip.close_at = where;
    const power::PlugResult result = at.bench.One(Action::kOff, "3");
    INFO(Show(result));
    REQUIRE(result.failure.has_value());
    CHECK(result.failure->failure_class == FailureClass::kClosed);
    CHECK(absl::StartsWith(result.failure->text, "login: "));
    CHECK_FALSE(result.failure->maybe_executed);
  }
}

TEST_CASE("power 27: after a lost answer the state is read", "[power]") {
  AtStrip at;
  at.strip.close_at = "boot";
  at.bench.action.native_cycle = true;
  const power::PlugResult result = at.bench.One(Action::kCycle, "3");
  INFO(Show(result));
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kState);
  CHECK(result.failure->maybe_executed);
  CHECK(StrContains(result.failure->text, "may have been executed; is on now"));
  CHECK(at.strip.switched == 1);  // never twice
  CHECK(at.server.connections == 2);

  // Likewise of an off, with nobody who would try it again.
  at.strip.close_at = "off";
  const int connections = at.server.connections;
  CHECK(Show(at.bench.One(Action::kOff, "3")) ==
        "done on->off, its answer was lost");
  CHECK(at.strip.switched == 2);
  CHECK(at.server.connections == connections + 2);
  at.strip.on["3"] = true;

  // Off after a cycle shows that it was executed: the rest is done.
  at.strip.close_at = "boot";
  at.strip.lame = true;
  CHECK(Show(at.bench.One(Action::kCycle, "3")) == "done on->on");
  CHECK(at.strip.on["3"]);
}

TEST_CASE("dialogues: a mute device is given up at the order's limit",
          "[power]") {
  AtStrip at;
  at.strip.mute = true;
  at.bench.specification.timeout = absl::Seconds(50);
  at.bench.limit = absl::Milliseconds(300);
  const auto results = at.bench.Run({{Action::kOff, "3", at.bench.action},
                                     {Action::kStatus, "1", at.bench.action}});
  for (const power::PlugResult& result : results) {
    CHECK(Show(result) == "failed timeout: login: no end within 300ms");
  }
}

}  // namespace
