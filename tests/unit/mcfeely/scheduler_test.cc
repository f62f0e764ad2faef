#include "mcfeely/scheduler.h"

#include <algorithm>

#include "scheduler_bench.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using Names = std::vector<std::string>;
using Record = pb::TaskRecord;

TEST_CASE("mcfeely 9: a task starts after all it requires", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(
      MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c"), MakeTask("d")},
              {{"b", {"a"}}, {"c", {"b"}}, {"d", {"a", "b"}}}),
      1);
  CHECK(bench.Dispatched() == Names{"a"});
  CHECK(bench.Why(job, "d") == "waiting for a, b");
  bench.End(job, "a", pb::DONE, 2);
  CHECK(bench.Dispatched() == Names{"b"});
  bench.End(job, "b", pb::DONE, 3);
  CHECK(bench.Dispatched() == Names{"c", "d"});
  bench.End(job, "d", pb::DONE, 4);
  CHECK(bench.Ended() == -1);
  bench.End(job, "c", pb::DONE, 5);
  CHECK(bench.Ended() == 0);
  CHECK_FALSE(bench.scheduler().Has(job));
}

TEST_CASE("mcfeely 10: a group starts after every member of another",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Job spec =
      MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c"), MakeTask("d")},
              {{"b", {"a"}}, {"d", {"c"}}});
  spec.requirements.push_back({{2, 3}, {0, 1}});
  const JobId job = bench.Accept(std::move(spec), 0);
  CHECK(bench.Dispatched() == Names{"a"});
  bench.End(job, "a", pb::DONE, 1);
  CHECK(bench.Dispatched() == Names{"b"});
  bench.End(job, "b", pb::DONE, 2);
  CHECK(bench.Dispatched() == Names{"c"});
  bench.End(job, "c", pb::DONE, 3);
  CHECK(bench.Dispatched() == Names{"d"});
}

TEST_CASE("mcfeely 14: a task that requires a thousand waits for the last",
          "[mcfeely]") {
  SchedulerBench bench({.max_running = 2000,
                        .max_per_host = 2000,
                        .answer_within = absl::Hours(2)});
  std::vector<Task> tasks = {MakeTask("last")};
  Requirement r{{0}, {}};
  for (uint32_t t = 1; t <= 1000; t++) {
    tasks.push_back(MakeTask(absl::StrCat("t", t)));
    r.needs.push_back(t);
  }
  Job spec = MakeJob(std::move(tasks));
  spec.requirements.push_back(r);
  bench.check_replay = false;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(std::move(spec), 0);
  CHECK(bench.Dispatched().size() == 1000);
  CHECK(bench.Why(job, "last") == "waiting for t1, t2, t3 and 997 more");
  for (int t = 1000; t >= 1; t--) {
    REQUIRE(bench.State(job, "last") == pb::TASK_WAITING);
    bench.check_replay = t % 100 == 0;
    bench.End(job, absl::StrCat("t", t), pb::DONE, 2000 - t);
    REQUIRE(bench.Dispatched() == (t == 1 ? Names{"last"} : Names{}));
  }
}

TEST_CASE("mcfeely 15: a failure skips what requires it, and nothing else",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(
      MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c"), MakeTask("d"),
               MakeTask("e")},
              {{"b", {"a"}}, {"c", {"a"}}, {"d", {"b", "c"}}, {"e", {"d"}}}),
      0);
  bench.End(job, "a", pb::DONE, 1);
  CHECK(bench.Dispatched() == Names{"b", "c"});
  bench.End(job, "b", pb::FAILED, 2, "exit 3");
  CHECK(bench.Ended() == -1);
  CHECK(bench.State(job, "b") == pb::TASK_FAILED);
  CHECK(bench.State(job, "c") == pb::TASK_DISPATCHED);
  for (const char* skipped : {"d", "e"}) {
    CHECK(bench.State(job, skipped) == pb::TASK_SKIPPED);
    CHECK(bench.Stored(job, skipped).culprit == 1);
    CHECK(bench.Why(job, skipped) == "b failed");
  }
  CHECK(bench.All<SaveTask>().size() == 3);
  bench.End(job, "c", pb::DONE, 3);
  CHECK(bench.Ended() == 1);
}

