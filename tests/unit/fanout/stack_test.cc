#include "fanout/stack.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <thread>

#include "sys/clock.h"
#include "sys/file.h"
#include "sys/pass_fd.h"
#include "sys/socket.h"

namespace {

using fanout::Announce;
using fanout::Place;
using fanout::ReadStack;
using fanout::Stack;

sys::Environment In(const sys::TemporaryFolder& folder) {
  sys::Environment environment;
  environment.Set("TMPDIR", folder.path());
  return environment;
}

}  // namespace

TEST_CASE("stack: without a wrapper there is nobody to talk to", "[fanout]") {
  const Stack stack = *ReadStack("xcl", {});
  CHECK(stack.depth == 0);
  CHECK(absl::IsNotFound(stack.Target().status()));
}

TEST_CASE("stack: clients reach the innermost, and -depth further out",
          "[fanout]") {
  sys::Environment environment;
  environment.Set("xcl_link", "2");
  environment.Set("xcl_0", "/zero");
  environment.Set("xcl_1", "/one");
  environment.Set("xcl_2", "/two");
  const Stack stack = *ReadStack("xcl", environment);
  CHECK(*stack.Target() == "/two");
  CHECK(*stack.Target(1) == "/one");
  CHECK(*stack.Target(2) == "/zero");
  CHECK(stack.Target(7).status() ==
        absl::InvalidArgumentError(
            "requested depth of -7 is too large for current stack of 2"));
}

TEST_CASE("stack: the letter d leads to the detached one", "[fanout]") {
  sys::Environment environment;
  environment.Set("ptbw_link", "d");
  environment.Set("ptbw_d", "/detached");
  CHECK(*ReadStack("ptbw", environment)->Target() == "/detached");
  for (const char* wrong : {"x", "-1", "99999999999", "1 ", "+1", "1001"}) {
    INFO(wrong);
    environment.Set("ptbw_link", wrong);
    CHECK(absl::IsInvalidArgument(ReadStack("ptbw", environment).status()));
  }
}

