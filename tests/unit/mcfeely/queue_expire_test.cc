// Which ended jobs go, in which steps, and that all of them goes.

#include "mcfeely/records.h"
#include "queue_bench.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;

// A queue that keeps `jobs` ended jobs for a day.
struct Keeper : QueueBench {
  explicit Keeper(size_t jobs = 100) {
    keep = absl::Hours(24);
    keep_jobs = jobs;
    Restart();
    Open(5);
  }
  // Injects a job and lets its tasks end, one after the other.
  void Run(int parcel, Job job) {
    Inject(1, parcel, job);
    Settle();
    for (size_t done = 0; done < job.tasks.size();) {
      const std::vector<std::string> ids = Sent();
      REQUIRE(!ids.empty());
      actions.clear();
      for (const std::string& id : ids) {
        Results(5, 9, {ResultOf(id, pb::DONE)});
        done++;
      }
      Settle();
    }
    for (const SendReport& report : All<SendReport>()) {
      queue->ReportSent(report.key, now);
    }
    Settle();
    actions.clear();
  }
  // As the server does: until there is no more. How many steps that took.
  int ExpireAll() {
    for (int steps = 0; steps < 1000; steps++) {
      const auto more = queue->Expire(disk, now);
      REQUIRE(more.ok());
      Take();
      if (!*more) return steps;
      Settle();
    }
    FAIL("it does not end");
    return 0;
  }
  std::vector<JobId> Left() { return *queue->EndedJobs(disk, 1000); }
};

Job Small(const std::string& key = "") {
  Job job = MakeJob({MakeTask("a")});
  job.key = key;
  return job;
}

TEST_CASE("expire: a job goes when its time has come, and nothing is left",
          "[mcfeely]") {
  Keeper q;
  const auto before = q.disk.entries();
  q.Run(1, Small("k"));
  REQUIRE(q.disk.entries().size() > before.size() + 4);
  q.now += absl::Hours(24) - absl::Milliseconds(1);
  CHECK(q.ExpireAll() == 0);
  CHECK(q.Left() == std::vector<JobId>{{1}});
  q.now += absl::Milliseconds(1);
  CHECK(q.ExpireAll() > 0);
  CHECK(q.Left().empty());
  // But for the numbers that go on.
  const Keys keys("main");
  for (const auto& [key, value] : q.disk.entries()) {
    INFO(key);
    CHECK((key == keys.Seq() || key == keys.Step()));
  }
  // What would be a repeat is a new job now, and numbers are not used again.
  q.Inject(1, 1, Small("k"));
  q.Settle();
  CHECK(q.Receipts() == "1:accepted 2");
}

TEST_CASE("expire: of more jobs than are kept the oldest go", "[mcfeely]") {
  Keeper q(3);
  for (int n = 1; n <= 5; n++) {
    q.now += absl::Seconds(1);
    q.Run(n, Small());
  }
  q.ExpireAll();
  CHECK(q.Left() == std::vector<JobId>{{5}, {4}, {3}});
  q.Restart();
  CHECK(q.Left() == std::vector<JobId>{{5}, {4}, {3}});
  CHECK(q.ExpireAll() == 0);
}

TEST_CASE("expire: a large job goes in steps, whichever of them is the last",
          "[mcfeely]") {
  Keeper q(1);
  std::vector<Task> tasks;
  for (int t = 0; t < 600; t++) tasks.push_back(MakeTask(absl::StrCat("t", t)));
  q.Run(1, MakeJob(std::move(tasks)));
  q.now += absl::Seconds(1);
  q.Run(2, Small());
  // A new life after so many steps goes on where the one before has stopped.
  const int steps = GENERATE(0, 1, 2, 10, 19, 20);
  for (int n = 0; n < steps; n++) {
    REQUIRE(q.queue->Expire(q.disk, q.now).ok());
    q.Settle();
  }
  q.Restart();
  q.ExpireAll();
  CHECK(q.Left() == std::vector<JobId>{{2}});
  CHECK(q.KeysWith(Keys("main").Job({1})) == 0);
  CHECK(q.KeysWith(Keys("main").Job({2})) > 0);
}

TEST_CASE("expire: nothing open goes, however old", "[mcfeely]") {
  Keeper q;
  q.Inject(1, 1, Small());
  q.Settle();
  q.now += absl::Hours(1000);
  CHECK(q.ExpireAll() == 0);
  CHECK(q.queue->scheduler().Jobs().size() == 1);
  // Nor what an operator has opened again.
  q.Results(5, 9, {q.ResultOf(q.Sent()[0], pb::FAILED)});
  q.Settle();
  q.Operate(7, pb::Control::RETRY, 1);
  q.Settle();
  q.now += absl::Hours(1000);
  CHECK(q.ExpireAll() == 0);
  CHECK(q.queue->scheduler().Jobs().size() == 1);
}

TEST_CASE("expire: a store in trouble is left alone", "[mcfeely]") {
  Keeper q;
  q.Run(1, Small());
  q.now += absl::Hours(48);
  q.Inject(1, 2, Small());
  q.Refuse();
  const auto more = q.queue->Expire(q.disk, q.now);
  REQUIRE(more.ok());
  CHECK(*more);
  CHECK(q.Left() == std::vector<JobId>{{1}});
}

TEST_CASE("queue: a large job that is held is shown as held", "[mcfeely]") {
  Keeper q;
  std::vector<Task> tasks;
  for (int t = 0; t < 300; t++) tasks.push_back(MakeTask(absl::StrCat("t", t)));
  Job job = MakeJob(std::move(tasks));
  job.hold = true;
  q.Inject(1, 1, job);
  q.Settle();
  CHECK(q.queue->Summary(q.disk, {1}, q.now)->state == pb::JOB_HELD);
  q.Operate(7, pb::Control::RELEASE, 1);
  q.Settle();
  CHECK(q.queue->Summary(q.disk, {1}, q.now)->state == pb::JOB_OPEN);
}

}  // namespace
}  // namespace mcfeely
