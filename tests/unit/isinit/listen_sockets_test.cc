#include "isinit/listen_sockets.h"

#include <absl/strings/match.h>
#include <sys/socket.h>

#include "sys/socket.h"
#include "unit/isinit/processes.h"

using isinit::ListenSockets;
using isinit::MakeEntry;
using isinit::Processes;

TEST_CASE("listen: a connection waits for the entry that is not there yet",
          "[isinit]") {
  Processes world;
  ListenSockets sockets(world.loop);
  auto entry = MakeEntry("web",
                         "exec python3 -c 'import socket\n"
                         "c = socket.socket(fileno=3).accept()[0]\n"
                         "c.send(c.recv(100).upper())'");
  entry->attributes.listen = {{.host = "127.0.0.1", .port = 0},
                              {.is_unix = true, .path = world.Path("s")}};
  REQUIRE(sockets.Hold(*entry).ok());
  const auto held = sockets.For(*entry);
  REQUIRE(held.size() == 2);
  CHECK(held[0].second == "web");
  int wanted = 0;
  sockets.Await("web", [&] { wanted++; });
  world.For(absl::Milliseconds(20));
  CHECK(wanted == 0);

  auto client =
      sys::BeginConnectTcp("127.0.0.1", *sys::LocalPort(held[0].first));
  REQUIRE(client.ok());
  REQUIRE(world.Until([&] { return wanted == 1; }));
  // Once, though nobody has taken it.
  world.For(absl::Milliseconds(20));
  CHECK(wanted == 1);
  REQUIRE(send(client->get(), "hello", 5, MSG_NOSIGNAL) == 5);
  isinit::ProcessGifts gifts;
  gifts.listen = held;
  const auto pid = isinit::EntryProcesses("").Start(*entry, "1", gifts);
  REQUIRE(pid.ok());
  const auto watched = world.Watch(*pid);
  // It waits in accept, as it does when the socket is its own.
  REQUIRE(world.Until([&] { return watched->ended; }));
  CHECK(watched->how.code == 0);
  char answer[10] = "";
  CHECK(recv(client->get(), answer, sizeof answer, 0) == 5);
  CHECK(std::string(answer) == "HELLO");

  // The socket is still there: the next connection wakes again.
  sockets.Await("web", [&] { wanted++; });
  client = sys::ConnectUnix(world.Path("s"));
  REQUIRE(client.ok());
  REQUIRE(world.Until([&] { return wanted == 2; }));
  sockets.Forget("web");
  CHECK_FALSE(sys::ConnectUnix(world.Path("s")).ok());
  CHECK_FALSE(sys::Stat(world.Path("s"))->exists);
}

TEST_CASE("listen: a new table keeps what it names still", "[isinit]") {
  Processes world;
  ListenSockets sockets(world.loop);
  auto entry = MakeEntry("web", "");
  entry->attributes.listen = {{.is_unix = true, .path = world.Path("a")},
                              {.is_unix = true, .path = world.Path("b")}};
  REQUIRE(sockets.Hold(*entry).ok());
  const int b = sockets.For(*entry)[1].first;
  entry->attributes.listen = {{.is_unix = true, .path = world.Path("b")},
                              {.is_unix = true, .path = world.Path("no/c")},
                              {.is_unix = true, .path = world.Path("d")}};
  const absl::Status status = sockets.Hold(*entry);
  CHECK(
      absl::StartsWith(status.message(), "listen=unix:" + world.Path("no/c")));
  const auto held = sockets.For(*entry);
  REQUIRE(held.size() == 2);
  CHECK(held[0].first == b);
  CHECK(sys::ConnectUnix(world.Path("d")).ok());
  CHECK_FALSE(sys::ConnectUnix(world.Path("a")).ok());
  entry->attributes.listen.clear();
  REQUIRE(sockets.Hold(*entry).ok());
  CHECK(sockets.All().empty());
}

TEST_CASE("listen: a name that has to be asked for is refused", "[isinit]") {
  Processes world;
  ListenSockets sockets(world.loop);
  auto entry = MakeEntry("web", "");
  entry->attributes.listen = {{.host = "www.example.com", .port = 80}};
  CHECK(sockets.Hold(*entry).message() ==
        "listen=tcp:www.example.com:80: 'www.example.com' is not a numeric "
        "address");
  entry->attributes.listen = {{.host = "localhost", .port = 0}};
  CHECK(sockets.Hold(*entry).ok());
}

TEST_CASE("isinit 36: listen: sockets go to who takes over", "[isinit]") {
  Processes world;
  auto entry = MakeEntry("web", "");
  entry->attributes.listen = {{.is_unix = true, .path = world.Path("a")}};
  sys::Fd kept;
  std::string address;
  {
    ListenSockets before(world.loop);
    REQUIRE(before.Hold(*entry).ok());
    kept.Reset(dup(before.All().at(0).fd));
    address = before.All().at(0).address;
  }
  const auto client = sys::ConnectUnix(world.Path("a"));
  REQUIRE(client.ok());
  const int number = kept.get();
  ListenSockets after(world.loop);
  after.Adopt("web", address, std::move(kept));
  REQUIRE(after.Hold(*entry).ok());
  REQUIRE(after.For(*entry).size() == 1);
  CHECK(after.For(*entry)[0].first == number);
  CHECK(sys::Accept(number, nullptr)->get() >= 0);
}
