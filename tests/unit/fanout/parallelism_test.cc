#include "fanout/parallelism.h"

#include <catch2/catch.hpp>

namespace {

using fanout::ParseJobs;
using fanout::ParseParallel;

auto Of(int processors) {
  return [processors] { return processors; };
}

TEST_CASE("parallelism: the digits of -P count", "[fanout]") {
  CHECK(*ParseParallel("8", "2", Of(4)) == 8);
  CHECK(*ParseParallel("1", {}, Of(4)) == 1);
  CHECK(*ParseParallel("4096", {}, Of(4)) == 4096);
}

TEST_CASE("parallelism: processors are not counted for a plain number",
          "[fanout]") {
  int counted = 0;
  const auto count = [&] { return ++counted; };
  CHECK(*ParseParallel("8", {}, count) == 8);
  CHECK(*ParseParallel("", {}, count) == 3);
  CHECK(*ParseJobs("7", count) == 7);
  CHECK(counted == 0);
}

TEST_CASE("parallelism: -P0 is the number of processors", "[fanout]") {
  CHECK(*ParseParallel("0", {}, Of(6)) == 6);
  CHECK(*ParseParallel("0", {}, Of(9999)) == 4096);
}

TEST_CASE("parallelism: -P alone asks PARALLEL, and then takes 3", "[fanout]") {
  CHECK(*ParseParallel("", "5", Of(4)) == 5);
  CHECK(*ParseParallel("", {}, Of(4)) == 3);
  CHECK(*ParseParallel("", "", Of(4)) == 3);
  CHECK(*ParseParallel("", "-j8 --bar", Of(4)) == 3);
  CHECK(*ParseParallel("", "0", Of(4)) == 4);
  CHECK(*ParseParallel("", "5000", Of(4)) == 4096);
}

TEST_CASE("parallelism: a word after -P is refused", "[fanout]") {
  for (const char* text : {"word", "-3", "+3", "3x", "4097", "50%", " 3",
                           "99999999999999999999"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(ParseParallel(text, "2", Of(4)).status()));
  }
}

TEST_CASE("parallelism: jobs are counted from the processors", "[fanout]") {
  CHECK(*ParseJobs("7", Of(4)) == 7);
  CHECK(*ParseJobs("0", Of(4)) == 4);
  CHECK(*ParseJobs("150%", Of(4)) == 6);
  CHECK(*ParseJobs("50%", Of(3)) == 1);
  CHECK(*ParseJobs("1%", Of(4)) == 1);
  CHECK(*ParseJobs("+2", Of(4)) == 6);
  CHECK(*ParseJobs("-1", Of(4)) == 3);
  CHECK(*ParseJobs("-9", Of(4)) == 1);
  CHECK(*ParseJobs("+999999999999999", Of(4)) == 4096);
  CHECK(*ParseJobs("999999999999999%", Of(4)) == 4096);
}

TEST_CASE("parallelism: what are no jobs is refused", "[fanout]") {
  for (const char* text :
       {"", "+", "-", "%", "x", "4097", "+-1", "--1", "-1%", "@", "1 2"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(ParseJobs(text, Of(4)).status()));
  }
}

}  // namespace
