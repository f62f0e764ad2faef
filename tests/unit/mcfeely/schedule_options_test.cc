#include "mcfeely/schedule_options.h"

#include "base/time.h"
#include "mcfeely/jobfile.h"
#include "scheduler_bench.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using Names = std::vector<std::string>;

// clean requires b, which requires a.
Job WithCleaner(RunIf run) {
  Job job = MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("clean")},
                    {{"b", {"a"}}, {"clean", {"b"}}});
  job.tasks[2].options.Edit().run_if = run;
  return job;
}

TEST_CASE("mcfeely 16: a task that always runs does so after a failure",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(WithCleaner(RunIf::kAlways), 0);
  bench.End(job, "a", pb::DONE, 1);
  CHECK(bench.Why(job, "clean") == "waiting for b: sent to h1");
  bench.End(job, "b", pb::FAILED, 2, "exit 1");
  CHECK(bench.Dispatched() == Names{"clean"});
  bench.End(job, "clean", pb::DONE, 3);
  CHECK(bench.Ended() == 1);
}

TEST_CASE("options: what waits for a failure runs after one, also far away",
          "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  const JobId job = bench.Accept(WithCleaner(RunIf::kFailure), 0);
  SECTION("b is skipped") {
    bench.End(job, "a", pb::FAILED, 1, "exit 1");
    CHECK(bench.Dispatched() == Names{"clean"});
    bench.End(job, "clean", pb::DONE, 2);
    CHECK(bench.Ended() == 1);
  }
  SECTION("nothing fails") {
    bench.End(job, "a", pb::DONE, 1);
    bench.End(job, "b", pb::DONE, 2);
    CHECK(bench.Dispatched().empty());
    CHECK(bench.Stored(job, "clean").stored == pb::TaskRecord::SKIPPED);
    CHECK(bench.Stored(job, "clean").culprit == 2);
    CHECK(bench.Ended() == 0);
  }
}

TEST_CASE("options: a task may fail without stopping others", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Job spec = MakeJob({MakeTask("a"), MakeTask("b")}, {{"b", {"a"}}});
  spec.tasks[0].options.Edit().continue_if_failed = true;
  const JobId job = bench.Accept(std::move(spec), 0);
  bench.End(job, "a", pb::FAILED, 1, "exit 1");
  CHECK(bench.Dispatched() == Names{"b"});
  bench.End(job, "b", pb::DONE, 2);
  CHECK(bench.Ended() == 1);
}

TEST_CASE("options: higher priority goes first", "[mcfeely]") {
  SchedulerBench bench({.max_per_host = 1});
  std::vector<Task> tasks = {MakeTask("low"), MakeTask("usual"),
                             MakeTask("high")};
  tasks[0].options.Edit().priority = -1;
  tasks[2].options.Edit().priority = 100;
  const JobId job = bench.Accept(MakeJob(tasks), 0);
  bench.Open("h1", 1);
  CHECK(bench.Dispatched() == Names{"high"});
  bench.End(job, "high", pb::DONE, 2);
  CHECK(bench.Dispatched() == Names{"usual"});
  bench.End(job, "usual", pb::DONE, 3);
  CHECK(bench.Dispatched() == Names{"low"});
}

TEST_CASE("options: a small job does not wait for a big one", "[mcfeely]") {
  SchedulerBench bench({.max_per_host = 1});
  bench.check_replay = false;
  bench.Open("h1", 0);
  std::vector<Task> tasks;
  for (int t = 0; t < 1000; t++)
    tasks.push_back(MakeTask(absl::StrCat("t", t)));
  const JobId big = bench.Accept(MakeJob(std::move(tasks)), 0);
  for (int t = 0; t < 10; t++) {
    bench.End(big, absl::StrCat("t", t), pb::DONE, 1 + t);
  }
  const JobId small = bench.Accept(MakeJob({MakeTask("only")}), 20);
  bench.End(big, "t10", pb::DONE, 21);
  // Both are at the same turn; the older task goes first.
  CHECK(bench.Dispatched() == Names{"t11"});
  bench.End(big, "t11", pb::DONE, 22);
  CHECK(bench.Dispatched() == Names{"only"});
  bench.End(small, "only", pb::DONE, 23);
  CHECK(bench.Dispatched() == Names{"t12"});
}

TEST_CASE("options: no more attempts than tries", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Job spec = MakeJob({MakeTask("a")});
  spec.tasks[0].options.Edit().tries = 2;
  const JobId job = bench.Accept(std::move(spec), 0);
  bench.End(job, "a", pb::DEFERRED, 0);
  bench.Wake(25);
  bench.End(job, "a", pb::DEFERRED, 25, "exit 99");
  CHECK(bench.Ended() == 1);
  CHECK(*bench.Stored(job, "a").reason == "gave up after 2 attempts: exit 99");
  // A retry begins to count anew.
  bench.Reopen(job);
  REQUIRE(bench.Operate(job, pb::Control::RETRY, {}, 30).ok());
  bench.End(job, "a", pb::DEFERRED, 30);
  CHECK(bench.Ended() == -1);
  CHECK(bench.Why(job, "a") == "deferred once, next try in 25 s: exit 99");
}

