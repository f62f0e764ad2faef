#include "sys/socket.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "sys/file.h"
#include "sys/process.h"

namespace {

struct InFolder {
  InFolder() : folder(*sys::TemporaryFolder::Make("socket-test-")) {}
  sys::TemporaryFolder folder;
  const std::string& dir = folder.path();
};

bool WaitFor(int fd, short events) {
  pollfd p = {fd, events, 0};
  return poll(&p, 1, 30'000) == 1;
}

void CheckFlags(int fd) {
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
}

}  // namespace

TEST_CASE_METHOD(InFolder, "socket: unix peers meet and know each other",
                 "[sys]") {
  const std::string path = dir + "/s";
  auto listener = sys::ListenUnix(path, 0600);
  REQUIRE(listener.ok());
  CHECK(sys::Stat(path)->mode == 0600);
  std::string peer = "unset";
  CHECK_FALSE(*sys::Accept(listener->get(), &peer));
  auto client = sys::ConnectUnix(path);
  REQUIRE(client.ok());
  auto server = sys::Accept(listener->get(), &peer);
  REQUIRE(server.ok());
  REQUIRE(*server);
  CHECK(peer == "");
  auto credentials = sys::PeerOf(server->get());
  REQUIRE(credentials.ok());
  CHECK(credentials->uid == sys::MyUid());
  CHECK(credentials->pid == sys::MyPid());
  for (int fd : {listener->get(), client->get(), server->get()}) CheckFlags(fd);
}

TEST_CASE_METHOD(InFolder, "socket: the mode is as asked whatever the umask",
                 "[sys]") {
  const mode_t before = umask(0777);
  auto listener = sys::ListenUnix(dir + "/s", 0666);
  umask(before);
  REQUIRE(listener.ok());
  CHECK(sys::Stat(dir + "/s")->mode == 0666);
}

TEST_CASE_METHOD(InFolder, "socket: a dead one is replaced, a live one is not",
                 "[sys]") {
  const std::string path = dir + "/s";
  auto first = sys::ListenUnix(path);
  REQUIRE(first.ok());
  const absl::Status second = sys::ListenUnix(path).status();
  CHECK(absl::IsAlreadyExists(second));
  CHECK(absl::StartsWith(second.message(), path + ": "));
  // The probe of the second is at the door; the socket still works.
  std::string peer;
  CHECK(*sys::Accept(first->get(), &peer));
  CHECK(sys::ConnectUnix(path).ok());
  first->Reset();
  CHECK(absl::IsUnavailable(sys::ConnectUnix(path).status()));
  auto third = sys::ListenUnix(path);
  REQUIRE(third.ok());
  CHECK(sys::ConnectUnix(path).ok());
  CHECK(*sys::ListFolder(dir) == std::vector<std::string>{"s"});
}

TEST_CASE_METHOD(InFolder, "socket: a file that is none is left alone",
                 "[sys]") {
  REQUIRE(sys::ReplaceFile(dir + "/f", "precious").ok());
  CHECK(absl::IsAlreadyExists(sys::ListenUnix(dir + "/f").status()));
  CHECK(*sys::ReadFile(dir + "/f") == "precious");
  REQUIRE(symlink("f", (dir + "/link").c_str()) == 0);
  CHECK(absl::IsAlreadyExists(sys::ListenUnix(dir + "/link").status()));
}

TEST_CASE_METHOD(InFolder, "socket: a path too long is refused by name",
                 "[sys]") {
  const std::string longest = dir + "/" + std::string(106 - dir.size(), 's');
  REQUIRE(longest.size() == 107);
  auto listener = sys::ListenUnix(longest);
  REQUIRE(listener.ok());
  CHECK(sys::ConnectUnix(longest).ok());
  for (const absl::Status& status :
       {sys::ListenUnix(longest + "s").status(),
        sys::ConnectUnix(longest + "s").status()}) {
    CHECK(absl::IsInvalidArgument(status));
    CHECK(absl::StartsWith(status.message(), longest + "s: 108 bytes"));
  }
  CHECK(absl::IsInvalidArgument(sys::ListenUnix("").status()));
  CHECK(absl::IsInvalidArgument(
      sys::ConnectUnix(std::string("\0abstract", 9)).status()));
}

TEST_CASE_METHOD(InFolder, "socket: nobody listening is Unavailable", "[sys]") {
  const absl::Status missing = sys::ConnectUnix(dir + "/none").status();
  CHECK(absl::IsUnavailable(missing));
  CHECK(missing.message() == dir + "/none: No such file or directory");
}

TEST_CASE("socket: TCP peers meet on a port that was picked", "[sys]") {
  for (const char* host : {"127.0.0.1", "localhost", ""}) {
    INFO(host);
    auto listener = sys::ListenTcp(host, 0);
    REQUIRE(listener.ok());
    CheckFlags(listener->get());
    auto port = sys::LocalPort(listener->get());
    REQUIRE(port.ok());
    CHECK(*port > 0);
    std::string peer;
    CHECK_FALSE(*sys::Accept(listener->get(), &peer));
    auto client = sys::BeginConnectTcp("127.0.0.1", *port);
    REQUIRE(client.ok());
    CheckFlags(client->get());
    REQUIRE(WaitFor(client->get(), POLLOUT));
    CHECK(sys::ConnectError(client->get()).ok());
    REQUIRE(WaitFor(listener->get(), POLLIN));
    auto server = sys::Accept(listener->get(), &peer);
    REQUIRE(server.ok());
    REQUIRE(*server);
    CheckFlags(server->get());
    CHECK(peer == "127.0.0.1");  // not ::ffff:127.0.0.1
    CHECK_FALSE(sys::PeerOf(server->get()).ok());
  }
}

TEST_CASE("socket: IPv6 works where the host has it", "[sys]") {
  auto listener = sys::ListenTcp("::1", 0);
  if (!listener.ok()) {
    WARN("skipped: no IPv6 here");
    return;
  }
  auto client = sys::BeginConnectTcp("::1", *sys::LocalPort(listener->get()));
  REQUIRE(client.ok());
  REQUIRE(WaitFor(listener->get(), POLLIN));
  std::string peer;
  REQUIRE(*sys::Accept(listener->get(), &peer));
  CHECK(peer == "::1");
}

TEST_CASE("socket: a TCP port in use is AlreadyExists or Unavailable",
          "[sys]") {
  auto listener = sys::ListenTcp("127.0.0.1", 0);
  REQUIRE(listener.ok());
  const int port = *sys::LocalPort(listener->get());
  const absl::Status status = sys::ListenTcp("127.0.0.1", port).status();
  CHECK_FALSE(status.ok());
  CHECK(status.message() ==
        absl::StrCat("127.0.0.1 port ", port, ": Address already in use"));
}

TEST_CASE("socket: a refused connection is told by ConnectError", "[sys]") {
  int port;
  {
    auto listener = sys::ListenTcp("127.0.0.1", 0);
    REQUIRE(listener.ok());
    port = *sys::LocalPort(listener->get());
  }
  auto client = sys::BeginConnectTcp("127.0.0.1", port);
  absl::Status status = client.status();
  if (client.ok()) {
    REQUIRE(WaitFor(client->get(), POLLOUT));
    status = sys::ConnectError(client->get());
  }
  CHECK(absl::IsUnavailable(status));
  CHECK(absl::EndsWith(status.message(), "Connection refused"));
}

TEST_CASE("socket: only numeric addresses and real ports are connected to",
          "[sys]") {
  for (const char* host : {"localhost", "", "127.0.0.1 ", "1.2.3.4.5", "::g",
                           "[::1]", "example.org"}) {
    INFO(host);
    CHECK(absl::IsInvalidArgument(sys::BeginConnectTcp(host, 1).status()));
  }
  for (int port : {-1, 65536, 1 << 30}) {
    CHECK(absl::IsInvalidArgument(
        sys::BeginConnectTcp("127.0.0.1", port).status()));
    CHECK(absl::IsInvalidArgument(sys::ListenTcp("127.0.0.1", port).status()));
  }
}

TEST_CASE("socket: a pair is connected", "[sys]") {
  auto pair = sys::SocketPair();
  REQUIRE(pair.ok());
  CheckFlags(pair->first.get());
  CheckFlags(pair->second.get());
  REQUIRE(sys::WriteAll(pair->first.get(), "hello").ok());
  pair->first.Reset();
  CHECK(*sys::ReadFd(pair->second.get()) == "hello");
  CHECK_FALSE(sys::LocalPort(pair->second.get()).ok());
  CHECK_FALSE(sys::PeerOf(-1).ok());
}
