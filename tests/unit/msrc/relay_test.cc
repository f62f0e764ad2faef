// Hosts called by way of others: the messages, both ends, and peers that do not
// keep to them.
#include <absl/strings/str_cat.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "msrc/relay_protocol.h"
#include "msrc/relay_server.h"
#include "msrc/relay_stream.h"
#include "msrc/relays.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/signals.h"
#include "sys/socket.h"
#include "unit/msrc/model_receiver.h"
#include "unit/wire/content_testing.h"

using namespace msrc;

namespace {

bool Until(sys::Loop& loop, const std::function<bool()>& done) {
  const absl::Time end = sys::SteadyNow() + absl::Seconds(20);
  while (!done() && sys::SteadyNow() < end) loop.Turn(absl::Milliseconds(20));
  return done();
}

RelayOpen OpenOf(const std::string& command) {
  // In ssh's place: a shell, which has the host as its $0 and passes it over.
  return {.ssh = {"sh", "-c", command},
          .login = "",
          .host = "h1",
          .command = {"x"}};
}

// A relay, and what it has said.
struct Server {
  Server() {
    sys::IgnoreSigpipe();
    RelayServer::Calls calls;
    calls.send = [this](std::string bytes) {
      const auto m = ParseRelay(bytes);
      REQUIRE(m.ok());
      if (m->kind == RelayKind::kData) said[m->stream] += m->bytes;
      if (m->kind == RelayKind::kErrors) errors[m->stream] += m->bytes;
      if (m->kind == RelayKind::kTaken) taken[m->stream] += m->number;
      if (m->kind == RelayKind::kEnded) ended[m->stream] = m->number;
    };
    calls.failed = [this](const absl::Status& s) { failed = s; };
    relay = std::make_unique<RelayServer>(loop, std::move(calls));
  }
  void Say(const RelayMessage& m) { relay->OnMessage(EncodeRelay(m)); }
  void Open(uint32_t id, const std::string& command) {
    Say({.kind = RelayKind::kOpen, .stream = id, .open = OpenOf(command)});
  }
  void Data(uint32_t id, const std::string& bytes,
            RelayKind kind = RelayKind::kData) {
    Say({.kind = kind, .stream = id, .bytes = bytes});
  }
  void Close(uint32_t id) { Say({.kind = RelayKind::kClose, .stream = id}); }
  bool Ended(uint32_t id) {
    return Until(loop, [&] { return ended.contains(id); });
  }

  sys::Loop loop;
  std::map<uint32_t, std::string> said, errors;
  std::map<uint32_t, uint32_t> ended;
  std::map<uint32_t, size_t> taken;
  absl::Status failed;
  std::unique_ptr<RelayServer> relay;
};

}  // namespace

TEST_CASE("relay: messages are what they were when they were sent", "[msrc]") {
  const std::vector<RelayMessage> all = {
      {.kind = RelayKind::kOpen,
       .stream = 1,
       .open = {{"ssh", "-p", "2"}, "ops", "web1", {"sh", "-c", "a b\n"}}},
      {.kind = RelayKind::kData, .stream = 2, .bytes = std::string("\0x", 2)},
      {.kind = RelayKind::kNew,
       .stream = 3,
       .bytes = std::string(kMaxRelayDataBytes, 'x')},
      {.kind = RelayKind::kKept, .stream = 4, .hash = wire::HashOf("x")},
      {.kind = RelayKind::kClose, .stream = 0xffffffff},
      {.kind = RelayKind::kErrors, .stream = 5, .bytes = "no route"},
      {.kind = RelayKind::kEnded, .stream = 6, .number = 255},
      {.kind = RelayKind::kTaken, .stream = 7, .number = kRelayWindow}};
  for (const RelayMessage& message : all) {
    const std::string bytes = EncodeRelay(message);
    const auto parsed = ParseRelay(bytes);
    REQUIRE(parsed.ok());
    CHECK(*parsed == message);
    if (message.kind == RelayKind::kData || message.kind == RelayKind::kNew ||
        message.kind == RelayKind::kErrors) {
      CHECK_FALSE(ParseRelay(bytes.substr(0, 5)).ok());
      continue;
    }
    // Of the others no part is one, nor is what has more behind it.
    for (size_t n = 0; n < bytes.size(); n++) {
      const auto part = ParseRelay(bytes.substr(0, n));
      // A call without its last words is one of fewer.
      CHECK((!part.ok() || message.kind == RelayKind::kOpen));
    }
    CHECK_FALSE(ParseRelay(bytes + "x").ok());
  }
}

