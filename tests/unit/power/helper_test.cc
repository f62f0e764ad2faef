// The lines of the co-processes, and that the device files which need them are
// content with the answers.
#include "power/helper.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>
#include <deque>

#include "power/device_parser.h"
#include "power/limits.h"
#include "power/session.h"
#include "sys/file.h"
#include "unit/power/fake_device.h"

namespace {

using power::FailureClass;
using power::Helper;
using power::HelperAnswer;
using power::HelperCall;
using power::IpmiCall;
using power::PageCall;
using power::ParseHelperCommand;
using power::PlugState;
using power::SnmpCall;
using power::Verb;

std::optional<power::HelperCommand> Parsed(const std::string& command) {
  return ParseHelperCommand(std::vector<std::string>{"/bin/sh", "-c", command});
}

absl::Time Start() { return absl::UnixEpoch(); }

// A helper whose calls are answered by a function.
struct Bench {
  using Answer = std::function<HelperAnswer(const HelperCall&)>;
  Bench(const std::string& command, Answer a)
      : helper(power::MakeHelper(Parsed(command).value())),
        answer(std::move(a)) {
    Take(helper->Begin());
  }
  std::string Say(absl::string_view line) {
    said.clear();
    Take(helper->Received(absl::StrCat(line, "\n"), now));
    while (helper->wake_at() != absl::InfiniteFuture()) {
      now = helper->wake_at();
      Take(helper->Wake(now));
    }
    return said;
  }
  void Take(Helper::Effects effects) {
    said += effects.say;
    quit |= effects.quit;
    for (const HelperCall& call : effects.start) {
      calls.push_back(call);
      Take(helper->Answered(call.id, answer(call), now));
    }
  }
  std::unique_ptr<Helper> helper;
  Answer answer;
  absl::Time now = Start();
  std::string said;
  bool quit = false;
  std::vector<HelperCall> calls;
};

TEST_CASE("power 32: commands of device lines that are built in", "[power]") {
  const auto ipmi = Parsed(
      "/usr/sbin/ipmipower -h pnode[1-2] -u root -p x\\y --wait-until-on");
  CHECK(!ipmi.has_value());  // a backslash is the shell's
  const auto plain = Parsed(
      "/usr/sbin/ipmipower -h pnode[1-2],p9 -u root -psecret -D LAN_2_0 -I 17 "
      "-W opensesspriv --wait-until-on --wait-until-off ");
  REQUIRE(plain.has_value());
  CHECK(absl::StrJoin(plain->hosts, " ") == "pnode1 pnode2 p9");
  CHECK(plain->user == "root");
  CHECK(plain->password->view() == "secret");
  CHECK(plain->cipher_suite == "17");
  CHECK((plain->wait_until_on && plain->wait_until_off));
  CHECK(plain->warnings.size() == 1);
  const auto redfish = Parsed(
      "redfishpower --hostname=n1 -S redfish/v1/Systems/1 -O redfish/v1/On -P "
      "'{\"ResetType\":\"On\"}' -H Content-Type:application/json");
  REQUIRE(redfish.has_value());
  CHECK(redfish->paths.at("stat") == "redfish/v1/Systems/1");
  CHECK(redfish->data.at("on") == "{\"ResetType\":\"On\"}");
  const auto http = ParseHelperCommand(std::vector<std::string>{
      "/usr/sbin/httppower", "-u", "https://pnode1", "-c"});
  REQUIRE(http.has_value());
  CHECK((http->url == "https://pnode1" && http->cookies));
  CHECK(Parsed("snmppower -h 192.168.1.95")->hosts[0] == "192.168.1.95");
}

TEST_CASE("power 32: what is not understood is left to the program",
          "[power]") {
  for (const char* command :
       {"/usr/sbin/vpcd", "plmpower -d /dev/ttyS0", "ipmipower",
        "ipmipower -h n1 --oem-power-type=C410X", "ipmipower -h n1 -D LAN",
        "ipmipower -h n1 extra", "ipmipower -h 'n1", "ipmipower -h n1 -I 0",
        "ipmipower -h n1 | tee log", "snmppower -h $HOST", "snmppower",
        "snmppower -h a,b", "httppower --proxy x", "ipmipower -h",
        "ssh head ipmipower -h n1", "redfishpower -h n1 -v", ""}) {
    INFO(command);
    CHECK(!Parsed(command).has_value());
  }
}

TEST_CASE("ipmipower helper: answers in ipmipower's words", "[power]") {
  std::map<std::string, bool> on = {{"p1", true}, {"p2", false}, {"p3", false}};
  Bench b("ipmipower -h p[1-3] --wait-until-on", [&](const HelperCall& call) {
    const IpmiCall& what = std::get<IpmiCall>(call.what);
    if (call.host == "p3") {
      return HelperAnswer{power::Failure{FailureClass::kTimeout, "silence"}};
    }
    if (what.action == power::Action::kOn) on[call.host] = true;
    HelperAnswer answer;
    answer.state = on[call.host] ? PlugState::kOn : PlugState::kOff;
    return answer;
  });
  CHECK(b.said == "ipmipower> ");
  CHECK(b.Say("stat") ==
        "p1: on\np2: off\np3: connection timeout\nipmipower> ");
  CHECK(b.Say("on p2,x1") == "x1: unconfigured hostname\np2: ok\nipmipower> ");
  CHECK(std::get<IpmiCall>(b.calls.back().what).waits);
  CHECK(b.Say("off p2") == "p2: ok\nipmipower> ");
  CHECK(!std::get<IpmiCall>(b.calls.back().what).waits);
  CHECK(b.Say("wait-until-off") == "wait-until-off is now on\nipmipower> ");
  CHECK(b.Say("identify-status p1") == "p1: on\nipmipower> ");
  CHECK(std::get<IpmiCall>(b.calls.back().what).asks_beacon);
  CHECK(b.Say("on p[2-1]") == "invalid hostname(s) specified\nipmipower> ");
  CHECK(b.Say("explode") == "unknown command - type \"help\"\nipmipower> ");
  CHECK(b.Say("quit").empty());
  CHECK(b.quit);
}

TEST_CASE("snmppower helper: answers in snmppower's words", "[power]") {
  std::map<std::string, int64_t> objects = {
      {"1.3.6.1.4.1.13742.4.1.2.2.1.3.2", 0},
      {"1.3.6.1.4.1.20677.2.6.3.7.0", 2}};
  Bench b("snmppower -h r1", [&](const HelperCall& call) {
    const SnmpCall& what = std::get<SnmpCall>(call.what);
    CHECK(call.host == "r1");
    CHECK(what.secret->view() == "private");
    const std::string oid = power::SnmpOidText(what.oid);
    HelperAnswer answer;
    if (oid == "1.3.6.1.4.1.13742.4.1.2.2.1.7.2") {
      answer.value = {.type = power::SnmpType::kGauge, .number = 42};
    } else if (!objects.contains(oid)) {
      answer.failure = power::Failure{FailureClass::kPlug, "no such object"};
    } else {
      if (what.sets) objects[oid] = what.value.number;
      answer.value = power::SnmpInteger(objects[oid]);
    }
    return answer;
  });
  const std::string outlet = "enterprises.13742.4.1.2.2.1.3.2";
  CHECK(b.Say("get " + outlet) ==
        "snmppower: start session first\nsnmppower> ");
  CHECK(b.Say("start_v2c private") == "snmppower> ");
  CHECK(b.Say("get " + outlet) == outlet + ": 0\nsnmppower> ");
  CHECK(b.Say("set " + outlet + " i 1") == outlet + ": 1\nsnmppower> ");
  CHECK(b.Say("get enterprises.13742.4.1.2.2.1.7.2") ==
        "SNMPv2-SMI::enterprises.13742.4.1.2.2.1.7.2 = Gauge32: 42\n"
        "snmppower> ");
  CHECK(b.Say("get Pulizzi::outlet7Status.0") ==
        "Pulizzi::outlet7Status.0: 2\nsnmppower> ");
  CHECK(b.Say("get enterprises.1.2") == "snmpget: no such object\nsnmppower> ");
  CHECK(b.Say("get what.is.it") == "error parsing oid\nsnmppower> ");
  const size_t calls = b.calls.size();
  CHECK(b.Say("set " + outlet + " i 99999999999") ==
        "error parsing value\nsnmppower> ");
  CHECK(b.Say("set " + outlet + " x 1") == "error parsing value\nsnmppower> ");
  CHECK(b.calls.size() == calls);
  CHECK(b.Say("finish") == "snmppower> ");
  CHECK(b.Say("start_v1 private") == "snmppower> ");
  CHECK(b.Say("start_v3 ops long-enough") ==
        "snmppower: finish current session first\nsnmppower> ");
  b.Say("finish");
  CHECK(b.Say("start_v3 ops short") ==
        "snmppower: passphrase must be at least 8 characters\nsnmppower> ");
}

TEST_CASE("redfishpower helper: on is ok once the state has followed",
          "[power]") {
  int asked = 0;
  bool is_on = false;
  Bench b("redfishpower -h n1", [&](const HelperCall& call) {
    const PageCall& what = std::get<PageCall>(call.what);
    HelperAnswer answer;
    if (what.posts) {
      asked = 0;
      is_on = what.body == "{\"ResetType\":\"On\"}";
      return answer;
    }
    CHECK(call.host == "n1");
    CHECK(what.path == "redfish/v1/Systems/1");
    CHECK(what.header == "Content-Type:application/json");
    CHECK(what.credentials->view() == "USER:PASS");
    // It takes its time.
    const bool shows = asked++ < 3 ? !is_on : is_on;
    answer.body =
        absl::StrCat("{\"PowerState\": \"", shows ? "On" : "Off", "\"}");
    return answer;
  });
  CHECK(b.Say("stat") == "Statpath not setup\nredfishpower> ");
  CHECK(b.Say("auth USER:PASS") == "redfishpower> ");
  CHECK(b.Say("setheader Content-Type:application/json") == "redfishpower> ");
  CHECK(b.Say("setstatpath redfish/v1/Systems/1") == "redfishpower> ");
  CHECK(b.Say("on n1") == "on path not setup\nredfishpower> ");
  CHECK(b.Say("setonpath redfish/v1/Reset {\"ResetType\":\"On\"}") ==
        "redfishpower> ");
  const absl::Time began = b.now;
  CHECK(b.Say("on n1") == "n1: ok\nredfishpower> ");
  CHECK(b.now - began == absl::Seconds(4));
  CHECK(b.Say("stat") == "n1: on\nredfishpower> ");
  CHECK(b.Say("on n2") == "unknown host specified: n2\nredfishpower> ");
}

TEST_CASE("redfishpower helper: on that changes nothing is a timeout",
          "[power]") {
  Bench b("redfishpower -h n1 -S s -O o -P x", [&](const HelperCall& call) {
    HelperAnswer answer;
    if (!std::get<PageCall>(call.what).posts) {
      answer.body = "{\"PowerState\":\"Off\"}";
    }
    return answer;
  });
  CHECK(b.Say("on") == "n1: timeout\nredfishpower> ");
  CHECK(b.now - Start() > absl::Seconds(60));
  CHECK(b.now - Start() < absl::Seconds(63));
}

TEST_CASE("redfishpower helper: answers that say nothing", "[power]") {
  std::string body;
  std::optional<power::Failure> failure;
  Bench b("redfishpower -h n1 -S s", [&](const HelperCall&) {
    HelperAnswer answer;
    answer.body = body;
    answer.failure = failure;
    return answer;
  });
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "no output error"},
      {"<html>", "parse error"},
      {"{}", "no powerstate"},
      {"[1]", "no powerstate"},
      {"{\"PowerState\":null}", "unknown"},
      {"{\"PowerState\":\"PoweringOff\"}", "unknown"},
      {"{\"PowerState\":\"Off\"}", "off"}};
  for (const auto& [text, word] : cases) {
    body = text;
    CHECK(b.Say("stat") == absl::StrCat("n1: ", word, "\nredfishpower> "));
  }
  failure = power::Failure{FailureClass::kAuth, "401"};
  CHECK(b.Say("stat") == "n1: error\nredfishpower> ");
}

