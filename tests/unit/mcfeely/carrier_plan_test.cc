// When the server calls which host: decisions in simulated time.
#include "mcfeely/carrier_plan.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "mcfeely/scheduler.h"

using namespace mcfeely;
namespace pb = fleetbox::wire;

namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
absl::Time At(double s) { return kStart + absl::Seconds(s); }

CarrierPlan Plan(CarrierLimits limits = {}) {
  return CarrierPlan(limits, [] { return 1.0; });  // full rests
}

template <typename T>
std::vector<T> Of(const std::vector<CarrierAction>& actions) {
  std::vector<T> out;
  for (const CarrierAction& action : actions) {
    if (const auto* a = std::get_if<T>(&action)) out.push_back(*a);
  }
  return out;
}

}  // namespace

TEST_CASE(
    "carriers: a host that is called on demand is called when it has "
    "work, and hung up a little after",
    "[mcfeely]") {
  CarrierPlan plan = Plan();
  plan.Add("web1", 1, true, At(0));
  CHECK(plan.TakeActions().empty());
  plan.Work("web1", true, At(1));
  const auto calls = Of<CallHost>(plan.TakeActions());
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].host == "web1");
  CHECK(plan.Announced("web1", At(2)));
  plan.Work("web1", false, At(3));
  plan.Wake(At(7.9));
  CHECK(plan.TakeActions().empty());
  // More work keeps it, and the time begins anew.
  plan.Work("web1", true, At(7.9));
  plan.Work("web1", false, At(8));
  plan.Wake(At(12.9));
  CHECK(plan.TakeActions().empty());
  plan.Wake(At(13));
  const auto hung_up = Of<HangUp>(plan.TakeActions());
  REQUIRE(hung_up.size() == 1);
  // Work that comes while it hangs up is a call of its own.
  plan.Work("web1", true, At(13));
  CHECK(plan.TakeActions().empty());
  plan.Ended("web1", "it has hung up", At(13.1));
  CHECK(Of<CallHost>(plan.TakeActions()).size() == 1);
}

TEST_CASE("carriers: a host that is kept is called at once and again when lost",
          "[mcfeely]") {
  CarrierPlan plan = Plan();
  plan.Add("db1", 1, false, At(0));
  CHECK(Of<CallHost>(plan.TakeActions()).size() == 1);
  CHECK(plan.Announced("db1", At(1)));
  plan.Ended("db1", "reset", At(100));
  const auto away = Of<HostAway>(plan.TakeActions());
  REQUIRE(away.size() == 1);
  CHECK(away[0].why == "reset");
  CHECK(away[0].again == At(101));
  plan.Wake(At(101));
  CHECK(Of<CallHost>(plan.TakeActions()).size() == 1);
}

TEST_CASE(
    "carriers: a host's rests double, up to five minutes, and one call "
    "is under way at a time",
    "[mcfeely]") {
  CarrierPlan plan = Plan();
  plan.Add("dead", 1, true, At(0));
  plan.Work("dead", true, At(0));
  absl::Time now = At(0);
  std::vector<int64_t> rests;
  for (int n = 0; n < 12; n++) {
    REQUIRE(Of<CallHost>(plan.TakeActions()).size() == 1);
    // News of work while it is called, or rests, calls nobody.
    plan.Work("dead", false, now);
    plan.Work("dead", true, now);
    REQUIRE(Of<CallHost>(plan.TakeActions()).empty());
    now += absl::Seconds(3);
    plan.Wake(now);
    plan.Ended("dead", "Connection timed out", now);
    const auto away = Of<HostAway>(plan.TakeActions());
    REQUIRE(away.size() == 1);
    CHECK(away[0].why == "Connection timed out");
    CHECK_FALSE(away[0].refused);
    rests.push_back(absl::ToInt64Seconds(away[0].again - now));
    plan.Wake(away[0].again - absl::Milliseconds(1));
    REQUIRE(plan.TakeActions().empty());
    now = away[0].again;
    REQUIRE(plan.wake_at() == now);
    plan.Wake(now);
  }
  CHECK(rests ==
        std::vector<int64_t>{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300});
}

