#include "isinit/fleet.h"

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace isinit {
namespace {

TEST_CASE("fleet: names are reached by ssh, addresses directly", "[isinit]") {
  const auto hosts = ParseFleet("web1, ops@web2,tcp:web3:7000,x=unix:/s");
  REQUIRE(hosts.ok());
  REQUIRE(hosts->size() == 4);
  CHECK((*hosts)[0].name == "web1");
  CHECK((*hosts)[0].address == "ssh:web1");
  CHECK((*hosts)[1].name == "web2");
  CHECK((*hosts)[1].address == "ssh:ops@web2");
  CHECK((*hosts)[2].name == "web3");
  CHECK((*hosts)[3].name == "x");
  CHECK((*hosts)[3].address == "unix:/s");
}

TEST_CASE("fleet: a file has a host a line", "[isinit]") {
  auto folder = sys::TemporaryFolder::Make("fleet");
  REQUIRE(folder.ok());
  const std::string file = folder->path() + "/hosts";
  REQUIRE(sys::CreateFile(file, "# ours\nweb1\n\n web2 # two\n").ok());
  const auto hosts = ParseFleet("@" + file + ",web3");
  REQUIRE(hosts.ok());
  REQUIRE(hosts->size() == 3);
  CHECK((*hosts)[1].name == "web2");
  CHECK(absl::IsNotFound(ParseFleet("@" + file + "x").status()));
}

TEST_CASE("fleet: what is no host is refused", "[isinit]") {
  CHECK_FALSE(ParseFleet("").ok());
  CHECK_FALSE(ParseFleet("-oProxyCommand").ok());
  CHECK_FALSE(ParseFleet("a=-oProxyCommand").ok());
  CHECK_FALSE(ParseFleet("=ssh:a").ok());
  CHECK_FALSE(ParseFleet("tcp:a:99999").ok());
}

TEST_CASE("fleet: a batch is a number of hosts or a part of them", "[isinit]") {
  CHECK(*ParseBatch("3", 100) == 3);
  CHECK(*ParseBatch("10%", 100) == 10);
  CHECK(*ParseBatch("10%", 3) == 1);
  CHECK_FALSE(ParseBatch("0", 3).ok());
  CHECK_FALSE(ParseBatch("101%", 3).ok());
  CHECK_FALSE(ParseBatch("x", 3).ok());
}

TEST_CASE("fleet: the worst code is everybody's", "[isinit]") {
  FleetOutcome done, missing;
  done.asked = missing.asked = true;
  missing.code = 66;
  CHECK(WorstCode({done, missing}) == 66);
  CHECK(WorstCode({done}) == 0);
  CHECK(WorstCode({done, FleetOutcome()}) == 75);
}

}  // namespace
}  // namespace isinit