TEST_CASE("mcfeely 15: a task with two culprits is skipped once, by the first",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job =
      bench.Accept(MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")},
                           {{"c", {"a", "b"}}}),
                   0);
  bench.End(job, "b", pb::FAILED, 1, "exit 1");
  CHECK(bench.All<SaveTask>().size() == 2);
  bench.End(job, "a", pb::FAILED, 2, "exit 2");
  CHECK(bench.All<SaveTask>().size() == 1);
  CHECK(bench.Stored(job, "c").culprit == 1);
  CHECK(bench.Ended() == 1);
}

TEST_CASE("mcfeely 3: a failure is final after one attempt", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(MakeJob({MakeTask("a")}), 0);
  bench.End(job, "a", pb::FAILED, 5, "exit 127");
  CHECK(bench.Ended() == 1);
  CHECK(bench.Stored(job, "a").attempts == 1);
  CHECK(*bench.Stored(job, "a").reason == "exit 127");
  const auto attempts = bench.All<SaveAttempt>();
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].number == 1);
  CHECK(attempts[0].verdict == pb::FAILED);
  CHECK(attempts[0].started == SchedulerBench::Start());
}

TEST_CASE("mcfeely 4: a deferred task is tried 25 and 100 seconds after birth",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(MakeJob({MakeTask("a")}), 10);
  bench.End(job, "a", pb::DEFERRED, 10.5);
  REQUIRE(bench.All<WakeAt>().size() == 1);
  CHECK(bench.All<WakeAt>()[0].when ==
        SchedulerBench::Start() + absl::Seconds(35));
  CHECK(bench.State(job, "a") == pb::TASK_DELAYED);
  CHECK(bench.Why(job, "a") == "deferred once, next try in 24 s: exit 99");
  bench.Wake(34.999);
  CHECK(bench.Dispatched().empty());
  bench.Wake(35);
  CHECK(bench.Dispatched() == Names{"a"});
  bench.End(job, "a", pb::DEFERRED, 36);
  bench.Wake(109.999);
  CHECK(bench.Dispatched().empty());
  bench.Wake(110);
  CHECK(bench.Dispatched() == Names{"a"});
  bench.End(job, "a", pb::DONE, 111);
  CHECK(bench.Ended() == 0);
  CHECK(bench.Stored(job, "a").attempts == 3);
}

TEST_CASE("scheduler: a comm may ask when it is tried again", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Task often = MakeTask("b");
  often.options.Edit().retry_max = absl::Seconds(60);
  Task given_up = MakeTask("c");
  given_up.options.Edit().retry_for = absl::Seconds(200);
  const JobId job = bench.Accept(MakeJob({MakeTask("a"), often, given_up}), 0);
  for (const char* name : {"a", "b", "c"}) {
    bench.On(AttemptEnded{"h1", bench.IdOf(job, name), pb::DEFERRED, "exit 99",
                          absl::Seconds(300)},
             10);
  }
  CHECK(bench.Stored(job, "a").due ==
        SchedulerBench::Start() + absl::Seconds(310));
  // No later than retry-max says, and not after the end of retry-for.
  CHECK(bench.Stored(job, "b").due ==
        SchedulerBench::Start() + absl::Seconds(70));
  CHECK(bench.State(job, "c") == pb::TASK_FAILED);
  bench.Wake(309.999);
  bench.Wake(310);
  const Names started = bench.Dispatched();
  CHECK(std::count(started.begin(), started.end(), "a") == 1);
}

TEST_CASE("mcfeely 5: a comm killed by a signal is tried again", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(MakeJob({MakeTask("a")}), 0);
  bench.End(job, "a", pb::DEFERRED, 1, "killed by SIGSEGV");
  CHECK(*bench.Stored(job, "a").reason == "killed by SIGSEGV");
  bench.Wake(25);
  bench.End(job, "a", pb::DONE, 26, "");
  CHECK(bench.Ended() == 0);
}

