#include "fanout/watched_file.h"

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace {

TEST_CASE("watched file: writing and replacing are changes, others' are not",
          "[fanout]") {
  auto folder = sys::TemporaryFolder::Make("watch");
  REQUIRE(folder.ok());
  const std::string path = folder->path() + "/tags";
  // It need not be there yet.
  auto file = fanout::WatchedFile::Open(path);
  REQUIRE(file.ok());
  CHECK(!file->Changed());
  REQUIRE(sys::CreateFile(path, "a\n").ok());
  CHECK(file->Changed());
  CHECK(!file->Changed());
  REQUIRE(sys::ReplaceFile(path, "b\n").ok());
  CHECK(file->Changed());
  REQUIRE(sys::ReplaceFile(path + "2", "c\n").ok());
  CHECK(!file->Changed());
  REQUIRE(sys::RemoveFile(path).ok());
  CHECK(!file->Changed());
}

TEST_CASE("watched file: a folder that is not there is said so", "[fanout]") {
  CHECK(absl::IsNotFound(
      fanout::WatchedFile::Open("/nonexistent/tags").status()));
}

}  // namespace
