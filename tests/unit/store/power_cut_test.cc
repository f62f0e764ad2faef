// What is left after the power was cut at any moment: all writes and flushes
// of a writing store are recorded, the files rebuilt as a cut could leave
// them, and the store opened from those.

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "base/status.h"
#include "store/sqlite_engine.h"
#include "sys/file.h"
#include "unit/store/fake_disk.h"
#include "unit/store/world.h"

namespace store {
namespace {

constexpr unsigned kSeed = 7;

std::string Name(int64_t i) { return absl::StrCat("t/", i); }
std::string Text(int64_t i) {
  return absl::StrCat(i, std::string(static_cast<size_t>(i % 700), 'v'));
}

// Writes transactions 1 to `count`, in groups of different sizes.
void Record(FakeDisk& disk, bool flush, int64_t count, bool history = true) {
  const sys::TemporaryFolder folder = FastFolder();
  World world;
  auto engine = OpenSqlite({.folder = folder.path(),
                            .history = history,
                            .log_bytes = 96 << 10,
                            .test_vfs = disk.vfs(),
                            .test_no_flush = !flush},
                           world.surroundings());
  REQUIRE(engine.ok());
  int64_t handed = 0, answered = 0;
  std::mt19937 random(kSeed);
  while (answered < count) {
    const int64_t upto = std::min<int64_t>(
        count, handed + 1 + static_cast<int64_t>(random() % 9));
    while (handed < upto) {
      const int64_t i = ++handed;
      // One key of its own, one of a few that change all the time.
      (*engine)->Commit(
          {{Absent(Name(i))},
           {Put(Name(i), Text(i)), Put(absl::StrCat("s/", i % 5), Text(i))}},
          [&, i](Outcome o) {
            REQUIRE(o.kind == Outcome::Kind::kApplied);
            disk.Acknowledge(i);
            ++answered;
          });
    }
    world.Until([&] { return answered == handed; });
  }
}

// Ok if the store, as a cut before event `at` left it, opens and has all that
// was acknowledged before; and nothing else than whole transactions, in order.
absl::Status Survives(FakeDisk& disk, size_t at, std::mt19937& random) {
  const sys::TemporaryFolder folder = FastFolder();
  disk.Rebuild(at, folder.path(), random);
  TRY(CheckSqlite(folder.path()));
  World world;
  TRY_ASSIGN(const auto engine,
             OpenSqlite({.folder = folder.path()}, world.surroundings()));
  TRY_ASSIGN(const auto range, engine->Range("t/", PrefixEnd("t/"), 0));
  std::set<std::string> present;
  for (const Entry& e : range.entries) present.insert(e.key);
  if (static_cast<Revision>(present.size()) != range.revision) {
    return absl::InternalError("half a transaction");
  }
  for (Revision i = 1; i <= range.revision; ++i) {
    if (present.count(Name(i)) == 0) return absl::InternalError("a gap");
  }
  for (const int64_t i : disk.AcknowledgedBefore(at)) {
    TRY_ASSIGN(const Entry entry, engine->Get(Name(i)));
    if (entry.value != Text(i)) return absl::InternalError("another value");
  }
  return absl::OkStatus();
}

size_t FirstAcknowledged(FakeDisk& disk) {
  size_t at = 0;
  while (at < disk.events() && disk.AcknowledgedBefore(at).empty()) ++at;
  return at;
}

TEST_CASE("store: what was acknowledged survives a power cut at any moment",
          "[store]") {
  FakeDisk disk;
  const bool history = GENERATE(true, false);
  Record(disk, true, 150, history);
  const size_t start = FirstAcknowledged(disk);
  std::mt19937 random(kSeed);
  std::vector<size_t> cuts;
  for (const size_t flush : disk.FlushBoundaries()) {
    if (flush < start) continue;
    cuts.push_back(flush);
    cuts.push_back(flush + 1);
  }
  CHECK(cuts.size() > 40);
  for (int i = 0; i < 150; ++i) {
    cuts.push_back(start + random() % (disk.events() - start));
  }
  for (const size_t cut : cuts) {
    INFO("seed " << kSeed << ", before event " << cut);
    CHECK(Survives(disk, cut, random) == absl::OkStatus());
  }
}

TEST_CASE("store: the power cut test sees losses when commits are not flushed",
          "[store]") {
  FakeDisk disk;
  Record(disk, false, 60);
  const size_t start = FirstAcknowledged(disk);
  std::mt19937 random(kSeed);
  int lost = 0;
  for (int i = 0; i < 20; ++i) {
    const size_t cut = start + 1 + random() % (disk.events() - start - 1);
    if (!Survives(disk, cut, random).ok()) ++lost;
  }
  CHECK(lost >= 10);
}

}  // namespace
}  // namespace store