TEST_CASE("mcfeely 7: attempt n of a task that defers is due after 25 n^2 s",
          "[mcfeely]") {
  struct Case {
    int step;
    absl::Duration longest;
    double per_square;
  };
  const Case c = GENERATE(Case{5, absl::InfiniteDuration(), 25},
                          Case{10, absl::InfiniteDuration(), 100},
                          Case{5, absl::Seconds(60), 0});
  SchedulerBench bench;
  bench.Open("h1", 0);
  Task task = MakeTask("a");
  task.options.Edit().step = c.step;
  task.options.Edit().retry_max = c.longest;
  const JobId job = bench.Accept(MakeJob({task}), 0);
  absl::Time before = SchedulerBench::Start();
  for (int n = 1; n <= 10; n++) {
    const double at = absl::ToDoubleSeconds(before - SchedulerBench::Start());
    bench.End(job, "a", pb::DEFERRED, at);
    const absl::Time due = bench.Stored(job, "a").due;
    if (c.per_square > 0) {
      const absl::Duration off =
          due - SchedulerBench::Start() - absl::Seconds(c.per_square * n * n);
      CHECK(absl::AbsDuration(off) <= absl::Milliseconds(10));
    } else {
      CHECK(due - before <= absl::Seconds(60));
      if (n > 2) CHECK(due - before == absl::Seconds(60));
    }
    bench.Wake(absl::ToDoubleSeconds(due - SchedulerBench::Start()));
    REQUIRE(bench.Dispatched() == Names{"a"});
    before = due;
  }
}

TEST_CASE("mcfeely 8: a task is given up when its next try would come too late",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Task a = MakeTask("a");
  a.options.Edit().retry_for = absl::Hours(1);
  const JobId job =
      bench.Accept(MakeJob({a, MakeTask("b")}, {{"b", {"a"}}}), 0);
  double at = 0, latest = 0;
  int attempts = 0;
  while (bench.scheduler().Has(job)) {
    REQUIRE(++attempts < 100);
    latest = at;
    bench.End(job, "a", pb::DEFERRED, at);
    if (!bench.scheduler().Has(job)) break;
    at = absl::ToDoubleSeconds(bench.Stored(job, "a").due -
                               SchedulerBench::Start());
    bench.Wake(at);
  }
  // 25 n^2 <= 3600 for n up to 12.
  CHECK(attempts == 13);
  CHECK(latest <= 3600);
  CHECK(bench.Ended() == 1);
  CHECK(*bench.Stored(job, "a").reason == "gave up after 1h: exit 99");
  CHECK(bench.Stored(job, "b").stored == Record::SKIPPED);
}

TEST_CASE("scheduler: a task whose host never comes is given up", "[mcfeely]") {
  SchedulerBench bench;
  Task a = MakeTask("a", "web1");
  a.options.Edit().retry_for = absl::Hours(1);
  const JobId job = bench.Accept(MakeJob({a}), 0);
  CHECK(bench.Why(job, "a") == "web1 is not connected");
  CHECK(bench.All<WakeAt>().size() == 1);
  bench.Wake(3599.999);
  CHECK(bench.Ended() == -1);
  bench.Wake(3600);
  CHECK(bench.Ended() == 1);
  CHECK(*bench.Stored(job, "a").reason ==
        "gave up after 1h: web1 is not connected");
  CHECK(bench.scheduler().Hosts().empty());
}

TEST_CASE("scheduler: a connected host's backlog is not given up",
          "[mcfeely]") {
  SchedulerBench bench({.max_per_host = 1, .answer_within = absl::Hours(2)});
  bench.check_replay = false;
  Task a = MakeTask("a"), b = MakeTask("b"), c = MakeTask("c");
  b.options.Edit().retry_for = c.options.Edit().retry_for = absl::Hours(1);
  bench.Open("h1", 0);
  const JobId job = bench.Accept(MakeJob({a, b, c}), 0);
  CHECK(bench.Dispatched() == Names{"a"});
  CHECK(bench.Why(job, "b") == "h1 runs 1 task already");
  bench.Wake(4000);
  CHECK(bench.State(job, "b") == pb::TASK_READY);
  bench.End(job, "a", pb::DONE, 4001);
  CHECK(bench.Dispatched() == Names{"b"});
  bench.Close("h1", 4002);
  CHECK(bench.State(job, "b") == pb::TASK_DISPATCHED);
  CHECK(bench.State(job, "c") == pb::TASK_FAILED);
  bench.Open("h1", 4003, {bench.IdOf(job, "b")});
  bench.End(job, "b", pb::DEFERRED, 4004);
  CHECK(bench.Ended() == 1);
}

