#include "sys/log.h"

#include <absl/strings/match.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "base/time.h"
#include "sys/file.h"

namespace {

// Standard error goes to a pipe's write end or a file while this lives.
class Redirected {
 public:
  explicit Redirected(int to) : kept_(dup(2)) { dup2(to, 2); }
  ~Redirected() {
    dup2(kept_, 2);
    close(kept_);
  }

 private:
  int kept_;
};

}  // namespace

TEST_CASE("log: plain words stand as they are, all else is quoted", "[sys]") {
  CHECK(sys::LogLine("task.deferred", {{"job", 31}, {"why", "refused"}}) ==
        "task.deferred job=31 why=refused");
  CHECK(sys::LogLine("a", {{"k", "/path/to:file,x@y"}}) ==
        "a k=/path/to:file,x@y");
  CHECK(sys::LogLine("a", {{"k", "two words"}}) == "a k=\"two words\"");
  CHECK(sys::LogLine("a", {{"k", ""}}) == "a k=\"\"");
  CHECK(sys::LogLine("a", {{"k", "x=y"}}) == "a k=\"x=y\"");
  CHECK(sys::LogLine("a", {{"k", "say \"hi\" \\"}}) ==
        "a k=\"say \\\"hi\\\" \\\\\"");
  CHECK(sys::LogLine("a", {}) == "a");
}

TEST_CASE("log: no value can forge a line or a field", "[sys]") {
  const std::string line = sys::LogLine(
      "a", {{"k", "x\n2025-01-31T10:15:04.120Z task.done job=1\r\x1b[2J"}});
  CHECK_FALSE(absl::StrContains(line, "\n"));
  CHECK_FALSE(absl::StrContains(line, "\r"));
  CHECK_FALSE(absl::StrContains(line, "\x1b"));
  CHECK(line ==
        "a k=\"x\\n2025-01-31T10:15:04.120Z task.done job=1\\x0d\\x1b[2J\"");
  CHECK(sys::LogLine("a", {{"k", "x\" forged=\"1"}}) ==
        "a k=\"x\\\" forged=\\\"1\"");
}

TEST_CASE("log: each line begins with the time and is written at once",
          "[sys]") {
  auto folder = sys::TemporaryFolder::Make("log");
  REQUIRE(folder.ok());
  auto err = sys::Open(folder->path() + "/err", O_RDWR | O_CREAT | O_APPEND);
  auto also = sys::Open(folder->path() + "/also", O_RDWR | O_CREAT | O_APPEND);
  REQUIRE(err.ok());
  REQUIRE(also.ok());
  {
    Redirected redirected(err->get());
    sys::AlsoLogTo(also->get());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
      threads.emplace_back([t] {
        for (int i = 0; i < 100; i++) {
          sys::Log("test.line", {{"t", t}, {"text", std::string(300, 'x')}});
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    sys::LogStep("test.step", {});
    sys::SetLogLevel(sys::LogLevel::kStep);
    sys::LogStep("test.step_shown", {});
    CHECK(sys::LogsAt(sys::LogLevel::kStep));
    CHECK_FALSE(sys::LogsAt(sys::LogLevel::kBytes));
    sys::SetLogLevel(sys::LogLevel::kEvent);
    sys::AlsoLogTo(-1);
  }
  auto text = sys::ReadFile(folder->path() + "/err");
  REQUIRE(text.ok());
  std::vector<std::string> lines = absl::StrSplit(*text, '\n');
  REQUIRE(lines.size() == 402);  // with the empty one after the last
  CHECK(absl::StrContains(lines[400], " test.step_shown"));
  // The same lines in both, though threads may have come in another order.
  std::vector<std::string> others =
      absl::StrSplit(*sys::ReadFile(folder->path() + "/also"), '\n');
  std::vector<std::string> sorted = lines;
  std::sort(sorted.begin(), sorted.end());
  std::sort(others.begin(), others.end());
  CHECK((sorted == others));
  lines.resize(400);
  for (const std::string& line : lines) {
    REQUIRE(base::ParseTime(absl::string_view(line).substr(0, 24)).ok());
    REQUIRE(absl::StrContains(line, "Z test.line t="));
    REQUIRE(absl::EndsWith(line, " text=" + std::string(300, 'x')));
  }
}

TEST_CASE("log: lines that are gathered come whole, in order and all",
          "[sys]") {
  auto folder = sys::TemporaryFolder::Make("log");
  REQUIRE(folder.ok());
  auto err = sys::Open(folder->path() + "/err", O_RDWR | O_CREAT | O_APPEND);
  REQUIRE(err.ok());
  const auto lines = [&]() -> std::vector<std::string> {
    return absl::StrSplit(*sys::ReadFile(folder->path() + "/err"), '\n');
  };
  {
    Redirected redirected(err->get());
    {
      const sys::LogTogether together;
      sys::Log("test.first", {});
      CHECK(lines().size() == 1);
      for (int i = 0; i < 100; i++) {
        sys::Log("test.line",
                 {{"n", i}, {"text", std::string(i == 50 ? 9000 : 90, 'x')}});
      }
    }
    CHECK(lines().size() == 102);
    sys::Log("test.last", {});
  }
  const std::vector<std::string> all = lines();
  REQUIRE(all.size() == 103);
  CHECK(absl::EndsWith(all[0], " test.first"));
  for (int i = 0; i < 100; i++) {
    CHECK(absl::StrContains(all[1 + i], absl::StrCat(" test.line n=", i, " ")));
  }
  CHECK(absl::EndsWith(all[51], std::string(9000, 'x')));
  CHECK(absl::EndsWith(all[101], " test.last"));
}

TEST_CASE("log: a full pipe loses lines but does not stop us", "[sys]") {
  auto pipe = sys::Pipe(O_NONBLOCK);
  REQUIRE(pipe.ok());
  Redirected redirected(pipe->second.get());
  for (int i = 0; i < 2000; i++) {
    sys::Log("test.many", {{"text", std::string(100, 'x')}});
  }
  SUCCEED();
}
