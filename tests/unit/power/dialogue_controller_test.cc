// Dialogues over real sockets, programs and lines.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "power/transcript_session.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/pty.h"
#include "sys/socket.h"
#include "unit/power/apc_card.h"
#include "unit/power/device_server.h"
#include "unit/power/programs.h"

namespace {

using namespace power_test;
using absl::StrContains;
using power::Action;
using power::FailureClass;
using power::Outcome;
using power::PlugState;
using power::VerifyLevel;

// A strip that is ready as soon as it is asked, and what it may do wrong.
class Strip : public FakeDevice {
 public:
  std::string Connect(const std::vector<std::string>&) override {
    line_.clear();
    asked_ = 0;
    in_ = false;
    if (busy > 0) {
      busy--;
      closes = true;
      return "Someone else is logged in, try again in 1 second.\r\n";
    }
    if (close_at == "connect") closes = true;
    return close_at == "connect" ? "" : "login: ";
  }
  std::string Receive(absl::string_view bytes) override {
    std::string out;
    for (const char c : bytes) {
      if (c == '\r') continue;
      if (c != '\n') {
        line_ += c;
        continue;
      }
      out += Line(std::exchange(line_, ""));
      if (closes) break;
    }
    return out;
  }

  std::map<std::string, bool> on = {
      {"1", true}, {"2", false}, {"3", true}, {"4", true}};
  std::vector<std::string> commands;
  int passwords = 0;
  int busy = 0;
  std::string close_at;  // connect, login, off
  bool menu_changed = false, mute = false, echoes = false;
  std::string password = kSecret;

 private:
  std::string Line(const std::string& line) {
    if (mute) return "";
    if (!in_ && asked_ == 0) {
      user_ = line;
      asked_ = 1;
      if (close_at == "login") closes = true;
      return closes ? "" : "password: ";
    }
    if (!in_) {
      passwords++;
      asked_ = 0;
      if (user_ != kUser || line != password) return "\r\nlogin: ";
      in_ = true;
      return echoes ? absl::StrCat("hello ", line, "\r\n> ") : "\r\n> ";
    }
    return Command(line);
  }
  std::string Command(const std::string& line) {
    commands.push_back(line);
    if (menu_changed) return "\r\nWelcome to firmware 2\r\nchoose: ";
    if (line == "status") {
      std::string text;
      for (const auto& [plug, is_on] : on) {
        absl::StrAppend(&text, "plug ", plug, " ", is_on ? "ON" : "OFF",
                        "\r\n");
      }
      return text + "> ";
    }
    if (line == "quit") closes = true;
    for (const bool is_on : {true, false}) {
      const std::string verb = is_on ? "on " : "off ";
      if (!absl::StartsWith(line, verb)) continue;
      for (const char plug : line.substr(verb.size())) {
        const std::string name(1, plug);
        if (on.count(name) == 0) continue;
        switched++;
        on[name] = is_on;
      }
      if (close_at == "off" && !is_on) {
        close_at.clear();
        closes = true;
        return "";
      }
    }
    if (absl::StartsWith(line, "boot ")) {
      switched++;
      on[line.substr(5)] = !lame;
      if (close_at == "boot") {
        close_at.clear();
        closes = true;
        return "";
      }
    }
    if (absl::StartsWith(line, "ask ")) return "really? ";
    return "> ";
  }
  std::string line_, user_;
  int asked_ = 0;
  bool in_ = false;

 public:
  bool lame = false;  // its boot leaves the plug off
};

constexpr char kStrip[] = R"dev(language 2
specification "strip" {
  timeout 5
  script login {
    expectany {
      "login: " { send-user "\r\n" again max 1 fail auth "user or password was refused" }
      "password: " { send-secret "\r\n" again max 1 fail auth "the password was refused" }
      "[Ss]omeone[^\r\n]*[\r\n]" { fail busy "$0" }
      "> " { }
    }
  }
  script logout { send "quit\r\n" }
  script status_all {
    send "status\r\n"
    expectany {
      "plug ([0-9]+) (ON|OFF)" {
  setplugstate $1 $2 on = "ON" off = "OFF" again
}
"> " {}
}
}
script on{send "on %s\r\n" expect "> "} script on_ranged{send "on %s\r\n" expect
                                                              "> "} script off{
    send "off %s\r\n" expect
         "> "} script off_ranged{send "off %s\r\n" expect "> "} script cycle{
    set - native send "boot %s\r\n" expect "> "} script reset{
    send "boot %s\r\n" expect "> "} script verify {
  send "ask %s\r\n" expect "really\\? " confirm
       "y\r\n"
       "n\r\n" expect "> "
}
}
)dev";

struct AtStrip {
  explicit AtStrip(ServerOptions options = {})
      : server(
            bench.loop, [this] { return &strip; }, options) {
    bench.Model(kStrip);
    bench.At("telnet", server.port());
  }
  Bench bench;
  Strip strip;
  DeviceServer server;
};

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

TEST_CASE("power 22: another menu is a prompt failure, and no key follows it",
          "[power]") {
  AtStrip at;
  at.strip.menu_changed = true;
  at.bench.specification.timeout = absl::Milliseconds(300);
  const power::PlugResult result = at.bench.One(Action::kOff, "3");
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kPrompt);
  CHECK(StrContains(result.failure->text, "Welcome to firmware 2"));
  CHECK(StrContains(result.failure->text, "'> '"));
  CHECK(at.strip.commands == std::vector<std::string>{"status"});
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
  const size_t before = sys::ResidentBytes();
  const power::PlugResult result = at.bench.One(Action::kStatus, "1");
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kPrompt);
  // The transcript of what is traced is the test's own.
  CHECK(sys::ResidentBytes() < before + (16 << 20));
}

TEST_CASE("power 27: a refused connection is told within 100 ms", "[power]") {
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
  CHECK(sys::SteadyNow() - start < absl::Milliseconds(100));
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
  CHECK(sys::SteadyNow() - start < absl::Seconds(1));
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

  // Off after it shows that it was executed: the rest is done.
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