TEST_CASE("scheduler: ready tasks of a host start first in, first out",
          "[mcfeely]") {
  SchedulerBench bench({.max_per_host = 2});
  const JobId one = bench.Accept(
      MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")}, {{"c", {"a"}}}),
      0);
  const JobId two = bench.Accept(MakeJob({MakeTask("x"), MakeTask("y")}), 1);
  bench.Open("h1", 2);
  CHECK(bench.Dispatched() == Names{"a", "x"});
  bench.End(one, "a", pb::DONE, 3);  // c is ready now, after x and y
  CHECK(bench.Dispatched() == Names{"b"});
  bench.End(one, "b", pb::DONE, 4);
  CHECK(bench.Dispatched() == Names{"y"});
  bench.End(two, "x", pb::DONE, 5);
  CHECK(bench.Dispatched() == Names{"c"});
}

TEST_CASE("scheduler: hosts take turns when the limit over all is reached",
          "[mcfeely]") {
  SchedulerBench bench({.max_running = 3, .max_per_host = 4});
  std::vector<Task> tasks;
  for (const char* host : {"h1", "h2", "h3"}) {
    for (int n = 1; n <= 3; n++) {
      tasks.push_back(MakeTask(absl::StrCat(host, "-", n), host));
    }
  }
  bench.Open("h1", 0);
  bench.Open("h2", 0);
  bench.Open("h3", 0);
  const JobId job = bench.Accept(MakeJob(tasks), 1);
  CHECK(bench.Dispatched() == Names{"h1-1", "h2-1", "h3-1"});
  bench.End(job, "h2-1", pb::DONE, 2);
  CHECK(bench.Dispatched() == Names{"h1-2"});
  bench.End(job, "h1-1", pb::DONE, 3);
  CHECK(bench.Dispatched() == Names{"h2-2"});
  bench.End(job, "h1-2", pb::DONE, 4);
  CHECK(bench.Dispatched() == Names{"h3-2"});
}

TEST_CASE("scheduler: a delay counts from the end of the last requirement",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Task b = MakeTask("b");
  b.options.Edit().delay = absl::Minutes(10);
  const JobId job =
      bench.Accept(MakeJob({MakeTask("a"), b}, {{"b", {"a"}}}), 0);
  bench.End(job, "a", pb::DONE, 100);
  CHECK(bench.State(job, "b") == pb::TASK_DELAYED);
  CHECK(bench.Why(job, "b") == "starts in 10 min");
  bench.Wake(699.999);
  CHECK(bench.Dispatched().empty());
  bench.Wake(700);
  CHECK(bench.Dispatched() == Names{"b"});
}

TEST_CASE("scheduler: a task that ran long is tried again behind the others",
          "[mcfeely]") {
  SchedulerBench bench({.max_per_host = 1});
  bench.Open("h1", 0);
  const JobId one = bench.Accept(MakeJob({MakeTask("a")}), 0);
  bench.Accept(MakeJob({MakeTask("b")}), 100);
  bench.End(one, "a", pb::DEFERRED, 600);
  CHECK(bench.Dispatched() == Names{"b"});
  CHECK(bench.State(one, "a") == pb::TASK_READY);
}

TEST_CASE(
    "mcfeely 28: an interrupted attempt is repeated unless it must not be",
    "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Task a = MakeTask("a"), b = MakeTask("b");
  b.options.Edit().safe_to_repeat = false;
  const JobId job = bench.Accept(MakeJob({a, b}), 0);
  bench.End(job, "a", pb::INTERRUPTED, 1, "the agent ended while it ran");
  CHECK(bench.State(job, "a") == pb::TASK_DELAYED);
  bench.End(job, "b", pb::INTERRUPTED, 1, "the agent ended while it ran");
  CHECK(bench.State(job, "b") == pb::TASK_HELD);
  CHECK(bench.All<TellHeld>().size() == 1);
  bench.Wake(1'000'000);
  CHECK(bench.State(job, "b") == pb::TASK_HELD);
  CHECK(bench.Ended() == -1);
  CHECK(bench
            .Operate(job, pb::Control::RELEASE,
                     {bench.spec(job)->tasks[0].name}, 1'000'001)
            .message() != "");
  REQUIRE(bench
              .Operate(job, pb::Control::RELEASE,
                       {bench.spec(job)->tasks[1].name}, 1'000'001)
              .ok());
  CHECK(bench.Dispatched() == Names{"b"});
  CHECK(bench.Stored(job, "b").attempts == 2);
}

