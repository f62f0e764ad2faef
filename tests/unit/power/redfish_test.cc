// Redfish against a model of a service, in simulated time.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/redfish_model.h"
#include "power/redfish_protocol.h"
#include "unit/power/web_sim.h"

namespace {

using fakes::RedfishModel;
using fakes::RedfishOptions;
using fakes::WebHeard;
using fakes::WebSaid;
using power::Action;
using power::FailureClass;
using power::Outcome;
using power::PlugResult;
using power::PlugState;
using power::VerifyLevel;
using power::WebOrder;
using power_test::WebSim;

struct Service {
  explicit Service(RedfishOptions options = {}) : model(std::move(options)) {}

  std::vector<PlugResult> Run(std::vector<WebOrder> orders) {
    for (WebOrder& order : orders) {
      order.options.state_timeout = absl::Seconds(120);
    }
    auto protocol = std::make_unique<power::RedfishProtocol>(orders, account,
                                                             system, memory);
    power::RedfishProtocol& redfish = *protocol;
    power::WebJob job(orders, absl::Seconds(60), WebSim::Link(account),
                      std::move(protocol));
    std::vector<PlugResult> results = sim.Run(job);
    memory = redfish.memory();
    // Whatever came of it, nothing is left behind.
    CHECK(model.sessions.empty());
    CHECK(model.most_sessions <= 1);
    return results;
  }
  PlugResult One(Action action, const std::string& plug = "web1") {
    return Run({{.action = action, .plug = plug}})[0];
  }

  // One whose end may be cut off: then a session stays, which is not ours to
  // mend.
  PlugResult Alone(Action action) {
    auto protocol = std::make_unique<power::RedfishProtocol>(
        std::vector<WebOrder>{{.action = action, .plug = "web1"}}, account, "",
        power::RedfishMemory());
    power::WebJob job({{.action = action, .plug = "web1"}}, absl::Seconds(60),
                      WebSim::Link(account), std::move(protocol));
    return sim.Run(job)[0];
  }

  RedfishModel model;
  WebSim sim{model};
  power::WebAccount account = WebSim::Account("root", "calvin", true);
  std::string system;
  power::RedfishMemory memory;
};

std::string TextOf(const PlugResult& result) {
  return result.failure.has_value()
             ? absl::StrCat(power::Word(result.failure->failure_class), ": ",
                            result.failure->text)
             : std::string(power::Word(*result.outcome));
}

}  // namespace

TEST_CASE("redfish: a status is three calls, and the next time one",
          "[power]") {
  Service service;
  PlugResult result = service.One(Action::kStatus);
  CHECK(TextOf(result) == "done");
  CHECK(result.after == PlugState::kOn);
  CHECK(service.model.calls ==
        std::vector<std::string>{"GET /redfish/v1/", "GET /redfish/v1/Systems",
                                 "GET /redfish/v1/Systems/1"});
  CHECK(service.sim.connects() == 1);
  service.model.calls.clear();
  service.model.systems[0].is_on = service.model.systems[0].goes_on = false;
  result = service.One(Action::kStatus);
  CHECK(result.after == PlugState::kOff);
  CHECK(service.model.calls.size() == 1);
  CHECK(service.model.sessions_made == 0);
}

TEST_CASE(
    "redfish: power 43: off is off when the service says so and no sooner",
    "[power]") {
  for (const int seconds : {1, 4, 11}) {
    Service service({.follows = absl::Seconds(seconds)});
    const PlugResult result = service.One(Action::kOff);
    CHECK(TextOf(result) == "done");
    CHECK(result.before == PlugState::kOn);
    CHECK(result.after == PlugState::kOff);
    CHECK(service.sim.took() >= absl::Seconds(seconds));
    CHECK(service.sim.took() < absl::Seconds(seconds + 3));
    CHECK(service.model.asked == std::vector<std::string>{"1 ForceOff"});
    CHECK(service.model.sessions_made == 1);
  }
  Service frozen({.is_frozen = true});
  const PlugResult result = frozen.One(Action::kOff);
  CHECK(absl::StartsWith(TextOf(result), "state: "));
  CHECK(result.failure->maybe_executed);
  CHECK(frozen.sim.took() >= absl::Seconds(120));
  CHECK(frozen.sim.took() < absl::Seconds(124));
}