TEST_CASE("carriers: an agent that hangs up at once is a failure, too",
          "[mcfeely]") {
  CarrierPlan plan = Plan();
  plan.Add("web1", 1, false, At(0));
  absl::Time now = At(0);
  std::vector<int64_t> rests;
  for (int n = 0; n < 4; n++) {
    REQUIRE(Of<CallHost>(plan.TakeActions()).size() == 1);
    CHECK(plan.Announced("web1", now));
    now += absl::Seconds(1);
    plan.Ended("web1", "it has hung up", now, /*refused=*/n == 2);
    const auto away = Of<HostAway>(plan.TakeActions());
    CHECK(away.at(0).refused == (n == 2));
    rests.push_back(absl::ToInt64Seconds(away.at(0).again - now));
    now = away.at(0).again;
    plan.Wake(now);
  }
  CHECK(rests == std::vector<int64_t>{1, 2, 4, 8});
}

TEST_CASE("carriers: several addresses are tried in turn, then it rests",
          "[mcfeely]") {
  CarrierPlan plan = Plan();
  plan.Add("web1", 3, false, At(0));
  std::vector<size_t> tried;
  for (int n = 0; n < 3; n++) {
    const auto calls = Of<CallHost>(plan.TakeActions());
    REQUIRE(calls.size() == 1);
    tried.push_back(calls[0].address);
    plan.Ended("web1", "refused", At(n));
  }
  CHECK(tried == std::vector<size_t>{0, 1, 2});
  CHECK(Of<HostAway>(plan.TakeActions()).size() == 1);
  plan.Wake(plan.wake_at());
  auto calls = Of<CallHost>(plan.TakeActions());
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].address == 0);
  plan.Ended("web1", "refused", At(10));
  CHECK(Of<CallHost>(plan.TakeActions()).at(0).address == 1);
  // The address that answered is the first one the next time.
  CHECK(plan.Announced("web1", At(11)));
  plan.Ended("web1", "reset", At(100));
  plan.Wake(plan.wake_at());
  CHECK(Of<CallHost>(plan.TakeActions()).at(0).address == 1);
}

TEST_CASE("carriers 39: an agent that never says which host it is is given up",
          "[mcfeely]") {
  CarrierPlan plan = Plan();
  plan.Add("mute", 1, false, At(0));
  (void)plan.TakeActions();
  int hung_up = 0;
  for (int s = 0; s < 100; s++) {
    plan.Wake(At(s));
    hung_up += static_cast<int>(Of<HangUp>(plan.TakeActions()).size());
  }
  CHECK(hung_up == 1);
  plan.Ended("mute", "no agent", At(100));
  CHECK(Of<HostAway>(plan.TakeActions()).size() == 1);
}

TEST_CASE("carriers: what is not known, or not asked for, changes nothing",
          "[mcfeely]") {
  CarrierPlan plan = Plan();
  plan.Work("nobody", true, At(0));
  plan.Ended("nobody", "x", At(0));
  CHECK(!plan.Announced("nobody", At(0)));
  plan.Add("web1", 1, true, At(0));
  CHECK(!plan.Announced("web1", At(0)));
  plan.Ended("web1", "x", At(0));
  CHECK(plan.TakeActions().empty());
  CHECK(plan.wake_at() == absl::InfiniteFuture());
  plan.Work("web1", true, At(1));
  plan.Stop();
  CHECK(plan.TakeActions().empty());
  CHECK(plan.wake_at() == absl::InfiniteFuture());
}

TEST_CASE("carriers: calls that have no place are not without number",
          "[mcfeely]") {
  CarrierLimits limits;
  limits.on_demand.places = 2;
  limits.on_demand.most = 5;
  CarrierPlan plan(limits, [] { return 1.0; });
  for (int n = 0; n < 20; n++) {
    plan.Add(absl::StrCat("h", n), 1, true, At(0));
    plan.Work(absl::StrCat("h", n), true, At(0));
  }
  std::vector<std::string> called;
  for (int s = 0; s < 10; s++) {
    plan.Wake(At(s));
    for (const CallHost& call : Of<CallHost>(plan.TakeActions())) {
      called.push_back(call.host);
    }
  }
  CHECK(called.size() == 5);
  plan.Ended(called[0], "no answer", At(10));
  CHECK(Of<CallHost>(plan.TakeActions()).size() == 1);
  CHECK(plan.Announced(called[1], At(10)));
  CHECK(Of<CallHost>(plan.TakeActions()).size() == 1);
}

