#include "power/journal.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/process_list.h"

namespace {

using power::Journal;
using power::JournalAction;
using power::JournalEnd;
using power::JournalHost;
using power::JournalRecord;
using power::RecordId;

JournalAction Action() {
  return {.at = absl::FromUnixMillis(1'700'000'000'123),
          .verb = "cycle",
          .login = "root"};
}

JournalEnd Done() {
  return {.at = Action().at + absl::Seconds(9), .outcome = "done"};
}

std::vector<JournalHost> Hosts(int first, int end) {
  std::vector<JournalHost> hosts;
  for (int i = first; i < end; ++i) {
    hosts.push_back(
        {.name = absl::StrCat("web", i), .feeds = absl::StrCat("rack/", i)});
  }
  return hosts;
}

// One process's journal, and what lives as long.
struct Process {
  explicit Process(const std::string& folder) : journal(loop, folder) {}

  std::vector<RecordId> Begin(std::vector<JournalHost> hosts,
                              JournalAction action = Action()) {
    bool is_done = false;
    std::vector<RecordId> ids =
        journal.Begin(action, std::move(hosts), [&](const Journal::Begun& b) {
          begun = b;
          is_done = true;
        });
    for (int i = 0; !is_done && i < 1000; ++i) loop.Turn(absl::Seconds(1));
    REQUIRE(is_done);
    return ids;
  }

  std::vector<std::string> Unfinished() const {
    std::vector<std::string> hosts;
    for (const JournalRecord& record : begun.unfinished) {
      hosts.push_back(record.host.name);
    }
    std::sort(hosts.begin(), hosts.end());
    return hosts;
  }

  void AwaitWritten() {
    for (int i = 0; !journal.is_idle() && i < 1000; ++i) {
      loop.Turn(absl::Seconds(1));
    }
    REQUIRE(journal.is_idle());
  }

  sys::Loop loop;
  Journal journal;
  Journal::Begun begun;
};

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

}  // namespace

TEST_CASE("journal: what was begun and not finished is told the next time",
          "[power]") {
  using Names = std::vector<std::string>;
  const sys::TemporaryFolder folder = Folder();
  {
    Process killed(folder.path());
    killed.Begin(Hosts(1, 4));
    CHECK(killed.begun.status.ok());
    CHECK(killed.Unfinished().empty());
    // Here it ends without a word.
  }
  {
    Process process(folder.path());
    process.Begin(Hosts(10, 11));  // a name that begins with another's
    CHECK(process.Unfinished().empty());
    const std::vector<RecordId> again = process.Begin(Hosts(1, 3));
    CHECK(process.Unfinished() == Names{"web1", "web2"});
    REQUIRE(again.size() == 2);
    process.journal.End(again[0], "web1", Done());
    process.AwaitWritten();
    const std::vector<RecordId> third = process.Begin(Hosts(1, 4));
    // Of web1 the one that has ended has seen to the one before it.
    CHECK(process.Unfinished() == Names{"web2", "web2", "web3"});
    for (int i = 0; i < 3; ++i) {
      process.journal.End(third[static_cast<size_t>(i)],
                          absl::StrCat("web", i + 1), Done());
    }
    process.AwaitWritten();
    process.Begin(Hosts(1, 4));
    CHECK(process.Unfinished().empty());
  }
  std::map<std::string, int> ended;
  for (const JournalRecord& record : Read(folder.path())) {
    CHECK(record.action.verb == "cycle");
    CHECK(record.action.at == Action().at);
    CHECK(record.host.feeds == "rack/" + record.host.name.substr(3));
    ended[record.host.name] += record.end.has_value() ? 1 : 0;
  }
  CHECK(ended == std::map<std::string, int>{
                     {"web1", 2}, {"web2", 1}, {"web3", 1}, {"web10", 0}});
}