TEST_CASE("redfish: each action asks for what it is", "[power]") {
  Service service;
  CHECK(TextOf(service.One(Action::kOn)) == "already");
  CHECK(TextOf(service.One(Action::kReset)) == "done");
  CHECK(TextOf(service.One(Action::kNmi)) == "accepted");
  CHECK(TextOf(service.One(Action::kCycle)) == "done");
  CHECK(TextOf(service.One(Action::kSoft)) == "done");
  CHECK(TextOf(service.One(Action::kOff)) == "already");
  const PlugResult cycled = service.One(Action::kCycle);
  CHECK(TextOf(cycled) == "done");
  CHECK(cycled.remark == "was off");
  CHECK(TextOf(service.One(Action::kIdentifyOn)) == "accepted");
  CHECK(service.model.systems[0].is_lit);
  CHECK(TextOf(service.One(Action::kIdentifyOff)) == "accepted");
  CHECK_FALSE(service.model.systems[0].is_lit);
  CHECK(service.model.asked ==
        std::vector<std::string>{"1 ForceRestart", "1 Nmi", "1 ForceOff",
                                 "1 On", "1 GracefulShutdown", "1 On"});
}

TEST_CASE("redfish: a button is pushed only by whoever knows the state",
          "[power]") {
  Service service({.reset_types = {"PushPowerButton"}});
  CHECK(TextOf(service.One(Action::kOff)) ==
        "unsupported: it has no way to do 'off'");
  service.model.systems[0] = {.is_on = false, .goes_on = false};
  // The answer to the first push is lost.
  int pushes = 0;
  service.model.before = [&](const WebHeard& heard) -> std::optional<WebSaid> {
    if (heard.method == "POST" && absl::EndsWith(heard.target, ".Reset") &&
        ++pushes == 1) {
      service.model.before = nullptr;
      service.model.Answer(heard, service.sim.now());
      return WebSaid{.hangs_up = true, .is_silent = true};
    }
    return std::nullopt;
  };
  service.model.options.follows = absl::Milliseconds(1);
  CHECK(TextOf(service.One(Action::kOn)) == "done");
  CHECK(service.model.asked == std::vector<std::string>{"1 PushPowerButton"});
}

TEST_CASE("redfish: power 44: one of 200 systems by UUID, host name, and path",
          "[power]") {
  for (const auto& [plug, system] :
       std::vector<std::pair<std::string, std::string>>{
           {"web150", ""},
           {"web150.example.org", ""},
           {"whatever", "uuid-0150"},
           {"150", ""},
           {"/redfish/v1/Systems/150", ""}}) {
    Service service({.systems = 200, .page = 60});
    service.system = system;
    INFO(plug);
    CHECK(TextOf(service.One(Action::kOff, plug)) == "done");
    CHECK(service.model.asked == std::vector<std::string>{"150 ForceOff"});
    service.model.calls.clear();
    CHECK(TextOf(service.One(Action::kStatus, plug)) == "done");
    CHECK(service.model.calls.size() == 1);
  }
  Service service({.systems = 200});
  CHECK(TextOf(service.One(Action::kOff, "web201")) ==
        "plug: the service has no 'web201'");
  CHECK(TextOf(service.One(Action::kOff, "/redfish/v1/Systems/201"))
            .substr(0, 5) == "plug:");
  CHECK(service.model.asked.empty());
  // Where there is one only, a system that is named has to be that one.
  Service single;
  single.system = "web9";
  CHECK(absl::StartsWith(TextOf(single.One(Action::kOff)), "plug: "));
}

TEST_CASE("redfish: many systems of one service are switched beside each other",
          "[power]") {
  Service service({.systems = 8, .follows = absl::Seconds(10)});
  std::vector<WebOrder> orders;
  for (int i = 1; i <= 8; ++i) {
    orders.push_back(
        {.action = Action::kCycle, .plug = absl::StrCat("web", i)});
  }
  for (const PlugResult& result : service.Run(orders)) {
    CHECK(TextOf(result) == "done");
  }
  CHECK(service.model.sessions_made == 1);
  CHECK(service.sim.connects() <= 3);
  CHECK(service.sim.took() < absl::Seconds(35));
}

TEST_CASE("redfish: what was remembered and has gone is looked for again",
          "[power]") {
  Service service({.systems = 2});
  service.memory.paths["web2"] = "/redfish/v1/Systems/old";
  CHECK(TextOf(service.One(Action::kOff, "web2")) == "done");
  CHECK(service.memory.paths["web2"] == "/redfish/v1/Systems/2");
}

