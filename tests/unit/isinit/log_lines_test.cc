#include "isinit/log_lines.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

using isinit::LogLines;

namespace {

const absl::Time kNow = absl::FromCivil(
    absl::CivilSecond(2026, 1, 31, 10, 15, 4), absl::UTCTimeZone());

absl::Time At(double seconds) { return kNow + absl::Seconds(seconds); }

}  // namespace

TEST_CASE("log lines: each complete line has the time it came", "[isinit]") {
  LogLines lines;
  std::string out;
  CHECK(lines.Add("one\ntw", At(0.120345), true, &out) == 1);
  CHECK(out == "2026-01-31T10:15:04.120345Z one\n");
  out.clear();
  CHECK(lines.Add("o", At(1), true, &out) == 0);
  CHECK(out.empty());
  CHECK(lines.Add("\n\nx\n", At(2), true, &out) == 3);
  CHECK(out ==
        "2026-01-31T10:15:06.000000Z two\n2026-01-31T10:15:06.000000Z \n"
        "2026-01-31T10:15:06.000000Z x\n");
  out.clear();
  CHECK(lines.Add("bare\n", At(3), false, &out) == 1);
  CHECK(out == "bare\n");
}

TEST_CASE("log lines: the last line needs no newline", "[isinit]") {
  LogLines lines;
  std::string out;
  CHECK(lines.Finish(kNow, true, &out) == 0);
  lines.Add("gone", kNow, true, &out);
  CHECK(lines.Finish(At(1), false, &out) == 1);
  CHECK(out == "gone\n");
  CHECK(lines.Finish(At(1), false, &out) == 0);
}

TEST_CASE("log lines: longer ones are cut, however they come", "[isinit]") {
  const std::string most(isinit::kMostLogLineBytes, 'x');
  const std::string text = most + "\n" + most + "y\nz" + most + "\n";
  for (size_t step : {size_t{1}, size_t{7}, size_t{8191}, size_t{8192},
                      size_t{8193}, text.size()}) {
    LogLines lines;
    std::string out;
    int64_t count = 0;
    for (size_t at = 0; at < text.size(); at += step) {
      count += lines.Add(absl::string_view(text).substr(at, step), kNow, false,
                         &out);
    }
    INFO(step);
    CHECK(count == 5);
    CHECK(out == most + "\n" + most + "\ny\nz" + most.substr(1) + "\nx\n");
  }
}

TEST_CASE("log lines: the last twenty are kept, in little room", "[isinit]") {
  LogLines lines;
  std::string out;
  CHECK(lines.Tail().empty());
  for (int i = 0; i < 25; i++) {
    lines.Add(absl::StrCat("line ", i, "\n"), kNow, false, &out);
  }
  std::vector<std::string> tail = lines.Tail();
  REQUIRE(tail.size() == 20);
  CHECK(tail.front() == "2026-01-31T10:15:04.000000Z line 5");
  CHECK(tail.back() == "2026-01-31T10:15:04.000000Z line 24");
  lines.Add(std::string(5000, 'x') + "\n", kNow, false, &out);
  tail = lines.Tail();
  REQUIRE(tail.size() == 20);
  CHECK(tail.back().size() == 28 + isinit::kTailLineBytes);
}

TEST_CASE("log lines: above the rate they are counted, and the count is said",
          "[isinit]") {
  LogLines lines;
  lines.SetRate(3);
  std::string out;
  CHECK(lines.Add("1\n2\n3\n4\n5\n", kNow, false, &out) == 3);
  CHECK(out == "1\n2\n3\n");
  CHECK(lines.dropped() == 2);
  CHECK(lines.Add("6\n", At(0.2), false, &out) == 0);
  out.clear();
  // A third of a second is one line.
  CHECK(lines.Add("7\n", At(0.4), false, &out) == 2);
  CHECK(out == "isinit: 3 lines dropped, above 3 a second\n7\n");
  CHECK(lines.dropped() == 3);
  // A clock that goes back gives nothing and takes nothing.
  CHECK(lines.Add("8\n", At(-100), false, &out) == 0);
  // Silence is worth one second, not more.
  out.clear();
  CHECK(lines.Add("a\nb\nc\nd\n", At(1000), false, &out) == 4);
  CHECK(out == "isinit: 1 lines dropped, above 3 a second\na\nb\nc\n");
  lines.SetRate(0);
  CHECK(lines.Add("e\nf\n", At(1000), false, &out) == 3);
}
