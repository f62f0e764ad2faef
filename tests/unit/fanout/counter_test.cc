#include "fanout/counter.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "sys/file.h"
#include "sys/pass_fd.h"
#include "sys/socket.h"

namespace {

using fanout::Counter;
using fanout::CounterClient;

struct World {
  World() {
    auto made = sys::TemporaryFolder::Make("counter");
    REQUIRE(made.ok());
    folder.emplace(*std::move(made));
    path = folder->path() + "/s";
    auto listening = sys::ListenUnix(path);
    REQUIRE(listening.ok());
    listener = *std::move(listening);
    counter.emplace(loop, "/here/s", 5);
    REQUIRE(counter->Listen(listener.get()).ok());
  }
  sys::Fd Connect() {
    auto connected = sys::ConnectUnix(path);
    REQUIRE(connected.ok());
    return *std::move(connected);
  }
  // What comes of these bytes, '|' for NUL.
  std::string Ask(sys::Fd& fd, const std::string& bytes) {
    if (!sys::SendWithFd(fd.get(), bytes, -1).ok()) return "EOF";
    for (int i = 0; i < 20; ++i) loop.Turn(absl::ZeroDuration());
    auto received = sys::ReceiveWithFd(fd.get(), 1 << 16);
    if (!received.ok() || received->closed) return "EOF";
    for (char& c : received->bytes) {
      if (c == '\0') c = '|';
    }
    return received->bytes;
  }
  // Serves while `work`, which blocks, is done on a thread.
  template <typename Work>
  void While(Work work) {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      work();
      done = true;
    });
    for (int i = 0; i < 10'000 && !done; i++) {
      loop.Turn(absl::Milliseconds(1));
    }
    thread.join();
  }

  sys::Loop loop;
  std::optional<sys::TemporaryFolder> folder;
  std::string path;
  sys::Fd listener;
  std::optional<Counter> counter;
};

TEST_CASE("counter: gives each number once", "[fanout]") {
  World w;
  sys::Fd a = w.Connect(), b = w.Connect();
  CHECK(w.Ask(a, std::string("0.1\0", 4)) == "\n");
  CHECK(w.Ask(a, "u") == "5\n");
  CHECK(w.Ask(b, std::string("0.1\0u", 5)) == "\n6\n");
  CHECK(w.Ask(a, "uUx") == "7\n/here/s|-No\n");
  b.Reset();
  CHECK(w.Ask(a, "u") == "8\n");
  CHECK(w.counter->next() == 9);
  CHECK_FALSE(w.counter->idle());
  a.Reset();
  for (int i = 0; i < 20; ++i) w.loop.Turn(absl::ZeroDuration());
  CHECK(w.counter->idle());
}

TEST_CASE("counter: another version is told, and not served", "[fanout]") {
  World w;
  sys::Fd a = w.Connect(), b = w.Connect();
  CHECK(w.Ask(a, std::string("0.2\0u", 5)) == "only version 0.1 is spoken\n");
  CHECK(w.Ask(a, "u") == "EOF");
  CHECK(w.Ask(b, std::string(100, 'u')) == "EOF");
  CHECK(w.counter->next() == 5);
}

TEST_CASE("counter: a client that does not read is not read from", "[fanout]") {
  World w;
  sys::Fd a = w.Connect(), b = w.Connect();
  CHECK(w.Ask(a, std::string("0.1\0", 4)) == "\n");
  const std::string asks(20000, 'U');
  size_t sent = 0;
  for (int i = 0; i < 300; i++) {
    const auto n = sys::SendWithFd(a.get(), asks, -1);
    REQUIRE(n.ok());
    sent += *n;
    for (int t = 0; t < 20; ++t) w.loop.Turn(absl::ZeroDuration());
  }
  CHECK(sent < 300 * asks.size());
  CHECK(w.Ask(b, std::string("0.1\0u", 5)) == "\n5\n");
}

TEST_CASE("counter: clients find the one around them and count on",
          "[fanout]") {
  World w;
  sys::Environment environment;
  CHECK(CounterClient::Connect(environment).status().message() ==
        "no enclosing gtfw instance");
  environment.Set("gtfw_link", "1");
  CHECK(absl::IsNotFound(CounterClient::Connect(environment).status()));
  environment.Set("gtfw_1", w.path);
  std::set<std::string> numbers;
  std::string source;
  w.While([&] {
    auto one = CounterClient::Connect(environment);
    auto other = CounterClient::Connect(environment);
    if (!one.ok() || !other.ok()) return;
    source = one->Source();
    for (int i = 0; i < 3; i++) {
      numbers.insert(one->Next().value_or("none"));
      numbers.insert(other->Next().value_or("none"));
    }
  });
  CHECK(source == "/here/s");
  CHECK(numbers == std::set<std::string>{"5", "6", "7", "8", "9", "10"});
}

TEST_CASE("counter: a client notices one that is gone or makes no sense",
          "[fanout]") {
  const auto started = [](const std::string& bytes) {
    auto pair = sys::SocketPair();
    REQUIRE(pair.ok());
    REQUIRE(sys::SendWithFd(pair->second.get(), bytes, -1).ok());
    auto client = CounterClient::Start(std::move(pair->first));
    return client.ok() ? client->Next().status() : client.status();
  };
  CHECK(absl::IsAborted(started("go away\n")));
  CHECK(started("go away\n").message() == "gtfw: go away");
  auto pair = sys::SocketPair();
  REQUIRE(pair.ok());
  pair->second.Reset();
  CHECK(absl::IsAborted(CounterClient::Start(std::move(pair->first)).status()));
  World w;
  std::vector<absl::StatusCode> codes;
  w.While([&] {
    auto connected = sys::ConnectUnix(w.path);
    if (!connected.ok()) return;
    auto client = CounterClient::Start(*std::move(connected));
    if (!client.ok()) return;
    codes.push_back(client->Next().status().code());
    w.loop.Post([&] { w.counter.reset(); });
    for (int i = 0; i < 3; i++) codes.push_back(client->Next().status().code());
  });
  REQUIRE(codes.size() == 4);
  CHECK(codes.front() == absl::StatusCode::kOk);
  CHECK(codes.back() == absl::StatusCode::kAborted);
}

}  // namespace
