// Operators, other tables, and a server that comes after another.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

#include "world.h"

namespace isinit {
namespace {

using std::string;
using Verb = Operate::Verb;

string History(const World& w) { return absl::StrJoin(w.history, ", "); }
Entry Service(const string& tag) { return Line("g", tag, "1", Mode::kRespawn); }

// --- operators ---------------------------------------------------------------

TEST_CASE("isinit: what is stopped by hand stays so until the next tell",
          "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(1)};
  w.Load({Service("a"), Service("b")});
  w.Tell("g", "1");
  w.Operate(Verb::kStop, "a", 1);
  CHECK_FALSE(w.LastWord(1).has_value());
  w.Pass(absl::Seconds(60));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.Alive("a") == 0);
  CHECK(w.View("a").by_hand);
  CHECK(w.Group("g").state == GroupState::kUp);
  w.Load({Service("a"), Service("b"), Service("c")});
  CHECK(w.Alive("a") == 0);
  CHECK(w.MainAlive("c"));
  w.Tell("g", "1");
  CHECK(w.MainAlive("a"));
  CHECK_FALSE(w.View("a").by_hand);
}

TEST_CASE("isinit: who waits for what a failed test shuts out is told so",
          "[isinit]") {
  World w;
  w.programs["t"] = {.lasts = absl::Seconds(9), .end = {1, 0}};
  Entry t = Line("g", "t", "1", Mode::kTest);
  t.attributes.gate = true;
  Entry never_ready = Service("a");
  never_ready.attributes.ready.kind = Readiness::Kind::kNotify;
  never_ready.attributes.ready_timeout = absl::Seconds(2);
  w.Load({t, never_ready});
  w.Operate(Verb::kStart, "a", 1);
  w.Tell("g", "1");
  w.Pass(absl::Seconds(8));
  CHECK(w.Alive("a") == 0);
  CHECK_FALSE(w.LastWord(1).has_value());
  w.Pass(absl::Seconds(2));
  REQUIRE(w.LastWord(1).has_value());
  CHECK(w.LastWord(1)->kind == Answer::Kind::kRefused);
  CHECK(w.LastWord(1)->text == "a test in front of a failed");
}

TEST_CASE("isinit: who waits for one that moves on to a third group is told so",
          "[isinit]") {
  World w;
  w.programs["a"] = {.deaf = true};
  const auto in = [](const char* group) {
    return Line(group, "a", "1", Mode::kRespawn);
  };
  w.Load({in("g")});
  w.Tell("g", "1");
  w.Load({in("h"), Service("b")});
  w.Operate(Verb::kStart, "a", 1);
  CHECK_FALSE(w.LastWord(1).has_value());
  w.Load({in("i"), Service("b")});
  REQUIRE(w.LastWord(1).has_value());
  CHECK(w.LastWord(1)->kind == Answer::Kind::kSuperseded);
}

TEST_CASE("isinit: a wait that is stopped by hand holds up nobody",
          "[isinit]") {
  World w;
  w.Load({Line("g", "a", "1", Mode::kWait), Service("b")});
  w.Tell("g", "1", 1);
  CHECK(w.Starts("b") == 0);
  w.Operate(Verb::kStop, "a");
  CHECK(w.MainAlive("b"));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: what is started by hand runs until the next tell",
          "[isinit]") {
  World w;
  w.Load({Service("a"), Line("g", "b", "2", Mode::kRespawn)});
  w.Operate(Verb::kStart, "b", 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.View("b").by_hand);
  w.End("b", {1, 0});
  w.Drain();
  CHECK(w.MainAlive("b"));
  w.Tell("g", "1");
  CHECK(w.Alive("b") == 0);
  CHECK(w.MainAlive("a"));
  SECTION("and on, when that is for it") {
    w.Operate(Verb::kStart, "b", 2);
    w.Tell("g", "2");
    CHECK(w.MainAlive("b"));
    CHECK(w.Starts("b") == 3);
    CHECK_FALSE(w.View("b").by_hand);
  }
}

TEST_CASE("isinit: a restart ends a pause, and the throttle forgets",
          "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::Milliseconds(1)};
  w.Load({Service("a")});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  REQUIRE(w.State("a") == EntryState::kPaused);
  w.programs["a"] = {};
  w.Operate(Verb::kRestart, "a", 1);
  CHECK(w.State("a") == EntryState::kUp);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  for (int n = 0; n < 10; n++) w.Operate(Verb::kRestart, "a");
  CHECK(w.State("a") == EntryState::kUp);
  CHECK(w.Starts("a") == 16);
}

TEST_CASE("isinit: a restart stops the whole tree first", "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::Seconds(1),
                     .leaves = absl::InfiniteDuration()};
  w.Load({Line("g", "a", "1", Mode::kOnce)});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(2));
  w.Operate(Verb::kRestart, "a", 1);
  CHECK(History(w) == "start a, stop a, start a");
  CHECK(w.Alive("a") == 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: a start that fails says why", "[isinit]") {
  World w;
  w.programs["a"] = {.starts = false};
  w.Load({Service("a")});
  w.Operate(Verb::kStart, "a", 1);
  REQUIRE(w.LastWord(1).has_value());
  CHECK(w.LastWord(1)->kind == Answer::Kind::kRefused);
  CHECK(w.LastWord(1)->text == "a does not run: No such file or directory");
}

