// Data on channels, and channels on connections that were there before.
#include "base/bytes.h"
#include "fixture.h"
#include "net/hello.h"

using net::Address;
using net::Channel;
using net::EncodeFrame;
using net::FrameType;
using namespace net_test;

namespace {

// The caller's end is adopted, the other one is raw.
struct Adopted {
  explicit Adopted(absl::string_view already_read = "",
                   net::ChannelOptions options = {}) {
    sys::IgnoreSigpipe();
    auto pair = sys::SocketPair();
    REQUIRE(pair.ok());
    raw = std::move(pair->second);
    net::Connection connection;
    connection.fd = std::move(pair->first);
    Address at;
    at.carrier = Address::Carrier::kSsh;
    at.host = "web1";
    end.channel = Channel::Adopt(loop, at, std::move(connection), already_read,
                                 options, end.Events());
  }
  bool Until(const std::function<bool()>& done) {
    return TurnUntil(loop, done);
  }
  sys::Loop loop;
  End end;
  sys::Fd raw;
};

std::string HelloFrame() {
  return EncodeFrame(FrameType::kHello,
                     net::EncodeHello("host:web1", nullptr, ""));
}

}  // namespace

TEST_CASE("channel: data and parcels arrive in the order they were sent",
          "[net]") {
  const bool tcp = GENERATE(false, true);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  fleet.Call(tcp ? fleet.ListenTcp() : fleet.ListenUnix(folder));
  fleet.here.channel->SendData("early");
  REQUIRE(fleet.Open());
  const auto shared = std::make_shared<const std::string>("shared");
  for (int i = 0; i < 50; i++) {
    fleet.here.channel->SendData(absl::StrCat("d", i));
    fleet.here.channel->Send(absl::StrCat("p", i));
    fleet.here.channel->Send(shared);
  }
  fleet.there.channel->SendData(std::string());
  REQUIRE(fleet.Until([&] {
    return fleet.there.all.size() == 151 && fleet.here.data.size() == 1;
  }));
  CHECK(fleet.there.data.size() == 51);
  CHECK(fleet.there.all[0] == "early");
  for (int i = 0; i < 50; i++) {
    CHECK(fleet.there.all[3 * i + 1] == absl::StrCat("d", i));
    CHECK(fleet.there.all[3 * i + 2] == absl::StrCat("p", i));
    CHECK(fleet.there.all[3 * i + 3] == "shared");
  }
  CHECK(fleet.here.data[0].empty());
}

TEST_CASE("channel: data waits while the receiver pauses, and is never lost",
          "[net]") {
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  fleet.Call(fleet.ListenUnix(folder));
  REQUIRE(fleet.Open());
  fleet.there.channel->Pause(true);
  for (int i = 0; i < 40; i++) {
    fleet.here.channel->SendData(ParcelOf(1 << 20, static_cast<char>('a' + i)));
  }
  // What the credit lets through goes, and no more.
  REQUIRE(fleet.Until(
      [&] { return fleet.here.channel->queued_bytes() == 36 << 20; }));
  fleet.loop.Turn(absl::ZeroDuration());
  CHECK(fleet.there.data.empty());
  CHECK(fleet.here.channel->queued_bytes() == 36 << 20);
  fleet.there.channel->Pause(false);
  REQUIRE(fleet.Until([&] { return fleet.there.data.size() == 40; }));
  for (int i = 0; i < 40; i++) {
    CHECK(fleet.there.data[i][0] == static_cast<char>('a' + i));
  }
}