TEST_CASE("redfish: power 44: targets, action info, tags, and tasks",
          "[power]") {
  Service absolute({.absolute_targets = true});
  CHECK(TextOf(absolute.One(Action::kOff)) == "done");
  Service info({.action_info = true});
  CHECK(TextOf(info.One(Action::kOff)) == "done");
  Service less({.action_info = true, .reset_types = {"On"}});
  CHECK(TextOf(less.One(Action::kOff)) ==
        "unsupported: it has no way to do 'off'");
  Service tags({.wants_tags = true});
  CHECK(TextOf(tags.One(Action::kOff)) == "done");
  CHECK(TextOf(tags.One(Action::kIdentifyOn)) == "accepted");
  CHECK(tags.model.systems[0].is_lit);
  Service tasks({.makes_tasks = true});
  CHECK(TextOf(tasks.One(Action::kOff)) == "done");
  Service broken(
      {.is_frozen = false, .makes_tasks = true, .task_ends = "Exception"});
  CHECK(TextOf(broken.One(Action::kOff)) ==
        "device: its task is Exception: the power supply is gone");
}

TEST_CASE("redfish: power 44: what a service may answer instead of yes",
          "[power]") {
  const auto answered = [](WebSaid said, Action action = Action::kOff) {
    Service service;
    service.model.before =
        [&](const WebHeard& heard) -> std::optional<WebSaid> {
      if (absl::EndsWith(heard.target, ".Reset")) return said;
      return std::nullopt;
    };
    return TextOf(service.One(action));
  };
  CHECK(answered(fakes::RedfishError(403, "InsufficientPrivilege", "no, no")) ==
        "privilege: 'off': no, no");
  CHECK(answered(fakes::RedfishError(404, "ActionNotFound", "which?")) ==
        "plug: 'off': which?");
  CHECK(answered(fakes::RedfishError(400, "ActionParameterUnknown", "what?")) ==
        "device: 'off': what?");
  CHECK(answered(fakes::RedfishError(409, "ResourceInUse", "in POST")) ==
        "device: 'off': in POST");
  CHECK(answered({.status = 500, .body = "<html>"}) ==
        "device: 'off': HTTP 500 Word");
  CHECK(answered(fakes::RedfishError(403, "PasswordChangeRequired",
                                     "change it")) == "auth: 'off': change it");
  CHECK(answered(fakes::RedfishError(412, "PreconditionFailed", "old")) ==
        "device: 'off': old");
  CHECK(answered(fakes::RedfishError(400, "Oem.InvalidOperationForSystemState",
                                     "not now"),
                 Action::kReset) == "device: 'reset': not now");
  WebSaid away = {.status = 307,
                  .headers = {{"Location", "http://elsewhere/x"}}};
  CHECK(absl::StartsWith(answered(away),
                         "device: sends us elsewhere, which we do not follow"));
}

TEST_CASE("redfish: power 44: 503 with Retry-After is asked again, then busy",
          "[power]") {
  Service service;
  int refusals = 1, posts = 0;
  service.model.before = [&](const WebHeard& heard) -> std::optional<WebSaid> {
    if (!absl::EndsWith(heard.target, ".Reset")) return std::nullopt;
    if (posts++ >= refusals) return std::nullopt;
    WebSaid said = fakes::RedfishError(503, "Busy", "updating");
    said.headers.emplace("Retry-After", "7");
    return said;
  };
  CHECK(TextOf(service.One(Action::kOff)) == "done");
  CHECK(service.sim.took() >= absl::Seconds(7));
  refusals = 100;
  posts = 0;
  CHECK(TextOf(service.One(Action::kOn)) == "busy: 'on': updating");
  CHECK(posts == 3);
}

TEST_CASE("redfish: what is so already is said so", "[power]") {
  Service service;
  // Somebody switches it off between our look and our command.
  service.model.before = [&](const WebHeard& heard) -> std::optional<WebSaid> {
    if (absl::EndsWith(heard.target, ".Reset")) {
      service.model.systems[0] = {.is_on = false, .goes_on = false};
    }
    return std::nullopt;
  };
  const PlugResult result = service.One(Action::kOff);
  CHECK(TextOf(result) == "already");
  CHECK(result.after == PlugState::kOff);
}