TEST_CASE("power helpers: a line is limited, and those that wait are",
          "[power]") {
  std::vector<HelperCall> open;
  const auto helper = power::MakeHelper(Parsed("ipmipower -h p1").value());
  helper->Begin();
  for (int i = 0; i < 100; i++) {
    CHECK(helper->Received(std::string(4096, 'x'), Start()).say.empty());
  }
  CHECK(helper->Received("\n", Start()).say == "ipmipower> ");
  // Many at once: the first is begun, some wait, and that is all.
  std::string many;
  for (int i = 0; i < 10'000; i++) many += "stat\n";
  auto effects = helper->Received(many, Start());
  int answered = 0;
  while (!effects.start.empty()) {
    REQUIRE(effects.start.size() == 1);
    effects = helper->Answered(effects.start[0].id, {}, Start());
    answered++;
  }
  CHECK(answered <= 65);
  CHECK(answered > 1);
}

// Debian's device files beside the helper that they were written for.
class OnHelper {
 public:
  OnHelper(const std::string& file, size_t specification,
           const std::string& command, Bench::Answer answer)
      : bench_(command, std::move(answer)) {
    const auto text = sys::ReadFile("/etc/powerman/" + file);
    if (!text.ok()) return;
    file_ = power::ReadDeviceFile(file, *text).file;
    device_ = power_test::DeviceOf(file_.specifications[specification]);
    has_file_ = true;
  }
  bool has_file() const { return has_file_; }
  void AddPlugs(const std::vector<std::string>& plugs) {
    device_.plugs.clear();
    for (const std::string& plug : plugs) device_.plugs.push_back({plug});
  }
  power::RunEnded Do(Verb verb, std::vector<std::string> plugs) {
    session_.emplace(device_, power::SessionOptions{});
    ended_.reset();
    Take(session_->Ask(1, power_test::RunsOf(device_, verb, std::move(plugs)),
                       bench_.now));
    for (int i = 0; i < 1000 && !ended_; i++) {
      if (!bench_.said.empty()) {
        Take(session_->Received(std::exchange(bench_.said, {}), bench_.now));
      } else {
        bench_.now = std::min(session_->wake_at(), bench_.helper->wake_at());
        if (session_->wake_at() <= bench_.now) {
          Take(session_->Woken(bench_.now));
        } else {
          bench_.Take(bench_.helper->Wake(bench_.now));
        }
      }
    }
    REQUIRE(ended_);
    REQUIRE(!ended_->runs.empty());
    if (ended_->runs[0].failure) FAIL(ended_->runs[0].failure->text);
    return ended_->runs[0];
  }
  PlugState State(const std::string& plug) {
    for (const auto& report : Do(Verb::kStatus, {plug}).plugs) {
      if (report.plug == plug) return report.state;
    }
    return PlugState::kUnknown;
  }

 private:
  void Take(const power::Session::Effects& effects) {
    for (const auto& effect : effects) {
      if (const auto* text = std::get_if<power::SendText>(&effect)) {
        bench_.Take(bench_.helper->Received(text->bytes, bench_.now));
      } else if (const auto* end = std::get_if<power::RequestEnded>(&effect)) {
        ended_ = *end;
      } else if (std::holds_alternative<power::Connect>(effect)) {
        bench_.said.clear();
        bench_.Take(bench_.helper->Begin());
        Take(session_->Connected(bench_.now));
      }
    }
  }

  Bench bench_;
  power::DeviceFile file_;
  power::DialogueDevice device_;
  bool has_file_ = false;
  std::optional<power::Session> session_;
  std::optional<power::RequestEnded> ended_;
};

TEST_CASE("power 32: ipmipower.dev works without ipmipower", "[power]") {
  std::map<std::string, bool> on;
  OnHelper b("ipmipower.dev", 0, "ipmipower -h pnode[1-2]",
             [&](const HelperCall& call) {
               const auto& what = std::get<IpmiCall>(call.what);
               if (what.action == power::Action::kOn) on[call.host] = true;
               if (what.action == power::Action::kOff) on[call.host] = false;
               HelperAnswer answer;
               answer.state = on[call.host] ? PlugState::kOn : PlugState::kOff;
               return answer;
             });
  if (!b.has_file()) {
    WARN("skipped: powerman is not installed");
    return;
  }
  b.AddPlugs({"pnode1", "pnode2"});
  CHECK(b.State("pnode2") == PlugState::kOff);
  b.Do(Verb::kOn, {"pnode2"});
  CHECK(on == std::map<std::string, bool>{{"pnode1", false}, {"pnode2", true}});
  CHECK(b.State("pnode2") == PlugState::kOn);
  CHECK(b.State("pnode1") == PlugState::kOff);
  b.Do(Verb::kCycle, {"pnode1", "pnode2"});
  CHECK(b.State("pnode1") == PlugState::kOn);
}

TEST_CASE("power 32: redfishpower's device files work without it", "[power]") {
  for (const char* file :
       {"redfishpower-supermicro.dev", "redfishpower-cray-r272z30.dev",
        "redfishpower-cray-windom.dev"}) {
    INFO(file);
    std::map<std::string, bool> on;
    OnHelper b(file, 0, "redfishpower -h pnode[1,3]",
               [&](const HelperCall& call) {
                 const auto& what = std::get<PageCall>(call.what);
                 if (what.posts) {
                   on[call.host] = what.body.find("Off") == std::string::npos;
                 }
                 HelperAnswer answer;
                 answer.body = absl::StrCat(
                     "{\"PowerState\":\"", on[call.host] ? "On" : "Off", "\"}");
                 return answer;
               });
    if (!b.has_file()) {
      WARN("skipped: powerman is not installed");
      return;
    }
    b.AddPlugs({"pnode1", "pnode3"});
    b.Do(Verb::kOn, {"pnode3"});
    CHECK(b.State("pnode3") == PlugState::kOn);
    CHECK(b.State("pnode1") == PlugState::kOff);
    b.Do(Verb::kOff, {"pnode3"});
    CHECK(b.State("pnode3") == PlugState::kOff);
  }
}

TEST_CASE("power 32: snmppower's device files work without it", "[power]") {
  for (const char* file : {"raritan-px4316.dev", "eaton-revelation-snmp.dev",
                           "eaton-epdu-blue-switched.dev", "apc8941.dev"}) {
    INFO(file);
    std::map<std::string, int64_t> objects;
    const bool is_apc = std::string(file) == "apc8941.dev";
    const bool is_one_based =
        is_apc || std::string(file).find("epdu") != std::string::npos;
    const int64_t off = is_one_based ? 2 : 0;
    OnHelper b(file, 0, "snmppower -h r1", [&](const HelperCall& call) {
      const auto& what = std::get<SnmpCall>(call.what);
      // States are read from one object and set by another.
      const std::string key = absl::StrCat(what.oid[what.oid.size() - 1], "/",
                                           what.oid[what.oid.size() - 2]);
      if (what.sets) objects[key] = what.value.number;
      HelperAnswer answer;
      int64_t value = objects.contains(key) ? objects[key] : off;
      // This card reads 1 as off and 2 as on, and writes them the other way.
      if (is_apc && !what.sets) value = 3 - value;
      answer.value = power::SnmpInteger(value);
      return answer;
    });
    if (!b.has_file()) {
      WARN("skipped: powerman is not installed");
      return;
    }
    CHECK(b.State("3") == PlugState::kOff);
    b.Do(Verb::kOn, {"3"});
    CHECK(b.State("3") == PlugState::kOn);
    CHECK(b.State("4") == PlugState::kOff);
    b.Do(Verb::kCycle, {"3"});
    b.Do(Verb::kOff, {"3"});
    CHECK(b.State("3") == PlugState::kOff);
  }
}

}  // namespace
