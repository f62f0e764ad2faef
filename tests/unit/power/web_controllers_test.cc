// Redfish, Intel AMT and RIBCL on real sockets, behind TLS.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/amt_model.h"
#include "fakes/redfish_model.h"
#include "fakes/ribcl_model.h"
#include "power/amt_controller.h"
#include "power/redfish_controller.h"
#include "power/ribcl_controller.h"
#include "unit/power/web_bench.h"

namespace {

using power::Action;
using power::Batch;
using power::Pcu;
using power::PlugOrder;
using power::PlugResult;
using power::PlugState;
using power_test::Carry;
using power_test::Have;
using power_test::Pass;
using power_test::RunBeside;
using power_test::SecretOf;
using power_test::TextOf;
using power_test::TlsFront;

Pcu PcuOf(const std::string& host, bool is_insecure = false) {
  Pcu pcu;
  pcu.name = "controller";
  pcu.host = host;
  pcu.tls_insecure = is_insecure;
  return pcu;
}

Batch BatchFor(const Pcu& pcu, int port, const std::string& user,
               const std::string& secret, std::vector<PlugOrder> orders) {
  for (PlugOrder& order : orders) {
    order.options.off_time = absl::Milliseconds(10);
    order.options.poll = absl::Milliseconds(100);
  }
  Batch batch;
  batch.pcu = &pcu;
  batch.way.port = port;
  batch.address = "127.0.0.1";
  batch.credentials = {.user = user, .secret = SecretOf(secret)};
  batch.orders = std::move(orders);
  return batch;
}

}  // namespace

TEST_CASE(
    "web controllers: power 43: Redfish behind TLS, by pin and by authority",
    "[power]") {
  if (!Have("openssl") || !Have("python3")) return;
  sys::Loop loop;
  fakes::RedfishModel model(
      {.systems = 3, .follows = absl::Milliseconds(1100)});
  fakes::WebServer server(loop, model);
  TlsFront front(loop, server.port());
  Pcu pcu = PcuOf("bmc1.example.org");
  const std::string pin = front.Pin();
  const auto one = [&](power::Controller& controller, Action action) {
    return Carry(loop, controller,
                 BatchFor(pcu, front.port(), "root", "calvin",
                          {{.action = action, .plug = "web2"}}))[0];
  };
  power::RedfishController controller(loop, {.authority_files = {}});
  CHECK(TextOf(one(controller, Action::kOff)) ==
        "tls: self-signed certificate; its pin is " + pin);
  CHECK(model.calls.empty());
  pcu.tls_pin = std::string(64, '0');
  CHECK(absl::StartsWith(TextOf(one(controller, Action::kOff)),
                         "tls: another key than the pinned one"));
  CHECK(model.calls.empty());
  pcu.tls_pin = pin;
  PlugResult result = one(controller, Action::kOff);
  CHECK(TextOf(result) == "done");
  CHECK(result.after == PlugState::kOff);
  result = one(controller, Action::kCycle);
  CHECK(TextOf(result) == "done");
  CHECK(result.remark == "was off");
  Pass(loop, [&] { return controller.under_way() == 0; });
  CHECK(model.sessions.empty());
  CHECK(model.sessions_made == 2);

  pcu.tls_pin.clear();
  power::RedfishController known(loop,
                                 {.authority_files = {front.certificate()}});
  CHECK(TextOf(one(known, Action::kStatus)) == "done");
  pcu.host = "bmc2.example.org";
  CHECK(absl::StartsWith(
      TextOf(one(known, Action::kStatus)),
      "tls: the certificate is not for 'bmc2.example.org'; its pin is "));
}

TEST_CASE(
    "web controllers: power 19: TLS 1.0 where the PCU says legacy-crypto, and "
    "an expired certificate nowhere",
    "[power]") {
  if (!Have("openssl") || !Have("python3")) return;
  sys::Loop loop;
  fakes::RedfishModel model({.follows = absl::ZeroDuration()});
  fakes::WebServer server(loop, model);
  TlsFront old(loop, server.port(), {.is_old = true});
  TlsFront expired(loop, server.port(), {.has_expired = true});
  Pcu pcu = PcuOf("bmc1.example.org");
  const auto status = [&](TlsFront& front) {
    power::RedfishController controller(
        loop, {.authority_files = {front.certificate()}});
    return TextOf(
        Carry(loop, controller,
              BatchFor(pcu, front.port(), "root", "calvin",
                       {{.action = Action::kStatus, .plug = "1"}}))[0]);
  };
  const std::string refused = status(old);
  CHECK(absl::StartsWith(refused, "tls: "));
  CHECK(absl::EndsWith(refused, "(older ones only with legacy-crypto)"));
  CHECK(model.calls.empty());
  pcu.legacy_crypto = true;
  CHECK(status(old) == "done");

  // Neither does that make good what is over.
  const size_t calls = model.calls.size();
  for (const bool is_legacy : {false, true}) {
    pcu.legacy_crypto = is_legacy;
    CHECK(absl::StartsWith(status(expired),
                           "tls: the certificate has expired; its pin is "));
  }
  CHECK(model.calls.size() == calls);
  // Who knows the key itself need not ask for how long.
  pcu.tls_pin = expired.Pin();
  CHECK(status(expired) == "done");
}

