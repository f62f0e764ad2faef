#include "msrc/connect_retry.h"

#include <catch2/catch.hpp>

using msrc::ConnectRetry;
using msrc::ConnectRetryRules;

namespace {

const ConnectRetryRules kTwice = {.retries = 2, .delay = {absl::Seconds(1), 3}};

}  // namespace

TEST_CASE("connect retry: so many further attempts, each later than the last",
          "[msrc]") {
  ConnectRetry retry;
  retry.Begin();
  CHECK(retry.Again(kTwice, true, false) == absl::Seconds(1));
  retry.Begin();
  CHECK(retry.Again(kTwice, true, false) == absl::Seconds(3));
  retry.Begin();
  CHECK_FALSE(retry.Again(kTwice, true, false).has_value());
  CHECK(retry.attempts() == 3);
  CHECK_FALSE(retry.fresh());
}

TEST_CASE("connect retry: a receiver that is no good is replaced once, at once",
          "[msrc]") {
  ConnectRetry retry;
  retry.Begin();
  CHECK(retry.Again({.retries = 0}, true, true) == absl::ZeroDuration());
  CHECK(retry.fresh());
  retry.Begin();
  CHECK(retry.attempts() == 1);
  CHECK_FALSE(retry.Again({.retries = 0}, true, true).has_value());
}

TEST_CASE("connect retry: what has been asked of a host is not asked again",
          "[msrc]") {
  ConnectRetry retry;
  retry.Begin();
  CHECK_FALSE(retry.Again(kTwice, false, false).has_value());
  CHECK_FALSE(retry.Again(kTwice, false, true).has_value());
}
