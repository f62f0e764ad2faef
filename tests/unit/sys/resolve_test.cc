#include "sys/resolve.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

using Addresses = std::vector<std::string>;

TEST_CASE("resolve: localhost and numeric addresses need no files", "[sys]") {
  CHECK(*sys::Resolve("localhost") == Addresses{"127.0.0.1", "::1"});
  CHECK(*sys::Resolve("LocalHost") == Addresses{"127.0.0.1", "::1"});
  CHECK(*sys::Resolve("192.0.2.7") == Addresses{"192.0.2.7"});
  CHECK(*sys::Resolve("2001:DB8:0:0::7") == Addresses{"2001:db8::7"});
}

TEST_CASE("resolve: what cannot be a host name is refused", "[sys]") {
  for (const std::string& host :
       {std::string(), std::string(254, 'a'), std::string("a\0b", 3)}) {
    CHECK(absl::IsInvalidArgument(sys::Resolve(host).status()));
  }
}

TEST_CASE("resolve: a name that never exists is not found, or cannot be asked",
          "[sys]") {
  // RFC 6761 reserves .invalid; without a name server nobody can say so. A
  // label of 64 bytes is not a name at all.
  const absl::Status status =
      sys::Resolve(std::string(64, 'a') + ".invalid").status();
  CHECK((absl::IsNotFound(status) || absl::IsUnavailable(status)));
}

TEST_CASE("resolve: many threads may begin at once", "[sys]") {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; i++) {
    threads.emplace_back([&] {
      if (sys::Resolve("127.0.0.1").ok()) good++;
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(good == 8);
}
