#include "net/handshake.h"

#include "base/bytes.h"
#include "fixture.h"

using net::HandshakeOptions;
using net::Role;
using net::SecureStream;

namespace {

struct Side {
  Side(Role role, const keys::KeyPair& key, const net_test::Trust& trust,
       std::string principal, std::string expected = "", bool introduce = false)
      : stream(HandshakeOptions{role, &key, &trust, std::move(principal),
                                std::move(expected), sys::RandomBytes(32),
                                introduce}) {}
  // What it answers.
  std::string Take(absl::string_view bytes) {
    std::string reply;
    status = stream.Receive(bytes, sys::WallNow(), &plain, &reply);
    return reply;
  }
  SecureStream stream;
  absl::Status status;
  std::string plain;
};

struct Pair {
  Pair() {
    trust.Add(caller_key.public_key(), {{"host:web1"}});
    trust.Add(listener_key.public_key(), {{"server:mcfeely", "host:hub"}});
  }
  void Make(std::string expected = "server:mcfeely",
            std::string caller_name = "host:web1") {
    caller.emplace(Role::kCaller, caller_key, trust, caller_name, expected);
    listener.emplace(Role::kListener, listener_key, trust, "server:mcfeely");
  }
  // Everything each says, to the end.
  void Run() {
    std::string there = caller->stream.Start();
    REQUIRE(listener->stream.Start().empty());
    while (!there.empty()) {
      const std::string back = listener->Take(there);
      there = back.empty() ? "" : caller->Take(back);
    }
  }
  bool Both() {
    return caller->status.ok() && listener->status.ok() &&
           caller->stream.done() && listener->stream.done();
  }
  net_test::Trust trust;
  keys::KeyPair caller_key = keys::NewKeyPair("c");
  keys::KeyPair listener_key = keys::NewKeyPair("l");
  std::optional<Side> caller, listener;
};

std::string Sealed(Side& side, absl::string_view plain) {
  std::string out;
  side.stream.Encrypt(plain, &out);
  return out;
}

}  // namespace

TEST_CASE("handshake: two that trust each other learn who the other is",
          "[net]") {
  Pair pair;
  pair.Make();
  pair.Run();
  REQUIRE(pair.Both());
  CHECK(pair.caller->stream.peer().principal == "server:mcfeely");
  CHECK(pair.caller->stream.peer().principals.size() == 2);
  CHECK(pair.caller->stream.peer().key == pair.listener_key.public_key());
  CHECK(pair.listener->stream.peer().principal == "host:web1");
  CHECK(pair.listener->stream.peer().protocol == 1);
  CHECK(pair.listener->stream.peer().local.empty());
  pair.listener->Take(Sealed(*pair.caller, "one"));
  pair.caller->Take(Sealed(*pair.listener, "two"));
  CHECK(pair.listener->plain == "one");
  CHECK(pair.caller->plain == "two");
}

TEST_CASE("handshake: a listener says nothing before it has 32 bytes",
          "[net]") {
  Pair pair;
  pair.Make();
  CHECK(pair.listener->stream.Start().empty());
  CHECK(pair.listener->Take(std::string(31, 'x')).empty());
  CHECK_FALSE(pair.listener->Take("x").empty());
}

TEST_CASE("handshake: bytes that come one by one are the same", "[net]") {
  Pair pair;
  pair.Make();
  std::string there = pair.caller->stream.Start();
  for (int rounds = 0; rounds < 3; rounds++) {
    std::string back;
    for (char c : there) back += pair.listener->Take({&c, 1});
    there.clear();
    for (char c : back) there += pair.caller->Take({&c, 1});
  }
  REQUIRE(pair.Both());
  for (char c : Sealed(*pair.caller, "hello")) pair.listener->Take({&c, 1});
  CHECK(pair.listener->plain == "hello");
}

