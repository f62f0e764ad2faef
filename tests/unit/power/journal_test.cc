#include "power/journal.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "store/sqlite_engine.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/pool.h"
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

TEST_CASE("journal: its store may be opened while others work", "[power]") {
  const sys::TemporaryFolder folder = Folder();
  {
    Process process(folder.path());
    sys::Pool pool(process.loop, 1);
    process.journal.OpenAhead(pool);
    process.journal.OpenAhead(pool);
    process.Begin(Hosts(1, 2));
    CHECK(process.begun.status.ok());
    CHECK(process.journal.is_open());
    process.journal.OpenAhead(pool);
    process.Begin(Hosts(1, 2));
    CHECK(process.Unfinished() == std::vector<std::string>{"web1"});
  }
  {
    // Nothing comes after all: others can have it soon.
    Process process(folder.path());
    sys::Pool pool(process.loop, 1);
    process.journal.OpenAhead(pool);
    process.loop.Run();
    CHECK_FALSE(process.journal.is_open());
    process.journal.OpenAhead(pool);
    Process other(folder.path());
    for (int i = 0; i < 1000 && !process.journal.is_open(); ++i) {
      process.loop.Turn(absl::Seconds(1));
    }
    other.journal.OpenAhead(pool);  // in vain
    process.loop.Run();
    other.Begin(Hosts(1, 2));
    CHECK(other.begun.status.ok());
  }
  sys::Loop loop;
  sys::Pool pool(loop, 1);
  std::optional<Journal> gone(std::in_place, loop, folder.path());
  gone->OpenAhead(pool);
  gone.reset();
  loop.Run();
  Process next(folder.path());
  next.Begin(Hosts(1, 2));
  CHECK(next.begun.status.ok());
}

TEST_CASE("journal: what is put off is told before anything more is begun",
          "[power]") {
  const sys::TemporaryFolder folder = Folder();
  Process process(folder.path());
  const std::vector<RecordId> ids = process.Begin(Hosts(1, 2));
  process.journal.Later([&] { process.journal.End(ids[0], "web1", Done()); });
  CHECK_FALSE(process.journal.is_idle());
  process.Begin(Hosts(1, 2));
  CHECK(process.Unfinished().empty());
  bool was_called = false;
  process.journal.Later([&] { was_called = true; });
  process.AwaitWritten();
  CHECK(was_called);
}

TEST_CASE("journal: what an action begins at once is one row", "[power]") {
  const sys::TemporaryFolder folder = Folder();
  {
    Process process(folder.path());
    JournalAction later = Action(), another = Action();
    later.at += absl::Milliseconds(1);
    another.login = "other";
    std::vector<RecordId> ids;
    const auto begin = [&](const JournalAction& action, int host) {
      const std::vector<RecordId> its = process.journal.Begin(
          action, Hosts(host, host + 1), [](const Journal::Begun&) {});
      ids.insert(ids.end(), its.begin(), its.end());
    };
    begin(Action(), 0);
    begin(later, 1);
    begin(another, 2);
    begin(Action(), 3);
    process.AwaitWritten();
    REQUIRE(ids.size() == 4);
    CHECK(ids[0].action == ids[1].action);
    CHECK(ids[1].host == 1);
    CHECK(ids[2].action != ids[1].action);
    CHECK(ids[3].action != ids[2].action);
    process.journal.End(ids[1], "web1", Done());
    process.AwaitWritten();
  }
  std::map<std::string, std::string> logins;
  std::vector<std::string> ended;
  for (const JournalRecord& record : Read(folder.path())) {
    logins[record.host.name] = record.action.login;
    if (record.end.has_value()) ended.push_back(record.host.name);
  }
  CHECK(logins == std::map<std::string, std::string>{{"web0", "root"},
                                                     {"web1", "root"},
                                                     {"web2", "other"},
                                                     {"web3", "root"}});
  CHECK(ended == std::vector<std::string>{"web1"});
}

namespace {

// Into the store of a journal.
void PutRows(const std::string& folder, const std::vector<std::string>& keys,
             const std::string& value) {
  sys::Loop loop;
  auto engine =
      store::OpenSqlite({.folder = folder + "/journal", .history = false},
                        store::SurroundingsOf(loop));
  REQUIRE(engine.ok());
  size_t open = keys.size();
  loop.Hold();
  for (const std::string& key : keys) {
    (*engine)->Commit(
        {.conditions = {}, .operations = {store::Put(key, value)}},
        [&](const store::Outcome& outcome) {
          CHECK(outcome.kind == store::Outcome::Kind::kApplied);
          --open;
        });
  }
  for (int i = 0; open > 0 && i < 1000; ++i) loop.Turn(absl::Seconds(1));
  loop.LetGo();
  REQUIRE(open == 0);
}

}  // namespace

TEST_CASE("journal: a row that nobody can read is told and holds nobody up",
          "[power]") {
  const sys::TemporaryFolder folder = Folder();
  std::string id;
  {
    Process process(folder.path());
    id = process.Begin(Hosts(1, 3)).front().action;
  }
  PutRows(folder.path(), {"record/" + id}, "{\"at\": nonsense");
  Process process(folder.path());
  const std::vector<RecordId> ids = process.Begin(Hosts(1, 2));
  CHECK(process.begun.status.ok());
  process.journal.End(ids[0], "web1", Done());
  process.AwaitWritten();
  process.loop.Run();
  size_t read = 0;
  const absl::Status scanned =
      Journal::Scan(folder.path(), [&](const JournalRecord&) { ++read; });
  CHECK(absl::IsDataLoss(scanned));
  CHECK_THAT(std::string(scanned.message()), Catch::Contains("record/" + id));
  CHECK(read == 1);
}

TEST_CASE("journal: of one that is full the oldest are forgotten", "[power]") {
  const sys::TemporaryFolder folder = Folder();
  std::vector<RecordId> first;
  {
    Process process(folder.path());
    first = process.Begin(Hosts(1, 2));
  }
  std::vector<std::string> keys;
  for (int i = 0; i < 140; ++i) {
    keys.push_back(absl::StrCat("record/9", 1'000 + i));  // after any other
  }
  PutRows(folder.path(), keys, std::string(512 << 10, 'x'));
  Process process(folder.path());
  process.Begin(Hosts(7, 8));
  CHECK(process.begun.status.ok());
  // What was not finished is forgotten with it, and not looked for.
  process.Begin(Hosts(1, 2));
  CHECK(process.Unfinished().empty());
  process.loop.Run();
  std::vector<std::string> left;
  (void)Journal::Scan(folder.path(), [&](const JournalRecord& record) {
    left.push_back(record.id.action);
  });
  CHECK(std::count(left.begin(), left.end(), first[0].action) == 0);
  CHECK(left.size() == 2);
}
