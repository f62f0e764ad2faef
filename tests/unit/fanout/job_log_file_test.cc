#include "fanout/job_log_file.h"

#include <absl/strings/str_cat.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace {

using fanout::JobLogFile;
using fanout::JobLogRow;
using fanout::kJobLogHeader;
using fanout::ReadJobLog;

JobLogRow Row(int64_t seq) {
  JobLogRow row;
  row.seq = seq;
  row.host = "h";
  row.command = absl::StrCat("echo ", seq);
  return row;
}

struct Fixture {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("job_log");
  std::string path = folder.path() + "/log";
};

TEST_CASE("job_log_file: rows are appended from run to run", "[fanout]") {
  Fixture f;
  for (int64_t seq = 1; seq <= 3; seq++) {
    absl::StatusOr<JobLogFile> log = JobLogFile::Open(f.path);
    REQUIRE(log.ok());
    REQUIRE(log->Append(Row(seq)).ok());
  }
  CHECK(*sys::ReadFile(f.path) ==
        absl::StrCat(kJobLogHeader, FormatJobLogRow(Row(1)),
                     FormatJobLogRow(Row(2)), FormatJobLogRow(Row(3))));
  CHECK(ReadJobLog(f.path, false)->tasks() == 3);
}

TEST_CASE("job_log_file: two that append do not write over each other",
          "[fanout]") {
  Fixture f;
  JobLogFile one = *JobLogFile::Open(f.path);
  JobLogFile two = *JobLogFile::Open(f.path);
  for (int64_t i = 0; i < 50; i++) {
    REQUIRE(one.Append(Row(2 * i + 1)).ok());
    REQUIRE(two.Append(Row(2 * i + 2)).ok());
  }
  CHECK(ReadJobLog(f.path, false)->tasks() == 100);
}

TEST_CASE("job_log_file: what a kill left of a row goes before the next",
          "[fanout]") {
  const std::string whole =
      absl::StrCat(kJobLogHeader, FormatJobLogRow(Row(1)));
  // Longer than a piece that the file is searched in, too.
  JobLogRow long_row = Row(2);
  long_row.command = std::string(200'000, 'x');
  for (const std::string& torn :
       {FormatJobLogRow(Row(2)), FormatJobLogRow(long_row)}) {
    for (const size_t n : {size_t{0}, size_t{1}, torn.size() - 1}) {
      Fixture f;
      REQUIRE(sys::ReplaceFile(f.path, whole + torn.substr(0, n)).ok());
      CHECK(ReadJobLog(f.path, false)->tasks() == 1);
      JobLogFile log = *JobLogFile::Open(f.path);
      REQUIRE(log.Append(Row(3)).ok());
      CHECK(*sys::ReadFile(f.path) == whole + FormatJobLogRow(Row(3)));
    }
  }
}

TEST_CASE("job_log_file: a torn header is written again", "[fanout]") {
  for (const size_t n : {size_t{0}, size_t{5}, kJobLogHeader.size() - 1}) {
    Fixture f;
    REQUIRE(sys::ReplaceFile(f.path, kJobLogHeader.substr(0, n)).ok());
    REQUIRE(JobLogFile::Open(f.path).ok());
    CHECK(*sys::ReadFile(f.path) == kJobLogHeader);
  }
}

TEST_CASE("job_log_file: another file is left as it is", "[fanout]") {
  Fixture f;
  REQUIRE(sys::ReplaceFile(f.path, "precious\nthings").ok());
  const absl::Status opened = JobLogFile::Open(f.path).status();
  CHECK(absl::IsInvalidArgument(opened));
  CHECK(opened.message() == f.path + ": is not a job log");
  CHECK(absl::IsInvalidArgument(ReadJobLog(f.path, false).status()));
  CHECK(*sys::ReadFile(f.path) == "precious\nthings");
}

TEST_CASE("job_log_file: no file is a log without rows", "[fanout]") {
  Fixture f;
  CHECK(ReadJobLog(f.path, true)->tasks() == 0);
  CHECK_FALSE(ReadJobLog(f.folder.path(), true).ok());
  CHECK_FALSE(JobLogFile::Open(f.folder.path()).ok());
}

TEST_CASE("job_log_file: a full disk is an error, and leaves whole rows",
          "[fanout]") {
  absl::StatusOr<JobLogFile> full = JobLogFile::Open("/dev/full");
  CHECK(absl::IsResourceExhausted(full.status()));
}

}  // namespace
