// A queue's files, damaged behind its back in every way a disk knows, and what
// `check --repair` makes of them.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <random>

#include "base/bytes.h"
#include "mcfeely/check.h"
#include "queue_bench.h"
#include "store/sqlite_engine.h"
#include "unit/store/world.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using Entries = std::map<std::string, std::string>;
constexpr size_t kPage = 4096;

Entries Read(const std::string& folder) {
  Entries entries;
  const auto revision = store::ScanSqlite(
      folder, "",
      [&](const store::Entry& entry) { entries[entry.key] = entry.value; });
  INFO(revision.status());
  REQUIRE(revision.ok());
  return entries;
}

constexpr size_t kLogHeader = 32, kFrame = 24 + kPage;

// Where the frames of a log end; behind them there may be room.
size_t LogEnd(const std::string& path) {
  const std::string log = *sys::ReadFile(path);
  const size_t last = log.find_last_not_of('\0');
  if (last == std::string::npos || last < kLogHeader) return kLogHeader;
  return kLogHeader + ((last - kLogHeader) / kFrame + 1) * kFrame;
}

// The files of a queue, and what its store had acknowledged when the log was of
// a length.
struct Files {
  std::string file, log;
  std::map<size_t, Entries> acknowledged;
  const Entries& all() const { return acknowledged.rbegin()->second; }
};

// Jobs in all states, with texts, parts and outputs, on a real store.
class Site {
 public:
  Files Make(bool closed) {
    auto opened =
        store::OpenSqlite({.folder = folder_.path()}, world_.surroundings());
    REQUIRE(opened.ok());
    engine_ = std::move(*opened);
    queue_ = std::make_unique<Queue>(QueueOptions{
        .random_bytes = [this](size_t n) { return dice_.Bytes(n); },
        .known_host = [](const std::string&) { return true; }});
    REQUIRE(queue_->Load(*engine_, now_).ok());
    Work();
    Files files;
    if (closed) engine_.reset();
    files.file = *sys::ReadFile(path());
    if (!closed) files.log = *sys::ReadFile(path() + "-wal");
    engine_.reset();
    files.acknowledged = std::move(acknowledged_);
    if (closed) files.acknowledged = {{0, Read(folder_.path())}};
    return files;
  }

 private:
  std::string path() const { return folder_.path() + "/store.db"; }

  void Work() {
    pb::Announce announce;
    announce.set_host("h1");
    announce.set_journal(std::string(16, 'J'));
    queue_->AgentOpened(1, announce, now_);
    for (int n = 1; n <= 12; n++) {
      Job job;
      const size_t tasks = n == 6 ? 600 : n % 3 + 1;
      for (size_t t = 0; t < tasks; t++) {
        job.tasks.push_back({absl::StrCat("t", t),
                             n % 2 ? "h1" : "away",
                             "mk",
                             {base::Hex(dice_.Bytes(40))},
                             {}});
      }
      job.description = base::Hex(dice_.Bytes(500 * static_cast<size_t>(n)));
      job.failure = {"ops@example.com"};
      if (n % 4 == 0) job.key = absl::StrCat("key", n);
      base::ParcelId id = base::ParcelId::From(dice_.Bytes(16));
      queue_->Inject({.from = 9,
                      .parcel = id,
                      .principal = "user:ops@example.com",
                      .parcel_bytes = FakeParcel(id, job),
                      .job = ToMessage(job)},
                     now_);
      Settle(n % 5 == 4 ? pb::DEFERRED : n % 7 == 0 ? pb::FAILED : pb::DONE);
    }
    acknowledged_[LogEnd(path() + "-wal")] = entries_;
  }

  // Until nothing is left to write; each attempt ends with this verdict.
  void Settle(pb::Verdict verdict) {
    for (;;) {
      for (const Action& action : queue_->TakeActions()) {
        const auto* send = std::get_if<SendAttempts>(&action);
        if (send == nullptr) continue;
        pb::Results results;
        for (const pb::Attempt& attempt : send->attempts) {
          *results.add_result() = QueueBench::ResultOf(attempt.id(), verdict);
          results.mutable_result()->rbegin()->set_head(
              base::Hex(dice_.Bytes(3000)));
        }
        queue_->AgentResults(1, base::ParcelId::From(dice_.Bytes(16)), results,
                             now_);
      }
      const auto txn = queue_->NextTransaction(now_);
      if (!txn.has_value()) return;
      for (const store::Operation& o : txn->operations) {
        if (o.kind == store::Operation::Kind::kPut) {
          entries_[o.key] = o.value;
        } else {
          entries_.erase(o.key);
        }
      }
      queue_->Committed(world_.Commit(*engine_, *txn), now_);
      acknowledged_[LogEnd(path() + "-wal")] = entries_;
    }
  }