TEST_CASE("web controllers: a model of Redfish pleases curl", "[power]") {
  if (!Have("curl") || !Have("openssl") || !Have("python3")) return;
  sys::Loop loop;
  fakes::RedfishModel model({.follows = absl::ZeroDuration()});
  fakes::WebServer server(loop, model);
  TlsFront front(loop, server.port());
  const std::string base =
      absl::StrCat("https://127.0.0.1:", front.port(), "/redfish/v1/");
  const auto curl = [&](std::vector<std::string> words) {
    words.insert(words.begin(),
                 {"curl", "-sS", "--cacert", front.certificate()});
    return RunBeside(loop, words);
  };
  CHECK(absl::StrContains(curl({base}), "\"RedfishVersion\""));
  CHECK(
      absl::StrContains(curl({"-w", "%{http_code}", base + "Systems"}), "401"));
  CHECK(absl::StrContains(curl({"-u", "root:calvin", base + "Systems/1"}),
                          "\"PowerState\":\"On\""));
  CHECK(absl::StrContains(
      curl({"-i", "-d", R"({"UserName":"root","Password":"calvin"})",
            base + "SessionService/Sessions"}),
      "X-Auth-Token: t1"));
  CHECK(absl::StrContains(
      curl({"-H", "X-Auth-Token: t1", "-d", R"({"ResetType":"ForceOff"})", "-w",
            "%{http_code}", base + "Systems/1/Actions/ComputerSystem.Reset"}),
      "204"));
  CHECK(absl::StrContains(curl({"-H", "X-Auth-Token: t1", base + "Systems/1"}),
                          "\"PowerState\":\"Off\""));
  curl({"-X", "DELETE", "-H", "X-Auth-Token: t1",
        base + "SessionService/Sessions/1"});
  CHECK(model.sessions.empty());
}

TEST_CASE("web controllers: a model of AMT lets curl in, and us", "[power]") {
  if (!Have("curl")) return;
  for (const std::string algorithm : {"MD5", "SHA-256"}) {
    sys::Loop loop;
    fakes::AmtModel model;
    model.gate.algorithm = algorithm;
    if (algorithm != "MD5") model.gate.digest = net::Digest::kSha256;
    model.gate.uses = 1;
    fakes::WebServer server(loop, model);
    // curl's digest is what our model's is checked by.
    const std::string said = RunBeside(
        loop, {"curl", "-sS", "--digest", "-u", "admin:P@ssw0rd", "-d",
               "transfer/Get<CIM_AssociatedPowerManagementService<",
               absl::StrCat("http://127.0.0.1:", server.port(), "/wsman")});
    CHECK(absl::StrContains(said, "<g:PowerState>2<"));
    CHECK(model.gate.refused == 0);

    power::AmtController controller(loop);
    const Pcu pcu = PcuOf("127.0.0.1");
    PlugResult result =
        Carry(loop, controller,
              BatchFor(pcu, server.port(), "", "P@ssw0rd",
                       {{.action = Action::kOff, .plug = "1"}}))[0];
    CHECK(TextOf(result) == "done");
    result = Carry(loop, controller,
                   BatchFor(pcu, server.port(), "", "wrong",
                            {{.action = Action::kStatus, .plug = "1"}}))[0];
    CHECK(TextOf(result) == "auth: the credentials were refused");
    CHECK(model.gate.refused == 1);
    result = Carry(loop, controller,
                   BatchFor(pcu, server.port(), "", "P@ssw0rd",
                            {{.action = Action::kBootPxe, .plug = "1"}}))[0];
    CHECK(TextOf(result) == "unsupported: it has no way to do 'bootdev pxe'");
  }
}

TEST_CASE("web controllers: power 45: RIBCL behind TLS, without HTTP and with",
          "[power]") {
  if (!Have("openssl") || !Have("python3")) return;
  for (const bool is_http : {false, true}) {
    sys::Loop loop;
    fakes::RibclModel model;
    model.is_http = is_http;
    fakes::WebServer server(loop, model);
    TlsFront front(loop, server.port());
    const Pcu pcu = PcuOf("127.0.0.1", true);
    power::RibclController controller(loop);
    for (const Action action : {Action::kOff, Action::kCycle, Action::kReset}) {
      const PlugResult result =
          Carry(loop, controller,
                BatchFor(pcu, front.port(), "Administrator", "ABCDEFGH",
                         {{.action = action, .plug = "1"}}))[0];
      CHECK(TextOf(result) == "done");
    }
    CHECK(model.asked.size() == 3);
  }
}

TEST_CASE("web controllers: power 27: a refused connection is told at once",
          "[power]") {
  sys::Loop loop;
  power::RedfishController controller(loop);
  const Pcu pcu = PcuOf("127.0.0.1", true);
  const absl::Time began = sys::SteadyNow();
  const PlugResult result = Carry(
      loop, controller,
      BatchFor(pcu, 1, "root", "calvin", {{.plug = "1"}, {.plug = "2"}}))[1];
  CHECK(absl::StartsWith(TextOf(result), "unreachable: connect: "));
  CHECK(sys::SteadyNow() - began < absl::Seconds(4));
  // Goes away in the midst of things.
  {
    power::RedfishController gone(loop);
    gone.Start(BatchFor(pcu, 1, "root", "calvin", {{.plug = "1"}}),
               [](size_t, const PlugResult&) { FAIL("told"); });
  }
  loop.Turn(absl::Milliseconds(10));
}