TEST_CASE("journal: thousands of hosts of one action, ended one by one",
          "[power]") {
  constexpr int kHosts = 2'100;
  const sys::TemporaryFolder folder = Folder();
  {
    Process process(folder.path());
    const std::vector<RecordId> ids = process.Begin(Hosts(0, kHosts));
    REQUIRE(ids.size() == kHosts);
    size_t told = 0;
    for (size_t i = 0; i < kHosts; i += 2) {
      JournalEnd end = Done();
      end.detail = std::string(1'000, 'x') + std::to_string(i);
      process.journal.End(ids[i], absl::StrCat("web", i), std::move(end),
                          [&](const absl::Status& status) {
                            CHECK(status.ok());
                            ++told;
                          });
      if (i % 700 == 0) process.AwaitWritten();
    }
    process.AwaitWritten();
    process.loop.Turn(absl::ZeroDuration());
    CHECK(told == kHosts / 2);
    process.Begin(Hosts(0, kHosts));
    CHECK(process.begun.status.ok());
    CHECK(process.Unfinished().size() == kHosts / 2);
  }
  std::map<std::string, std::string> details;
  for (const JournalRecord& record : Read(folder.path())) {
    if (record.end.has_value()) {
      details[record.host.name] = record.end->detail.substr(1'000);
    }
  }
  CHECK(details.size() == kHosts / 2);
  for (const auto& [host, detail] : details) REQUIRE(host == "web" + detail);
}

TEST_CASE("journal: others have their turn while a process goes on",
          "[power]") {
  const sys::TemporaryFolder folder = Folder();
  Process one(folder.path()), other(folder.path());
  for (int i = 0; i < 3; ++i) {
    one.Begin(Hosts(i, i + 1));
    one.loop.Turn(absl::ZeroDuration());
    CHECK(one.begun.status.ok());
    // It lets go a moment later.
    for (int j = 0; j < 3; ++j) one.loop.Turn(absl::Milliseconds(30));
    other.Begin(Hosts(i, i + 1));
    CHECK(other.begun.status.ok());
    CHECK(other.Unfinished().size() == 1);
    for (int j = 0; j < 3; ++j) other.loop.Turn(absl::Milliseconds(30));
  }
}

TEST_CASE("journal: one that always has something to write lets others in",
          "[power]") {
  const sys::TemporaryFolder folder = Folder();
  Process busy(folder.path()), other(folder.path());
  busy.Begin(Hosts(0, 1));
  std::optional<absl::Status> other_done;
  other.journal.Begin(Action(), Hosts(1, 2), [&](const Journal::Begun& begun) {
    other_done = begun.status;
  });
  int begun = 0;
  for (const absl::Time end = sys::SteadyNow() + absl::Seconds(10);
       !other_done.has_value() && sys::SteadyNow() < end;) {
    if (busy.journal.is_idle()) {
      busy.journal.Begin(Action(), Hosts(0, 1),
                         [&](const Journal::Begun&) { ++begun; });
    }
    busy.loop.Turn(absl::Milliseconds(1));
    other.loop.Turn(absl::ZeroDuration());
  }
  REQUIRE(other_done.has_value());
  CHECK(other_done->ok());
  CHECK(begun > 0);
}

TEST_CASE("journal: an action is under way as long as its process lives",
          "[power]") {
  JournalRecord record = {.id = {}, .action = Action()};
  JournalAction& action = record.action;
  action.pid = sys::MyPid();
  action.start_ticks = sys::ReadProcess(sys::MyPid())->start_ticks;
  CHECK(power::IsUnderWay(record));
  ++action.start_ticks;  // a process that had the number earlier
  CHECK_FALSE(power::IsUnderWay(record));
  // One that has ended, and nobody has asked how.
  auto child = sys::Child::Spawn({"true"}, {});
  REQUIRE(child.ok());
  action.pid = child->pid();
  for (int i = 0; i < 1000 && !sys::ReadProcess(child->pid())->ended; ++i) {
    sys::Loop loop;
    loop.After(absl::Milliseconds(5), [] {});
    loop.Run();
  }
  action.start_ticks = sys::ReadProcess(child->pid())->start_ticks;
  CHECK_FALSE(power::IsUnderWay(record));
}

TEST_CASE("journal: one that cannot be written says so and holds nobody up",
          "[power]") {
  Process process("/proc/nowhere");
  const std::vector<RecordId> ids = process.Begin(Hosts(1, 2));
  CHECK_FALSE(process.begun.status.ok());
  std::optional<absl::Status> ended;
  process.journal.End(ids[0], "web1", Done(),
                      [&](const absl::Status& status) { ended = status; });
  for (int i = 0; !ended.has_value() && i < 1000; ++i) {
    process.loop.Turn(absl::Seconds(1));
  }
  REQUIRE(ended.has_value());
  CHECK_FALSE(ended->ok());
}
