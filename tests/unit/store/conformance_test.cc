// What every engine must do, run against each of them.

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "store/memory_engine.h"
#include "store/sqlite_engine.h"
#include "sys/file.h"
#include "unit/store/world.h"

namespace store {
namespace {

using Keys = std::vector<std::string>;
using Kind = Outcome::Kind;

struct OfMemory {
  std::unique_ptr<Engine> Make(World& world) {
    return NewMemoryEngine(world.surroundings());
  }
};

struct OfSqlite {
  std::unique_ptr<Engine> Make(World& world) {
    auto engine =
        OpenSqlite({.folder = folder.path() + "/s"}, world.surroundings());
    REQUIRE(engine.ok());
    return *std::move(engine);
  }
  sys::TemporaryFolder folder = FastFolder();
};

template <typename Of>
struct Bench {
  World world;
  Of of;
  std::unique_ptr<Engine> engine = of.Make(world);

  Outcome Commit(Transaction txn) {
    return world.Commit(*engine, std::move(txn));
  }
  Outcome Put(std::string key, std::string value, Lease lease = 0) {
    return world.Put(*engine, std::move(key), std::move(value), lease);
  }
  bool Holds(Condition c) {
    return Commit({{std::move(c)}, {}}).kind == Kind::kApplied;
  }
  Keys All() { return KeysOf(*engine->Range("", "", 0)); }
  std::string Value(const std::string& key) {
    auto entry = engine->Get(key);
    return entry.ok() ? entry->value : "(none)";
  }
};

// What a watch was told, a line for each change: "3 put a=x", "4 deleted a".
struct Diary {
  std::vector<std::string> lines;
  std::function<void(WatchBatch)> Writer() {
    return [this](WatchBatch batch) {
      if (batch.compacted != 0) {
        lines.push_back(absl::StrCat("compacted ", batch.compacted));
      }
      for (const Change& c : batch.changes) {
        CHECK(c.entry.key == c.key);
        CHECK(c.entry.modified == (c.deleted ? 0 : batch.revision));
        lines.push_back(
            c.deleted ? absl::StrCat(batch.revision, " deleted ", c.key)
                      : absl::StrCat(batch.revision, " put ", c.key, "=",
                                     c.entry.value, "@", c.entry.created));
      }
    };
  }
};

#define ENGINES OfMemory, OfSqlite

TEMPLATE_TEST_CASE("store: a new store is empty, at revision 0", "[store]",
                   ENGINES) {
  Bench<TestType> b;
  CHECK(b.engine->Status()->revision == 0);
  CHECK(b.engine->Range("", "", 0)->revision == 0);
  CHECK(b.All().empty());
  CHECK(absl::IsNotFound(b.engine->Get("a").status()));
}

TEMPLATE_TEST_CASE("store: each applied transaction has the next revision",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  for (Revision r = 1; r <= 5; ++r) {
    const Outcome o = b.Put(absl::StrCat("k", r), "v");
    CHECK(o.kind == Kind::kApplied);
    CHECK(o.revision == r);
  }
  // Also one that changes nothing, and no refused one.
  CHECK(b.Commit({{}, {Delete("none")}}).revision == 6);
  const Outcome refused = b.Commit({{Present("none")}, {Put("x", "")}});
  CHECK(refused.kind == Kind::kRefused);
  CHECK(refused.why.ok());
  CHECK(refused.revision == 6);
  CHECK(b.Put("y", "").revision == 7);
  CHECK(b.engine->Status()->revision == 7);
}

TEMPLATE_TEST_CASE("store: an entry remembers who made and last changed it",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  b.Put("a", "1");
  b.Put("b", "1");
  b.Put("a", "2");
  Entry a = *b.engine->Get("a");
  CHECK(a.created == 1);
  CHECK(a.modified == 3);
  CHECK(a.value == "2");
  b.Commit({{}, {Delete("a")}});
  CHECK(absl::IsNotFound(b.engine->Get("a").status()));
  b.Put("a", "3");
  CHECK(b.engine->Get("a")->created == 5);
}

TEMPLATE_TEST_CASE("store: each kind of condition holds exactly when it should",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  b.Put("a", "one");  // revision 1; each Holds that is true takes another
  CHECK(b.Holds(Absent("b")));
  CHECK_FALSE(b.Holds(Absent("a")));
  CHECK(b.Holds(Present("a")));
  CHECK_FALSE(b.Holds(Present("b")));
  CHECK(b.Holds(ModifiedAt("a", 1)));
  CHECK_FALSE(b.Holds(ModifiedAt("a", 2)));
  CHECK_FALSE(b.Holds(ModifiedAt("a", 0)));
  CHECK(b.Holds(ModifiedAt("b", 0)));
  CHECK_FALSE(b.Holds(ModifiedAt("b", 1)));
  CHECK(b.Holds(ValueIs("a", "one")));
  CHECK_FALSE(b.Holds(ValueIs("a", "on")));
  CHECK_FALSE(b.Holds(ValueIs("a", "")));
  CHECK_FALSE(b.Holds(ValueIs("b", "")));
  b.Put("e", "");
  CHECK(b.Holds(ValueIs("e", "")));
  CHECK(b.Holds(Present("e")));
}

TEMPLATE_TEST_CASE("store: a refused transaction changes nothing", "[store]",
                   ENGINES) {
  Bench<TestType> b;
  b.Put("a", "old");
  Diary diary;
  b.engine->Watch("", 1, diary.Writer());
  const Outcome o = b.Commit({{Present("a"), Absent("b"), Present("c")},
                              {Put("a", "new"), Put("d", ""), Delete("a")}});
  CHECK(o.kind == Kind::kRefused);
  CHECK(b.All() == Keys{"a"});
  CHECK(b.Value("a") == "old");
  b.Put("z", "");
  b.world.Until([&] { return !diary.lines.empty(); });
  CHECK(diary.lines == Keys{"2 put z=@2"});
}

TEMPLATE_TEST_CASE("store: operations of one transaction follow each other",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  b.Put("a", "0");
  Diary diary;
  b.engine->Watch("", 1, diary.Writer());
  // With and without a condition that names the key.
  SECTION("named") {
    CHECK(b.Commit({{Present("a")},
                    {Put("a", "1"), Delete("a"), Delete("a"), Put("a", "2")}})
              .kind == Kind::kApplied);
  }
  SECTION("not named") {
    CHECK(
        b.Commit({{}, {Put("a", "1"), Delete("a"), Delete("a"), Put("a", "2")}})
            .kind == Kind::kApplied);
  }
  CHECK(b.Value("a") == "2");
  CHECK(b.engine->Get("a")->created == 2);
  b.world.Until([&] { return diary.lines.size() >= 3; });
  CHECK(diary.lines == Keys{"2 put a=1@1", "2 deleted a", "2 put a=2@2"});
}

TEMPLATE_TEST_CASE("store: transactions handed over together see each other",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  const std::vector<Outcome> got = b.world.CommitAll(
      *b.engine, {{{Absent("a")}, {Put("a", "1")}},
                  {{Absent("a")}, {Put("a", "2")}},
                  {{ModifiedAt("a", 1)}, {Put("a", "3"), Put("b", "3")}},
                  {{ValueIs("b", "3")}, {Delete("a")}},
                  {{Absent("a"), ModifiedAt("b", 2)}, {Put("c", "5")}}});
  std::vector<std::pair<Kind, Revision>> seen;
  for (const Outcome& o : got) seen.emplace_back(o.kind, o.revision);
  const std::vector<std::pair<Kind, Revision>> expected = {{Kind::kApplied, 1},
                                                           {Kind::kRefused, 1},
                                                           {Kind::kApplied, 2},
                                                           {Kind::kApplied, 3},
                                                           {Kind::kApplied, 4}};
  CHECK(seen == expected);
  CHECK(b.All() == Keys{"b", "c"});
}

TEMPLATE_TEST_CASE("store: answers come in order, after Commit has returned",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  std::vector<int> order;
  bool inside = false;
  for (int i = 0; i < 200; ++i) {
    Transaction txn;
    if (i % 3 == 1) txn.conditions.push_back(Present("none"));
    const bool too_big = i % 3 == 2;
    txn.operations.push_back(Put(
        "k", std::string(too_big ? base::kMaxStoreValueBytes + 1 : 1, 'x')));
    inside = true;
    b.engine->Commit(std::move(txn), [&, i](Outcome) {
      CHECK_FALSE(inside);
      order.push_back(i);
    });
    inside = false;
  }
  b.world.Until([&] { return order.size() == 200; });
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEMPLATE_TEST_CASE("store: a read sees all that was answered as applied",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    b.engine->Commit({{}, {Put(absl::StrCat("k", i), "v")}}, [&, i](Outcome o) {
      CHECK(b.engine->Get(absl::StrCat("k", i)).ok());
      CHECK(b.engine->Range("", "", 1)->revision >= o.revision);
      ++done;
    });
  }
  b.world.Until([&] { return done == 50; });
}

TEMPLATE_TEST_CASE("store: keys and values are any bytes", "[store]", ENGINES) {
  Bench<TestType> b;
  const std::string nul("\0", 1), nuls("a\0b", 3), high("\xff\xff");
  for (const std::string& key : {high, nuls, nul, std::string("a")}) {
    CHECK(b.Put(key, key).kind == Kind::kApplied);
  }
  b.Put("empty", "");
  CHECK(b.All() == Keys{nul, "a", nuls, "empty", high});
  CHECK(b.Value(nuls) == nuls);
  CHECK(b.Value("empty") == "");
  CHECK(b.Holds(ValueIs(high, high)));
  CHECK(b.Holds(ValueIs(nul, nul)));
  CHECK_FALSE(b.Holds(ValueIs(nul, "")));
}

TEMPLATE_TEST_CASE("store: ranges are half open, ordered and limited",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  for (const char* key : {"d", "b", "a", "c", "b/1", "b/2"}) b.Put(key, "");
  Engine& e = *b.engine;
  CHECK(KeysOf(*e.Range("b", "d", 0)) == Keys{"b", "b/1", "b/2", "c"});
  CHECK(KeysOf(*e.Range("b/", PrefixEnd("b/"), 0)) == Keys{"b/1", "b/2"});
  CHECK(KeysOf(*e.Range("c", "", 0)) == Keys{"c", "d"});
  CHECK(e.Range("d", "b", 0)->entries.empty());
  CHECK(e.Range("e", "", 0)->entries.empty());
  CHECK_FALSE(e.Range("", "", 6)->more);
  CHECK_FALSE(e.Range("b", "d", 4)->more);
  const RangeResult cut = *e.Range("b", "d", 3);
  CHECK(cut.more);
  CHECK(cut.revision == 6);
  CHECK(KeysOf(cut) == Keys{"b", "b/1", "b/2"});
}

TEMPLATE_TEST_CASE("store: the limits hold to the byte", "[store]", ENGINES) {
  Bench<TestType> b;
  const auto many = [](size_t n) {
    Transaction txn;
    for (size_t i = 0; i < n; ++i) {
      txn.conditions.push_back(Absent(absl::StrCat("c", i)));
      txn.operations.push_back(Put(absl::StrCat("k", i), "v"));
    }
    return txn;
  };
  CHECK(b.Commit(many(120)).kind == Kind::kApplied);
  CHECK(b.All().size() == 120);
  const auto refused = [&](Transaction txn, absl::string_view word) {
    const Outcome o = b.Commit(std::move(txn));
    CHECK(o.kind == Kind::kRefused);
    CHECK(absl::IsInvalidArgument(o.why));
    CHECK_THAT(std::string(o.why.message()),
               Catch::Contains(std::string(word)));
  };
  Transaction operations = many(121);
  operations.conditions.clear();
  refused(operations, "121 operations");
  Transaction conditions = many(121);
  conditions.operations.clear();
  refused(conditions, "121 conditions");

  const std::string key(base::kMaxStoreKeyBytes, 'k');
  const std::string value(base::kMaxStoreValueBytes, 'v');
  CHECK(b.Put(key, value).kind == Kind::kApplied);
  CHECK(b.Value(key) == value);
  refused({{}, {Put(key + "k", "")}}, "a key of 1025 bytes");
  refused({{}, {Put("k", value + "v")}}, "a value of 524289 bytes");
  refused({{Absent(key + "k")}, {}}, "a key of 1025 bytes");
  refused({{}, {Put("", "v")}}, "an empty key");

  const std::string rest(base::kMaxStoreValueBytes - 2, 'r');
  CHECK(b.Commit({{}, {Put("a", value), Put("b", rest)}}).kind ==
        Kind::kApplied);
  refused({{}, {Put("a", value), Put("b", rest + "r")}}, "1048577 bytes");
  CHECK(b.engine->Status()->revision == 3);
}

TEMPLATE_TEST_CASE("store: a watch from any revision sees all that follows",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  const Keys all = {"1 put a/1=x@1",  "2 put b/1=y@2", "3 put a/1=z@1",
                    "4 deleted a/1",  "5 put a/2=q@5", "5 put b/2=q@5",
                    "6 put a/1=new@6"};
  b.Put("a/1", "x");
  b.Put("b/1", "y");
  b.Put("a/1", "z");
  b.Commit({{}, {Delete("a/1")}});
  b.Commit({{}, {Put("a/2", "q"), Put("b/2", "q")}});
  b.Put("a/1", "new");
  const auto after = [&](Revision from, absl::string_view word) {
    Keys lines;
    for (const std::string& line : all) {
      if (line[0] - '0' > from && absl::StrContains(line, word)) {
        lines.push_back(line);
      }
    }
    return lines;
  };
  std::vector<Diary> diaries(14);
  for (Revision from = 0; from < 7; ++from) {
    b.engine->Watch("", from, diaries[from].Writer());
    b.engine->Watch("a/", from, diaries[7 + from].Writer());
    CHECK(diaries[from].lines.empty());
  }
  // One more change while they may still be reading the past.
  b.Put("a/9", "last");
  b.world.Until([&] {
    for (const Diary& d : diaries) {
      if (d.lines.empty() || d.lines.back() != "7 put a/9=last@7") return false;
    }
    return true;
  });
  for (Revision from = 0; from < 7; ++from) {
    Keys expected = after(from, ""), of_a = after(from, " a/");
    // "5 put b/2" is of the same transaction as "5 put a/2".
    for (Keys* keys : {&expected, &of_a}) keys->push_back("7 put a/9=last@7");
    CHECK(diaries[from].lines == expected);
    CHECK(diaries[7 + from].lines == of_a);
  }
}

TEMPLATE_TEST_CASE("store: a watch begun amid writes misses and repeats none",
                   "[store]", ENGINES) {
  Bench<TestType> b;
  std::vector<std::vector<Revision>> seen(20);
  int done = 0;
  for (int i = 0; i < 400; ++i) {
    b.engine->Commit(
        {{}, {Put(absl::StrCat("k", i % 7), std::string(50, 'x'))}},
        [&](Outcome) { ++done; });
    if (i % 20 == 10) {
      auto& mine = seen[i / 20];
      b.engine->Watch("k", 0,
                      [&mine](WatchBatch w) { mine.push_back(w.revision); });
    }
    if (i % 31 == 0) b.world.Until([&] { return done > i - 10; });
  }
  b.world.Until([&] {
    for (const auto& s : seen) {
      if (s.size() < 400) return false;
    }
    return true;
  });
  for (const auto& s : seen) {
    REQUIRE(s.size() == 400);
    for (Revision r = 1; r <= 400; ++r) CHECK(s[r - 1] == r);
  }
}

TEMPLATE_TEST_CASE("store: a watch that was taken away is silent", "[store]",
                   ENGINES) {
  Bench<TestType> b;
  Diary gone, stays;
  const int64_t watch = b.engine->Watch("", 0, gone.Writer());
  b.Put("a", "1");
  // The batch may be under way already.
  b.engine->Unwatch(watch);
  const size_t before = gone.lines.size();
  b.engine->Watch("", 0, stays.Writer());
  b.Put("b", "2");
  b.world.Until([&] { return stays.lines.size() == 2; });
  CHECK(gone.lines.size() == before);
}

TEMPLATE_TEST_CASE("store: a watch of the future waits for it", "[store]",
                   ENGINES) {
  Bench<TestType> b;
  Diary diary;
  b.engine->Watch("", 2, diary.Writer());
  b.Put("a", "1");
  b.Put("a", "2");
  b.Put("a", "3");
  b.world.Until([&] { return !diary.lines.empty(); });
  CHECK(diary.lines == Keys{"3 put a=3@1"});
}

TEMPLATE_TEST_CASE("store: a watch of what was compacted is told so", "[store]",
                   ENGINES) {
  Bench<TestType> b;
  for (int i = 1; i <= 6; ++i) b.Put("a", absl::StrCat(i));
  CHECK(absl::IsInvalidArgument(b.engine->Compact(7)));
  REQUIRE(b.engine->Compact(4).ok());
  REQUIRE(b.engine->Compact(2).ok());  // nothing more to forget
  CHECK(b.Value("a") == "6");
  CHECK(b.engine->Get("a")->created == 1);
  Diary early, just, late;
  b.engine->Watch("", 3, early.Writer());
  b.engine->Watch("", 4, just.Writer());
  b.engine->Watch("", 5, late.Writer());
  b.Put("a", "7");
  b.world.Until([&] {
    return !early.lines.empty() && just.lines.size() == 3 &&
           late.lines.size() == 2;
  });
  CHECK(early.lines == Keys{"compacted 5"});
  CHECK(just.lines == Keys{"5 put a=5@1", "6 put a=6@1", "7 put a=7@1"});
  CHECK(late.lines == Keys{"6 put a=6@1", "7 put a=7@1"});
  // All of it, and the revision goes on from where it was.
  REQUIRE(b.engine->Compact(7).ok());
  CHECK(b.engine->Status()->revision == 7);
  CHECK(b.Put("b", "").revision == 8);
  CHECK(early.lines.size() == 1);
}

TEMPLATE_TEST_CASE("store: entries go with their lease", "[store]", ENGINES) {
  Bench<TestType> b;
  Engine& e = *b.engine;
  CHECK(absl::IsInvalidArgument(e.MakeLease(absl::ZeroDuration()).status()));
  const Lease lease = *e.MakeLease(absl::Seconds(10));
  const Lease other = *e.MakeLease(absl::Seconds(100));
  CHECK(b.Put("a", "1", lease).kind == Kind::kApplied);
  b.Put("b", "1", lease);
  b.Put("c", "1", other);
  b.Put("d", "1");
  CHECK(e.Get("a")->lease == lease);
  b.Put("b", "2");  // no longer bound
  Diary diary;
  e.Watch("", 5, diary.Writer());
  b.world.Pass(absl::Seconds(6));
  CHECK(e.KeepAlive(lease).ok());
  b.world.Pass(absl::Seconds(9));
  b.Put("x", "");  // behind whatever the lease's end led to
  CHECK(b.All() == Keys{"a", "b", "c", "d", "x"});
  b.world.Pass(absl::Seconds(1));
  CHECK(b.Put("y", "").revision == 8);
  CHECK(b.All() == Keys{"b", "c", "d", "x", "y"});
  CHECK(absl::IsNotFound(e.KeepAlive(lease)));
  CHECK(absl::IsNotFound(e.Revoke(lease)));
  const Outcome late = b.Put("z", "", lease);
  CHECK(late.kind == Kind::kRefused);
  CHECK(absl::IsNotFound(late.why));
  REQUIRE(e.Revoke(other).ok());
  CHECK(b.All() == Keys{"b", "d", "x", "y"});
  // A lease without entries ends without a trace.
  REQUIRE(e.Revoke(*e.MakeLease(absl::Seconds(1))).ok());
  CHECK(e.Status()->revision == 9);
  b.world.Until([&] { return diary.lines.size() == 4; });
  CHECK(diary.lines ==
        Keys{"6 put x=@6", "7 deleted a", "8 put y=@8", "9 deleted c"});
}

TEMPLATE_TEST_CASE("store: an engine that is destroyed calls nobody", "[store]",
                   ENGINES) {
  Bench<TestType> b;
  int calls = 0;
  b.engine->Watch("", 0, [&](WatchBatch) { ++calls; });
  const Lease lease = *b.engine->MakeLease(absl::Seconds(1));
  b.engine->Commit({{}, {Put("a", "", lease)}}, [&](Outcome) { ++calls; });
  b.engine = nullptr;
  b.world.Pass(absl::Seconds(5));
  bool reached = false;
  b.world.surroundings().post([&] { reached = true; });
  b.world.Until([&] { return reached; });
  CHECK(calls == 0);
}

TEST_CASE("store: the end of a prefix is the first key behind it", "[store]") {
  CHECK(PrefixEnd("a") == "b");
  CHECK(PrefixEnd("a/") == "a0");
  CHECK(PrefixEnd("a\xff") == "b");
  CHECK(PrefixEnd("a\xff\xff") == "b");
  CHECK(PrefixEnd("\xff\xff") == "");
  CHECK(PrefixEnd("") == "");
  CHECK(PrefixEnd(absl::string_view("a\0", 2)) == "a\x01");
  CHECK(PrefixEnd("\x7f") == "\x80");
}

}  // namespace
}  // namespace store
