#include "power/relay_client.h"

#include <catch2/catch.hpp>

#include "net/listener.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "unit/power/relay_scene.h"
#include "wire/message.h"

namespace {

namespace pb = fleetbox::wire;
using power::HostOutcome;
using power::HostResult;
using power::RelayClient;
using power_test::RelayScene;

// Somebody who asks, and what they hear.
struct Asker {
  explicit Asker(RelayScene& scene) : s(scene) {
    REQUIRE(keys::WriteKeyFiles(s.InFolder("ops"), s.ops, false).ok());
    order.plan.action = power::Action::kOff;
    order.choice.words = {"old1", "old2"};
    order.asker = "me@here";
  }
  void Ask(const std::string& text) {
    RelayClient::Events events;
    events.hosts = [this](const auto& these) { hosts = these.size(); };
    events.plan = [this](const std::string& text) { plan = text; };
    events.note = [](const std::string&) {};
    events.trace = [](const std::string&, const std::string&) {};
    events.result = [this](size_t, const HostResult& r) {
      results.push_back(r);
    };
    events.ended = [this](int exit_code, const std::string& e) {
      code = exit_code;
      error = e;
      ++ends;
    };
    events.lost = [this](int exit_code, bool sent, const std::string& why) {
      code = exit_code;
      was_sent = sent;
      error = why;
      is_lost = true;
      ++ends;
    };
    auto asked = RelayClient::Ask(
        s.loop, power::ParseRelayHost(text).value(), order,
        {.identity = s.InFolder("ops"), .trust = s.InFolder("trust")},
        std::move(events));
    REQUIRE(asked.ok());
    client = *std::move(asked);
  }
  void Wait() {
    s.TurnUntil([this] { return ends > 0; });
    for (int i = 0; i < 5; ++i) s.loop.Turn(absl::Milliseconds(1));
    CHECK(ends == 1);
  }

  RelayScene& s;
  power::RelayOrder order;
  std::unique_ptr<RelayClient> client;
  size_t hosts = 0;
  std::vector<HostResult> results;
  std::string plan, error;
  int code = -1, ends = 0;
  bool was_sent = false, is_lost = false;
};

// A host that answers as a test has it.
struct Puppet {
  explicit Puppet(RelayScene& scene) : s(scene) {
    net::ChannelOptions options;
    options.signer = &s.host;
    options.trust = &*s.trust;
    options.principal = "host:a";
    auto made = net::Listener::Listen(
        s.loop, *net::ParseAddress("tcp:127.0.0.1:0"), std::move(options),
        [this] {
          net::ChannelEvents events;
          events.parcel = [this](net::Channel&, absl::string_view bytes) {
            ++requests;
            asked = std::string(wire::ParseHeader(bytes)->id.view());
            on_request();
          };
          events.closed = [](net::Channel&, const absl::Status&) {};
          return events;
        },
        [this](std::unique_ptr<net::Channel> c) { channel = std::move(c); });
    REQUIRE(made.ok());
    listener = *std::move(made);
  }
  std::string address() const {
    return "a=" + net::FormatAddress(listener->address());
  }
  void Say(pb::PowerAnswer answer, const keys::KeyPair& who) {
    answer.set_request(asked);
    wire::Draft draft;
    draft.kind = pb::POWERED;
    draft.body = wire::Serialize(answer);
    draft.id = base::ParcelId::From(sys::RandomBytes(16));
    draft.now = sys::WallNow();
    channel->Send(s.Seal(draft, who));
  }
  void SayHosts() {
    pb::PowerAnswer answer;
    answer.add_host()->set_name("old1");
    answer.add_host()->set_name("old2");
    answer.set_planned(true);
    Say(answer, s.host);
  }
  void SayResult(uint32_t host) {
    HostResult result;
    result.outcome = HostOutcome::kDone;
    pb::PowerAnswer answer;
    *answer.mutable_result() = power::EncodeResult(host, result);
    Say(answer, s.host);
  }

  RelayScene& s;
  std::unique_ptr<net::Listener> listener;
  std::unique_ptr<net::Channel> channel;
  std::function<void()> on_request = [] {};
  std::string asked;
  int requests = 0;
};

}  // namespace

TEST_CASE("power 50: a host is a name, an address, or both", "[power]") {
  const auto read = [](absl::string_view text) {
    const auto host = power::ParseRelayHost(text);
    return host.ok() ? host->name + " " + host->address
                     : std::string(host.status().message());
  };
  CHECK(read("hub") == "hub ssh:hub");
  CHECK(read("ssh:ops@hub") == "hub ssh:ops@hub");
  CHECK(read("tcp:hub:7000") == "hub tcp:hub:7000");
  CHECK(read("hub=tcp:10.0.0.1") == "hub tcp:10.0.0.1");
  CHECK(read("unix:/run/x") == " unix:/run/x");
  // A name is a principal, and never a word for ssh.
  CHECK(read("-oProxyCommand=x") == "-oProxyCommand ssh:x");
  CHECK(read("=hub") == "'=hub': the host has no name");
  CHECK_FALSE(power::ParseRelayHost("").ok());
  CHECK_FALSE(power::ParseRelayHost("-oProxyCommand").ok());
}

