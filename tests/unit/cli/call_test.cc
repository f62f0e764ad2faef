#include <catch2/catch.hpp>

#include "cli/applet.h"
#include "cli/args.h"

namespace {

absl::StatusOr<int> Zero(const cli::Call&) { return 0; }
constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'P', "parallel", "N", "", "1"},
      {'t', "time", "SPAN", "", "30s"},
      {'b', "bytes", "SIZE", "", "64k"},
  });
});
constexpr cli::Applet kApplet = {
    .name = "tool", .summary = "", .options = kOptions, .run = Zero};

cli::Call Call(const std::vector<std::string>& words) {
  const absl::StatusOr<cli::CommandLine> line =
      cli::ReadCommandLine(kApplet, "tool", words);
  REQUIRE(line.ok());
  return line->call;
}
template <typename T>
std::string Why(const absl::StatusOr<T>& result) {
  REQUIRE_FALSE(result.ok());
  CHECK(cli::IsUsageError(result.status()));
  return std::string(result.status().message());
}

}  // namespace

TEST_CASE("call: a number is checked against its limits", "[cli]") {
  CHECK(*Call({}).Int("parallel", 1, 4096) == 1);
  CHECK(*Call({"-P4096"}).Int("parallel", 1, 4096) == 4096);
  CHECK(*Call({"-P-3"}).Int("parallel", -5, 5) == -3);
  for (const char* bad : {"0", "4097", "", "x", "1x", " 1", "+1", "1.5", "0x1",
                          "-", "99999999999999999999"}) {
    CHECK(Why(Call({"-P", bad}).Int("parallel", 1, 4096)) ==
          std::string("--parallel: '") + bad +
              "' is not a number from 1 to 4096");
  }
  CHECK(Why(Call({"-P0"}).Int("parallel", 1)) ==
        "--parallel: '0' is not a number of at least 1");
}

TEST_CASE("call: a size has units of 1024", "[cli]") {
  CHECK(*Call({}).Bytes("bytes") == 65536);
  CHECK(*Call({"-b0"}).Bytes("bytes") == 0);
  CHECK(*Call({"-b16M"}).Bytes("bytes") == 16 << 20);
  CHECK(*Call({"-b2K"}).Bytes("bytes") == 2048);
  CHECK(*Call({"-b8388607T"}).Bytes("bytes") == int64_t{8388607} << 40);
  for (const char* bad : {"", "k", "-1", "1.5M", "1kk", "1m", "8388608T",
                          "9223372036854775808", " 1", "1 k"}) {
    CHECK(Why(Call({"-b", bad}).Bytes("bytes")) ==
          std::string("--bytes: '") + bad +
              "' is not a size such as 4096, 64k, 16M, 2G");
  }
  CHECK(Why(Call({"-b1"}).Bytes("bytes", 4096, 1 << 20)) ==
        "--bytes: '1' is not a size from 4k to 1M");
}

TEST_CASE("call: a duration is checked against its limits", "[cli]") {
  CHECK(*Call({}).Duration("time") == absl::Seconds(30));
  CHECK(*Call({"-t1h30m"}).Duration("time") == absl::Minutes(90));
  CHECK(Why(Call({"-tsoon"}).Duration("time")) ==
        "--time: 'soon' is not a duration such as 30s, 5m, 2h, 7d");
  CHECK(
      Why(Call({"-t1"}).Duration("time", absl::Seconds(2), absl::Minutes(1))) ==
      "--time: '1' is not a duration from 2s to 1m");
  CHECK(Why(Call({"-t1"}).Duration("time", absl::Seconds(2))) ==
        "--time: '1' is not a duration of at least 2s");
}

TEST_CASE("call: operands are counted", "[cli]") {
  CHECK(*Call({"a"}).OnlyOperand("FILE") == "a");
  CHECK(Why(Call({}).OnlyOperand("FILE")) == "FILE is missing");
  CHECK(Why(Call({"a", "b"}).OnlyOperand("FILE")) ==
        "'b' is one operand too many");
  CHECK(Call({}).NoOperands().ok());
  CHECK(Call({"a"}).NoOperands().message() == "'a' is one operand too many");
  CHECK(Call({"a", "b"}).Operands(1, 2, "FILE").ok());
}

TEST_CASE("call: an option behind an operand is told as that", "[cli]") {
  CHECK(Call({"a", "-j"}).Operands(1, 1, "FILE").message() ==
        "'-j': options stand before the operands");
  CHECK(Call({"a", "--json"}).Operands(1, 2, "FILE").message() ==
        "'--json': options stand before the operands");
  // "-" is standard input, behind "--" everything is an operand, and what has
  // no most is another command's line.
  CHECK(Call({"a", "-"}).Operands(1, 2, "FILE").ok());
  CHECK(Call({"--", "-j"}).Operands(1, 1, "FILE").ok());
  CHECK(Call({"a", "-j"}).Operands(1, SIZE_MAX, "COMMAND").ok());
}
