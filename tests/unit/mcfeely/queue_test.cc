#include "mcfeely/queue.h"

#include <absl/strings/match.h>

#include "base/limits.h"
#include "queue_bench.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;

Job OneTask(const std::string& host = "h1") {
  return MakeJob({MakeTask("a", host)});
}

// --- injection --------------------------------------------------------------

TEST_CASE("queue: a job is acknowledged when it is stored, not before",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(7, 1, OneTask());
  CHECK(q.actions.empty());
  CHECK_FALSE(q.queue->scheduler().Has({1}));
  CHECK(q.Commit());
  CHECK(q.Receipts() == "7:accepted 1");
  CHECK(q.queue->scheduler().Has({1}));
  CHECK(q.queue->FindParcel(q.Id(1)) == JobId{1});
  CHECK(q.KeysWith("main/job/") == 2);  // head, text
  CHECK_FALSE(q.Commit());
}

TEST_CASE("mcfeely 19: one job comes of one key, however often and when",
          "[mcfeely]") {
  QueueBench q;
  Job job = OneTask();
  job.key.Edit() = "new customer 31";
  for (int n = 1; n <= 50; n++) q.Inject(n, n, job);
  CHECK(q.actions.empty());  // repeats wait for the first
  q.Settle();
  CHECK(q.All<SendReceipt>().size() == 50);
  for (const SendReceipt& r : q.All<SendReceipt>()) {
    CHECK(r.receipt.code == net::Receipt::Code::kAccepted);
    CHECK(r.receipt.number == 1);
    CHECK(r.receipt.id == q.Id(static_cast<int>(r.to)));
  }
  q.actions.clear();
  q.Inject(60, 60, job);
  CHECK(q.Receipts() == "60:accepted 1");
  q.Restart();
  q.Inject(61, 61, job);
  CHECK(q.Receipts() == "61:accepted 1");
  CHECK(q.queue->scheduler().Jobs().size() == 1);
  q.actions.clear();
  q.Inject(62, 62, job, "user:other@example.com");
  q.Settle();
  CHECK(q.Receipts() == "62:accepted 2");
}

TEST_CASE("mcfeely 36: a job the policy forbids is refused, and not queued",
          "[mcfeely]") {
  QueueBench q;
  Job job = OneTask();
  job.key.Edit() = "k";
  q.Inject(1, 1, job);
  q.Settle();
  q.actions.clear();
  q.may_run = absl::PermissionDeniedError("policy:3");
  q.Inject(2, 2, OneTask());
  CHECK(q.Receipts() == "2:refused");
  CHECK_FALSE(q.Commit());
  CHECK(q.queue->scheduler().Jobs().size() == 1);
  q.actions.clear();
  // What was accepted once stays so.
  q.Inject(3, 3, job);
  CHECK(q.Receipts() == "3:accepted 1");
  q.actions.clear();
  q.may_run = absl::UnavailableError("being mended");
  q.Inject(4, 4, OneTask());
  CHECK(q.Receipts() == "4:not now");
}

TEST_CASE("mcfeely 36: who may not run a job may not have it retried",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, OneTask());
  q.Settle();
  q.Results(5, 9, {q.ResultOf(q.Sent()[0], pb::FAILED)});
  q.Settle();
  q.actions.clear();
  q.may_run = absl::PermissionDeniedError("policy:3");
  q.Operate(7, pb::Control::RETRY, 1);
  CHECK(q.Answers() == std::vector<std::string>{"policy:3"});
  CHECK_FALSE(q.Commit());
  CHECK(q.queue->scheduler().Jobs().empty());
  q.actions.clear();
  q.may_run = absl::OkStatus();
  q.Operate(7, pb::Control::RETRY, 1);
  q.Settle();
  CHECK(q.Answers() == std::vector<std::string>{"ok"});
  CHECK(q.Sent().size() == 1);
  // Everything else takes the right to operate alone.
  q.actions.clear();
  q.may_run = absl::PermissionDeniedError("policy:3");
  q.Operate(7, pb::Control::CANCEL, 1);
  q.Settle();
  CHECK(q.Answers() == std::vector<std::string>{"ok"});
}

TEST_CASE("mcfeely: that an agent refuses the server's key is told at once",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  pb::Result refused = q.ResultOf(q.Sent()[0], pb::DEFERRED);
  refused.set_reason("the agent refuses this server's key");
  pb::Results results;
  *results.add_result() = refused;
  // In no parcel: the server has made it up.
  q.queue->AgentResults(5, base::ParcelId(), results, q.now);
  q.Take();
  q.Settle();
  const auto reports = q.All<SendReport>();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].report.about() == pb::PendingReport::TASK_LATE);
  CHECK(q.Receipts() == "1:accepted 1");
}

