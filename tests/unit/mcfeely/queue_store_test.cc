// What a queue writes, in which steps, and what it reads back.

#include <absl/strings/match.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/time.h"
#include "mcfeely/records.h"
#include "queue_bench.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using Record = pb::TaskRecord;

Keys MainKeys() { return Keys("main"); }

// One task that all others require.
Job Wide(uint32_t tasks) {
  Job job = MakeJob({});
  Requirement r;
  for (uint32_t t = 0; t < tasks; t++) {
    job.tasks.push_back(MakeTask(absl::StrCat("t", t)));
    if (t > 0) r.tasks.push_back(t);
  }
  r.needs = {0};
  job.requirements.push_back(std::move(r));
  return job;
}

pb::JobHead HeadOf(const QueueBench& q, uint64_t job) {
  pb::JobHead head;
  const auto found = q.disk.entries().find(MainKeys().Head({job}));
  REQUIRE(found != q.disk.entries().end());
  REQUIRE(UnpackMessage(found->second, head).ok());
  return head;
}

TEST_CASE("records: keys sort as their numbers do and can be taken apart",
          "[mcfeely]") {
  const Keys keys("main");
  CHECK(keys.Head({255}) == "main/job/00000000000000ff/head");
  CHECK(keys.Head({255}) < keys.Head({256}));
  CHECK(keys.Mail({1}, 2) == "main/mail/0000000000000001.0000000000000002");
  const auto run = keys.ParseJobKey(keys.Run({7}, {9}));
  REQUIRE(run.has_value());
  CHECK(run->kind == Keys::JobKey::Kind::kRun);
  CHECK(run->job == base::JobId{7});
  CHECK(run->number == 9);
  CHECK(keys.ParseEnded(keys.Ended(base::FromMillis(5), {3}))->job ==
        base::JobId{3});
  CHECK(keys.ParseParcel(keys.Parcel(QueueBench::Id(3))) == QueueBench::Id(3));
  for (const char* bad :
       {"", "main/job/", "main/job/00000000000000ff/", "main/job/ff/head",
        "main/job/00000000000000fF/head", "other/job/00000000000000ff/head",
        "main/job/00000000000000ff/part/1",
        "main/job/00000000000000ff/part/00000000000000010",
        "main/job/00000000000000ff/heads"}) {
    CHECK_FALSE(keys.ParseJobKey(bad).has_value());
  }
  CHECK_FALSE(keys.ParseParcel("main/parcel/00").has_value());
  CHECK_FALSE(UnpackNumber("1").ok());
  CHECK(*UnpackNumber(PackNumber(UINT64_MAX)) == UINT64_MAX);
}

TEST_CASE("queue: what changed many times is written once", "[mcfeely]") {
  QueueBench q({.max_running = 1000, .max_per_host = 1000});
  q.Open(5);
  std::vector<Task> tasks;
  for (int t = 0; t < 30; t++) tasks.push_back(MakeTask(absl::StrCat("t", t)));
  q.Inject(1, 1, MakeJob(std::move(tasks)));
  q.Settle();
  const std::vector<std::string> ids = q.Sent();
  REQUIRE(ids.size() == 30);
  q.transactions = 0;
  q.operations = 0;
  std::vector<pb::Result> results;
  for (const std::string& id : ids) {
    results.push_back(q.ResultOf(id, pb::DEFERRED));
  }
  q.Results(5, 9, results);
  q.Settle();
  CHECK(q.transactions == 1);
  CHECK(q.operations == 32);  // 30 outputs, one head, the step
}

TEST_CASE(
    "mcfeely store 9: a thousand results of one job take few transactions",
    "[mcfeely]") {
  QueueBench q({.max_running = 1000, .max_per_host = 1000});
  q.Open(5);
  std::vector<Task> tasks;
  for (int t = 0; t < 1000; t++) {
    tasks.push_back(MakeTask(absl::StrCat("t", t)));
  }
  q.Inject(1, 1, MakeJob(std::move(tasks)));
  q.Settle();
  std::vector<pb::Result> results;
  for (const std::string& id : q.Sent()) {
    results.push_back(q.ResultOf(id, pb::DONE));
  }
  REQUIRE(results.size() == 1000);
  q.transactions = 0;
  q.actions.clear();
  for (size_t at = 0; at < results.size(); at += 250) {
    q.Results(5, 9, {results.begin() + at, results.begin() + at + 250});
  }
  q.Settle();
  CHECK(q.transactions <= 40);
  CHECK(q.Receipts() == "5:accepted, 5:accepted, 5:accepted, 5:accepted");
  CHECK(HeadOf(q, 1).state() == pb::JOB_DONE);
}

