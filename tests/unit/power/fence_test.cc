#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

#include "power/fence_face.h"
#include "power/fence_options.h"
#include "power/fence_run.h"
#include "power/limits.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "unit/power/fake_service.h"
#include "unit/power/programs.h"

namespace {

using power::FailureClass;
using power::FenceAction;
using power::ParseFenceInput;
using power::ReadFenceOptions;

struct Bench {
  Bench() : service(loop) { service.AddStrip("v0", {"t1", "t2", "t3"}); }

  // What it prints and exits with; complaints are kept.
  std::string Fence(absl::string_view input) {
    complaints.clear();
    std::string out;
    const auto options = ReadFenceOptions(ParseFenceInput(input).value());
    REQUIRE(options.ok());
    const int code = power::RunFence(
        loop, service, *options,
        {.print = [&](absl::string_view t) { absl::StrAppend(&out, t); },
         .complain = [&](absl::string_view l) { complaints.emplace_back(l); }});
    return absl::StrCat(out, "[", code, "]");
  }
  sys::Loop loop;
  power_test::FakeService service;
  std::vector<std::string> complaints;
};

TEST_CASE("power 51: status, on and off of a fence agent", "[power]") {
  Bench b;
  CHECK(b.Fence("action=status\nplug=t1") == "Status: OFF\n[2]");
  CHECK(b.Fence("action=on\nplug=t1") == "Success: Powered ON\n[0]");
  CHECK(b.Fence("action=status\nplug=t1") == "Status: ON\n[0]");
  CHECK(b.Fence("action=status\nplug=t1,t2") == "Status: ON\n[0]");
  CHECK(b.Fence("action=off\nplug=t1") == "Success: Powered OFF\n[0]");
  CHECK(b.Fence("action=status\nplug=t1,t2") == "Status: OFF\n[2]");
  CHECK(!b.service.IsOn("t1"));
}

TEST_CASE("power 51: a reboot reads off back before it switches on",
          "[power]") {
  Bench b;
  b.service.Set("t1", true);
  CHECK(b.Fence("plug=t1") == "Success: Rebooted\n[0]");
  REQUIRE(b.service.orders().size() == 2);
  CHECK(b.service.orders()[0].verb == power::Verb::kOff);
  CHECK(b.service.orders()[1].verb == power::Verb::kOn);
  CHECK(b.service.orders()[0].state_timeout == absl::Seconds(20));
  CHECK(b.Fence("plug=t1\nmethod=cycle") == "Success: Rebooted\n[0]");
  CHECK(b.service.orders()[2].verb == power::Verb::kCycle);
  CHECK(b.service.orders()[2].no_native_cycle);
}

TEST_CASE("power 51: a contact that has stuck is never a success", "[power]") {
  Bench b;
  b.service.Set("t1", true);
  b.service.Jam("t1");
  CHECK(b.Fence("action=off\nplug=t1") == "[7]");
  CHECK(b.complaints ==
        std::vector<std::string>{"t1: state: is still as it was after 60 s"});
  CHECK(b.Fence("action=reboot\nplug=t1") == "[7]");
  CHECK(b.Fence("action=reboot\nmethod=cycle\nplug=t1") == "[7]");
  CHECK(b.Fence("action=off\nplug=t2,t1") == "[7]");
}

// Answers each order with the same result.
class Stubborn : public power_test::FakeService {
 public:
  Stubborn(sys::Loop& loop, power::PlugResult result)
      : FakeService(loop), result_(std::move(result)), loop_(loop) {
    AddStrip("v0", {"t1"});
  }
  Ticket Start(power::ServiceOrder order, Events events) override {
    verbs.push_back(order.verb);
    loop_.AtEndOfTurn([this, order, events] {
      for (const std::string& host : order.hosts) {
        if (is_silent) continue;
        events.result({.host = host, .device = "v0", .result = result_});
      }
      events.ended();
    });
    return verbs.size();
  }
  std::vector<power::Verb> verbs;
  bool is_silent = false;