TEST_CASE("mcfeely: that a host that is called refuses the server is told once",
          "[mcfeely]") {
  QueueBench q;
  Job job = MakeJob({MakeTask("a"), MakeTask("b")});
  q.Inject(1, 1, job);
  q.Settle();
  const auto away = [&q](bool refused) {
    q.actions.clear();
    q.queue->HostAway("h1", "it trusts nobody", q.now + absl::Seconds(1),
                      refused, q.now);
    q.Take();
    q.Settle();
    return q.All<SendReport>();
  };
  CHECK(away(false).empty());
  const auto reports = away(true);
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].report.about() == pb::PendingReport::TASK_LATE);
  CHECK(reports[0].report.task() == 0);
  CHECK(away(true).empty());
  q.Restart();
  CHECK(away(true).empty());
  // No attempt was used up, and they run when it is there.
  q.actions.clear();
  q.Open(5);
  q.Settle();
  const auto sends = q.All<SendAttempts>();
  REQUIRE(sends.size() == 1);
  REQUIRE(sends[0].attempts.size() == 2);
  CHECK(sends[0].attempts[0].number() == 1);
  // A job without anybody to tell.
  QueueBench silent;
  Job nobody = OneTask();
  nobody.failure.clear();
  silent.Inject(1, 1, nobody);
  silent.Settle();
  silent.actions.clear();
  silent.queue->HostAway("h1", "it trusts nobody", silent.now, true,
                         silent.now);
  silent.Take();
  silent.Settle();
  CHECK(silent.All<SendReport>().empty());
}

TEST_CASE("queue: an attempt says who injected its job, and how it is run",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  Job job = OneTask();
  RunOptions& run = job.tasks[0].options.Edit().run;
  run.user = "daemon";
  run.environment = {"A=b"};
  run.input = "in";
  run.output_bytes = 0;
  run.detach = run.fail_on_timeout = true;
  job.inputs = {{"in", "content"}};
  q.Inject(1, 1, job);
  q.Settle();
  const auto sends = q.All<SendAttempts>();
  REQUIRE(sends.size() == 1);
  const pb::Attempt& attempt = sends[0].attempts[0];
  CHECK(attempt.principal() == "user:ops@example.com");
  CHECK(attempt.user() == "daemon");
  CHECK(attempt.environment(0) == "A=b");
  CHECK(attempt.stdin() == "content");
  CHECK(attempt.has_output_bytes());
  CHECK(attempt.output_bytes() == 0);
  CHECK(attempt.detach());
  CHECK(attempt.timeout_fails());
}

TEST_CASE("queue: somebody else's parcel of the same id is no repeat",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, OneTask());
  q.Inject(2, 1, OneTask(), "user:other@example.com");
  q.Settle();
  CHECK(q.Receipts() == "2:invalid, 1:accepted 1");
  q.actions.clear();
  q.Inject(3, 1, OneTask(), "user:other@example.com");
  CHECK(q.Receipts() == "3:invalid");
  q.Restart();
  q.Inject(4, 1, OneTask(), "user:other@example.com");
  CHECK(q.Receipts() == "4:invalid");
  q.actions.clear();
  q.Inject(5, 1, OneTask());
  CHECK(q.Receipts() == "5:accepted 1");
}

TEST_CASE("queue: a repeated parcel is answered with the first one's number",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, OneTask());
  q.Inject(2, 1, OneTask());
  q.Settle();
  CHECK(q.Receipts() == "1:accepted 1, 2:accepted 1");
  q.actions.clear();
  q.Inject(3, 1, OneTask());
  CHECK(q.Receipts() == "3:accepted 1");
  q.Restart();
  q.Inject(4, 1, OneTask("nobody knows this host now"));
  CHECK(q.Receipts() == "4:accepted 1");
}

