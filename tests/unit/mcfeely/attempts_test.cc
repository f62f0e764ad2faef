#include "mcfeely/attempts.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "base/limits.h"
#include "world.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using base::AttemptId;
using base::ParcelId;

std::string Id(int n) {
  std::string id(16, '\0');
  id[0] = static_cast<char>(n);
  id[1] = static_cast<char>(n >> 8);
  id[15] = 'i';
  return id;
}

// An agent with a journal on a fake disk.
struct Agent {
  FakeDisk disk;
  std::unique_ptr<Attempts> attempts;
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  std::vector<AgentAction> actions;

  Agent() { Restart(); }
  absl::Status TryRestart() {
    actions.clear();
    attempts = std::make_unique<Attempts>(std::string(16, 'N'));
    const absl::Status status = attempts->Load(disk, now);
    if (status.ok()) Take();
    return status;
  }
  void Restart() { REQUIRE(TryRestart().ok()); }
  void Take() {
    for (AgentAction& a : attempts->TakeActions()) {
      actions.push_back(std::move(a));
    }
  }
  bool Commit() {
    const auto txn = attempts->NextTransaction();
    if (!txn.has_value()) return false;
    REQUIRE(store::CheckLimits(*txn).ok());
    attempts->Committed(disk.Apply(*txn), now);
    Take();
    return true;
  }
  // As long as a receipt is waited for before a result is stored.
  void LosePatience() {
    now += absl::Milliseconds(5);
    attempts->Wake(now);
    Take();
  }
  void Settle() {
    for (int n = 0; n < 10'000; n++) {
      if (Commit()) continue;
      if (attempts->is_settled()) return;
      LosePatience();
    }
    FAIL("it does not settle");
  }
  void Fail(store::Outcome::Kind kind, bool applied = false) {
    const auto txn = attempts->NextTransaction();
    REQUIRE(txn.has_value());
    if (applied) disk.Apply(*txn);
    attempts->Committed({kind, 0, absl::UnavailableError("trouble")}, now);
    Take();
  }
  void Arrive(const std::vector<std::string>& ids, bool ahead = false) {
    pb::Dispatch dispatch;
    for (const std::string& id : ids) {
      pb::Attempt* a = ahead ? dispatch.add_ahead() : dispatch.add_attempt();
      a->set_id(id);
      a->set_job(31);
      a->set_task(2);
      a->set_number(1);
      a->set_comm("test_comm");
    }
    attempts->Arrived(ahead ? Parcel(99) : ParcelId(), dispatch, now);
    Take();
  }
  void Store(int parcel) {  // the server, what is in it
    attempts->Confirmed(Parcel(parcel), now);
    Take();
  }
  void End(const std::string& id, size_t head_bytes = 3) {
    pb::Result result;
    result.set_attempt(id);
    result.set_verdict(pb::DONE);
    result.set_head(std::string(head_bytes, 'o'));
    attempts->Ended(result, now);
    Take();
  }
  // A server is there, and Id(1) has run to its end.
  void RunFirst() {
    attempts->Opened("h1");
    Arrive({Id(1)});
    Settle();
    End(Id(1));
  }
  template <typename T>
  std::vector<T> All() const {
    std::vector<T> found;
    for (const AgentAction& a : actions) {
      if (const auto* t = std::get_if<T>(&a)) found.push_back(*t);
    }
    return found;
  }
  void LaterTheStarts() {
    now = attempts->wake_at();
    attempts->Wake(now);
    Take();
  }
  // What is sent now, and acknowledged as sent under parcel `n`.
  pb::Results Sent(int n) {
    const auto sends = All<SendResults>();
    REQUIRE(sends.size() == 1);
    attempts->Sent(Parcel(n));
    actions.clear();
    return sends[0].results;
  }
  static ParcelId Parcel(int n) {
    ParcelId id;
    id.bytes.fill(static_cast<uint8_t>(n));
    return id;
  }
};

TEST_CASE(
    "attempts: a comm starts when the journal has its attempt, not before",
    "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1)});
  CHECK(agent.All<StartComm>().empty());
  agent.Settle();
  REQUIRE(agent.All<StartComm>().size() == 1);
  CHECK(agent.All<StartComm>()[0].attempt.comm() == "test_comm");
  CHECK(agent.attempts->running() == 1);
}

