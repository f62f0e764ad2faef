#include "fanout/acceptor.h"

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sys/file.h"
#include "sys/socket.h"

namespace {

struct World {
  World() {
    auto made = sys::TemporaryFolder::Make("acceptor");
    REQUIRE(made.ok());
    folder.emplace(*std::move(made));
    auto listening = sys::ListenUnix(folder->path() + "/s");
    REQUIRE(listening.ok());
    listener = *std::move(listening);
    acceptor.emplace(
        loop, [this] { return admitted.size() < room; },
        [this](sys::Fd fd) { admitted.push_back(std::move(fd)); });
    REQUIRE(acceptor->Listen(listener.get()).ok());
  }
  void Connect(int count) {
    for (int i = 0; i < count; i++) {
      auto connected = sys::ConnectUnix(folder->path() + "/s");
      REQUIRE(connected.ok());
      clients.push_back(*std::move(connected));
    }
  }
  void Turns(int count) {
    for (int i = 0; i < count; i++) loop.Turn(absl::ZeroDuration());
  }
  // Until so many are in, or for a few seconds.
  void Await(size_t count) {
    for (int i = 0; i < 500 && admitted.size() < count; i++) {
      loop.Turn(absl::Milliseconds(10));
    }
  }
  std::optional<sys::TemporaryFolder> folder;
  sys::Fd listener;
  sys::Loop loop;
  size_t room = 1000;
  std::vector<sys::Fd> clients, admitted;
  std::optional<fanout::Acceptor> acceptor;
};

// No descriptor is free under the soft limit.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    sys::Fd lowest(open("/dev/null", O_RDONLY | O_CLOEXEC));
    REQUIRE(lowest);
    const rlimit none = {static_cast<rlim_t>(lowest.get()), before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  bool raised() const {
    rlimit now = {};
    return getrlimit(RLIMIT_NOFILE, &now) == 0 &&
           now.rlim_cur == before_.rlim_max;
  }

 private:
  rlimit before_ = {};
};

}  // namespace

TEST_CASE("acceptor: a crowd is let in over several turns", "[fanout]") {
  World w;
  w.Connect(100);
  w.Turns(1);
  CHECK(w.admitted.size() == 64);
  w.Turns(1);
  CHECK(w.admitted.size() == 100);
}

TEST_CASE("acceptor: what was taken in needs no turn", "[fanout]") {
  World w;
  w.Connect(100);
  w.acceptor->TakeIn();
  CHECK(w.admitted.size() == 100);
}

TEST_CASE("acceptor: who finds no room is let in once there is some",
          "[fanout]") {
  World w;
  w.room = 2;
  w.Connect(3);
  w.Turns(5);
  REQUIRE(w.admitted.size() == 2);

  SECTION("at once when it is told") {
    w.room = 3;
    w.acceptor->Resume();
    w.Turns(1);
    CHECK(w.admitted.size() == 3);
  }
  SECTION("soon when it is not") {
    w.room = 3;
    w.Await(3);
    CHECK(w.admitted.size() == 3);
  }
  SECTION("and not before") {
    w.acceptor->Resume();
    w.Turns(5);
    CHECK(w.admitted.size() == 2);
  }
}

TEST_CASE("acceptor: whoever waits does not keep the loop busy", "[fanout]") {
  World w;
  w.room = 0;
  w.Connect(1);
  w.Turns(1);
  const absl::Time before = absl::Now();
  w.loop.Turn(absl::Milliseconds(50));
  CHECK(absl::Now() - before >= absl::Milliseconds(40));
}

TEST_CASE("acceptor: our limit of descriptors is raised when they run out",
          "[fanout]") {
  World w;
  w.Connect(1);
  {
    const NoDescriptors none;
    w.Turns(1);
    CHECK(w.admitted.empty());
    CHECK(none.raised());
    w.Await(1);
    CHECK(w.admitted.size() == 1);
  }
}

TEST_CASE("acceptor: after the stop nobody is let in but who was there",
          "[fanout]") {
  World w;
  w.Connect(2);
  w.acceptor->Stop();
  CHECK(w.admitted.size() == 2);
  w.Connect(1);
  w.acceptor->Resume();
  w.acceptor->TakeIn();
  w.Turns(5);
  CHECK(w.admitted.size() == 2);
}

TEST_CASE("acceptor: a stop without room leaves nothing to wait for",
          "[fanout]") {
  World w;
  w.room = 0;
  w.Connect(1);
  w.Turns(1);
  w.acceptor->Stop();
  w.acceptor->Stop();
  CHECK_FALSE(w.loop.Turn(absl::ZeroDuration()));
  CHECK(w.admitted.empty());
}
