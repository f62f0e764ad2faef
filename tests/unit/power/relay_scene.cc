#include "unit/power/relay_scene.h"

#include <catch2/catch.hpp>

#include "sys/clock.h"
#include "sys/process.h"
#include "wire/message.h"

namespace power_test {

namespace pb = fleetbox::wire;

namespace {

std::string Line(const std::string& principal, const keys::KeyPair& key,
                 std::vector<std::string> namespaces = {}) {
  keys::AllowedSigner signer;
  signer.principals = {principal};
  signer.namespaces = std::move(namespaces);
  signer.key = key.public_key();
  return keys::FormatSigner(signer).value();
}

}  // namespace

pb::PowerRequest ManualOff() {
  pb::PowerRequest request;
  request.set_action("off");
  request.add_target("old1");
  return request;
}

RelayScene::RelayScene() {
  auto made = sys::TemporaryFolder::Make("relay");
  REQUIRE(made.ok());
  folder.emplace(*std::move(made));
  REQUIRE(keys::WriteKeyFiles(InFolder("key"), host, false).ok());
  REQUIRE(sys::CreateFile(InFolder("trust"),
                          Line("host:a", host) + Line("user:ops", ops) +
                              Line("user:mate", mate) +
                              Line("user:weak", weak, {"channel@fleetbox"}) +
                              Line("user:tells", tells,
                                   {"channel@fleetbox", "tell@fleetbox"}))
              .ok());
  REQUIRE(sys::CreateFile(InFolder("pcu.conf"),
                          "pcu \"m\" { model \"ManualPCU\" node \"old1\" "
                          "\"1\" node \"old2\" \"2\" }\n")
              .ok());
  trust.emplace(InFolder("trust"));
  trust->Refresh();
  Restart();
}

void RelayScene::Restart() {
  server.reset();
  power::RelayServer::Options options;
  options.identity = InFolder("key");
  options.trust = InFolder("trust");
  options.host = "a";
  options.run.inventory = InFolder("pcu.conf");
  options.run.run.run_folder = InFolder("run");
  options.run.run.state_folder = InFolder("state");
  options.run.run.secrets.store_folder = InFolder("secrets");
  server = std::make_unique<power::RelayServer>(loop, std::move(options));
  REQUIRE(server->Listen("tcp:127.0.0.1:0").ok());
  REQUIRE(server->addresses().size() == 1);
}

void RelayScene::Call(const keys::KeyPair& who) {
  is_open = is_closed = false;
  net::ChannelEvents events;
  events.opened = [this](net::Channel&) { is_open = true; };
  events.parcel = [this](net::Channel&, absl::string_view bytes) {
    wire::Receiver receiver;
    receiver.trust = &*trust;
    const auto parcel = wire::Open(bytes, receiver, sys::WallNow());
    REQUIRE(parcel.ok());
    REQUIRE(parcel->header.kind == pb::POWERED);
    answers.push_back(wire::Parse<pb::PowerAnswer>(parcel->body).value());
    lasts += answers.back().last();
  };
  events.receipt = [this](net::Channel&, const net::Receipt& r) {
    receipt = r;
    refused += r.code == net::Receipt::Code::kRefused;
  };
  events.closed = [this](net::Channel&, const absl::Status& why) {
    is_closed = true;
    closed = why;
  };
  net::ChannelOptions options;
  options.signer = &who;
  options.trust = &*trust;
  channel = net::Channel::Call(loop, *net::ParseAddress(server->addresses()[0]),
                               std::move(options), std::move(events));
  TurnUntil([this] { return is_open || is_closed; });
}

void RelayScene::TurnUntil(const std::function<bool()>& condition) {
  const absl::Time until = sys::SteadyNow() + absl::Seconds(20);
  while (!condition() && sys::SteadyNow() < until) {
    loop.Turn(absl::Milliseconds(10));
  }
  REQUIRE(condition());
}

wire::Draft RelayScene::MakeDraft(const pb::PowerRequest& request) const {
  wire::Draft draft;
  draft.kind = pb::REQUEST;
  draft.body = wire::Serialize(request);
  draft.audience = "host:a";
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  return draft;
}

std::string RelayScene::Seal(const wire::Draft& draft,
                             const keys::KeyPair& who) const {
  auto parcel = wire::Seal(draft, who);
  REQUIRE(parcel.ok());
  return *std::move(parcel);
}

std::string RelayScene::Seal(const pb::PowerRequest& request) const {
  return Seal(MakeDraft(request), ops);
}

void RelayScene::Refused(const std::string& parcel) {
  const int before = refused;
  channel->Send(parcel);
  TurnUntil([&] { return refused == before + 1; });
  CHECK(receipt.text == "refused");
}

void RelayScene::Answered(const std::string& parcel, int more) {
  const int before = lasts;
  channel->Send(parcel);
  TurnUntil([&] { return lasts == before + more; });
}

}  // namespace power_test