TEST_CASE("scheduler: an agent that is back gets what its journal lacks",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job =
      bench.Accept(MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")}), 0);
  const AttemptId a = bench.IdOf(job, "a"), b = bench.IdOf(job, "b");
  bench.On(AttemptStarted{"h1", bench.IdOf(job, "c")}, 0);
  CHECK(bench.State(job, "c") == pb::TASK_RUNNING);

  SECTION("under the same id, when the journal is the same") {
    bench.Close("h1", 1);
    CHECK(bench.Why(job, "a") == "h1 is not connected");
    bench.Open("h1", 2, {a, bench.IdOf(job, "c")});
    const auto sent = bench.All<Dispatch>();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].attempt == b);
    CHECK(sent[0].number == 1);
    CHECK(bench.All<SaveTask>().empty());
  }
  SECTION("also when the former connection was not seen to end") {
    bench.Open("h1", 2, {b, bench.IdOf(job, "c")});
    CHECK(bench.Dispatched() == Names{"a"});
    CHECK(bench.IdOf(job, "a") == a);
  }
  SECTION("nothing, when the journal is a new one: all is interrupted") {
    bench.Open("h1", 2, {}, 'K');
    CHECK(bench.Dispatched().empty());
    CHECK(bench.State(job, "a") == pb::TASK_DELAYED);
    CHECK(*bench.Stored(job, "a").reason == "the journal of h1 is a new one");
    bench.Wake(25);
    CHECK(bench.Dispatched() == Names{"a", "b", "c"});
    CHECK(bench.IdOf(job, "a") != a);
    CHECK(bench.Stored(job, "a").attempts == 2);
  }
  SECTION("not what it has said to run: the journal has lost that") {
    bench.Open("h1", 2, {a, b});
    CHECK(bench.Dispatched().empty());
    CHECK(*bench.Stored(job, "c").reason == "the journal of h1 has lost it");
  }
}

TEST_CASE("mcfeely 39: nobody waits without end for an agent that keeps silent",
          "[mcfeely]") {
  SchedulerBench bench({.max_per_host = 10, .answer_within = absl::Minutes(1)});
  bench.Open("h1", 0);
  Job spec = MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")});
  spec.tasks[1].options.Edit().timeout = absl::Minutes(5);
  for (Task& task : spec.tasks) task.options.Edit().step = 100;  // 10 000 s
  const JobId job = bench.Accept(std::move(spec), 0);
  const AttemptId a = bench.IdOf(job, "a"), b = bench.IdOf(job, "b"),
                  c = bench.IdOf(job, "c");
  // Which attempt is interrupted now, and that its agent is told to end it.
  const auto interrupted = [&] {
    std::vector<AttemptId> ids;
    for (const SaveAttempt& e : bench.All<SaveAttempt>()) {
      CHECK(e.verdict == pb::INTERRUPTED);
      ids.push_back(e.attempt);
    }
    std::vector<AttemptId> told;
    for (const auto& e : bench.All<CancelAttempt>()) told.push_back(e.attempt);
    CHECK(told == ids);
    return ids;
  };
  using Ids = std::vector<AttemptId>;

  SECTION("that it runs, how it ended; what has no limit runs on") {
    bench.On(AttemptStarted{"h1", b}, 59);
    bench.On(AttemptStarted{"h1", c}, 59);
    bench.Wake(59.9);
    CHECK(interrupted() == Ids{});
    bench.Wake(60);
    CHECK(interrupted() == Ids{a});
    CHECK(*bench.Stored(job, "a").reason == "h1 does not say that it runs");
    CHECK(bench.State(job, "a") == pb::TASK_DELAYED);
    // What it says of that one now changes nothing.
    bench.On(AttemptEnded{"h1", a, pb::DONE, ""}, 61);
    CHECK(bench.State(job, "a") == pb::TASK_DELAYED);
    // Its own limit, and twice the time to say something.
    bench.Wake(419.9);
    CHECK(bench.State(job, "b") == pb::TASK_RUNNING);
    bench.Wake(420);
    CHECK(interrupted() == Ids{b});
    CHECK(*bench.Stored(job, "b").reason == "h1 does not say how it has ended");
    bench.Wake(9999);
    CHECK(bench.State(job, "c") == pb::TASK_RUNNING);
  }
  SECTION("one that is away is waited for; its time begins when it is back") {
    bench.Close("h1", 30);
    bench.Wake(1000);
    CHECK(bench.State(job, "a") == pb::TASK_DISPATCHED);
    bench.Open("h1", 1000, {a, b, c});
    bench.Wake(1059.9);
    CHECK(bench.State(job, "a") == pb::TASK_DISPATCHED);
    // Also when a new connection takes the old one's place.
    bench.Open("h1", 1059.9, {a, b, c});
    bench.Wake(1100);
    CHECK(bench.State(job, "a") == pb::TASK_DISPATCHED);
    bench.Wake(1119.9);
    CHECK(interrupted().size() == 3);
  }
  SECTION("what is not to be repeated is held") {
    Job once = MakeJob({MakeTask("d")});
    once.tasks[0].options.Edit().safe_to_repeat = false;
    const JobId other = bench.Accept(std::move(once), 1);
    bench.Wake(61);
    CHECK(bench.State(other, "d") == pb::TASK_HELD);
  }
  SECTION("what is being cancelled is cancelled then") {
    REQUIRE(bench.Operate(job, pb::Control::CANCEL, {}, 1).ok());
    CHECK(bench.Ended() == -1);
    bench.Wake(60);
    CHECK(bench.Ended() >= 0);
    CHECK(bench.Stored(job, "c").stored == pb::TaskRecord::CANCELLED);
  }
}

