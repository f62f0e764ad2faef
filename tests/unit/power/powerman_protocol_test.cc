#include "power/powerman_protocol.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <catch2/catch.hpp>

#include "power/limits.h"
#include "unit/power/fake_service.h"

namespace {

using power::FailureClass;
using power::PowermanSession;
using power_test::FakeService;

// A client of a session, and a service that answers at once.
class Talk {
 public:
  Talk() : service(loop) {
    std::vector<std::string> hosts;
    for (int i = 0; i < 16; i++) hosts.push_back(absl::StrCat("t", i));
    service.AddStrip("v0", hosts);
    service.AddStrip("v1", {"u08", "u09", "u10", "u11", "z", "a"});
    service.AddGroup("rack", {"t3", "u08"});
    service.AddGroup("all2", {"t1", "t2"});
    Take(session.Opened());
  }

  // What comes back, without carriage returns.
  std::string Say(absl::string_view bytes) {
    out_.clear();
    Take(session.Received(bytes));
    while (loop.Turn(absl::ZeroDuration())) {
    }
    return absl::StrReplaceAll(out_, {{"\r\n", "\n"}});
  }
  std::string Ask(absl::string_view line) {
    return Say(absl::StrCat(line, "\n"));
  }
  bool closed() const { return closed_; }
  const std::string& raw() const { return out_; }

  sys::Loop loop;
  FakeService service;
  PowermanSession session{service};

  void Take(PowermanSession::Effects effects) {
    absl::StrAppend(&out_, effects.send);
    closed_ |= effects.close;
    if (!effects.start) return;
    ticket = service.Start(
        *std::move(effects.start),
        {.result =
             [this](const power::ServiceResult& r) { Take(session.Result(r)); },
         .ended = [this] { Take(session.Ended()); },
         .telemetry =
             [this](absl::string_view line) {
               Take(session.Telemetry(line));
             }});
  }
  power::Service::Ticket ticket = 0;

