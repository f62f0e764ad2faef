#include "fanout/retry.h"

#include <catch2/catch.hpp>

namespace {

using fanout::Outcome;
using fanout::ParseRetryDelay;
using fanout::ParseRetryOn;
using fanout::RetryRules;

RetryRules Rules(int retries, const char* delay, const char* on = nullptr) {
  RetryRules rules;
  rules.retries = retries;
  rules.delay = *ParseRetryDelay(delay);
  if (on != nullptr) rules.on = *ParseRetryOn(on);
  return rules;
}

TEST_CASE("retry: two retries are three attempts", "[fanout]") {
  const RetryRules rules = Rules(2, "5s");
  const Outcome bad = {.status = 1};
  CHECK(rules.Again(bad, 1) == absl::Seconds(5));
  CHECK(rules.Again(bad, 2) == absl::Seconds(5));
  CHECK(rules.Again(bad, 3) == std::nullopt);
}

TEST_CASE("retry: nothing is tried again unless asked for", "[fanout]") {
  CHECK(RetryRules().Again({.status = 1}, 1) == std::nullopt);
}

TEST_CASE("retry: a success is not tried again", "[fanout]") {
  CHECK(Rules(2, "0").Again({}, 1) == std::nullopt);
}

TEST_CASE("retry: each delay is longer by the factor, to a day", "[fanout]") {
  const RetryRules rules = Rules(1'000'000, "500ms,2");
  const Outcome bad = {.signal = 11};
  CHECK(rules.Again(bad, 1) == absl::Milliseconds(500));
  CHECK(rules.Again(bad, 2) == absl::Seconds(1));
  CHECK(rules.Again(bad, 5) == absl::Seconds(8));
  CHECK(rules.Again(bad, 900'000) == absl::Hours(24));
  CHECK(Rules(1'000'000, "0,100").Again(bad, 900'000) == absl::ZeroDuration());
}

TEST_CASE("retry: only the listed ends are tried again", "[fanout]") {
  const RetryRules rules = Rules(9, "0", "75,1-5,KILL,SIGTERM,timeout");
  const auto again = [&](const Outcome& outcome) {
    return rules.Again(outcome, 1).has_value();
  };
  CHECK(again({.status = 1}));
  CHECK(again({.status = 5}));
  CHECK_FALSE(again({.status = 6}));
  CHECK(again({.status = 75}));
  CHECK(again({.signal = 9}));
  CHECK(again({.signal = 15}));
  CHECK_FALSE(again({.signal = 1}));
  CHECK(again({.timed_out = true}));
  CHECK_FALSE(again({.status = 124}));
  CHECK_FALSE(again({}));
}

TEST_CASE("retry: a status list without timeout leaves time-outs alone",
          "[fanout]") {
  CHECK_FALSE(
      Rules(9, "0", "TERM").Again({.signal = 15, .timed_out = true}, 1));
  CHECK(Rules(9, "0", "124").Again({.signal = 15, .timed_out = true}, 1));
}

TEST_CASE("retry: what is no delay and no list is refused", "[fanout]") {
  for (const char* text :
       {"", "soon", "5s,", "5s,0.5", "5s,101", "5s,x", "-5s", "5s,2,3"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(ParseRetryDelay(text).status()));
  }
  for (const char* text : {"", ",", "0", "256", "5-1", "1-", "-1", "1-256",
                           "NOSIG", "SIG", "kill", "1,,2"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(ParseRetryOn(text).status()));
  }
}

}  // namespace
