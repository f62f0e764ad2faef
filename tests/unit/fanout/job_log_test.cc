#include "fanout/job_log.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <catch2/catch.hpp>

namespace {

using fanout::JobLogHistory;
using fanout::JobLogRow;
using fanout::kJobLogHeader;
using Resume = fanout::JobLogHistory::Resume;

JobLogRow Row(int64_t seq, const std::string& command, int status = 0) {
  JobLogRow row;
  row.seq = seq;
  row.host = "web7";
  row.start = absl::FromUnixMillis(1'376'577'364'974);
  row.runtime = absl::Milliseconds(8);
  row.received_bytes = 21;
  row.exit_status = status;
  row.command = command;
  return row;
}

std::string Log(std::initializer_list<JobLogRow> rows) {
  std::string log(kJobLogHeader);
  for (const JobLogRow& row : rows) log += FormatJobLogRow(row);
  return log;
}

absl::StatusOr<JobLogHistory> Read(const std::string& log, size_t piece = 7,
                                   bool keep = true) {
  JobLogHistory history(keep);
  for (size_t at = 0; at < log.size(); at += piece) {
    const absl::Status fed =
        history.Feed(absl::string_view(log).substr(at, piece));
    if (!fed.ok()) return fed;
  }
  history.Finish();
  return history;
}

TEST_CASE("job_log: a row has the columns of GNU parallel", "[fanout]") {
  CHECK(FormatJobLogRow(Row(12, "echo a", 3)) ==
        "12\tweb7\t1376577364.974\t     0.008\t0\t21\t3\t0\techo a\n");
  JobLogRow row = Row(1, "sleep 9");
  row.runtime = absl::Seconds(1234567) + absl::Milliseconds(890);
  row.signal = 15;
  CHECK(FormatJobLogRow(row) ==
        "1\tweb7\t1376577364.974\t1234567.890\t0\t21\t0\t15\tsleep 9\n");
}

TEST_CASE("job_log: a command of any bytes is one line and comes back",
          "[fanout]") {
  for (const std::string& command :
       {std::string("a\tb\nc\\d"), std::string("\\n\\t\\\\"),
        std::string("a\0b\\0", 5), std::string("\n\n\t\\"),
        std::string("caf\303\251 \377"), std::string("\\"), std::string()}) {
    const std::string text = FormatJobLogRow(Row(5, command));
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(std::count(text.begin(), text.end(), '\t') == 8);
    const absl::StatusOr<JobLogRow> back = fanout::ParseJobLogRow(
        absl::string_view(text).substr(0, text.size() - 1));
    REQUIRE(back.ok());
    CHECK(back->command == command);
    CHECK(back->seq == 5);
    CHECK(back->host == "web7");
    CHECK(back->start == Row(5, "").start);
    CHECK(back->runtime == Row(5, "").runtime);
    CHECK(back->received_bytes == 21);
  }
}

TEST_CASE("job_log: rows that GNU parallel wrote are understood", "[fanout]") {
  constexpr char kLine[] =
      "2\t:\t1668622062.384\t     0.005\t0\t2\t-1\t15\t"
      "echo\ta\\.b\0echo c";
  const absl::StatusOr<JobLogRow> row =
      fanout::ParseJobLogRow(absl::string_view(kLine, sizeof kLine - 1));
  REQUIRE(row.ok());
  CHECK(row->command == "echo\ta\\.b\necho c");
  CHECK(row->exit_status == -1);
  CHECK(row->signal == 15);
}

TEST_CASE("job_log: what is no row is refused", "[fanout]") {
  for (const char* line :
       {"", "1", "1\th\t1.0\t1.0\t0\t0\t0\t0", "0\th\t1.0\t1.0\t0\t0\t0\t0\tx",
        "-1\th\t1.0\t1.0\t0\t0\t0\t0\tx", "x\th\t1.0\t1.0\t0\t0\t0\t0\tx",
        "1\th\tnan\t1.0\t0\t0\t0\t0\tx", "1\th\t1.0\tinf\t0\t0\t0\t0\tx",
        "1\th\t1.0\t1.0\t0\t0\tx\t0\tx", "1\th\t1.0\t1.0\t0\t0\t0\t1e9\tx",
        "1\th\t1e300\t1.0\t0\t0\t0\t0\tx"}) {
    INFO(line);
    CHECK(absl::IsInvalidArgument(fanout::ParseJobLogRow(line).status()));
  }
}

TEST_CASE("job_log: a resumed run skips what is there", "[fanout]") {
  const auto history = Read(Log({Row(2, "b\n"), Row(1, "a", 3)}));
  REQUIRE(history.ok());
  CHECK(history->tasks() == 2);
  CHECK(*history->Skip(1, "a", Resume::kAll) == true);
  CHECK(*history->Skip(2, "b\n", Resume::kAll) == true);
  CHECK(*history->Skip(3, "c", Resume::kAll) == false);
  CHECK(*history->Skip(1, "a", Resume::kFailed) == false);
  CHECK(*history->Skip(2, "b\n", Resume::kFailed) == true);
}

TEST_CASE("job_log: another command is named with its line", "[fanout]") {
  const auto history = Read(Log({Row(8, "b"), Row(7, "a", 1)}));
  REQUIRE(history.ok());
  for (const Resume resume : {Resume::kAll, Resume::kFailed}) {
    const absl::Status skip = history->Skip(7, "A", resume).status();
    CHECK(absl::IsInvalidArgument(skip));
    CHECK(skip.message() == "Seq 7 had another command (line 3)");
  }
}

TEST_CASE("job_log: the last attempt of a task counts", "[fanout]") {
  const auto history = Read(Log({Row(1, "old", 1), Row(2, "b"), Row(1, "a"),
                                 Row(2, "b", 1), Row(3, "c", 2)}));
  REQUIRE(history.ok());
  CHECK(history->tasks() == 3);
  CHECK(*history->Skip(1, "a", Resume::kFailed) == true);
  CHECK(*history->Skip(2, "b", Resume::kFailed) == false);
  const std::vector<std::pair<int64_t, std::string>> failed = {{2, "b"},
                                                               {3, "c"}};
  CHECK(history->FailedCommands() == failed);
}

TEST_CASE("job_log: commands are kept only when they are asked for",
          "[fanout]") {
  const auto history = Read(Log({Row(1, "a", 1)}), 7, false);
  REQUIRE(history.ok());
  CHECK(history->FailedCommands().empty());
}

TEST_CASE("job_log: a last line that is torn is ignored, wherever",
          "[fanout]") {
  const std::string whole = Log({Row(1, "a")});
  const std::string torn = FormatJobLogRow(Row(2, "some command"));
  for (size_t n = 0; n < torn.size(); n++) {
    const auto history = Read(whole + torn.substr(0, n));
    REQUIRE(history.ok());
    CHECK(history->tasks() == 1);
  }
  CHECK(Read(whole + torn)->tasks() == 2);
  CHECK(Read("Seq\tHo")->tasks() == 0);
}

TEST_CASE("job_log: it does not matter where the pieces are cut", "[fanout]") {
  const std::string log = Log({Row(1, "a\n\\"), Row(2, "b", 9)});
  for (size_t piece = 1; piece <= log.size(); piece++) {
    const auto history = Read(log, piece);
    REQUIRE(history.ok());
    CHECK(*history->Skip(1, "a\n\\", Resume::kAll) == true);
    CHECK(history->FailedCommands().size() == 1);
  }
}

TEST_CASE("job_log: a file that is something else is refused", "[fanout]") {
  const absl::Status no_header = Read("root:x:0:0\n").status();
  CHECK(absl::IsInvalidArgument(no_header));
  const absl::Status no_row = Read(Log({Row(1, "a")}) + "hello\n").status();
  CHECK(no_row.message() == "line 3: is not a row of a job log");
}

TEST_CASE("job_log: a line without end is refused", "[fanout]") {
  JobLogHistory history;
  REQUIRE(history.Feed(kJobLogHeader).ok());
  const std::string piece(1 << 20, 'x');
  absl::Status status;
  for (int i = 0; i < 16 && status.ok(); i++) status = history.Feed(piece);
  CHECK(absl::IsResourceExhausted(status));
}

}  // namespace
