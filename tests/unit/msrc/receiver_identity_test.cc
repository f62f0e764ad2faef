#include "msrc/receiver_identity.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "sys/file.h"
#include "wire/content_hash.h"

using namespace msrc;

namespace {

std::string HashText(absl::string_view content) {
  const wire::Hash hash = wire::HashOf(content);
  return base::Hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

struct Copy {
  explicit Copy(const std::string& name, const std::string& content)
      : path(folder.path() + "/" + name) {
    REQUIRE(sys::ReplaceFile(path, content, 0700).ok());
  }
  bool there() const { return sys::Stat(path)->exists; }
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("identity-");
  std::string path;
};

}  // namespace

TEST_CASE(
    "receiver identity: a copy that is what its name says may go on, and "
    "is in use",
    "[msrc]") {
  for (const char* before : {"recv-", ".recv-"}) {
    Copy copy(before + HashText("all"), "all");
    const timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    REQUIRE(utimensat(AT_FDCWD, copy.path.c_str(), old, 0) == 0);
    CHECK(CheckIdentity(copy.path).ok());
    CHECK(sys::Stat(copy.path)->mtime_ns >
          int64_t{1'000'000'000} * 1'000'000'000);
    RemoveCopy(copy.path);  // it was not put there for one run
    CHECK(copy.there());
  }
}

TEST_CASE("receiver identity: what was seen is believed as long as it is so",
          "[msrc]") {
  Copy copy("recv-" + HashText("all"), "all");
  REQUIRE(CheckIdentity(copy.path).ok());
  if (!sys::Stat(copy.path + ".seen")->exists) {
    WARN("this machine has no boot id");
    return;
  }
  CHECK(CheckIdentity(copy.path).ok());
  // Another content, and as it was for whoever looks at its times alone.
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(copy.path);
  const timespec times[2] = {
      {0, UTIME_OMIT},
      {info->mtime_ns / 1'000'000'000, info->mtime_ns % 1'000'000'000}};
  const sys::Fd fd = *sys::Open(copy.path, O_WRONLY);
  REQUIRE(sys::WriteAll(fd.get(), "alt").ok());
  REQUIRE(futimens(fd.get(), times) == 0);
  CHECK(CheckIdentity(copy.path).code() == absl::StatusCode::kDataLoss);
  CHECK_FALSE(copy.there());
}

TEST_CASE("receiver identity: a part of it is refused and removed", "[msrc]") {
  Copy copy("recv-" + HashText("all"), "al");
  CHECK(CheckIdentity(copy.path).code() == absl::StatusCode::kDataLoss);
  CHECK_FALSE(copy.there());
}

TEST_CASE("receiver identity: one for this run alone is removed when told to",
          "[msrc]") {
  Copy copy(absl::StrCat("recv-", HashText("all"), ".web1.77"), "all");
  CHECK(CheckIdentity(copy.path).ok());
  CHECK(copy.there());
  RemoveCopy(copy.path);
  CHECK_FALSE(copy.there());
}

TEST_CASE("receiver identity: any other name is somebody's own business",
          "[msrc]") {
  for (const std::string& name :
       {std::string("fleetbox"), std::string("recv-"), std::string("recv-12"),
        "recv-" + std::string(64, 'x'), "my-recv-" + HashText("x"),
        "recv-" + HashText("x") + "0"}) {
    Copy copy(name, "all");
    CHECK(CheckIdentity(copy.path).ok());
    RemoveCopy(copy.path);
    CHECK(copy.there());
  }
}
