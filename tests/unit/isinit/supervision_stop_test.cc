// How often entries start, how they stop, and how everything ends.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

#include "world.h"

namespace isinit {
namespace {

using std::string;

string History(const World& w) { return absl::StrJoin(w.history, ", "); }

// --- how often they start ----------------------------------------------------

TEST_CASE(
    "isinit 21: what dies at once starts five times, and again a minute "
    "later by itself",
    "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::ZeroDuration(), .end = {1, 0}};
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Tell("g", "1", 1);
  w.Pass(absl::Seconds(1));
  CHECK(w.Starts("a") == 5);
  CHECK(w.State("a") == EntryState::kPaused);
  CHECK(w.View("a").next == w.now() + absl::Seconds(59));
  CHECK(w.s().wake_at() == w.View("a").next);
  CHECK(w.Group("g").state == GroupState::kUp);
  CHECK(w.Group("g").degraded);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.Notes("entry.throttled") == 1);
  w.Pass(absl::Seconds(58.9));
  CHECK(w.Starts("a") == 5);
  w.Pass(absl::Seconds(0.2));
  CHECK(w.Starts("a") == 10);
}

TEST_CASE("isinit 22: each entry is throttled by itself", "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::ZeroDuration()};
  w.Load({Line("g", "a", "1", Mode::kRespawn),
          Line("g", "b", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  REQUIRE(w.State("a") == EntryState::kPaused);
  w.End("b", {0, 9});
  w.Drain();
  CHECK(w.MainAlive("b"));
}

TEST_CASE("isinit 23: a slow crash is not throttled", "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::Seconds(3), .end = {1, 0}};
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(60));
  CHECK(w.Starts("a") == 21);
}

TEST_CASE("isinit: a tell of another level and back forgets the throttle",
          "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::ZeroDuration()};
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  REQUIRE(w.State("a") == EntryState::kPaused);
  w.Tell("g", "1");
  CHECK(w.Starts("a") == 5);
  w.Tell("g", "2");
  CHECK(w.State("a") == EntryState::kIdle);
  CHECK(w.s().quiet());
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  CHECK(w.Starts("a") == 10);
}

TEST_CASE("isinit 29: what cannot be executed says why, and is throttled",
          "[isinit]") {
  World w;
  w.programs["a"] = {.starts = false};
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Tell("g", "1", 1);
  CHECK(w.Starts("a") == 5);
  CHECK(w.View("a").why == "No such file or directory");
  CHECK(w.State("a") == EntryState::kPaused);
  CHECK(w.Group("g").state == GroupState::kUp);
  w.programs["a"] = {};
  w.Pass(absl::Seconds(61));
  CHECK(w.MainAlive("a"));
  CHECK(w.View("a").why.empty());
}

TEST_CASE(
    "isinit 39: what could not be forked is tried again, whatever its mode",
    "[isinit]") {
  for (const Mode mode : {Mode::kOnce, Mode::kWait, Mode::kTest}) {
    World w;
    w.programs["a"] = {.starts = false};
    w.Load({Line("g", "a", "1", mode), Line("g", "b", "1", Mode::kOnce)});
    w.Tell("g", "1");
    CHECK(w.Starts("a") == 5);
    CHECK(w.Starts("b") == (Blocks(mode) ? 0 : 1));
    w.programs["a"] = {.lasts = absl::Seconds(1)};
    w.Pass(absl::Seconds(70));
    CHECK(w.Starts("a") == 6);
    CHECK(w.Starts("b") == 1);
    CHECK(w.State("a") == EntryState::kFinished);
  }
}

TEST_CASE("isinit: max-restarts gives up", "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::Seconds(1), .end = {7, 0}};
  Entry a = Line("g", "a", "1", Mode::kRespawn);
  a.attributes.max_restarts = 2;
  const auto give_up = [&](Consequence what) {
    a.attributes.give_up = what;
    w.Load({a, Line("g", "b", "12", Mode::kRespawn),
            Line("g", "c", "2", Mode::kRespawn)});
    w.Tell("g", "1");
    w.Pass(absl::Seconds(10));
    CHECK(w.Starts("a") == 3);
    CHECK(w.Notes("entry.givenup") == 1);
  };
  using Kind = Consequence::Kind;
  SECTION("and that is that") {
    give_up({});
    CHECK(w.State("a") == EntryState::kGivenUp);
    CHECK(w.MainAlive("b"));
    CHECK(w.Group("g").degraded);
    w.Tell("g", "1", 1, /*again=*/true);
    CHECK(w.Starts("a") == 4);
  }
  SECTION("and its group stops") {
    give_up({.kind = Kind::kStopGroup});
    CHECK(w.alive() == 0);
    CHECK(w.Group("g").state == GroupState::kIdle);
    CHECK(w.Group("g").level.empty());
    CHECK(w.s().quiet());
  }
  SECTION("and its group is told a level") {
    give_up({.kind = Kind::kLevel, .level = "2"});
    CHECK(w.Group("g").level == "2");
    CHECK(w.Starts("b") == 1);
    CHECK(w.MainAlive("c"));
  }
  SECTION("and we end with its exit code") {
    a.attributes.exit_codes = {{7, 8}};
    give_up({.kind = Kind::kExit});
    REQUIRE(w.left().has_value());
    CHECK(w.left()->code == 8);
    CHECK_FALSE(w.left()->reboot);
    CHECK(w.alive() == 0);
  }
  SECTION("and the machine starts again") {
    give_up({.kind = Kind::kReboot});
    REQUIRE(w.left().has_value());
    CHECK(w.left()->reboot);
  }
}

TEST_CASE("isinit: levels that send each other on do not go round and round",
          "[isinit]") {
  World w;
  const Program ends_at_once = {.lasts = absl::ZeroDuration()};
  w.programs["a"] = ends_at_once;
  w.programs["b"] = ends_at_once;
  Entry a = Line("g", "a", "1", Mode::kRespawn);
  a.attributes.max_restarts = 0;
  a.attributes.give_up = {.kind = Consequence::Kind::kLevel, .level = "2"};
  Entry b = Line("g", "b", "2", Mode::kRespawn);
  b.attributes.max_restarts = 0;
  b.attributes.give_up = {.kind = Consequence::Kind::kLevel, .level = "1"};
  w.Load({a, b});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(59));
  CHECK(w.Starts("a") + w.Starts("b") < 20);
}

// --- how they stop -----------------------------------------------------------

TEST_CASE(
    "isinit 24: a deaf process is killed when its time is over, and "
    "others are served meanwhile",
    "[isinit]") {
  World w;
  w.programs["a"] = {.deaf = true};
  Entry a = Line("g", "a", "1", Mode::kRespawn);
  absl::Duration limit = absl::Seconds(31);
  SECTION("by default") {}
  SECTION("stop-timeout") {
    limit = absl::Seconds(2);
    a.attributes.stop_timeout = limit;
  }
  w.Load({a, Line("h", "b", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Tell("g", "2", 1);
  CHECK(w.View("a").next == w.now() + limit);
  w.Tell("h", "1", 2);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kDone);
  w.Pass(limit - absl::Milliseconds(1));
  CHECK(w.Alive("a") == 1);
  CHECK(w.State("a") == EntryState::kStopping);
  w.Pass(absl::Milliseconds(1));
  CHECK(w.Alive("a") == 0);
  CHECK(History(w) == "start a, stop a, start b, kill a");
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: a stop signal is followed by CONT, and KILL is repeated",
          "[isinit]") {
  World w;
  w.programs["a"] = {.deaf = true, .survives_kills = 3};
  Entry a = Line("g", "a", "1", Mode::kRespawn);
  a.attributes.stop_signal = 2;
  std::vector<string> signals;
  w.watch = [&](const Effect& effect) {
    const auto* e = std::get_if<SignalTree>(&effect);
    if (e != nullptr) signals.push_back(absl::StrCat(e->signal));
  };
  w.Load({a});
  w.Tell("g", "1");
  w.Tell("g", "2");
  CHECK(absl::StrJoin(signals, " ") == "2 18");
  w.Pass(absl::Seconds(31));
  CHECK(absl::StrJoin(signals, " ") == "2 18 9");
  w.Pass(absl::Seconds(7));
  CHECK(absl::StrJoin(signals, " ") == "2 18 9 9 9 9");
  CHECK(w.alive() == 0);
  CHECK(w.s().wake_at() == absl::InfiniteFuture());
}

TEST_CASE("isinit: a stop command runs in place of the signal", "[isinit]") {
  World w;
  Entry a = Line("g", "a", "1", Mode::kRespawn);
  a.attributes.stop_command = "a --stop";
  std::vector<string> commands;
  w.watch = [&](const Effect& effect) {
    if (const auto* e = std::get_if<RunStopCommand>(&effect)) {
      commands.push_back(e->command);
    }
  };
  w.Load({a});
  w.Tell("g", "1");
  w.Tell("g", "2");
  CHECK(absl::StrJoin(commands, " ") == "a --stop");
  CHECK(w.alive() == 0);
}

TEST_CASE("isinit 25: what a process leaves behind is stopped with its entry",
          "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::Seconds(1),
                     .leaves = absl::InfiniteDuration()};
  SECTION("of a once that has finished") {
    w.Load({Line("g", "a", "1", Mode::kOnce)});
    w.Tell("g", "1");
    w.Pass(absl::Seconds(2));
    CHECK(w.State("a") == EntryState::kFinished);
    CHECK(w.View("a").tree);
  }
  SECTION("of respawns, beside which the next ones run") {
    w.Load({Line("g", "a", "1", Mode::kRespawn)});
    w.Tell("g", "1");
    w.Pass(absl::Seconds(2.5));
    CHECK(w.Starts("a") == 3);
    CHECK(w.Alive("a") == 3);
  }
  w.Tell("g", "0", 1);
  CHECK(w.alive() == 0);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit 26: a forking entry lives while anything of it does",
          "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::Seconds(1), .leaves = absl::Seconds(60)};
  Entry a = Line("g", "a", "1", Mode::kRespawn);
  a.attributes.forking = true;
  w.Load({a});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(50));
  CHECK(w.State("a") == EntryState::kUp);
  CHECK(w.Starts("a") == 1);
  CHECK(w.View("a").pid == 0);
  w.Pass(absl::Seconds(12));
  CHECK(w.Starts("a") == 2);
  w.Pass(absl::Seconds(2));
  w.Tell("g", "0");
  CHECK(w.alive() == 0);
}

TEST_CASE("isinit 28: a finished once gets no signal", "[isinit]") {
  World w;
  w.programs["a"] = {.lasts = absl::Seconds(1)};
  w.Load({Line("g", "a", "1", Mode::kOnce)});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(2));
  w.Tell("g", "2");
  CHECK(History(w) == "start a");
}

TEST_CASE(
    "isinit: a wait or a test that takes too long is stopped, and has "
    "failed",
    "[isinit]") {
  World w;
  // It would end well, and says so when it is stopped.
  w.programs["t"] = {.lasts = absl::Seconds(100), .stopped = {0, 0}};
  Entry t = Line("g", "t", "1", Mode::kTest);
  t.attributes.timeout = absl::Seconds(5);
  w.Load({t, Line("g", "b", "1", Mode::kRespawn)});
  w.Tell("g", "1", 1);
  w.Pass(absl::Seconds(4.9));
  CHECK(w.Starts("b") == 0);
  w.Pass(absl::Seconds(0.2));
  CHECK(w.State("t") == EntryState::kFinished);
  CHECK(w.View("t").why == "not done after 5s");
  CHECK(w.MainAlive("b"));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kTestFailed);
}