  sys::TemporaryFolder folder_ = store::FastFolder();
  store::World world_;
  std::unique_ptr<store::Engine> engine_;
  std::unique_ptr<Queue> queue_;
  Dice dice_{7};
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  Entries entries_;
  std::map<size_t, Entries> acknowledged_;
};

// What a repair has said of losses, and whether it covers a key.
class Said {
 public:
  explicit Said(const Checked& checked) : lines_(checked.problems) {}
  bool Of(const std::string& key) const {
    const auto job = keys_.ParseJobKey(key);
    for (const std::string& line : lines_) {
      if (absl::StartsWith(line, base::Escape(key) + ": ")) return true;
      if (job.has_value() &&
          absl::StrContains(line,
                            absl::StrCat("JOB ", job->job.value, " IS LOST"))) {
        return true;
      }
      if (Between(line, base::Escape(key))) return true;
    }
    return false;
  }
  bool OfTheLog() const {
    for (const std::string& line : lines_) {
      if (absl::StrContains(line, "-wal: is damaged")) return true;
    }
    return false;
  }

 private:
  static bool Between(absl::string_view line, const std::string& key) {
    if (absl::StrContains(line, "any entry may be missing")) return true;
    const size_t from = line.find("between '");
    if (from == absl::string_view::npos) return false;
    line.remove_prefix(from + 9);
    const size_t middle = line.find("' and '");
    const absl::string_view after = line.substr(0, middle);
    line.remove_prefix(middle + 7);
    const absl::string_view before = line.substr(0, line.find('\''));
    return key > after && (before.empty() || key < before);
  }
  const std::vector<std::string>& lines_;
  const Keys keys_{"main"};
};

// Damages of a kind, and what became of them.
struct Outcomes {
  int whole = 0, lossy = 0, refused = 0;
};

// Repairs `files`, which had `truth`; fails the test when something that was
// there is not, and nobody said so.
void Try(const Files& files, const Entries& truth, Outcomes* outcomes) {
  const sys::TemporaryFolder folder = store::FastFolder();
  const std::string path = folder.path() + "/store.db";
  REQUIRE(sys::ReplaceFile(path, files.file).ok());
  if (!files.log.empty()) {
    REQUIRE(sys::ReplaceFile(path + "-wal", files.log).ok());
  }
  const auto checked = CheckQueue(folder.path(), /*repair=*/true);
  if (!checked.ok()) {
    INFO(checked.status());
    CHECK(absl::IsDataLoss(checked.status()));
    CHECK(absl::StrContains(checked.status().message(), "store.db"));
    // Somebody else may have better luck with it.
    CHECK(absl::StartsWith(*sys::ReadFile(path), files.file));
    outcomes->refused++;
    return;
  }
  const Said said(*checked);
  const Entries left = Read(folder.path());
  bool lossy = false;
  for (const auto& [key, value] : truth) {
    const auto found = left.find(key);
    if (found != left.end() && found->second == value) continue;
    lossy = true;
    INFO(base::Escape(key) << " is "
                           << (found == left.end() ? "gone" : "another"));
    for (const std::string& line : checked->problems) UNSCOPED_INFO(line);
    CHECK((said.Of(key) || said.OfTheLog()));
  }
  for (const auto& [key, value] : left) {
    INFO(base::Escape(key) << " was not there");
    CHECK((truth.contains(key) || said.Of(key) || said.OfTheLog()));
  }
  outcomes->lossy += lossy;
  outcomes->whole += !lossy;
  const auto again = CheckQueue(folder.path(), /*repair=*/false);
  REQUIRE(again.ok());
  for (const std::string& line : checked->problems) UNSCOPED_INFO(line);
  for (const std::string& line : again->problems) UNSCOPED_INFO(line);
  CHECK(again->problems.empty());
}

void Flip(std::string& bytes, size_t at, std::mt19937& random) {
  bytes[at] = static_cast<char>(bytes[at] ^ (1u << random() % 8));
}