TEST_CASE("attempts: what comes alone is prepared while its entry is written",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  SECTION("and started") {
    agent.Arrive({Id(1)});
    REQUIRE(agent.All<PrepareComm>().size() == 1);
    CHECK(agent.All<PrepareComm>()[0].attempt.id() == Id(1));
    agent.Settle();
    CHECK(agent.All<StartComm>().size() == 1);
    CHECK(agent.All<DropComm>().empty());
  }
  SECTION("and dropped when the journal does not take it") {
    agent.Arrive({Id(1)});
    agent.Fail(store::Outcome::Kind::kRefused);
    CHECK(agent.All<DropComm>().size() == 1);
    agent.now += absl::Seconds(1);
    agent.attempts->Wake(agent.now);
    agent.Settle();
    CHECK(agent.All<PrepareComm>().size() == 1);
    CHECK(agent.All<StartComm>().size() == 1);
    CHECK(agent.All<DropComm>().size() == 1);
  }
  SECTION("and dropped when it is cancelled before") {
    agent.Arrive({Id(1)});
    pb::Dispatch cancel;
    cancel.add_cancel(Id(1));
    agent.attempts->Arrived({}, cancel, agent.now);
    agent.Settle();
    CHECK(agent.All<DropComm>().size() == 1);
    CHECK(agent.All<StartComm>().empty());
  }
  SECTION("not what comes with others, or beside others") {
    agent.Arrive({Id(1), Id(2)});
    agent.Settle();
    agent.Arrive({Id(3)});
    agent.Settle();
    CHECK(agent.All<PrepareComm>().empty());
    CHECK(agent.All<StartComm>().size() == 3);
  }
}

TEST_CASE("attempts: what comes ahead is written, and started when it is given",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1)}, /*ahead=*/true);
  CHECK(agent.All<PrepareComm>().size() == 1);
  SECTION("at once when the journal has it") {
    agent.Settle();
    agent.Arrive({Id(1)}, true);  // again: no news
    agent.Store(7);
    CHECK(agent.All<StartComm>().empty());
    agent.Store(99);
    CHECK(agent.All<StartComm>().size() == 1);
    CHECK_FALSE(agent.Commit());
    agent.Store(99);
    agent.Arrive({Id(1)});
    CHECK(agent.All<StartComm>().size() == 1);
  }
  SECTION("when the journal has it") {
    agent.Store(99);
    CHECK(agent.All<StartComm>().empty());
    agent.Settle();
    CHECK(agent.All<StartComm>().size() == 1);
  }
  SECTION("once") {
    agent.Arrive({Id(1)});
    agent.Settle();
    agent.Arrive({Id(1)}, true);
    agent.Arrive({Id(1)});
    agent.Store(99);
    CHECK(agent.All<StartComm>().size() == 1);
    CHECK(agent.attempts->running() == 1);
  }
  SECTION("unless it is cancelled") {
    agent.Settle();
    pb::Dispatch cancel;
    cancel.add_cancel(Id(1));
    agent.attempts->Arrived({}, cancel, agent.now);
    agent.Settle();
    CHECK(agent.Sent(1).result(0).verdict() == pb::CANCELLED);
    agent.Arrive({Id(1)});
    agent.Store(99);
    agent.Settle();
    CHECK(agent.All<StartComm>().empty());
  }
}

TEST_CASE("attempts: what came ahead is nobody's once its channel has closed",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1)}, /*ahead=*/true);
  SECTION("while it is written") {
    const auto txn = agent.attempts->NextTransaction();
    REQUIRE(txn.has_value());
    agent.attempts->Closed();
    agent.attempts->Committed(agent.disk.Apply(*txn), agent.now);
    agent.Take();
  }
  SECTION("after that") {
    agent.Settle();
    agent.attempts->Closed();
    agent.Take();
  }
  SECTION("or when the agent is to end") {
    agent.Settle();
    agent.attempts->ForgetAhead();
    agent.Take();
  }
  CHECK(agent.attempts->running() == 0);
  CHECK(agent.All<DropComm>().size() == 1);
  agent.Settle();
  CHECK(agent.disk.entries().size() == 1);  // the journal's id
  CHECK(agent.attempts->Opened("h1").attempt_size() == 0);
  agent.Store(99);
  CHECK(agent.All<StartComm>().empty());
  // The server has stored it all the same.
  agent.Arrive({Id(1)});
  agent.Settle();
  CHECK(agent.All<StartComm>().size() == 1);
}