TEST_CASE("power 50: who asks hears all of it, once", "[power]") {
  RelayScene s;
  Asker a(s);
  a.Ask("a=" + s.server->addresses()[0]);
  a.Wait();
  CHECK_FALSE(a.is_lost);
  CHECK(a.hosts == 2);
  REQUIRE(a.results.size() == 2);
  CHECK(a.results[0].outcome == HostOutcome::kManual);
  CHECK(a.results[0].action == power::Action::kOff);
  CHECK(a.code == 7);
  CHECK(a.error.empty());
}

TEST_CASE("power 50: a line that breaks leaves the others unknown", "[power]") {
  RelayScene s;
  Puppet there(s);
  there.on_request = [&] {
    there.SayHosts();
    there.SayResult(1);
    there.channel->Close("gone");
  };
  Asker a(s);
  a.Ask(there.address());
  a.Wait();
  CHECK(a.is_lost);
  CHECK(a.was_sent);
  CHECK(a.code == 75);
  REQUIRE(a.results.size() == 2);
  CHECK(a.results[0].host == "old2");
  CHECK(a.results[0].outcome == HostOutcome::kDone);
  CHECK(a.results[1].host == "old1");
  CHECK(a.results[1].outcome == HostOutcome::kUnknown);
  CHECK(a.results[1].detail.find("may have been executed") !=
        std::string::npos);
  // Nothing is asked again.
  for (int i = 0; i < 20; ++i) s.loop.Turn(absl::Milliseconds(5));
  CHECK(there.requests == 1);
}

TEST_CASE("power 50: an answer of somebody else ends the line", "[power]") {
  RelayScene s;
  Puppet there(s);
  there.on_request = [&] {
    there.SayHosts();
    pb::PowerAnswer last;
    last.set_last(true);
    there.Say(last, s.mate);
  };
  Asker a(s);
  a.Ask(there.address());
  a.Wait();
  CHECK(a.is_lost);
  CHECK(a.error == "somebody else's answer");
  REQUIRE(a.results.size() == 2);
  CHECK(a.results[0].outcome == HostOutcome::kUnknown);
}

TEST_CASE("power 50: an answer that is none ends the line", "[power]") {
  RelayScene s;
  Puppet there(s);
  there.on_request = [&] {
    there.SayHosts();
    there.SayResult(7);
  };
  Asker a(s);
  a.Ask(there.address());
  a.Wait();
  CHECK(a.is_lost);
  CHECK(a.was_sent);
  CHECK(a.results.size() == 2);
}

TEST_CASE("power 50: what was refused was not done", "[power]") {
  RelayScene s;
  Asker a(s);
  REQUIRE(keys::WriteKeyFiles(s.InFolder("weak"), s.weak, false).ok());
  REQUIRE(sys::ReplaceFile(s.InFolder("ops"),
                           sys::ReadFile(s.InFolder("weak")).value(), 0600)
              .ok());
  a.Ask("a=" + s.server->addresses()[0]);
  a.Wait();
  CHECK(a.is_lost);
  CHECK_FALSE(a.was_sent);
  CHECK(a.code == 77);
  CHECK(a.error == "the host says: refused");
  CHECK(a.results.empty());
}

TEST_CASE("power 50: a host that is another, or not there, is asked nothing",
          "[power]") {
  RelayScene s;
  {
    Asker a(s);
    a.Ask("b=" + s.server->addresses()[0]);
    a.Wait();
    CHECK(a.code == 77);
    CHECK_FALSE(a.was_sent);
  }
  const std::string address = s.server->addresses()[0];
  s.server.reset();
  REQUIRE(sys::RemoveFile(s.InFolder("ops")).ok());
  REQUIRE(sys::RemoveFile(s.InFolder("ops.pub")).ok());
  Asker a(s);
  a.Ask("a=" + address);
  a.Wait();
  CHECK(a.code == 69);
  CHECK_FALSE(a.was_sent);
}

TEST_CASE("power 50: an interruption before it is asked leaves it unasked",
          "[power]") {
  RelayScene s;
  Puppet there(s);
  Asker a(s);
  a.Ask(there.address());
  a.client->Interrupt();
  a.Wait();
  CHECK(a.code == 8);
  CHECK_FALSE(a.was_sent);
  for (int i = 0; i < 20; ++i) s.loop.Turn(absl::Milliseconds(5));
  CHECK(there.requests == 0);
}

TEST_CASE("power 50: an interruption is passed on, and so is a second one",
          "[power]") {
  RelayScene s;
  Puppet there(s);
  there.on_request = [&] {
    if (there.requests == 1) there.SayHosts();
  };
  Asker a(s);
  a.Ask(there.address());
  s.TurnUntil([&] { return a.hosts == 2; });
  a.client->Interrupt();
  s.TurnUntil([&] { return there.requests == 2; });
  a.client->Abandon();
  s.TurnUntil([&] { return there.requests == 3; });
  a.client->GiveUp();
  a.Wait();
  CHECK(a.was_sent);
  CHECK(a.results.size() == 2);
  CHECK(a.results[0].outcome == HostOutcome::kUnknown);
}
