#include "power/journal.h"

#include <catch2/catch.hpp>

#include "sys/child.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/process_list.h"

namespace {

using power::Journal;
using power::JournalRecord;

JournalRecord Record(const std::string& id, const std::string& host) {
  JournalRecord record;
  record.id = id;
  record.at = absl::FromUnixMillis(1'700'000'000'123);
  record.host = host;
  record.feeds = "rack/1";
  record.action = "cycle";
  record.login = "root";
  return record;
}

sys::TemporaryFolder Folder() {
  auto folder = sys::TemporaryFolder::Make("journal");
  REQUIRE(folder.ok());
  return *std::move(folder);
}

std::vector<JournalRecord> Read(const std::string& folder) {
  std::vector<JournalRecord> records;
  REQUIRE(Journal::Scan(folder, [&](JournalRecord record) {
            records.push_back(std::move(record));
          }).ok());
  return records;
}

void WriteBegin(sys::Loop& loop, Journal& journal, JournalRecord record,
                Journal::Begun* begun) {
  bool is_done = false;
  journal.Begin({std::move(record)}, [&](const Journal::Begun& b) {
    *begun = b;
    is_done = true;
  });
  for (int i = 0; !is_done && i < 1000; ++i) loop.Turn(absl::Seconds(1));
  REQUIRE(is_done);
}

}  // namespace

TEST_CASE("journal: a record reads back as it was", "[power]") {
  JournalRecord record = Record("1", "web1");
  record.ended = record.at + absl::Seconds(9);
  record.uid = 1000;
  record.pid = 31;
  record.start_ticks = 77;
  record.outcome = "failed";
  record.failure_class = "state";
  record.detail = "took 'off', but is on";
  record.before = "on";
  const auto back = power::ParseRecord(power::RecordText(record));
  REQUIRE(back.ok());
  CHECK(power::RecordText(*back) == power::RecordText(record));
  CHECK(power::RecordLine(*back) ==
        "2023-11-14T22:13:20.123Z root cycle web1 rack/1: failed state "
        "(was on): took 'off', but is on");
  CHECK_FALSE(power::ParseRecord("{").ok());
  CHECK_FALSE(power::ParseRecord("{\"id\":1}").ok());
  CHECK_FALSE(power::ParseRecord("[]").ok());
}

TEST_CASE("journal: what was begun and not finished is told the next time",
          "[power]") {
  const sys::TemporaryFolder folder = Folder();
  sys::Loop loop;
  Journal::Begun begun;
  {
    Journal journal(loop, folder.path());
    WriteBegin(loop, journal, Record("1", "web1"), &begun);
    CHECK(begun.status.ok());
    CHECK(begun.unfinished.empty());
    // Here it ends without a word.
  }
  Journal journal(loop, folder.path());
  WriteBegin(loop, journal, Record("2", "web10"), &begun);
  CHECK(begun.unfinished.empty());  // another host, whose name begins the same
  WriteBegin(loop, journal, Record("3", "web1"), &begun);
  REQUIRE(begun.unfinished.size() == 1);
  CHECK(begun.unfinished[0].id == "1");
  JournalRecord ended = Record("3", "web1");
  ended.ended = ended.at;
  ended.outcome = "done";
  journal.End({ended});
  for (int i = 0; !journal.is_idle() && i < 1000; ++i) {
    loop.Turn(absl::Seconds(1));
  }
  WriteBegin(loop, journal, Record("4", "web1"), &begun);
  CHECK(begun.unfinished.empty());
  loop.Turn(absl::ZeroDuration());
  const std::vector<JournalRecord> records = Read(folder.path());
  REQUIRE(records.size() == 4);
  CHECK_FALSE(records[0].ended.has_value());
  CHECK(records[2].outcome == "done");
}

TEST_CASE("journal: an action is under way as long as its process lives",
          "[power]") {
  JournalRecord record = Record("1", "web1");
  record.pid = sys::MyPid();
  record.start_ticks = sys::ReadProcess(sys::MyPid())->start_ticks;
  CHECK(power::IsUnderWay(record));
  ++record.start_ticks;  // a process that had the number earlier
  CHECK_FALSE(power::IsUnderWay(record));
  // One that has ended, and nobody has asked how.
  auto child = sys::Child::Spawn({"true"}, {});
  REQUIRE(child.ok());
  record.pid = child->pid();
  for (int i = 0; i < 1000 && !sys::ReadProcess(child->pid())->ended; ++i) {
    sys::Loop loop;
    loop.After(absl::Milliseconds(5), [] {});
    loop.Run();
  }
  record.start_ticks = sys::ReadProcess(child->pid())->start_ticks;
  CHECK_FALSE(power::IsUnderWay(record));
}

TEST_CASE("journal: one that cannot be written says so and holds nobody up",
          "[power]") {
  sys::Loop loop;
  Journal journal(loop, "/proc/nowhere");
  Journal::Begun begun;
  WriteBegin(loop, journal, Record("1", "web1"), &begun);
  CHECK_FALSE(begun.status.ok());
  std::optional<absl::Status> ended;
  journal.End({Record("1", "web1")},
              [&](const absl::Status& status) { ended = status; });
  for (int i = 0; !ended.has_value() && i < 1000; ++i) {
    loop.Turn(absl::Seconds(1));
  }
  REQUIRE(ended.has_value());
  CHECK_FALSE(ended->ok());
}
