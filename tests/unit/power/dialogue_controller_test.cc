// Dialogues over real sockets, programs and lines.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "power/transcript_session.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/pty.h"
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

TEST_CASE("dialogues: orders of one batch share a login, readings and commands",
          "[power]") {
  AtStrip at;
  std::vector<power::PlugOrder> orders;
  for (const char* plug : {"1", "2", "3"}) {
    orders.push_back({Action::kOff, plug, at.bench.action});
  }
  const auto results = at.bench.Run(orders);
  CHECK(Show(results[0]) == "done on->off");
  CHECK(Show(results[1]) == "already off->off");
  CHECK(Show(results[2]) == "done on->off");
  CHECK(at.server.connections == 1);
  CHECK(at.strip.passwords == 1);
  CHECK(at.strip.switched == 2);
  CHECK(at.strip.commands ==
        std::vector<std::string>{"status", "off [1,3]", "status", "quit"});
}

TEST_CASE("dialogues: a cycle is off, seen off, a pause, on, and seen on",
          "[power]") {
  AtStrip at;
  CHECK(Show(at.bench.One(Action::kCycle, "3")) == "done on->on");
  CHECK(at.strip.commands == std::vector<std::string>{"status", "off 3",
                                                      "status", "on 3",
                                                      "status", "quit"});
  CHECK(Show(at.bench.One(Action::kCycle, "2")) == "done off->on, was off");
}

TEST_CASE("power 11: verify looks and switches nothing", "[power]") {
  AtStrip at;
  const power::PlugResult result = at.bench.One(Action::kVerify, "2");
  CHECK(result.outcome == Outcome::kDone);
  CHECK(result.verified == VerifyLevel::kPlug);
  CHECK(at.strip.switched == 0);
  CHECK(at.strip.commands == std::vector<std::string>{"status", "quit"});
}

TEST_CASE(
    "power 12: with confirmation, verify comes to the question and says no",
    "[power]") {
  AtStrip at;
  const power::PlugResult result = at.bench.One(Action::kVerify, "3", true);
  CHECK(result.outcome == Outcome::kDone);
  CHECK(result.verified == VerifyLevel::kPrivilege);
  CHECK(at.strip.commands ==
        std::vector<std::string>{"status", "ask 3", "n", "quit"});
}

TEST_CASE("power 13: a plug that the device does not have fails alone",
          "[power]") {
  AtStrip at;
  at.bench.plugs.push_back("9");
  const auto results = at.bench.Run({{Action::kVerify, "1", at.bench.action},
                                     {Action::kVerify, "9", at.bench.action},
                                     {Action::kVerify, "4", at.bench.action}});
  CHECK(results[0].verified == VerifyLevel::kPlug);
  CHECK(results[2].verified == VerifyLevel::kPlug);
  REQUIRE(results[1].failure.has_value());
  CHECK(results[1].failure->failure_class == FailureClass::kPlug);
  CHECK(results[1].verified == VerifyLevel::kLogin);
}

TEST_CASE("power 14: a wrong password over telnet is tried once", "[power]") {
  AtStrip at;
  at.strip.password = "another";
  const auto results = at.bench.Run({{Action::kStatus, "1", at.bench.action},
                                     {Action::kOff, "3", at.bench.action},
                                     {Action::kCycle, "4", at.bench.action}});
  for (const power::PlugResult& result : results) {
    REQUIRE(result.failure.has_value());
    CHECK(result.failure->failure_class == FailureClass::kAuth);
    CHECK(result.verified == VerifyLevel::kReach);
  }
  CHECK(at.strip.passwords == 1);
  CHECK(at.server.connections == 1);
}

TEST_CASE("power 16: odd passwords arrive over telnet as they are", "[power]") {
  for (const std::string& password :
       {std::string("a b\"c'd"), std::string("%s%n$HOME\\"),
        std::string("12345678901234567890"),
        std::string("123456789012345678901"), std::string("pässwörd"),
        std::string(), std::string("\xff\xff|")}) {
    INFO(password);
    AtStrip at;
    at.strip.password = password;
    at.bench.credentials.secret =
        std::make_shared<const keys::Secret>(absl::string_view(password));
    CHECK(Show(at.bench.One(Action::kStatus, "1")) == "done on->on");
  }
}

TEST_CASE("power 16: without a password, none is tried", "[power]") {
  AtStrip at;
  at.bench.credentials.secret = nullptr;
  CHECK(Show(at.bench.One(Action::kOff, "1")) ==
        "failed config: login: a password is wanted, and there is no secret");
  CHECK(at.strip.passwords == 0);
}

