#include "base/time.h"

#include <catch2/catch.hpp>
#include <string>

TEST_CASE("time: durations are read with and without a unit", "[base]") {
  const std::pair<const char*, absl::Duration> kGood[] = {
      {"0", absl::ZeroDuration()},
      {"30", absl::Seconds(30)},
      {"30s", absl::Seconds(30)},
      {"5m", absl::Minutes(5)},
      {"2h", absl::Hours(2)},
      {"7d", absl::Hours(7 * 24)},
      {"250ms", absl::Milliseconds(250)},
      {"1h30m", absl::Minutes(90)},
      {"1d2h3m4s5ms", absl::Hours(26) + absl::Minutes(3) + absl::Seconds(4) +
                          absl::Milliseconds(5)},
      {"36500d", absl::Hours(24 * 36500)}};
  for (const auto& [text, d] : kGood) {
    INFO(text);
    REQUIRE(base::ParseDuration(text).ok());
    CHECK(*base::ParseDuration(text) == d);
  }
}

TEST_CASE("time: what is not a duration is refused", "[base]") {
  for (const char* text : {"",
                           " ",
                           "s",
                           "-1",
                           "-1s",
                           "+1s",
                           "1 s",
                           " 1s",
                           "1s ",
                           "1x",
                           "1S",
                           "1.5h",
                           "1h30",
                           "0h30",
                           "0s0",
                           "1hh",
                           "ms",
                           "1e3",
                           "0x10",
                           "inf",
                           "36501d",
                           "3153600001",
                           "9223372036854775807",
                           "99999999999999999999999s",
                           "36500d1ms",
                           "9223372036854775807d"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(base::ParseDuration(text).status()));
  }
}

TEST_CASE("time: a duration printed and read again is the same", "[base]") {
  CHECK(base::FormatDuration(absl::Seconds(90)) == "1m30s");
  CHECK(base::FormatDuration(absl::ZeroDuration()) == "0s");
  CHECK(base::FormatDuration(absl::Hours(25)) == "1d1h");
  CHECK(base::FormatDuration(absl::Milliseconds(1500)) == "1s500ms");
  CHECK(base::FormatDuration(absl::InfiniteDuration()) == "forever");
  CHECK(base::FormatDuration(-absl::Seconds(90)) == "-1m30s");
  CHECK(base::FormatDuration(-absl::InfiniteDuration()) == "-forever");
  CHECK(base::FormatDuration(absl::Microseconds(-3)) == "0s");
  for (int64_t ms = 1; ms < 4'000'000'000; ms = ms * 7 + 3) {
    const absl::Duration d = absl::Milliseconds(ms);
    CHECK(*base::ParseDuration(base::FormatDuration(d)) == d);
  }
}

TEST_CASE("time: durations for people have one or two units", "[base]") {
  CHECK(base::DurationWords(absl::Milliseconds(20)) == "20 ms");
  CHECK(base::DurationWords(absl::Seconds(59)) == "59 s");
  CHECK(base::DurationWords(absl::Seconds(90)) == "1 min 30 s");
  CHECK(base::DurationWords(absl::Minutes(4)) == "4 min");
  CHECK(base::DurationWords(absl::Minutes(90)) == "1 h 30 min");
  CHECK(base::DurationWords(absl::Hours(24)) == "1 day");
  CHECK(base::DurationWords(absl::Hours(48)) == "2 days");
  CHECK(base::DurationWords(absl::Hours(75)) == "3 days 3 h");
  CHECK(base::DurationWords(-absl::Seconds(5)) == "-5 s");
  CHECK(base::DurationWords(absl::InfiniteDuration()) == "for ever");
}

TEST_CASE("time: moments are RFC 3339, in UTC when printed", "[base]") {
  const absl::Time t = base::FromMillis(1738318504120);
  CHECK(base::FormatTime(t) == "2025-01-31T10:15:04.120Z");
  CHECK(*base::ParseTime("2025-01-31T10:15:04.120Z") == t);
  CHECK(*base::ParseTime("2025-01-31T11:15:04.12+01:00") == t);
  CHECK(base::ToMillis(t) == 1738318504120);
  CHECK(base::ToMillis(base::FromMillis(-1)) == -1);
  CHECK(base::FormatTime(absl::UnixEpoch()) == "1970-01-01T00:00:00.000Z");
  CHECK(base::FormatTime(base::FromMillis(-1)) == "1969-12-31T23:59:59.999Z");
  CHECK(base::FormatTime(absl::InfiniteFuture()) == "infinite-future");
  CHECK(base::FormatTime(base::FromMillis(253'402'300'799'999)) ==
        "9999-12-31T23:59:59.999Z");
  CHECK(base::FormatTime(base::FromMillis(253'402'300'800'000)) ==
        "10000-01-01T00:00:00.000Z");
  for (int64_t ms = -1'000'000'000'007; ms < 4'000'000'000'000;
       ms += 12'345'678'901) {
    const absl::Time any = base::FromMillis(ms);
    REQUIRE(base::FormatTime(any) ==
            absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", any, absl::UTCTimeZone()));
  }
}

TEST_CASE("time: what is not a moment is refused", "[base]") {
  for (const char* text :
       {"", "now", "infinite-future", "2025-01-31", "2025-01-31T10:15:04",
        "2025-01-31 10:15:04Z", "2025-02-30T10:15:04Z", "2025-01-31T25:00:00Z",
        " 2025-01-31T10:15:04Z", "2025-01-31T10:15:04Z ",
        "2025-01-31T10:15:04Z\n", "2025-01-31T10:15:04Zx", "T", "1738318504"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(base::ParseTime(text).status()));
  }
}
