// A server and the hosts it calls, which are not what they should be.
#include "mcfeely/carriers.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "keys/openssh_key.h"
#include "mcfeely/job.h"
#include "mcfeely/server.h"
#include "net/listener.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "wire/messages.pb.h"
#include "wire/parcel.h"

namespace pb = fleetbox::wire;

namespace {

// An agent that listens, and says what the test wants it to say.
struct FalseAgent {
  FalseAgent(sys::Loop& l, const std::string& at) : loop(l) {
    net::ChannelOptions options;
    options.signer = &key;
    options.principal = "host:web1";
    auto made = net::Listener::Listen(
        loop, *net::ParseAddress(at), options,
        [this] {
          net::ChannelEvents events;
          events.receipt = [this](net::Channel&, const net::Receipt& r) {
            receipts.push_back(r);
          };
          events.parcel = [this](net::Channel&, absl::string_view) {
            parcels++;
          };
          events.closed = [this](net::Channel&, const absl::Status&) {
            closed++;
          };
          return events;
        },
        [this](std::unique_ptr<net::Channel> c) {
          calls++;
          channel = std::move(c);
        });
    REQUIRE(made.ok());
    listener = *std::move(made);
  }
  void Say(wire::Kind kind, std::string body) {
    wire::Draft draft;
    draft.kind = kind;
    draft.body = std::move(body);
    draft.audience = "server:mcfeely";
    draft.id = base::ParcelId::From(sys::RandomBytes(16));
    draft.now = sys::WallNow();
    channel->Send(*wire::Seal(draft, key));
  }
  void Announce(const std::string& host) {
    pb::Announce announce;
    announce.set_host(host);
    announce.set_journal(std::string(16, 'j'));
    Say(pb::ANNOUNCE, announce.SerializeAsString());
  }

  sys::Loop& loop;
  keys::KeyPair key = keys::NewKeyPair("agent");
  std::unique_ptr<net::Listener> listener;
  std::unique_ptr<net::Channel> channel;
  std::vector<net::Receipt> receipts;
  int calls = 0, parcels = 0, closed = 0;
};

struct World {
  World() : folder(*sys::TemporaryFolder::Make("carriers-")) {
    sys::IgnoreSigpipe();
    REQUIRE(
        keys::WriteKeyFiles(path("key"), keys::NewKeyPair("hub"), false).ok());
  }
  std::string path(const std::string& name) const {
    return folder.path() + "/" + name;
  }
  void Open() {
    mcfeely::ServerConfig config;
    config.queue = path("queue");
    config.identity = path("key");
    config.trust = path("none");
    config.carriers["web1"] = {"unix:" + path("web1.sock")};
    auto opened = mcfeely::Server::Open(loop, config);
    REQUIRE(opened.ok());
    server = *std::move(opened);
  }
  bool Until(const std::function<bool()>& done) {
    const absl::Time end = sys::SteadyNow() + absl::Seconds(10);
    while (!done()) {
      if (sys::SteadyNow() > end) return false;
      loop.Turn(absl::Milliseconds(20));
    }
    return true;
  }

  sys::TemporaryFolder folder;
  sys::Loop loop;
  std::unique_ptr<mcfeely::Server> server;
};

}  // namespace

TEST_CASE("carriers: a host that was called is a host, and nothing else",
          "[mcfeely]") {
  World world;
  FalseAgent agent(world.loop, "unix:" + world.path("web1.sock"));
  world.Open();
  REQUIRE(world.Until([&] { return agent.channel != nullptr; }));
  // The same uid over a unix socket: it could inject, had it called us.
  mcfeely::Job job;
  mcfeely::Task task;
  task.name = "a", task.host = "web1", task.comm = "true";
  job.tasks.push_back(task);
  agent.Say(pb::JOB, mcfeely::ToMessage(job).SerializeAsString());
  pb::Query query;
  query.mutable_status();
  agent.Say(pb::QUERY, query.SerializeAsString());
  // Another host's name, and results without any.
  agent.Announce("web2");
  agent.Say(pb::RESULTS, pb::Results().SerializeAsString());
  REQUIRE(world.Until([&] { return agent.receipts.size() == 4; }));
  for (const net::Receipt& r : agent.receipts) {
    CHECK(r.code == net::Receipt::Code::kRefused);
  }
  CHECK(agent.parcels == 0);
  // Its own name it may say.
  agent.Announce("web1");
  agent.Say(pb::RESULTS, pb::Results().SerializeAsString());
  REQUIRE(world.Until([&] { return agent.receipts.size() == 5; }));
  CHECK(agent.receipts[4].code == net::Receipt::Code::kAccepted);
  CHECK(agent.calls == 1);
  CHECK(agent.closed == 0);
}

TEST_CASE(
    "carriers: a host that was away is called until it is there, and "
    "again when it is lost",
    "[mcfeely]") {
  World world;
  world.Open();
  for (int n = 0; n < 20; n++) world.loop.Turn(absl::Milliseconds(10));
  FalseAgent agent(world.loop, "unix:" + world.path("web1.sock"));
  REQUIRE(world.Until([&] { return agent.calls == 1; }));
  agent.Announce("web1");
  for (int n = 0; n < 5; n++) world.loop.Turn(absl::Milliseconds(10));
  agent.channel->Close("going");
  REQUIRE(world.Until([&] { return agent.calls == 2; }));
  // The server goes first, in the middle of a call, too.
  world.server.reset();
  REQUIRE(world.Until([&] { return agent.closed >= 2; }));
}