TEST_CASE("options: nothing starts before its time", "[mcfeely]") {
  SchedulerBench bench;
  bench.Open("h1", 0);
  Job spec = MakeJob({MakeTask("a"), MakeTask("b")}, {{"b", {"a"}}});
  spec.tasks[1].options.Edit().start = SchedulerBench::Start() + absl::Hours(1);
  spec.tasks[1].options.Edit().delay = absl::Minutes(1);
  const JobId job = bench.Accept(std::move(spec), 0);
  CHECK(bench.Dispatched() == Names{"a"});
  bench.End(job, "a", pb::DONE, 1);
  CHECK(bench.Dispatched().empty());
  bench.Wake(3659);
  CHECK(bench.Dispatched().empty());
  bench.Wake(3660);
  CHECK(bench.Dispatched() == Names{"b"});
  // It was born when its time came.
  CHECK(bench.Stored(job, "b").eligible ==
        SchedulerBench::Start() + absl::Hours(1));
}

TEST_CASE("options: a class has its own limit", "[mcfeely]") {
  std::vector<Task> tasks;
  for (const char* name : {"a", "b", "c", "d"}) {
    tasks.push_back(MakeTask(name, *name < 'c' ? "h1" : "h2"));
    tasks.back().options.Edit().class_name = "hup";
  }
  tasks.push_back(MakeTask("other"));
  SECTION("one on each host when nothing is said") {
    SchedulerBench bench;
    bench.Open("h1", 0);
    bench.Open("h2", 0);
    const JobId job = bench.Accept(MakeJob(tasks), 1);
    CHECK(bench.Dispatched() == Names{"a", "c", "other"});
    CHECK(bench.Why(job, "b") == "class hup runs 1 task on h1 already");
    bench.End(job, "a", pb::DONE, 2);
    CHECK(bench.Dispatched() == Names{"b"});
  }
  SECTION("so many over all") {
    SchedulerBench bench({.classes = {{"hup", {.all = 1}}}});
    bench.Open("h1", 0);
    bench.Open("h2", 0);
    const JobId job = bench.Accept(MakeJob(tasks), 1);
    CHECK(bench.Dispatched() == Names{"a", "other"});
    CHECK(bench.Why(job, "c") == "class hup runs 1 task already");
    bench.End(job, "a", pb::DONE, 2);
    CHECK(bench.Dispatched().size() == 1);
    bench.Close("h2", 3);
    bench.Close("h1", 3);
    CHECK(bench.Why(job, "d") == "h2 is not connected");
  }
}

