#include "mcfeely/server_choice.h"

#include <catch2/catch.hpp>

namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
absl::Time At(int ms) { return kStart + absl::Milliseconds(ms); }
mcfeely::ServerChoice Three() {
  return mcfeely::ServerChoice(3, absl::Milliseconds(100), absl::Seconds(10));
}

}  // namespace

TEST_CASE("server choice: the order given, and the next one at once",
          "[mcfeely]") {
  mcfeely::ServerChoice choice = Three();
  CHECK(choice.Choose(At(0)).server == 0);
  choice.Failed(0, 0.5, At(0));
  CHECK(choice.Choose(At(0)).server == 1);
  CHECK(choice.Choose(At(0)).when <= At(0));
  choice.Failed(1, 0.5, At(1));
  choice.Failed(2, 0.5, At(2));
  // All have failed: the one whose pause ends first, when it ends.
  CHECK(choice.Choose(At(2)).server == 0);
  CHECK(choice.Choose(At(2)).when == At(75));
  CHECK(choice.Choose(At(76)).server == 0);
}

TEST_CASE("server choice: pauses double up to the longest, each server's own",
          "[mcfeely]") {
  mcfeely::ServerChoice choice = Three();
  int waited = 0;
  for (int n = 0; n < 20; n++) {
    const absl::Time now = At(100'000 * n);
    choice.Failed(0, 0.0, now);
    choice.Failed(2, 0.0, now);
    choice.Failed(1, 0.0, now);
    CHECK(choice.Choose(now).when - now <= absl::Seconds(5));
    if (choice.Choose(now).when - now == absl::Seconds(5)) waited++;
  }
  CHECK(waited >= 12);
  choice.Reached(1);
  CHECK(choice.Choose(At(100'000 * 19)).server == 1);
  choice.Failed(1, 0.0, At(100'000 * 19));
  CHECK(choice.Choose(At(100'000 * 19)).when == At(100'000 * 19 + 50));
}

TEST_CASE("server choice: a server that has come back is taken again in order",
          "[mcfeely]") {
  mcfeely::ServerChoice choice = Three();
  choice.Failed(0, 0.9, At(0));
  choice.Reached(1);
  CHECK(choice.Choose(At(50)).server == 1);
  CHECK(choice.Choose(At(200)).server == 0);
}