 private:
  const power::PlugResult result_;
  sys::Loop& loop_;
};

int FenceWith(const power::PlugResult& result, absl::string_view input,
              bool is_silent = false) {
  sys::Loop loop;
  Stubborn service(loop, result);
  service.is_silent = is_silent;
  return power::RunFence(
      loop, service, ReadFenceOptions(ParseFenceInput(input).value()).value(),
      {.print = [](absl::string_view) {},
       .complain = [](absl::string_view) {}});
}

TEST_CASE("power 51: off is a success only if it was read back", "[power]") {
  using power::Outcome;
  using power::PlugState;
  const char* const kinds[] = {"action=off\nplug=t1", "action=reboot\nplug=t1",
                               "action=reboot\nmethod=cycle\nplug=t1"};
  for (const char* kind : kinds) {
    INFO(kind);
    // Taken, and nothing is known.
    CHECK(FenceWith({.outcome = Outcome::kAccepted}, kind) == 7);
    // Nothing was tried, nothing was heard, another state was read.
    CHECK(FenceWith({}, kind) == 1);
    CHECK(FenceWith({.outcome = Outcome::kDone, .after = PlugState::kOff}, kind,
                    true) == 1);
    CHECK(FenceWith({.outcome = Outcome::kDone, .after = PlugState::kPending},
                    kind) != 0);
    for (const auto c : {FailureClass::kAuth, FailureClass::kTimeout,
                         FailureClass::kState, FailureClass::kBusy,
                         FailureClass::kInternal, FailureClass::kPrompt}) {
      power::PlugResult failed;
      failed.failure = power::Failure{c, "no"};
      failed.before = failed.after = PlugState::kOn;
      CHECK(FenceWith(failed, kind) != 0);
    }
  }
  CHECK(FenceWith({.outcome = Outcome::kDone, .after = PlugState::kOn},
                  kinds[0]) != 0);
  CHECK(FenceWith({.outcome = Outcome::kAlready, .after = PlugState::kOff},
                  kinds[0]) == 0);
}

TEST_CASE("fence agent: failures have the numbers that fence agents know",
          "[power]") {
  const std::vector<std::pair<power::Failure, int>> cases = {
      {{FailureClass::kAuth, "refused"}, 3},
      {{FailureClass::kHostKey, "changed"}, 3},
      {{FailureClass::kUnreachable, "refused"}, 4},
      {{FailureClass::kClosed, "by it"}, 4},
      {{FailureClass::kTimeout, "login"}, 5},
      {{FailureClass::kState, "is on"}, 7},
      {{FailureClass::kPlug, "none"}, 8},
      {{FailureClass::kConfig, "the secret is missing"}, 10},
      {{FailureClass::kConfig, "no such model"}, 1},
      {{FailureClass::kPrivilege, "may not"}, 11},
      {{FailureClass::kDevice, "said no"}, 1},
  };
  for (const auto& [failure, code] : cases) {
    INFO(Word(failure.failure_class));
    power::PlugResult result;
    result.failure = failure;
    CHECK(FenceWith(result, "action=off\nplug=t1") == code);
  }
  power::PlugResult stays_off;
  stays_off.failure = power::Failure{FailureClass::kState, "is off"};
  CHECK(FenceWith(stays_off, "action=on\nplug=t1") == 6);
  power::PlugResult silent;
  silent.failure = power::Failure{FailureClass::kPrompt, "what?"};
  CHECK(FenceWith(silent, "action=status\nplug=t1") == 8);
}

TEST_CASE("fence agent: a host that stays dark after its reboot was fenced",
          "[power]") {
  Bench b;
  b.service.Set("t1", true);
  const auto options =
      ReadFenceOptions(ParseFenceInput("plug=t1\nretry_on=2").value()).value();
  power::FenceRun run(options, b.service);
  CHECK(run.Begin().start->verb == power::Verb::kOff);
  power::ServiceResult off = {.host = "t1", .device = "v0"};
  off.result.outcome = power::Outcome::kDone;
  off.result.after = power::PlugState::kOff;
  run.Result(off);
  CHECK(run.Ended().start->verb == power::Verb::kOn);
  power::ServiceResult dark = {.host = "t1", .device = "v0"};
  dark.result.failure = power::Failure{FailureClass::kState, "is off"};
  run.Result(dark);
  CHECK(run.Ended().start->verb == power::Verb::kOn);  // once more
  run.Result(dark);
  const power::FenceRun::Step end = run.Ended();
  CHECK(end.code == 0);
  CHECK(end.print == "Success: Rebooted\n");
  CHECK(end.complaints.back() == "off was read back, but not all are on again");
}

TEST_CASE("power 51: monitor and list of a fence agent", "[power]") {
  Bench b;
  b.service.AddStrip("v1", {"u1", "u2"});
  b.service.Set("u1", true);
  CHECK(b.Fence("action=list") == "t1,\nt2,\nt3,\nu1,\nu2,\n[0]");
  CHECK(b.Fence("action=list-status\nseparator=;") ==
        "t1;;OFF\nt2;;OFF\nt3;;OFF\nu1;;ON\nu2;;OFF\n[0]");
  CHECK(b.Fence("action=monitor") == "[0]");
  CHECK(b.service.orders().back().hosts ==
        std::vector<std::string>{"t1", "u1"});
  b.service.Break("t1", {FailureClass::kTimeout, "login"});
  CHECK(b.Fence("action=monitor") == "[0]");  // the other one answers
  CHECK(b.complaints == std::vector<std::string>{"t1: timeout: login"});
  CHECK(b.Fence("action=monitor\nplug=t1") == "[5]");
  b.service.Break("u1", {FailureClass::kTimeout, "login"});
  CHECK(b.Fence("action=monitor") == "[5]");
  for (const auto& order : b.service.orders()) {
    CHECK(order.verb == power::Verb::kStatus);
  }
}

TEST_CASE("fence agent: a host that there is not", "[power]") {
  Bench b;
  CHECK(b.Fence("action=off\nplug=nosuch") == "[8]");
  CHECK(b.complaints ==
        std::vector<std::string>{"nosuch: there is no such host"});
  CHECK(b.Fence("action=validate-all\nplug=nosuch") == "[2]");
  CHECK(b.Fence("action=validate-all\nplug=t1") == "[0]");
  CHECK(b.service.orders().empty());
}

TEST_CASE("fence agent: it waits before it switches, not before it looks",
          "[power]") {
  Bench b;
  const absl::Time began = sys::SteadyNow();
  CHECK(b.Fence("action=status\ndelay=30\nplug=t1") == "Status: OFF\n[2]");
  CHECK(sys::SteadyNow() - began < absl::Seconds(10));
  const auto options =
      ReadFenceOptions(ParseFenceInput("action=off\ndelay=30\nplug=t1").value())
          .value();
  power::FenceRun run(options, b.service);
  CHECK(run.Begin().wait == absl::Seconds(30));
  CHECK(run.Waited().start->verb == power::Verb::kOff);
}

TEST_CASE("fence agent: lines of key=value on its standard input", "[power]") {
  const auto pairs = ParseFenceInput(
      "# of a cluster\n\n  agent=fence_pcu\naction=OFF \nport=\"t1\"\n"
      "nodename=other\npower-timeout=7\nquiet\nplug_separator=,\r\n");
  const auto options = ReadFenceOptions(pairs.value()).value();
  CHECK(options.action == FenceAction::kOff);
  CHECK(options.hosts == std::vector<std::string>{"t1"});
  CHECK(options.power_timeout == absl::Seconds(7));
  CHECK(options.quiet);
  CHECK(options.warnings == std::vector<std::string>{"agent: is not known"});
  const auto of_member = ReadFenceOptions({{"nodename", "m1"}}).value();
  CHECK(of_member.action == FenceAction::kReboot);
  CHECK(of_member.hosts == std::vector<std::string>{"m1"});
  const auto unlimited =
      ReadFenceOptions({{"plug", "t1"}, {"disable_timeout", "True"}}).value();
  CHECK(!unlimited.power_timeout.has_value());
  CHECK(!unlimited.login_timeout.has_value());
}

TEST_CASE("fence agent: options that are wrong are refused", "[power]") {
  const std::vector<power::FencePairs> wrong = {
      {},
      {{"action", "off"}},
      {{"action", "explode"}, {"plug", "t1"}},
      {{"plug", "t1"}, {"power_timeout", "soon"}},
      {{"plug", "t1"}, {"power_timeout", "-1"}},
      {{"plug", "t1"}, {"power_timeout", "99999999999"}},
      {{"plug", "t1"}, {"method", "hammer"}},
      {{"plug", "t1"}, {"plug_separator", ""}},
      {{"plug", std::string(5000, ',') + "t1" +
                    [] {
                      std::string many;
                      for (int i = 0; i < 1100; i++) many += ",t";
                      return many;
                    }()}},
  };
  for (const power::FencePairs& pairs : wrong) {
    CHECK(!ReadFenceOptions(pairs).ok());
  }
  CHECK(
      !ParseFenceInput(std::string(power::kMaxFenceInputBytes + 1, 'x')).ok());
  CHECK(!ParseFenceInput(absl::string_view("plug=t\0", 7)).ok());
  CHECK(ParseFenceInput(std::string(power::kMaxFenceInputBytes, 'x')).ok());
}

// The grammar of fence-agents' metadata, in our words.
constexpr char kGrammar[] =
    R"(<grammar xmlns="http://relaxng.org/ns/structure/1.0">
<start><element name="resource-agent">
 <attribute name="name"/><attribute name="shortdesc"/>
 <element name="longdesc"><text/></element>
 <element name="vendor-url"><text/></element>
 <element name="parameters"><oneOrMore><element name="parameter">
  <attribute name="name"/>
  <attribute name="unique"><ref name="flag"/></attribute>
  <attribute name="required"><ref name="flag"/></attribute>
  <optional><attribute name="deprecated"><ref name="flag"/></attribute></optional>
  <optional><attribute name="obsoletes"/></optional>
  <element name="getopt"><attribute name="mixed"/></element>
  <element name="content"><choice>
   <attribute name="type"><choice><value>boolean</value><value>string</value>
    <value>second</value><value>integer</value></choice></attribute>
   <group><attribute name="type"><value>select</value></attribute>
    <zeroOrMore><element name="option"><attribute name="value"/></element></zeroOrMore>
   </group></choice>
   <optional><attribute name="default"><text/></attribute></optional></element>
  <oneOrMore><element name="shortdesc"><attribute name="lang"/><text/></element></oneOrMore>
 </element></oneOrMore></element>
 <element name="actions"><oneOrMore><element name="action">
  <attribute name="name"/>
  <optional><attribute name="on_target"><ref name="flag"/></attribute></optional>
  <optional><attribute name="automatic"><ref name="flag"/></attribute></optional>
 </element></oneOrMore></element>
</element></start>
<define name="flag"><choice><value>0</value><value>1</value></choice></define>
</grammar>
)";

TEST_CASE("power 51: the metadata is what fence-agents' grammar wants",
          "[power]") {
  const std::string metadata = power::FenceMetadata();
  for (const char* wanted :
       {"name=\"plug\" unique=\"0\" required=\"0\" obsoletes=\"port\"",
        "name=\"port\" unique=\"0\" required=\"0\" deprecated=\"1\"",
        "<option value=\"cycle\" />", "type=\"second\" default=\"20\"",
        "<action name=\"validate-all\" />"}) {
    INFO(wanted);
    CHECK(metadata.find(wanted) != std::string::npos);
  }
  if (!power_test::Have("xmllint")) return;
  sys::Loop loop;
  power_test::Program folder;
  folder.Write("metadata.xml", metadata);
  folder.Write("grammar.rng", kGrammar);
  std::string grammar = folder.Path("grammar.rng");
  const std::string shipped = "/usr/share/cluster/relaxng/metadata.rng";
  if (sys::ReadFile(shipped).ok()) grammar = shipped;
  CHECK(power_test::RunBeside(loop, {"xmllint", "--noout", "--relaxng", grammar,
                                     folder.Path("metadata.xml")}) ==
        absl::StrCat(folder.Path("metadata.xml"), " validates\n[exit 0]"));
}

}  // namespace