TEST_CASE("redfish: power 14: a wrong password is tried once", "[power]") {
  for (const Action action : {Action::kStatus, Action::kOff}) {
    Service service;
    service.account = WebSim::Account("root", "wrong", true);
    const PlugResult result = service.One(action);
    CHECK(absl::StartsWith(TextOf(result), "auth: the credentials"));
    CHECK(result.verified == VerifyLevel::kReach);
    CHECK(service.model.refused == 1);
    CHECK(service.model.asked.empty());
  }
}

TEST_CASE("redfish: power 16: passwords with any bytes that HTTP can carry",
          "[power]") {
  for (const std::string& password :
       {std::string("quote\"s and 'blanks'"), std::string("50%$HOME\\n"),
        std::string("12345678901234567890"),
        std::string("123456789012345678901"), std::string("gr\xc3\xbc\xc3\x9f"),
        std::string(), std::string("\xff\xfe not UTF-8")}) {
    for (const Action action : {Action::kStatus, Action::kOff}) {
      Service service({.password = password});
      service.account = WebSim::Account("root", password, true);
      INFO(password);
      CHECK(TextOf(service.One(action)) == "done");
      for (const std::string& line : service.sim.trace()) {
        if (!password.empty()) CHECK_FALSE(absl::StrContains(line, password));
      }
    }
  }
  CHECK(
      power::CheckWebAccount(WebSim::Account("root", "a\nb"))->failure_class ==
      FailureClass::kConfig);
  CHECK(power::CheckWebAccount(WebSim::Account("a:b", "c"))->failure_class ==
        FailureClass::kConfig);
}

TEST_CASE("redfish: a service without sessions is shown the password each time",
          "[power]") {
  Service service({.has_sessions = false});
  CHECK(TextOf(service.One(Action::kOff)) == "done");
  CHECK(service.model.sessions_made == 0);
}

TEST_CASE("redfish: a session that was forgotten is made anew, once",
          "[power]") {
  Service service;
  bool has_forgotten = false;
  service.model.before = [&](const WebHeard& heard) -> std::optional<WebSaid> {
    if (absl::EndsWith(heard.target, ".Reset") && !has_forgotten) {
      has_forgotten = true;
      service.model.sessions.clear();
    }
    return std::nullopt;
  };
  CHECK(TextOf(service.One(Action::kOff)) == "done");
  CHECK(service.model.sessions_made == 2);
}

TEST_CASE("redfish: verify switches nothing and tells what the account may",
          "[power]") {
  Service may;
  PlugResult result = may.One(Action::kVerify);
  CHECK(TextOf(result) == "done");
  CHECK(result.verified == VerifyLevel::kPrivilege);
  Service may_not({.role = "ReadOnly"});
  result = may_not.One(Action::kVerify);
  CHECK(TextOf(result) == "privilege: the account may not switch");
  CHECK(result.verified == VerifyLevel::kPlug);
  Service by_header({.has_accounts = false});
  CHECK(by_header.One(Action::kVerify).verified == VerifyLevel::kPrivilege);
  Service unknown({.role = "ReadOnly", .has_accounts = false});
  result = unknown.One(Action::kVerify);
  CHECK(TextOf(result) == "done");
  CHECK(result.verified == VerifyLevel::kPlug);
  CHECK(result.remark == "whether it may be switched is not known");
  for (const Service* service : {&may, &may_not, &by_header, &unknown}) {
    CHECK(service->model.asked.empty());
  }
}

TEST_CASE("redfish: a host starts from where it is told, once", "[power]") {
  for (const bool wants_tags : {false, true}) {
    Service service({.wants_tags = wants_tags});
    CHECK(TextOf(service.One(Action::kBootPxe)) == "done");
    CHECK(service.model.systems[0].boots == "Pxe Once");
    CHECK(TextOf(service.One(Action::kBootNone)) == "done");
    CHECK(service.model.systems[0].boots == "None Disabled");
    CHECK(TextOf(service.One(Action::kBootBios)) ==
          "unsupported: it has no way to do 'bootdev bios'");
    CHECK(service.model.systems[0].boots == "None Disabled");
    CHECK(service.model.asked.empty());
  }
}

