#include "fanout/pool_client.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fanout/lender.h"
#include "sys/file.h"
#include "sys/pass_fd.h"
#include "sys/socket.h"

namespace {

using fanout::IntegerTokens;
using fanout::Lender;
using fanout::PoolClient;
using fanout::TokenTable;
using Ints = std::vector<int>;

struct World {
  explicit World(TokenTable table, bool persistent = false) {
    auto made = sys::TemporaryFolder::Make("pool");
    REQUIRE(made.ok());
    folder.emplace(*std::move(made));
    path = folder->path() + "/s";
    auto listening = sys::ListenUnix(path);
    REQUIRE(listening.ok());
    listener = *std::move(listening);
    fanout::LenderOptions options;
    options.group = 2;
    options.persistent = persistent;
    lender = std::make_unique<Lender>(loop, std::move(table), options);
    REQUIRE(lender->Listen(listener.get()).ok());
  }
  void Settle() {
    for (int i = 0; i < 40; ++i) loop.Turn(absl::ZeroDuration());
  }
  sys::Loop loop;
  std::optional<sys::TemporaryFolder> folder;
  std::string path;
  sys::Fd listener;
  std::unique_ptr<Lender> lender;
};

struct Client {
  Client(sys::Loop& loop, sys::Fd connection) {
    PoolClient::Calls calls;
    calls.ready = [this](PoolClient::Info i) { info = std::move(i); };
    calls.granted = [this](Ints tokens) {
      granted.push_back(std::move(tokens));
      if (end_when_granted) pool.reset();
    };
    calls.lost = [this](const absl::Status& why) {
      lost.push_back(std::string(why.message()));
      pool.reset();
    };
    auto started =
        PoolClient::Start(loop, std::move(connection), std::move(calls));
    REQUIRE(started.ok());
    pool = *std::move(started);
  }
  explicit Client(World& w)
      : Client(w.loop, [&] {
          auto connected = sys::ConnectUnix(w.path);
          REQUIRE(connected.ok());
          return *std::move(connected);
        }()) {
    CHECK_FALSE(info);  // never from within
    w.Settle();
  }
  std::unique_ptr<PoolClient> pool;
  std::optional<PoolClient::Info> info;
  std::vector<Ints> granted;
  std::vector<std::string> lost;
  bool end_when_granted = false;
};

TEST_CASE("pool client: knows the pool before it asks", "[fanout]") {
  World w({.tokens = {"red", "", "blue"}, .source = "tags", .comments = ""});
  Client c(w);
  REQUIRE(c.info);
  CHECK(c.info->count == 3);
  CHECK(c.info->source == "tags");
  CHECK(c.info->tokens == std::vector<std::string>{"red", "", "blue"});
  CHECK(c.info->group == 2);
  World integers(IntegerTokens(2));
  Client other(integers);
  REQUIRE(other.info);
  CHECK(other.info->source == "iota");
}

TEST_CASE("pool client: requests are granted in their order", "[fanout]") {
  World w(IntegerTokens(4));
  Client c(w), other(w);
  other.pool->Ask(2);
  w.Settle();
  CHECK(other.granted == std::vector<Ints>{{0, 1}});
  c.pool->Ask(1);
  c.pool->Ask(9);
  c.pool->Ask(3);
  w.Settle();
  CHECK(c.granted == std::vector<Ints>{{2}, {}});
  // Giving back while a request waits is no use only after it.
  c.pool->GiveBack(2);
  w.Settle();
  CHECK(w.lender->tokens().free() == 2);
  other.pool->GiveBack(0);
  w.Settle();
  CHECK(c.granted == std::vector<Ints>{{2}, {}, {3, 0, 2}});
}

TEST_CASE("pool client: takes what is free", "[fanout]") {
  World w(IntegerTokens(3));
  Client c(w);
  c.pool->AskFree(2);
  c.pool->AskFree(2);
  c.pool->AskFree(2);
  w.Settle();
  CHECK(c.granted == std::vector<Ints>{{0, 1}, {2}, {}});
}

TEST_CASE("pool client: a token's text is that of when it was granted",
          "[fanout]") {
  World w({.tokens = {"a", "b"}, .source = "t", .comments = ""});
  Client c(w);
  w.lender->Replace({.tokens = {"x", "b"}, .source = "t", .comments = ""});
  c.pool->Ask(2);
  w.Settle();
  REQUIRE(c.granted == std::vector<Ints>{{0, 1}});
  CHECK(c.info->tokens[0] == "a");
  CHECK(c.pool->text(0) == "x");
  CHECK(c.pool->text(1) == "b");
}

TEST_CASE(
    "pool client: its end gives everything back, whoever else has the "
    "connection",
    "[fanout]") {
  World w(IntegerTokens(2));
  Client c(w);
  c.pool->Ask(2);
  w.Settle();
  CHECK(w.lender->tokens().free() == 0);
  const sys::Fd other(dup(c.pool->socket()));
  c.pool.reset();
  w.Settle();
  CHECK(w.lender->tokens().free() == 2);
  CHECK(w.lender->idle());
}

TEST_CASE("pool client: may end where it is granted", "[fanout]") {
  World w(IntegerTokens(2));
  Client c(w);
  c.end_when_granted = true;
  c.pool->Ask(1);
  c.pool->Ask(1);
  w.Settle();
  CHECK(c.granted.size() == 1);
  CHECK(c.lost.empty());
  CHECK(w.lender->tokens().free() == 2);
}

TEST_CASE("pool client: asks a persistent pool to end", "[fanout]") {
  World w(IntegerTokens(2), true);
  Client c(w);
  c.pool->AskForEnd();
  c.pool.reset();
  w.Settle();
  CHECK(w.lender->finish_asked());
  World other(IntegerTokens(2));
  Client refused(other);
  refused.pool->AskForEnd();
  refused.pool->Ask(1);
  other.Settle();
  CHECK_FALSE(other.lender->finish_asked());
  CHECK(refused.granted == std::vector<Ints>{{0}});
}

TEST_CASE("pool client: a pool that ends is noticed, once", "[fanout]") {
  World w(IntegerTokens(2));
  Client c(w);
  c.pool->Ask(1);
  w.Settle();
  w.lender.reset();
  w.Settle();
  CHECK(c.lost == std::vector<std::string>{"the pool hung up"});
}

TEST_CASE("pool client: a pool that makes no sense is lost", "[fanout]") {
  const std::string start = std::string("1,2\n0\0=iota\0", 12) + "1\n";
  const std::vector<std::string> nonsense = {
      "hello\n",
      "1\n",
      "-1,4\n",
      "99999999,4\n",
      std::string(1000, '1'),
      start + "0\n+0\n1\n",     // one answer too many
      start + "0,1\n",          // more than was asked for
      start + "77777777777\n",  // no index
      start + "-No\n",          // will not lend
      start + "-2\n",
      start + "0\n-No\n",  // lends what is none
  };
  for (const std::string& bytes : nonsense) {
    INFO(bytes);
    sys::Loop loop;
    auto pair = sys::SocketPair();
    REQUIRE(pair.ok());
    Client c(loop, std::move(pair->first));
    REQUIRE(sys::SendWithFd(pair->second.get(), bytes, -1).ok());
    if (c.pool != nullptr) c.pool->Ask(1);
    for (int i = 0; i < 20; i++) loop.Turn(absl::ZeroDuration());
    CHECK(c.lost.size() == 1);
  }
}

TEST_CASE(
    "pool client: of an original pool, which cannot lend what is free, "
    "it gets none",
    "[fanout]") {
  sys::Loop loop;
  auto pair = sys::SocketPair();
  REQUIRE(pair.ok());
  Client c(loop, std::move(pair->first));
  const auto say = [&](const std::string& bytes) {
    REQUIRE(sys::SendWithFd(pair->second.get(), bytes, -1).ok());
    for (int i = 0; i < 20; i++) loop.Turn(absl::ZeroDuration());
  };
  say(std::string("1,2\n0\0=iota\0", 12) + "1\n");
  REQUIRE(c.info);
  c.pool->AskFree(3);
  say("-No\n");
  CHECK(c.granted == std::vector<Ints>{{}});
  CHECK(c.lost.empty());
}

}  // namespace