TEST_CASE("isinit: operators hear what cannot be", "[isinit]") {
  World w;
  Entry b = Service("b");
  b.attributes.needs = {"a"};
  w.Load({Service("a"), b, Line("g", "o", "1", Mode::kOff)});
  const auto answer = [&](Verb verb, const string& tag) {
    w.Operate(verb, tag, 1);
    return w.LastWord(1)->kind;
  };
  CHECK(answer(Verb::kStart, "x") == Answer::Kind::kNoEntry);
  CHECK(answer(Verb::kStart, "o") == Answer::Kind::kRefused);
  CHECK(answer(Verb::kStart, "b") == Answer::Kind::kRefused);
  CHECK(answer(Verb::kSignal, "a") == Answer::Kind::kRefused);
  CHECK(answer(Verb::kStop, "a") == Answer::Kind::kDone);
  CHECK(answer(Verb::kStart, "a") == Answer::Kind::kDone);
  CHECK(answer(Verb::kStart, "a") == Answer::Kind::kDone);
  CHECK(w.Starts("a") == 1);
  w.On(Operate{Verb::kSignal, "a", 10, 1});
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.history.back() == "signal 10 a");
}

TEST_CASE("isinit: the newest of what operators say counts", "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(5)};
  w.Load({Service("a")});
  w.Tell("g", "1");
  w.Operate(Verb::kStop, "a", 1);
  w.Operate(Verb::kStart, "a", 2);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kSuperseded);
  w.Pass(absl::Seconds(6));
  CHECK(w.LastWord(2)->kind == Answer::Kind::kDone);
  CHECK(w.MainAlive("a"));
  w.Operate(Verb::kRestart, "a", 3);
  w.On(Halt{4});
  CHECK(w.LastWord(3)->kind == Answer::Kind::kSuperseded);
  w.Operate(Verb::kStart, "a", 5);
  CHECK(w.LastWord(5)->kind == Answer::Kind::kRefused);
}

// --- other tables ------------------------------------------------------------

TEST_CASE("isinit: a line that is gone is stopped, then forgotten",
          "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(1)};
  w.Load({Service("a"), Service("b"), Service("c")});
  w.Tell("g", "1");
  w.Operate(Verb::kStop, "c");
  w.Load({Service("b")});
  CHECK(w.State("a") == EntryState::kStopping);
  CHECK(absl::StrJoin(w.forgotten, " ") == "c");
  w.Pass(absl::Seconds(2));
  CHECK(absl::StrJoin(w.forgotten, " ") == "c a");
  CHECK_FALSE(w.s().View("a").has_value());
  CHECK(w.Starts("b") == 1);
  SECTION("with the last of its group, that is forgotten too") {
    w.Load({Line("h", "x", "1", Mode::kRespawn)});
    CHECK(w.s().Groups().size() == 1);
    w.Tell("g", "1", 1);
    CHECK(w.LastWord(1)->kind == Answer::Kind::kNoGroup);
  }
}