// --- the end -----------------------------------------------------------------

TEST_CASE(
    "isinit 27: a halt stops all in the reverse order, and ends when all "
    "are gone",
    "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(2)};
  w.Load({Line("g", "a", "1", Mode::kRespawn),
          Line("h", "b", "1", Mode::kRespawn),
          Line("g", "c", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Tell("h", "1");
  w.history.clear();
  w.On(Halt{1});
  CHECK(History(w) == "stop c, stop b, stop a");
  CHECK(w.Group("g").state == GroupState::kHalting);
  CHECK(w.s().halting());
  CHECK_FALSE(w.left().has_value());
  w.Tell("g", "1", 2);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kRefused);
  w.Pass(absl::Seconds(3));
  REQUIRE(w.left().has_value());
  CHECK(w.left()->code == 0);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.s().wake_at() == absl::InfiniteFuture());
}

TEST_CASE("isinit: a halt with nothing alive is over at once", "[isinit]") {
  World w;
  w.On(Halt{1});
  CHECK(w.left().has_value());
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: a halt takes no longer than halt-timeout", "[isinit]") {
  World w;
  w.programs["a"] = {.deaf = true};
  Entry a = Line("g", "a", "1", Mode::kRespawn);
  a.attributes.stop_timeout = absl::InfiniteDuration();
  w.Load({a, Line("g", "b", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  SECTION("then what is left is killed") {
    w.On(Halt{});
    w.Pass(absl::Seconds(59));
    CHECK(w.Alive("a") == 1);
    CHECK(w.Alive("b") == 0);
    w.Pass(absl::Seconds(1));
    CHECK(w.alive() == 0);
    CHECK(w.left().has_value());
  }
  SECTION("and what cannot be killed is left to the kernel") {
    w.programs["b"] = {.deaf = true, .survives_kills = 1000};
    w.End("b", {0, 0});
    w.Drain();
    w.On(Halt{});
    w.Pass(absl::Seconds(64));
    CHECK_FALSE(w.left().has_value());
    w.Pass(absl::Seconds(1));
    CHECK(w.left().has_value());
    CHECK(w.Notes("halt.incomplete") == 1);
  }
}

TEST_CASE(
    "isinit 42: when the essential entry has ended for good, all ends "
    "with its code",
    "[isinit]") {
  World w;
  Entry a = Line("g", "a", "1", Mode::kOnce);
  a.attributes.essential = true;
  SECTION("a once") {
    w.programs["a"] = {.lasts = absl::Seconds(1), .end = {4, 0}};
  }
  SECTION("a respawn that gives up") {
    a.mode = Mode::kRespawn;
    a.attributes.max_restarts = 1;
    w.programs["a"] = {.lasts = absl::Seconds(1), .end = {4, 0}};
  }
  SECTION("a code that is another") {
    a.attributes.exit_codes = {{137, 4}};
    w.programs["a"] = {.lasts = absl::Seconds(1), .end = {0, 9}};
  }
  w.Load({a, Line("h", "b", "1", Mode::kRespawn)});
  w.Tell("h", "1");
  w.Tell("g", "1");
  w.Pass(absl::Seconds(10));
  REQUIRE(w.left().has_value());
  CHECK(w.left()->code == 4);
  CHECK(w.alive() == 0);
}

TEST_CASE("isinit 41: a halt ends with the code of the essential entry",
          "[isinit]") {
  World w;
  Entry a = Line("g", "a", "1", Mode::kRespawn);
  a.attributes.essential = true;
  SECTION("as it is") {}
  SECTION("as it is mapped") { a.attributes.exit_codes = {{143, 0}}; }
  const int code = a.attributes.exit_codes.empty() ? 143 : 0;
  w.Load({a});
  w.Tell("g", "1");
  w.On(Halt{});
  REQUIRE(w.left().has_value());
  CHECK(w.left()->code == code);
}

}  // namespace
}  // namespace isinit
