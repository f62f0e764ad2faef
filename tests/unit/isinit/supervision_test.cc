// What a tell leads to: levels, their order, who is run again and who is not.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

#include "world.h"

namespace isinit {
namespace {

using std::string;

Program Quick(absl::Duration lasts = absl::Milliseconds(10), int code = 0) {
  return {.lasts = lasts, .end = {code, 0}};
}

string History(const World& w) { return absl::StrJoin(w.history, ", "); }

TEST_CASE(
    "isinit 1: a wait runs once in its level, and again when it is entered "
    "again",
    "[isinit]") {
  World w;
  w.programs["a"] = Quick();
  w.Load({Line("g", "a", "1", Mode::kWait)});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  CHECK(w.Starts("a") == 1);
  CHECK(w.State("a") == EntryState::kFinished);
  w.Tell("g", "2");
  CHECK(w.State("a") == EntryState::kIdle);
  w.Tell("g", "1");
  CHECK(w.Starts("a") == 2);
}

TEST_CASE("isinit 2: a wait holds up its own group alone", "[isinit]") {
  World w;
  w.programs["a"] = Quick(absl::Seconds(5));
  w.Load({Line("g", "a", "3", Mode::kWait), Line("g", "b", "3", Mode::kOnce),
          Line("h", "c", "1", Mode::kRespawn)});
  w.Tell("g", "3", 1);
  w.Tell("h", "1", 2);
  CHECK(w.Group("h").state == GroupState::kUp);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kDone);
  w.Pass(absl::Seconds(4.9));
  CHECK(w.Group("g").state == GroupState::kStarting);
  CHECK_FALSE(w.Group("g").checking);
  CHECK(w.Starts("b") == 0);
  CHECK_FALSE(w.LastWord(1).has_value());
  w.Pass(absl::Seconds(0.2));
  CHECK(w.Group("g").state == GroupState::kUp);
  CHECK(w.Starts("b") == 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit 3: entries start in the order of the table", "[isinit]") {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    World w(seed);
    for (const char* tag : {"z", "a", "m"}) w.programs[tag] = Quick();
    w.Load({Line("g", "z", "1", Mode::kWait), Line("g", "a", "1", Mode::kWait),
            Line("g", "m", "1", Mode::kWait)});
    w.Tell("g", "1");
    w.Pass(absl::Seconds(1));
    CHECK(History(w) == "start z, start a, start m");
  }
}

TEST_CASE("isinit 4: a once is not waited for, nor started again", "[isinit]") {
  World w;
  w.programs["o"] = Quick(absl::Seconds(4));
  w.programs["w"] = Quick(absl::Seconds(2));
  w.Load({Line("g", "o", "1", Mode::kOnce), Line("g", "w", "1", Mode::kWait)});
  w.Tell("g", "1");
  CHECK(History(w) == "start o, start w");
  w.Pass(absl::Seconds(14));
  CHECK(w.history.size() == 2);
  CHECK(w.State("o") == EntryState::kFinished);
  CHECK(w.s().quiet());
}

TEST_CASE("isinit 5: a respawn that is killed is back at once", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  const int pid = w.Pid("a");
  w.End("a", {0, 9});
  w.Drain();
  CHECK(w.Pid("a") != 0);
  CHECK(w.Pid("a") != pid);
  CHECK(w.Group("g").state == GroupState::kUp);
  CHECK(w.View("a").last_end->signal == 9);
}

TEST_CASE("isinit 6: a respawn is back whatever its exit code", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  w.End("a", {0, 0});
  w.Drain();
  w.End("a", {3, 0});
  w.Drain();
  CHECK(w.Starts("a") == 3);
  CHECK(w.MainAlive("a"));
}

TEST_CASE("isinit 7: respawns of every group are back", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "1", Mode::kRespawn),
          Line("h", "b", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Tell("h", "1");
  w.End("a", {0, 9});
  w.Drain();
  CHECK(w.MainAlive("a"));
  CHECK(w.Starts("b") == 1);
}

TEST_CASE("isinit 8: ten that die together are all back", "[isinit]") {
  World w;
  std::vector<Entry> lines;
  for (int n = 0; n < 10; n++) {
    lines.push_back(Line("g", absl::StrCat("t", n), "1", Mode::kRespawn));
  }
  w.Load(lines);
  w.Tell("g", "1");
  for (int n = 0; n < 10; n++) w.End(absl::StrCat("t", n), {0, 9});
  w.Drain();
  for (int n = 0; n < 10; n++) CHECK(w.MainAlive(absl::StrCat("t", n)));
  CHECK(w.alive() == 10);
}

TEST_CASE("isinit 9: who is of both levels is left alone", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "12", Mode::kRespawn)});
  w.Tell("g", "1");
  const int pid = w.Pid("a");
  w.Tell("g", "2");
  CHECK(w.Pid("a") == pid);
  w.Tell("g", "3");
  CHECK(w.alive() == 0);
  CHECK(w.s().quiet());
}