TEST_CASE("queue: outputs of the greatest size stay within a transaction",
          "[mcfeely]") {
  QueueBench q({.max_running = 1000, .max_per_host = 1000});
  q.Open(5);
  std::vector<Task> tasks;
  for (int t = 0; t < 60; t++) tasks.push_back(MakeTask(absl::StrCat("t", t)));
  q.Inject(1, 1, MakeJob(std::move(tasks)));
  q.Settle();
  Dice dice(1);
  std::vector<pb::Result> results;
  for (const std::string& id : q.Sent()) {
    pb::Result r = q.ResultOf(id, pb::DONE);
    r.set_head(dice.Bytes(base::kMaxKeptOutputBytes));
    r.set_tail(dice.Bytes(base::kMaxKeptOutputBytes));
    r.set_reason(dice.Bytes(10'000));
    results.push_back(std::move(r));
  }
  q.Results(5, 9, results);
  q.Settle();
  CHECK(HeadOf(q, 1).state() == pb::JOB_DONE);
  const auto view = q.queue->View(q.disk, {1}, true, q.now);
  REQUIRE(view.ok());
  CHECK(view->task(59).head() == results[59].head());
  CHECK(view->task(59).attempt(0).reason().size() == kMaxReasonBytes);
}

TEST_CASE("queue: the latest 20 attempts are kept, over a restart too",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  Job job = MakeJob({MakeTask("a")});
  job.tasks[0].options.Edit().retry_for = absl::InfiniteDuration();
  q.Inject(1, 1, job);
  q.Settle();
  for (int n = 1; n <= 25; n++) {
    REQUIRE(q.Sent().size() == 1);
    const std::string id = q.Sent()[0];
    q.actions.clear();
    q.Results(5, 9, {q.ResultOf(id, pb::DEFERRED)});
    q.Settle();
    if (n == 12) {
      q.Restart();
      q.Open(5);
    }
    q.Later(absl::Hours(1));
    q.Settle();
  }
  const auto view = q.queue->View(q.disk, {1}, true, q.now);
  REQUIRE(view.ok());
  const pb::TaskView& task = view->task(0);
  REQUIRE(task.attempt_size() == 20);
  CHECK(task.attempt(0).number() == 6);
  CHECK(task.attempt(19).number() == 25);
  CHECK(task.head() == "the output");
}

// --- big jobs ---------------------------------------------------------------

TEST_CASE(
    "mcfeely store 8: a job of 100000 tasks keeps the limits of a "
    "transaction",
    "[mcfeely]") {
  constexpr uint32_t kTasks = 100'000;
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, Wide(kTasks));
  int64_t before_head = 0;
  while (q.All<SendReceipt>().empty()) {
    REQUIRE(q.Commit());
    before_head++;
  }
  CHECK(before_head >= 2);
  CHECK(q.Receipts() == "1:accepted 1");
  q.Settle();
  REQUIRE(q.Sent().size() == 1);
  const std::string id = q.Sent()[0];
  q.actions.clear();
  q.Results(5, 9, {q.ResultOf(id, pb::FAILED)});

  // All others are skipped: 196 tables. A crash at each step.
  const FakeDisk before = q.disk;
  for (int64_t steps = 0;; steps++) {
    q.disk = before;
    q.Restart();
    q.Open(5, "h1", {id});
    q.Results(5, 9, {q.ResultOf(id, pb::FAILED)});
    CHECK(q.Receipts().empty());
    int64_t done = 0;
    while (done < steps && q.Commit()) done++;
    const bool whole = q.All<SendReceipt>().size() == 1;
    q.Restart();
    const bool known = !q.queue->scheduler().Has({1});
    if (whole) CHECK(known);
    q.Open(5, "h1", {id});
    if (!known) {
      CHECK(q.queue->scheduler().State({1}, {0}) == pb::TASK_DISPATCHED);
      CHECK(q.queue->scheduler().State({1}, {kTasks - 1}) == pb::TASK_WAITING);
    }
    q.actions.clear();
    q.Results(5, 9, {q.ResultOf(id, pb::FAILED)});
    q.Settle();
    CHECK(q.Receipts() == "5:accepted");
    CHECK(HeadOf(q, 1).state() == pb::JOB_FAILED);
    const auto view = q.queue->View(q.disk, {1}, true, q.now);
    REQUIRE(view.ok());
    CHECK(view->state() == pb::JOB_FAILED);
    CHECK(view->task(kTasks - 1).state() == pb::TASK_SKIPPED);
    CHECK(view->task(0).head() == "the output");
    // A first result that was stored half is not counted beside its repeat.
    CHECK(view->task(0).attempt_size() == 1);
    if (whole) {
      CHECK(steps >= 2);  // it did not fit into one
      break;
    }
    REQUIRE(steps < 100);
  }
}

TEST_CASE("queue: attempts whose ends were stored in part are counted once",
          "[mcfeely]") {
  QueueBench q({.max_running = 300, .max_per_host = 300});
  q.Open(5);
  std::vector<Task> tasks;
  for (int t = 0; t < 300; t++) tasks.push_back(MakeTask(absl::StrCat("t", t)));
  q.Inject(1, 1, MakeJob(std::move(tasks)));
  q.Settle();
  REQUIRE(q.Sent().size() == 300);
  // All of them are interrupted at once: more outputs than one transaction has.
  q.Open(6, "h1", {}, 'K');
  REQUIRE(q.Commit());
  CHECK(q.KeysWith("main/job/0000000000000001/run/") < 300);
  CHECK(q.KeysWith("main/job/0000000000000001/run/") > 0);
  q.Restart();
  CHECK(q.queue->scheduler().Hosts().at("h1").open == 300);
  q.Open(7, "h1", {}, 'K');
  q.Settle();
  const auto view = q.queue->View(q.disk, {1}, true, q.now);
  REQUIRE(view.ok());
  for (const pb::TaskView& task : view->task()) {
    REQUIRE(task.state() == pb::TASK_DELAYED);
    REQUIRE(task.attempt_size() == 1);
    REQUIRE(task.attempt(0).verdict() == pb::INTERRUPTED);
  }
}

TEST_CASE(
    "mcfeely 31: a big job that meets a full disk half way leaves no trace",
    "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, Wide(3000));
  const Job one = MakeJob({MakeTask("a")});
  q.Inject(2, 2, one);
  REQUIRE(q.Commit());
  // By size it needs one more transaction only when its text is long.
  Job big = Wide(600);
  Dice dice(3);
  for (int n = 0; n < 20; n++) {
    big.tasks[n].arguments = {base::Hex(dice.Bytes(60'000))};
  }
  q.Settle();
  q.actions.clear();
  q.Inject(3, 3, big);
  REQUIRE(q.Commit());
  CHECK(q.KeysWith("main/job/0000000000000003/") > 0);
  q.Inject(4, 4, one);
  q.Refuse();
  CHECK(q.Receipts() == "3:not now, 4:not now");
  SECTION("after the disk has space again") {
    q.Later(absl::Seconds(1));
    q.Settle();
    CHECK(q.KeysWith("main/job/0000000000000003/") == 0);
  }
  SECTION("after a restart") {
    q.Restart();
    q.Settle();
    CHECK(q.KeysWith("main/job/0000000000000003/") == 0);
  }
  q.actions.clear();
  q.Inject(5, 4, one);
  q.Settle();
  CHECK(q.Receipts() == "5:accepted 3");
  q.Restart();
  CHECK(q.queue->scheduler().Spec({3}).tasks.size() == 1);
}

// --- reports ----------------------------------------------------------------

std::string Mail(const QueueBench& q) {
  std::string text;
  for (const SendReport& r : q.All<SendReport>()) text += r.key + "\n";
  return text;
}

TEST_CASE("mcfeely 27: an end that was not reported is, in the next life",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  const std::string id = q.Sent()[0];
  q.Results(5, 9, {q.ResultOf(id, pb::DONE)});
  CHECK(q.All<SendReport>().empty());
  q.Settle();
  REQUIRE(q.All<SendReport>().size() == 1);
  const SendReport first = q.All<SendReport>()[0];
  CHECK(first.report.job() == 1);
  CHECK(first.report.report_id().size() == 16);
  q.Restart();
  REQUIRE(q.All<SendReport>().size() == 1);
  CHECK(q.All<SendReport>()[0].report.report_id() == first.report.report_id());
  q.queue->ReportSent(first.key, q.now);
  q.Settle();
  CHECK(q.KeysWith("main/mail/") == 0);
  q.Restart();
  CHECK(q.All<SendReport>().empty());
  q.queue->ReportSent(first.key, q.now);  // unknown by now: nothing
  CHECK_FALSE(q.Commit());
}

TEST_CASE("queue: a report that could not be sent is tried again, ever later",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  q.Results(5, 9, {q.ResultOf(q.Sent()[0], pb::FAILED)});
  q.Settle();
  const std::string key = q.All<SendReport>().at(0).key;
  for (const int minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    q.actions.clear();
    q.queue->ReportFailed(key, q.now);
    q.Settle();
    q.Take();
    CHECK(q.All<SendReport>().empty());
    REQUIRE(q.All<WakeUp>().size() >= 1);
    CHECK(q.All<WakeUp>().back().when == q.now + absl::Minutes(minutes));
    q.Later(absl::Minutes(minutes) - absl::Milliseconds(1));
    CHECK(q.All<SendReport>().empty());
    q.Later(absl::Milliseconds(1));
    REQUIRE(q.All<SendReport>().size() == 1);
  }
  CHECK(q.All<SendReport>()[0].report.tries() == 8);
  CHECK_FALSE(Mail(q).empty());
}

TEST_CASE("queue: a report goes out only where there is an address for it",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  Job job = MakeJob({MakeTask("a")});
  const auto verdict = GENERATE(pb::DONE, pb::FAILED);
  (verdict == pb::DONE ? job.success : job.failure).clear();
  q.Inject(1, 1, job);
  q.Settle();
  q.Results(5, 9, {q.ResultOf(q.Sent()[0], verdict)});
  q.Settle();
  CHECK(q.All<SendReport>().empty());
  CHECK(q.KeysWith("main/mail/") == 0);
  CHECK(q.KeysWith("main/ended/") == 1);
}

TEST_CASE("mcfeely 28: a person is told of a held task, once for each attempt",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  Job job = MakeJob({MakeTask("a")});
  job.tasks[0].options.Edit().safe_to_repeat = false;
  q.Inject(1, 1, job);
  q.Settle();
  for (int n = 1; n <= 2; n++) {
    const std::string id = q.Sent().back();
    q.actions.clear();
    q.Results(5, 9, {q.ResultOf(id, pb::INTERRUPTED)});
    q.Settle();
    REQUIRE(q.All<SendReport>().size() == 1);
    CHECK(q.All<SendReport>()[0].report.about() ==
          pb::PendingReport::TASK_HELD);
    CHECK(q.KeysWith("main/mail/") == static_cast<size_t>(n));
    q.Restart();
    CHECK(q.All<SendReport>().size() == static_cast<size_t>(n));
    CHECK(q.queue->scheduler().State({1}, {0}) == pb::TASK_HELD);
    q.Open(5);
    q.Operate(77, pb::Control::RELEASE, 1,
              {q.queue->scheduler().Spec({1}).tasks[0].name});
    q.Settle();
    CHECK(q.Sent().size() == 1);
  }
}

// --- reading back -----------------------------------------------------------

TEST_CASE("queue: a new life knows what the one before had stored",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  Job chain = MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")},
                      {{"b", {"a"}}, {"c", {"b"}}});
  q.Inject(1, 1, chain);
  q.Inject(1, 2, MakeJob({MakeTask("x")}));
  q.Settle();
  q.Results(5, 9, {q.ResultOf(q.Sent()[0], pb::DONE)});
  q.Settle();
  std::vector<TaskStatus> before;
  for (uint32_t t = 0; t < 3; t++) {
    before.push_back(q.queue->scheduler().Record({1}, {t}));
  }
  q.Restart();
  for (uint32_t t = 0; t < 3; t++) {
    CHECK(q.queue->scheduler().Record({1}, {t}) == before[t]);
  }
  CHECK(q.queue->scheduler().Jobs().size() == 2);
  CHECK_FALSE(q.Commit());  // reading changes nothing
  const auto view = q.queue->View(q.disk, {1}, true, q.now);
  REQUIRE(view.ok());
  CHECK(view->state() == pb::JOB_OPEN);
  CHECK(view->principal() == "user:ops@example.com");
  CHECK(view->task(0).state() == pb::TASK_DONE);
  CHECK(view->task(0).head() == "the output");
  CHECK(view->task(1).state() == pb::TASK_DISPATCHED);
  CHECK(view->task(2).why() == "waiting for b: h1 is not connected");
  CHECK(view->task(2).needs(0) == "b");
}

TEST_CASE("queue: an end is shown when it is stored", "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  q.Results(5, 9, {q.ResultOf(q.Sent()[0], pb::DONE)});
  CHECK(q.queue->View(q.disk, {1}, false, q.now)->state() == pb::JOB_OPEN);
  CHECK(q.queue->EndedJobs(q.disk, 10)->empty());
  q.Settle();
  const auto view = q.queue->View(q.disk, {1}, true, q.now);
  CHECK(view->state() == pb::JOB_DONE);
  CHECK(view->ended_ms() != 0);
  CHECK(*q.queue->EndedJobs(q.disk, 10) == std::vector<JobId>{{1}});
  q.Restart();
  CHECK(*q.queue->EndedJobs(q.disk, 10) == std::vector<JobId>{{1}});
  CHECK(absl::IsNotFound(q.queue->View(q.disk, {2}, true, q.now).status()));
  q.Inject(1, 2, MakeJob({MakeTask("a")}));
  q.Settle();
  CHECK(q.queue->scheduler().Jobs() == std::vector<JobId>{{2}});
}

TEST_CASE("queue: what makes no sense in the store is named", "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, MakeJob({MakeTask("a"), MakeTask("b")}, {{"b", {"a"}}}));
  q.Settle();
  const Keys keys("main");
  const auto refused = [&](store::Operation op) {
    const std::string key = op.key;
    const FakeDisk good = q.disk;
    q.disk.Apply({{}, {std::move(op)}});
    const absl::Status status = q.TryRestart();
    CHECK(absl::IsDataLoss(status));
    INFO(status.message());
    q.disk = good;
    return std::string(status.message());
  };
  const auto names = [&](const std::string& key, const std::string& value) {
    CHECK(absl::StrContains(refused(store::Put(key, value)), key));
  };
  const auto bytes = q.disk.entries();
  names(keys.Head({1}), "garbage");
  names(keys.Head({1}), "");
  std::string flipped = bytes.at(keys.Head({1}));
  flipped[flipped.size() / 2] ^= 0x10;
  q.disk.Apply({{}, {store::Put(keys.Head({1}), flipped)}});
  q.TryRestart().IgnoreError();  // refused or not: it must not end us
  q.disk.Apply({{}, {store::Put(keys.Head({1}), bytes.at(keys.Head({1})))}});
  names(keys.Head({2}), bytes.at(keys.Head({1})));
  names(keys.Text({1}, 0), "garbage");
  names(keys.Run({1}, {0}), "garbage");
  names(keys.Parcel(q.Id(9)), PackNumber(9));
  names(keys.Seq(), "x");
  names(keys.Mail({1}, 0), "garbage");
  names("main/job/0000000000000001/surprise", "");
  names("main/parcel/zz", PackNumber(1));
  names("main/ended/zz", "");
  CHECK(absl::StrContains(refused(store::Delete(keys.Text({1}, 0))),
                          keys.Text({1}, 0)));
  // The text of another job.
  const std::string other = FakeParcel(
      q.Id(1), MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")}));
  std::string value(1, '\0');
  value += other;
  CHECK(absl::StrContains(refused(store::Put(keys.Text({1}, 0), value)),
                          "differ in the number of tasks"));
  CHECK(q.TryRestart().ok());
}

TEST_CASE("queue: only open jobs are read, however many have ended",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  for (int n = 1; n <= 9; n++) q.Inject(1, n, MakeJob({MakeTask("a")}));
  q.Settle();
  std::vector<std::string> ids = q.Sent();
  for (int n = 0; n < 9 && n < static_cast<int>(ids.size()); n++) {
    // 1, 2, 4, 5, 7, 8 end; 3, 6, 9 stay.
    if (n % 3 != 2) q.Results(5, 9, {q.ResultOf(ids[n], pb::DONE)});
    q.Settle();
    ids = q.Sent();
  }
  const auto open = q.queue->scheduler().Jobs();
  // What has ended may be damaged: it is not looked at.
  q.disk.Apply({{}, {store::Put(Keys("main").Head({1}), "garbage")}});
  q.Restart();
  CHECK(q.queue->scheduler().Jobs() == open);
  CHECK(open == std::vector<JobId>{{3}, {6}, {9}});
}

}  // namespace
}  // namespace mcfeely
