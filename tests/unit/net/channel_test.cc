#include "net/channel.h"

#include "base/bytes.h"
#include "fixture.h"

using net::Address;
using net::Channel;
using net::EncodeFrame;
using net::FrameType;
using net::Receipt;
using namespace net_test;

namespace {

// Each test that takes a fleet runs over every carrier that needs no program.
Address OpenOn(Fleet& fleet, Address::Carrier carrier,
               const sys::TemporaryFolder& folder) {
  const Address at = carrier == Address::Carrier::kTcp
                         ? fleet.ListenTcp()
                         : fleet.ListenUnix(folder);
  fleet.Call(at);
  REQUIRE(fleet.Open());
  return at;
}

Receipt ReceiptOf(uint64_t number) {
  Receipt r;
  r.id = base::ParcelId::From("0123456789abcdef");
  r.number = number;
  r.code = Receipt::Code::kAccepted;
  return r;
}

}  // namespace

TEST_CASE("channel: parcels and receipts go both ways on every carrier",
          "[net]") {
  const auto carrier =
      GENERATE(Address::Carrier::kUnix, Address::Carrier::kTcp);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  OpenOn(fleet, carrier, folder);
  CHECK(fleet.here.channel->open());
  CHECK(fleet.here.channel->peer().principal == "server:mcfeely");
  CHECK(fleet.there.channel->peer().principal == "host:web1");
  if (carrier == Address::Carrier::kUnix) {
    CHECK(fleet.there.channel->peer().local == "local:root");
  } else {
    CHECK(fleet.there.channel->peer().local.empty());
    CHECK(fleet.there.channel->peer().address == "127.0.0.1");
    CHECK(fleet.there.channel->peer().key == fleet.agent_key.public_key());
  }
  for (int i = 0; i < 100; i++) fleet.here.channel->Send(absl::StrCat("p", i));
  fleet.there.channel->Send("back");
  fleet.there.channel->SendReceipt(ReceiptOf(7));
  REQUIRE(fleet.Until([&] {
    return fleet.there.parcels.size() == 100 &&
           fleet.here.parcels.size() == 1 && fleet.here.receipts.size() == 1;
  }));
  for (int i = 0; i < 100; i++) {
    CHECK(fleet.there.parcels[i] == absl::StrCat("p", i));
  }
  CHECK(fleet.here.parcels[0] == "back");
  CHECK(fleet.here.receipts[0].number == 7);
  CHECK(fleet.here.opened == 1);
  CHECK(fleet.there.opened == 1);
}

TEST_CASE("channel: a parcel many times the credit arrives whole", "[net]") {
  const auto carrier =
      GENERATE(Address::Carrier::kUnix, Address::Carrier::kTcp);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  OpenOn(fleet, carrier, folder);
  std::string large;
  while (large.size() < 20 << 20) {
    absl::StrAppend(&large, large.size(), "/", large.size() * 7919, ";");
  }
  fleet.here.channel->Send(large);
  fleet.here.channel->Send("next");
  fleet.here.channel->Send(large);
  REQUIRE(fleet.Until([&] { return fleet.there.parcels.size() == 3; }));
  CHECK(fleet.there.parcels[0] == large);
  CHECK(fleet.there.parcels[1] == "next");
  CHECK(fleet.there.parcels[2] == large);
  CHECK(fleet.here.channel->queued_bytes() == 0);
}

TEST_CASE("channel: what is sent before it is open goes once it is", "[net]") {
  Fleet fleet;
  fleet.Call(fleet.ListenTcp());
  fleet.here.channel->Send("early");
  CHECK(fleet.here.channel->queued_bytes() == 5);
  REQUIRE(fleet.Until([&] { return !fleet.there.parcels.empty(); }));
  CHECK(fleet.there.parcels[0] == "early");
}

