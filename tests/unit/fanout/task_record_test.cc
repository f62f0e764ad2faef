#include "fanout/task_record.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "text/json.h"

namespace {

using fanout::TaskRecord;

TaskRecord Task() {
  TaskRecord task;
  task.seq = 3;
  task.number = "2";
  task.xid = "web7";
  task.args = {"web7", "caf\303\251 \"x\"\n"};
  task.command = "uptime web7";
  task.attempt = 2;
  task.start = absl::FromUnixMillis(1'700'000'000'123);
  task.end = absl::FromUnixMillis(1'700'000'001'373);
  task.outcome = {.status = 4};
  task.wall = absl::Milliseconds(1250);
  task.user = absl::Microseconds(1500) + absl::Nanoseconds(7);
  task.system = absl::ZeroDuration();
  task.max_resident_bytes = 1884160;
  task.stdout_bytes = 12;
  task.stderr_bytes = 0;
  return task;
}

TEST_CASE("task_record: a start is a line", "[fanout]") {
  CHECK(fanout::StartEvent(Task()) ==
        R"({"event":"start","time":"2023-11-14T22:13:20.123Z","seq":3,)"
        R"("number":"2","xid":"web7","args":["web7","café \"x\"\n"],)"
        R"("command":"uptime web7","attempt":2})"
        "\n");
}

TEST_CASE("task_record: sizes of outputs are a line", "[fanout]") {
  CHECK(fanout::OutputEvent(Task()) ==
        "{\"event\":\"output\",\"seq\":3,\"stdout\":12,\"stderr\":0}\n");
}

TEST_CASE("task_record: an end is a line", "[fanout]") {
  CHECK(fanout::EndEvent(Task()) ==
        R"({"event":"end","time":"2023-11-14T22:13:21.373Z","seq":3,)"
        R"("number":"2","xid":"web7","args":["web7","café \"x\"\n"],)"
        R"("status":4,"signal":0,"timeout":false,"attempt":2,"wall":1.25,)"
        R"("user":0.0015,"sys":0.0,"maxrss":1884160})"
        "\n");
}

TEST_CASE("task_record: a signal and a time-out are told apart", "[fanout]") {
  TaskRecord task = Task();
  task.outcome = {.signal = 9};
  CHECK(fanout::EndEvent(task).find(
            R"("status":137,"signal":9,"timeout":false)") != std::string::npos);
  task.outcome = {.signal = 15, .timed_out = true};
  CHECK(fanout::EndEvent(task).find(
            R"("status":124,"signal":15,"timeout":true)") != std::string::npos);
}

TEST_CASE("task_record: bytes that are no text are base64", "[fanout]") {
  TaskRecord task = Task();
  task.args = {"\377\376", ""};
  task.command = std::string("a\200");
  CHECK(fanout::StartEvent(task).find(
            R"("args":[{"b64":"//4="},""],"command":{"b64":"YYA="})") !=
        std::string::npos);
}

TEST_CASE("task_record: a summary is a line", "[fanout]") {
  fanout::RunSummary summary;
  summary.end = absl::FromUnixMillis(1'700'000'000'000);
  summary.started = 7;
  summary.done = 6;
  summary.failed = 2;
  summary.skipped = 1;
  summary.retried = 3;
  summary.wall = absl::Seconds(2);
  CHECK(fanout::SummaryEvent(summary) ==
        R"({"event":"summary","time":"2023-11-14T22:13:20.000Z","started":7,)"
        R"("done":6,"failed":2,"skipped":1,"retried":3,"wall":2.0})"
        "\n");
}

TEST_CASE("task_record: what is kept beside results is a document",
          "[fanout]") {
  TaskRecord task = Task();
  task.args = {"web7"};
  CHECK(fanout::MetaJson(task) == R"({
  "seq": 3,
  "number": "2",
  "xid": "web7",
  "args": [
    "web7"
  ],
  "command": "uptime web7",
  "start": "2023-11-14T22:13:20.123Z",
  "end": "2023-11-14T22:13:21.373Z",
  "status": 4,
  "signal": 0,
  "timeout": false,
  "attempt": 2,
  "wall": 1.25,
  "user": 0.0015,
  "sys": 0.0,
  "maxrss": 1884160,
  "stdout_bytes": 12,
  "stderr_bytes": 0
}
)");
}

TEST_CASE("task_record: what was written of a task is read back", "[fanout]") {
  TaskRecord task = Task();
  task.command = "echo '\xff\n'";
  const TaskRecord read = *fanout::ParseMeta(fanout::MetaJson(task));
  task.args = {};
  TaskRecord bare = read;
  bare.args = {};
  CHECK(fanout::MetaJson(bare) == fanout::MetaJson(task));
  CHECK(read.command == task.command);

  task.outcome.timed_out = true;
  task.outcome.signal = 15;
  const TaskRecord late = *fanout::ParseMeta(fanout::MetaJson(task));
  CHECK(late.outcome.timed_out);
  CHECK(late.outcome.signal == 15);
  CHECK(late.outcome.code() == 124);
}

TEST_CASE("task_record: what nobody wrote of a task is refused", "[fanout]") {
  const std::string good = fanout::MetaJson(Task());
  for (size_t n = 0; n + 2 < good.size(); n++) {
    CHECK_FALSE(fanout::ParseMeta(good.substr(0, n)).ok());
  }
  const std::pair<const char*, const char*> changes[] = {
      {"\"status\": 4", "\"status\": 256"},
      {"\"status\": 4", "\"status\": -1"},
      {"\"signal\": 0", "\"signal\": 65"},
      {"\"signal\": 0", "\"signal\": \"0\""},
      {"\"attempt\": 2", "\"attempt\": 0"},
      {"\"wall\": 1.25", "\"wall\": -1.25"},
      {"\"seq\": 3,", ""},
      {"2023-11-14T", "2023-13-14T"},
  };
  for (const auto& [from, to] : changes) {
    std::string forged = good;
    REQUIRE(forged.find(from) != std::string::npos);
    forged.replace(forged.find(from), strlen(from), to);
    CHECK_FALSE(fanout::ParseMeta(forged).ok());
  }
}

TEST_CASE("task_record: a result is one line around its outputs", "[fanout]") {
  const std::string line =
      absl::StrCat(fanout::ResultBegin(Task()), "\"out\"",
                   fanout::ResultMiddle(), "\"\"", fanout::ResultEnd(Task()));
  CHECK(line ==
        R"({"seq":3,"args":["web7","café \"x\"\n"],"status":4,"signal":0,)"
        R"("stdout":"out","stderr":"","wall":1.25})"
        "\n");
  CHECK(text::Json::Parse(line).ok());
}

}  // namespace
