// Files that were changed, cut or exchanged behind the store's back.

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <random>

#include "store/changes.h"
#include "store/sqlite_engine.h"
#include "unit/store/world.h"

namespace store {
namespace {

constexpr int kEntries = 60;

std::string Name(int64_t i) { return absl::StrCat("k/", i); }
std::string Text(int64_t i) {
  return absl::StrCat(i, std::string(static_cast<size_t>(20 * i % 1500), 'v'));
}

struct Files {
  std::string file, log;
};

// The files of a store with revisions 1 to kEntries: of one that was closed,
// or as a killed process leaves them.
Files Make(bool closed) {
  const sys::TemporaryFolder folder = FastFolder();
  const std::string path = folder.path() + "/store.db";
  World world;
  auto engine = OpenSqlite({.folder = folder.path()}, world.surroundings());
  REQUIRE(engine.ok());
  for (int i = 1; i <= kEntries; ++i) world.Put(**engine, Name(i), Text(i));
  if (closed) {
    engine->reset();
    return {*sys::ReadFile(path), ""};
  }
  return {*sys::ReadFile(path), *sys::ReadFile(path + "-wal")};
}

void Lay(const std::string& folder, const Files& files) {
  REQUIRE(sys::ReplaceFile(folder + "/store.db", files.file).ok());
  if (files.log.empty()) {
    REQUIRE(sys::RemoveFile(folder + "/store.db-wal").ok());
  } else {
    REQUIRE(sys::ReplaceFile(folder + "/store.db-wal", files.log).ok());
  }
}

// How many revisions the store in `folder` has, all of them whole; -1 when it
// says that it is damaged; anything else fails the test.
int Revisions(const std::string& folder) {
  World world;
  auto engine = OpenSqlite({.folder = folder}, world.surroundings());
  if (!engine.ok()) {
    INFO(engine.status());
    CHECK(absl::IsDataLoss(engine.status()));
    CHECK(absl::StrContains(engine.status().message(), "fleetbox-store check"));
    return -1;
  }
  const auto range = (*engine)->Range("", "", 0);
  if (!range.ok()) {
    INFO(range.status());
    CHECK(absl::IsDataLoss(range.status()));
    return -1;
  }
  CHECK(static_cast<Revision>(range->entries.size()) == range->revision);
  for (Revision i = 1; i <= range->revision; ++i) {
    const auto entry = (*engine)->Get(Name(i));
    if (!entry.ok()) {
      CHECK(absl::IsDataLoss(entry.status()));
      return -1;
    }
    CHECK(entry->value == Text(i));
    CHECK(entry->modified == i);
  }
  return static_cast<int>(range->revision);
}

TEST_CASE("store: a changed byte in the file is noticed", "[store]") {
  const Files good = Make(true);
  const sys::TemporaryFolder folder = FastFolder();
  std::mt19937 random(11);
  int noticed = 0, harmless = 0;
  // All of the header, and some bytes of every page.
  for (size_t at = 0; at < good.file.size(); at += at < 100 ? 1 : 487) {
    Files bad = good;
    bad.file[at] = static_cast<char>(bad.file[at] ^ (1u << random() % 8));
    Lay(folder.path(), bad);
    INFO("byte " << at);
    const int revisions = Revisions(folder.path());
    CHECK((revisions == -1 || revisions == kEntries));
    if (revisions == -1) {
      ++noticed;
      CHECK_FALSE(CheckSqlite(folder.path()).ok());
    } else {
      ++harmless;
      // Only the pages of the changes were not looked at.
      const absl::Status check = CheckSqlite(folder.path());
      CHECK((check.ok() || absl::IsDataLoss(check)));
    }
  }
  CHECK(noticed > 100);
}

TEST_CASE("store: a check reads every page", "[store]") {
  const Files good = Make(true);
  const sys::TemporaryFolder folder = FastFolder();
  Lay(folder.path(), good);
  CHECK(CheckSqlite(folder.path()) == absl::OkStatus());
  for (size_t page = 0; page < good.file.size() / 4096; ++page) {
    Files bad = good;
    char& byte = bad.file[page * 4096 + 3000];
    byte = static_cast<char>(byte + 1);
    Lay(folder.path(), bad);
    INFO("page " << page);
    CHECK(absl::IsDataLoss(CheckSqlite(folder.path())));
  }
}

TEST_CASE("store: a file that is cut is noticed", "[store]") {
  const Files good = Make(true);
  const sys::TemporaryFolder folder = FastFolder();
  int all = 0;
  for (size_t left = 1; left < good.file.size(); left += 1021) {
    Files bad = good;
    bad.file.resize(left);
    Lay(folder.path(), bad);
    INFO(left << " bytes left");
    // All that is lost may be changes, which only a watch or a check reads.
    const int revisions = Revisions(folder.path());
    CHECK((revisions == -1 || revisions == kEntries));
    Lay(folder.path(), bad);
    CHECK(absl::IsDataLoss(CheckSqlite(folder.path())));
    all += revisions == kEntries ? 1 : 0;
  }
  CHECK(all < 5);  // a part of the last page
}

TEST_CASE("store: a log that is cut or changed leaves whole transactions",
          "[store]") {
  const Files good = Make(false);
  REQUIRE(good.log.size() > 50'000);
  const sys::TemporaryFolder folder = FastFolder();
  Lay(folder.path(), good);
  CHECK(Revisions(folder.path()) == kEntries);
  int before = 0;
  bool opened = false;
  for (size_t left = 1; left < good.log.size(); left += 7919) {
    Files bad = good;
    bad.log.resize(left);
    Lay(folder.path(), bad);
    INFO(left << " bytes left");
    const int revisions = Revisions(folder.path());
    CHECK(revisions >= before);
    before = revisions;
    opened = opened || revisions > 0;
  }
  CHECK(opened);
  std::mt19937 random(12);
  for (int i = 0; i < 30; ++i) {
    Files bad = good;
    const size_t at = random() % bad.log.size();
    bad.log[at] = static_cast<char>(bad.log[at] ^ (1u << random() % 8));
    Lay(folder.path(), bad);
    INFO("byte " << at);
    CHECK(Revisions(folder.path()) < kEntries + 1);
  }
}

TEST_CASE("store: files of noise are refused", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  std::mt19937 random(13);
  std::string noise(20'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  Lay(folder.path(), {noise, noise});
  CHECK(Revisions(folder.path()) == -1);
  Lay(folder.path(), {"SQLite format 3" + std::string(1, '\0') + noise, ""});
  CHECK(Revisions(folder.path()) == -1);
  // A good file with a foreign log keeps what it has.
  Files file = Make(true);
  file.log = noise;
  Lay(folder.path(), file);
  CHECK(Revisions(folder.path()) == kEntries);
}

TEST_CASE("store: a damaged row of changes is refused, whatever its bytes",
          "[store]") {
  std::string row;
  PackPut(row, "key", "value", 3, 0);
  PackDelete(row, "gone");
  PackPut(row, "", "", 7, 9);
  const auto good = UnpackChanges(7, row, "");
  REQUIRE(good.ok());
  REQUIRE(good->size() == 3);
  CHECK((*good)[0].entry.created == 3);
  CHECK((*good)[1].deleted);
  CHECK((*good)[2].entry.lease == 9);
  CHECK(UnpackChanges(7, row, "g")->size() == 1);
  int whole = 0;
  for (size_t n = 0; n < row.size(); ++n) {
    const auto cut = UnpackChanges(7, row.substr(0, n), "");
    whole += cut.ok() ? 1 : 0;
    if (!cut.ok()) CHECK(absl::IsDataLoss(cut.status()));
  }
  CHECK(whole == 3);  // cut between two changes
  // A kind that is none, with nothing behind its key.
  CHECK(absl::IsDataLoss(
      UnpackChanges(7, absl::string_view("\5\0\0\0\0", 5), "").status()));
  row[0] = 2;
  CHECK(absl::IsDataLoss(UnpackChanges(7, row, "").status()));
}

}  // namespace
}  // namespace store