TEST_CASE("carriers: whatever happens in whatever order, one call a host",
          "[mcfeely]") {
  std::mt19937_64 random(20261121);
  for (int world = 0; world < 30; world++) {
    CarrierLimits limits;
    limits.kept.places = 1 + world % 3;
    limits.on_demand.places = 1 + world % 2;
    CarrierPlan plan(limits, [&] { return (random() % 1000) / 1000.0; });
    std::map<std::string, int> under_way;  // calls and connections
    absl::Time now = kStart;
    for (int h = 0; h < 8; h++) {
      plan.Add(absl::StrCat("h", h), 1 + h % 3, h % 2 == 0, now);
    }
    for (int step = 0; step < 3000; step++) {
      now += absl::Milliseconds(random() % 400);
      const std::string host = absl::StrCat("h", random() % 8);
      switch (random() % 5) {
        case 0:
          plan.Work(host, random() % 2 == 0, now);
          break;
        case 1:
          if (under_way[host] > 0) plan.Announced(host, now);
          break;
        case 2:
          if (under_way[host] > 0) {
            under_way[host]--;
            plan.Ended(host, "it broke", now);
          }
          break;
        default:
          plan.Wake(now);
      }
      for (const CarrierAction& action : plan.TakeActions()) {
        if (const auto* a = std::get_if<CallHost>(&action)) {
          REQUIRE(++under_way[a->host] == 1);
        } else if (const auto* a = std::get_if<HangUp>(&action)) {
          REQUIRE(under_way[a->host] == 1);
        }
      }
    }
    // And none is forgotten: with work for all, and calls that come to
    // something, all are connected in the end.
    std::set<std::string> there;
    for (int h = 0; h < 8; h++) {
      const std::string host = absl::StrCat("h", h);
      plan.Work(host, true, now);
      if (under_way[host] > 0) {
        under_way[host] = 0;
        plan.Ended(host, "it broke", now);
      }
    }
    for (int s = 0; s < 1000 && there.size() < 8; s++) {
      for (const CallHost& call : Of<CallHost>(plan.TakeActions())) {
        if (plan.Announced(call.host, now)) there.insert(call.host);
      }
      now += absl::Seconds(1);
      plan.Wake(now);
    }
    CHECK(there.size() == 8);
  }
}

namespace {

// A fleet of hosts that are called: a call to a live one is answered after
// 50 ms, one to a dead one fails after ten seconds, a comm takes a second.
struct Fleet {
  Fleet(int n, int n_dead, bool on_demand)
      : scheduler({}, [this] { return NewId(); }),
        plan({}, [this] { return (random() % 1000) / 1000.0; }) {
    auto job = std::make_shared<Job>();
    absl::btree_set<std::string> names;
    for (int h = 0; h < n; h++) names.insert(absl::StrCat("h", h));
    // The dead ones are spread over the fleet.
    for (int d = 0; d < n_dead; d++) {
      dead.insert(absl::StrCat("h", d * n / std::max(1, n_dead)));
    }
    for (int h = 0; h < n; h++) {
      for (int t = 0; t < 10; t++) {
        Task task;
        task.name = absl::StrCat("t", h, "_", t);
        task.host = absl::StrCat("h", h);
        task.comm = "true";
        job->tasks.push_back(std::move(task));
      }
    }
    left = 10 * (n - n_dead);
    scheduler.SetCalled(names);
    for (const std::string& name : names) {
      plan.Add(name, 1, on_demand, now);
    }
    Carry(scheduler.On(JobAccepted{base::JobId{1}, job}, now));
  }