TEST_CASE("isinit 10: levels with commas are names", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "long1,long2,5", Mode::kRespawn),
          Line("g", "b", "long3,", Mode::kRespawn)});
  w.Tell("g", "l");
  CHECK(w.alive() == 0);
  w.Tell("g", "long2");
  CHECK(w.MainAlive("a"));
  CHECK_FALSE(w.MainAlive("b"));
  w.Tell("g", "long3");
  CHECK_FALSE(w.MainAlive("a"));
  CHECK(w.MainAlive("b"));
  w.Tell("g", "5");
  CHECK(w.MainAlive("a"));
}

TEST_CASE("isinit 11: a field without a comma is a level too", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "start", Mode::kOnce)});
  w.Tell("g", "start");
  CHECK(w.Starts("a") == 1);
}

TEST_CASE("isinit 12: level 0 is a level", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "1", Mode::kRespawn),
          Line("h", "b", "1", Mode::kRespawn),
          Line("0", "c", "0", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Tell("h", "1");
  w.Tell("g", "0");
  CHECK_FALSE(w.MainAlive("a"));
  CHECK(w.MainAlive("b"));
  CHECK(w.Group("g").state == GroupState::kUp);
  CHECK(w.Group("g").level == "0");
  w.Tell("0", "0", 1);
  CHECK(w.MainAlive("c"));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit 13: the name of a level is no pattern", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "1", Mode::kRespawn),
          Line("g", "b", "2", Mode::kRespawn)});
  w.Tell("g", ".", 1);
  CHECK(w.alive() == 0);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK_THAT(w.Progress(1), Catch::Contains("which no entry of it has"));
}

TEST_CASE(
    "isinit 14: an entry that is turned off is stopped, and holds up "
    "nothing",
    "[isinit]") {
  World w;
  w.programs["w"] = Quick();
  std::vector<Entry> lines = {Line("g", "a", "1", Mode::kRespawn),
                              Line("g", "w", "1", Mode::kWait)};
  w.Load(lines);
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  lines[0].mode = Mode::kOff;
  w.Load(lines);
  CHECK(w.alive() == 0);
  CHECK(w.history.back() == "stop a");
  CHECK(w.forgotten.empty());
  w.Tell("g", "2");
  w.Tell("g", "1", 1);
  w.Pass(absl::Seconds(1));
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.s().quiet());
}

TEST_CASE("isinit 15: a test decides whether its level has failed",
          "[isinit]") {
  World w;
  w.programs["true"] = Quick();
  w.programs["false"] = Quick(absl::Milliseconds(10), 1);
  w.programs["killed"] = {.lasts = absl::Seconds(1), .end = {0, 9}};
  w.Load({Line("g", "true", "1,2,3,4,5", Mode::kTest),
          Line("g", "false", "2,", Mode::kTest),
          Line("g", "a", "2,3", Mode::kRespawn),
          Line("g", "killed", "4,", Mode::kTest)});
  w.Tell("g", "1", 1);
  CHECK(w.Group("g").checking);
  w.Pass(absl::Seconds(2));
  CHECK(w.Group("g").state == GroupState::kUp);
  CHECK(w.Group("g").all_tests);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);

  w.Tell("g", "2", 2);
  w.Pass(absl::Seconds(2));
  CHECK(w.Group("g").state == GroupState::kFailed);
  CHECK_FALSE(w.Group("g").all_tests);
  CHECK(w.MainAlive("a"));
  CHECK(w.LastWord(2)->kind == Answer::Kind::kTestFailed);

  w.Tell("g", "3", 3);
  w.Pass(absl::Seconds(2));
  CHECK(w.Group("g").state == GroupState::kUp);
  CHECK_FALSE(w.Group("g").all_tests);
  CHECK(w.LastWord(3)->kind == Answer::Kind::kDone);

  w.Tell("g", "4", 4);
  w.Pass(absl::Seconds(2));
  CHECK(w.Group("g").state == GroupState::kFailed);
  CHECK(w.LastWord(4)->kind == Answer::Kind::kTestFailed);
}

