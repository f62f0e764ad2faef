#include "fanout/readings.h"

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace {

using fanout::GaugeLimits;
using fanout::HostReader;
using fanout::HostRoots;
using fanout::Readings;

struct World {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("readings");
  HostRoots roots{folder.path() + "/proc", folder.path() + "/cgroup"};
  World() {
    REQUIRE(sys::MakeFolders(roots.proc + "/self").ok());
    REQUIRE(sys::MakeFolders(roots.proc + "/pressure").ok());
    Put(roots.proc + "/loadavg", "0.75 0.50 0.25 1/100 1\n");
    Put(roots.proc + "/meminfo", "MemTotal: 8192 kB\nMemAvailable: 4096 kB\n");
    Put(roots.proc + "/vmstat", "pswpin 1\npswpout 2\n");
  }
  void Put(const std::string& path, const std::string& content) {
    REQUIRE(sys::MakeFolders(path.substr(0, path.rfind('/'))).ok());
    REQUIRE(sys::ReplaceFile(path, content).ok());
  }
};

GaugeLimits Everything() {
  GaugeLimits limits;
  limits.load = 1;
  limits.free_bytes = 1;
  limits.no_swap = true;
  limits.cpu_pressure = limits.memory_pressure = limits.io_pressure = 1;
  return limits;
}

TEST_CASE("readings: what is asked for is read", "[fanout]") {
  World world;
  for (const char* what : {"cpu", "memory", "io"}) {
    world.Put(world.roots.proc + "/pressure/" + what,
              std::string("some avg10=") + (what[0] == 'c' ? "1.5" : "2.5") +
                  " avg60=0.00 avg300=0.00 total=0\n");
  }
  const auto reader = HostReader::Open(Everything(), world.roots);
  REQUIRE(reader.ok());
  const Readings now = reader->Read();
  CHECK(now.load == 0.75);
  CHECK(now.available_bytes == 4096 * 1024);
  CHECK(now.swapped->out == 2);
  CHECK(now.cpu_pressure == 1.5);
  CHECK(now.memory_pressure == 2.5);
  CHECK(now.io_pressure == 2.5);

  GaugeLimits load_only;
  load_only.load = 1;
  const Readings less = HostReader::Open(load_only, world.roots)->Read();
  CHECK(less.load == 0.75);
  CHECK_FALSE(less.available_bytes.has_value());
  CHECK_FALSE(less.cpu_pressure.has_value());
}

TEST_CASE("readings: a kernel without pressure says so at the start",
          "[fanout]") {
  World world;
  GaugeLimits limits;
  limits.memory_pressure = 5;
  const absl::Status opened = HostReader::Open(limits, world.roots).status();
  CHECK(absl::IsUnimplemented(opened));
  CHECK(opened.message() == "--pressure: this system has no " +
                                world.roots.proc + "/pressure/memory");
}

TEST_CASE("readings: each option that cannot be honoured is named",
          "[fanout]") {
  World world;
  HostRoots nothing = world.roots;
  nothing.proc += "/none";
  const auto message = [&](const GaugeLimits& limits) {
    return std::string(HostReader::Open(limits, nothing).status().message());
  };
  GaugeLimits load, free_memory, swap;
  load.load = 1;
  free_memory.free_bytes = 1;
  swap.no_swap = true;
  CHECK(message(load).find("--load: ") == 0);
  CHECK(message(free_memory).find("--memfree: ") == 0);
  CHECK(message(swap).find("--noswap: ") == 0);
  CHECK(HostReader::Open(GaugeLimits{}, nothing).ok());
}

TEST_CASE("readings: the narrowest cgroup above us says what memory there is",
          "[fanout]") {
  World world;
  const std::string& root = world.roots.cgroups;
  world.Put(world.roots.proc + "/self/cgroup", "0::/a/b\n");
  world.Put(root + "/cgroup.controllers", "cpu memory\n");
  world.Put(root + "/a/b/memory.max", "max\n");
  world.Put(root + "/a/b/memory.current", "1000\n");
  world.Put(root + "/a/memory.max", "5000\n");
  world.Put(root + "/a/memory.current", "4500\n");
  GaugeLimits limits;
  limits.free_bytes = 1;
  const auto reader = HostReader::Open(limits, world.roots);
  CHECK(reader->Read().available_bytes == 500);
  world.Put(root + "/a/memory.stat", "anon 1\ninactive_file 2000\n");
  CHECK(reader->Read().available_bytes == 2500);
  world.Put(root + "/a/memory.current", "9000\n");
  world.Put(root + "/a/memory.stat", "inactive_file 0\n");
  CHECK(reader->Read().available_bytes == 0);
}

TEST_CASE(
    "readings: the narrowest cgroup above us says what processors "
    "there are",
    "[fanout]") {
  World world;
  const std::string& root = world.roots.cgroups;
  CHECK(fanout::CgroupFolders(world.roots).empty());
  world.Put(world.roots.proc + "/self/cgroup", "1:cpu:/x\n0::/a/b\n");
  CHECK(fanout::CgroupFolders(world.roots).empty());
  // Where systemd keeps the tree beside version 1.
  world.Put(root + "/unified/cgroup.controllers", "\n");
  const std::vector<std::string> hybrid = {
      root + "/unified/a/b", root + "/unified/a", root + "/unified"};
  CHECK(fanout::CgroupFolders(world.roots) == hybrid);
  world.Put(root + "/unified/a/b/cpu.max", "300000 100000\n");
  world.Put(root + "/unified/a/cpu.max", "150000 100000\n");
  CHECK(fanout::CgroupProcessorLimit(hybrid) == 1.5);
  CHECK(fanout::CgroupProcessorLimit({root}) == std::nullopt);
}

TEST_CASE("readings: this host has a processor", "[fanout]") {
  CHECK(fanout::Processors() >= 1);
  CHECK(fanout::Processors() <= 65536);
}

}  // namespace
