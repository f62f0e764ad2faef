#include "fanout/numbers.h"

#include <catch2/catch.hpp>

namespace {

using fanout::DecimalNumber;
using fanout::Percentage;
using fanout::SizeOf;
using fanout::WholeNumber;

TEST_CASE("numbers: whole ones are digits and nothing else", "[fanout]") {
  CHECK(WholeNumber("0") == 0);
  CHECK(WholeNumber("007") == 7);
  CHECK(WholeNumber("999999999999999999") == 999999999999999999);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "0x1", "1.0", "1k",
                           "1000000000000000000", "99999999999999999999"}) {
    CHECK(WholeNumber(text) == std::nullopt);
  }
}

TEST_CASE("numbers: decimal ones have one point", "[fanout]") {
  CHECK(DecimalNumber("2.5") == 2.5);
  CHECK(DecimalNumber(".5") == 0.5);
  CHECK(DecimalNumber("3.") == 3.0);
  for (const char* text :
       {"", ".", "1.2.3", "-1", "+1", "1e5", "inf", "nan", "0x1", " 1"}) {
    CHECK(DecimalNumber(text) == std::nullopt);
  }
}

TEST_CASE("numbers: a percentage needs its sign", "[fanout]") {
  CHECK(Percentage("12.5%") == 12.5);
  for (const char* text : {"12", "%", "12%%", "-1%", "12 %"}) {
    CHECK(Percentage(text) == std::nullopt);
  }
}

TEST_CASE("numbers: sizes take units, small and large", "[fanout]") {
  CHECK(SizeOf("10") == 10);
  CHECK(SizeOf("2K") == 2048);
  CHECK(SizeOf("3m+512") == 3 * 1048576 + 512);
  CHECK(SizeOf("1G") == int64_t{1} << 30);
  CHECK(SizeOf("2T") == int64_t{2} << 40);
  for (const char* text : {"", "-1", "1q", "9999999999T", "1/0"}) {
    CHECK(SizeOf(text) == std::nullopt);
  }
}

}  // namespace