TEST_CASE("isinit: a line that comes back while it stops is started again",
          "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(1)};
  w.Load({Service("a"), Service("b")});
  w.Tell("g", "1");
  w.Load({Service("b")});
  w.Load({Service("a"), Service("b")});
  w.Pass(absl::Seconds(2));
  CHECK(w.Starts("a") == 2);
  CHECK(w.MainAlive("a"));
  CHECK(w.forgotten.empty());
}

TEST_CASE("isinit: a changed command starts a respawn again", "[isinit]") {
  World w;
  w.programs["o"] = {.lasts = absl::Seconds(1)};
  Entry a = Service("a"), k = Service("k"),
        o = Line("g", "o", "1", Mode::kOnce);
  k.attributes.keep_on_reload = true;
  w.Load({a, k, o});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(2));
  a.command = k.command = o.command = "/bin/other";
  w.Load({a, k, o});
  CHECK(w.Starts("a") == 2);
  CHECK(w.View("a").entry->command == "/bin/other");
  CHECK(w.Starts("k") == 1);
  CHECK(w.Starts("o") == 1);
  // What the running one is not, the next one is.
  string command;
  w.watch = [&](const Effect& effect) {
    const auto* e = std::get_if<StartEntry>(&effect);
    if (e != nullptr) command = e->entry->command;
  };
  w.End("k", {0, 9});
  w.Drain();
  CHECK(command == "/bin/other");
}

TEST_CASE("isinit: attributes that no process is started with apply at once",
          "[isinit]") {
  World w;
  w.programs["a"] = {.deaf = true};
  Entry a = Service("a");
  w.Load({a});
  w.Tell("g", "1");
  a.attributes.stop_timeout = absl::Seconds(1);
  w.Load({a});
  CHECK(w.Starts("a") == 1);
  w.Tell("g", "2");
  w.Pass(absl::Seconds(1));
  CHECK(w.alive() == 0);
}

