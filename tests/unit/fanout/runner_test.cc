// The runner as hxmd and msrc use it: as a library, on a loop of theirs.
#include "fanout/runner.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"

namespace {

using fanout::Items;
using fanout::RunCalls;
using fanout::Runner;
using fanout::RunOptions;
using fanout::TaskRecord;

struct Outcome {
  int code = -1;
  std::map<int64_t, TaskRecord> last;  // by seq
  std::map<int64_t, int> attempts;
  std::vector<std::string> warnings;
  Runner::Counts counts;
};

struct Setting {
  std::string command;
  std::vector<std::string> items = {};
  int jobs = 3;
  fanout::Plan::Policy policy = {};
  fanout::ExecMode exec = fanout::ExecMode::kAuto;
  // Called with the runner once it has begun.
  std::function<void(sys::Loop&, Runner&)> meanwhile = nullptr;
  bool own_groups = true;
  absl::Duration kill_after = absl::Seconds(5);
  std::string otherwise = "";
  std::function<absl::StatusOr<std::string>()> number = nullptr;
  bool begin_with_slots = true;
};

Outcome Run(Setting setting) {
  Outcome outcome;
  sys::Loop loop;
  RunOptions options;
  options.command = text::Template::Compile(setting.command);
  options.jobs = setting.jobs;
  options.policy = setting.policy;
  options.environment = sys::Environment::Ours();
  options.environment.Set("SHELL", "/bin/sh");
  options.own_groups = setting.own_groups;
  options.kill_after = setting.kill_after;
  if (!setting.otherwise.empty()) {
    options.otherwise = text::Template::Compile(setting.otherwise);
  }
  RunCalls calls;
  calls.number = setting.number;
  calls.warn = [&](const absl::Status& why) {
    outcome.warnings.push_back(std::string(why.message()));
  };
  calls.print = calls.trace = [](absl::string_view) {};
  calls.done = [&](const TaskRecord& task) {
    outcome.attempts[task.seq]++;
    outcome.last[task.seq] = task;
  };
  auto maker = fanout::CommandMaker::Make("", false, setting.exec, false,
                                          options.environment, {});
  REQUIRE(maker.ok());
  Runner runner(loop, std::move(options), *Items::Of(setting.items, 1),
                *std::move(maker), std::move(calls));
  if (setting.begin_with_slots) {
    for (int i = 0; i < setting.jobs; i++) runner.AddSlot({absl::StrCat(i)});
  }
  bool over = false;
  REQUIRE(runner
              .Begin([&] {
                over = true;
                loop.Stop();
              })
              .ok());
  if (setting.meanwhile) setting.meanwhile(loop, runner);
  const auto timer = loop.After(absl::Seconds(30), [&] { loop.Stop(); });
  if (!over) loop.Run();
  loop.Cancel(timer);
  REQUIRE(over);
  outcome.code = runner.exit_code();
  outcome.counts = runner.counts();
  return outcome;
}

std::vector<std::string> Numbers(int n) {
  std::vector<std::string> numbers;
  for (int i = 0; i < n; i++) numbers.push_back(absl::StrCat(i));
  return numbers;
}

// It has its signal; its end may take a moment, and nobody may have asked it
// how yet.
bool Ends(int pid) {
  for (int i = 0; i < 500; i++) {
    const auto stat = sys::ReadFile(absl::StrCat("/proc/", pid, "/stat"));
    if (!stat.ok() || stat->find(") Z ") != std::string::npos) return true;
    usleep(10'000);
  }
  return false;
}

}  // namespace

TEST_CASE("runner: each item is a task, and its end is told", "[fanout]") {
  const Outcome o = Run({.command = "exit %1", .items = Numbers(20)});
  CHECK(o.code == 0);
  REQUIRE(o.last.size() == 20);
  for (const auto& [seq, task] : o.last) {
    CHECK(task.outcome.status == seq - 1);
    CHECK(task.command == absl::StrCat("exit ", seq - 1));
    CHECK(task.args == std::vector<std::string>{absl::StrCat(seq - 1)});
  }
  CHECK(o.counts.done == 20);
  CHECK(o.counts.failed == 19);
}

TEST_CASE("runner: a program that is not there is a task that ended with 127",
          "[fanout]") {
  const Outcome o = Run({.command = "nosuchprogram %1", .items = Numbers(2)});
  CHECK(o.code == 0);
  CHECK(o.last.at(2).outcome.status == 127);
  CHECK(o.warnings == std::vector<std::string>(2, "nosuchprogram: not found"));
}

TEST_CASE("runner: a program that goes and comes back is found again",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("runner-");
  const std::string program = folder.path() + "/program";
  const std::string moved = folder.path() + "/moved";
  REQUIRE(sys::CreateFile(program, "#!/bin/sh\nexit 0\n", 0755).ok());
  // Each task takes the program away and puts it where it was, as an update
  // does; what was remembered of it must not be what counts.
  const Outcome o =
      Run({.command = absl::StrCat("mv ", program, " ", moved, "; mv ", moved,
                                   " ", program, "; ", program, " %1"),
           .items = Numbers(5),
           .jobs = 1});
  CHECK(o.last.at(5).outcome.status == 0);
}

TEST_CASE("runner: what failed is tried again, as often as is allowed",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("runner-");
  fanout::Plan::Policy policy;
  policy.retry.retries = 3;
  policy.exit = fanout::ExitPolicy::Kind::kCount;
  const Outcome o = Run({.command = absl::StrCat("echo x >>", folder.path(),
                                                 "/%1; test $(wc -l <",
                                                 folder.path(), "/%1) -gt %1"),
                         .items = {"0", "2", "9"},
                         .policy = policy});
  CHECK(o.attempts.at(1) == 1);
  CHECK(o.attempts.at(2) == 3);
  CHECK(o.attempts.at(3) == 4);
  CHECK(o.code == 1);
  CHECK(o.counts.failed == 1);
}

TEST_CASE("runner: a task that is too slow is ended with its whole group",
          "[fanout]") {
  fanout::Plan::Policy policy;
  policy.timeout = *fanout::TimeLimit::Parse("100ms");
  const absl::Time begin = sys::SteadyNow();
  const Outcome o = Run({.command = "(sleep 60; :) & sleep 60 #",
                         .items = Numbers(3),
                         .policy = policy,
                         .kill_after = absl::Milliseconds(200)});
  CHECK(o.last.at(1).outcome.timed_out);
  CHECK(o.last.at(1).outcome.code() == 124);
  CHECK(sys::SteadyNow() - begin < absl::Seconds(20));
}

TEST_CASE("runner: ended by a signal, it leaves nothing behind", "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("runner-");
  // One does not hear TERM, and its child is in the same group.
  const Outcome o =
      Run({.command = absl::StrCat("trap '' TERM; echo $$ >", folder.path(),
                                   "/%1; sleep 60; sleep 60 #"),
           .items = Numbers(10),
           .meanwhile =
               [&](sys::Loop& loop, Runner& runner) {
                 loop.After(absl::Milliseconds(200),
                            [&runner] { runner.End(SIGTERM); });
               },
           .kill_after = absl::Milliseconds(200)});
  CHECK(o.code == 128 + SIGTERM);
  const auto started = sys::ListFolder(folder.path());
  CHECK(started->size() == 3);
  for (const std::string& name : *started) {
    const std::string pid = *sys::ReadFile(folder.path() + "/" + name);
    CHECK_FALSE(sys::IsGroupAlive(std::stoi(pid)));
  }
}

TEST_CASE("runner: more slots, more tasks at once", "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("runner-");
  const std::string met = folder.path() + "/met";
  // Each waits until three have met: with one slot they never would.
  const Outcome o = Run({.command = absl::StrCat(
                             "echo >>", met, "; n=0; until test $(wc -l <", met,
                             ") -ge 3 || test $n -gt 500; do "
                             "n=$((n+1)); sleep 0.02; done; test $n -le 500 "
                             "#"),
                         .items = Numbers(3),
                         .jobs = 1,
                         .meanwhile = [](sys::Loop&, Runner& runner) {
                           runner.SetJobs(3);
                           runner.AddSlot({"1"});
                           runner.AddSlot({"2"});
                         }});
  for (const auto& [seq, task] : o.last) CHECK(task.outcome.status == 0);
}

TEST_CASE("runner: a template that is wrong ends the intake with 65",
          "[fanout]") {
  const Outcome o = Run({.command = "echo %2", .items = Numbers(5)});
  CHECK(o.code == 65);
  CHECK(o.last.empty());
  CHECK(o.warnings.size() == 1);
}

TEST_CASE(
    "runner: without groups of their own, tasks end with what they started",
    "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("runner-");
  const absl::Time begin = sys::SteadyNow();
  const Outcome o =
      Run({.command = absl::StrCat("sleep 60 & echo $! >", folder.path(),
                                   "/%1; wait; : #"),
           .items = Numbers(4),
           .jobs = 2,
           .meanwhile =
               [&](sys::Loop& loop, Runner& runner) {
                 loop.After(absl::Milliseconds(300),
                            [&runner] { runner.End(SIGTERM); });
               },
           .own_groups = false});
  CHECK(o.code == 128 + SIGTERM);
  CHECK(sys::SteadyNow() - begin < absl::Seconds(20));
  const auto started = sys::ListFolder(folder.path());
  CHECK(started->size() == 2);
  for (const std::string& name : *started) {
    const int pid = std::stoi(*sys::ReadFile(folder.path() + "/" + name));
    CHECK(Ends(pid));
  }
}

TEST_CASE("runner: what does not heed the end is killed with its children",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("runner-");
  fanout::Plan::Policy policy;
  policy.timeout = *fanout::TimeLimit::Parse("200ms");
  const Outcome o =
      Run({.command = absl::StrCat("trap '' TERM; sleep 60 & echo $! >",
                                   folder.path(), "/%1; wait; sleep 60"),
           .items = {"a"},
           .policy = policy,
           .own_groups = false,
           .kill_after = absl::Milliseconds(200)});
  CHECK(o.last.at(1).outcome.timed_out);
  CHECK(Ends(std::stoi(*sys::ReadFile(folder.path() + "/a"))));
}

TEST_CASE("runner: without a number for it no task starts, and it is said once",
          "[fanout]") {
  const Outcome o =
      Run({.command = "true %1", .items = Numbers(5), .number = [] {
             return absl::UnavailableError("the counter is gone");
           }});
  CHECK(o.code == 66);
  CHECK(o.counts.started == 0);
  CHECK(o.warnings == std::vector<std::string>{"the counter is gone"});
}

TEST_CASE("runner: no items run the other command when there is a slot",
          "[fanout]") {
  const Outcome o = Run({.command = "true %1",
                         .meanwhile =
                             [](sys::Loop& loop, Runner& runner) {
                               loop.After(absl::Milliseconds(10),
                                          [&runner] { runner.AddSlot({"0"}); });
                             },
                         .otherwise = "exit 7",
                         .begin_with_slots = false});
  REQUIRE(o.last.count(1) == 1);
  CHECK(o.last.at(1).outcome.status == 7);
}

TEST_CASE("runner: a stop before the first start is not the same as no items",
          "[fanout]") {
  const Outcome o =
      Run({.command = "true %1",
           .items = Numbers(3),
           .meanwhile = [](sys::Loop&, Runner& runner) { runner.StopIntake(); },
           .otherwise = "exit 7",
           .begin_with_slots = false});
  CHECK(o.last.empty());
  CHECK(o.code == 0);
}
