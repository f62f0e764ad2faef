// The prompt of a web client, beside powerman's own, and models that use it.
#include "power/web_prompt.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/digest_gate.h"
#include "fakes/ribcl_model.h"
#include "power/device_library.h"
#include "power/dialogue_controller.h"
#include "power/web_transports.h"
#include "unit/power/web_bench.h"

namespace {

using fakes::WebHeard;
using fakes::WebSaid;
using power::Action;
using power_test::Carry;
using power_test::Pass;
using power_test::TextOf;

// A strip whose page wants a password, and which switches by a form.
class Strip : public fakes::WebModel {
 public:
  WebSaid Answer(const WebHeard& heard, absl::Time) override {
    calls.push_back(absl::StrCat(heard.method, " ", heard.target, " ",
                                 heard.body, " ", heard.Header("cookie")));
    if (heard.target == "/x/missing") return {.status = 404, .body = "no"};
    if (heard.target == "/cmd.html" || heard.target == "/") {
      if (is_digest) {
        if (const auto refusal = gate.Check(heard)) return *refusal;
      } else if (fakes::BasicPair(heard) != pair) {
        refused += !fakes::BasicPair(heard).empty();
        return {.status = 401,
                .headers = {{"WWW-Authenticate", "Basic realm=\"strip\""}}};
      }
    }
    WebSaid said = {
        .body = absl::StrCat("body of ", heard.target, "\nsecond line")};
    if (heard.target == "/x/cookie") {
      said.headers.emplace("Set-Cookie", "a=b; Path=/");
    }
    return said;
  }
  std::vector<std::string> calls;
  std::string pair = "admin:p%s\"\\ $w";
  bool is_digest = false;
  fakes::DigestGate gate;
  int refused = 0;
};

// Types into the prompt until it has quit, over the loop.
std::string Talk(sys::Loop& loop, int port, const std::string& typed,
                 power::FailureClass* failed = nullptr) {
  power::Pcu pcu;
  pcu.host = "127.0.0.1";
  const auto transport = power::WebTransports(
      std::make_shared<power::WebTrust>(power::WebSettings()))(
      loop,
      {.transport = "http", .address = "127.0.0.1", .port = port, .pcu = &pcu});
  std::string printed;
  bool has_ended = false;
  transport->Start({.connected = [&] { transport->Send(typed); },
                    .received =
                        [&](absl::string_view bytes) {
                          printed.append(bytes.data(), bytes.size());
                        },
                    .ended =
                        [&](const std::optional<power::Failure>& why) {
                          REQUIRE(why.has_value() == (failed != nullptr));
                          if (why.has_value()) *failed = why->failure_class;
                          has_ended = true;
                        }});
  Pass(loop, [&] { return has_ended; });
  return printed;
}

power::DialogueController::Options OverTheWeb() {
  return {.more_transports = power::WebTransports(
              std::make_shared<power::WebTrust>(power::WebSettings()))};
}

power::Pcu LocalPcu(const std::string& name) {
  power::Pcu pcu;
  pcu.name = name;
  pcu.host = "127.0.0.1";
  return pcu;
}

power::Specification ModelOf(const std::string& name) {
  const power::DeviceFile file = power::ReadBuiltInModel(name);
  const power::Specification* const found = file.Find(name);
  REQUIRE(found != nullptr);
  return *found;
}

power::Batch BatchFor(const power::Pcu& pcu,
                      const power::Specification& specification,
                      const std::string& transport, int port,
                      const std::string& user, const std::string& secret,
                      power::PlugOrder order) {
  power::Batch batch;
  batch.pcu = &pcu;
  batch.specification = &specification;
  batch.plugs = {order.plug};
  batch.way = {.transport = transport, .port = port};
  batch.address = "127.0.0.1";
  batch.credentials = {.user = user, .secret = power_test::SecretOf(secret)};
  batch.orders = {std::move(order)};
  return batch;
}

}  // namespace