TEST_CASE("scheduler: what a person has to mend is told the first time",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(MakeJob({MakeTask("a")}), 0);
  const auto defer = [&](double at) {
    bench.last = bench.On(
        AttemptEnded{
            "h1", bench.IdOf(job, "a"), pb::DEFERRED, "a key", {}, true},
        at);
  };
  defer(0);
  CHECK(bench.All<TellLate>().size() == 1);
  CHECK(bench.State(job, "a") == pb::TASK_DELAYED);
  bench.Wake(25);
  CHECK(bench.Dispatched() == Names{"a"});
  defer(25);
  CHECK(bench.All<TellLate>().empty());
  bench.Wake(100);
  CHECK(bench.Dispatched() == Names{"a"});
}

TEST_CASE("scheduler: only the open attempt's own host can end it",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  bench.Open("h2", 0);
  const JobId job = bench.Accept(MakeJob({MakeTask("a")}), 0);
  const AttemptId first = bench.IdOf(job, "a");
  const auto nothing = [&](const Event& e, double at) {
    const std::string before =
        ToMessage(bench.Stored(job, "a")).SerializeAsString();
    CHECK(bench.On(e, at).empty());
    CHECK(ToMessage(bench.scheduler().Record(job, {0})).SerializeAsString() ==
          before);
  };
  nothing(AttemptEnded{"h2", first, pb::DONE, ""}, 1);
  nothing(AttemptEnded{"", first, pb::DONE, ""}, 1);
  nothing(AttemptStarted{"h2", first}, 1);
  nothing(AttemptEnded{"h1", AttemptId(), pb::DONE, ""}, 1);
  AttemptId forged = first;
  forged.bytes[15] ^= 1;
  nothing(AttemptEnded{"h1", forged, pb::FAILED, ""}, 1);
  nothing(AttemptEnded{"h1", first, pb::VERDICT_NONE, ""}, 1);
  nothing(AttemptEnded{"h1", first, static_cast<pb::Verdict>(77), ""}, 1);
  bench.End(job, "a", pb::DEFERRED, 2);
  nothing(AttemptEnded{"h1", first, pb::DONE, ""}, 3);
  bench.Wake(25);
  REQUIRE(bench.IdOf(job, "a") != first);
  nothing(AttemptEnded{"h1", first, pb::DONE, ""}, 26);
  nothing(AttemptStarted{"h1", first}, 26);
  CHECK(bench.On(Operated{JobId{99}, pb::Control::RELEASE, {{0}}, ""}, 27)
            .empty());
}

