// What a peer can do that does not play by the rules: on TCP without a trusted
// key, and, with the rights it takes to be let in, on a unix socket.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "fixture.h"
#include "net/flow.h"
#include "net/handshake.h"

using net::Address;
using net::Channel;
using net::EncodeFrame;
using net::FrameType;
using namespace net_test;

namespace {

// A listener's channel with a raw other end.
struct RawPeer {
  explicit RawPeer(bool greet = true, net::ChannelOptions options = {}) {
    sys::IgnoreSigpipe();
    auto pair = sys::SocketPair();
    REQUIRE(pair.ok());
    raw = std::move(pair->second);
    end.channel =
        Channel::Accept(loop, std::move(pair->first), Address::Carrier::kUnix,
                        "raw", options, end.Events());
    if (!greet) return;
    Say(EncodeFrame(FrameType::kHello,
                    net::EncodeHello("host:web1", nullptr, "")));
    REQUIRE(TurnUntil(loop, [&] { return end.opened == 1; }));
  }
  void Say(absl::string_view bytes) { RawSend(raw.get(), bytes); }
  absl::StatusCode Ended() {
    REQUIRE(TurnUntil(loop, [&] { return end.closed == 1; }));
    return end.why.code();
  }
  sys::Loop loop;
  End end;
  sys::Fd raw;
};

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

std::string Le32(uint32_t v) {
  std::string out;
  base::PutLe32(out, v);
  return out;
}

}  // namespace

TEST_CASE("attack: frames that are none end the channel", "[net]") {
  std::string bytes;
  SECTION("length 0") { bytes = Le32(0); }
  SECTION("length 4 GiB") { bytes = Le32(0xffffffff); }
  SECTION("one byte over the limit") { bytes = Le32(base::kMaxFrameBytes + 1); }
  SECTION("unknown type") { bytes = Le32(1) + '\x08'; }
  SECTION("second hello") {
    bytes = EncodeFrame(FrameType::kHello,
                        net::EncodeHello("host:web2", nullptr, ""));
  }
  SECTION("credit of three bytes") {
    bytes = EncodeFrame(FrameType::kCredit, "abc");
  }
  SECTION("absurd credit") {
    bytes = EncodeFrame(FrameType::kCredit, Le32(0xffffffff));
  }
  SECTION("keep-alive with content") {
    bytes = EncodeFrame(FrameType::kKeepAlive, "x");
  }
  SECTION("receipt cut short") {
    bytes = EncodeFrame(FrameType::kReceipt, "short");
  }
  SECTION("garbage") { bytes = "GET / HTTP/1.1\r\nHost: fleetbox\r\n\r\n"; }
  RawPeer peer;
  peer.Say(bytes);
  CHECK(peer.Ended() == kInvalid);
  CHECK(peer.end.parcels.empty());
}

TEST_CASE("attack: a first frame that is no good hello ends the channel",
          "[net]") {
  std::string bytes;
  SECTION("a parcel") { bytes = EncodeFrame(FrameType::kParcel, "x"); }
  SECTION("a hello over 4 KiB") { bytes = Le32(4097); }
  SECTION("not a message") { bytes = EncodeFrame(FrameType::kHello, "\xff"); }
  SECTION("empty: version 0") { bytes = EncodeFrame(FrameType::kHello, ""); }
  SECTION("a principal of two lines") {
    bytes = EncodeFrame(FrameType::kHello,
                        net::EncodeHello("host:a\nhost:b", nullptr, ""));
  }
  SECTION("a principal of 256 bytes") {
    bytes = EncodeFrame(FrameType::kHello,
                        net::EncodeHello(std::string(256, 'a'), nullptr, ""));
  }
  RawPeer peer(false);
  peer.Say(bytes);
  CHECK(peer.Ended() == kInvalid);
  CHECK(peer.end.opened == 0);
}