  AttemptId NewId() {
    AttemptId id;
    for (auto& byte : id.bytes) byte = static_cast<uint8_t>(random());
    return id;
  }
  void Carry(const std::vector<Effect>& effects) {
    for (const Effect& e : effects) {
      if (const auto* d = std::get_if<Dispatch>(&e)) {
        attempts++;
        const Dispatch dispatch = *d;
        events.emplace(now + absl::Seconds(1), [this, dispatch] {
          left--;
          Carry(scheduler.On(
              AttemptEnded{dispatch.host, dispatch.attempt, pb::DONE, ""},
              now));
        });
      }
    }
    for (const std::string& host : scheduler.TakeWanted()) {
      plan.Work(host, true, now);
    }
    Act();
  }
  void Act() {
    for (const CarrierAction& action : plan.TakeActions()) {
      if (const auto* a = std::get_if<CallHost>(&action)) {
        const std::string host = a->host;
        calls[host]++;
        most_calls = std::max(most_calls, ++under_way[host]);
        const bool is_dead = dead.contains(host);
        events.emplace(
            now + (is_dead ? absl::Seconds(10) : absl::Milliseconds(50)),
            [this, host, is_dead] {
              if (is_dead) {
                under_way[host]--;
                plan.Ended(host, "no answer to the connection", now);
                return Act();
              }
              plan.Announced(host, now);
              Carry(scheduler.On(AgentOpened{host, JournalId(), {}}, now));
            });
      } else if (const auto* a = std::get_if<HostAway>(&action)) {
        scheduler.SetAway(a->host, a->why, a->again);
      }
    }
  }
  // Until the live hosts' tasks are done; how long that took.
  absl::Duration Run() {
    const absl::Time began = now;
    while (left > 0) {
      Turn();
      if (now > began + absl::Hours(1)) break;
    }
    return now - kStart;
  }
  void Turn() {
    const absl::Time next =
        events.empty() ? absl::InfiniteFuture() : events.begin()->first;
    const absl::Time wake = plan.wake_at();
    REQUIRE(std::min(next, wake) < absl::InfiniteFuture());
    if (wake <= next) {
      now = std::max(now, wake);
      plan.Wake(now);
      return Act();
    }
    now = next;
    const auto f = std::move(events.begin()->second);
    events.erase(events.begin());
    f();
  }

  std::mt19937_64 random{7};
  absl::Time now = kStart;
  Scheduler scheduler;
  CarrierPlan plan;
  std::multimap<absl::Time, std::function<void()>> events;
  absl::flat_hash_set<std::string> dead;
  std::map<std::string, int> calls, under_way;
  int most_calls = 0, left = 0, attempts = 0;
};

}  // namespace

TEST_CASE("mcfeely 40: 300 dead hosts of 1000 do not hold up the others",
          "[sim][mcfeely]") {
  const bool on_demand = GENERATE(false, true);
  INFO((on_demand ? "on demand" : "kept"));
  Fleet without(700, 0, on_demand);
  const absl::Duration alone = without.Run();
  Fleet fleet(1000, 300, on_demand);
  const absl::Duration among = fleet.Run();
  CHECK(fleet.left == 0);
  INFO(alone << " alone, " << among << " among the dead");
  CHECK(among <= alone * 1.2);
  CHECK(fleet.attempts == 7000);  // none was used up for a dead host
  // For ten minutes more: one call at a time, seldom.
  const absl::Time until = fleet.now + absl::Minutes(10);
  while (fleet.now < until) fleet.Turn();
  CHECK(fleet.most_calls == 1);
  for (const std::string& host : fleet.dead) {
    CHECK(fleet.calls[host] >= 4);
    CHECK(fleet.calls[host] <= 12);
  }
  const std::string host = *fleet.dead.begin();
  const base::TaskIndex first{
      static_cast<uint32_t>(std::stoi(host.substr(1)) * 10)};
  CHECK(fleet.scheduler.State(base::JobId{1}, first) == pb::TASK_READY);
  CHECK_THAT(fleet.scheduler.Why(base::JobId{1}, first, fleet.now),
             Catch::StartsWith(absl::StrCat(
                 host,
                 " cannot be reached: no answer to the connection, next "
                 "try ")));
}

TEST_CASE("mcfeely: all tasks of a host start when it answers again",
          "[sim][mcfeely]") {
  Fleet fleet(1, 1, true);
  while (fleet.now < kStart + absl::Hours(2)) fleet.Turn();
  CHECK(fleet.attempts == 0);
  fleet.dead.clear();
  fleet.left = 10;
  const absl::Time mended = fleet.now;
  const absl::Duration took = fleet.Run() - (mended - kStart);
  // The longest rest, a call that was still under way, and ten comms, four at
  // a time.
  CHECK(took <= absl::Minutes(5) + absl::Seconds(10 + 3 + 1));
  CHECK(fleet.attempts == 10);
  CHECK(fleet.scheduler.AwayUntil("h0") == absl::InfiniteFuture());
}
