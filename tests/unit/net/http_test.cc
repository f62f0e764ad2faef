#include "net/http.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/socket.h"

namespace {

// A client with no manners of its own: what it is told to say, and all it got.
struct Client {
  sys::Fd fd;
  std::string got;
  bool ended = false;

  explicit Client(int port) {
    auto made = sys::BeginConnectTcp("127.0.0.1", port);
    REQUIRE(made.ok());
    fd = *std::move(made);
  }
  // False when it could not all be said at once.
  bool Say(absl::string_view text) {
    const ssize_t n =
        send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n == static_cast<ssize_t>(text.size());
  }
  void Listen(size_t most = 1 << 16) {
    std::string buffer(most, '\0');
    const ssize_t n = recv(fd.get(), buffer.data(), most, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != ENOTCONN)) ended = true;
    if (n > 0) got.append(buffer.data(), static_cast<size_t>(n));
  }
};

struct Server {
  sys::Loop loop;
  std::unique_ptr<net::HttpServer> http;
  size_t body_bytes = 3;

  explicit Server(net::HttpLimits limits = {}) {
    sys::IgnoreSigpipe();
    auto made = net::HttpServer::Listen(
        loop, "127.0.0.1", 0,
        [this](const net::HttpRequest& r) {
          net::HttpResponse response{.body = r.path + "\n"};
          if (r.path == "/stream") response.stream = true;
          if (r.path == "/long") response.body = std::string(body_bytes, 'x');
          return response;
        },
        limits);
    REQUIRE(made.ok());
    http = *std::move(made);
  }
  bool Until(const std::function<bool()>& done) {
    const absl::Time deadline = sys::SteadyNow() + absl::Seconds(10);
    while (!done()) {
      if (sys::SteadyNow() > deadline) return false;
      loop.Turn(absl::Milliseconds(5));
    }
    return true;
  }
  // Until the client has got that, or has been sent away.
  bool Gets(Client& c, absl::string_view text) {
    return Until([&] {
      c.Listen();
      return absl::StrContains(c.got, text);
    });
  }
  bool Ends(Client& c) {
    return Until([&] {
      c.Listen();
      return c.ended;
    });
  }
  bool Connected(Client& c) {
    return Until([&] { return c.Say(""); });
  }
};

std::string Get(absl::string_view path, absl::string_view more = "") {
  return absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n", more, "\r\n");
}

}  // namespace

TEST_CASE("http: several requests go over one connection", "[net]") {
  Server server;
  Client client(server.http->port());
  REQUIRE(server.Connected(client));
  client.Say(Get("/one"));
  REQUIRE(server.Gets(client, "\r\n\r\n/one\n"));
  // All of these come in one go.
  client.Say(Get("/two") + Get("/three") +
             Get("/four", "Connection: close\r\n"));
  REQUIRE(server.Ends(client));
  CHECK(absl::StrContains(client.got, "\r\n\r\n/two\nHTTP/1.1 200"));
  CHECK(absl::StrContains(client.got, "\r\n\r\n/three\nHTTP/1.1 200"));
  CHECK(absl::EndsWith(client.got, "\r\n\r\n/four\n"));
  CHECK(server.http->counts().requests == 4);
}

