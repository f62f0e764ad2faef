#include "isinit/remote.h"

#include <catch2/catch.hpp>

#include "keys/openssh_key.h"
#include "net/channel.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/message.h"
#include "wire/parcel.h"

namespace isinit {
namespace {

namespace wire_pb = fleetbox::wire;
using wire_pb::IsinitRequest;

// A host that answers every request at once, and somebody who calls it.
struct Scene {
  Scene() {
    auto made = sys::TemporaryFolder::Make("remote");
    REQUIRE(made.ok());
    folder.emplace(*std::move(made));
    const std::string key = folder->path() + "/key";
    REQUIRE(keys::WriteKeyFiles(key, host, false).ok());
    RemoteOptions options;
    options.listen = {"unix:" + folder->path() + "/s"};
    options.identity = key;
    options.trust = folder->path() + "/trust";
    options.host = "a";
    auto opened = Remote::Open(
        loop, std::move(options),
        {.asked =
             [this](uint64_t client, const Caller&, const IsinitRequest& r) {
               asked.push_back(r);
               wire_pb::IsinitAnswer answer;
               answer.set_last(true);
               answer.set_text("done");
               remote->Answer(client, answer);
             },
         .gone = [](uint64_t) {}});
    REQUIRE(opened.ok());
    remote = *std::move(opened);
    net::ChannelEvents events;
    events.opened = [this](net::Channel&) { open = true; };
    events.parcel = [this](net::Channel&, absl::string_view) { answers++; };
    events.receipt = [this](net::Channel&, const net::Receipt& r) {
      refused += r.code == net::Receipt::Code::kRefused;
    };
    events.closed = [](net::Channel&, const absl::Status&) {};
    net::ChannelOptions call;
    call.signer = &caller;
    channel = net::Channel::Call(
        loop, *net::ParseAddress("unix:" + folder->path() + "/s"),
        std::move(call), std::move(events));
    TurnUntil([this] { return open; });
  }

  template <typename Condition>
  void TurnUntil(Condition condition) {
    const absl::Time until = sys::SteadyNow() + absl::Seconds(10);
    while (!condition() && sys::SteadyNow() < until) {
      loop.Turn(absl::Milliseconds(10));
    }
    REQUIRE(condition());
  }

  std::string Seal(const IsinitRequest& request, absl::string_view audience) {
    wire::Draft draft;
    draft.kind = wire_pb::TELL;
    draft.body = wire::Serialize(request);
    draft.audience = std::string(audience);
    draft.id = base::ParcelId::From(sys::RandomBytes(16));
    draft.now = sys::WallNow();
    auto parcel = wire::Seal(draft, caller);
    REQUIRE(parcel.ok());
    return *std::move(parcel);
  }

  std::optional<sys::TemporaryFolder> folder;
  keys::KeyPair host = keys::NewKeyPair("host"),
                caller = keys::NewKeyPair("me");
  sys::Loop loop;
  std::unique_ptr<Remote> remote;
  std::unique_ptr<net::Channel> channel;
  bool open = false;
  int answers = 0, refused = 0;
  std::vector<IsinitRequest> asked;
};

IsinitRequest TellRequest() {
  IsinitRequest request;
  request.set_verb(IsinitRequest::TELL);
  request.set_group("g");
  request.set_level("1");
  return request;
}

TEST_CASE("isinit 45: a request counts once, however often it arrives",
          "[isinit]") {
  Scene s;
  const std::string parcel = s.Seal(TellRequest(), "host:a");
  s.channel->Send(parcel);
  s.TurnUntil([&] { return s.answers == 1; });
  s.channel->Send(parcel);
  s.TurnUntil([&] { return s.refused == 1; });
  CHECK(s.asked.size() == 1);
}

TEST_CASE("isinit 45: what is for another host, or of another kind, is refused",
          "[isinit]") {
  Scene s;
  s.channel->Send(s.Seal(TellRequest(), "host:b"));
  s.TurnUntil([&] { return s.refused == 1; });
  std::string flipped = s.Seal(TellRequest(), "host:a");
  flipped[flipped.size() - 70] ^= 1;
  s.channel->Send(flipped);
  s.TurnUntil([&] { return s.refused == 2; });
  IsinitRequest halt;
  halt.set_verb(IsinitRequest::HALT);
  s.channel->Send(s.Seal(halt, "host:a"));
  s.TurnUntil([&] { return s.refused == 3; });
  IsinitRequest nothing;
  s.channel->Send(s.Seal(nothing, "host:a"));
  s.TurnUntil([&] { return s.refused == 4; });
  CHECK(s.asked.empty());
}

}  // namespace
}  // namespace isinit
