// Who waits for whom: after, needs, gates, readiness, health and limits.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

#include "world.h"

namespace isinit {
namespace {

using std::string;

string History(const World& w) { return absl::StrJoin(w.history, ", "); }

Entry Service(const string& tag) { return Line("g", tag, "1", Mode::kRespawn); }
Entry After(const string& tag, const string& first) {
  Entry e = Service(tag);
  e.attributes.after = {first};
  return e;
}
Entry Needs(const string& tag, const string& need) {
  Entry e = Service(tag);
  e.attributes.needs = {need};
  return e;
}
Entry Notifies(const string& tag) {
  Entry e = Service(tag);
  e.attributes.ready.kind = Readiness::Kind::kNotify;
  return e;
}

TEST_CASE("isinit: after waits until the other is ready", "[isinit]") {
  World w;
  w.programs["a"] = {.ready = absl::Seconds(3)};
  w.Load({After("b", "a"), Notifies("a"), Service("c")});
  w.Tell("g", "1", 1);
  CHECK(History(w) == "start a, start c");
  CHECK(w.State("a") == EntryState::kStarting);
  CHECK(w.View("b").why == "waits for a");
  w.Pass(absl::Seconds(2.9));
  CHECK(w.Group("g").state == GroupState::kStarting);
  w.Pass(absl::Seconds(0.2));
  CHECK(w.State("a") == EntryState::kUp);
  CHECK(History(w) == "start a, start c, start b");
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  // It is about the start alone.
  w.End("a", {0, 9});
  w.Drain();
  CHECK(w.Starts("b") == 1);
}

TEST_CASE("isinit: what came after another stops before it", "[isinit]") {
  World w;
  w.programs["b"] = {.dying = absl::Seconds(2)};
  w.Load({After("b", "a"), Service("a"), Service("c")});
  w.Tell("g", "1");
  w.history.clear();
  w.Tell("g", "2", 1);
  CHECK(History(w) == "stop c, stop b");
  w.Pass(absl::Seconds(3));
  CHECK(History(w) == "stop c, stop b, stop a");
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE(
    "isinit: what is not ready in time is started again, under the "
    "throttle",
    "[isinit]") {
  World w;
  Entry a = Notifies("a");
  a.attributes.ready_timeout = absl::Seconds(1);
  w.Load({a, After("b", "a")});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(9));
  CHECK(w.Starts("a") == 5);
  CHECK(w.State("a") == EntryState::kPaused);
  CHECK(w.View("a").why == "not ready after 1s");
  CHECK(w.Starts("b") == 0);
  w.programs["a"] = {.ready = absl::Milliseconds(1)};
  w.Pass(absl::Seconds(60));
  CHECK(w.State("a") == EntryState::kUp);
  CHECK(w.MainAlive("b"));
}

TEST_CASE("isinit: who needs another runs while that is up", "[isinit]") {
  World w;
  w.programs["a"] = {.ready = absl::Seconds(1)};
  w.Load({Notifies("a"), Needs("b", "a"), Needs("c", "b")});
  w.Tell("g", "1");
  CHECK(History(w) == "start a");
  w.Pass(absl::Seconds(2));
  CHECK(History(w) == "start a, start b, start c");

  SECTION("it stops when that dies, and comes back with it") {
    w.history.clear();
    w.End("a", {0, 9});
    w.Drain();
    CHECK(w.MainAlive("a"));
    CHECK(w.Alive("b") == 0);
    CHECK(w.Alive("c") == 0);
    CHECK(w.View("b").why == "needs a");
    w.Pass(absl::Seconds(2));
    CHECK(History(w) == "start a, stop c, stop b, start b, start c");
  }
  SECTION("it stops before that is stopped") {
    w.history.clear();
    w.programs["c"].dying = absl::Seconds(1);
    w.Operate(Operate::Verb::kRestart, "c");
    w.history.clear();
    w.Operate(Operate::Verb::kStop, "a", 1);
    CHECK(History(w) == "stop c");
    CHECK(w.State("a") == EntryState::kUp);
    w.Pass(absl::Seconds(2));
    CHECK(History(w) == "stop c, stop b, stop a");
    CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
    CHECK(w.Group("g").state == GroupState::kUp);
    w.Tell("g", "1", 2);
    w.Pass(absl::Seconds(2));
    CHECK(w.MainAlive("c"));
    CHECK(w.LastWord(2)->kind == Answer::Kind::kDone);
  }
}

TEST_CASE("isinit: who needs what has given up holds up nobody", "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::Seconds(1)};
  Entry a = Service("a");
  a.attributes.max_restarts = 0;
  Entry b = Needs("b", "a");
  b.mode = Mode::kWait;
  a.attributes.ready.kind = Readiness::Kind::kNotify;
  w.Load({a, b, Service("c")});
  w.Tell("g", "1", 1);
  CHECK(w.Starts("c") == 0);
  w.Pass(absl::Seconds(2));
  CHECK(w.State("a") == EntryState::kGivenUp);
  CHECK(w.Starts("b") == 0);
  CHECK(w.MainAlive("c"));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: who needs a wait starts if that has succeeded", "[isinit]") {
  World w;
  int code = 0;
  SECTION("it has") { code = 0; }
  SECTION("it has not") { code = 1; }
  w.programs["a"] = {.lasts = absl::Seconds(1), .end = {code, 0}};
  w.Load({Line("g", "a", "1", Mode::kWait), Needs("b", "a"), Service("c")});
  w.Tell("g", "1", 1);
  w.Pass(absl::Seconds(2));
  CHECK(w.MainAlive("b") == (code == 0));
  CHECK(w.MainAlive("c"));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: what a finished entry left behind needs nothing any more",
          "[isinit]") {
  World w;
  w.programs["b"] = {.lasts = absl::Seconds(1),
                     .leaves = absl::InfiniteDuration()};
  Entry b = Line("g", "b", "12", Mode::kOnce);
  b.attributes.needs = {"a"};
  w.Load({Service("a"), b});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(2));
  w.Tell("g", "2", 1);
  CHECK(w.Alive("a") == 0);
  CHECK(w.Alive("b") == 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: an entry may need a level of another group", "[isinit]") {
  World w;
  Entry app = Line("app", "b", "1", Mode::kRespawn);
  app.attributes.needs_groups = {{"g", "1"}};
  w.programs["b"] = {.dying = absl::Seconds(1)};
  w.Load({Service("a"), Line("g", "a2", "2", Mode::kRespawn), app});
  w.Tell("app", "1", 1);
  CHECK(w.Starts("b") == 0);
  CHECK(w.Group("app").state == GroupState::kStarting);
  w.Tell("g", "1");
  CHECK(w.MainAlive("b"));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  SECTION("that is left") {
    w.Tell("g", "2");
    w.Pass(absl::Seconds(2));
    CHECK(w.Alive("b") == 0);
    CHECK(w.Group("app").state == GroupState::kUp);
    w.Tell("g", "1");
    CHECK(w.MainAlive("b"));
  }
  SECTION("that is told again") {
    w.Tell("g", "1");
    CHECK(w.Starts("b") == 1);
    CHECK(w.MainAlive("b"));
  }
  SECTION("a halt stops it first") {
    w.history.clear();
    w.On(Halt{});
    CHECK(History(w) == "stop b");
    w.Pass(absl::Seconds(2));
    CHECK(History(w) == "stop b, stop a");
    CHECK(w.left().has_value());
  }
}

TEST_CASE("isinit: a gate whose test fails ends the level there", "[isinit]") {
  World w;
  w.programs["t"] = {.lasts = absl::Seconds(1), .end = {1, 0}};
  Entry t = Line("g", "t", "1", Mode::kTest);
  t.attributes.gate = true;
  w.Load({Service("a"), t, Service("b"), After("c", "b")});
  w.Tell("g", "1", 1);
  w.Pass(absl::Seconds(2));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kTestFailed);
  CHECK(w.Group("g").state == GroupState::kFailed);
  CHECK(History(w) == "start a, start t");
  w.Tell("g", "1", 2);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kTestFailed);
  CHECK(History(w) == "start a, start t");
  w.programs["t"] = {.lasts = absl::Seconds(1)};
  w.Tell("g", "1", 3, /*again=*/true);
  w.Pass(absl::Seconds(2));
  CHECK(w.LastWord(3)->kind == Answer::Kind::kDone);
  CHECK(History(w) == "start a, start t, start t, start b, start c");
}