TEST_CASE("attempts: an agent that dies with what came ahead cannot tell",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1)}, /*ahead=*/true);
  agent.Settle();
  agent.Restart();
  CHECK(agent.All<KillLeftovers>().size() == 1);
  agent.attempts->Opened("h1");
  agent.Settle();
  CHECK(agent.Sent(1).result(0).verdict() == pb::INTERRUPTED);
}

TEST_CASE("attempts: the same attempt is started once, however often it comes",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1), Id(1)});
  agent.Arrive({Id(1)});
  REQUIRE(agent.attempts->NextTransaction().has_value());  // under way
  agent.Arrive({Id(1)});
  agent.attempts->Committed({store::Outcome::Kind::kApplied, 1, {}}, agent.now);
  agent.Take();
  agent.Arrive({Id(1)});
  agent.Settle();
  CHECK(agent.All<StartComm>().size() == 1);
}

TEST_CASE("attempts: starts are told together, and not of what has ended",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1), Id(2), Id(3)});
  agent.Settle();
  for (int n : {1, 2, 3}) {
    agent.attempts->Started(AttemptId::From(Id(n)), agent.now);
    agent.Take();
  }
  CHECK(agent.All<SendResults>().empty());
  agent.End(Id(2));
  agent.Settle();
  const pb::Results ended = agent.Sent(1);
  CHECK(ended.started_size() == 0);
  CHECK(ended.result_size() == 1);
  REQUIRE(agent.attempts->wake_at() - agent.now < absl::Milliseconds(20));
  agent.LaterTheStarts();
  const pb::Results told = agent.Sent(2);
  REQUIRE(told.started_size() == 2);
  CHECK(told.started(0) == Id(1));
  CHECK(told.started(1) == Id(3));
  CHECK(agent.attempts->wake_at() == absl::InfiniteFuture());
}

TEST_CASE("attempts: a result is sent at once, and again until it is confirmed",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1)});
  agent.Settle();
  agent.attempts->Started(AttemptId::From(Id(1)), agent.now);
  agent.LaterTheStarts();
  CHECK(agent.Sent(1).started_size() == 1);
  agent.End(Id(1));
  const pb::Results sent = agent.Sent(2);
  agent.Settle();
  CHECK(agent.All<SendResults>().empty());  // once is enough
  REQUIRE(sent.result_size() == 1);
  CHECK(sent.result(0).attempt() == Id(1));
  CHECK(sent.result(0).job() == 31);
  CHECK(sent.result(0).task() == 2);
  CHECK(agent.attempts->unconfirmed() == 1);

  SECTION("a repeated dispatch is answered by sending it again") {
    agent.Arrive({Id(1)});
    CHECK(agent.All<StartComm>().empty());
    CHECK(agent.Sent(3).result_size() == 1);
  }
  SECTION("on a new channel it is sent again") {
    agent.attempts->Closed();
    const pb::Announce announce = agent.attempts->Opened("h1");
    CHECK(announce.attempt_size() == 1);
    agent.Take();
    CHECK(agent.Sent(3).result_size() == 1);
    agent.attempts->Confirmed(Agent::Parcel(2), agent.now);  // of the old one
    CHECK(agent.attempts->unconfirmed() == 1);
  }
  SECTION("in a new life it is sent again") {
    agent.Restart();
    CHECK(agent.All<KillLeftovers>().empty());
    agent.attempts->Opened("h1");
    agent.Take();
    CHECK(agent.Sent(3).result(0).verdict() == pb::DONE);
  }
  SECTION("when the server does not take it, after a pause that grows") {
    agent.attempts->NotConfirmed(Agent::Parcel(2), agent.now);
    agent.Take();
    CHECK(agent.actions.empty());
    CHECK(agent.attempts->wake_at() == agent.now + absl::Seconds(1));
    agent.now += absl::Seconds(1);
    agent.attempts->Wake(agent.now);
    agent.Take();
    CHECK(agent.Sent(3).result_size() == 1);
    agent.attempts->NotConfirmed(Agent::Parcel(3), agent.now);
    CHECK(agent.attempts->wake_at() == agent.now + absl::Seconds(2));
  }
  agent.attempts->Confirmed(Agent::Parcel(3), agent.now);
  agent.attempts->Confirmed(Agent::Parcel(2), agent.now);
  agent.attempts->Confirmed(Agent::Parcel(77), agent.now);
  agent.actions.clear();
  agent.Settle();
  const bool confirmed = agent.attempts->unconfirmed() == 0;
  if (confirmed) {
    agent.Arrive({Id(1)});
    agent.Settle();
    CHECK(agent.actions.empty());  // the server has it
    agent.Restart();
    CHECK(agent.attempts->Opened("h1").attempt_size() == 0);
    agent.Arrive({Id(1)});
    agent.Settle();
    CHECK(agent.actions.empty());
  }
}

