#include "fanout/lender.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sys/file.h"
#include "sys/pass_fd.h"
#include "sys/socket.h"

namespace {

using fanout::IntegerTokens;
using fanout::Lender;
using fanout::LenderOptions;
using fanout::TokenTable;
using Ints = std::vector<int>;

struct World {
  explicit World(TokenTable table, LenderOptions options = {}) {
    auto made = sys::TemporaryFolder::Make("lender");
    REQUIRE(made.ok());
    folder.emplace(*std::move(made));
    path = folder->path() + "/s";
    auto listening = sys::ListenUnix(path);
    REQUIRE(listening.ok());
    listener = *std::move(listening);
    options.changed = [this] { changes++; };
    lender = std::make_unique<Lender>(loop, std::move(table), options);
    REQUIRE(lender->Listen(listener.get()).ok());
  }
  // As many turns as things take to come to rest.
  void Settle() {
    for (int i = 0; i < 30; ++i) loop.Turn(absl::ZeroDuration());
  }

  sys::Loop loop;
  std::optional<sys::TemporaryFolder> folder;
  std::string path;
  sys::Fd listener;
  int changes = 0;
  std::unique_ptr<Lender> lender;
};

// A client byte by byte.
struct Raw {
  explicit Raw(World& w, const std::string& announcement = "31\n") : world(w) {
    auto connected = sys::ConnectUnix(w.path);
    REQUIRE(connected.ok());
    fd = *std::move(connected);
    Put(announcement);
  }
  void Put(const std::string& bytes) {
    size_t at = 0;
    for (int i = 0; at < bytes.size() && i < 10000; i++) {
      const auto sent = sys::SendWithFd(fd.get(), bytes.substr(at), -1);
      if (!sent.ok()) break;
      at += *sent;
      world.Settle();
    }
    world.Settle();
  }
  // What is there, with '|' for NUL; "EOF" once the pool has hung up.
  std::string Get() {
    auto received = sys::ReceiveWithFd(fd.get(), 1 << 16);
    if (!received.ok() || received->closed) return "EOF";
    for (char& c : received->bytes) {
      if (c == '\0') c = '|';
    }
    return received->bytes;
  }
  std::string Ask(const std::string& bytes) {
    Put(bytes);
    return Get();
  }
  World& world;
  sys::Fd fd;
};

TEST_CASE("lender: ptbw K20: the client protocol, one letter per request",
          "[fanout]") {
  const auto table =
      fanout::ParseTokens("# pool\nred\ngreen\n\nblue\n", "tags");
  REQUIRE(table.ok());
  World w(*table);
  Raw c(w);
  const std::vector<std::pair<std::string, std::string>> golden = {
      {"S", "4,16\n"},      {"V", "0.4\n"},
      {"U", "+tags|"},      {"T", "red|green||blue|"},
      {"R", "1\n"},         {"J", "5\n"},
      {"C", "7\n# pool\n"}, {"P", "0\n"},
      {"0O", "31\n"},       {"2G", "1,2\n"},
      {"1N", "+green\n"},   {"8N", "-No\n"},
      {"9O", "-1\n"},       {"1D", "1\n"},
      {"1D", "0\n"},        {"F", "2\n"},
      {"9G", "-1\n"},       {"X", "-No\n"},
      {"M", "0\n"},         {"Q", "-No\n"},
      {"0G", "\n"}};
  for (const auto& [request, answer] : golden) {
    INFO(request);
    CHECK(c.Ask(request) == answer);
  }
  CHECK(w.lender->tokens().free() == 4);
  CHECK_FALSE(w.lender->finish_asked());
  CHECK(c.Ask(".") == "EOF");
  CHECK(w.lender->idle());
}

TEST_CASE("lender: the same requests at once have the same answers",
          "[fanout]") {
  World w(IntegerTokens(4));
  Raw c(w, "31@elsewhere\n");
  CHECK(c.Ask("2GVP0O\n12\n3NF") == "0,1\n0.4\n2\n31\n+3\n3\n");
}

TEST_CASE("lender: an exhausted pool has no single token, now", "[fanout]") {
  World w(IntegerTokens(1));
  Raw a(w), b(w);
  CHECK(a.Ask("P") == "0\n");
  CHECK(b.Ask("P") == "-1\n");
  CHECK(b.Ask("3W") == "\n");
  a.Put("F");
  CHECK(b.Ask("3W") == "0\n");
  CHECK(w.lender->tokens().waiting() == 0);
}

TEST_CASE("lender: a single token does not overtake more often than others",
          "[fanout]") {
  World w(IntegerTokens(3));
  Raw holds(w), large(w), small(w);
  CHECK(holds.Ask("2G") == "0,1\n");
  CHECK(large.Ask("3G").empty());
  int got = 0;
  for (int i = 0; i < 20; i++) {
    if (small.Ask("P") != "-1\n") got++;
    small.Ask("F");
  }
  CHECK(got == 8);
  holds.Put("F");
  CHECK(large.Get() == "0,1,2\n");
}

TEST_CASE("lender: a request waits until there are as many", "[fanout]") {
  World w(IntegerTokens(2));
  Raw a(w), b(w);
  CHECK(a.Ask("2G") == "0,1\n");
  CHECK(b.Ask("2G").empty());
  CHECK(a.Ask("0D") == "1\n");
  CHECK(b.Get().empty());
  CHECK(a.Ask("1D") == "1\n");
  CHECK(b.Get() == "0,1\n");
}

TEST_CASE("lender: a holder that dies gives its tokens back", "[fanout]") {
  World w(IntegerTokens(1));
  auto a = std::make_unique<Raw>(w);
  Raw b(w);
  CHECK(a->Ask("G1G") == "\n0\n");
  CHECK(b.Ask("1G").empty());
  CHECK(w.changes == 0);
  a.reset();
  w.Settle();
  CHECK(b.Get() == "0\n");
  CHECK(w.changes == 1);
}

TEST_CASE("lender: who hangs up while waiting is granted nothing", "[fanout]") {
  World w(IntegerTokens(1));
  Raw a(w);
  CHECK(a.Ask("1G") == "0\n");
  {
    Raw gone(w), half(w), piled(w);
    gone.Put("1G");
    half.Put("1G");
    shutdown(half.fd.get(), SHUT_WR);
    // More than is read from one that waits.
    piled.Put("1G1G" + std::string(6000, 'V'));
    CHECK(w.lender->tokens().waiting() == 2);
  }
  w.Settle();
  CHECK(w.lender->tokens().waiting() == 0);
  CHECK(a.Ask("F") == "1\n");
  CHECK(w.lender->tokens().free() == 1);
}

TEST_CASE(
    "lender: what a waiting client gives back is free at once, and "
    "answered in its turn",
    "[fanout]") {
  World w(IntegerTokens(3));
  Raw a(w), b(w);
  CHECK(a.Ask("2G") == "0,1\n");
  CHECK(b.Ask("1G") == "2\n");
  CHECK(a.Ask("2G0DV").empty());
  CHECK(w.lender->tokens().free() == 1);
  CHECK(b.Ask("F") == "1\n");
  CHECK(a.Get() == "0,2\n1\n0.4\n");
  // A second request for tokens comes after the first.
  CHECK(a.Ask("FG").substr(0, 2) == "3\n");
  CHECK(b.Ask("3G") == "0,1,2\n");
  CHECK(a.Ask("1G1GV").empty());
  CHECK(b.Ask("1D2D") == "1\n1\n");
  CHECK(a.Get() == "1\n2\n0.4\n");
}

TEST_CASE("lender: what was granted is not given back before it is told",
          "[fanout]") {
  World w(IntegerTokens(2));
  Raw a(w), b(w), c(w);
  CHECK(a.Ask("2G") == "0,1\n");
  CHECK(b.Ask("2G").empty());
  // All in one turn: `a` gives back, `c` makes the pool decide, `b` gives back.
  REQUIRE(sys::SendWithFd(a.fd.get(), "F", -1).ok());
  REQUIRE(sys::SendWithFd(c.fd.get(), "PF", -1).ok());
  REQUIRE(sys::SendWithFd(b.fd.get(), "F", -1).ok());
  w.Settle();
  CHECK(b.Get() == "0,1\n2\n");
  CHECK(w.lender->tokens().free() == 2);
}

TEST_CASE("lender: clients and holders of this process share the tokens",
          "[fanout]") {
  World w(IntegerTokens(3));
  std::vector<Ints> granted;
  const auto take = [&](Ints tokens) { granted.push_back(std::move(tokens)); };
  const auto first = w.lender->Ask(2, 2, take);
  REQUIRE(first.ok());
  CHECK(granted.empty());  // never from within
  w.Settle();
  CHECK(granted == std::vector<Ints>{{0, 1}});
  Raw c(w);
  CHECK(c.Ask("0O") == absl::StrCat(getpid(), "\n"));
  CHECK(c.Ask("1G") == "2\n");
  const auto second = w.lender->Ask(1, 3, take);
  REQUIRE(second.ok());
  w.Settle();
  CHECK(granted.size() == 1);
  CHECK(c.Ask(".") == "EOF");
  w.Settle();
  CHECK(granted == std::vector<Ints>{{0, 1}, {2}});
  CHECK(absl::IsResourceExhausted(w.lender->Ask(4, 4, take).status()));
  w.lender->Release(*first);
  w.lender->Release(*first);
  w.lender->Release(*second);
  CHECK(w.lender->tokens().free() == 3);
}

TEST_CASE("lender: a request that is released is not granted", "[fanout]") {
  World w(IntegerTokens(1));
  int calls = 0;
  const auto a = w.lender->Ask(1, 1, [&](Ints) { calls++; });
  REQUIRE(a.ok());
  w.lender->Release(*a);
  w.Settle();
  CHECK(calls == 0);
  CHECK(w.lender->tokens().free() == 1);
}

TEST_CASE("lender: whoever is granted may end the pool", "[fanout]") {
  World w(IntegerTokens(2));
  REQUIRE(w.lender->Ask(1, 1, [&](Ints) { w.lender.reset(); }).ok());
  REQUIRE(w.lender->Ask(1, 1, [&](Ints) { FAIL("after the end"); }).ok());
  w.Settle();
  CHECK(w.lender == nullptr);
}

TEST_CASE("lender: a client is who its socket says, and is shown as it says",
          "[fanout]") {
  World w(IntegerTokens(2));
  Raw c(w, "1\n");  // claims to be init
  CHECK(c.Ask("1G0O") == "0\n1\n");
  CHECK(w.lender->HolderPid(0) == getpid());
  CHECK(w.lender->HolderPid(1) == 0);
  CHECK(w.lender->HolderPid(99) == 0);
}

TEST_CASE("lender: only a persistent pool ends when it is asked to",
          "[fanout]") {
  World w(
      IntegerTokens(2),
      {.group = 2, .persistent = true, .utility_pid = 77, .changed = nullptr});
  Raw c(w), late(w);
  CHECK(c.Ask("RM") == "2\n77\n");
  CHECK(c.Ask("Q") == "+Yes\n");
  CHECK(c.Ask("Q") == "+Yes\n");
  CHECK(w.lender->finish_asked());
  CHECK(w.changes == 1);
  // Those who have come are served; those who come then are not let in.
  auto before = sys::ConnectUnix(w.path);
  REQUIRE(before.ok());
  w.lender->StopListening();
  CHECK_FALSE(w.lender->idle());
  CHECK(late.Ask("1G") == "0\n");
}

TEST_CASE("lender: who waits for more than a new table has is refused",
          "[fanout]") {
  World w(IntegerTokens(3));
  Raw a(w), b(w);
  CHECK(a.Ask("1G") == "0\n");
  CHECK(b.Ask("3G").empty());
  std::vector<Ints> granted;
  REQUIRE(w.lender->Ask(3, 3, [&](Ints t) { granted.push_back(t); }).ok());
  w.lender->Replace(IntegerTokens(2));
  w.Settle();
  CHECK(b.Get() == "-1\n");
  CHECK(granted == std::vector<Ints>{{}});
  CHECK(b.Ask("1G") == "1\n");
}

TEST_CASE("lender: who does not say who it is, is not served", "[fanout]") {
  World w(IntegerTokens(2));
  CHECK(Raw(w, "nobody\nP").Get() == "EOF");
  CHECK(Raw(w, std::string(5000, '7')).Get() == "EOF");
  CHECK(w.lender->tokens().free() == 2);
  w.Settle();
  CHECK(w.lender->idle());
}

TEST_CASE("lender: a client that does not read is not read from", "[fanout]") {
  World w(IntegerTokens(1));
  Raw c(w), other(w);
  const std::string asks(10000, 'V');
  constexpr size_t kAnswerBytes = 4;
  // As much as the socket takes while nothing is read any more.
  size_t sent = 0;
  for (int quiet = 0; quiet < 3;) {
    const auto n = sys::SendWithFd(c.fd.get(), asks, -1);
    REQUIRE(n.ok());
    sent += *n;
    quiet = *n == 0 ? quiet + 1 : 0;
    REQUIRE(sent < 10'000'000);
    w.Settle();
  }
  CHECK(other.Ask("V") == "0.4\n");
  // Once it reads, all is answered.
  size_t got = 0;
  for (int i = 0; i < 1'000'000 && got < sent * kAnswerBytes; i++) {
    got += c.Get().size();
    w.loop.Turn(absl::ZeroDuration());
  }
  CHECK(got == sent * kAnswerBytes);
}

TEST_CASE("lender: a client that ends its requests gets all the answers",
          "[fanout]") {
  World w(IntegerTokens(1000));
  Raw c(w);
  REQUIRE(sys::SendWithFd(c.fd.get(), "1G" + std::string(500, 'T'), -1).ok());
  shutdown(c.fd.get(), SHUT_WR);
  size_t got = 0;
  std::string last;
  for (int i = 0; i < 100'000 && last != "EOF"; i++) {
    w.loop.Turn(absl::ZeroDuration());
    last = c.Get();
    if (last != "EOF") got += last.size();
  }
  CHECK(last == "EOF");
  CHECK(got == 2 + 500 * 3890);
  w.Settle();
  CHECK(w.lender->tokens().free() == 1000);
}

}  // namespace