TEST_CASE("redfish: a boot device that is not kept, or not shown, is told",
          "[power]") {
  Service deaf({.forgets_boot = true});
  CHECK(TextOf(deaf.One(Action::kBootPxe)) ==
        "state: took 'bootdev pxe', but shows another boot device after 2m");
  Service mute({.shows_boot = false});
  CHECK(TextOf(mute.One(Action::kBootPxe)) == "accepted");
  CHECK(mute.model.systems[0].boots == "Pxe Once");
  // Outlets have none.
  Service strip({.systems = 0, .outlets = 8});
  CHECK(TextOf(strip.One(Action::kBootPxe, "3")) ==
        "unsupported: it has no way to do 'bootdev pxe'");
  // An answer that is lost is not waited for: it is set once more.
  Service lossy;
  int lost = 0;
  lossy.model.before = [&](const WebHeard& heard) -> std::optional<WebSaid> {
    if (heard.method != "PATCH" || lost++ > 0) return std::nullopt;
    return WebSaid{.hangs_up = true, .is_silent = true};
  };
  CHECK(TextOf(lossy.One(Action::kBootDisk)) == "done");
  CHECK(lossy.model.systems[0].boots == "Hdd Once");
}

TEST_CASE("redfish: outlets of a strip", "[power]") {
  Service service({.systems = 0, .outlets = 8});
  CHECK(TextOf(service.One(Action::kOff, "3")) == "done");
  CHECK(TextOf(service.One(Action::kCycle, "A/4")) == "done");
  CHECK(TextOf(service.One(Action::kStatus, "B/4")) ==
        "plug: the service has no 'B/4'");
  CHECK(TextOf(service.One(Action::kStatus, "9")) ==
        "plug: the service has no '9'");
  CHECK(TextOf(service.One(Action::kReset, "4")) ==
        "unsupported: it has no way to do 'reset'");
  CHECK(service.model.asked == std::vector<std::string>{"outlet 3 Off",
                                                        "outlet 4 Off",
                                                        "outlet 4 On"});
}

TEST_CASE("redfish: power 27: refused, deaf, and hung up at any byte",
          "[power]") {
  Service refused;
  refused.sim.refuses = 1;
  CHECK(TextOf(refused.One(Action::kStatus)) == "unreachable: refused");
  CHECK(refused.sim.took() < absl::Milliseconds(100));
  Service deaf;
  deaf.sim.is_deaf = true;
  CHECK(TextOf(deaf.One(Action::kStatus)) ==
        "timeout: no answer while connecting for 5s");
  CHECK(deaf.sim.took() == absl::Seconds(5));
  for (const Action action :
       {Action::kStatus, Action::kOff, Action::kCycle, Action::kReset}) {
    for (size_t bytes = 0; bytes < 2600; bytes += 61) {
      Service service;
      service.sim.cut_after = bytes;
      service.sim.piece = 50;
      RedfishModel& model = service.model;
      const PlugResult result = service.Alone(action);
      INFO(power::Word(action) << " " << bytes << " " << TextOf(result));
      REQUIRE(result.outcome.has_value() != result.failure.has_value());
      if (result.failure.has_value()) {
        const FailureClass c = result.failure->failure_class;
        CHECK((c == FailureClass::kClosed || c == FailureClass::kState ||
               c == FailureClass::kDevice));
        // What was asked may have been done, and the result says so.
        if (!model.asked.empty()) CHECK(result.failure->maybe_executed);
      }
      CHECK(model.asked.size() <= 4);
    }
  }
}

TEST_CASE("redfish: power 11: a trial switches nothing, whatever is answered",
          "[power]") {
  const auto is_as_it_was = [](const Service& service) {
    const auto& system = service.model.systems[0];
    return service.model.asked.empty() && system.is_on && system.goes_on &&
           !system.is_lit;
  };
  Service whole;
  whole.Alone(Action::kVerify);
  CHECK(is_as_it_was(whole));
  const size_t calls = whole.model.calls.size();
  REQUIRE(calls >= 3);
  for (size_t bytes = 0; bytes < 2600; bytes += 61) {
    Service service;
    service.sim.cut_after = bytes;
    service.sim.piece = 50;
    service.Alone(Action::kVerify);
    CHECK(is_as_it_was(service));
  }
  // Something else than is expected, at each call.
  for (size_t at = 0; at < calls; ++at) {
    for (const char* body : {"", "{}", "<html>", "{\"Members\":7}"}) {
      Service service;
      size_t call = 0;
      service.model.before = [&](const WebHeard&) -> std::optional<WebSaid> {
        if (call++ != at) return std::nullopt;
        return WebSaid{.body = body};
      };
      service.Alone(Action::kVerify);
      INFO(at << " " << body);
      CHECK(is_as_it_was(service));
    }
  }
}