TEST_CASE("power 16: no password presses a key", "[power]") {
  for (const char* password : {"a\rb", "\033[A", "\003", "tab\t", "\x7f"}) {
    AtStrip at;
    at.bench.credentials.secret =
        std::make_shared<const keys::Secret>(absl::string_view(password));
    CHECK(Show(at.bench.One(Action::kOff, "1")) ==
          "failed config: the password has a control character, which model "
          "strip would act on");
    CHECK(at.server.connections == 0);
  }
}

// One strip's own protocol: its password, and a command, between escapes.
class Ipal : public FakeDevice {
 public:
  std::string Connect(const std::vector<std::string>&) override { return ""; }
  std::string Receive(absl::string_view bytes) override {
    absl::StrAppend(&heard, bytes);
    return heard == absl::StrCat("\033", password, "\033O") ? "01100000" : "";
  }
  std::string password, heard;
};

TEST_CASE("power 16: odd passwords over raw tcp are right, or refused unsent",
          "[power]") {
  const auto status = [](const std::string& password, Ipal& strip) {
    Bench bench;
    DeviceServer server(bench.loop, [&] { return &strip; });
    bench.BuiltIn("IPAL");
    bench.At("tcp", server.port());
    bench.credentials.secret =
        std::make_shared<const keys::Secret>(absl::string_view(password));
    return Show(bench.One(Action::kStatus, "2"));
  };
  for (const char* password : {"a \"b'c", "%s%n$\\", "p\xc3\xa4ss", "x"}) {
    INFO(password);
    Ipal strip;
    strip.password = password;
    CHECK(status(password, strip) == "done on->on");
  }
  for (const char* password :
       {"", "123456789", "123456789012345678901", "a\0333E"}) {
    INFO(password);
    Ipal strip;
    CHECK(StrContains(status(password, strip), "failed config: "));
    CHECK(strip.heard.empty());
  }
}

TEST_CASE("power 17: a password that the device echoes is in no trace",
          "[power]") {
  AtStrip at;
  at.strip.echoes = true;
  at.bench.records = true;
  CHECK(Show(at.bench.One(Action::kOff, "3")) == "done on->off");
  CHECK(StrContains(at.bench.trace, "sent the password"));
  CHECK(StrContains(at.bench.trace, "received 'hello ***"));
  CHECK(StrContains(at.bench.trace, "sent 'off 3"));
  CHECK_FALSE(StrContains(at.bench.trace, kSecret));
  CHECK(StrContains(at.bench.transcript, "hello"));
  CHECK_FALSE(StrContains(at.bench.transcript, kSecret));
}

TEST_CASE("dialogues: what is recorded can be played back", "[power]") {
  AtStrip at;
  at.bench.records = true;
  CHECK(Show(at.bench.One(Action::kCycle, "3")) == "done on->on");
  const power::TranscriptReading reading =
      power::ReadTranscript("t", at.bench.transcript);
  INFO(at.bench.transcript);
  CHECK(reading.problems.empty());
  const auto difference =
      power::Replay(reading.transcript, "t", at.bench.specification);
  CHECK(difference.value_or("none") == "none");
}

TEST_CASE("dialogues: a session is kept where the inventory says so",
          "[power]") {
  AtStrip at;
  at.bench.pcu.keep = true;
  CHECK(Show(at.bench.One(Action::kStatus, "1")) == "done on->on");
  CHECK(Show(at.bench.One(Action::kStatus, "2")) == "done off->off");
  CHECK(at.server.connections == 1);
  CHECK(at.strip.passwords == 1);
  at.bench.controller->Finish();
  Await(at.bench.loop, [&] {
    return at.bench.controller->connections() == 0 && at.server.open() == 0;
  });
  CHECK(at.strip.commands.back() == "quit");
}

TEST_CASE("dialogues: batches for one PCU come one after the other",
          "[power]") {
  AtStrip at;
  int ended = 0;
  for (int i = 0; i < 3; i++) {
    at.bench.controller->Start(
        at.bench.MakeBatch({{Action::kStatus, "1", at.bench.action}}),
        [&](size_t, const power::PlugResult& result) {
          CHECK(Show(result) == "done on->on");
          CHECK(at.server.open() <= 1);
          ended++;
        });
  }
  Await(at.bench.loop,
        [&] { return ended == 3 && at.bench.controller->connections() == 0; });
}