TEST_CASE("channel: data that nobody expects ends it", "[net]") {
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  fleet.there.takes_data = false;
  fleet.Call(fleet.ListenUnix(folder));
  REQUIRE(fleet.Open());
  fleet.here.channel->SendData("x");
  REQUIRE(fleet.Until([&] { return fleet.there.closed == 1; }));
  CHECK(fleet.there.why.code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("channel: data without credit ends it", "[net]") {
  Adopted a(HelloFrame());
  REQUIRE(a.Until([&] { return a.end.opened == 1; }));
  a.end.channel->Pause(true);
  const std::string frame = EncodeFrame(FrameType::kData, ParcelOf(1 << 20));
  size_t sent = 0;
  REQUIRE(a.Until([&] {
    const ssize_t n = send(a.raw.get(), frame.data() + sent,
                           frame.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent = (sent + static_cast<size_t>(n)) % frame.size();
    return a.end.closed == 1;
  }));
  CHECK(a.end.why.code() == absl::StatusCode::kResourceExhausted);
  CHECK(a.end.data.empty());
}

TEST_CASE(
    "channel: one on a connection that was there before goes on with "
    "what was read of it",
    "[net]") {
  const std::string bytes = HelloFrame() + EncodeFrame(FrameType::kData, "one");
  for (size_t read = 0; read <= bytes.size(); read++) {
    Adopted a(absl::string_view(bytes).substr(0, read));
    CHECK(a.end.opened == 0);  // never from within the call
    RawSend(a.raw.get(), absl::string_view(bytes).substr(read));
    RawSend(a.raw.get(), EncodeFrame(FrameType::kParcel, "two"));
    REQUIRE(a.Until([&] { return a.end.all.size() == 2; }));
    CHECK(a.end.all == std::vector<std::string>{"one", "two"});
    CHECK(a.end.channel->peer().principal == "host:web1");
    CHECK(a.end.channel->peer().local == "ssh:web1");
    // It says hello itself.
    bool ended = false;
    std::string said;
    REQUIRE(a.Until([&] {
      said += RawRead(a.raw.get(), &ended);
      return said.size() >= 5;
    }));
    CHECK(said[4] == static_cast<char>(FrameType::kHello));
  }
}

TEST_CASE("channel: one on a connection that has ended takes what was read",
          "[net]") {
  Adopted a(HelloFrame() + EncodeFrame(FrameType::kData, "last") +
            EncodeFrame(FrameType::kClose, "bye"));
  a.raw.Reset();
  REQUIRE(a.Until([&] { return a.end.closed == 1; }));
  CHECK(a.end.opened == 1);
  CHECK(a.end.data == std::vector<std::string>{"last"});
}

TEST_CASE("channel: closed right after it has adopted, it ends once", "[net]") {
  Adopted a(HelloFrame());
  a.end.channel->Close("");
  CHECK(a.end.closed == 0);
  REQUIRE(a.Until([&] { return a.end.closed == 1; }));
  CHECK(a.end.opened == 0);
  Adopted b(HelloFrame());
  b.end.channel.reset();
  b.loop.Turn(absl::ZeroDuration());
  CHECK(b.end.closed == 0);
}

TEST_CASE("channel: says when all that waited has gone, and only then",
          "[net]") {
  const bool tcp = GENERATE(false, true);
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  fleet.Call(tcp ? fleet.ListenTcp() : fleet.ListenUnix(folder));
  REQUIRE(fleet.Open());
  fleet.loop.Turn(absl::ZeroDuration());
  CHECK(fleet.here.drained == 0);
  fleet.there.channel->Pause(true);
  for (int i = 0; i < 12; i++) fleet.here.channel->SendData(ParcelOf(1 << 20));
  REQUIRE(fleet.Until(
      [&] { return fleet.here.channel->queued_bytes() <= 8 << 20; }));
  CHECK(fleet.here.drained == 0);
  fleet.there.channel->Pause(false);
  REQUIRE(fleet.Until([&] { return fleet.there.data.size() == 12; }));
  CHECK(fleet.here.channel->queued_bytes() == 0);
  CHECK(fleet.here.drained == 1);
  fleet.here.channel->Send("p");
  REQUIRE(fleet.Until([&] { return fleet.here.drained == 2; }));
}
