#include "power/lockout.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "power/limits.h"
#include "power/lockout_file.h"
#include "sys/file.h"

namespace {

using power::Lockout;

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }
constexpr int64_t kSpan = 15 * 60;

TEST_CASE("power 15: refused credentials are not tried for 15 minutes",
          "[power]") {
  Lockout lockout;
  CHECK_FALSE(lockout.LockedUntil("p", "apc", "v1", At(1000)));
  lockout.Refused("p", "apc", "v1", At(1000));
  CHECK(lockout.LockedUntil("p", "apc", "v1", At(1000)) == At(1000 + kSpan));
  CHECK(lockout.LockedUntil("p", "apc", "v1", At(1000 + kSpan - 1)) ==
        At(1000 + kSpan));
  CHECK_FALSE(lockout.LockedUntil("p", "apc", "v1", At(1000 + kSpan)));
  CHECK(power::LockedText(At(0)) ==
        "not tried until 1970-01-01T00:00:00.000Z: the password was refused");
}

TEST_CASE("power 15: another secret, user or PCU is tried at once", "[power]") {
  Lockout lockout;
  lockout.Refused("p", "apc", "v1", At(1000));
  CHECK_FALSE(lockout.LockedUntil("p", "apc", "v2", At(1001)));
  CHECK_FALSE(lockout.LockedUntil("p", "admin", "v1", At(1001)));
  CHECK_FALSE(lockout.LockedUntil("q", "apc", "v1", At(1001)));
  // The second one is wrong as well; the first would be tried once more.
  lockout.Refused("p", "apc", "v2", At(1002));
  CHECK(lockout.LockedUntil("p", "apc", "v2", At(1003)));
  lockout.Accepted("p", "apc");
  CHECK_FALSE(lockout.LockedUntil("p", "apc", "v2", At(1003)));
}

TEST_CASE("lockout: a secret whose version nobody knows counts as the same",
          "[power]") {
  Lockout lockout;
  lockout.Refused("p", "apc", "", At(1000));
  CHECK(lockout.LockedUntil("p", "apc", "v1", At(1001)));
  lockout.Refused("q", "apc", "v1", At(1000));
  CHECK(lockout.LockedUntil("q", "apc", "", At(1001)));
}

TEST_CASE("lockout: a clock that was set back by a day locks nobody for a day",
          "[power]") {
  Lockout lockout;
  lockout.Refused("p", "apc", "v1", At(100'000));
  CHECK_FALSE(lockout.LockedUntil("p", "apc", "v1", At(100'000 - 86'400)));
  // A few seconds are no reason to forget.
  CHECK(lockout.LockedUntil("p", "apc", "v1", At(100'000 - 5)));
}

TEST_CASE("lockout: what is over is forgotten, and the oldest when it is full",
          "[power]") {
  Lockout lockout;
  for (size_t i = 0; i <= power::kMaxRefusals; i++) {
    lockout.Refused(absl::StrCat("p", i), "u", "v",
                    At(1000 + static_cast<int64_t>(i) / 100));
  }
  CHECK_FALSE(lockout.LockedUntil("p0", "u", "v", At(1100)));
  CHECK(lockout.LockedUntil("p1", "u", "v", At(1100)));
  lockout.Refused("x", "u", "v", At(1'000'000));
  const auto again = Lockout::Parse(lockout.Text());
  REQUIRE(again.ok());
  CHECK_FALSE(again->LockedUntil("p4000", "u", "v", At(1100)));
  CHECK(again->LockedUntil("x", "u", "v", At(1'000'001)));
}

TEST_CASE("lockout: the file is shared, private, and started anew if damaged",
          "[power]") {
  auto folder = sys::TemporaryFolder::Make("lockout");
  REQUIRE(folder.ok());
  const std::string path = folder->path() + "/new/lockout";
  const power::LockoutFile one(path), two(path);
  REQUIRE(one.Read().ok());
  CHECK(one.Read()->empty());
  REQUIRE(one.Change([](Lockout& l) {
               l.Refused("p \"q\"", "a\tb", "v", At(1000));
             })
              .ok());
  CHECK(sys::Stat(path)->mode == 0600);
  CHECK(two.Read()->LockedUntil("p \"q\"", "a\tb", "v", At(1001)));

  for (const char* junk : {"", "{}", "[{\"pcu\":1}]", "[1", "[null]"}) {
    INFO(junk);
    REQUIRE(sys::ReplaceFile(path, junk, 0600).ok());
    REQUIRE(one.Read().ok());
    CHECK(one.Read()->empty());
    REQUIRE(one.Change([](Lockout& l) { l.Refused("p", "u", "v", At(1000)); })
                .ok());
    CHECK(two.Read()->LockedUntil("p", "u", "v", At(1001)));
  }
  REQUIRE(sys::ReplaceFile(path, std::string(power::kMaxLockoutBytes + 1, ' '),
                           0600)
              .ok());
  CHECK(one.Read()->empty());
  REQUIRE(sys::RemoveFile(path).ok());
  REQUIRE(sys::CreateFile(path, "[]", 0644).ok());
  CHECK(absl::IsPermissionDenied(one.Read().status()));
}

}  // namespace