 private:
  std::string out_;
  bool closed_ = false;
};

constexpr char kDone[] = "102 Command completed successfully\npowerman> ";
constexpr char kQueried[] = "103 Query complete\npowerman> ";

TEST_CASE("powerman protocol: a client is greeted and prompted", "[power]") {
  Talk talk;
  CHECK(talk.raw() == "001 2.3.27\r\npowerman> ");
  CHECK(talk.Ask("quit") == "101 Goodbye\n");
  CHECK(talk.closed());
}

TEST_CASE("power 29: queries and switching as powermand answers them",
          "[power]") {
  Talk talk;
  CHECK(talk.Ask("nodes") ==
        absl::StrCat("306 a,t[0-15],u[08-11],z\n", kQueried));
  CHECK(talk.Ask("status t[1,3]") ==
        absl::StrCat("302 on:      \n302 off:     t[1,3]\n302 unknown: \n",
                     kQueried));
  CHECK(talk.Ask("on t[1-2],z") == kDone);
  CHECK(talk.Ask("status") ==
        absl::StrCat("302 on:      t[1-2],z\n302 off:     "
                     "a,t[0,3-15],u[08-11]\n302 unknown: \n",
                     kQueried));
  CHECK(talk.Ask("off t1") == kDone);
  CHECK(talk.Ask("cycle t4") == kDone);
  CHECK(talk.Ask("reset t4") == kDone);
  CHECK(talk.service.IsOn("t4"));
  CHECK(!talk.service.IsOn("t1"));
  CHECK(talk.Ask("flash t5") == kDone);
  CHECK(talk.Ask("beacon t[4-5]") ==
        absl::StrCat("302 on:      t5\n302 off:     t4\n302 unknown: \n",
                     kQueried));
  CHECK(talk.Ask("unflash t5") == kDone);
  CHECK(talk.Ask("temp t2,t1") ==
        absl::StrCat("303 t2: 85\n303 t1: 84\n", kQueried));
  CHECK(talk.Ask("device t1") ==
        absl::StrCat("304 v0: state=connected reconnects=000 actions=012 "
                     "type=vpc hosts=t[0-15]\n",
                     kQueried));
  CHECK(talk.Ask("device zz") == kQueried);
}

TEST_CASE("powerman protocol: groups come behind names, and twice is twice",
          "[power]") {
  Talk talk;
  talk.service.Set("t3", true);
  CHECK(talk.Ask("status t1,t1,rack") ==
        absl::StrCat("302 on:      t3\n302 off:     t[1,1],u08\n"
                     "302 unknown: \n",
                     kQueried));
  CHECK(talk.service.orders().back().hosts ==
        std::vector<std::string>{"t1", "t3", "u08"});
  talk.Ask("exprange");
  CHECK(talk.Ask("status rack,z") ==
        absl::StrCat("303 z: off\n303 t3: on\n303 u08: off\n", kQueried));
}

TEST_CASE("powerman protocol: words are taken as scanf takes them", "[power]") {
  Talk talk;
  const std::string unknown = "201 Unknown command\npowerman> ";
  CHECK(talk.Ask("ON t1") == unknown);
  CHECK(talk.Ask("on") == unknown);
  CHECK(talk.Ask("") == unknown);
  CHECK(talk.Ask("soft t1") == unknown);
  CHECK(talk.Ask("onfoo") == "209 No such nodes: foo\npowerman> ");
  CHECK(talk.Ask("on rack all2") == kDone);
  CHECK(talk.service.orders().back().hosts ==
        std::vector<std::string>{"t3", "u08"});
  // Only the others may be written in capitals.
  CHECK(talk.Ask("TELEMETRYx") == "104 Telemetry ON\npowerman> ");
  CHECK(talk.Ask("Status t1").find("302 on:      t3,u08\n") !=
        std::string::npos);
  talk.Ask("telemetry");
  CHECK(talk.Ask("   status   t1  \r") ==
        absl::StrCat("302 on:      \n302 off:     t1\n302 unknown: \n",
                     kQueried));
}

TEST_CASE("powerman protocol: wrong lists of hosts", "[power]") {
  Talk talk;
  CHECK(talk.Ask("on t3,zz,t1,yy[1-3]") ==
        "209 No such nodes: zz,yy[1-3]\npowerman> ");
  CHECK(talk.Ask("on t[3-1]") ==
        "205 Hostlist error: invalid range\npowerman> ");
  CHECK(talk.Ask("on t[1-99999999]") ==
        "205 Hostlist error: invalid range\npowerman> ");
  CHECK(talk.Ask("status ,") ==
        "213 Command cannot be handled by power control device(s)\n"
        "powerman> ");
  talk.service.NoTemperatures();
  CHECK(talk.Ask("temp t1") ==
        "213 Command cannot be handled by power control device(s)\n"
        "powerman> ");
  CHECK(talk.service.orders().empty());
}

TEST_CASE("power 29: failures are told by powerman's words and numbers",
          "[power]") {
  Talk talk;
  talk.service.Break("t1", {FailureClass::kTimeout, "connect: no answer"});
  talk.service.Break("t2", {FailureClass::kTimeout, "login: no answer"});
  talk.service.Break("t3", {FailureClass::kTimeout, "'> ' did not come"});
  talk.service.Break("t4", {FailureClass::kTimeout, "'> ' did not come"});
  CHECK(talk.Ask("on t[1-5]") ==
        "308 v0: connect timeout\n308 v0: login timeout\n"
        "308 v0: action timed out waiting for expected response\n"
        "210 Command completed with errors\npowerman> ");
  CHECK(talk.Ask("status t[1,5]") ==
        "308 v0: connect timeout\n302 on:      t5\n302 off:     \n"
        "302 unknown: t1\n211 Query completed with errors\npowerman> ");
  CHECK(talk.Ask("temp t[1,5]") ==
        "308 v0: connect timeout\n303 t5: 88\n303 t1: unknown\n"
        "211 Query completed with errors\npowerman> ");
}

TEST_CASE("powerman protocol: what powerman has no words for is told in ours",
          "[power]") {
  Talk talk;
  talk.service.Break("t1", {FailureClass::kAuth, "password\r\n102 refused"});
  const std::string answer = talk.Ask("on t1");
  CHECK(answer.find("308 v0: login timeout\n309 t1: auth: password") == 0);
  // It cannot forge an answer of its own.
  CHECK(answer.find("\n102") == std::string::npos);
  CHECK(answer.find("210 ") != std::string::npos);
}

TEST_CASE("powerman protocol: one command at a time", "[power]") {
  Talk talk;
  talk.service.Hold();
  CHECK(talk.Say("on t1\nstatus t1\nnodes\n") ==
        "208 Command in progress\n208 Command in progress\n");
  CHECK(talk.session.is_busy());
  talk.Say("");
  talk.service.LetGo();
  CHECK(talk.raw() == "102 Command completed successfully\r\npowerman> ");
}

TEST_CASE("powerman protocol: nothing behind quit is carried out", "[power]") {
  Talk talk;
  CHECK(talk.Say("quit\non t1\n") == "101 Goodbye\n");
  CHECK(talk.service.orders().empty());
  CHECK(!talk.service.IsOn("t1"));
}

TEST_CASE("powerman protocol: who has said all is still answered", "[power]") {
  Talk talk;
  talk.service.Hold();
  talk.Say("on t1\nhalf a li");
  talk.Take(talk.session.ReceivedAll());
  CHECK(!talk.closed());
  talk.service.LetGo();
  CHECK(talk.closed());
  CHECK(talk.service.IsOn("t1"));
}

TEST_CASE("powerman protocol: a line has its limit, and a length up to it",
          "[power]") {
  const std::string too_long = "203 Command too long\npowerman> ";
  Talk talk;
  const std::string longest =
      absl::StrCat("status t1,", std::string(131'061, 'x'));
  REQUIRE(longest.size() == power::kMaxPowermanLineBytes - 1);
  CHECK(talk.Ask(longest).find("209 No such nodes: xxx") == 0);
  CHECK(talk.Ask(absl::StrCat(longest, "\r")).find("209") == 0);
  CHECK(talk.Ask(longest + "x") == too_long);
  // What comes in a thousand pieces is not kept, either.
  for (int i = 0; i < 1000; i++) {
    CHECK(talk.Say(std::string(10'000, 'y')).empty());
  }
  CHECK(talk.Ask("") == too_long);
  CHECK(talk.Ask("nodes").find("306 ") == 0);
}

TEST_CASE("powerman protocol: a line may come byte by byte", "[power]") {
  Talk talk;
  std::string all;
  for (const char c : std::string("status t1\r\nnodes\n")) {
    all += talk.Say(std::string(1, c));
  }
  CHECK(all == absl::StrCat("302 on:      \n302 off:     t1\n302 unknown: \n",
                            kQueried, "306 a,t[0-15],u[08-11],z\n", kQueried));
}

TEST_CASE("powerman protocol: a NUL ends a line's text", "[power]") {
  Talk talk;
  CHECK(talk.Say(absl::string_view("nodes\0 junk\n", 12)).find("306 ") == 0);
}

}  // namespace
