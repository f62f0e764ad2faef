#include "fanout/result_folder.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace {

using fanout::ResultFolder;

TEST_CASE("result_folder: a task has its outputs and its record", "[fanout]") {
  const auto temporary = *sys::TemporaryFolder::Make("results");
  const std::string path = temporary.path() + "/a/b";
  const ResultFolder results = *ResultFolder::Open(path);
  {
    const ResultFolder::Files files = *results.Begin("17");
    REQUIRE(sys::WriteAll(files.out.get(), "out").ok());
    REQUIRE(sys::WriteAll(files.err.get(), "err").ok());
    CHECK_FALSE(sys::Stat(path + "/17/meta.json")->exists);
  }
  REQUIRE(results.End("17", "{}\n").ok());
  CHECK(*sys::ReadFile(path + "/17/stdout") == "out");
  CHECK(*sys::ReadFile(path + "/17/stderr") == "err");
  CHECK(*sys::ReadFile(path + "/17/meta.json") == "{}\n");
}

TEST_CASE("result_folder: what waits to be passed on is found, if it is whole",
          "[fanout]") {
  const auto temporary = *sys::TemporaryFolder::Make("results");
  const std::string path = temporary.path();
  const ResultFolder results = *ResultFolder::Open(path);
  CHECK_FALSE(results.Find("5")->has_value());
  const ResultFolder::Files files = *results.Begin("5");
  REQUIRE(sys::WriteAll(files.out.get(), "out").ok());
  CHECK_FALSE(results.Find("5")->has_value());
  fanout::TaskRecord task;
  task.seq = 6;
  task.number = "5";
  task.command = "make 5";
  task.stdout_bytes = 3;
  REQUIRE(results.Complete("5", fanout::MetaJson(task)).ok());
  auto found = *results.Find("5");
  REQUIRE(found.has_value());
  CHECK(found->task.command == "make 5");
  CHECK(*sys::ReadFd(found->out.get()) == "out");
  CHECK(*sys::ReadFd(found->err.get()) == "");

  SECTION("not once it has been") {
    REQUIRE(results.End("5", "{}").ok());
    CHECK_FALSE(results.Find("5")->has_value());
  }
  SECTION("not when the output was cut short") {
    REQUIRE(truncate((path + "/5/stdout").c_str(), 2) == 0);
    CHECK_FALSE(results.Find("5")->has_value());
  }
  SECTION("not when the record was cut short") {
    REQUIRE(sys::ReplaceFile(path + "/5/undelivered.json", "{\"seq\": 6").ok());
    CHECK_FALSE(results.Find("5")->has_value());
  }
  SECTION("not when the task begins anew") {
    (void)*results.Begin("5");
    CHECK_FALSE(results.Find("5")->has_value());
  }
}

TEST_CASE("result_folder: a later run replaces what an earlier one left",
          "[fanout]") {
  const auto temporary = *sys::TemporaryFolder::Make("results");
  const std::string path = temporary.path();
  const ResultFolder results = *ResultFolder::Open(path);
  const ResultFolder::Files old = *results.Begin("0");
  REQUIRE(sys::WriteAll(old.out.get(), "long output").ok());
  REQUIRE(results.End("0", "old").ok());

  const ResultFolder again = *ResultFolder::Open(path);
  const ResultFolder::Files files = *again.Begin("0");
  CHECK_FALSE(sys::Stat(path + "/0/meta.json")->exists);
  REQUIRE(sys::WriteAll(files.out.get(), "new").ok());
  // Who still writes to the old one does so in vain.
  REQUIRE(sys::WriteAll(old.out.get(), "late").ok());
  CHECK(*sys::ReadFile(path + "/0/stdout") == "new");
  CHECK(*sys::ReadFile(path + "/0/stderr") == "");
}

TEST_CASE("result_folder: a path that cannot be a folder is an error",
          "[fanout]") {
  const auto temporary = *sys::TemporaryFolder::Make("results");
  REQUIRE(sys::ReplaceFile(temporary.path() + "/file", "").ok());
  CHECK_FALSE(ResultFolder::Open(temporary.path() + "/file").ok());
  const ResultFolder results = *ResultFolder::Open(temporary.path());
  REQUIRE(sys::ReplaceFile(temporary.path() + "/5", "").ok());
  CHECK_FALSE(results.Begin("5").ok());
}

}  // namespace