TEST_CASE("isinit: one that is still being stopped waits for its turn again",
          "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(2)};
  w.programs["t"] = {.lasts = absl::Seconds(9)};
  w.Load(
      {Line("g", "t", "2", Mode::kTest), Line("g", "a", "12", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Tell("g", "3");
  w.Tell("g", "1");
  w.Tell("g", "2");
  w.Pass(absl::Seconds(5));
  CHECK(w.MainAlive("t"));
  CHECK_FALSE(w.MainAlive("a"));
  w.Pass(absl::Seconds(5));
  CHECK(w.MainAlive("a"));
}

TEST_CASE("isinit: who waits for one behind a closed gate holds up nobody",
          "[isinit]") {
  World w;
  w.programs["t"] = {.lasts = absl::Seconds(1), .end = {1, 0}};
  Entry t = Line("g", "t", "1", Mode::kTest);
  t.attributes.gate = true;
  w.Load({Needs("a", "b"), t, Service("b")});
  w.Tell("g", "1", 1);
  w.Pass(absl::Seconds(2));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kTestFailed);
  CHECK(w.Starts("a") == 0);
}

TEST_CASE("isinit: parallel limits simultaneous starts", "[isinit]") {
  World w;
  w.program = [](const Entry&) { return Program{.ready = absl::Seconds(1)}; };
  auto table = TableOf({Notifies("a"), Notifies("b"), Notifies("c"),
                        Notifies("d"), Notifies("e")});
  table->parallel = 2;
  w.On(NewTable{table});
  w.Tell("g", "1", 1);
  CHECK(History(w) == "start a, start b");
  w.Pass(absl::Seconds(1.5));
  CHECK(History(w) == "start a, start b, start c, start d");
  // One that comes back does not wait in line.
  w.End("a", {0, 9});
  w.Drain();
  CHECK(w.Starts("a") == 2);
  w.Pass(absl::Seconds(1.6));
  CHECK(w.Starts("e") == 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: a lazy entry starts when somebody connects", "[isinit]") {
  World w;
  Entry a = Service("a");
  a.attributes.lazy = true;
  w.Load({a, Needs("b", "a")});
  w.On(Wanted{"a"});
  CHECK(w.Starts("a") == 0);
  w.Tell("g", "1", 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(History(w) == "start b");
  CHECK(w.View("a").why == "waits for a first connection");
  w.On(Wanted{"a"});
  CHECK(History(w) == "start b, start a");
  w.End("a", {0, 9});
  w.Drain();
  CHECK(w.MainAlive("a"));
  w.Tell("g", "2");
  w.Tell("g", "1");
  CHECK_FALSE(w.MainAlive("a"));
}

TEST_CASE("isinit: ready=exit is a program that ends well", "[isinit]") {
  World w;
  Entry a = Line("g", "a", "1", Mode::kOnce);
  a.attributes.ready.kind = Readiness::Kind::kExit;
  w.programs["a"] = {.lasts = absl::Seconds(2)};
  SECTION("of a once") {
    w.Load({a, After("b", "a")});
    w.Tell("g", "1");
    CHECK(w.Starts("b") == 0);
    w.Pass(absl::Seconds(3));
    CHECK(w.State("a") == EntryState::kFinished);
  }
  SECTION("of a forking one, whose first process that is") {
    a.mode = Mode::kRespawn;
    a.attributes.forking = true;
    w.programs["a"].leaves = absl::InfiniteDuration();
    w.Load({a, After("b", "a")});
    w.Tell("g", "1");
    CHECK(w.Starts("b") == 0);
    w.Pass(absl::Seconds(3));
    CHECK(w.State("a") == EntryState::kUp);
  }
  CHECK(w.MainAlive("b"));
}

// --- health ------------------------------------------------------------------

TEST_CASE("isinit: on-unhealthy says what follows a failed health check",
          "[isinit]") {
  using Kind = Consequence::Kind;
  World w;
  Entry a = Service("a");
  const auto fail = [&](Consequence what) {
    a.attributes.health.unhealthy = what;
    w.Load({a, Service("b"), Line("g", "c", "2", Mode::kRespawn)});
    w.Tell("g", "1");
    w.On(HealthFailed{w.View("a").run, "timed out"});
  };
  SECTION("notify shows it") {
    fail({});
    CHECK(w.View("a").unhealthy);
    CHECK(w.View("a").why == "timed out");
    CHECK(w.Group("g").degraded);
    w.On(HealthFailed{w.View("a").run, "timed out"});
    CHECK(w.Notes("entry.unhealthy") == 1);
    w.On(HealthPassed{w.View("a").run});
    CHECK_FALSE(w.Group("g").degraded);
  }
  SECTION("restart") {
    fail({.kind = Kind::kRestart});
    CHECK(History(w) == "start a, start b, stop a, start a");
    CHECK_FALSE(w.View("a").unhealthy);
  }
  SECTION("restart is throttled") {
    fail({.kind = Kind::kRestart});
    for (int n = 0; n < 10; n++) {
      w.On(HealthFailed{w.View("a").run, "timed out"});
    }
    CHECK(w.Starts("a") == 5);
    CHECK(w.State("a") == EntryState::kPaused);
  }
  SECTION("stop-group") {
    fail({.kind = Kind::kStopGroup});
    CHECK(w.alive() == 0);
    CHECK(w.Group("g").state == GroupState::kIdle);
  }
  SECTION("level") {
    fail({.kind = Kind::kLevel, .level = "2"});
    CHECK(w.MainAlive("c"));
    CHECK_FALSE(w.MainAlive("a"));
  }
  SECTION("exit") {
    fail({.kind = Kind::kExit});
    REQUIRE(w.left().has_value());
    CHECK(w.left()->code == 143);
  }
}

TEST_CASE("isinit: a test that is looked at again decides again", "[isinit]") {
  World w;
  w.programs["t"] = {.lasts = absl::Seconds(1)};
  w.Load({Line("g", "t", "1", Mode::kTest), Service("a")});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(2));
  CHECK(w.Group("g").state == GroupState::kUp);
  w.programs["t"].end = {1, 0};
  w.On(HealthFailed{w.View("t").run, "exit code 1"});
  CHECK(w.Starts("t") == 2);
  w.Pass(absl::Seconds(2));
  CHECK(w.Group("g").state == GroupState::kFailed);
  CHECK(w.Starts("a") == 1);
}

TEST_CASE("isinit: news of an older run is no news", "[isinit]") {
  World w;
  w.Load({Service("a")});
  w.Tell("g", "1");
  const Run old = w.View("a").run;
  w.End("a", {0, 9});
  w.Drain();
  w.On(HealthFailed{old, "timed out"});
  w.On(Ended{old, {1, 0}});
  w.On(Empty{"a"});
  w.On(NotStarted{old, "?"});
  CHECK(w.State("a") == EntryState::kUp);
  CHECK(w.Starts("a") == 2);
}

}  // namespace
}  // namespace isinit