TEST_CASE("isinit: levels that are changed apply to the level there is",
          "[isinit]") {
  World w;
  w.Load({Line("g", "a", "1", Mode::kRespawn),
          Line("g", "b", "2", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Load({Line("g", "a", "2", Mode::kRespawn),
          Line("g", "b", "1", Mode::kRespawn)});
  CHECK(History(w) == "start a, stop a, start b");
}

TEST_CASE("isinit: an entry that moves to another group moves when it is gone",
          "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(1)};
  const auto entry = [](const string& group) {
    return Line(group, "a", "1", Mode::kRespawn);
  };
  w.Load({entry("g"), Line("h", "b", "1", Mode::kRespawn), Service("c")});
  w.Tell("g", "1");
  w.Tell("h", "1");
  w.Load({entry("h"), Line("h", "b", "1", Mode::kRespawn), Service("c")});
  CHECK(w.Starts("a") == 1);
  SECTION("there") {
    w.Pass(absl::Seconds(2));
    CHECK(w.Starts("a") == 2);
    CHECK(w.Group("h").entries.size() == 2);
    CHECK(w.Group("g").entries.size() == 1);
    CHECK(w.forgotten.empty());
  }
  SECTION("or back") {
    w.Load({entry("g"), Line("h", "b", "1", Mode::kRespawn), Service("c")});
    w.Pass(absl::Seconds(2));
    CHECK(w.Starts("a") == 2);
    CHECK(w.Group("g").entries.size() == 2);
    CHECK(w.Group("h").entries.size() == 1);
  }
  SECTION("or on") {
    w.Load({entry("i"), Line("h", "b", "1", Mode::kRespawn), Service("c")});
    w.Pass(absl::Seconds(2));
    CHECK(w.Starts("a") == 1);
    w.Tell("i", "1");
    CHECK(w.Starts("a") == 2);
  }
  SECTION("or nowhere, and there after all") {
    w.Load({Line("h", "b", "1", Mode::kRespawn), Service("c")});
    w.Load({entry("h"), Line("h", "b", "1", Mode::kRespawn), Service("c")});
    CHECK(w.Starts("a") == 1);
    w.Pass(absl::Seconds(2));
    CHECK(w.Starts("a") == 2);
    CHECK(w.forgotten.empty());
  }
  SECTION("or nowhere") {
    w.Load({Line("h", "b", "1", Mode::kRespawn), Service("c")});
    w.Pass(absl::Seconds(2));
    CHECK(absl::StrJoin(w.forgotten, " ") == "a");
  }
}

TEST_CASE("isinit 31: a table that goes on being the same changes nothing",
          "[isinit]") {
  World w;
  w.programs["w"] = {.lasts = absl::Seconds(5)};
  w.Load({Service("a"), Line("g", "w", "1", Mode::kWait), Service("b")});
  w.Tell("g", "1", 1);
  w.Load({Service("a"), Line("g", "w", "1", Mode::kWait), Service("b")});
  CHECK(w.Group("g").state == GroupState::kStarting);
  w.Pass(absl::Seconds(6));
  w.Load({Service("a"), Line("g", "w", "1", Mode::kWait), Service("b")});
  CHECK(History(w) == "start a, start w, start b");
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.s()
            .Explain(*TableOf(
                {Service("a"), Line("g", "w", "1", Mode::kWait), Service("b")}))
            .empty());
}

TEST_CASE("isinit: a tell explains what it would do", "[isinit]") {
  World w;
  w.programs["o"] = {.lasts = absl::Seconds(1)};
  w.Load({Service("a"), Line("g", "o", "12", Mode::kOnce),
          Line("g", "k", "12", Mode::kRespawn),
          Line("g", "n", "2", Mode::kOnce)});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(2));
  const auto explain = [&](Tell tell) {
    return absl::StrJoin(w.s().Explain(tell), "; ");
  };
  CHECK(explain({"g", "2"}) ==
        "stop a; leave o: it has finished; keep k: it runs; start n");
  CHECK(explain({"g", "2", true}) ==
        "stop a; start o; keep k: it runs; start n");
  CHECK(explain({"h", "2"}) == "refused: no such group: h");
}

// --- after another -----------------------------------------------------------

TEST_CASE("isinit 35: what still runs is taken over, what died is restarted",
          "[isinit]") {
  World w;
  w.programs["w"] = {.lasts = absl::Seconds(1)};
  Entry c = Service("c");
  c.attributes.needs = {"a"};
  const std::vector<Entry> lines = {Line("g", "w", "1", Mode::kWait), c,
                                    Service("a"), Service("b")};
  w.Load(lines);
  w.Tell("g", "1");
  w.Pass(absl::Seconds(2));
  const int a = w.Pid("a"), b = w.Pid("b"), c_pid = w.Pid("c");
  w.Crash();
  w.End("b", {0, 9});
  CHECK(w.Pid("b") == 0);
  w.Load(lines);
  w.Adopt("c", "1");
  w.Adopt("a", "1");
  w.Tell1(Finished{"w", "1", {}});
  CHECK(w.s().wake_at() == w.now());
  w.Tell("g", "1", 1);
  CHECK(w.Pid("a") == a);
  CHECK(w.Pid("c") == c_pid);
  CHECK(w.Pid("b") != 0);
  CHECK(w.Pid("b") != b);
  CHECK(w.Starts("w") == 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  w.End("a", {0, 9});
  w.Drain();
  CHECK(w.MainAlive("a"));
  CHECK(w.Starts("c") == 2);
}

TEST_CASE("isinit: what was adopted and is not wanted any more is stopped",
          "[isinit]") {
  World w;
  w.Load({Service("a"), Service("b")});
  w.Tell("g", "1");
  w.Crash();
  w.Load({Service("a")});
  w.Adopt("a", "1");
  w.Adopt("b", "1");
  w.On(Woken{});
  CHECK(w.Alive("b") == 0);
  CHECK(absl::StrJoin(w.forgotten, " ") == "b");
  CHECK(w.Starts("a") == 1);
  CHECK(w.Group("g").state == GroupState::kUp);
  w.Tell("g", "2");
  CHECK(w.alive() == 0);
}

}  // namespace
}  // namespace isinit