TEST_CASE("scheduler: an overlong reason is cut", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Task a = MakeTask("a");
  a.options.Edit().retry_for = absl::Seconds(1);
  const JobId job = bench.Accept(MakeJob({a, MakeTask("b")}), 0);
  bench.End(job, "b", pb::FAILED, 0.5, std::string(1 << 20, 'x'));
  CHECK(*bench.Stored(job, "b").reason == std::string(kMaxReasonBytes, 'x'));
  CHECK(bench.All<SaveAttempt>()[0].reason.size() == kMaxReasonBytes);
  bench.End(job, "a", pb::DEFERRED, 0.6, std::string(1 << 20, 'y'));
  CHECK(bench.Stored(job, "a").reason->size() == kMaxReasonBytes);
}

TEST_CASE("scheduler: a job without tasks ends at once", "[mcfeely]") {
  SchedulerBench bench;
  bench.Accept(MakeJob({}), 0);
  CHECK(bench.Ended() == 0);
}

TEST_CASE("scheduler: a time earlier than the one before counts as that one",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 1000);
  const JobId job = bench.Accept(MakeJob({MakeTask("a")}), 1000);
  bench.scheduler().On(Woken{}, SchedulerBench::Start());
  bench.check_replay = false;
  bench.On(AttemptEnded{"h1", bench.IdOf(job, "a"), pb::DEFERRED, ""}, 0);
  CHECK(bench.Stored(job, "a").due ==
        SchedulerBench::Start() + absl::Seconds(1025));
}

// --- Load -------------------------------------------------------------------

struct Loaded {
  Scheduler scheduler;
  absl::Status status;
  std::vector<Effect> first;
  uint64_t ids = 1000;
  Loaded(Job job, std::vector<TaskStatus> tasks)
      : scheduler({}, [this] {
          AttemptId id;
          ++ids;
          memcpy(id.bytes.data(), &ids, sizeof ids);
          return id;
        }) {
    status = scheduler.Load(JobId{1}, std::make_shared<const Job>(job),
                            std::move(tasks), SchedulerBench::Start());
    if (status.ok()) {
      first = scheduler.On(Woken{}, SchedulerBench::Start() + absl::Hours(1));
    }
  }
};

TaskStatus In(Record::Stored stored, int number) {
  TaskStatus status;
  status.stored = stored;
  status.attempts = 1;
  status.attempt.bytes[0] = static_cast<uint8_t>(number);
  status.eligible = status.started = SchedulerBench::Start();
  status.ended = SchedulerBench::Start() + absl::Seconds(number);
  status.journal.bytes.fill('J');
  return status;
}

Job Diamond() {
  return MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c"), MakeTask("d")},
                 {{"b", {"a"}}, {"c", {"a"}}, {"d", {"b", "c"}}});
}

TEST_CASE("scheduler: Load completes a propagation that was cut off",
          "[mcfeely]") {
  SECTION("a dependent that is not skipped yet") {
    Loaded l(Diamond(), {In(Record::SUCCEEDED, 1), In(Record::FAILED, 2),
                         In(Record::DISPATCHED, 3), TaskStatus()});
    REQUIRE(l.status.ok());
    CHECK(l.scheduler.State({1}, {3}) == pb::TASK_SKIPPED);
    CHECK(l.scheduler.Record({1}, {3}).ended ==
          SchedulerBench::Start() + absl::Seconds(2));
    REQUIRE(l.first.size() >= 1);
    CHECK(std::get<SaveTask>(l.first[0]).task == TaskIndex{3});
    CHECK(l.scheduler.open_tasks() == 1);
  }
  SECTION("the end of the job") {
    Loaded l(Diamond(), {In(Record::SUCCEEDED, 1), In(Record::FAILED, 2),
                         In(Record::SUCCEEDED, 3), TaskStatus()});
    REQUIRE(l.status.ok());
    CHECK_FALSE(l.scheduler.Has({1}));
    REQUIRE(l.first.size() == 2);
    CHECK(std::get<EndJob>(l.first[1]).state == pb::JOB_FAILED);
  }
  SECTION("a task skipped for one whose failure was not stored") {
    Loaded l(Diamond(), {In(Record::SUCCEEDED, 1), In(Record::DISPATCHED, 2),
                         In(Record::SUCCEEDED, 3), In(Record::SKIPPED, 4)});
    REQUIRE(l.status.ok());
    CHECK(l.scheduler.State({1}, {3}) == pb::TASK_WAITING);
    CHECK(l.scheduler.open_tasks() == 2);
  }
  SECTION("a dispatch whose requirement's end was not stored") {
    Loaded l(Diamond(), {In(Record::SUCCEEDED, 1), In(Record::DISPATCHED, 2),
                         In(Record::SUCCEEDED, 3), In(Record::DISPATCHED, 4)});
    REQUIRE(l.status.ok());
    CHECK(l.scheduler.State({1}, {3}) == pb::TASK_WAITING);
    CHECK(l.scheduler.Record({1}, {3}) == TaskStatus());
    CHECK(std::get<SaveTask>(l.first[0]).task == TaskIndex{3});
    CHECK(l.scheduler.Hosts().at("h1").open == 1);
  }
  SECTION("two failures: the earlier is the culprit") {
    Job job = MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")},
                      {{"c", {"a", "b"}}});
    Loaded l(job, {In(Record::FAILED, 9), In(Record::FAILED, 5), TaskStatus()});
    REQUIRE(l.status.ok());
    const auto end = std::find_if(
        l.first.begin(), l.first.end(),
        [](const Effect& e) { return std::holds_alternative<EndJob>(e); });
    REQUIRE(end != l.first.end());
    CHECK(std::get<EndJob>(*end).tasks[2].culprit == 1);
  }
}