TEST_CASE("channel: close sends everything first and ends both in order",
          "[net]") {
  const auto carrier =
      GENERATE(Address::Carrier::kUnix, Address::Carrier::kTcp);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  OpenOn(fleet, carrier, folder);
  // Each is answered, and the answers come though the caller has closed.
  fleet.there.on_parcel = [](Channel& c, absl::string_view) {
    c.SendReceipt(ReceiptOf(1));
  };
  for (int i = 0; i < 200; i++) fleet.here.channel->Send(ParcelOf(100'000));
  fleet.here.channel->Close("done");
  fleet.here.channel->Send("too late");
  REQUIRE(fleet.Until([&] { return fleet.here.closed && fleet.there.closed; }));
  CHECK(fleet.there.parcels.size() == 200);
  CHECK(fleet.here.receipts.size() == 200);
  CHECK(fleet.here.why.ok());
  CHECK(fleet.there.why.ok());
  CHECK(fleet.here.closed == 1);
  CHECK(fleet.there.closed == 1);
}

TEST_CASE("channel: both may close at the same moment", "[net]") {
  Fleet fleet;
  fleet.Call(fleet.ListenTcp());
  REQUIRE(fleet.Open());
  fleet.here.channel->Close("a");
  fleet.there.channel->Close("b");
  REQUIRE(fleet.Until([&] { return fleet.here.closed && fleet.there.closed; }));
  CHECK(fleet.here.why.ok());
  CHECK(fleet.there.why.ok());
}

TEST_CASE(
    "channel: closed while it is being opened, it ends once and never "
    "opens",
    "[net]") {
  Fleet fleet;
  fleet.Call(fleet.ListenTcp());
  fleet.here.channel->Close("");
  CHECK(fleet.here.closed == 0);  // never from within the call
  REQUIRE(fleet.Until([&] { return fleet.here.closed == 1; }));
  fleet.loop.Turn(absl::Milliseconds(5));
  CHECK(fleet.here.opened == 0);
  CHECK(fleet.here.closed == 1);
}

TEST_CASE("channel: a receiver that is paused bounds what the sender sends",
          "[net]") {
  const auto carrier =
      GENERATE(Address::Carrier::kUnix, Address::Carrier::kTcp);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  OpenOn(fleet, carrier, folder);
  fleet.there.channel->Pause(true);
  constexpr int kParcels = 100;
  for (int i = 0; i < kParcels; i++)
    fleet.here.channel->Send(ParcelOf(100'000));
  // Receipts pass the brake in both directions.
  fleet.here.channel->SendReceipt(ReceiptOf(1));
  fleet.there.channel->SendReceipt(ReceiptOf(2));
  REQUIRE(fleet.Until([&] {
    return !fleet.here.receipts.empty() && !fleet.there.receipts.empty() &&
           fleet.here.channel->queued_bytes() <=
               kParcels * 100'000 - base::kCreditBytes;
  }));
  for (int i = 0; i < 10; i++) fleet.loop.Turn(absl::Milliseconds(1));
  CHECK(fleet.there.parcels.empty());
  CHECK(fleet.here.channel->queued_bytes() >=
        kParcels * 100'000 - base::kCreditBytes - 100'000);
  fleet.there.channel->Pause(false);
  REQUIRE(fleet.Until([&] { return fleet.there.parcels.size() == kParcels; }));
  CHECK(fleet.here.channel->queued_bytes() == 0);
}

TEST_CASE("channel: pausing from within a parcel stops at that parcel",
          "[net]") {
  Fleet fleet;
  fleet.Call(fleet.ListenTcp());
  REQUIRE(fleet.Open());
  fleet.there.on_parcel = [](Channel& c, absl::string_view) { c.Pause(true); };
  for (int i = 0; i < 5; i++) fleet.here.channel->Send(absl::StrCat(i));
  fleet.here.channel->Close("");
  for (size_t n = 1; n <= 5; n++) {
    REQUIRE(fleet.Until([&] { return fleet.there.parcels.size() == n; }));
    for (int i = 0; i < 3; i++) fleet.loop.Turn(absl::Milliseconds(1));
    CHECK(fleet.there.parcels.size() == n);
    CHECK(fleet.there.parcels[n - 1] == absl::StrCat(n - 1));
    // The farewell waits behind parcels that are held.
    if (n < 5) CHECK(fleet.there.closed == 0);
    fleet.there.channel->Pause(false);
  }
  REQUIRE(fleet.Until([&] { return fleet.here.closed && fleet.there.closed; }));
  CHECK(fleet.there.why.ok());
}

TEST_CASE("channel: an event may delete the channel", "[net]") {
  const auto carrier =
      GENERATE(Address::Carrier::kUnix, Address::Carrier::kTcp);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  SECTION("in parcel") {
    OpenOn(fleet, carrier, folder);
    fleet.there.on_parcel = [&](Channel&, absl::string_view parcel) {
      // The bytes stay where they are until the call is over.
      const std::string before(parcel);
      fleet.there.channel.reset();
      CHECK(parcel == before);
    };
    fleet.here.channel->Send("one");
    fleet.here.channel->Send("two");
    REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
    CHECK(fleet.there.parcels.size() == 1);
    CHECK(fleet.there.closed == 0);
    CHECK(fleet.here.why.code() == absl::StatusCode::kUnavailable);
  }
  SECTION("in opened, and in closed") {
    const Address at = carrier == Address::Carrier::kTcp
                           ? fleet.ListenTcp()
                           : fleet.ListenUnix(folder);
    bool closed = false;
    net::ChannelEvents events;
    std::unique_ptr<Channel> other;
    events.opened = [&](Channel&) { other.reset(); };
    other = Channel::Call(fleet.loop, at, fleet.agent, std::move(events));
    REQUIRE(fleet.Until([&] { return other == nullptr; }));
    events = net::ChannelEvents();
    events.closed = [&](Channel&, const absl::Status&) {
      other.reset();
      closed = true;
    };
    fleet.listener.reset();
    other = Channel::Call(fleet.loop, at, fleet.agent, std::move(events));
    REQUIRE(fleet.Until([&] { return closed; }));
    CHECK(other == nullptr);
  }
}

TEST_CASE("channel: deleted at any moment, it is gone without a word",
          "[net]") {
  // The caller dies after n turns of the loop, whatever state it is in then.
  for (int turns = 0; turns < 12; turns++) {
    INFO(turns);
    Fleet fleet;
    fleet.Call(fleet.ListenTcp());
    fleet.here.channel->Send(ParcelOf(3 << 20));
    for (int i = 0; i < turns; i++) fleet.loop.Turn(absl::Milliseconds(5));
    fleet.here.channel.reset();
    REQUIRE(fleet.Until([&] {
      return fleet.listener->handshakes() == 0 &&
             (!fleet.there.opened || fleet.there.closed);
    }));
    CHECK(fleet.here.closed == 0);
    if (fleet.there.opened) {
      CHECK(fleet.there.closed == 1);
      CHECK(fleet.there.why.code() == absl::StatusCode::kUnavailable);
    }
  }
}

TEST_CASE("channel: a dead peer is found by its silence", "[net]") {
  const auto carrier =
      GENERATE(Address::Carrier::kUnix, Address::Carrier::kTcp);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  fleet.server.dead_after = absl::Milliseconds(100);
  fleet.server.keep_alive = absl::Milliseconds(30);
  // The caller's keep-alives would only come after an hour.
  fleet.agent.keep_alive = absl::Hours(1);
  fleet.agent.dead_after = absl::Hours(1);
  OpenOn(fleet, carrier, folder);
  REQUIRE(fleet.Until([&] { return fleet.there.closed; }));
  CHECK(fleet.there.why.code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("channel: keep-alives keep an idle channel open", "[net]") {
  Fleet fleet;
  for (net::ChannelOptions* o : {&fleet.server, &fleet.agent}) {
    o->dead_after = absl::Milliseconds(200);
    o->keep_alive = absl::Milliseconds(20);
  }
  fleet.Call(fleet.ListenTcp());
  REQUIRE(fleet.Open());
  CHECK_FALSE(TurnUntil(
      fleet.loop, [&] { return fleet.here.closed || fleet.there.closed; },
      absl::Milliseconds(600)));
}

TEST_CASE("channel: nobody listening is unavailable", "[net]") {
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  Address at = fleet.ListenTcp();
  SECTION("tcp") { fleet.listener.reset(); }
  SECTION("unix") {
    at = Address();
    at.path = folder.path() + "/nobody";
  }
  fleet.Call(at);
  CHECK(fleet.here.closed == 0);
  REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
  CHECK(fleet.here.why.code() == absl::StatusCode::kUnavailable);
  CHECK(fleet.here.opened == 0);
}

TEST_CASE("channel: a name is looked up without holding up the loop", "[net]") {
  Fleet fleet;
  Address at = fleet.ListenTcp();
  at.host = "localhost";
  fleet.Call(at);
  REQUIRE(fleet.Open());
  // A name that no server knows (RFC 6761, 6.4), on the thread; deleting the
  // channel while that is under way is safe.
  at.host = "nobody.invalid";
  End lost;
  lost.channel = Channel::Call(fleet.loop, at, fleet.agent, lost.Events());
  fleet.loop.Turn(absl::ZeroDuration());
  lost.channel.reset();
  fleet.agent.connect_time = absl::Milliseconds(300);
  lost.channel = Channel::Call(fleet.loop, at, fleet.agent, lost.Events());
  REQUIRE(fleet.Until([&] { return lost.closed; }));
  CHECK_FALSE(lost.why.ok());
}

TEST_CASE("channel: the caller of a unix socket checks whom it was to reach",
          "[net]") {
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  fleet.agent.expected_principal = "server:other";
  fleet.Call(fleet.ListenUnix(folder));
  REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
  CHECK(fleet.here.opened == 0);
  CHECK(fleet.here.why.code() == absl::StatusCode::kPermissionDenied);
}

TEST_CASE(
    "channel: a listener that expects somebody else refuses, and the "
    "caller learns that it is refused",
    "[net]") {
  const auto carrier =
      GENERATE(Address::Carrier::kUnix, Address::Carrier::kTcp);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  fleet.server.expected_principal = "host:other";
  fleet.Call(carrier == Address::Carrier::kTcp ? fleet.ListenTcp()
                                               : fleet.ListenUnix(folder));
  REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
  CHECK(fleet.there.opened == 0);
  CHECK(fleet.here.why.code() == absl::StatusCode::kPermissionDenied);
  CHECK(fleet.listener->refused() == 1);
}

TEST_CASE("channel: a listener may be told who it is that refuses it",
          "[net]") {
  Fleet fleet;
  fleet.agent.introduce = true;
  fleet.agent.expected_principal = "server:other";
  fleet.Call(fleet.ListenTcp());
  REQUIRE(fleet.Until([&] { return fleet.there.closed && fleet.here.closed; }));
  CHECK(fleet.here.opened == 0);
  CHECK(fleet.here.why.code() == absl::StatusCode::kPermissionDenied);
  CHECK(fleet.there.why.code() == absl::StatusCode::kPermissionDenied);
  CHECK(fleet.there.channel->peer().principal == "host:web1");
}

TEST_CASE("channel: the Listener's own channels end with it", "[net]") {
  Fleet fleet;
  const Address at = fleet.ListenTcp();
  sys::Fd raw = RawTcp(fleet.loop, "127.0.0.1", at.port);
  REQUIRE(fleet.Until([&] { return fleet.listener->handshakes() == 1; }));
  fleet.listener.reset();
  bool ended = false;
  REQUIRE(fleet.Until([&] {
    RawRead(raw.get(), &ended);
    return ended;
  }));
  CHECK(fleet.there.closed == 0);
}
