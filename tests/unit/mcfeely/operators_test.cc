// What operators do to jobs, seen by the scheduler.

#include "scheduler_bench.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using Names = std::vector<std::string>;
using pb::Control;

// a; b and c require it; d requires b and c.
Job Diamond() {
  return MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c"), MakeTask("d")},
                 {{"b", {"a"}}, {"c", {"a"}}, {"d", {"b", "c"}}});
}

TEST_CASE("mcfeely 18: retry runs what failed and what was skipped for it",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(Diamond(), 0);
  bench.End(job, "a", pb::DONE, 1);
  bench.End(job, "b", pb::FAILED, 2, "exit 3");
  bench.End(job, "c", pb::DONE, 3);
  REQUIRE(bench.Ended() == 1);
  bench.Reopen(job);
  REQUIRE(bench.Operate(job, Control::RETRY, {}, 10).ok());
  CHECK(bench.Dispatched() == Names{"b"});
  CHECK(bench.State(job, "d") == pb::TASK_WAITING);
  CHECK(bench.Stored(job, "b").attempts == 2);
  CHECK(bench.Stored(job, "b").eligible ==
        SchedulerBench::Start() + absl::Seconds(10));
  bench.End(job, "b", pb::DONE, 11);
  CHECK(bench.Dispatched() == Names{"d"});
  bench.End(job, "d", pb::DONE, 12);
  CHECK(bench.Ended() == 0);
  CHECK(bench.Stored(job, "a").attempts == 1);
  CHECK(bench.Stored(job, "c").attempts == 1);
}

TEST_CASE("operators: retry of a part leaves what else failed as it is",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job =
      bench.Accept(MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c"),
                            MakeTask("d"), MakeTask("e")},
                           {{"c", {"a"}}, {"d", {"a", "b"}}}),
                   0);
  bench.End(job, "a", pb::FAILED, 1, "exit 1");
  bench.End(job, "b", pb::FAILED, 2, "exit 2");
  CHECK(bench.Operate(job, Control::RETRY, {"e"}, 3).message() ==
        "1.e has not ended");
  CHECK(bench.Operate(job, Control::RETRY, {"c"}, 3).message() ==
        "1.c was skipped for a, which must be retried, too");
  REQUIRE(bench.Operate(job, Control::RETRY, {"a"}, 4).ok());
  CHECK(bench.Dispatched() == Names{"a"});
  CHECK(bench.State(job, "c") == pb::TASK_WAITING);
  CHECK(bench.State(job, "d") == pb::TASK_SKIPPED);
  CHECK(bench.Why(job, "d") == "b failed");
  REQUIRE(bench.Operate(job, Control::RETRY, {}, 5).ok());
  CHECK(bench.Dispatched() == Names{"b"});
  CHECK(bench.State(job, "d") == pb::TASK_WAITING);
  bench.End(job, "a", pb::DONE, 6);
  CHECK(bench.Operate(job, Control::RETRY, {"a"}, 6).message() ==
        "1.a is done already");
  CHECK(bench.Operate(job, Control::RETRY, {}, 6).message() ==
        "job 1 has no task that has failed");
}

TEST_CASE("mcfeely 42: cancelling a job ends everything but what runs",
          "[mcfeely]") {
  SchedulerBench bench({.max_per_host = 2});
  bench.Open("h1", 0);
  const JobId job = bench.Accept(
      MakeJob({MakeTask("deferred"), MakeTask("running"), MakeTask("sent"),
               MakeTask("ready"), MakeTask("later")},
              {{"later", {"running"}}}),
      0);
  bench.End(job, "deferred", pb::DEFERRED, 1);
  bench.On(AttemptStarted{"h1", bench.IdOf(job, "running")}, 2);
  REQUIRE(bench.Dispatched() == Names{"sent"});
  REQUIRE(bench.Operate(job, Control::CANCEL, {}, 3).ok());
  CHECK(bench.Dispatched().empty());
  CHECK(bench.All<CancelAttempt>().size() == 2);
  for (const char* ended : {"deferred", "ready", "later"}) {
    CHECK(bench.State(job, ended) == pb::TASK_CANCELLED);
    CHECK(bench.Why(job, ended) == "cancelled by user:ops@example.com");
  }
  CHECK(bench.State(job, "running") == pb::TASK_RUNNING);
  CHECK(bench.Why(job, "running") == "being cancelled by user:ops@example.com");
  CHECK(bench.Operate(job, Control::CANCEL, {}, 4).message() ==
        "job 1 is being cancelled already");
  bench.Wake(500);
  CHECK(bench.Dispatched().empty());
  bench.End(job, "running", pb::CANCELLED, 501, "killed by SIGTERM");
  CHECK(*bench.Stored(job, "running").reason ==
        "cancelled by user:ops@example.com");
  // What had succeeded before it heard of it has succeeded.
  bench.End(job, "sent", pb::DONE, 502);
  const auto ends = bench.All<EndJob>();
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].state == pb::JOB_CANCELLED);
  CHECK(bench.Stored(job, "sent").stored == pb::TaskRecord::SUCCEEDED);
}

