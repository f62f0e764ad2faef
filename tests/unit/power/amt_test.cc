// Intel AMT against a model of it, in simulated time; Digest with it.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/amt_model.h"
#include "power/amt_protocol.h"
#include "unit/power/web_sim.h"

namespace {

using fakes::AmtModel;
using power::Action;
using power::PlugResult;
using power::PlugState;
using power_test::WebSim;

struct Host {
  PlugResult One(Action action, power::ActionOptions options = {}) {
    auto protocol = std::make_unique<power::AmtProtocol>(is_old);
    power::AmtProtocol& amt = *protocol;
    power::WebServer server = {.host = "bmc1", .port = 16992};
    server.stream.connect_again = absl::Seconds(10);
    power::WebJob job({{.action = action, .plug = "1", .options = options}},
                      absl::Seconds(60),
                      WebSim::Link(account, std::move(server)),
                      std::move(protocol));
    const PlugResult result = sim.Run(job)[0];
    is_old = amt.is_old();
    return result;
  }

  AmtModel model;
  WebSim sim{model};
  power::WebAccount account = WebSim::Account("admin", "P@ssw0rd");
  bool is_old = false;
};

std::string TextOf(const PlugResult& result) {
  return result.failure.has_value()
             ? absl::StrCat(power::Word(result.failure->failure_class), ": ",
                            result.failure->text)
             : std::string(power::Word(*result.outcome));
}

}  // namespace

TEST_CASE("amt: power 45: each action by WS-Management", "[power]") {
  Host host;
  CHECK(host.One(Action::kStatus).after == PlugState::kOn);
  CHECK(TextOf(host.One(Action::kOff)) == "done");
  CHECK(TextOf(host.One(Action::kOff)) == "already");
  CHECK(TextOf(host.One(Action::kOn)) == "done");
  CHECK(TextOf(host.One(Action::kCycle)) == "done");
  CHECK(TextOf(host.One(Action::kReset)) == "done");
  CHECK(TextOf(host.One(Action::kNmi)) == "accepted");
  CHECK(host.model.asked == std::vector<int>{8, 2, 8, 2, 10, 11});
  CHECK(TextOf(host.One(Action::kIdentifyOn)) ==
        "unsupported: it has no way to do 'identify on'");
  CHECK(TextOf(host.One(Action::kBootPxe)) ==
        "unsupported: it has no way to do 'bootdev pxe'");
  host.model.state = 4;
  CHECK(host.One(Action::kStatus).remark == "sleeps");
  host.model.state = 7;
  const PlugResult result = host.One(Action::kVerify);
  CHECK(result.after == PlugState::kOff);
  CHECK(result.verified == power::VerifyLevel::kPlug);
  host.model.state = 17;
  CHECK(host.One(Action::kStatus).after == PlugState::kUnknown);
  CHECK(host.model.gate.refused == 0);
}

TEST_CASE("amt: power 45: at return value 2 the state is read, and used",
          "[power]") {
  Host host;
  host.model.returns = 2;
  CHECK(TextOf(host.One(Action::kReset)) ==
        "device: not possible in this state; is on now");
  // It is on when it is looked at, and off when the command comes.
  host.model.goes_off = true;
  const PlugResult reset = host.One(Action::kReset);
  CHECK(TextOf(reset) == "already");
  CHECK(reset.remark == "is off");
  host.model.goes_off = false;
  host.model.state = 2;
  host.model.returns = 1;
  CHECK(TextOf(host.One(Action::kReset)) ==
        "unsupported: it has no way to do 'reset'");
  host.model.returns = 9;
  CHECK(TextOf(host.One(Action::kReset)) == "device: return value 9");
  // A native cycle of a host that is off is an on.
  host.model.returns = -1;
  host.model.asked.clear();
  host.model.state = 8;
  CHECK(TextOf(host.One(Action::kCycle, {.native_cycle = true})) == "done");
  CHECK(host.model.asked == std::vector<int>{2});
}

TEST_CASE("amt: power 45: the SOAP service of old firmware", "[power]") {
  Host host;
  host.model.is_old = true;
  CHECK(host.One(Action::kStatus).after == PlugState::kOn);
  CHECK(host.is_old);
  CHECK(TextOf(host.One(Action::kOff)) == "done");
  CHECK(host.One(Action::kStatus).after == PlugState::kOff);
  CHECK(TextOf(host.One(Action::kCycle)) == "done");
  CHECK(TextOf(host.One(Action::kReset)) == "done");
  CHECK(host.model.asked == std::vector<int>{18, 17, 16});
  CHECK(absl::StartsWith(TextOf(host.One(Action::kNmi)), "unsupported: "));
  host.model.status = 0x10;
  CHECK(absl::StartsWith(TextOf(host.One(Action::kOff)), "privilege: "));
  host.model.status = 0x806;
  CHECK(absl::StartsWith(TextOf(host.One(Action::kOff)), "auth: "));
}