TEST_CASE("dialogues: a cancelled order that has not switched sends nothing",
          "[power]") {
  AtStrip at;
  at.strip.mute = true;
  std::vector<std::string> told;
  const auto ticket = at.bench.controller->Start(
      at.bench.MakeBatch({{Action::kOff, "1", at.bench.action},
                          {Action::kCycle, "3", at.bench.action}}),
      [&](size_t, const power::PlugResult& result) {
        told.push_back(Show(result));
      });
  Await(at.bench.loop, [&] { return !at.server.received().empty(); });
  at.bench.controller->Cancel(ticket);
  Await(at.bench.loop, [&] {
    return told.size() == 2 && at.bench.controller->connections() == 0;
  });
  CHECK(told == std::vector<std::string>(2, "nothing was sent"));
  CHECK(at.strip.commands.empty());
}

TEST_CASE("dialogues: what was begun when it is cancelled comes to its end",
          "[power]") {
  AtStrip at;
  std::string told;
  const auto ticket = at.bench.controller->Start(
      at.bench.MakeBatch({{Action::kCycle, "3", at.bench.action}}),
      [&](size_t, const power::PlugResult& result) { told = Show(result); });
  Await(at.bench.loop, [&] { return at.strip.switched == 1; });
  at.bench.controller->Cancel(ticket);
  Await(at.bench.loop, [&] { return at.bench.controller->connections() == 0; });
  CHECK(told == "done on->on");
  CHECK(at.strip.on["3"]);
}

TEST_CASE("dialogues: power-ons keep the distance that the PCU wants",
          "[power]") {
  AtStrip at;
  at.strip.on = {{"1", false}, {"2", false}, {"3", false}};
  at.bench.pcu.stagger = absl::Milliseconds(300);
  const absl::Time start = sys::SteadyNow();
  const auto results = at.bench.Run({{Action::kOn, "1", at.bench.action},
                                     {Action::kOn, "2", at.bench.action},
                                     {Action::kOn, "3", at.bench.action}});
  for (const auto& result : results) CHECK(Show(result) == "done off->on");
  CHECK(sys::SteadyNow() - start >= absl::Milliseconds(600));
}

TEST_CASE("dialogues: what a model cannot do is told before it is begun",
          "[power]") {
  AtStrip at;
  auto& scripts = at.bench.specification.scripts;
  std::erase_if(scripts, [](const power::Script& script) {
    return script.verb == power::Verb::kOn;
  });
  CHECK(Show(at.bench.One(Action::kCycle, "3")) ==
        "failed unsupported: model strip has no script on");
  CHECK(at.server.connections == 0);
}

TEST_CASE("dialogues: a model without states is taken at its word", "[power]") {
  AtStrip at;
  auto& scripts = at.bench.specification.scripts;
  std::erase_if(scripts, [](const power::Script& script) {
    return script.verb == power::Verb::kStatus;
  });
  CHECK(Show(at.bench.One(Action::kCycle, "3")) == "accepted unknown->unknown");
  CHECK(at.strip.commands == std::vector<std::string>{"boot 3", "quit"});
  CHECK(at.bench.One(Action::kVerify, "3").verified == VerifyLevel::kLogin);
}

TEST_CASE("dialogues: a program is a line, and ends with it", "[power]") {
  Bench bench;
  Program files;
  files.Write("strip", R"(#!/bin/sh
echo $$ >"$0.pid"
[ -t 0 ] && echo terminal
state=ON
printf '> '
while read -r verb plug; do
  case $verb in
  status*) printf 'plug 1 %s\n> ' $state;;
  on*) state=ON; printf '> ';;
  off*) state=OFF; printf '> ';;
  quit*) sleep 1000;;
  esac
done
)",
              0755);
  bench.Model(kStrip);
  bench.way = {"exec"};
  bench.address = "";
  bench.pcu.program = {files.Path("strip")};
  CHECK(Show(bench.One(Action::kCycle, "1")) == "done on->on");
  CHECK_FALSE(StrContains(bench.trace, "terminal"));
  const int pid = std::stoi(files.Read("strip.pid"));
  Await(bench.loop, [&] { return !sys::IsGroupAlive(pid); });
  bench.pcu.program = {files.Path("missing")};
  CHECK(bench.One(Action::kCycle, "1").failure->failure_class ==
        FailureClass::kUnsupported);
}

TEST_CASE("dialogues: a program that ends closes the line", "[power]") {
  Bench bench;
  bench.Model(kStrip);
  bench.way = {"exec"};
  bench.pcu.program = {"/bin/echo", "no", "device"};
  const power::PlugResult result = bench.One(Action::kStatus, "1");
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kClosed);
  CHECK(StrContains(result.failure->text, "no device"));
}

}  // namespace