TEST_CASE("queue: a job that is wrong is refused with the reason",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, OneTask("h9"));
  REQUIRE(q.Receipts() == "1:invalid");
  CHECK(q.All<SendReceipt>()[0].receipt.text == "host 'h9' is not known here");
  q.actions.clear();
  Job cycle =
      MakeJob({MakeTask("a"), MakeTask("b")}, {{"a", {"b"}}, {"b", {"a"}}});
  q.Inject(2, 2, cycle);
  Job bad_comm = OneTask();
  bad_comm.tasks[0].comm = "../sh";
  q.Inject(3, 3, bad_comm);
  CHECK(q.Receipts() == "2:invalid, 3:invalid");
  CHECK_FALSE(q.Commit());

  Job allowed = OneTask("h9");
  allowed.allow_unknown_hosts = true;
  q.actions.clear();
  q.Inject(4, 4, allowed);
  q.Open(5, "h8");
  q.Inject(6, 6, OneTask("h8"));  // connected, so known
  q.Settle();
  CHECK(q.Receipts() == "4:accepted 1, 6:accepted 2");
}

TEST_CASE("mcfeely 31: an injection that meets a full disk leaves no trace",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, OneTask());
  q.Inject(2, 1, OneTask());
  q.Refuse();
  CHECK(q.Receipts() == "1:not now, 2:not now");
  CHECK(q.All<SendReceipt>()[0].receipt.text == "the disk is full");
  CHECK(absl::IsResourceExhausted(q.queue->trouble()));
  CHECK(q.disk.entries().empty());
  q.actions.clear();
  q.Inject(3, 3, OneTask());
  CHECK(q.Receipts() == "3:not now");
  CHECK_FALSE(q.Commit());

  q.Later(absl::Seconds(1));
  q.actions.clear();
  q.Inject(4, 1, OneTask());
  q.Settle();
  CHECK(q.Receipts() == "4:accepted 1");
  CHECK(q.queue->trouble().ok());
}

TEST_CASE("mcfeely 31: results that meet a full disk are stored later",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, OneTask());
  q.Settle();
  REQUIRE(q.Sent().size() == 1);
  const std::string attempt = q.Sent()[0];
  q.actions.clear();
  q.Results(5, 9, {q.ResultOf(attempt, pb::DONE)});
  q.Inject(1, 2, OneTask());
  q.Refuse();
  CHECK(q.Receipts() == "1:not now");  // and the result waits
  for (int n = 0; n < 3; n++) {
    CHECK_FALSE(q.queue->NextTransaction(q.now).has_value());
    const auto wakes = q.All<WakeUp>();
    REQUIRE_FALSE(wakes.empty());
    q.Later(wakes.back().when - q.now);
    if (n < 2) q.Refuse();
  }
  CHECK(q.Receipts() == "1:not now");
  q.actions.clear();
  q.Settle();
  CHECK(q.Receipts() == "5:accepted");
  CHECK_FALSE(q.queue->scheduler().Has({1}));
  q.Inject(1, 2, OneTask());
  q.Settle();
  CHECK(q.Receipts() == "5:accepted, 1:accepted 2");
}

TEST_CASE("queue: a job is there once when the store did not answer",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, OneTask());
  const bool applied = GENERATE(true, false);
  const store::Transaction first = q.Doubt(applied);
  CHECK(q.Receipts().empty());
  q.Inject(2, 1, OneTask());  // a repeat waits
  CHECK(q.Receipts().empty());
  SECTION("and refuses what comes meanwhile") {
    q.Inject(3, 3, OneTask());
    CHECK(q.Receipts() == "3:not now");
    q.actions.clear();
  }
  SECTION("however late the first copy arrives") {
    if (!applied) {
      q.Later(absl::Seconds(1));
      q.Settle();
      CHECK(q.disk.Apply(first).kind == store::Outcome::Kind::kRefused);
    }
  }
  SECTION("even if its repeat meets a full disk") {
    q.Later(absl::Seconds(1));
    q.Refuse();
    CHECK(q.Receipts().empty());  // still unknown
    q.Later(absl::Seconds(2));
  }
  q.Later(absl::Seconds(1));
  q.Settle();
  CHECK(q.Receipts() == "1:accepted 1, 2:accepted 1");
  CHECK(q.queue->trouble().ok());
  CHECK(q.KeysWith("main/parcel/") == 1);
}

TEST_CASE("queue: a second server on the same store is noticed", "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, OneTask());
  q.disk.Apply({{}, {store::Put("main/step", "somebody else's")}});
  CHECK(q.Commit());
  CHECK(q.Receipts().empty());
  CHECK(absl::IsFailedPrecondition(q.queue->trouble()));
}

// --- agents -----------------------------------------------------------------