TEST_CASE("scheduler: Load refuses records that cannot have come about",
          "[mcfeely]") {
  const auto code = [](std::vector<TaskStatus> tasks) {
    return Loaded(Diamond(), std::move(tasks)).status.code();
  };
  const auto invalid = absl::StatusCode::kInvalidArgument;
  CHECK(code({}) == invalid);
  CHECK(code({In(Record::DISPATCHED, 1), In(Record::SUCCEEDED, 2), TaskStatus(),
              TaskStatus()}) == invalid);
  CHECK(code({In(Record::DISPATCHED, 1), In(Record::RUNNING, 2), TaskStatus(),
              TaskStatus()}) == invalid);
  TaskStatus without_id = In(Record::DISPATCHED, 1);
  without_id.attempt = AttemptId();
  CHECK(code({without_id, TaskStatus(), TaskStatus(), TaskStatus()}) ==
        invalid);
  TaskStatus stranger = In(Record::SKIPPED, 1);
  stranger.culprit = 4;
  CHECK(code({In(Record::FAILED, 1), stranger, TaskStatus(), TaskStatus()}) ==
        invalid);
  CHECK(code({In(Record::SUCCEEDED, 1), In(Record::DISPATCHED, 2),
              In(Record::DISPATCHED, 2), TaskStatus()}) == invalid);
  TaskStatus unknown = In(static_cast<Record::Stored>(42), 1);
  CHECK(code({unknown, TaskStatus(), TaskStatus(), TaskStatus()}) == invalid);
  TaskStatus unborn = In(Record::SUCCEEDED, 1);
  unborn.eligible = absl::InfinitePast();
  CHECK(code({unborn, TaskStatus(), TaskStatus(), TaskStatus()}) == invalid);
}

TEST_CASE("mcfeely 26: a failure is still one after a restart", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(Diamond(), 0);
  bench.End(job, "a", pb::DONE, 1);
  bench.End(job, "b", pb::FAILED, 2, "exit 1");
  std::vector<TaskStatus> tasks;
  for (const auto& r : bench.records(job)) tasks.push_back(FromMessage(r));
  Loaded l(Diamond(), tasks);
  REQUIRE(l.status.ok());
  CHECK(l.scheduler.State({1}, {1}) == pb::TASK_FAILED);
  CHECK(l.scheduler.State({1}, {3}) == pb::TASK_SKIPPED);
  CHECK(l.scheduler.State({1}, {2}) == pb::TASK_DISPATCHED);
  const auto effects =
      l.scheduler.On(AttemptEnded{"h1", bench.IdOf(job, "c"), pb::DONE, ""},
                     SchedulerBench::Start() + absl::Hours(2));
  const auto end = std::find_if(
      effects.begin(), effects.end(),
      [](const Effect& e) { return std::holds_alternative<EndJob>(e); });
  REQUIRE(end != effects.end());
  CHECK(std::get<EndJob>(*end).state == pb::JOB_FAILED);
}

}  // namespace
}  // namespace mcfeely