TEST_CASE("attempts: while a receipt is awaited results go as they are stored",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1), Id(2), Id(3), Id(4)});
  agent.Settle();
  agent.End(Id(1));
  CHECK(agent.Sent(1).result_size() == 1);
  agent.End(Id(2));
  agent.End(Id(3));
  CHECK(agent.All<SendResults>().empty());
  agent.Settle();
  CHECK(agent.Sent(2).result_size() == 2);
  agent.attempts->Confirmed(Agent::Parcel(1), agent.now);
  agent.attempts->Confirmed(Agent::Parcel(2), agent.now);
  agent.End(Id(4));
  CHECK(agent.Sent(3).result_size() == 1);
}

TEST_CASE("attempts: an agent that dies before the journal has a sent result",
          "[mcfeely]") {
  Agent agent;
  agent.RunFirst();
  CHECK(agent.Sent(1).result(0).verdict() == pb::DONE);
  const bool confirmed = GENERATE(false, true);
  if (confirmed) agent.attempts->Confirmed(Agent::Parcel(1), agent.now);
  const bool in_flush = GENERATE(false, true);
  if (in_flush) {
    agent.LosePatience();
    REQUIRE(agent.attempts->NextTransaction().has_value());
  }
  // And a crash.
  agent.Restart();
  // What became of the attempt is for the server to know.
  CHECK(agent.attempts->Opened("h1").attempt_size() == 1);
  agent.Take();
  CHECK(agent.Sent(2).result(0).verdict() == pb::INTERRUPTED);
  agent.Arrive({Id(1)});
  agent.Settle();
  CHECK(agent.All<StartComm>().empty());
  agent.attempts->Confirmed(Agent::Parcel(2), agent.now);
  CHECK(agent.attempts->unconfirmed() == 0);
}

TEST_CASE("attempts: a receipt that comes before the flush is what is stored",
          "[mcfeely]") {
  Agent agent;
  agent.RunFirst();
  agent.Sent(1);
  agent.LosePatience();
  const auto under_way = agent.attempts->NextTransaction();
  REQUIRE(under_way.has_value());
  agent.attempts->Confirmed(Agent::Parcel(1), agent.now);
  CHECK(agent.attempts->unconfirmed() == 0);
  agent.attempts->Committed(agent.disk.Apply(*under_way), agent.now);
  agent.Take();
  CHECK(agent.actions.empty());
  agent.Settle();
  agent.Restart();
  CHECK(agent.attempts->Opened("h1").attempt_size() == 0);
  agent.Arrive({Id(1)});
  agent.Settle();
  CHECK(agent.actions.empty());
}

TEST_CASE("attempts: a result whose receipt comes at once is not stored",
          "[mcfeely]") {
  Agent agent;
  agent.RunFirst();
  agent.Sent(1);
  CHECK_FALSE(agent.attempts->NextTransaction().has_value());
  CHECK(agent.attempts->wake_at() == agent.now + absl::Milliseconds(5));
  CHECK_FALSE(agent.attempts->is_settled());
  const size_t written = agent.disk.entries().size();
  agent.attempts->Confirmed(Agent::Parcel(1), agent.now);
  CHECK_FALSE(agent.attempts->NextTransaction().has_value());
  // What is accepted next does not wait, and takes it along.
  agent.Arrive({Id(2)});
  const auto both = agent.attempts->NextTransaction();
  REQUIRE(both.has_value());
  CHECK(both->operations.size() == 2);
  agent.attempts->Committed(agent.disk.Apply(*both), agent.now);
  agent.Take();
  CHECK(agent.All<StartComm>().size() == 1);
  CHECK(agent.attempts->is_settled());
  CHECK(agent.disk.entries().size() == written + 1);
  agent.Restart();
  CHECK(agent.attempts->Opened("h1").attempt_size() == 1);
}