TEST_CASE("attack: a relay's messages beyond their limits are none", "[msrc]") {
  const auto bad = [](RelayMessage m) {
    return absl::IsInvalidArgument(ParseRelay(EncodeRelay(m)).status());
  };
  CHECK(bad({.kind = RelayKind::kData, .stream = 0, .bytes = "x"}));
  CHECK(bad({.kind = RelayKind::kData,
             .stream = 1,
             .bytes = std::string(kMaxRelayDataBytes + 1, 'x')}));
  CHECK(bad({.kind = RelayKind::kEnded, .stream = 1, .number = 256}));
  CHECK(bad({.kind = RelayKind::kTaken, .stream = 1, .number = 0}));
  CHECK(bad(
      {.kind = RelayKind::kTaken, .stream = 1, .number = kRelayWindow + 1}));
  CHECK(bad({.kind = static_cast<RelayKind>(9), .stream = 1}));
  const auto call = [&](RelayOpen open) {
    return bad({.kind = RelayKind::kOpen, .stream = 1, .open = open});
  };
  CHECK(call({{}, "", "h", {}}));
  CHECK(call({{"ssh"}, "", "", {}}));
  CHECK(call({{""}, "", "h", {}}));
  CHECK(call({{"ssh"}, "", "-oProxyCommand=x", {}}));
  CHECK(call({{"ssh"}, "-x", "h", {}}));
  CHECK(call({{"ssh"}, "", std::string(300, 'h'), {}}));
  CHECK(call({{"ssh"}, "", "h", {std::string("a\0b", 3)}}));
  CHECK(call({{"ssh"}, "", "h", {std::string(kMaxRelayWordsBytes, 'x')}}));
  CHECK(call({{"ssh"}, "", "h", std::vector<std::string>(kMaxRelayWords)}));
}

TEST_CASE("relay: what is under way is bounded, and cannot be made up",
          "[msrc]") {
  RelayFlow flow;
  CHECK(flow.Add(kRelayWindow).ok());
  CHECK(flow.room() == 0);
  CHECK_FALSE(flow.Add(1).ok());
  CHECK_FALSE(flow.Take(kRelayWindow + 1).ok());
  CHECK(flow.Take(10).ok());
  CHECK(flow.room() == 10);
}

TEST_CASE("relay: both ends know the same of what is kept", "[msrc]") {
  RelayStore names, bytes;
  std::vector<wire::Hash> all;
  constexpr size_t kPart = 250'000;
  for (uint64_t i = 0; i < 200; i++) {
    const auto part =
        std::make_shared<const std::string>(wire_test::Noise(kPart, i % 150));
    const wire::Hash hash = wire::HashOf(*part);
    all.push_back(hash);
    CHECK(names.Has(hash) == (bytes.Find(hash) != nullptr));
    names.Keep(hash, part->size(), nullptr);
    bytes.Keep(hash, part->size(), part);
    CHECK(bytes.bytes() <= kRelayKeptBytes);
    CHECK(names.bytes() == bytes.bytes());
    CHECK(*bytes.Find(hash) == *part);
  }
  for (const wire::Hash& hash : all) {
    CHECK(names.Has(hash) == (bytes.Find(hash) != nullptr));
  }
  CHECK_FALSE(names.Has(all[60]));
}

TEST_CASE("relay: it carries bytes both ways, and says how it ended",
          "[msrc]") {
  Server s;
  s.Open(1, "echo to $0 >&2; cat; exit 7");
  s.Data(1, "before it is there, ");
  REQUIRE(Until(s.loop, [&] { return !s.said[1].empty(); }));
  s.Data(1, "and behind");
  s.Close(1);
  REQUIRE(s.Ended(1));
  CHECK(s.said[1] == "before it is there, and behind");
  CHECK(s.taken[1] == s.said[1].size());
  CHECK(s.ended[1] == 7);
  CHECK(s.errors[1] == "to h1\n");
  CHECK(s.relay->streams() == 0);
  // What was on its way for it, is for nobody.
  s.Data(1, "late");
  s.Close(1);
  CHECK(s.failed.ok());
}