TEST_CASE("web prompt: prints what powerman's httppower prints", "[power]") {
  if (!power_test::Have("httppower")) return;
  sys::Loop loop;
  Strip strip;
  fakes::WebServer server(loop, strip);
  const std::string url = absl::StrCat("http://127.0.0.1:", server.port());
  const std::string typed = absl::StrCat(
      "get x\nseturl ", url,
      "/x\nget\nget a\npost b k=v\npost k=v\nput b d\n"
      "put d\nget missing\ncookies enable\nget cookie\nget a\n"
      "cookies disable\nget a\npost\nput\nget a b\nbogus\nauth\nseturl\n"
      "cookies\n\nhelp\nsetheader A:b\nget a\nsetheader\nquit\n");
  power_test::Program program;
  program.Write("typed", typed);
  const std::string theirs = power_test::RunBeside(
      loop, {"sh", "-c",
             absl::StrCat("httppower -u ", url, " <", program.Path("typed"))});
  const std::vector<std::string> their_calls = std::move(strip.calls);
  strip.calls.clear();
  CHECK(Talk(loop, server.port(), typed) + "[exit 0]" == theirs);
  CHECK(strip.calls == their_calls);
  CHECK(their_calls.size() >= 12);
}

TEST_CASE("web prompt: a line without end, and servers that are not ours",
          "[power]") {
  sys::Loop loop;
  Strip strip;
  fakes::WebServer server(loop, strip);
  CHECK(Talk(loop, server.port(), std::string(100'000, 'x')) == "httppower> ");
  CHECK(absl::StrContains(
      Talk(loop, server.port(), "seturl http://127.0.0.2/\nquit\n"),
      "Error: another server than this device's\n"));
  CHECK(absl::StrContains(Talk(loop, server.port(), "get \x01\nquit\n"),
                          "Error: "));
  CHECK(absl::StrContains(Talk(loop, server.port(), "auth a\x01:b\nquit\n"),
                          "Error: "));
  power::FailureClass failed = power::FailureClass::kInternal;
  CHECK(Talk(loop, 1, "get\nget\n", &failed) == "httppower> ");
  CHECK(failed == power::FailureClass::kUnreachable);
  // A second try with the same password might lock the account.
  Talk(loop, server.port(), "auth admin:wrong\nget cmd.html\nget cmd.html\n",
       &failed);
  CHECK(failed == power::FailureClass::kAuth);
  CHECK(strip.refused == 1);
  for (const char* url : {"ftp://a", "http://", "http://a:0", "http://a:x",
                          "http://u@a/", "http://[::1", "http://a b/"}) {
    CHECK_FALSE(power::WebUrl::Parse(url).has_value());
  }
  const auto url = power::WebUrl::Parse("https://[::1]:8443/a/b/");
  REQUIRE(url.has_value());
  CHECK(url->host == "::1");
  CHECK(url->port == 8443);
  CHECK(url->path == "/a/b");
}

TEST_CASE("web prompt: power 16: a strip's model with a password of any kind",
          "[power]") {
  const power::Specification model = ModelOf("ePowerSwitchNew");
  const std::vector<std::string> passwords = {
      "p%s\"\\ $w", "gr\xc3\xbc\xc3\x9f 'dich'", "12345678901234567890",
      "123456789012345678901", ""};
  for (size_t i = 0; i < 2 * passwords.size(); ++i) {
    const bool is_digest = i % 2 == 0;
    const std::string& password = passwords[i / 2];
    INFO(password << (is_digest ? ", digest" : ", basic"));
    sys::Loop loop;
    Strip strip;
    strip.is_digest = is_digest;
    strip.gate.user = "admin";
    strip.gate.password = password;
    strip.pair = absl::StrCat("admin:", password);
    fakes::WebServer server(loop, strip);
    power::DialogueController controller(loop, OverTheWeb());
    const power::Pcu pcu = LocalPcu("strip");
    power::PlugOrder order = {.action = Action::kCycle, .plug = "3"};
    order.options.native_cycle = true;
    order.options.wait = false;
    const auto run = [&](const std::string& secret) {
      return Carry(loop, controller,
                   BatchFor(pcu, model, "http", server.port(), "admin", secret,
                            order))[0];
    };
    CHECK(TextOf(run(password)) == "accepted");
    int posts = 0;
    for (const std::string& call : strip.calls) {
      posts += absl::StartsWith(call, "POST /cmd.html P3=r");
    }
    CHECK(posts >= 1);
    controller.Finish();
    Pass(loop, [&] { return controller.connections() == 0; });
    CHECK(absl::StartsWith(TextOf(run("wrong")), "auth: "));
    CHECK(strip.refused + strip.gate.refused == 1);
  }
}

// What a browser would send of a form's value.
std::string FromForm(absl::string_view value) {
  std::string out;
  for (size_t i = 0; i < value.size(); i++) {
    const bool is_coded = value[i] == '%' && i + 2 < value.size();
    out += is_coded ? static_cast<char>(std::stoi(
                          std::string(value.substr(i + 1, 2)), nullptr, 16))
                    : value[i];
    if (is_coded) i += 2;
  }
  return out;
}

TEST_CASE("web prompt: power 16: a form with a password of any kind",
          "[power]") {
  const power::Specification model = ModelOf("ePowerSwitchOld");
  for (const std::string& password :
       {std::string("p%s\"\\ $w&P1=r+"), std::string("gr\xc3\xbc\xc3\x9f"),
        std::string("12345678901234567890"),
        std::string("123456789012345678901"), std::string("a\r\nb\033"),
        std::string()}) {
    INFO(password);
    sys::Loop loop;
    Strip strip;
    fakes::WebServer server(loop, strip);
    power::DialogueController controller(loop, OverTheWeb());
    const power::Pcu pcu = LocalPcu("strip");
    power::PlugOrder order = {.action = Action::kCycle, .plug = "3"};
    order.options.native_cycle = true;
    order.options.wait = false;
    CHECK(TextOf(Carry(loop, controller,
                       BatchFor(pcu, model, "http", server.port(), "", password,
                                order))[0]) == "accepted");
    REQUIRE(strip.calls.size() == 2);
    const std::string front = "POST /elogin.html pwd=";
    REQUIRE(absl::StartsWith(strip.calls[0], front));
    const std::string body = strip.calls[0].substr(
        front.size(), strip.calls[0].find(' ', front.size()) - front.size());
    CHECK(FromForm(body) == password);
    CHECK(absl::StartsWith(strip.calls[1], "POST /econtrol.html P3=r"));
  }
}

TEST_CASE("web prompt: a server that is not trusted is told of at once",
          "[power]") {
  if (!power_test::Have("openssl") || !power_test::Have("python3")) return;
  const power::Specification model = ModelOf("ePowerSwitchNew");
  sys::Loop loop;
  Strip strip;
  fakes::WebServer server(loop, strip);
  power_test::TlsFront front(loop, server.port());
  power::DialogueController controller(loop, OverTheWeb());
  const power::Pcu pcu = LocalPcu("strip");
  power::PlugOrder order = {.action = Action::kCycle, .plug = "3"};
  order.options.native_cycle = true;
  const power::PlugResult result =
      Carry(loop, controller,
            BatchFor(pcu, model, "https", front.port(), "admin", "secret",
                     std::move(order)))[0];
  // Not when the time of its script is over.
  INFO(TextOf(result));
  CHECK(absl::StrContains(TextOf(result), "tls: "));
  CHECK(absl::StrContains(TextOf(result), "self-signed certificate"));
  CHECK(strip.calls.empty());
}

TEST_CASE("web prompt: the model of HPiLO over TLS", "[power]") {
  if (!power_test::Have("openssl") || !power_test::Have("python3")) return;
  const power::Specification model = ModelOf("HPiLO");
  sys::Loop loop;
  fakes::RibclModel card;
  fakes::WebServer server(loop, card);
  power_test::TlsFront front(loop, server.port());
  power::DialogueController controller(loop, OverTheWeb());
  power::Pcu pcu = LocalPcu("ilo");
  const auto run = [&](const std::string& password = "ABCDEFGH") {
    return Carry(
        loop, controller,
        BatchFor(pcu, model, "tls", front.port(), "Administrator", password,
                 {.action = Action::kStatus, .plug = "1"}))[0];
  };
  CHECK(absl::StartsWith(TextOf(run()), "tls: self-signed certificate"));
  pcu.tls_insecure = true;
  const power::PlugResult result = run();
  CHECK(TextOf(result) == "done");
  CHECK(result.after == power::PlugState::kOn);
  // power 16: passwords of any kind, within attributes.
  for (const auto& [password, written] :
       std::vector<std::pair<std::string, std::string>>{
           {"a\"<b>&'c %s$HOME\\", "a&quot;&lt;b&gt;&amp;&#39;c %s$HOME\\"},
           {"123456789012345678901", "123456789012345678901"},
           {"gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich"},
           {"", ""}}) {
    INFO(password);
    card.password = written;
    CHECK(TextOf(run(password)) == "done");
  }
  CHECK(absl::StartsWith(TextOf(run("a\nb")), "config: "));
}