TEST_CASE("mcfeely 8: a late task is told of once, then given up",
          "[mcfeely]") {
  SchedulerBench bench;
  Job spec = MakeJob({MakeTask("a"), MakeTask("quiet")});
  spec.tasks[0].options.Edit().retry_for = absl::Hours(10);
  spec.tasks[1].options.Edit().warn_after = absl::InfiniteDuration();
  SECTION("while its host is away") {
    const JobId job = bench.Accept(std::move(spec), 0);
    CHECK(bench.All<WakeAt>()[0].when ==
          SchedulerBench::Start() + absl::Hours(4));
    bench.Wake(4 * 3600);
    REQUIRE(bench.All<TellLate>().size() == 1);
    CHECK(bench.All<TellLate>()[0].task.value == 0);
    CHECK(bench.Why(job, "a") == "h1 is not connected");
    bench.Wake(9 * 3600);
    CHECK(bench.All<TellLate>().empty());
    bench.Wake(10 * 3600);
    CHECK(*bench.Stored(job, "a").reason ==
          "gave up after 10h: h1 is not connected");
  }
  SECTION("while it is deferred") {
    bench.Open("h1", 0);
    const JobId job = bench.Accept(std::move(spec), 0);
    bench.On(AttemptStarted{"h1", bench.IdOf(job, "quiet")}, 1);
    bench.End(job, "a", pb::DEFERRED, 1);
    bench.Wake(14'000);
    bench.End(job, "a", pb::DEFERRED, 14'001);
    CHECK(bench.All<TellLate>().empty());
    bench.Wake(4 * 3600);
    CHECK(bench.All<TellLate>().size() == 1);
    CHECK(bench.State(job, "a") == pb::TASK_DELAYED);
    bench.Wake(5 * 3600);
    CHECK(bench.Dispatched() == Names{"a"});
    CHECK(bench.All<TellLate>().empty());
  }
}

TEST_CASE("options: times are read as people write them", "[mcfeely]") {
  const JobClock clock = {.now = *base::ParseTime("2026-01-31T12:30:00Z"),
                          .zone = absl::FixedTimeZone(3600)};
  const auto read = [&](absl::string_view text) {
    const auto time = ParseStart(text, clock);
    return time.ok() ? base::FormatTime(*time) : "wrong";
  };
  CHECK(read("+1h30m") == "2026-01-31T14:00:00.000Z");
  CHECK(read("14:00") == "2026-01-31T13:00:00.000Z");
  CHECK(read("13:30") == "2026-02-01T12:30:00.000Z");
  CHECK(read("00:05") == "2026-01-31T23:05:00.000Z");
  CHECK(read("2027-01-01T00:00:00Z") == "2027-01-01T00:00:00.000Z");
  for (const char* wrong : {"", "24:00", "1:00", "12:60", "+", "+x", "-1h",
                            "noon", "1969-01-01T00:00:00Z", "12:3 "}) {
    CHECK(read(wrong) == "wrong");
  }
  CHECK_FALSE(ParseStart("12:00", {}).ok());
  CHECK_FALSE(ParseStart("+1h", {}).ok());
}

TEST_CASE("options: a job file's options come back from every form",
          "[mcfeely]") {
  const std::string text =
      "start 2026-02-01T00:00:00.000Z\n"
      "hold\n"
      "task a h1 comm : class=hup if-failed=continue priority=-7 run=failure "
      "start=2026-01-31T00:00:00.000Z tries=3 warn-after=never\n"
      "task b h1 comm : run=always warn-after=1h\n";
  const Parsed parsed = ParseJob({{"job", text}}, {});
  REQUIRE(parsed.errors.empty());
  const TaskOptions& o = *parsed.job.tasks[0].options;
  CHECK(o.class_name == "hup");
  CHECK(o.continue_if_failed);
  CHECK(o.priority == -7);
  CHECK(o.run_if == RunIf::kFailure);
  CHECK(o.tries == 3);
  CHECK(o.warn_after == absl::InfiniteDuration());
  CHECK(parsed.job.hold);
  CHECK(FormatJobFile(parsed.job) == text);
  const auto sent = FromMessage(ToMessage(parsed.job));
  REQUIRE(sent.ok());
  CHECK(*sent == parsed.job);
  const Parsed json = ParseJob({{"job", FormatJson(parsed.job)}}, {});
  REQUIRE(json.errors.empty());
  CHECK(json.job == parsed.job);
}

TEST_CASE("options: wrong values are told with what is right", "[mcfeely]") {
  const Parsed parsed =
      ParseJob({{"job",
                 "task a h c : priority=101 run=never tries=0 if-failed=x "
                 "class=-x start=soon warn-after=0\nstart\nhold on\n"}},
               {});
  CHECK(parsed.errors ==
        std::vector<std::string>{
            "job:1: task: priority: '101' is not a number from -100 to 100",
            "job:1: task: run: 'never' is not success, failure or always",
            "job:1: task: tries: '0' is not a number from 1 to 1000000",
            "job:1: task: if-failed: 'x' is not fail or continue",
            "job:1: task: class: the name '-x' is not letters, digits, '.', "
            "'_' and '-', a letter or digit first",
            "job:1: task: start: 'soon' is not a time such as "
            "2026-01-31T10:15:00Z, 10:15 or +2h",
            "job:1: task: warn-after: '0' is not a duration such as 30m, 4h, "
            "2d, longer than zero, or never",
            "job:2: start: must be: start TIME, or start +DURATION",
            "job:3: hold: takes no words"});
}

TEST_CASE("options: what is out of range on the wire is refused", "[mcfeely]") {
  const auto refused = [](auto change) {
    pb::Job message = ToMessage(MakeJob({MakeTask("a")}));
    change(*message.mutable_task(0)->mutable_options(), message);
    return !FromMessage(message).ok();
  };
  CHECK_FALSE(refused([](pb::TaskOptions&, pb::Job&) {}));
  CHECK(refused([](pb::TaskOptions& o, pb::Job&) { o.set_priority(101); }));
  CHECK(refused([](pb::TaskOptions& o, pb::Job&) { o.set_priority(-1000); }));
  CHECK(refused([](pb::TaskOptions& o, pb::Job&) { o.set_tries(2'000'000); }));
  CHECK(refused([](pb::TaskOptions& o, pb::Job&) {
    o.set_run(static_cast<pb::TaskOptions::Run>(9));
  }));
  CHECK(refused(
      [](pb::TaskOptions& o, pb::Job&) { o.set_start_ms(UINT64_MAX); }));
  CHECK(refused(
      [](pb::TaskOptions& o, pb::Job&) { o.set_warn_after_ms(UINT64_MAX); }));
  CHECK(refused([](pb::TaskOptions& o, pb::Job&) { o.set_class_name("a b"); }));
  CHECK(refused(
      [](pb::TaskOptions&, pb::Job& j) { j.set_start_ms(1ull << 60); }));
}

}  // namespace
}  // namespace mcfeely
