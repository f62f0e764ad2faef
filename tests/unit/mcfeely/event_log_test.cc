#include "mcfeely/event_log.h"

#include <catch2/catch.hpp>
#include <vector>

#include "sys/file.h"

TEST_CASE("event log: of one job, through a rotation", "[mcfeely]") {
  auto folder = sys::TemporaryFolder::Make("log-");
  REQUIRE(folder.ok());
  const std::string path = mcfeely::EventLogPath(folder->path());
  REQUIRE(sys::CreateFile(path + ".1", "t a job=3 x=1\nt b job=31\n").ok());
  REQUIRE(sys::CreateFile(path, "t c job=3\nt d\nt e job=33 job=3\nhalf").ok());
  const auto read = [&](uint64_t job) {
    std::vector<std::string> lines;
    REQUIRE(mcfeely::ReadEventLog(path, job, false, [&](absl::string_view l) {
              lines.emplace_back(l);
              return true;
            }).ok());
    return lines;
  };
  CHECK(read(0).size() == 5);
  CHECK(read(3) == std::vector<std::string>{"t a job=3 x=1\n", "t c job=3\n"});
  CHECK(read(31) == std::vector<std::string>{"t b job=31\n"});
}

TEST_CASE("event log: a reader that has had enough is left alone",
          "[mcfeely]") {
  auto folder = sys::TemporaryFolder::Make("log-");
  REQUIRE(folder.ok());
  const std::string path = mcfeely::EventLogPath(folder->path());
  REQUIRE(sys::CreateFile(path, "a\nb\nc\n").ok());
  int lines = 0;
  REQUIRE(mcfeely::ReadEventLog(path, 0, true, [&](absl::string_view) {
            return ++lines < 2;
          }).ok());
  CHECK(lines == 2);
}

TEST_CASE("event log: one that is not there is not found", "[mcfeely]") {
  CHECK(absl::IsNotFound(
      mcfeely::ReadEventLog("/nonexistent/events.log", 0, false,
                            [](absl::string_view) { return true; })));
}
