#include "fanout/client_limit.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>

namespace {

// The soft limit of descriptors for the length of a test.
class Descriptors {
 public:
  explicit Descriptors(rlim_t soft) {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    REQUIRE(soft <= before_.rlim_max);
    const rlimit limit = {soft, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~Descriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  rlim_t most() const { return before_.rlim_max; }
  static rlim_t Now() {
    rlimit limit = {};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }

 private:
  rlimit before_ = {};
};

}  // namespace

TEST_CASE("client limit: one more is let in while there is room", "[fanout]") {
  const Descriptors descriptors(64);
  CHECK(fanout::RoomForClient(0, 2));
  CHECK(fanout::RoomForClient(31, 2));
  CHECK(fanout::RoomForClient(15, 4));
  CHECK(Descriptors::Now() == 64);
}

TEST_CASE("client limit: our own limit is raised before one is turned away",
          "[fanout]") {
  const Descriptors descriptors(64);
  CHECK(fanout::RoomForClient(32, 2) == (descriptors.most() / 2 > 32));
  CHECK(Descriptors::Now() == descriptors.most());
}

TEST_CASE("client limit: clients never get all descriptors", "[fanout]") {
  const Descriptors descriptors(64);
  const size_t all = descriptors.most();
  CHECK_FALSE(fanout::RoomForClient(all / 2, 2));
  CHECK_FALSE(fanout::RoomForClient(all / 4, 4));
  CHECK_FALSE(fanout::RoomForClient(size_t{1} << 40, 2));
}