TEST_CASE("operators: a cancelled task skips what requires it", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Job spec = Diamond();
  spec.tasks[3].options.Edit().run_if = RunIf::kAlways;
  const JobId job = bench.Accept(std::move(spec), 0);
  bench.Close("h1", 1);
  REQUIRE(bench.Operate(job, Control::CANCEL, {"a"}, 2).ok());
  CHECK(bench.All<CancelAttempt>().empty());
  CHECK(bench.Why(job, "a") ==
        "being cancelled by user:ops@example.com; h1 is not connected");
  SECTION("the agent has it and is told when it is back") {
    bench.Open("h1", 3, {bench.IdOf(job, "a")});
    CHECK(bench.All<CancelAttempt>().size() == 1);
    bench.End(job, "a", pb::CANCELLED, 4);
  }
  SECTION("the agent has never heard of it") { bench.Open("h1", 3); }
  SECTION("the agent's journal is a new one") { bench.Open("h1", 3, {}, 'K'); }
  CHECK(bench.State(job, "a") == pb::TASK_CANCELLED);
  CHECK(bench.Why(job, "b") == "a was cancelled");
  CHECK(bench.State(job, "c") == pb::TASK_SKIPPED);
  CHECK(bench.Dispatched() == Names{"d"});
}

TEST_CASE("operators: what is held does not start until it is released",
          "[mcfeely]") {
  SchedulerBench bench;
  const JobId job = bench.Accept(Diamond(), 0);
  REQUIRE(bench.Operate(job, Control::HOLD, {}, 1).ok());
  CHECK(bench.All<SaveJob>().size() == 1);
  CHECK(bench.Operate(job, Control::HOLD, {}, 1).message() ==
        "job 1 is held already");
  bench.Open("h1", 2);
  CHECK(bench.Dispatched().empty());
  CHECK(bench.State(job, "a") == pb::TASK_HELD);
  CHECK(bench.Why(job, "a") == "its job is held");
  CHECK(bench.State(job, "b") == pb::TASK_WAITING);
  REQUIRE(bench.Operate(job, Control::HOLD, {"b"}, 3).ok());
  REQUIRE(bench.Operate(job, Control::RELEASE, {}, 4).ok());
  CHECK(bench.Dispatched() == Names{"a"});
  bench.End(job, "a", pb::DONE, 5);
  CHECK(bench.Dispatched() == Names{"c"});
  CHECK(bench.State(job, "b") == pb::TASK_HELD);
  CHECK(bench.Operate(job, Control::RELEASE, {"c"}, 6).message() ==
        "1.c is not held");
  REQUIRE(bench.Operate(job, Control::RELEASE, {"b"}, 6).ok());
  CHECK(bench.Dispatched() == Names{"b"});
}

TEST_CASE("operators: a job may be accepted held", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Job spec = MakeJob({MakeTask("a")});
  spec.hold = true;
  const JobId job = bench.Accept(std::move(spec), 0);
  CHECK(bench.Dispatched().empty());
  REQUIRE(bench.Operate(job, Control::RELEASE, {}, 1).ok());
  CHECK(bench.Dispatched() == Names{"a"});
}

TEST_CASE("operators: a deferred task that is held waits for both",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(MakeJob({MakeTask("a")}), 0);
  bench.End(job, "a", pb::DEFERRED, 1);
  REQUIRE(bench.Operate(job, Control::HOLD, {"a"}, 2).ok());
  CHECK(bench.State(job, "a") == pb::TASK_HELD);
  bench.Wake(1000);
  CHECK(bench.Dispatched().empty());
  REQUIRE(bench.Operate(job, Control::RELEASE, {"a"}, 1001).ok());
  CHECK(bench.Dispatched() == Names{"a"});
}