TEST_CASE("relay: what is there is told to another by its name", "[msrc]") {
  Server s;
  const std::string part = wire_test::Noise(100'000);
  s.Open(1, "cat >/dev/null; echo one");
  s.Open(2, "wc -c");
  s.Data(1, part, RelayKind::kNew);
  s.Say({.kind = RelayKind::kKept, .stream = 2, .hash = wire::HashOf(part)});
  s.Say({.kind = RelayKind::kKept, .stream = 2, .hash = wire::HashOf(part)});
  s.Close(1);
  s.Close(2);
  REQUIRE((s.Ended(1) && s.Ended(2)));
  CHECK(s.said[1] == "one\n");
  CHECK(s.said[2] == "200000\n");
  CHECK(s.failed.ok());
}

TEST_CASE("relay: a host that reads nothing holds up no other", "[msrc]") {
  Server s;
  s.Open(1, "sleep 30");
  s.Open(2, "wc -c");
  const std::string part(kMaxRelayDataBytes, 'x');
  // As much as may be under way; the system takes some of it.
  s.Data(1, part);
  s.Data(1, part);
  for (int i = 0; i < 20; i++) {
    const size_t before = s.taken[2];
    s.Data(2, part);
    REQUIRE(Until(s.loop, [&] { return s.taken[2] == before + part.size(); }));
  }
  s.Close(2);
  REQUIRE(s.Ended(2));
  CHECK(s.said[2] == "5242880\n");
  CHECK(s.relay->streams() == 1);
  CHECK(s.taken[1] < 2 * part.size());
}

TEST_CASE("attack: a host that says very much waits for whoever reads it",
          "[msrc]") {
  Server s;
  s.Open(1, "yes");
  REQUIRE(Until(s.loop, [&] { return s.said[1].size() == kRelayWindow; }));
  for (int i = 0; i < 20; i++) s.loop.Turn(absl::Milliseconds(5));
  CHECK(s.said[1].size() == kRelayWindow);
  s.Say({.kind = RelayKind::kTaken, .stream = 1, .number = 1000});
  REQUIRE(
      Until(s.loop, [&] { return s.said[1].size() == kRelayWindow + 1000; }));
  // And for the line to the controller.
  s.relay->Brake(true);
  s.Say({.kind = RelayKind::kTaken, .stream = 1, .number = 1000});
  for (int i = 0; i < 20; i++) s.loop.Turn(absl::Milliseconds(5));
  CHECK(s.said[1].size() == kRelayWindow + 1000);
  s.relay->Brake(false);
  CHECK(Until(s.loop, [&] { return s.said[1].size() == kRelayWindow + 2000; }));
}

TEST_CASE("attack: a controller that does not keep to it is hung up on",
          "[msrc]") {
  Server s;
  s.Open(1, "sleep 30");
  SECTION("a stream that nobody opened") { s.Data(2, "x"); }
  SECTION("one that is open already") { s.Open(1, "true"); }
  SECTION("more than may be under way") {
    for (int i = 0; i < 3; i++) s.Data(1, std::string(kMaxRelayDataBytes, 'x'));
  }
  SECTION("the same, once it is there") {
    REQUIRE(Until(s.loop, [&, n = 0]() mutable { return ++n > 3; }));
    for (int i = 0; i < 9; i++) s.Data(1, std::string(kMaxRelayDataBytes, 'x'));
  }
  SECTION("bytes that are not kept") {
    s.Say({.kind = RelayKind::kKept, .stream = 1, .hash = wire::HashOf("x")});
  }
  SECTION("bytes behind an end") {
    s.Close(1);
    s.Data(1, "x");
  }
  SECTION("more taken than was sent") {
    REQUIRE(Until(s.loop, [&, n = 0]() mutable { return ++n > 3; }));
    s.Say({.kind = RelayKind::kTaken, .stream = 1, .number = 5});
  }
  SECTION("what only a relay says") {
    s.Say({.kind = RelayKind::kEnded, .stream = 1, .number = 0});
  }
  SECTION("noise") { s.relay->OnMessage("\x09zzzzzz"); }
  CHECK(absl::IsInvalidArgument(s.failed));
}

TEST_CASE("relay: a program that is not there is a call that failed",
          "[msrc]") {
  Server s;
  RelayOpen open = OpenOf("");
  open.ssh = {"/nowhere/ssh"};
  s.Say({.kind = RelayKind::kOpen, .stream = 1, .open = open});
  s.Data(1, "x");
  REQUIRE(s.Ended(1));
  CHECK(s.ended[1] == 255);
  CHECK(!s.errors[1].empty());
  CHECK(s.failed.ok());
}

TEST_CASE("relay: when it ends, so does all it runs", "[msrc]") {
  Server s;
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("relay-");
  s.Open(1, absl::StrCat("echo $$ >", folder.path(),
                         "/pid; echo up; exec sleep 60"));
  REQUIRE(Until(s.loop, [&] { return s.said[1] == "up\n"; }));
  const pid_t pid =
      static_cast<pid_t>(atoi(sys::ReadFile(folder.path() + "/pid")->c_str()));
  s.relay.reset();
  CHECK(kill(pid, 0) != 0);
}

namespace {

// The far end of a channel to a relay: it says hello, and then what a test
// likes.
struct FarRelay {
  explicit FarRelay(sys::Loop& l) : loop(l) {
    listener = *sys::ListenUnix(hosts.path() + "/r1");
    REQUIRE(loop.Watch(listener.get(), EPOLLIN,
                       [this](uint32_t) {
                         auto fd = sys::Accept(listener.get(), nullptr);
                         if (fd.ok() && *fd) Begin(*std::move(fd));
                       })
                .ok());
  }
  ~FarRelay() { loop.Unwatch(listener.get()); }
  void Begin(sys::Fd fd) {
    calls++;
    net::ChannelEvents e;
    e.opened = [this](net::Channel& c) {
      if (mute) return;
      c.SendData(msrc_test::Hello());
    };
    e.data = [this](net::Channel&, absl::string_view bytes) {
      came += bytes.size();
      Heard(bytes);
    };
    e.drained = [this](net::Channel&) {
      if (server != nullptr) server->Brake(false);
    };
    e.closed = [this](net::Channel&, const absl::Status&) { gone = true; };
    gone = false;
    channel =
        net::Channel::Accept(loop, std::move(fd), net::Address::Carrier::kSsh,
                             "controller", {}, std::move(e));
    if (!honest) return;
    RelayServer::Calls c;
    c.send = [this](std::string m) {
      channel->SendData(std::move(m));
      if (channel->queued_bytes() > 1 << 20) server->Brake(true);
    };
    c.failed = [](const absl::Status& s) { FAIL(s.message()); };
    server = std::make_unique<RelayServer>(loop, std::move(c));
  }
  void Heard(absl::string_view bytes) {
    if (honest) return server->OnMessage(bytes);
    const auto m = ParseRelay(bytes);
    REQUIRE(m.ok());
    if (m->kind == RelayKind::kOpen && answer) answer(*this);
  }
  void Say(const RelayMessage& m) { channel->SendData(EncodeRelay(m)); }

  sys::Loop& loop;
  msrc_test::ModelHosts hosts{loop};
  sys::Fd listener;
  std::unique_ptr<net::Channel> channel;
  bool honest = false, mute = false, gone = false;
  std::function<void(FarRelay&)> answer;
  std::unique_ptr<RelayServer> server;
  int calls = 0;
  size_t came = 0;
};

// Ours.
struct Near {
  Near() {
    sys::IgnoreSigpipe();
    shared.signer = &key;
    shared.executables = &executables;
    shared.manifest = &none;
    shared.run = std::string(16, 'r');
  }
  void Start() {
    relays = std::make_unique<Relays>(loop, shared,
                                      RelayOptions{{"r1"}, far.hosts.ssh()});
  }
  struct Call {
    Relays::Way way;
    std::string to_write, read, errors;
    bool ended = false, opened = false, shut = false;
  };
  Call& Begin(const std::string& command, std::string bytes) {
    calls.push_back(std::make_unique<Call>());
    Call& call = *calls.back();
    call.to_write = std::move(bytes);
    auto way =
        relays->Call(0, OpenOf(command), [&call] { call.opened = true; });
    REQUIRE(way.ok());
    call.way = *std::move(way);
    return call;
  }
  // As far as it goes without waiting.
  static void Go(Call& call) {
    const int fd = call.way.connection.fd.get();
    while (!call.to_write.empty()) {
      const ssize_t n = send(fd, call.to_write.data(),
                             std::min<size_t>(call.to_write.size(), 100'000),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) break;
      call.to_write.erase(0, static_cast<size_t>(n));
    }
    if (call.to_write.empty() && !std::exchange(call.shut, true)) {
      shutdown(fd, SHUT_WR);
    }
    char buffer[65536];
    for (;;) {
      const ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n < 0) break;
      if (n == 0) {
        call.ended = true;
        break;
      }
      call.read.append(buffer, static_cast<size_t>(n));
    }
    const ssize_t n =
        read(call.way.connection.child_errors.get(), buffer, 4096);
    if (n > 0) call.errors.append(buffer, static_cast<size_t>(n));
  }
  bool AllEnd() {
    return Until(loop, [this] {
      bool all = true;
      for (auto& call : calls) {
        if (!call->ended) Go(*call);
        all = all && call->ended;
      }
      return all;
    });
  }

  sys::Loop loop;
  FarRelay far{loop};
  keys::KeyPair key = keys::NewKeyPair("ops");
  Executables executables = *Executables::Find("");
  wire::Manifest none;
  RunShared shared;
  std::vector<std::unique_ptr<Call>> calls;
  std::unique_ptr<Relays> relays;
};

}  // namespace

TEST_CASE("relay: what goes to many crosses the line to it once", "[msrc]") {
  Near n;
  n.far.honest = true;
  n.Start();
  const std::string same = wire_test::Noise(4'000'000);
  for (int i = 0; i < 5; i++) {
    n.Begin("cat; exit 3", absl::StrCat("host ", i, "\n", same, i));
  }
  REQUIRE(n.AllEnd());
  for (int i = 0; i < 5; i++) {
    const Near::Call& call = *n.calls[static_cast<size_t>(i)];
    CHECK((call.read == absl::StrCat("host ", i, "\n", same, i)));
    CHECK(call.opened);
    CHECK(*call.way.code == 3);
  }
  CHECK(n.far.calls == 1);
  CHECK(n.far.came > same.size());
  // Not 20 MB; what is around their beginnings and ends may differ.
  CHECK(n.far.came < 2 * same.size());
}

TEST_CASE("attack: a relay that does not keep to it is hung up on", "[msrc]") {
  Near n;
  using Far = FarRelay;
  std::string why = "relay r1: ";
  SECTION("it speaks of a stream that there is not") {
    n.far.answer = [](Far& f) {
      f.Say({.kind = RelayKind::kData, .stream = 9, .bytes = "x"});
    };
  }
  bool reads = true;
  SECTION("it says more than may be under way, while nobody reads") {
    reads = false;
    n.far.answer = [](Far& f) {
      for (int i = 0; i < 30; i++) {
        f.Say({.kind = RelayKind::kData,
               .stream = 1,
               .bytes = std::string(kMaxRelayDataBytes, 'x')});
      }
    };
  }
  SECTION("it has taken what was not sent") {
    n.far.answer = [](Far& f) {
      f.Say({.kind = RelayKind::kTaken, .stream = 1, .number = 1});
    };
  }
  SECTION("it speaks as a controller does") {
    n.far.answer = [](Far& f) {
      f.Say({.kind = RelayKind::kClose, .stream = 1});
    };
  }
  SECTION("it makes noise") {
    n.far.answer = [](Far& f) { f.channel->SendData(std::string(99, '\7')); };
  }
  SECTION("it goes") {
    n.far.answer = [](Far& f) {
      f.loop.DeleteAtEndOfTurn(std::move(f.channel));
    };
  }
  SECTION("it says nothing") {
    n.far.mute = true;
    n.shared.limits.transfer = absl::Milliseconds(100);
  }
  SECTION("it is not there") {
    unlink((n.far.hosts.path() + "/r1").c_str());
    why = "relay r1: ssh: no route to r1";
  }
  n.Start();
  n.Begin("cat", "");
  n.Begin("cat", "");
  if (!reads) REQUIRE(Until(n.loop, [&] { return n.far.gone; }));
  REQUIRE(n.AllEnd());
  for (const auto& call : n.calls) {
    CHECK(*call->way.code == 255);
    CHECK(call->errors.rfind(why, 0) == 0);
  }
}

TEST_CASE("relay: lost, it is called anew for whoever comes next", "[msrc]") {
  Near n;
  n.far.honest = true;
  n.Start();
  n.Begin("cat", "first");
  REQUIRE(n.AllEnd());
  Near::Call& second = n.Begin("sleep 30", "");
  REQUIRE(Until(n.loop, [&] { return second.opened; }));
  n.far.channel.reset();
  n.far.server.reset();
  REQUIRE(n.AllEnd());
  CHECK(second.errors.rfind("relay r1: ", 0) == 0);
  n.Begin("cat", "third");
  REQUIRE(n.AllEnd());
  CHECK(n.calls.back()->read == "third");
  CHECK(n.far.calls == 2);
}
