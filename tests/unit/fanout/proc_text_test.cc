#include "fanout/proc_text.h"

#include <catch2/catch.hpp>

namespace {

TEST_CASE("proc_text: the load of one minute comes first", "[fanout]") {
  CHECK(fanout::LoadAverage("1.25 0.50 0.75 3/612 12345\n") == 1.25);
  CHECK(fanout::LoadAverage("") == std::nullopt);
  CHECK(fanout::LoadAverage("high\n") == std::nullopt);
}

TEST_CASE("proc_text: available memory is in kibibytes", "[fanout]") {
  CHECK(fanout::MemoryAvailable("MemTotal:        2048 kB\n"
                                "MemFree:           10 kB\n"
                                "MemAvailable:     512 kB\n") == 512 * 1024);
  // Linux before 3.14.
  CHECK(fanout::MemoryAvailable("MemTotal: 2048 kB\nMemFree: 10 kB\n") ==
        std::nullopt);
  CHECK(fanout::MemoryAvailable("MemAvailable: 999999999999999999 kB\n") ==
        std::nullopt);
  CHECK(fanout::MemoryAvailable("MemAvailable:") == std::nullopt);
}

TEST_CASE("proc_text: pressure is that of some tasks", "[fanout]") {
  CHECK(fanout::Pressure("some avg10=12.34 avg60=5.00 avg300=0.28 total=28\n"
                         "full avg10=99.00 avg60=0.00 avg300=0.00 total=0\n") ==
        12.34);
  CHECK(fanout::Pressure("full avg10=99.00 avg60=0.00\n") == std::nullopt);
  CHECK(fanout::Pressure("some avg10=\n") == std::nullopt);
}

TEST_CASE("proc_text: swapping counts both ways", "[fanout]") {
  const auto counts = fanout::Swapped(
      "pswpinx 1\npgpgin 5\npswpin 7\npswpout 9\nthp_swpout 3\n");
  REQUIRE(counts.has_value());
  CHECK(counts->in == 7);
  CHECK(counts->out == 9);
  CHECK_FALSE(fanout::Swapped("pswpin 7\n").has_value());
}

TEST_CASE("proc_text: our cgroup is that of version 2", "[fanout]") {
  CHECK(fanout::CgroupPath("0::/user.slice/a b\n") == "/user.slice/a b");
  CHECK(fanout::CgroupPath("9:name=systemd:/x\n4:memory:/y\n0::/\n") == "/");
  CHECK(fanout::CgroupPath("4:memory:/y\n") == std::nullopt);
  CHECK(fanout::CgroupPath("0::\n") == std::nullopt);
}

TEST_CASE("proc_text: the limits of a cgroup may be none", "[fanout]") {
  CHECK(fanout::CgroupBytes("1048576\n") == 1048576);
  CHECK(fanout::CgroupBytes("max\n") == std::nullopt);
  CHECK(fanout::CgroupProcessors("150000 100000\n") == 1.5);
  CHECK(fanout::CgroupProcessors("max 100000\n") == std::nullopt);
  CHECK(fanout::CgroupProcessors("100000 0\n") == std::nullopt);
  CHECK(fanout::CgroupProcessors("100000\n") == std::nullopt);
  CHECK(fanout::CgroupReclaimable("anon 5\ninactive_file 4096\n") == 4096);
  CHECK(fanout::CgroupReclaimable("anon 5\n") == 0);
}

}  // namespace
