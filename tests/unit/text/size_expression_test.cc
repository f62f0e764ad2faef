#include "text/size_expression.h"

#include <catch2/catch.hpp>
#include <string>

namespace {

int64_t Value(absl::string_view text) {
  const auto value = text::ParseSizeExpression(text);
  INFO(value.status());
  REQUIRE(value.ok());
  return *value;
}
std::string Error(absl::string_view text) {
  const auto value = text::ParseSizeExpression(text);
  REQUIRE(!value.ok());
  REQUIRE(value.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(value.status().message());
}
bool Says(absl::string_view text, absl::string_view what) {
  const std::string error = Error(text);
  INFO(error);
  return error.find(what.data(), 0, what.size()) != std::string::npos;
}

TEST_CASE("size expression: a number may have units", "[text]") {
  CHECK(Value("0") == 0);
  CHECK(Value("4096") == 4096);
  CHECK(Value("3w") == 6);
  CHECK(Value("3l") == 12);
  CHECK(Value("2b") == 1024);
  CHECK(Value("64k") == 65536);
  CHECK(Value("1m") == 1048576);
  CHECK(Value("1g") == 1073741824);
  CHECK(Value("k") == 1024);
  CHECK(Value("2kk") == 2 << 20);
  CHECK(Value(" 2 k ") == 2048);
}

TEST_CASE("size expression: numbers may be hexadecimal or octal", "[text]") {
  CHECK(Value("0x10") == 16);
  CHECK(Value("0Xffk") == 255 * 1024);
  CHECK(Value("010") == 8);
  CHECK(Says("09", "octal"));
  CHECK(Says("0x", "unknown unit"));
}

TEST_CASE("size expression: operators have their usual precedence", "[text]") {
  CHECK(Value("1+2*3") == 7);
  CHECK(Value("2*3+4") == 10);
  CHECK(Value("10-4-3") == 3);
  CHECK(Value("7k/2k") == 3);
  CHECK(Value("17%5") == 2);
  CHECK(Value("(1+2)*3") == 9);
  CHECK(Value("4-5+3") == 2);
  CHECK(Value("(2-4)/(0-1)") == 2);
  CHECK(Value("(2-4)%(0-1)") == 0);
}

TEST_CASE("size expression: what stands side by side is multiplied", "[text]") {
  CHECK(Value("7(2+1)m") == 21 << 20);
  CHECK(Value("2 3") == 6);
  CHECK(Value("(2)(3)k") == 6144);
}

TEST_CASE("size expression: what is wrong is said", "[text]") {
  CHECK(Says("", "a number is missing"));
  CHECK(Says("3x", "unknown unit"));
  CHECK(Says("3+", "a number is missing"));
  CHECK(Says("*3", "a number is missing"));
  CHECK(Says("(3", "a ')' is missing"));
  CHECK(Says("3)", "no '('"));
  CHECK(Says("3?", "nothing fits"));
  CHECK(Says("1/0", "division by zero"));
  CHECK(Says("1%(2-2)", "division by zero"));
  CHECK(Says("1-2", "is negative"));
  CHECK(Says(absl::string_view("1\0k", 3), "nothing fits"));
}

TEST_CASE("size expression: nothing overflows", "[text]") {
  CHECK(Value("9223372036854775807") == INT64_MAX);
  CHECK(Says("9223372036854775808", "too large"));
  CHECK(Says("8gg", "too large"));
  CHECK(Says("9223372036854775807+1", "too large"));
  CHECK(Says("(0-9223372036854775807-1)/(0-1)", "too large"));
  CHECK(Says("0-9223372036854775807-2", "too large"));
}

TEST_CASE("size expression: depth is limited", "[text]") {
  CHECK(Value(std::string(64, '(') + "1" + std::string(64, ')')) == 1);
  CHECK(Says(std::string(65, '(') + "1" + std::string(65, ')'),
             "too many parentheses"));
  CHECK(Says(std::string(1 << 20, '('), "too many parentheses"));
}

TEST_CASE("size expression: the table names the units", "[text]") {
  CHECK(text::SizeTable("xclate") ==
        "xclate: byte conversion table\n"
        " w      word          2\n"
        " l long word          4\n"
        " b     block        512\n"
        " k  kilobyte       1024\n"
        " m  megabyte    1048576\n"
        " g  gigabyte 1073741824\n");
}

}  // namespace