TEST_CASE("isinit 16: a repeated tell does not repeat tests; new ones are run",
          "[isinit]") {
  World w;
  w.programs["t"] = Quick();
  w.programs["u"] = Quick(absl::Milliseconds(10), 1);
  std::vector<Entry> lines = {Line("g", "t", "1", Mode::kTest)};
  w.Load(lines);
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  w.Tell("g", "1", 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.Starts("t") == 1);
  lines.push_back(Line("g", "u", "1", Mode::kTest));
  w.Load(lines);
  w.Tell("g", "1", 2);
  w.Pass(absl::Seconds(1));
  CHECK(w.Starts("t") == 1);
  CHECK(w.Starts("u") == 1);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kTestFailed);
  CHECK(w.Group("g").state == GroupState::kFailed);
}

TEST_CASE("isinit: a tell --again runs again what has finished", "[isinit]") {
  World w;
  w.programs["t"] = Quick();
  w.programs["o"] = Quick();
  w.Load({Line("g", "t", "12", Mode::kTest), Line("g", "o", "12", Mode::kOnce),
          Line("g", "r", "12", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Pass(absl::Seconds(1));
  w.Tell("g", "2");
  w.Pass(absl::Seconds(1));
  CHECK(w.Starts("t") == 1);
  w.Tell("g", "2", 1, /*again=*/true);
  w.Pass(absl::Seconds(1));
  CHECK(w.Starts("t") == 2);
  CHECK(w.Starts("o") == 2);
  CHECK(w.Starts("r") == 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: a level is begun when all that is not of it is gone",
          "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(3)};
  w.Load({Line("g", "a", "1", Mode::kRespawn),
          Line("g", "b", "1", Mode::kRespawn),
          Line("g", "c", "2", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Tell("g", "2");
  CHECK(History(w) == "start a, start b, stop b, stop a");
  CHECK(w.Group("g").state == GroupState::kStopping);
  w.Pass(absl::Seconds(2.9));
  CHECK(w.Starts("c") == 0);
  w.Pass(absl::Seconds(0.2));
  CHECK(w.Starts("c") == 1);
  CHECK(w.Group("g").state == GroupState::kUp);
}

TEST_CASE("isinit 37: the newest tell wins", "[isinit]") {
  World w;
  w.programs["a"] = Quick(absl::Seconds(10));
  w.Load({Line("g", "a", "1", Mode::kWait), Line("g", "b", "1", Mode::kRespawn),
          Line("g", "c", "2", Mode::kRespawn)});
  w.Tell("g", "1", 1);
  w.Pass(absl::Seconds(1));
  w.Tell("g", "2", 2);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kSuperseded);
  CHECK(History(w) == "start a, stop a, start c");
  CHECK(w.LastWord(2)->kind == Answer::Kind::kDone);
  CHECK(w.Group("g").level == "2");
}

TEST_CASE("isinit: what is wanted again while it stops is stopped, and started",
          "[isinit]") {
  World w;
  w.programs["a"] = {.dying = absl::Seconds(2)};
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Tell("g", "1");
  w.Tell("g", "2", 1);
  w.Pass(absl::Seconds(1));
  w.Tell("g", "1", 2);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kSuperseded);
  CHECK(w.Starts("a") == 1);
  w.Pass(absl::Seconds(2));
  CHECK(w.Starts("a") == 2);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kDone);
}

TEST_CASE(
    "isinit: a tell of the level that is being reached waits with the "
    "first",
    "[isinit]") {
  World w;
  w.programs["a"] = Quick(absl::Seconds(1));
  w.Load({Line("g", "a", "1", Mode::kWait)});
  w.Tell("g", "1", 1);
  w.Tell("g", "1", 2);
  w.Pass(absl::Seconds(2));
  CHECK(w.Starts("a") == 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kDone);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kDone);
}

TEST_CASE("isinit: an unknown group is refused", "[isinit]") {
  World w;
  w.Tell("g", "1", 1);
  CHECK(w.LastWord(1)->kind == Answer::Kind::kNoGroup);
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Tell("h", "1", 2);
  CHECK(w.LastWord(2)->kind == Answer::Kind::kNoGroup);
  CHECK(w.Group("g").state == GroupState::kIdle);
}

TEST_CASE("isinit: nothing starts before it is told", "[isinit]") {
  World w;
  w.Load({Line("g", "a", "1", Mode::kRespawn)});
  w.Pass(absl::Hours(100));
  CHECK(w.history.empty());
  CHECK(w.s().quiet());
  CHECK(w.s().wake_at() == absl::InfiniteFuture());
}

}  // namespace
}  // namespace isinit