TEST_CASE("http: only GET and HEAD are answered, HEAD without a body",
          "[net]") {
  Server server;
  Client client(server.http->port());
  REQUIRE(server.Connected(client));
  client.Say("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(server.Gets(client, "\r\n\r\n"));
  CHECK(absl::StrContains(client.got, "Content-Length: 5\r\n"));
  CHECK(absl::EndsWith(client.got, "\r\n\r\n"));
  client.got.clear();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
    client.Say(absl::StrCat(method, " / HTTP/1.1\r\nHost: x\r\n\r\n"));
    REQUIRE(server.Gets(client, "GET and HEAD\n"));
    CHECK(absl::StartsWith(client.got, "HTTP/1.1 405 "));
    CHECK(absl::StrContains(client.got, "Allow: GET, HEAD\r\n"));
    client.got.clear();
  }
  client.Say("BREW / HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(server.Ends(client));
  CHECK(absl::StartsWith(client.got, "HTTP/1.1 400 "));
}

TEST_CASE("http: ten thousand header lines are refused, and the answer arrives",
          "[net]") {
  Server server;
  Client client(server.http->port());
  REQUIRE(server.Connected(client));
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 10'000; i++) absl::StrAppend(&many, "a: b\r\n");
  client.Say(many);
  REQUIRE(server.Ends(client));
  CHECK(absl::StartsWith(client.got, "HTTP/1.1 431 "));
  CHECK(server.http->counts().refused == 1);
}

TEST_CASE("http: who is slow with a request is let go", "[net]") {
  Server server(
      {.head_time = absl::Milliseconds(300), .idle_time = absl::Seconds(60)});
  Client slow(server.http->port()), silent(server.http->port());
  REQUIRE(server.Connected(slow));
  REQUIRE(server.Connected(silent));
  slow.Say("GET / HTTP/1.1\r\n");
  const absl::Time began = sys::SteadyNow();
  absl::Time next = began;
  REQUIRE(server.Until([&] {
    // A byte now and then does not buy more time.
    if (sys::SteadyNow() >= next) {
      slow.Say("a");
      next += absl::Milliseconds(50);
    }
    slow.Listen();
    return slow.ended;
  }));
  CHECK(sys::SteadyNow() - began < absl::Seconds(5));
  CHECK(slow.got.empty());
  silent.Listen();
  CHECK_FALSE(silent.ended);
  CHECK(server.http->counts().timed_out == 1);
}

TEST_CASE("http: a crowd that says nothing keeps nobody out", "[net]") {
  Server server({.connections = 4});
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 20; i++) {
    crowd.push_back(std::make_unique<Client>(server.http->port()));
    REQUIRE(server.Connected(*crowd.back()));
    crowd.back()->Say("GET /");
    REQUIRE(
        server.Until([&] { return server.http->counts().connections > 0; }));
  }
  Client client(server.http->port());
  REQUIRE(server.Connected(client));
  client.Say(Get("/me"));
  REQUIRE(server.Gets(client, "/me\n"));
  CHECK(server.http->counts().connections <= 4);
}

TEST_CASE("http: an answer waits for a slow reader, but not for ever",
          "[net]") {
  Server server({.stall_time = absl::Seconds(1)});
  server.body_bytes = 32 << 20;
  Client reads(server.http->port()), never(server.http->port());
  REQUIRE(server.Connected(reads));
  REQUIRE(server.Connected(never));
  never.Say(Get("/long"));
  reads.Say(Get("/long", "Connection: close\r\n"));
  REQUIRE(server.Ends(reads));
  CHECK(reads.got.size() > server.body_bytes);
  REQUIRE(server.Until([&] { return server.http->counts().connections == 0; }));
}

TEST_CASE("http: too much unread is answered with not now", "[net]") {
  Server server({.pending_bytes = 1 << 20});
  server.body_bytes = 32 << 20;
  Client first(server.http->port()), second(server.http->port());
  REQUIRE(server.Connected(first));
  REQUIRE(server.Connected(second));
  first.Say(Get("/long"));
  REQUIRE(server.Until([&] { return server.http->counts().requests == 1; }));
  second.Say(Get("/x"));
  REQUIRE(server.Gets(second, "HTTP/1.1 503 "));
}

TEST_CASE("http: a stream is told what happens, a slow one is dropped",
          "[net]") {
  Server server({.streams = 2, .stream_bytes = 64 << 10});
  Client good(server.http->port()), slow(server.http->port());
  REQUIRE(server.Connected(good));
  REQUIRE(server.Connected(slow));
  good.Say(Get("/stream"));
  slow.Say(Get("/stream"));
  REQUIRE(server.Gets(good, "/stream\n"));
  REQUIRE(server.Until([&] { return server.http->counts().streams == 2; }));
  Client third(server.http->port());
  REQUIRE(server.Connected(third));
  third.Say(Get("/stream"));
  REQUIRE(server.Gets(third, "HTTP/1.1 503 "));

  server.http->Broadcast("news\n");
  REQUIRE(server.Gets(good, "news\n"));
  const std::string piece(16 << 10, 'x');
  for (int i = 0; i < 4000 && server.http->counts().streams == 2; i++) {
    server.http->Broadcast(piece);
    good.Listen(1 << 20);
    server.loop.Turn(absl::ZeroDuration());
    good.Listen(1 << 20);
  }
  CHECK(server.http->counts().streams == 1);
  CHECK(server.http->counts().dropped_streams == 1);
  good.got.clear();
  server.http->Broadcast("more\n");
  REQUIRE(server.Gets(good, "more\n"));
  // One that goes away is noticed.
  good.fd.Reset();
  REQUIRE(server.Until([&] { return server.http->counts().streams == 0; }));
}

TEST_CASE("http: connections end with the server", "[net]") {
  Server server;
  Client client(server.http->port());
  REQUIRE(server.Connected(client));
  client.Say(Get("/stream"));
  REQUIRE(server.Gets(client, "/stream\n"));
  server.http->Stop();
  REQUIRE(server.Ends(client));
}