TEST_CASE("queue: an attempt is sent when it is stored, not before",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  Job job = OneTask();
  job.tasks[0].arguments = {"x", "y z", ""};
  job.tasks[0].options.Edit().timeout = absl::Seconds(90);
  q.Inject(1, 1, job);
  REQUIRE(q.Commit());
  CHECK(q.Sent().empty());
  CHECK(q.queue->scheduler().open_attempts() == 1);
  CHECK(q.queue->sent_attempts() == 0);
  REQUIRE(q.Commit());
  CHECK(q.queue->sent_attempts() == 1);
  const auto sent = q.All<SendAttempts>();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].to == 5);
  REQUIRE(sent[0].attempts.size() == 1);
  const pb::Attempt& attempt = sent[0].attempts[0];
  CHECK(attempt.job() == 1);
  CHECK(attempt.number() == 1);
  CHECK(attempt.comm() == "test_comm");
  CHECK(attempt.argument_size() == 3);
  CHECK(attempt.timeout_ms() == 90'000);
  CHECK(attempt.description() == "a test");
}

TEST_CASE("queue: what is to be sent is known while its transaction is written",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, OneTask());
  REQUIRE(q.Commit());
  CHECK(q.queue->Upcoming().empty());
  const auto txn = q.queue->NextTransaction(q.now);
  REQUIRE(txn.has_value());
  const std::vector<SendAttempts> upcoming = q.queue->Upcoming();
  REQUIRE(upcoming.size() == 1);
  CHECK(upcoming[0].to == 5);
  SECTION("and is what is sent then") {
    q.queue->Committed(q.disk.Apply(*txn), q.now);
    q.Take();
    const auto sent = q.All<SendAttempts>();
    REQUIRE(sent.size() == 1);
    REQUIRE(sent[0].attempts.size() == 1);
    CHECK(sent[0].attempts[0].SerializeAsString() ==
          upcoming[0].attempts[0].SerializeAsString());
  }
  SECTION("but not to an agent that has gone") {
    q.queue->Closed(5, q.now);
    CHECK(q.queue->Upcoming().empty());
    q.queue->Committed(q.disk.Apply(*txn), q.now);
    q.Take();
    CHECK(q.Sent().empty());
  }
  CHECK(q.queue->Upcoming().empty());
}

TEST_CASE("queue: a result is confirmed when it is stored, not before",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, MakeJob({MakeTask("a"), MakeTask("b")}, {{"b", {"a"}}}));
  q.Settle();
  const std::string a = q.Sent()[0];
  q.actions.clear();
  q.Results(5, 9, {q.ResultOf(a, pb::DONE)});
  CHECK(q.actions.empty());
  SECTION("a copy of it waits for the same transaction") {
    q.Results(5, 10, {q.ResultOf(a, pb::DONE)});
    CHECK(q.actions.empty());
    CHECK(q.Commit());
    CHECK(q.Receipts() == "5:accepted, 5:accepted");
  }
  SECTION("a copy of it that comes later is confirmed at once") {
    CHECK(q.Commit());
    CHECK(q.Receipts() == "5:accepted");
    CHECK(q.Sent().size() == 1);  // b, stored with a's end
    q.actions.clear();
    q.Results(5, 11, {q.ResultOf(a, pb::FAILED)});
    CHECK(q.Receipts() == "5:accepted");
    CHECK_FALSE(q.Commit());
    CHECK(q.queue->scheduler().State({1}, {0}) == pb::TASK_DONE);
  }
}

