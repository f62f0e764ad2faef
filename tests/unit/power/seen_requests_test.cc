#include "power/seen_requests.h"

#include <catch2/catch.hpp>

#include "sys/clock.h"
#include "sys/file.h"

namespace {

wire::Header HeaderOf(absl::string_view id, uint8_t sender) {
  wire::Header header = {};
  header.id = base::ParcelId::From(id);
  header.sender.bytes.fill(sender);
  return header;
}

}  // namespace

TEST_CASE("power 50: a request is remembered, also by another process",
          "[power]") {
  const auto folder = sys::TemporaryFolder::Make("seen");
  REQUIRE(folder.ok());
  const std::string path = folder->path() + "/state/requests";
  const absl::Time now = sys::WallNow();
  power::SeenRequests one(path), other(path);
  const auto header = HeaderOf("0123456789abcdef", 1);
  CHECK(one.Check(header, now).ok());
  CHECK(absl::IsAlreadyExists(one.Check(header, now)));
  CHECK(absl::IsAlreadyExists(other.Check(header, now)));
  // Nobody can use up an id that somebody else is to use.
  CHECK(other.Check(HeaderOf("0123456789abcdef", 2), now).ok());
  CHECK(other.Check(HeaderOf("fedcba9876543210", 1), now).ok());
  CHECK(sys::Stat(path)->mode == 0700);
}

TEST_CASE("power 50: a request is forgotten when its time would refuse it",
          "[power]") {
  const auto folder = sys::TemporaryFolder::Make("seen");
  REQUIRE(folder.ok());
  const absl::Time now = sys::WallNow();
  power::SeenRequests seen(folder->path());
  REQUIRE(seen.Check(HeaderOf("0123456789abcdef", 1), now).ok());
  CHECK(absl::IsAlreadyExists(
      seen.Check(HeaderOf("0123456789abcdef", 1), now + absl::Minutes(10))));
  CHECK(seen.Check(HeaderOf("fedcba9876543210", 1), now + absl::Minutes(12))
            .ok());
  CHECK(sys::ListFolder(folder->path())->size() == 1);
}

TEST_CASE("power 50: what cannot be remembered is not carried out", "[power]") {
  const auto folder = sys::TemporaryFolder::Make("seen");
  REQUIRE(folder.ok());
  REQUIRE(sys::CreateFile(folder->path() + "/file", "").ok());
  power::SeenRequests seen(folder->path() + "/file");
  CHECK_FALSE(seen.Check(HeaderOf("0123456789abcdef", 1), sys::WallNow()).ok());
}
