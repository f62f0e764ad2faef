#include "store/sqlite_engine.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "store/sqlite_place.h"
#include "unit/store/world.h"

namespace store {
namespace {

using Keys = std::vector<std::string>;

std::unique_ptr<Engine> Open(World& world, const std::string& folder) {
  auto engine = OpenSqlite({.folder = folder}, world.surroundings());
  REQUIRE(engine.status() == absl::OkStatus());
  return *std::move(engine);
}

absl::Status Backup(const std::string& from, const std::string& to) {
  return BackupSqlite(from, to, [] { return false; });
}

TEST_CASE("store: what was put is there when it is opened again", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  const std::string path = folder.path() + "/new/store";
  {
    World world;
    auto engine = Open(world, path);
    world.Put(*engine, "a", "1");
    world.Put(*engine, "b", std::string(400'000, 'b'));
    world.Put(*engine, "a", "2");
    REQUIRE(engine->Compact(1).ok());
  }
  World world;
  auto engine = Open(world, path);
  CHECK(engine->Status()->revision == 3);
  const Entry a = *engine->Get("a");
  CHECK(a.created == 1);
  CHECK(a.modified == 3);
  CHECK(a.value == "2");
  CHECK(engine->Get("b")->value.size() == 400'000);
  std::vector<Revision> told;
  engine->Watch("", 1, [&](WatchBatch w) { told.push_back(w.revision); });
  Revision compacted = 0;
  engine->Watch("", 0, [&](WatchBatch w) { compacted = w.compacted; });
  CHECK(world.Put(*engine, "c", "").revision == 4);
  world.Until([&] { return told.size() == 3 && compacted != 0; });
  CHECK(told == std::vector<Revision>{2, 3, 4});
  CHECK(compacted == 2);
}

TEST_CASE("store: without history the present is all there is", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  {
    World world;
    auto engine = Open(world, folder.path());
    for (int i = 0; i < 50; i++) {
      world.Put(*engine, absl::StrCat(i), std::string(10'000, 'h'));
    }
  }
  const auto reopen = [&](World& world) {
    auto engine = OpenSqlite({.folder = folder.path(), .history = false},
                             world.surroundings());
    REQUIRE(engine.status() == absl::OkStatus());
    return *std::move(engine);
  };
  {
    World world;
    auto engine = reopen(world);  // that of a former life goes
    Revision told = 0, compacted = 0;
    engine->Watch("", 50, [&](WatchBatch w) { told = w.revision; });
    engine->Watch("", 7, [&](WatchBatch w) { compacted = w.compacted; });
    CHECK(world.Put(*engine, "0", "changed").revision == 51);
    world.Until([&] { return told != 0 && compacted != 0; });
    CHECK(told == 51);
    CHECK(compacted > 50);
    const Transaction refused = {{Absent("0")}, {store::Put("x", "")}};
    CHECK(world.Commit(*engine, refused).kind == Outcome::Kind::kRefused);
    for (int i = 0; i < 100; i++)
      world.Put(*engine, "0", std::string(9000, 'i'));
  }
  // Nothing grows by what is gone.
  CHECK(sys::Stat(folder.path() + "/store.db")->bytes < 1'500'000);
  CHECK(CheckSqlite(folder.path()) == absl::OkStatus());
  World world;
  auto engine = reopen(world);
  CHECK(engine->Status()->revision == 151);
  CHECK(engine->Get("0")->created == 1);
  CHECK(engine->Get("0")->modified == 151);
  CHECK(engine->Range("", "", 0)->entries.size() == 50);
}

TEST_CASE("store: only its owner may read the files", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  World world;
  auto engine = Open(world, folder.path() + "/s");
  world.Put(*engine, "a", "1");
  CHECK(sys::Stat(folder.path() + "/s")->mode == 0700);
  CHECK(sys::Stat(folder.path() + "/s/store.db")->mode == 0600);
  CHECK(sys::Stat(folder.path() + "/s/store.db-wal")->mode == 0600);
}

TEST_CASE("store: leased entries of a former process go when it is opened",
          "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  {
    World world;
    auto engine = Open(world, folder.path());
    const Lease lease = *engine->MakeLease(absl::Hours(1));
    world.Put(*engine, "kept", "");
    world.Put(*engine, "leased", "", lease);
  }
  World world;
  auto engine = Open(world, folder.path());
  CHECK(KeysOf(*engine->Range("", "", 0)) == Keys{"kept"});
  CHECK(engine->Status()->revision == 3);
  Keys told;
  engine->Watch("", 2, [&](WatchBatch w) {
    for (const Change& c : w.changes) {
      told.push_back(absl::StrCat(c.deleted ? "deleted " : "put ", c.key));
    }
  });
  world.Until([&] { return !told.empty(); });
  CHECK(told == Keys{"deleted leased"});
}

TEST_CASE("store: a second owner is refused, and told who the first is",
          "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  World world;
  auto engine = Open(world, folder.path());
  const std::string me = absl::StrCat("process ", getpid());
  const absl::Status second =
      OpenSqlite({.folder = folder.path()}, world.surroundings()).status();
  CHECK(absl::IsUnavailable(second));
  CHECK_THAT(std::string(second.message()), Catch::Contains(me));
  CHECK(absl::IsUnavailable(CheckSqlite(folder.path())));
  engine = nullptr;
  engine = Open(world, folder.path());
  CHECK(engine != nullptr);
}

// Runs SQL on the file as any SQLite program would.
void RunSql(const std::string& file, const char* sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, "unix") ==
          SQLITE_OK);
  CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

TEST_CASE("store: a newer schema is refused, naming both versions", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  const std::string file = folder.path() + "/store.db";
  World world;
  // As a newer program would make it, with page checksums and all: by our own
  // way to the file.
  Open(world, folder.path());
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE,
                          "fleetbox-unix") == SQLITE_OK);
  for (const char* sql :
       {"pragma locking_mode=exclusive", "pragma user_version=23"}) {
    CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  sqlite3_close(db);
  const absl::Status status =
      OpenSqlite({.folder = folder.path()}, world.surroundings()).status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("schema version 23") && Catch::Contains("than 1"));
}

TEST_CASE("store: what schema version 1 wrote stays readable", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  const auto old = sys::ReadFile("tests/fixtures/store/version-1.db");
  REQUIRE(old.ok());
  REQUIRE(sys::CreateFile(folder.path() + "/store.db", *old).ok());
  CHECK(CheckSqlite(folder.path()) == absl::OkStatus());
  World world;
  auto engine = Open(world, folder.path());
  CHECK(engine->Status()->revision == 7);
  CHECK(KeysOf(*engine->Range("", "", 0)) ==
        Keys{"main/job/000000000000001f/head",
             "main/job/000000000000001f/text/0", "main/parcel/x", "main/seq",
             std::string("odd\n\0\xff", 6)});
  const Entry head = *engine->Get("main/job/000000000000001f/head");
  CHECK(head.value == "running");
  CHECK(head.created == 2);
  CHECK(head.modified == 3);
  Keys told;
  engine->Watch("", 1, [&](WatchBatch w) {
    for (const Change& c : w.changes) {
      told.push_back(absl::StrCat(w.revision, c.deleted ? " deleted " : " put ",
                                  c.key.substr(0, 4)));
    }
  });
  world.Until([&] { return told.size() == 8; });
  CHECK(told == Keys{"2 put main", "2 put main", "2 put main", "3 put main",
                     "4 put gone", "5 deleted gone", "6 put odd\n",
                     "7 put main"});
}

TEST_CASE("store: another program's SQLite file is not taken for a store",
          "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  const std::string file = folder.path() + "/store.db";
  REQUIRE(sys::CreateFile(file, "").ok());
  RunSql(file, "create table kv(k, v); insert into kv values(1, 2)");
  World world;
  const auto engine =
      OpenSqlite({.folder = folder.path()}, world.surroundings());
  CHECK_FALSE(engine.ok());
  CHECK((absl::IsDataLoss(engine.status()) ||
         absl::IsFailedPrecondition(engine.status())));
}

TEST_CASE("store: any SQLite program can read a store nobody owns", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  {
    World world;
    auto engine = Open(world, folder.path());
    world.Put(*engine, "a", "1");
  }
  RunSql(folder.path() + "/store.db",
         "pragma integrity_check; select v from kv where k=x'61'");
}

TEST_CASE("store: the log is moved into the file as it grows", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  World world;
  auto engine = *OpenSqlite({.folder = folder.path(), .log_bytes = 200'000},
                            world.surroundings());
  for (int i = 0; i < 60; ++i) {
    world.Put(*engine, absl::StrCat(i), std::string(20'000, 'x'));
  }
  // The last checkpoint may be under way still.
  const auto file = sys::Stat(folder.path() + "/store.db");
  const auto log = sys::Stat(folder.path() + "/store.db-wal");
  CHECK(file->bytes > 1'500'000);
  CHECK(log->bytes < 500'000);
  CHECK(engine->Status()->bytes > 1'500'000);
}

TEST_CASE("store: behind a log that has grown there is room, and no entries",
          "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  const std::string copy = folder.path() + "/copy";
  REQUIRE(sys::MakeFolders(copy).ok());
  const auto log_bytes = [&] {
    return sys::Stat(folder.path() + "/store.db-wal")->bytes;
  };
  {
    World world;
    auto engine = Open(world, folder.path());
    int64_t grown = 0, last = 0;
    for (int i = 0; i < 100; ++i) {
      world.Put(*engine, absl::StrCat("k", i), std::string(10'000, 'x'));
      if (log_bytes() != std::exchange(last, log_bytes())) ++grown;
    }
    // Over a million bytes were written; mostly into what was there.
    CHECK(last > 1'000'000);
    CHECK(grown < 20);
    // As a crash would leave it.
    for (const char* file : {"/store.db", "/store.db-wal"}) {
      REQUIRE(
          sys::ReplaceFile(copy + file, *sys::ReadFile(folder.path() + file))
              .ok());
    }
  }
  World world;
  auto engine = Open(world, copy);
  CHECK(engine->Range("", "", 0)->entries.size() == 100);
  world.Put(*engine, "more", "1");
  CHECK(engine->Status()->revision == 101);
}

TEST_CASE("store: what deleting left empty does not count as used", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  World world;
  auto engine = *OpenSqlite({.folder = folder.path(), .history = false},
                            world.surroundings());
  for (int i = 0; i < 20; ++i) {
    world.Put(*engine, absl::StrCat("k", i), std::string(50'000, 'x'));
  }
  CHECK(engine->Status()->bytes > 1'000'000);
  for (int i = 0; i < 20; ++i) {
    world.Commit(*engine, {{}, {store::Delete(absl::StrCat("k", i))}});
  }
  CHECK(engine->Status()->bytes < 100'000);
}

TEST_CASE("store: a backup is a store with the same content", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  const std::string from = folder.path() + "/from";
  const std::string to = folder.path() + "/to";
  REQUIRE(sys::MakeFolders(to).ok());
  CHECK(absl::IsNotFound(Backup(from, to + "/store.db")));
  {
    World world;
    auto engine = Open(world, from);
    for (int i = 0; i < 100; ++i) {
      world.Put(*engine, absl::StrCat("k", i), std::string(1000, 'x'));
    }
  }
  CHECK(Backup(from, to + "/store.db") == absl::OkStatus());
  CHECK(absl::IsAlreadyExists(Backup(from, to + "/store.db")));
  CHECK(CheckSqlite(to) == absl::OkStatus());
  World world;
  auto copy = Open(world, to);
  CHECK(copy->Status()->revision == 100);
  CHECK(copy->Range("", "", 0)->entries.size() == 100);
  CHECK(world.Put(*copy, "more", "").revision == 101);
}

TEST_CASE("store: a backup of a store that is written to is a moment of it",
          "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  const std::string from = folder.path() + "/from";
  constexpr int kCopies = 5;
  World world;
  // Its log is moved every few commits.
  auto engine =
      *OpenSqlite({.folder = from, .log_bytes = 60'000}, world.surroundings());
  std::atomic<int> stored = 0;
  std::atomic<bool> over = false;
  std::vector<int> before;
  std::vector<absl::Status> copied;
  std::thread copier([&] {
    for (int n = 0; n < kCopies; ++n) {
      const std::string to = absl::StrCat(folder.path(), "/", n);
      before.push_back(stored);
      absl::Status status = sys::MakeFolders(to);
      if (status.ok()) status = Backup(from, to + "/store.db");
      copied.push_back(status);
      const int at = stored;
      while (status.ok() && stored < at + 20) std::this_thread::yield();
    }
    over = true;
  });
  for (int i = 1; !over && i < 100'000; ++i) {
    // In two places of the file.
    const std::string value = absl::StrCat(i);
    world.Commit(
        *engine,
        {{},
         {store::Put("a", value),
          store::Put("m" + std::to_string(i % 50), std::string(3000, 'x')),
          store::Put("z", value)}});
    stored = i;
  }
  copier.join();
  for (int n = 0; n < kCopies; ++n) {
    const std::string to = absl::StrCat(folder.path(), "/", n);
    INFO(n << " of " << stored << " commits");
    REQUIRE(copied[n] == absl::OkStatus());
    CHECK(sys::ListFolder(to)->size() == 1);
    CHECK(CheckSqlite(to) == absl::OkStatus());
    World its;
    auto copy = Open(its, to);
    const Revision revision = copy->Status()->revision;
    CHECK(revision >= before[n]);
    if (revision == 0) continue;
    CHECK(copy->Get("a")->value == absl::StrCat(revision));
    CHECK(copy->Get("z")->value == absl::StrCat(revision));
  }
}

TEST_CASE("store: of a backup that is interrupted nothing is left", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  const std::string from = folder.path() + "/from";
  const std::string to = folder.path() + "/to";
  REQUIRE(sys::MakeFolders(to).ok());
  World world;
  auto engine = Open(world, from);
  world.Put(*engine, "a", std::string(400'000, 'x'));
  const bool is_owned = GENERATE(true, false);
  if (!is_owned) engine = nullptr;
  int asked = 0;
  const auto after = [&](int times) {
    return [&asked, times] { return asked++ == times; };
  };
  for (int times = 0;; ++times) {
    asked = 0;
    const absl::Status status =
        BackupSqlite(from, to + "/store.db", after(times));
    if (status.ok()) break;
    CHECK(absl::IsCancelled(status));
    CHECK(sys::ListFolder(to)->empty());
    REQUIRE(times < 100);
  }
  CHECK(asked >= (is_owned ? 3 : 1));
  CHECK(CheckSqlite(to) == absl::OkStatus());
}

TEST_CASE("store: the log stays where it is while somebody copies", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  World world;
  auto engine = *OpenSqlite({.folder = folder.path(), .log_bytes = 60'000},
                            world.surroundings());
  int last = 0;
  const auto grow = [&] {
    for (int i = 0; i < 50; ++i) {
      world.Put(*engine, absl::StrCat("k", last++), std::string(5000, 'x'));
    }
    return sys::Stat(StorePath(folder.path()))->bytes;
  };
  LogGate gate = *LogGate::Open(folder.path());
  REQUIRE(gate.EnterToCopy().ok());
  const int64_t bytes = sys::Stat(StorePath(folder.path()))->bytes;
  CHECK(grow() == bytes);
  gate.Leave();
  CHECK(grow() > bytes + 200'000);
}

TEST_CASE("store: a scan sees the entries of a prefix", "[store]") {
  const sys::TemporaryFolder folder = FastFolder();
  CHECK(absl::IsNotFound(
      ScanSqlite(folder.path(), "", [](const Entry&) {}).status()));
  {
    World world;
    auto engine = Open(world, folder.path());
    for (int i = 0; i < 9; ++i) {
      world.Put(*engine, absl::StrCat(i % 2 == 0 ? "a/" : "b/", i), "");
    }
  }
  Keys keys;
  CHECK(*ScanSqlite(folder.path(), "a/",
                    [&](const Entry& e) { keys.push_back(e.key); }) == 9);
  CHECK(keys == Keys{"a/0", "a/2", "a/4", "a/6", "a/8"});
}

TEST_CASE("store: file systems that do not lock or flush are known by number",
          "[store]") {
  CHECK(std::string(NetworkFileSystem(0x6969)) == "NFS");
  CHECK(std::string(NetworkFileSystem(0x65735546)) == "FUSE");
  // CIFS sets the highest bit, which a signed f_type makes negative.
  CHECK(std::string(NetworkFileSystem(static_cast<int32_t>(0xff534d42))) ==
        "CIFS");
  CHECK(NetworkFileSystem(0xef53) == nullptr);      // ext4
  CHECK(NetworkFileSystem(0x01021994) == nullptr);  // tmpfs
  CHECK(NetworkFileSystem(0x794c7630) == nullptr);  // overlayfs
}

// --- SIGKILL ----------------------------------------------------------------

std::string Text(int64_t i) {
  return absl::StrCat(i, std::string(static_cast<size_t>(i % 900), 'v'));
}

// In the child: commits transactions from `first` on, three at a time, and
// writes the number of each that is applied to `out`, until it is killed.
[[noreturn]] void WriteUntilKilled(const std::string& folder, int64_t first,
                                   int out) {
  World world;
  auto engine = OpenSqlite({.folder = folder, .log_bytes = 256 << 10},
                           world.surroundings());
  if (!engine.ok()) _exit(1);
  for (int64_t i = first;; i += 3) {
    int answered = 0;
    for (int64_t j = i; j < i + 3; ++j) {
      (*engine)->Commit(
          {{},
           {Put(absl::StrCat("t/", j), Text(j)),
            Put(absl::StrCat("u/", j), Text(j)), Put("last", absl::StrCat(j))}},
          [&, j](Outcome o) {
            if (o.kind != Outcome::Kind::kApplied) _exit(2);
            if (write(out, &j, sizeof j) != sizeof j) _exit(3);
            ++answered;
          });
    }
    world.Until([&] { return answered == 3; });
  }
}

TEST_CASE("store: what was acknowledged survives kill -9", "[store]") {
  constexpr unsigned kSeed = 3;
  constexpr int kKills = 15;
  const sys::TemporaryFolder folder = FastFolder();
  std::mt19937 random(kSeed);
  int64_t next = 1, acknowledged = 0;
  for (int kill_number = 0; kill_number < kKills; ++kill_number) {
    auto pipe = sys::Pipe();
    REQUIRE(pipe.ok());
    const pid_t child = fork();
    if (child == 0) WriteUntilKilled(folder.path(), next, pipe->second.get());
    REQUIRE(child > 0);
    pipe->second.Reset();
    // Killed after a number of answers, plus a moment that no clock sets.
    int wanted = static_cast<int>(random() % 60);
    std::vector<int64_t> answered;
    int64_t number = 0;
    bool killed = false;
    for (;;) {
      if (!killed && static_cast<int>(answered.size()) >= wanted) {
        for (unsigned i = random() % 20'000; i > 0; --i) random();
        REQUIRE(kill(child, SIGKILL) == 0);
        killed = true;
      }
      pollfd ready{pipe->first.get(), POLLIN, 0};
      if (!killed) REQUIRE(poll(&ready, 1, 20'000) == 1);
      if (read(pipe->first.get(), &number, sizeof number) != sizeof number) {
        break;
      }
      answered.push_back(number);
    }
    int how = 0;
    REQUIRE(waitpid(child, &how, 0) == child);
    REQUIRE(WIFSIGNALED(how));
    acknowledged += static_cast<int64_t>(answered.size());

    INFO("seed " << kSeed << ", kill " << kill_number);
    REQUIRE(CheckSqlite(folder.path()) == absl::OkStatus());
    World world;
    auto engine = Open(world, folder.path());
    for (const int64_t i : answered) {
      CHECK(engine->Get(absl::StrCat("t/", i))->value == Text(i));
    }
    // Nothing by halves, acknowledged or not.
    const Revision revision = engine->Status()->revision;
    CHECK(engine->Range("t/", "t0", 0)->entries.size() ==
          static_cast<size_t>(revision));
    CHECK(engine->Range("u/", "u0", 0)->entries.size() ==
          static_cast<size_t>(revision));
    next = revision + 1;
  }
  CHECK(acknowledged > kKills);
}

}  // namespace
}  // namespace store