TEST_CASE("queue: results that are not what they must be change nothing",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5, "h1");
  q.Open(6, "h2");
  q.Inject(1, 1, OneTask());
  q.Settle();
  const std::string attempt = q.Sent()[0];
  q.actions.clear();
  const auto good = q.ResultOf(attempt, pb::DONE);
  const auto still_open = [&] {
    CHECK_FALSE(q.Commit());
    CHECK(q.queue->scheduler().State({1}, {0}) == pb::TASK_DISPATCHED);
  };
  SECTION("from a channel that has not said who it is") {
    q.Results(99, 9, {good});
    CHECK(q.Receipts() == "99:refused");
    still_open();
  }
  SECTION("of another host's attempt: as if it had been recorded before") {
    q.Results(6, 9, {good});
    CHECK(q.Receipts() == "6:accepted");
    still_open();
  }
  SECTION("of an attempt nobody made") {
    q.Results(5, 9, {q.ResultOf(std::string(16, 'f'), pb::DONE)});
    CHECK(q.Receipts() == "5:accepted");
    still_open();
  }
  SECTION("with a verdict that is none") {
    for (const int verdict : {0, 6, -1, 77}) {
      auto bad = good;
      bad.set_verdict(static_cast<pb::Verdict>(verdict));
      q.Results(5, 9, {bad});
    }
    CHECK(q.Receipts() == "5:invalid, 5:invalid, 5:invalid, 5:invalid");
    still_open();
  }
  SECTION("with an id of the wrong size, also behind a good one") {
    q.Results(5, 9, {good, q.ResultOf(attempt + "x", pb::DONE)});
    q.Results(5, 9, {good, q.ResultOf("", pb::DONE)});
    pb::Results results;
    results.add_started("short");
    q.queue->AgentResults(5, q.Id(9), results, q.now);
    q.Take();
    CHECK(q.Receipts() == "5:invalid, 5:invalid, 5:invalid");
    still_open();
  }
  SECTION("with more output than is kept") {
    auto bad = good;
    bad.set_tail(std::string(base::kMaxKeptOutputBytes + 1, 'x'));
    q.Results(5, 9, {bad});
    CHECK(q.Receipts() == "5:invalid");
    still_open();
  }
  SECTION("on a channel that another has replaced: later, on that") {
    q.Open(7, "h1", {attempt});
    q.actions.clear();
    q.Results(5, 9, {good});
    CHECK(q.Receipts() == "5:not now");
    still_open();
    q.queue->Closed(5, q.now);  // late: does not end the newer one
    CHECK(q.queue->scheduler().Connected("h1"));
    q.actions.clear();
    q.Results(7, 9, {good});
    q.Settle();
    CHECK(q.Receipts() == "7:accepted");
    CHECK_FALSE(q.queue->scheduler().Has({1}));
  }
}

TEST_CASE("queue: an announcement that makes no sense is not taken",
          "[mcfeely]") {
  QueueBench q;
  pb::Announce announce;
  announce.set_host("h1");
  announce.set_journal("short");
  q.queue->AgentOpened(5, announce, q.now);
  announce.set_journal(std::string(16, 'J'));
  announce.set_host("-x");
  q.queue->AgentOpened(5, announce, q.now);
  announce.set_host("h1");
  announce.add_attempt("not sixteen");
  q.queue->AgentOpened(5, announce, q.now);
  CHECK_FALSE(q.queue->scheduler().Connected("h1"));
  CHECK(q.queue->scheduler().Hosts().empty());
}

TEST_CASE("queue: an agent that is back gets what it lacks on its new channel",
          "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, MakeJob({MakeTask("a"), MakeTask("b")}));
  q.Settle();
  const std::vector<std::string> ids = q.Sent();
  REQUIRE(ids.size() == 2);
  q.queue->Closed(5, q.now);
  q.actions.clear();
  q.Open(6, "h1", {ids[0]});
  REQUIRE(q.All<SendAttempts>().size() == 1);
  CHECK(q.All<SendAttempts>()[0].to == 6);
  CHECK(q.Sent() == std::vector<std::string>{ids[1]});
  q.Restart();
  q.Open(7, "h1", {ids[1]});
  CHECK(q.Sent() == std::vector<std::string>{ids[0]});
}

TEST_CASE(
    "queue: a dispatch whose channel ended before it was stored goes out "
    "on the next",
    "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  q.Inject(1, 1, OneTask());
  REQUIRE(q.Commit());
  q.queue->Closed(5, q.now);
  q.Open(6);
  q.Settle();
  const auto sent = q.All<SendAttempts>();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].to == 6);
  CHECK(sent[0].attempts.size() == 1);
}

TEST_CASE("queue: attempts for one agent go out together, within limits",
          "[mcfeely]") {
  QueueBench q({.max_running = 2000, .max_per_host = 2000});
  q.Open(5);
  std::vector<Task> tasks;
  for (int t = 0; t < 600; t++) tasks.push_back(MakeTask(absl::StrCat("t", t)));
  const bool big = GENERATE(false, true);
  if (big) {
    for (size_t t = 0; t < 100; t++) {
      tasks[t].arguments = {std::string(100 << 10, 'x')};
    }
  }
  q.Inject(1, 1, MakeJob(std::move(tasks)));
  q.Settle();
  CHECK(q.Sent().size() == 600);
  const auto sent = q.All<SendAttempts>();
  CHECK(sent.size() == (big ? 5 : 3));
  for (const SendAttempts& send : sent) {
    size_t bytes = 0;
    for (const pb::Attempt& a : send.attempts) bytes += a.ByteSizeLong();
    CHECK(bytes <= 4 << 20);
    CHECK(send.attempts.size() <= 256);
  }
}

}  // namespace
}  // namespace mcfeely
