#include "fanout/gauges.h"

#include <catch2/catch.hpp>

namespace {

using fanout::AddPressure;
using fanout::GaugeLimits;
using fanout::Gauges;
using fanout::Readings;

TEST_CASE("gauges: a load is a number or a part of the processors",
          "[fanout]") {
  CHECK(*fanout::ParseLoad("3.5", 8) == 3.5);
  CHECK(*fanout::ParseLoad("50%", 8) == 4);
  for (const char* text : {"", "0", "0%", "-1", "x", "nan"}) {
    CHECK(absl::IsInvalidArgument(fanout::ParseLoad(text, 8).status()));
  }
  CHECK(*fanout::ParseFree("512M") == 512 << 20);
  for (const char* text : {"", "0", "-1", "much"}) {
    CHECK(absl::IsInvalidArgument(fanout::ParseFree(text).status()));
  }
}

TEST_CASE("gauges: pressures are given one by one or in a list", "[fanout]") {
  GaugeLimits limits;
  CHECK_FALSE(limits.any());
  REQUIRE(AddPressure("cpu:20%", &limits).ok());
  REQUIRE(AddPressure("io:50%,memory:0%", &limits).ok());
  CHECK(limits.cpu_pressure == 20);
  CHECK(limits.io_pressure == 50);
  CHECK(limits.memory_pressure == 0);
  CHECK(limits.any());
  for (const char* text :
       {"", "cpu", "cpu:20", "cpu:101%", "irq:5%", "cpu:%", "cpu:5%,"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(AddPressure(text, &limits)));
  }
}

TEST_CASE("gauges: each says why it holds a task up", "[fanout]") {
  GaugeLimits limits;
  limits.load = 3;
  limits.free_bytes = 1000;
  limits.cpu_pressure = 20;
  limits.memory_pressure = 5;
  limits.io_pressure = 50;
  Gauges gauges(limits);

  Readings fine;
  fine.load = 3;
  fine.available_bytes = 1000;
  fine.cpu_pressure = 20;
  fine.memory_pressure = 5;
  fine.io_pressure = 50;
  CHECK(gauges.Reason(fine) == std::nullopt);

  Readings now = fine;
  now.load = 4.2;
  CHECK(gauges.Reason(now) == "load average 4.20 is above 3.00");
  now = fine;
  now.available_bytes = 999;
  CHECK(gauges.Reason(now) ==
        "999 bytes of memory are available, fewer than 1000");
  now = fine;
  now.cpu_pressure = 20.5;
  CHECK(gauges.Reason(now) == "cpu pressure 20.50% is above 20%");
  now = fine;
  now.memory_pressure = 6;
  CHECK(gauges.Reason(now) == "memory pressure 6.00% is above 5%");
  now = fine;
  now.io_pressure = 99;
  CHECK(gauges.Reason(now) == "io pressure 99.00% is above 50%");
}

TEST_CASE("gauges: what is not asked for is not looked at", "[fanout]") {
  Gauges gauges(GaugeLimits{});
  Readings now;
  now.load = 1000;
  now.available_bytes = 0;
  now.cpu_pressure = now.memory_pressure = now.io_pressure = 100;
  now.swapped = fanout::SwapCounts{1, 1};
  CHECK(gauges.Reason(now) == std::nullopt);
  CHECK_FALSE(gauges.Short(now));
}

TEST_CASE("gauges: what could not be read is no reason", "[fanout]") {
  GaugeLimits limits;
  limits.load = 1;
  limits.free_bytes = 1000;
  limits.cpu_pressure = 0;
  limits.no_swap = true;
  Gauges gauges(limits);
  CHECK(gauges.Reason(Readings()) == std::nullopt);
  CHECK_FALSE(gauges.Short(Readings()));
}

TEST_CASE("gauges: the youngest has to go under half of the free memory",
          "[fanout]") {
  GaugeLimits limits;
  limits.free_bytes = 1000;
  const Gauges gauges(limits);
  Readings now;
  now.available_bytes = 500;
  CHECK_FALSE(gauges.Short(now));
  now.available_bytes = 499;
  CHECK(gauges.Short(now));
}

TEST_CASE("gauges: swapping is both ways within a second", "[fanout]") {
  GaugeLimits limits;
  limits.no_swap = true;
  Gauges gauges(limits);
  const auto swaps = [&](int64_t ms, int64_t in, int64_t out) {
    Readings now;
    now.at = absl::FromUnixMillis(1'000'000 + ms);
    now.swapped = fanout::SwapCounts{in, out};
    return gauges.Reason(now).has_value();
  };
  CHECK_FALSE(swaps(0, 50, 50));
  CHECK_FALSE(swaps(200, 60, 50));  // only in
  CHECK_FALSE(swaps(400, 60, 50));
  CHECK(swaps(600, 60, 51));  // and out
  CHECK(swaps(800, 60, 51));
  CHECK(swaps(1000, 60, 51));  // a window with both ends
  CHECK(swaps(1200, 60, 51));
  CHECK_FALSE(swaps(2000, 70, 51));  // one without
  CHECK_FALSE(swaps(2200, 70, 60));
  CHECK(swaps(2400, 71, 60));
}

}  // namespace
