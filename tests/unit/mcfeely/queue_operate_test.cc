// What becomes of operators' parcels that come more than once.

#include "queue_bench.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using pb::Control;
using Words = std::vector<std::string>;

bool IsHeld(QueueBench& q) { return q.queue->scheduler().Flags({1}).held; }

TEST_CASE("operators: a parcel that has taken effect does so once",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  q.Repeat(7, 1, Control::HOLD, 1);
  REQUIRE(q.Commit());
  q.Repeat(7, 2, Control::RELEASE, 1);
  q.Settle();
  REQUIRE_FALSE(IsHeld(q));
  REQUIRE(q.KeysWith("main/op/") == 2);
  SECTION("in the same life") {}
  SECTION("after a restart") { q.Restart(); }
  q.actions.clear();
  q.Repeat(8, 1, Control::HOLD, 1);
  q.Settle();
  CHECK(q.Answers() == Words{"ok"});
  CHECK_FALSE(IsHeld(q));
  SECTION("somebody else's of the same id is refused") {
    q.actions.clear();
    q.Repeat(8, 1, Control::HOLD, 1, {}, "user:mallory@example.com");
    CHECK(q.Answers() == Words{"somebody else has used this parcel's id"});
  }
}

TEST_CASE("operators: a repeat is answered once the first is stored",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  q.Repeat(7, 1, Control::HOLD, 1);
  q.Repeat(8, 1, Control::HOLD, 1);
  CHECK(q.Answers().empty());
  q.Settle();
  CHECK(q.Answers() == Words{"ok", "ok"});
}

TEST_CASE("operators: a repeat is answered although the disk is full",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  q.Repeat(7, 1, Control::HOLD, 1);
  q.Settle();
  q.Restart();
  q.Open(5);
  q.Inject(1, 2, MakeJob({MakeTask("b")}));
  q.Refuse();
  REQUIRE_FALSE(q.queue->trouble().ok());
  q.actions.clear();
  q.Repeat(7, 1, Control::HOLD, 1);
  q.Repeat(7, 2, Control::RELEASE, 1);
  CHECK(q.Answers() == Words{"ok", "the disk is full"});
}

TEST_CASE("operators: what was refused may be asked for again", "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  q.Repeat(7, 1, Control::RELEASE, 1);
  CHECK(q.Answers() == Words{"job 1 is not held"});
  CHECK(q.KeysWith("main/op/") == 0);
}

TEST_CASE("operators: a drained host is resumed once by one parcel",
          "[mcfeely]") {
  QueueBench q;
  const auto ask = [&](int n, Control::Verb verb) {
    Queue::Operation o{7, QueueBench::Id(n), "user:ops@example.com", {}};
    o.control.set_verb(verb);
    o.control.set_host("h1");
    q.queue->Operate(o, q.disk, q.now);
    q.Settle();
  };
  ask(1, Control::DRAIN);
  ask(2, Control::RESUME);
  ask(3, Control::DRAIN);
  q.Restart();
  ask(2, Control::RESUME);
  CHECK(q.queue->drained().contains("h1"));
}

TEST_CASE("operators: parcels are forgotten when they are too old to be taken",
          "[mcfeely]") {
  QueueBench q;
  q.Inject(1, 1, MakeJob({MakeTask("a")}));
  q.Settle();
  for (int n = 1; n <= 4; n++) {
    q.Repeat(7, n, n % 2 == 1 ? Control::HOLD : Control::RELEASE, 1);
    q.Settle();
  }
  CHECK(q.KeysWith("main/op/") == 4);
  q.now += absl::Minutes(59);
  q.Repeat(7, 5, Control::HOLD, 1);
  q.Settle();
  CHECK(q.KeysWith("main/op/") == 5);
  q.Restart();
  q.now += absl::Minutes(2);
  q.Repeat(7, 6, Control::RELEASE, 1);
  q.Settle();
  CHECK(q.KeysWith("main/op/") == 2);
}

// Whether a record rests on what an operator has taken back since is told by
// their times, and a clock may be set back while the server is down.
TEST_CASE(
    "operators: what begins anew after the clock was set back is read "
    "back",
    "[mcfeely]") {
  QueueBench q;
  q.Open(5);
  Job job = MakeJob({MakeTask("a"), MakeTask("b"), MakeTask("c")},
                    {{"b", {"a"}}, {"c", {"a", "b"}}});
  job.tasks[1].options.Edit().run_if = RunIf::kFailure;
  q.Inject(1, 1, job);
  q.Settle();
  q.Results(5, 8, {q.ResultOf(q.Sent()[0], pb::FAILED)});
  q.Settle();
  q.Results(5, 9, {q.ResultOf(q.Sent()[1], pb::DONE)});
  q.Settle();
  q.now -= absl::Hours(1);
  q.Restart();
  SECTION("retried") { q.Operate(7, Control::RETRY, 1); }
  SECTION("marked") { q.Operate(7, Control::MARK_DONE, 1, {"a"}); }
  q.Settle();
  REQUIRE(q.Answers() == Words{"ok"});
  REQUIRE(q.TryRestart().ok());
  CHECK(q.queue->scheduler().Record({1}, {1}).stored ==
        pb::TaskRecord::SUCCEEDED);
}

}  // namespace
}  // namespace mcfeely
