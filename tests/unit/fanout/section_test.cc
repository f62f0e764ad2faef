#include "fanout/section.h"

#include <catch2/catch.hpp>
#include <string>

namespace {

using fanout::EnterSection;
using fanout::FindSection;

TEST_CASE("section: the innermost of a manager is found", "[fanout]") {
  std::string value = EnterSection("", "/tmp/a/1", 4);
  CHECK(value == "/tmp/a/1:4");
  value = EnterSection(value, "/tmp/a/2", 0);
  value = EnterSection(value, "/tmp/a/2", 9);
  CHECK(value == "/tmp/a/2:9\n/tmp/a/2:0\n/tmp/a/1:4");
  CHECK(FindSection(value, "/tmp/a/2") == 9);
  CHECK(FindSection(value, "/tmp/a/1") == 4);
  CHECK(FindSection(value, "/tmp/a") == std::nullopt);
  CHECK(FindSection("", "/tmp/a/1") == std::nullopt);
}

TEST_CASE("section: a path may have colons", "[fanout]") {
  CHECK(FindSection(EnterSection("", "a:1", 2), "a:1") == 2);
}

TEST_CASE("section: lines that make no sense are passed over", "[fanout]") {
  const char kValue[] = "a\na:\na:x\na:-1\na:99999999999999999999\n:\na:3";
  CHECK(FindSection(kValue, "a") == 3);
  CHECK(FindSection(kValue, "") == std::nullopt);
}

TEST_CASE("section: a chain has an end", "[fanout]") {
  std::string value;
  for (int i = 0; i < 1000; ++i) value = EnterSection(value, "m", i);
  CHECK(FindSection(value, "m") == 999);
  CHECK(value.size() < 32 * 6);
}

}  // namespace