TEST_CASE("redfish: power 44: JSON of the wrong kinds and bodies without end",
          "[power]") {
  const std::vector<std::string> bodies = {
      "",
      "[]",
      "{",
      "null",
      "\"text\"",
      "{\"Systems\":7}",
      R"({"Systems":{"@odata.id":7}})",
      R"({"Systems":{"@odata.id":"/redfish/v1/Systems"},"Members":{}})",
      R"({"Members":[1,{"@odata.id":[]},{"@odata.id":"//evil/x"}]})",
      R"({"Members":[{"@odata.id":"/redfish/v1/Systems/1"}],"PowerState":7})",
      R"({"PowerState":null,"Actions":[]})",
      R"({"PowerState":"On","Actions":{"#ComputerSystem.Reset":{"target":1}}})",
      R"({"PowerState":"On","Actions":{"#ComputerSystem.Reset":
          {"target":"x y","ResetType@Redfish.AllowableValues":"On"}}})",
      R"({"Members":[{"@odata.id":"/a"}],"Members@odata.nextLink":"/redfish/v1/Systems"})",
      std::string(200, '[')};
  for (const std::string& body : bodies) {
    for (const std::string& at :
         {std::string("/redfish/v1/"), std::string("/redfish/v1/Systems"),
          std::string("/redfish/v1/Systems/1")}) {
      // Two of them are right in one place.
      const bool is_root = at == "/redfish/v1/";
      if (is_root && absl::StrContains(body, "v1/Systems\"},")) continue;
      if (absl::EndsWith(at, "Systems") &&
          absl::StrContains(body, "\"PowerState\":7")) {
        continue;
      }
      Service service;
      service.model.before =
          [&](const WebHeard& heard) -> std::optional<WebSaid> {
        if (heard.target == at) return WebSaid{.body = body};
        return std::nullopt;
      };
      INFO(at << " " << body);
      const PlugResult result = service.One(Action::kOff);
      CHECK(result.failure.has_value());
      CHECK(service.model.asked.empty());
    }
  }
  Service large;
  large.model.before = [&](const WebHeard& heard) -> std::optional<WebSaid> {
    if (heard.target != "/redfish/v1/Systems") return std::nullopt;
    return WebSaid{
        .raw = absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n"
                            "\r\n",
                            std::string(100'000, ' '))};
  };
  CHECK(TextOf(large.One(Action::kOff)) == "device: the answer is too long");
  large.model.before = [&](const WebHeard& heard) -> std::optional<WebSaid> {
    if (heard.target != "/redfish/v1/Systems") return std::nullopt;
    return WebSaid{.raw = absl::StrCat("HTTP/1.1 200 OK\r\n\r\n",
                                       std::string(5 << 20, ' '))};
  };
  CHECK(TextOf(large.One(Action::kOff)) == "device: the answer is too long");
}

TEST_CASE("redfish: an answer in pieces, in chunks, over connections that end",
          "[power]") {
  for (const size_t piece : {1, 7, 1000}) {
    Service service;
    service.sim.piece = piece;
    service.model.before =
        [&](const WebHeard& heard) -> std::optional<WebSaid> {
      if (heard.method != "GET") return std::nullopt;
      auto hook = std::move(service.model.before);
      service.model.before = nullptr;
      WebSaid said = service.model.Answer(heard, service.sim.now());
      service.model.before = std::move(hook);
      said.is_chunked = true;
      said.hangs_up = service.model.calls.size() % 3 == 0;
      return said;
    };
    CHECK(TextOf(service.One(Action::kCycle)) == "done");
  }
  Service idle({.follows = absl::Seconds(11)});
  idle.sim.idle = absl::Milliseconds(700);
  CHECK(TextOf(idle.One(Action::kCycle)) == "done");
  CHECK(idle.sim.connects() > 3);
}

TEST_CASE("redfish: what has not begun is cancelled, what was sent is not",
          "[power]") {
  Service service({.follows = absl::Seconds(10)});
  service.sim.cancel_at = service.sim.now() + absl::Milliseconds(1);
  std::vector<PlugResult> results =
      service.Run({{.action = Action::kOff, .plug = "web1"}});
  CHECK_FALSE(results[0].outcome.has_value());
  CHECK_FALSE(results[0].failure.has_value());
  CHECK(service.model.asked.empty());
  service.sim.cancel_at = service.sim.now() + absl::Seconds(2);
  results = service.Run({{.action = Action::kOff, .plug = "web1"}});
  CHECK(TextOf(results[0]) == "done");
}