TEST_CASE("attempts: a result is stored at once where no receipt can come",
          "[mcfeely]") {
  Agent agent;
  agent.RunFirst();
  agent.Sent(1);
  const bool is_refused = GENERATE(false, true);
  if (is_refused) {
    agent.attempts->NotConfirmed(Agent::Parcel(1), agent.now);
  } else {
    agent.attempts->Closed();
  }
  CHECK(agent.attempts->NextTransaction().has_value());
}

TEST_CASE("attempts: a comm gets its input, which the journal need not hold",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  pb::Dispatch dispatch;
  pb::Attempt* a = dispatch.add_attempt();
  a->set_id(Id(1));
  a->set_comm("test_comm");
  // More than a value of the store.
  std::string input;
  for (int i = 0; input.size() < base::kMaxInputBytes; i++) {
    absl::StrAppend(&input, i * 7919, "/");
  }
  a->set_stdin(input);
  agent.attempts->Arrived({}, dispatch, agent.now);
  agent.Settle();
  const auto starts = agent.All<StartComm>();
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].attempt.stdin() == input);
}

TEST_CASE("mcfeely 30: a result that is on disk is sent after a reboot",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1)});
  agent.Settle();
  agent.attempts->Closed();  // so that it cannot be sent
  agent.End(Id(1));
  agent.Settle();
  agent.Restart();
  CHECK(agent.All<KillLeftovers>().empty());
  const pb::Announce announce = agent.attempts->Opened("h1");
  CHECK(announce.attempt_size() == 1);
  agent.Take();
  const pb::Results sent = agent.Sent(1);
  REQUIRE(sent.result_size() == 1);
  CHECK(sent.result(0).verdict() == pb::DONE);
  CHECK(sent.result(0).head() == "ooo");
  // The server, which has not heard of it, may ask once more.
  agent.Arrive({Id(1)});
  agent.attempts->Confirmed(Agent::Parcel(1), agent.now);
  agent.Settle();
  CHECK(agent.All<StartComm>().empty());
  CHECK(agent.attempts->unconfirmed() == 0);
}

TEST_CASE("mcfeely 28: a comm that ran when its agent ended is interrupted",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1), Id(2)});
  agent.Settle();
  agent.Restart();
  CHECK(agent.All<KillLeftovers>().size() == 2);
  CHECK(agent.attempts->running() == 0);
  const pb::Announce announce = agent.attempts->Opened("h1");
  CHECK(announce.attempt_size() == 2);
  CHECK(announce.journal() == std::string(16, 'N'));
  agent.Arrive({Id(1)});  // not started again
  const pb::Results sent = agent.Sent(1);
  agent.Settle();
  CHECK(agent.All<StartComm>().empty());
  REQUIRE(sent.result_size() == 2);
  CHECK(sent.result(0).verdict() == pb::INTERRUPTED);
  CHECK(sent.result(0).reason() == "the agent ended while it ran");
}

TEST_CASE(
    "attempts: an attempt the journal never had is not known to a new life",
    "[mcfeely]") {
  Agent agent;
  agent.Settle();  // the journal's id
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1)});
  REQUIRE(agent.attempts->NextTransaction().has_value());  // and a crash
  agent.Restart();
  CHECK(agent.All<KillLeftovers>().empty());
  CHECK(agent.attempts->Opened("h1").attempt_size() == 0);
  agent.Arrive({Id(1)});
  agent.Settle();
  CHECK(agent.All<StartComm>().size() == 1);
}

TEST_CASE("attempts: the journal keeps its id", "[mcfeely]") {
  Agent agent;
  agent.Settle();
  agent.attempts = std::make_unique<Attempts>(std::string(16, 'X'));
  REQUIRE(agent.attempts->Load(agent.disk, agent.now).ok());
  CHECK(agent.attempts->Opened("h1").journal() == std::string(16, 'N'));
  CHECK_FALSE(agent.Commit());
}