TEST_CASE("attack: parcels without credit end the channel", "[net]") {
  RawPeer peer;
  peer.end.channel->Pause(true);  // takes nothing, so grants nothing
  const std::string frame = EncodeFrame(FrameType::kParcel, ParcelOf(100'000));
  std::string all;
  while (all.size() < base::kCreditBytes + 200'000) all += frame;
  size_t at = 0;
  REQUIRE(TurnUntil(peer.loop, [&] {
    const ssize_t n = send(peer.raw.get(), all.data() + at, all.size() - at,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) at += n;
    return peer.end.closed == 1;
  }));
  CHECK(peer.end.why.code() == absl::StatusCode::kResourceExhausted);
  CHECK(peer.end.parcels.empty());
}

TEST_CASE(
    "attack: receipts for what was never sent are handed over and kept "
    "nowhere",
    "[net]") {
  RawPeer peer;
  net::Receipt r;
  r.id = base::ParcelId::From("never sent, this");
  r.code = net::Receipt::Code::kRefused;
  r.text = std::string(1000, 'x');
  const std::string frame = EncodeFrame(FrameType::kReceipt, EncodeReceipt(r));
  const std::string keep_alive = EncodeFrame(FrameType::kKeepAlive, "");
  size_t got = 0;
  for (int i = 0; i < 2000; i++) {
    peer.Say(frame + keep_alive + keep_alive);
    peer.loop.Turn(absl::ZeroDuration());
    got += peer.end.receipts.size();
    peer.end.receipts.clear();
  }
  REQUIRE(TurnUntil(peer.loop, [&] {
    got += peer.end.receipts.size();
    peer.end.receipts.clear();
    return got == 2000;
  }));
  CHECK(peer.end.channel->queued_bytes() == 0);  // none is answered
  CHECK(peer.end.closed == 0);
}

TEST_CASE(
    "attack: who sends parcels and never reads the receipts gets no more "
    "credit",
    "[net]") {
  RawPeer peer;
  peer.end.on_parcel = [](Channel& c, absl::string_view) {
    net::Receipt r;
    r.text = std::string(2000, 'x');
    c.SendReceipt(r);
  };
  const std::string frame = EncodeFrame(FrameType::kParcel, ParcelOf(168));
  size_t sent = 0;
  // Honest but for not reading: as much as the credit it has seen.
  for (; sent < base::kCreditBytes / 168 && !peer.end.closed; sent++) {
    peer.Say(frame);
    if (sent % 64 == 0) peer.loop.Turn(absl::ZeroDuration());
  }
  REQUIRE(
      TurnUntil(peer.loop, [&] { return peer.end.parcels.size() == sent; }));
  CHECK(peer.end.channel->queued_bytes() < sent * 2100);
  CHECK(peer.end.channel->queued_bytes() > net::kMaxHousekeepingBytes);
  // And with more it breaks the account: what it was granted at first is all.
  size_t more = 0;
  REQUIRE(TurnUntil(peer.loop, [&] {
    if (send(peer.raw.get(), frame.data(), frame.size(),
             MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
      more++;
    }
    return peer.end.closed == 1;
  }));
  CHECK(peer.end.why.code() == absl::StatusCode::kResourceExhausted);
  CHECK(more * 168 < base::kCreditBytes);
}

TEST_CASE("attack: a peer that never reads is found out when we close",
          "[net]") {
  net::ChannelOptions options;
  options.dead_after = absl::Milliseconds(100);
  options.keep_alive = absl::Milliseconds(10);
  RawPeer peer(true, options);
  for (int i = 0; i < 30; i++) peer.end.channel->Send(ParcelOf(100'000));
  REQUIRE(TurnUntil(
      peer.loop, [&] { return peer.end.channel->queued_bytes() < 3'000'000; }));
  // Keep-alives are not piled up behind what is not read.
  const size_t before = peer.end.channel->queued_bytes();
  REQUIRE(before > 0);
  const absl::Time until = sys::SteadyNow() + absl::Milliseconds(60);
  while (sys::SteadyNow() < until) peer.loop.Turn(absl::Milliseconds(5));
  CHECK(peer.end.channel->queued_bytes() <= before);
  peer.end.channel->Close("enough");
  CHECK(peer.Ended() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("attack: a slow-loris hello is dropped in time", "[net]") {
  Fleet fleet;
  fleet.server.handshake_time = absl::Milliseconds(150);
  const Address at = fleet.ListenTcp();
  sys::Fd raw = RawTcp(fleet.loop, "127.0.0.1", at.port);
  const absl::Time begin = sys::SteadyNow();
  bool ended = false;
  std::string heard;
  int sent = 0;
  REQUIRE(fleet.Until([&] {
    // A byte each turn, and never the last of its ephemeral key.
    if (sent < 31) {
      sent++;
      send(raw.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    heard += RawRead(raw.get(), &ended);
    return ended;
  }));
  CHECK(heard.empty());
  CHECK(sys::SteadyNow() - begin >= absl::Milliseconds(100));
  CHECK(fleet.listener->handshakes() == 0);
  CHECK(fleet.listener->refused() == 1);
  CHECK(fleet.there.opened == 0);
}

TEST_CASE("attack: a caller finds out a listener that never answers", "[net]") {
  Fleet fleet;
  fleet.agent.handshake_time = absl::Milliseconds(100);
  auto silent = sys::ListenTcp("127.0.0.1", 0);
  REQUIRE(silent.ok());
  Address at;
  at.carrier = Address::Carrier::kTcp;
  at.host = "127.0.0.1";
  at.port = *sys::LocalPort(silent->get());
  fleet.Call(at);
  REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
  CHECK(fleet.here.why.code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("attack: keys that may not open channels are refused over tcp",
          "[net]") {
  Fleet fleet;
  const wire::PublicKey agent = fleet.agent_key.public_key();
  Trust callers = fleet.trust;
  fleet.agent.trust = &callers;
  SECTION("untrusted") { fleet.trust.Revoke(agent); }
  SECTION("for another namespace") {
    fleet.trust.Add(agent, {{"host:web1"}, "result@fleetbox"});
  }
  SECTION("expired") {
    fleet.trust.Add(
        agent,
        {{"host:web1"}, "channel@fleetbox", sys::WallNow() - absl::Seconds(1)});
  }
  SECTION("not as the principal it claims") {
    fleet.agent.principal = "host:web2";
  }
  fleet.Call(fleet.ListenTcp());
  REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
  CHECK(fleet.here.opened == 0);
  CHECK(fleet.there.opened == 0);
  CHECK(fleet.here.why.code() == absl::StatusCode::kPermissionDenied);
  CHECK(fleet.here.why.message() ==
        "refused by the other end; its log says why");
  CHECK(fleet.listener->refused() == 1);
}

TEST_CASE(
    "attack: a key revoked while its channel is open is not trusted any "
    "more",
    "[net]") {
  Fleet fleet;
  fleet.Call(fleet.ListenTcp());
  REQUIRE(fleet.Open());
  const Channel& there = *fleet.there.channel;
  CHECK(there.StillTrusted(sys::WallNow()));
  SECTION("revoked") { fleet.trust.Revoke(fleet.agent_key.public_key()); }
  SECTION("trusted as somebody else now") {
    fleet.trust.Add(fleet.agent_key.public_key(), {{"host:web2"}});
  }
  SECTION("for something else now") {
    fleet.trust.Add(fleet.agent_key.public_key(),
                    {{"host:web1"}, "inject@fleetbox"});
  }
  CHECK_FALSE(there.StillTrusted(sys::WallNow()));
  CHECK(fleet.here.channel->StillTrusted(sys::WallNow()));
  fleet.there.channel.reset();
  REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
}

TEST_CASE(
    "attack: a relay that flips a bit or cuts the stream anywhere lets no "
    "wrong parcel through",
    "[net]") {
  const bool cut = GENERATE(false, true);
  // Every byte of the caller's stream: ephemeral key, header, hello, parcel.
  size_t whole = 0;
  for (size_t at = 0; whole == 0 || at < whole; at += cut ? 1 : 5) {
    Fleet fleet;
    const Address behind = fleet.ListenTcp();
    auto listening = sys::ListenTcp("127.0.0.1", 0);
    REQUIRE(listening.ok());
    Address front = behind;
    front.port = *sys::LocalPort(listening->get());
    fleet.Call(front);
    fleet.here.channel->Send(ParcelOf(50));
    sys::Fd caller, server = RawTcp(fleet.loop, "127.0.0.1", behind.port);
    REQUIRE(fleet.Until([&] {
      if (!caller) caller = *sys::Accept(listening->get(), nullptr);
      return static_cast<bool>(caller);
    }));
    size_t passed = 0;
    bool gone = false;
    int idle = 0;
    // A flipped bit of a length can leave a receiver waiting for more, which
    // only time ends: enough has been seen when nothing moves any more.
    while (!gone && idle < 30) {
      fleet.loop.Turn(absl::Milliseconds(1));
      std::string there = RawRead(caller.get(), &gone);
      const bool here_it_is =
          whole != 0 && at >= passed && at < passed + there.size();
      if (here_it_is && cut) {
        there.resize(at - passed);
        gone = true;
      } else if (here_it_is) {
        there[at - passed] ^= 1 << (at % 8);
      }
      passed += there.size();
      send(server.get(), there.data(), there.size(), MSG_NOSIGNAL);
      const std::string back = RawRead(server.get(), &gone);
      send(caller.get(), back.data(), back.size(), MSG_NOSIGNAL);
      idle = there.empty() && back.empty() ? idle + 1 : 0;
      if (whole == 0 && fleet.there.parcels.size() == 1) break;
    }
    if (whole == 0) {
      REQUIRE(fleet.there.parcels.size() == 1);
      whole = passed;
      REQUIRE(whole > 250);
      continue;
    }
    INFO("byte " << at << " of " << whole << (cut ? " cut" : " flipped"));
    caller.Reset();
    server.Reset();
    REQUIRE(fleet.Until([&] {
      return fleet.here.closed && fleet.there.opened == fleet.there.closed &&
             fleet.listener->handshakes() == 0;
    }));
    CHECK(fleet.there.parcels.empty());
    CHECK_FALSE(fleet.here.why.ok());
    if (fleet.there.opened) CHECK_FALSE(fleet.there.why.ok());
  }
}

TEST_CASE("attack: ten thousand half-open connections keep nobody else out",
          "[net]") {
  sys::RaiseDescriptorLimit();
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  Fleet fleet;
  const Address at = fleet.ListenTcp();
  // Two descriptors for each connection that both ends still hold.
  const int many = std::min<int>(10'000, static_cast<int>(limit.rlim_cur) / 2);
  const size_t memory_before = sys::ResidentBytes();
  std::vector<sys::Fd> raw;
  int made = 0;
  while (made < many) {
    auto fd = sys::BeginConnectTcp("127.0.0.1", at.port);
    REQUIRE(fd.ok());
    raw.push_back(std::move(*fd));
    made++;
    if (made % 32 == 0) fleet.loop.Turn(absl::ZeroDuration());
    REQUIRE(fleet.listener->handshakes() <= base::kMaxHandshakesPerAddress);
  }
  REQUIRE(fleet.Until([&] {
    return fleet.listener->refused() ==
           static_cast<uint64_t>(many - base::kMaxHandshakesPerAddress);
  }));
  CHECK(fleet.listener->handshakes() == base::kMaxHandshakesPerAddress);
  CHECK(sys::ResidentBytes() < memory_before + (64 << 20));
  // From the flooded address nobody gets in; from the next somebody does.
  End neighbour;
  sys::Fd good(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in from = {};
  from.sin_family = AF_INET;
  inet_pton(AF_INET, "127.0.0.2", &from.sin_addr);
  REQUIRE(bind(good.get(), reinterpret_cast<sockaddr*>(&from), sizeof from) ==
          0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(at.port);
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  connect(good.get(), reinterpret_cast<sockaddr*>(&to), sizeof to);
  net::SecureStream stream({net::Role::kCaller, &fleet.agent_key, &fleet.trust,
                            "host:web1", "server:mcfeely",
                            sys::RandomBytes(32)});
  REQUIRE(fleet.Until([&] {
    sockaddr_in peer;
    socklen_t n = sizeof peer;
    return getpeername(good.get(), reinterpret_cast<sockaddr*>(&peer), &n) == 0;
  }));
  RawSend(good.get(), stream.Start());
  std::string plain;
  bool ended = false;
  REQUIRE(fleet.Until([&] {
    std::string reply;
    REQUIRE(stream
                .Receive(RawRead(good.get(), &ended), sys::WallNow(), &plain,
                         &reply)
                .ok());
    if (!reply.empty()) RawSend(good.get(), reply);
    return fleet.there.opened == 1;
  }));
  CHECK(fleet.there.channel->peer().address == "127.0.0.2");
}

TEST_CASE("attack: handshakes under way are bounded in all", "[net]") {
  Fleet fleet;
  net::HandshakeLimits limits;
  limits.per_peer = 1000;
  limits.in_all = 50;
  const Address at = fleet.ListenTcp(limits);
  std::vector<sys::Fd> raw;
  for (int i = 0; i < 120; i++) {
    raw.push_back(*sys::BeginConnectTcp("127.0.0.1", at.port));
  }
  REQUIRE(fleet.Until([&] { return fleet.listener->refused() == 70; }));
  CHECK(fleet.listener->handshakes() == 50);
  // Those that go make room.
  raw.clear();
  REQUIRE(fleet.Until([&] { return fleet.listener->handshakes() == 0; }));
  fleet.Call(at);
  REQUIRE(fleet.Open());
}

TEST_CASE(
    "attack: a peer that claims to be anybody on a unix socket is nobody "
    "without the local rights",
    "[net]") {
  if (sys::MyUid() != 0) {
    WARN("skipped: only root can become somebody else");
    return;
  }
  const sys::TemporaryFolder folder = Folder();
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  Fleet fleet;
  const Address at = fleet.ListenUnix(folder);
  const pid_t child = fork();
  if (child == 0) {
    // Only system calls from here: other threads may exist.
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    auto fd = sys::ConnectUnix(at.path);
    if (!fd.ok()) _exit(2);
    const std::string hello =
        EncodeFrame(FrameType::kHello,
                    net::EncodeHello("server:mcfeely", nullptr, "")) +
        EncodeFrame(FrameType::kParcel, "signed by itself");
    if (write(fd->get(), hello.data(), hello.size()) < 0) _exit(3);
    pollfd p = {fd->get(), POLLRDHUP, 0};
    poll(&p, 1, 10'000);
    _exit(0);
  }
  REQUIRE(fleet.Until([&] { return fleet.there.parcels.size() == 1; }));
  CHECK(fleet.there.channel->peer().principal.empty());
  CHECK(fleet.there.channel->peer().principals.empty());
  CHECK(fleet.there.channel->peer().local.empty());
  CHECK(fleet.there.channel->peer().address == "uid 65534");
  fleet.there.channel.reset();
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