TEST_CASE("operators: what is delayed can be made due now", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Job spec =
      MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")}, {{"c", {"a"}}});
  spec.tasks[1].options.Edit().delay = absl::Hours(1);
  const JobId job = bench.Accept(std::move(spec), 0);
  CHECK(bench.Operate(job, Control::NOW, {"a"}, 1).message() ==
        "1.a is not delayed");
  bench.End(job, "a", pb::DEFERRED, 1);
  REQUIRE(bench.Operate(job, Control::NOW, {}, 2).ok());
  CHECK(bench.Dispatched() == Names{"a", "b"});
  CHECK(bench.Operate(job, Control::NOW, {}, 3).message() ==
        "job 1 has no task that is delayed");
  // The back-off goes on from the task's birth.
  bench.End(job, "a", pb::DEFERRED, 3);
  CHECK(bench.Stored(job, "a").due >
        SchedulerBench::Start() + absl::Seconds(25));
}

TEST_CASE("operators: a job's start can be made now", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Job spec = MakeJob({MakeTask("a"), MakeTask("b")}, {{"b", {"a"}}});
  spec.start = SchedulerBench::Start() + absl::Hours(10);
  const JobId job = bench.Accept(std::move(spec), 0);
  CHECK(bench.Why(job, "a") == "starts in 10 h");
  CHECK(bench.Why(job, "b") == "waiting for a: starts in 10 h");
  REQUIRE(bench.Operate(job, Control::NOW, {}, 1).ok());
  CHECK(bench.Dispatched() == Names{"a"});
  bench.End(job, "a", pb::DONE, 2);
  CHECK(bench.Dispatched() == Names{"b"});
}

TEST_CASE("operators: a verdict of theirs counts as any other", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(Diamond(), 0);
  CHECK(bench.Operate(job, Control::MARK_DONE, {}, 1).message() ==
        "job 1 as a whole cannot be marked; name its tasks");
  SECTION("of a task that runs") {
    const AttemptId open = bench.IdOf(job, "a");
    REQUIRE(bench.Operate(job, Control::MARK_DONE, {"a"}, 1).ok());
    CHECK(bench.All<CancelAttempt>().size() == 1);
    CHECK(bench.Dispatched() == Names{"b", "c"});
    CHECK(*bench.Stored(job, "a").reason ==
          "marked done by user:ops@example.com");
    // What its comm says later changes nothing.
    CHECK(bench.On(AttemptEnded{"h1", open, pb::FAILED, "exit 1"}, 2).empty());
  }
  SECTION("of one that has failed") {
    bench.End(job, "a", pb::FAILED, 1, "exit 1");
    bench.Reopen(job);
    REQUIRE(bench.Operate(job, Control::MARK_DONE, {"a"}, 2).ok());
    CHECK(bench.Dispatched() == Names{"b", "c"});
  }
  SECTION("of one that waits") {
    REQUIRE(bench.Operate(job, Control::MARK_FAILED, {"b"}, 1).ok());
    CHECK(bench.Why(job, "d") == "b failed");
    bench.End(job, "a", pb::DONE, 2);
    CHECK(bench.Dispatched() == Names{"c"});
    CHECK(bench.Operate(job, Control::MARK_FAILED, {"b"}, 3).message() ==
          "1.b is failed already");
    REQUIRE(bench.Operate(job, Control::MARK_DONE, {"b", "c", "d"}, 3).ok());
    CHECK(bench.Ended() == 0);
  }
}

TEST_CASE("operators: a drained host gets nothing new", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  bench.Open("h2", 0);
  const JobId job =
      bench.Accept(MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c", "h2")},
                           {{"b", {"a"}}}),
                   0);
  bench.Drain("h1", true, 1);
  bench.End(job, "a", pb::DONE, 2);
  CHECK(bench.Dispatched().empty());
  CHECK(bench.Why(job, "b") == "h1 is drained");
  CHECK(bench.scheduler().Hosts().at("h1").drained);
  bench.Drain("h1", false, 3);
  CHECK(bench.Dispatched() == Names{"b"});
}

}  // namespace
}  // namespace mcfeely