TEST_CASE("handshake: long messages are cut and arrive whole", "[net]") {
  Pair pair;
  pair.Make();
  pair.Run();
  REQUIRE(pair.Both());
  std::string text;
  for (int i = 0; i < 100'000; i++) absl::StrAppend(&text, i, " ");
  pair.listener->Take(Sealed(*pair.caller, text));
  CHECK(pair.listener->plain == text);
}

TEST_CASE("handshake: every flipped bit of it is noticed", "[net]") {
  // Of the caller's and the listener's bytes in turn, one byte each time.
  for (const bool of_caller : {true, false}) {
    for (size_t at = 0;; at++) {
      INFO(of_caller << " " << at);
      Pair pair;
      pair.Make();
      size_t seen = 0;
      bool flipped = false;
      const auto pass = [&](std::string bytes, bool from_caller) {
        if (from_caller != of_caller) return bytes;
        if (at >= seen && at < seen + bytes.size()) {
          bytes[at - seen] ^= 1 << (at % 8);
          flipped = true;
        }
        seen += bytes.size();
        return bytes;
      };
      std::string there = pass(pair.caller->stream.Start(), true);
      while (!there.empty()) {
        const std::string back = pass(pair.listener->Take(there), false);
        there = back.empty() ? "" : pass(pair.caller->Take(back), true);
      }
      if (!flipped) {
        CHECK(at > 150);
        REQUIRE(pair.Both());
        break;
      }
      // The top bit of an X25519 key has no meaning to the curve, but is hashed
      // and signed all the same.
      REQUIRE_FALSE(pair.Both());
      REQUIRE(pair.caller->plain.empty());
      REQUIRE(pair.listener->plain.empty());
    }
  }
}

TEST_CASE("handshake: every flipped bit of the stream ends it", "[net]") {
  for (size_t at = 0;; at++) {
    Pair pair;
    pair.Make();
    pair.Run();
    REQUIRE(pair.Both());
    std::string bytes = Sealed(*pair.caller, "attack at dawn");
    if (at == bytes.size()) break;
    bytes[at] ^= 0x10;
    pair.listener->Take(bytes);
    pair.listener->Take(Sealed(*pair.caller, std::string(100'000, 'x')));
    CHECK_FALSE(pair.listener->status.ok());
    CHECK(pair.listener->plain.empty());
    // And it stays that way.
    pair.listener->Take(Sealed(*pair.caller, "more"));
    CHECK_FALSE(pair.listener->status.ok());
  }
}

TEST_CASE("handshake: messages cannot be repeated, left out or swapped",
          "[net]") {
  Pair pair;
  pair.Make();
  pair.Run();
  const std::string one = Sealed(*pair.caller, "1");
  const std::string two = Sealed(*pair.caller, "2");
  SECTION("repeated") {
    pair.listener->Take(one);
    pair.listener->Take(one);
    CHECK(pair.listener->plain == "1");
  }
  SECTION("left out") {
    pair.listener->Take(two);
    CHECK(pair.listener->plain.empty());
  }
  SECTION("sent back to where it came from") {
    pair.caller->Take(one);
    CHECK_FALSE(pair.caller->status.ok());
    return;
  }
  CHECK(pair.listener->status.code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("handshake: a stream cut at any byte gives nothing it did not hold",
          "[net]") {
  Pair pair;
  pair.Make();
  pair.Run();
  const std::string bytes = Sealed(*pair.caller, "attack at dawn");
  for (size_t n = 0; n + 1 < bytes.size(); n++) {
    pair.listener->Take(bytes.substr(n, 1));
    CHECK(pair.listener->status.ok());
    CHECK(pair.listener->plain.empty());
  }
}

TEST_CASE("handshake: a listener's own hello sent back is refused", "[net]") {
  Pair pair;
  pair.Make();
  // The listener's key is trusted to call, too: that must not help.
  std::string reply = pair.listener->Take(pair.caller->stream.Start());
  pair.listener->Take(reply.substr(32));
  CHECK_FALSE(pair.listener->status.ok());
  CHECK_FALSE(pair.listener->stream.done());
}

TEST_CASE("handshake: our own ephemeral key sent back is refused", "[net]") {
  Pair pair;
  pair.Make();
  pair.caller->Take(pair.caller->stream.Start());
  CHECK(pair.caller->status.code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("handshake: an ephemeral key of small order is refused", "[net]") {
  for (int first : {0, 1}) {
    Pair pair;
    pair.Make();
    std::string weak(32, '\0');
    weak[0] = static_cast<char>(first);
    CHECK(pair.listener->Take(weak).empty());
    CHECK(pair.listener->status.code() == absl::StatusCode::kUnauthenticated);
  }
}

TEST_CASE("handshake: somebody with our own key is refused", "[net]") {
  Pair pair;
  pair.Make();
  pair.caller.emplace(Role::kCaller, pair.listener_key, pair.trust,
                      "server:mcfeely");
  pair.Run();
  CHECK(pair.caller->status.code() == absl::StatusCode::kUnauthenticated);
  CHECK_FALSE(pair.listener->stream.done());
}

TEST_CASE("handshake: a man in the middle with keys of his own is noticed",
          "[net]") {
  // Eve ends both conversations with ephemeral keys of her own, reads the
  // hellos, and passes them on: which takes a key that is hers to sign with, or
  // hellos that were signed for other ephemeral keys.
  Pair pair;
  pair.Make();
  keys::KeyPair eve_key = keys::NewKeyPair("eve");
  pair.trust.Add(eve_key.public_key(), {{"host:web1"}});
  net_test::Trust eves;
  eves.Add(pair.listener_key.public_key(), {{"server:mcfeely"}});
  eves.Add(pair.caller_key.public_key(), {{"host:web1"}});

  SECTION("as herself she is not who is expected") {
    Side eve(Role::kListener, eve_key, eves, "host:web1");
    std::string back = eve.Take(pair.caller->stream.Start());
    pair.caller->Take(back);
    CHECK(pair.caller->status.code() == absl::StatusCode::kPermissionDenied);
  }
  SECTION("the listener's hello, signed towards her, is none for the caller") {
    pair.caller.emplace(Role::kCaller, pair.caller_key, pair.trust, "host:web1",
                        "server:mcfeely", /*introduce=*/true);
    // What a relay that terminates both sides can do at best: a signer that
    // answers with the signature the listener made on the other side.
    class Borrowed : public wire::Signer {
     public:
      const wire::PublicKey& public_key() const override { return key; }
      absl::StatusOr<std::string> Sign(absl::string_view) const override {
        return signature;
      }
      wire::PublicKey key;
      std::string signature;
    };
    // Towards the listener she is a caller; the listener signs for that.
    class Recorder : public wire::Signer {
     public:
      explicit Recorder(const keys::KeyPair& k) : key(k) {}
      const wire::PublicKey& public_key() const override {
        return key.public_key();
      }
      absl::StatusOr<std::string> Sign(absl::string_view data) const override {
        last = *key.Sign(data);
        return last;
      }
      const keys::KeyPair& key;
      mutable std::string last;
    } recorder(pair.listener_key);
    SecureStream listener(HandshakeOptions{Role::kListener, &recorder,
                                           &pair.trust, "server:mcfeely", "",
                                           sys::RandomBytes(32)});
    SecureStream eve_calls(HandshakeOptions{
        Role::kCaller, &eve_key, &eves, "host:web1", "", sys::RandomBytes(32)});
    std::string plain, reply;
    REQUIRE(listener.Receive(eve_calls.Start(), sys::WallNow(), &plain, &reply)
                .ok());
    REQUIRE(recorder.last.size() == 64);
    Borrowed borrowed;
    borrowed.key = pair.listener_key.public_key();
    borrowed.signature = recorder.last;
    SecureStream eve_listens(HandshakeOptions{Role::kListener, &borrowed, &eves,
                                              "server:mcfeely", "",
                                              sys::RandomBytes(32)});
    std::string to_caller;
    REQUIRE(eve_listens
                .Receive(pair.caller->stream.Start(), sys::WallNow(), &plain,
                         &to_caller)
                .ok());
    const std::string last = pair.caller->Take(to_caller);
    CHECK(pair.caller->status.code() == absl::StatusCode::kUnauthenticated);
    CHECK(std::string(pair.caller->status.message()).find("bad signature") !=
          std::string::npos);
    // It would introduce itself to a listener, but not to her.
    CHECK_FALSE(eve_listens.Receive(last, sys::WallNow(), &plain, &reply).ok());
    CHECK_FALSE(eve_listens.done());
  }
}

TEST_CASE("handshake: who may not open channels is told no more than refused",
          "[net]") {
  Pair pair;
  pair.Make();
  absl::StatusCode code = absl::StatusCode::kPermissionDenied;
  SECTION("an untrusted key") {
    pair.trust.Revoke(pair.caller_key.public_key());
  }
  SECTION("a key for another namespace") {
    pair.trust.Add(pair.caller_key.public_key(),
                   {{"host:web1"}, "inject@fleetbox"});
  }
  SECTION("an expired key") {
    pair.trust.Add(
        pair.caller_key.public_key(),
        {{"host:web1"}, "channel@fleetbox", sys::WallNow() - absl::Seconds(1)});
  }
  SECTION("a principal that the key is not trusted as") {
    pair.Make("server:mcfeely", "host:web2");
  }
  SECTION("a principal that does not print") {
    pair.Make("server:mcfeely", "host:web1\nhost:web2");
    code = absl::StatusCode::kInvalidArgument;
  }
  pair.Run();
  CHECK(pair.listener->status.code() == code);
  CHECK_FALSE(pair.listener->stream.done());
  CHECK(pair.listener->plain.empty());
  // The caller is done with its part; it hears a kClose.
  REQUIRE(pair.caller->stream.done());
  CHECK(pair.caller->plain ==
        net::EncodeFrame(net::FrameType::kClose, "refused"));
}

TEST_CASE("handshake: who claims no name is the first its key is trusted as",
          "[net]") {
  Pair pair;
  pair.trust.Add(pair.caller_key.public_key(), {{"user:ops", "user:dev"}});
  pair.Make("server:mcfeely", "");
  pair.Run();
  REQUIRE(pair.Both());
  CHECK(pair.listener->stream.peer().principal == "user:ops");
}

TEST_CASE("handshake: a listener that is not whom we called is refused",
          "[net]") {
  Pair pair;
  pair.Make("server:other");
  pair.Run();
  CHECK(pair.caller->status.code() == absl::StatusCode::kPermissionDenied);
  CHECK_FALSE(pair.listener->stream.done());
}

TEST_CASE("handshake: a caller may say who it is that refuses the listener",
          "[net]") {
  const std::string refused =
      net::EncodeFrame(net::FrameType::kClose, net::kRefused);
  Pair pair;
  net_test::Trust few;  // the caller's
  const auto make = [&] {
    pair.caller.emplace(Role::kCaller, pair.caller_key, few, "host:web1",
                        "server:mcfeely", /*introduce=*/true);
    pair.listener.emplace(Role::kListener, pair.listener_key, pair.trust,
                          "server:mcfeely");
  };
  make();
  SECTION("to one whose key it does not trust") {
    pair.Run();
    CHECK(pair.caller->status.code() == absl::StatusCode::kPermissionDenied);
    CHECK_FALSE(pair.caller->stream.done());
    REQUIRE(pair.listener->stream.done());
    CHECK(pair.listener->stream.peer().principal == "host:web1");
    CHECK(pair.listener->plain == refused);
  }
  SECTION("to one that is somebody else") {
    few.Add(pair.listener_key.public_key(), {{"server:other"}});
    pair.Run();
    CHECK(pair.caller->status.code() == absl::StatusCode::kPermissionDenied);
    CHECK(pair.listener->plain == refused);
  }
  SECTION("to one that does not trust it, who refuses as it always did") {
    pair.trust.Revoke(pair.caller_key.public_key());
    pair.Run();
    CHECK(pair.listener->status.code() == absl::StatusCode::kPermissionDenied);
    CHECK(std::string(pair.listener->status.message()).find("refused by") ==
          std::string::npos);
    CHECK_FALSE(pair.listener->stream.done());
    CHECK(pair.listener->plain.empty());
  }
}

TEST_CASE("handshake: lengths of messages are bounded before anything is kept",
          "[net]") {
  for (uint32_t length : {0u, 1u, 17u, 65537u, 0x80000000u, 0xffffffffu}) {
    INFO(length);
    Pair pair;
    pair.Make();
    pair.Run();
    std::string bytes;
    base::PutLe32(bytes, length);
    pair.listener->Take(bytes);
    CHECK(pair.listener->status.code() == absl::StatusCode::kInvalidArgument);
  }
  // Before anybody is known, a Hello's worth is the limit.
  Pair pair;
  pair.Make();
  pair.listener->Take(pair.caller->stream.Start());
  std::string bytes(24, 'h');
  base::PutLe32(bytes, 5000);
  pair.listener->Take(bytes);
  CHECK(pair.listener->status.code() == absl::StatusCode::kInvalidArgument);
}