TEST_CASE("amt: power 45: a digest's nonce goes stale and is asked anew",
          "[power]") {
  for (const int uses : {1, 2, 1000}) {
    Host host;
    host.model.gate.uses = uses;
    CHECK(TextOf(host.One(Action::kCycle)) == "done");
    CHECK(host.model.gate.refused == 0);
    CHECK((host.model.gate.stale > 0) == (uses < 10));
    CHECK((host.model.gate.challenges == 1) == (uses == 1000));
  }
}

TEST_CASE("http: power 14: a wrong password is shown once, Basic and digest",
          "[power]") {
  for (const std::string algorithm :
       {"MD5", "MD5-sess", "SHA-256", "SHA-256-sess", ""}) {
    for (const bool has_qop : {true, false}) {
      if (!has_qop && absl::StrContains(algorithm, "sess")) continue;
      Host host;
      host.model.gate.algorithm = algorithm;
      host.model.gate.has_qop = has_qop;
      if (absl::StartsWith(algorithm, "SHA-256")) {
        host.model.gate.digest = net::Digest::kSha256;
      }
      INFO(algorithm << has_qop);
      CHECK(TextOf(host.One(Action::kStatus)) == "done");
      CHECK(host.model.gate.refused == 0);
      host.account = WebSim::Account("admin", "wrong");
      CHECK(TextOf(host.One(Action::kOff)) ==
            "auth: the credentials were refused");
      CHECK(host.model.gate.refused == 1);
      CHECK(host.model.asked.empty());
    }
  }
}

TEST_CASE("http: power 16: a digest of any password and user", "[power]") {
  for (const std::string word :
       {"quote\"s and 'blanks'", "50%$HOME\\n", "gr\xc3\xbc\xc3\x9f", "",
        "12345678901234567890", "123456789012345678901", "\xff"}) {
    Host host;
    host.model.gate.user = word;
    host.model.gate.password = word;
    host.account = WebSim::Account(word, word);
    INFO(word);
    CHECK(TextOf(host.One(Action::kStatus)) == "done");
  }
}

TEST_CASE("http: who asked for a digest is never shown Basic", "[power]") {
  Host host;
  host.model.gate.offers_basic = true;
  CHECK(TextOf(host.One(Action::kStatus)) == "done");
  host.account = WebSim::Account("admin", "wrong");
  CHECK(absl::StartsWith(TextOf(host.One(Action::kStatus)), "auth: "));
  CHECK(host.model.gate.refused == 1);
}

TEST_CASE("amt: an engine that sleeps is asked again after ten seconds",
          "[power]") {
  Host host;
  host.sim.refuses = 1;
  CHECK(TextOf(host.One(Action::kStatus)) == "done");
  CHECK(host.sim.took() >= absl::Seconds(10));
  host.sim.refuses = 2;
  CHECK(TextOf(host.One(Action::kStatus)) == "unreachable: refused");
  host.sim.is_deaf = true;
  CHECK(absl::StartsWith(TextOf(host.One(Action::kStatus)), "timeout: "));
  CHECK(host.sim.took() == absl::Seconds(20));
}

TEST_CASE("amt: power 11: a trial switches nothing, whatever is answered",
          "[power]") {
  for (const bool is_old : {false, true}) {
    for (size_t bytes = 0; bytes < 2000; bytes += 41) {
      Host host;
      host.model.is_old = is_old;
      if (bytes > 0) host.sim.cut_after = bytes;
      host.One(Action::kVerify);
      CHECK(host.model.asked.empty());
      CHECK(host.model.state == 2);
    }
    for (const std::string body :
         {"<", "<html>", "<PowerState>x</PowerState>"}) {
      Host host;
      host.model.is_old = is_old;
      host.model.raw_body = body;
      host.One(Action::kVerify);
      CHECK(host.model.asked.empty());
    }
  }
}

TEST_CASE("amt: an answer that says nothing of it is no success", "[power]") {
  for (const std::string body :
       {"<", "<html>", "<PowerState>", "<PowerState>x</PowerState>",
        "<ReturnValue/>", "<a:Fault><a:Text>gone</a:Text></a:Fault>"}) {
    Host host;
    host.model.raw_body = body;
    INFO(body);
    CHECK(absl::StartsWith(TextOf(host.One(Action::kStatus)), "device: "));
    CHECK(TextOf(host.One(Action::kNmi)) != "accepted");
  }
}
