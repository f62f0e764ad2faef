#include "fanout/jobs_file.h"

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace {

using fanout::JobsFile;

TEST_CASE("jobs_file: an edit counts at the next look", "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("jobs_file");
  const std::string path = folder.path() + "/jobs";
  REQUIRE(sys::ReplaceFile(path, " 5\n").ok());
  JobsFile file = *JobsFile::Open(path, 4);
  CHECK(file.jobs() == 5);
  REQUIRE(file.Refresh().ok());
  CHECK(file.jobs() == 5);
  REQUIRE(sys::ReplaceFile(path, "200%\n").ok());
  REQUIRE(file.Refresh().ok());
  CHECK(file.jobs() == 8);
}

TEST_CASE("jobs_file: what makes no sense is told once and changes nothing",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("jobs_file");
  const std::string path = folder.path() + "/jobs";
  REQUIRE(sys::ReplaceFile(path, "5").ok());
  JobsFile file = *JobsFile::Open(path, 4);

  REQUIRE(sys::ReplaceFile(path, "many").ok());
  const absl::Status wrong = file.Refresh();
  CHECK(absl::IsInvalidArgument(wrong));
  CHECK(wrong.message().find(path) == 0);
  CHECK(file.Refresh().ok());
  CHECK(file.jobs() == 5);

  REQUIRE(sys::RemoveFile(path).ok());
  CHECK(absl::IsNotFound(file.Refresh()));
  CHECK(file.Refresh().ok());
  CHECK(file.jobs() == 5);

  REQUIRE(sys::ReplaceFile(path, std::string(1000, '1')).ok());
  CHECK_FALSE(file.Refresh().ok());
  REQUIRE(sys::ReplaceFile(path, "6").ok());
  CHECK(file.Refresh().ok());
  CHECK(file.jobs() == 6);
}

TEST_CASE("jobs_file: one that is missing at the start is an error",
          "[fanout]") {
  CHECK(absl::IsNotFound(JobsFile::Open("/nonexistent/jobs", 4).status()));
}

}  // namespace