TEST_CASE("mcfeely 32: of one bad page nothing is lost that nobody tells of",
          "[mcfeely]") {
  const Files good = Site().Make(/*closed=*/true);
  REQUIRE(good.file.size() > 20 * kPage);
  std::mt19937 random(32);
  Outcomes outcomes;
  for (size_t page = 0; page < good.file.size() / kPage; page++) {
    Files bad = good;
    const size_t at = page * kPage + random() % kPage;
    Flip(bad.file, at, random);
    INFO("page " << page << ", byte " << at);
    Try(bad, good.all(), &outcomes);
  }
  CHECK(outcomes.refused <= 4);  // its first pages say where all others are
  CHECK(outcomes.whole > 10 * outcomes.lossy);
}

TEST_CASE("mcfeely 32: of many bad pages nothing is lost that nobody tells of",
          "[mcfeely]") {
  const Files good = Site().Make(/*closed=*/true);
  std::mt19937 random(33);
  Outcomes outcomes;
  const size_t pages = good.file.size() / kPage;
  for (int trial = 0; trial < 30; trial++) {
    Files bad = good;
    const size_t count = 2 + random() % 6;
    for (size_t n = 0; n < count; n++) {
      Flip(bad.file, (1 + random() % (pages - 1)) * kPage + random() % kPage,
           random);
    }
    INFO("trial " << trial);
    Try(bad, good.all(), &outcomes);
  }
  CHECK(outcomes.whole > 0);
  CHECK(outcomes.lossy > 0);
}

TEST_CASE("mcfeely 32: a file cut at any length keeps what is in front of it",
          "[mcfeely]") {
  const Files good = Site().Make(/*closed=*/true);
  Outcomes outcomes;
  std::mt19937 random(34);
  for (size_t left = 1; left < good.file.size();
       left += 1 + random() % (2 * kPage)) {
    Files bad = good;
    bad.file.resize(left);
    INFO(left << " bytes left");
    Try(bad, good.all(), &outcomes);
  }
  CHECK(outcomes.whole + outcomes.lossy > 0);
}

TEST_CASE("mcfeely 32: a log cut at any length keeps what it had acknowledged",
          "[mcfeely]") {
  const Files good = Site().Make(/*closed=*/false);
  REQUIRE(good.log.size() > 50'000);
  Outcomes outcomes;
  std::mt19937 random(35);
  for (size_t left = good.acknowledged.begin()->first; left < good.log.size();
       left += 1 + random() % 12000) {
    Files bad = good;
    bad.log.resize(left);
    INFO(left << " bytes left");
    Try(bad, std::prev(good.acknowledged.upper_bound(left))->second, &outcomes);
  }
  CHECK(outcomes.refused + outcomes.lossy == 0);
}

TEST_CASE("mcfeely 32: a log that is damaged in its midst says so",
          "[mcfeely]") {
  const Files good = Site().Make(/*closed=*/false);
  // Where the last commit begins: what is damaged in it may be a crash's.
  const size_t last = std::next(good.acknowledged.rbegin())->first;
  Outcomes outcomes;
  std::mt19937 random(36);
  for (size_t at = 32; at < last; at += 1 + random() % 12000) {
    Files bad = good;
    Flip(bad.log, at, random);
    INFO("byte " << at << " of " << good.log.size());
    const sys::TemporaryFolder folder = store::FastFolder();
    const std::string path = folder.path() + "/store.db";
    REQUIRE(sys::ReplaceFile(path, bad.file).ok());
    REQUIRE(sys::ReplaceFile(path + "-wal", bad.log).ok());
    store::World world;
    CHECK(absl::IsDataLoss(
        store::OpenSqlite({.folder = folder.path()}, world.surroundings())
            .status()));
    Try(bad, good.all(), &outcomes);
  }
  CHECK(outcomes.lossy > 0);
  // No more is lost than what came after the damage.
  Files bad = good;
  Flip(bad.log, last - 100, random);
  const sys::TemporaryFolder folder = store::FastFolder();
  const std::string path = folder.path() + "/store.db";
  REQUIRE(sys::ReplaceFile(path, bad.file).ok());
  REQUIRE(sys::ReplaceFile(path + "-wal", bad.log).ok());
  const auto checked = CheckQueue(folder.path(), /*repair=*/true);
  REQUIRE(checked.ok());
  CHECK(checked->lost);
  CHECK(*sys::ReadFile(path + "-wal.damaged") == bad.log);
  const Entries left = Read(folder.path());
  const Entries& before = std::next(good.acknowledged.rbegin(), 2)->second;
  for (const auto& [key, value] : before) CHECK(left.contains(key));
}

}  // namespace
}  // namespace mcfeely