TEST_CASE("attempts: a journal that fails is written again after a pause",
          "[mcfeely]") {
  using Kind = store::Outcome::Kind;
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({Id(1)});
  const auto [kind, applied] = GENERATE(std::make_pair(Kind::kRefused, false),
                                        std::make_pair(Kind::kInDoubt, false),
                                        std::make_pair(Kind::kInDoubt, true));
  agent.Fail(kind, applied);
  CHECK(agent.All<StartComm>().empty());
  CHECK_FALSE(agent.attempts->NextTransaction().has_value());
  CHECK(agent.attempts->wake_at() == agent.now + absl::Seconds(1));
  agent.now += absl::Seconds(1);
  agent.attempts->Wake(agent.now);
  agent.Settle();
  CHECK(agent.All<StartComm>().size() == 1);
  agent.End(Id(1));
  CHECK(agent.Sent(1).result_size() == 1);  // whatever the journal does
  agent.LosePatience();
  agent.Fail(kind, applied);
  CHECK(agent.All<SendResults>().empty());
  agent.now += absl::Seconds(2);
  agent.attempts->Wake(agent.now);
  agent.Settle();
  agent.Restart();
  agent.attempts->Opened("h1");
  agent.Take();
  CHECK(agent.Sent(2).result(0).verdict() == pb::DONE);
}

TEST_CASE("attempts: results go out together, within limits", "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  const size_t head_bytes = GENERATE(10, 64 << 10);
  std::vector<std::string> ids;
  for (int n = 0; n < 600; n++) ids.push_back(Id(n));
  agent.Arrive(ids);
  agent.Settle();
  CHECK(agent.All<StartComm>().size() == 600);
  agent.attempts->Closed();
  for (const std::string& id : ids) agent.End(id, head_bytes);
  agent.Settle();
  CHECK(agent.All<SendResults>().empty());
  agent.attempts->Opened("h1");
  agent.Take();
  size_t results = 0;
  for (const SendResults& send : agent.All<SendResults>()) {
    results += send.results.result_size();
    CHECK(send.results.result_size() <= 256);
    CHECK(send.results.ByteSizeLong() <= (4 << 20) + (64 << 10));
  }
  CHECK(results == 600);
  CHECK(agent.All<SendResults>().size() == (head_bytes == 10 ? 3 : 10));
}

TEST_CASE("attempts: a confirmed attempt is remembered for an hour",
          "[mcfeely]") {
  Agent agent;
  agent.RunFirst();
  agent.Settle();
  agent.Sent(1);
  const absl::Time confirmed = agent.now;
  agent.attempts->Confirmed(Agent::Parcel(1), confirmed);
  agent.Settle();
  CHECK(agent.attempts->wake_at() == confirmed + absl::Hours(1));
  // A server that still waits for it must not go on to.
  CHECK(agent.attempts->Opened("h1").attempt_size() == 0);
  agent.now += absl::Minutes(59);
  agent.attempts->Wake(agent.now);
  CHECK_FALSE(agent.Commit());
  const bool restarted = GENERATE(false, true);
  if (restarted) agent.Restart();
  agent.now += absl::Minutes(1);
  agent.attempts->Wake(agent.now);
  CHECK(agent.Commit());
  CHECK(agent.disk.entries().size() == 1);  // the journal's id
  CHECK(agent.attempts->wake_at() == absl::InfiniteFuture());
}

TEST_CASE("attempts: what was not accepted cannot end, and ends once",
          "[mcfeely]") {
  Agent agent;
  agent.attempts->Opened("h1");
  agent.Arrive({"", "short", std::string(17, 'x')});
  CHECK(agent.attempts->running() == 0);
  agent.Settle();
  agent.End(Id(9));
  agent.End("short");
  agent.attempts->Started(AttemptId::From(Id(9)), agent.now);
  agent.Arrive({Id(1)});
  agent.End(Id(1));  // not journalled yet, so not started
  CHECK(agent.attempts->running() == 1);
  agent.Settle();
  agent.End(Id(1));
  agent.End(Id(1));
  CHECK(agent.attempts->unconfirmed() == 1);
  CHECK(agent.attempts->running() == 0);
}

TEST_CASE("attempts: a journal entry that makes no sense is named",
          "[mcfeely]") {
  Agent agent;
  agent.Settle();
  const std::string key = absl::StrCat("attempt/", base::Hex(Id(1)));
  const auto refused = [&](const std::string& k, const std::string& value) {
    Agent other;
    other.disk.Apply({{}, {store::Put(k, value)}});
    const absl::Status status = other.TryRestart();
    CHECK(absl::IsDataLoss(status));
    CHECK(std::string(status.message()).find(k) != std::string::npos);
  };
  refused(key, "garbage");
  refused(key, "");
  refused("attempt/zz", std::string(1, '\0'));
  refused("journal", "short");
}

}  // namespace
}  // namespace mcfeely
