#include "isinit/table_plan.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

namespace {

using isinit::Change;
using isinit::Reading;
using isinit::ReadTable;
using isinit::TablePlan;

TablePlan Plan(absl::string_view before, absl::string_view after) {
  const Reading old_table = ReadTable(before), new_table = ReadTable(after);
  CHECK(old_table.ok());
  CHECK(isinit::ProblemLines(new_table, "tab") == "");
  return isinit::PlanTable(*old_table.table, *new_table.table);
}
std::string Lines(absl::string_view before, absl::string_view after) {
  return absl::StrJoin(isinit::PlanLines(Plan(before, after)), "\n");
}

TEST_CASE("table plan: the same table changes nothing", "[isinit]") {
  const char* const text =
      "g:a:1:respawn,stop-timeout=2s:x\ng:b:1:off:\n:::boot:g 1\n";
  const TablePlan plan = Plan(text, text);
  CHECK(plan.changes_nothing());
  CHECK(plan.entries.size() == 2);
  CHECK(isinit::PlanLines(plan).empty());
  // Neither do comments, the order, and where a thing is said.
  CHECK(Plan("g:a:1:respawn:x\ng:b:1:once:y\n",
             "# b first\ng:b:1:once:y\ng:a:1:respawn:x\n:::opt:a pause=1m\n")
            .changes_nothing());
}

TEST_CASE("table plan: entries come, go, are turned off and moved",
          "[isinit]") {
  CHECK(Lines("g:a:1:once:x\ng:b:1:once:x\ng:c:1:once:x\ng:d:1:off:x\n",
              "g:b:1:off:x\nh:c:1:once:x\ng:d:1:once:x\ng:e:1:once:x\n") ==
        "a: gone: it is stopped\n"
        "b: turned off: it is stopped\n"
        "c: of another group now: it is stopped\n"
        "d: new\n"
        "e: new");
  // What is off is as if it were not there.
  CHECK(Plan("g:a:1:off:x\n", "h:a:2:off:y\n").changes_nothing());
}

TEST_CASE("table plan: a respawn whose command changed is started again",
          "[isinit]") {
  const TablePlan plan =
      Plan("g:a:1:respawn:x\n", "g:a:1:respawn,user=www,env=A=1:y\n");
  REQUIRE(plan.entries.size() == 1);
  CHECK(plan.entries[0].change == Change::kRestart);
  CHECK(isinit::PlanLines(plan) ==
        std::vector<std::string>{"a: command, user, env: it is started again"});
}

TEST_CASE("table plan: reload=keep and what does not respawn wait for a start",
          "[isinit]") {
  CHECK(Lines("g:a:1:respawn:x\n", "g:a:1:respawn,reload=keep:y\n") ==
        "a: command, reload: counts from its next start");
  for (const char* mode : {"wait", "once", "test"}) {
    CHECK(Lines(absl::StrCat("g:a:1:", mode, ":x\n"),
                absl::StrCat("g:a:1:", mode, ":y\n")) ==
          "a: command: counts from its next start");
  }
  CHECK(Lines("g:a:1:askfirst:x\n", "g:a:1:askfirst:y\n") ==
        "a: command: it is started again");
}

TEST_CASE("table plan: levels, throttle and the like count at once",
          "[isinit]") {
  CHECK(Lines("g:a:1:respawn:x\n",
              "g:a:12:respawn,limit=3/10s,pause=5s,log-size=64k:x\n") ==
        "a: levels, limit, pause, log-size: counts at once");
  CHECK(Lines("g:a:1:respawn:x\n", "g:a:1:once:x\n") ==
        "a: mode: counts at once");
}

TEST_CASE("table plan: each attribute is noticed, by its name", "[isinit]") {
  // Those for which a running process is started again.
  constexpr std::pair<absl::string_view, bool> kWords[] = {
      {"stop-signal=HUP", false},
      {"stop-timeout=1s", false},
      {"stop=x", false},
      {"limit=1/1s", false},
      {"pause=1s", false},
      {"backoff=1s..2s", false},
      {"steady=1s", false},
      {"max-restarts=1", false},
      {"on-give-up=exit", false},
      {"ready=notify", false},
      {"ready-timeout=1s", false},
      {"after=z", false},
      {"needs=z", false},
      {"needs=group:h@1", false},
      {"forking", false},
      {"essential", false},
      {"exit-codes=1:0", false},
      {"health=tcp:80", false},
      {"every=1s", false},
      {"health-timeout=1s", false},
      {"fails=1", false},
      {"grace=1s", false},
      {"on-unhealthy=notify", false},
      {"log-size=8k", false},
      {"log-keep=1", false},
      {"log-rate=1", false},
      {"log=syslog", false},
      {"log=none", true},
      {"log=inherit", true},
      {"memory-max=1m", false},
      {"pids-max=1", false},
      {"cpu-max=1", false},
      {"listen=tcp::80", true},
      {"user=x", true},
      {"group=x", true},
      {"env=A=1", true},
      {"env-pass=A", true},
      {"env-pass=*", true},
      {"env-file=/x", true},
      {"secret=A=/x", true},
      {"cwd=/x", true},
      {"umask=077", true},
      {"nice=1", true},
      {"rlimit-core=0", true},
      {"oom=1", true},
      {"no-new-privs", true},
      {"capabilities=none", true},
      {"tty=/dev/x", true},
  };
  const std::string rest = "h:b:1:once:x\ng:z:1:once:x\n";
  for (const auto& [word, restarts] : kWords) {
    INFO(std::string(word));
    const TablePlan plan =
        Plan(absl::StrCat("g:a:1:respawn:x\n", rest),
             absl::StrCat("g:a:1:respawn:x\n:::opt:a ", word, "\n", rest));
    const isinit::EntryChange& change = plan.entries[0];
    CHECK(change.change == (restarts ? Change::kRestart : Change::kLive));
    REQUIRE(change.what.size() == 1);
    const absl::string_view key = word.substr(0, word.find('='));
    CHECK(key.substr(0, change.what[0].size()) == change.what[0]);
  }
}

TEST_CASE("table plan: lines about the whole count at once or at our start",
          "[isinit]") {
  const std::string entry = "g:a:1:once:x\n";
  CHECK(Lines(entry,
              absl::StrCat(entry,
                           ":::socket:/s\n:::initstat:/i\n:::clstat:/c\n"
                           ":::log:/l\n:::boot:g 1\n:::allow:uid=1 tell *\n"
                           ":::parallel:1\n:::mounts:none\n:::watchdog:/w\n"
                           ":::hook:h\n:::watch:\n:::halt-timeout:1s\n")) ==
        ":::socket: counts when isinit starts again\n"
        ":::initstat: counts at once\n"
        ":::clstat: counts at once\n"
        ":::log: counts when isinit starts again\n"
        ":::boot: counts when isinit starts again\n"
        ":::allow: counts at once\n"
        ":::parallel: counts at once\n"
        ":::mounts: counts when isinit starts again\n"
        ":::watchdog: counts at once\n"
        ":::hook: counts at once\n"
        ":::watch: counts at once\n"
        ":::halt-timeout: counts at once");
}

}  // namespace
