#include "msrc/wave_plan.h"

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <vector>

using namespace msrc;

namespace {

// Starts all that may be; the oldest ends each time. What was started at once,
// e.g. "1 4 4"; which fail.
std::vector<int> Waves(WavePlan::Options options, int64_t total,
                       std::function<bool(int)> fails = nullptr) {
  WavePlan plan(options, total);
  std::vector<int> waves;
  int started = 0;
  std::deque<int> running;
  for (;;) {
    int now = 0;
    while (started < total && plan.MayStart() > 0) {
      plan.Started();
      running.push_back(started++);
      now++;
    }
    if (now > 0) waves.push_back(now);
    if (running.empty()) return waves;
    const int ended = running.front();
    running.pop_front();
    plan.Ended(fails && fails(ended));
  }
}

}  // namespace

TEST_CASE("waves: without any, as many as there may be at once", "[msrc]") {
  CHECK(Waves({.jobs = 3}, 6) == std::vector<int>{3, 1, 1, 1});
  CHECK(Waves({.jobs = 10}, 6) == std::vector<int>{6});
}

TEST_CASE("waves: canaries come first and alone", "[msrc]") {
  CHECK(Waves({.jobs = 10, .canaries = 1}, 6) == std::vector<int>{1, 5});
  CHECK(Waves({.jobs = 2, .canaries = 3}, 6) == std::vector<int>{2, 1, 2, 1});
  CHECK(Waves({.jobs = 10, .canaries = 2, .batch = Share{3}}, 9) ==
        std::vector<int>{2, 3, 3, 1});
  // More than there are.
  CHECK(Waves({.jobs = 10, .canaries = 9}, 6) == std::vector<int>{6});
}

TEST_CASE("waves: a canary that fails ends the run, unless that is allowed",
          "[msrc]") {
  const auto second = [](int n) { return n == 1; };
  CHECK(Waves({.jobs = 10, .canaries = 2}, 6, second) == std::vector<int>{2});
  CHECK(Waves({.jobs = 10, .canaries = 2, .max_fail = Share{2}}, 6, second) ==
        std::vector<int>{2, 4});
  // A later host is no canary.
  CHECK(Waves({.jobs = 10, .canaries = 1}, 6, second) ==
        std::vector<int>{1, 5});
}

TEST_CASE("waves: nobody of a batch before all of the one before have ended",
          "[msrc]") {
  CHECK(Waves({.jobs = 10, .batch = Share{4}}, 10) ==
        std::vector<int>{4, 4, 2});
  CHECK(Waves({.jobs = 2, .batch = Share{3}}, 6) ==
        std::vector<int>{2, 1, 2, 1});
  CHECK(Waves({.jobs = 10, .batch = Share{25, true}}, 10) ==
        std::vector<int>{3, 3, 3, 1});
  CHECK(Waves({.jobs = 10, .batch = Share{1, true}}, 3) ==
        std::vector<int>{1, 1, 1});
}

TEST_CASE("waves: after so many failures nobody is started any more",
          "[msrc]") {
  const auto all = [](int) { return true; };
  CHECK(Waves({.jobs = 1, .max_fail = Share{3}}, 10, all) ==
        std::vector<int>{1, 1, 1});
  CHECK(Waves({.jobs = 1, .max_fail = Share{20, true}}, 10, all) ==
        std::vector<int>{1, 1});
  // Those that run, run on.
  CHECK(Waves({.jobs = 4, .max_fail = Share{1}}, 10, all) ==
        std::vector<int>{4});
}

TEST_CASE("waves: a share is a number or a percentage", "[msrc]") {
  CHECK(ParseShare("5")->Of(100) == 5);
  CHECK(ParseShare("5%")->Of(100) == 5);
  CHECK(ParseShare("5%")->Of(101) == 6);
  CHECK(ParseShare("1%")->Of(1) == 1);
  CHECK(ParseShare("100%")->Of(7) == 7);
  for (const char* bad : {"", "%", "0", "0%", "101%", "-1", "+1", " 1", "1 ",
                          "x", "1.5", "1%%", "99999999999999999999"}) {
    CHECK(ParseShare(bad).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
}