TEST_CASE("stack: a manager is announced one level deeper, and its options go",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  sys::Environment environment = In(folder);
  environment.Set("XCLATE", "-s");
  environment.Set("XCLATE_2", "-T inner");
  std::string first_path, folder_path;
  {
    const Place first =
        *Place::Make(*ReadStack("xcl", environment), false, environment);
    first_path = first.path();
    Announce(*ReadStack("xcl", environment), first.path(), false, "XCLATE",
             &environment);
    CHECK(environment.Get("xcl_link") == "1");
    CHECK(environment.Get("xcl_1") == first.path());
    CHECK_FALSE(environment.Get("XCLATE"));
    folder_path = first_path.substr(0, first_path.rfind('/'));
    struct stat info;
    REQUIRE(stat(folder_path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);

    const Place second =
        *Place::Make(*ReadStack("xcl", environment), false, environment);
    Announce(*ReadStack("xcl", environment), second.path(), false, "XCLATE",
             &environment);
    CHECK(second.path() == folder_path + "/2");
    CHECK(environment.Get("XCLATE") == "-T inner");
    // A pool inside a stream is beside it; one inside a pool is not.
    const Place pool =
        *Place::Make(*ReadStack("ptbw", environment), false, environment);
    CHECK(pool.path() == folder_path + "/sta0");
    const Place detached =
        *Place::Make(*ReadStack("xcl", environment), true, environment);
    CHECK(detached.path() == folder_path + "/3_0");
  }
  CHECK(access(first_path.c_str(), F_OK) != 0);
  CHECK(access(folder_path.c_str(), F_OK) != 0);
}

TEST_CASE("xapply K15: a living manager's socket is not taken", "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  const std::string path = folder.path() + "/pool";
  {
    const Place first = *Place::At(path);
    CHECK(absl::IsResourceExhausted(Place::At(path).status()));
    CHECK(access(path.c_str(), F_OK) == 0);
    CHECK(fanout::ConnectManager(path).ok());
  }
  CHECK(access(path.c_str(), F_OK) != 0);
  CHECK(absl::IsNotFound(fanout::ConnectManager(path).status()));
}

TEST_CASE("stack: a socket of another manager at our path is not removed",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  const std::string path = folder.path() + "/pool";
  std::optional<Place> first = *Place::At(path);
  REQUIRE(unlink(path.c_str()) == 0);
  std::optional<Place> second = *Place::At(path);
  first.reset();
  CHECK(fanout::ConnectManager(path).ok());
  REQUIRE(unlink(path.c_str()) == 0);
  REQUIRE(sys::CreateFile(path, "somebody's").ok());
  second.reset();
  CHECK(access(path.c_str(), F_OK) == 0);
}

TEST_CASE("stack: the socket in a folder that is relative goes, too",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  const std::string here = *sys::AbsolutePath(".");
  REQUIRE(chdir(folder.path().c_str()) == 0);
  REQUIRE(sys::MakeFolders("around").ok());
  sys::Environment environment;
  environment.Set("xcl_link", "1");
  environment.Set("xcl_1", "around/1");
  {
    const auto place =
        Place::Make(*ReadStack("ptbw", environment), false, environment);
    REQUIRE(chdir(here.c_str()) == 0);
    REQUIRE(place.ok());
    CHECK(place->path() == folder.path() + "/around/sta0");
    CHECK(access(place->path().c_str(), F_OK) == 0);
  }
  CHECK(sys::ListFolder(folder.path() + "/around")->empty());
}

TEST_CASE("stack: what can never answer is not waited for", "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  const std::string file = folder.path() + "/file";
  REQUIRE(sys::CreateFile(file, "").ok());
  const std::string deep = folder.path() + "/" + std::string(120, 'd');
  REQUIRE(sys::CreateFile(deep, "").ok());
  const absl::Time before = sys::SteadyNow();
  for (const std::string& path : {file, folder.path(), deep}) {
    CHECK_FALSE(fanout::ConnectManager(path).ok());
  }
  // For one that could it would be 3 s each.
  CHECK(sys::SteadyNow() - before < absl::Seconds(8));
}

TEST_CASE("stack: a name below a socket is a cookie for who listens there",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  const std::string path = folder.path() + "/door";
  const Place door = *Place::At(path);
  auto other = *sys::SocketPair();
  std::string cookies;
  std::thread porter([&] {
    for (const char* answer : {"+on", "@", "-", "x"}) {
      pollfd ready = {.fd = door.listener(), .events = POLLIN, .revents = 0};
      if (poll(&ready, 1, 10'000) <= 0) return;
      auto caller = sys::Accept(door.listener(), nullptr);
      if (!caller.ok()) return;
      ready.fd = caller->get();
      if (poll(&ready, 1, 10'000) <= 0) return;
      cookies += sys::ReceiveWithFd(caller->get(), 100)->bytes;
      const int fd = *answer == '@' ? other.second.get() : -1;
      if (!sys::SendWithFd(caller->get(), answer, fd).ok()) return;
    }
  });
  const auto bytes = [](const absl::StatusOr<sys::Fd>& connection) {
    char text[10] = {};
    const ssize_t got = read(connection->get(), text, sizeof text - 1);
    return std::string(text, got > 0 ? static_cast<size_t>(got) : 0);
  };
  const auto on = fanout::ConnectManager(path + "/one");
  const auto given = fanout::ConnectManager(path + "/two");
  const auto refused = fanout::ConnectManager(path + "/three");
  const auto nonsense = fanout::ConnectManager(path + "/four");
  porter.join();
  CHECK(cookies == std::string("one\0two\0three\0four\0", 19));
  REQUIRE(on.ok());
  CHECK((fcntl(on->get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK(bytes(on) == "on");
  REQUIRE(given.ok());
  REQUIRE(sys::WriteAll(other.first.get(), "there").ok());
  CHECK(bytes(given) == "there");
  CHECK(absl::IsPermissionDenied(refused.status()));
  CHECK_FALSE(nonsense.ok());
}

TEST_CASE("stack: a folder that is not there, or too deep, is an error",
          "[fanout]") {
  sys::Environment environment;
  environment.Set("TMPDIR", "/nonexistent/folder");
  CHECK(absl::IsResourceExhausted(
      Place::Make(*ReadStack("xcl", environment), false, environment)
          .status()));
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  const std::string deep = folder.path() + "/" + std::string(100, 'd');
  REQUIRE(sys::MakeFolders(deep).ok());
  environment.Set("TMPDIR", deep);
  const auto place =
      Place::Make(*ReadStack("xcl", environment), false, environment);
  CHECK(absl::IsResourceExhausted(place.status()));
  CHECK(sys::ListFolder(deep)->empty());
}
