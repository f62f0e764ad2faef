#include "power/campaign_plan.h"

#include <absl/strings/match.h>

#include <catch2/catch.hpp>

#include "power/inventory_reader.h"
#include "power/plan_text.h"

namespace {

using power::Action;
using power::CampaignPlan;
using power::PlanOptions;
using power::Target;

power::Inventory Read(const std::string& text) {
  power::InventoryReading reading = power::ReadInventoryText("pcu.conf", text);
  for (const auto& problem : reading.problems) {
    UNSCOPED_INFO(power::ProblemText(problem));
  }
  REQUIRE(reading.ok());
  return std::move(reading.inventory);
}

std::vector<Target> Choose(const power::Inventory& inventory,
                           std::vector<std::string> words) {
  auto targets = power::ChooseTargets(inventory, {.words = std::move(words)});
  REQUIRE(targets.ok());
  return *targets;
}

constexpr char kSite[] = R"(
pcu "a" { model "apc-rpdu2" ip "10.0.0.1" stagger 0.5s off-time 8s sessions 2
  secret env:A node "web[1-3]" "[1-3]" }
pcu "b" { ip "10.0.0.2" ports ipmi user "x" secret env:B node "db1" "1" }
pcu "c" { model "ManualPCU" node "old" "1" }
protect "web3"
)";

}  // namespace

TEST_CASE("campaign_plan: options win over the inventory, it over the model",
          "[power]") {
  const power::Inventory inventory = Read(kSite);
  PlanOptions options;
  options.action = Action::kCycle;
  CampaignPlan plan =
      power::MakePlan(inventory, Choose(inventory, {"web1", "db1"}), options);
  REQUIRE(plan.request.pcus.size() == 2);
  const power::CampaignPcu& a = plan.request.pcus[0];
  CHECK(a.settings.stagger == absl::Milliseconds(500));
  CHECK(a.settings.sessions == 2);
  CHECK(a.options.off_time == absl::Seconds(8));
  CHECK(a.options.state_timeout == absl::Seconds(60));
  CHECK(a.is_datagram);
  CHECK(plan.pcus[0].plugs == std::vector<std::string>{"1", "2", "3"});
  const power::CampaignPcu& b = plan.request.pcus[1];
  CHECK(b.settings.limit == absl::Seconds(20));
  CHECK(b.options.state_timeout == absl::Seconds(120));
  CHECK(b.ways == std::vector<std::string>{"ipmi"});
  options.off_time = absl::Seconds(1);
  options.stagger = absl::ZeroDuration();
  options.limit = absl::Seconds(7);
  options.retries = 5;
  plan = power::MakePlan(inventory, Choose(inventory, {"web1"}), options);
  CHECK(plan.request.pcus[0].options.off_time == absl::Seconds(1));
  CHECK(plan.request.pcus[0].settings.stagger == absl::ZeroDuration());
  CHECK(plan.request.pcus[0].settings.limit == absl::Seconds(7));
  CHECK(plan.request.pcus[0].settings.retry.retries == 5);
  CHECK(plan.request.pcus[0].settings.retry.of_connecting);
  // That of a step goes with the PCU, which is then a copy.
  CHECK(plan.pcus[0].pcu == inventory.FindPcu("a"));
  options.step_timeout = absl::Seconds(3);
  plan = power::MakePlan(inventory, Choose(inventory, {"web1"}), options);
  CHECK(plan.pcus[0].pcu->name == "a");
  CHECK(plan.pcus[0].pcu->step_timeout == absl::Seconds(3));
  CHECK_FALSE(inventory.FindPcu("a")->step_timeout.has_value());
}

TEST_CASE("power 8: a PCU without a secret that its model needs is not asked",
          "[power]") {
  const power::Inventory inventory = Read(
      "pcu \"w\" { model \"WTIIPS4\" ip \"10.0.0.1\" node \"web1\" \"1\" }\n"
      "pcu \"k\" { model \"BayTech\" ip \"10.0.0.2\" ports ssh node \"web2\" "
      "\"1\" }\n"
      "pcu \"m\" { model \"ManualPCU\" node \"old\" \"1\" }\n");
  const CampaignPlan plan = power::MakePlan(
      inventory, Choose(inventory, {"web1", "web2", "old"}), {});
  REQUIRE(plan.request.pcus.size() == 3);
  REQUIRE(plan.request.pcus[0].refused.has_value());
  CHECK(plan.request.pcus[0].refused->failure_class ==
        power::FailureClass::kConfig);
  CHECK(plan.request.pcus[0].refused->text ==
        "w has no secret, and model WTIIPS4 needs one");
  CHECK_FALSE(plan.request.pcus[1].refused.has_value());  // a key may do
  CHECK_FALSE(plan.request.pcus[2].refused.has_value());
}

TEST_CASE("power 7: a protected host takes force and its own name", "[power]") {
  const power::Inventory inventory = Read(kSite);
  const auto is_skipped = [&](std::vector<std::string> words, bool force,
                              Action action) {
    PlanOptions options;
    options.action = action;
    options.force = force;
    const CampaignPlan plan = power::MakePlan(
        inventory, Choose(inventory, std::move(words)), options);
    return plan.request.hosts.back().skipped.has_value();
  };
  CHECK(is_skipped({"web3"}, false, Action::kOff));
  CHECK(is_skipped({"web[1-3]"}, true, Action::kOff));
  CHECK_FALSE(is_skipped({"web3"}, true, Action::kOff));
  CHECK_FALSE(is_skipped({"web3"}, false, Action::kStatus));
}

TEST_CASE("power 6: the guard counts, and says what would let it pass",
          "[power]") {
  const power::Inventory inventory = Read(kSite);
  const std::vector<Target> targets = Choose(inventory, {"web[1-3]"});
  PlanOptions options;
  options.action = Action::kOff;
  CHECK(power::GuardPlan(inventory, targets, options).ok());
  options.most = 2;
  const absl::Status refused = power::GuardPlan(inventory, targets, options);
  CHECK(absl::StrContains(refused.message(), "--expect-count 3"));
  options.expected = 3;
  CHECK(power::GuardPlan(inventory, targets, options).ok());
  options.expected = 4;
  options.yes = true;
  CHECK_FALSE(power::GuardPlan(inventory, targets, options).ok());
  options.expected.reset();
  CHECK(power::GuardPlan(inventory, targets, options).ok());
  options.yes = false;
  options.action = Action::kStatus;
  CHECK(power::GuardPlan(inventory, targets, options).ok());
}

TEST_CASE("power 10: a plan in words has ways, order and no secret",
          "[power]") {
  const power::Inventory inventory = Read(kSite);
  PlanOptions options;
  options.action = Action::kCycle;
  const CampaignPlan plan = power::MakePlan(
      inventory, Choose(inventory, {"web1", "web2", "db1", "old"}), options);
  CHECK(power::PlanText(plan) ==
        "pcu a: apc-rpdu2 by snmp 10.0.0.1:161; secret env:A\n"
        "  cycle plugs 1 2 in at most 2 sessions, power-ons 500ms apart, off "
        "for 8s\n"
        "pcu b: OpenIPMI by ipmi 10.0.0.2:623; user x, secret env:B\n"
        "  cycle plugs 1 in one session, off for 5s\n"
        "pcu c: ManualPCU, by a person\n");
  const std::vector<power::HostResult> results = power::PlanResults(plan);
  REQUIRE(results.size() == 4);
  CHECK(results[0].outcome == power::HostOutcome::kPlanned);
  CHECK(results[3].outcome == power::HostOutcome::kManual);
}

TEST_CASE("campaign_plan: what a host hangs on is looked at, and said",
          "[power]") {
  const power::Inventory inventory = Read(R"(
pcu "a" { model "apc-rpdu2" ip "10.0.0.1" secret env:A node "rack1" "1" }
pcu "b" { ip "10.0.0.2" ports ipmi user "x" secret env:B node "c1" "1" }
pcu "c" { model "apc-rpdu2" ip "10.0.0.3" secret env:C node "blade[1-2]" "[1-2]" }
parent "rack1" "c1"
parent "c1" "blade[1-2]"
)");
  const auto plan_of = [&](std::vector<std::string> words, Action action) {
    PlanOptions options;
    options.action = action;
    return power::MakePlan(inventory, Choose(inventory, std::move(words)),
                           options);
  };
  const CampaignPlan on = plan_of({"blade[1-2]"}, Action::kOn);
  REQUIRE(on.request.parents.size() == 2);
  CHECK(on.request.hosts[1].parents == std::vector<size_t>{0});
  CHECK(on.request.parents[0].name == "c1");
  CHECK(on.request.parents[0].parent == 1);
  CHECK(on.request.parents[1].name == "rack1");
  CHECK_FALSE(on.request.parents[1].parent.has_value());
  CHECK(power::PlanText(on) ==
        "pcu c: apc-rpdu2 by snmp 10.0.0.3:161; secret env:C\n"
        "  on plugs 1 2 in one session\n"
        "pcu b: OpenIPMI by ipmi 10.0.0.2:623; user x, secret env:B\n"
        "  status plugs 1, of parents\n"
        "pcu a: apc-rpdu2 by snmp 10.0.0.1:161; secret env:A\n"
        "  status plugs 1, of parents\n");
  CHECK(power::PlanResults(on)[0].detail == "once its parent c1 is on");
  const CampaignPlan off = plan_of({"rack1", "blade[1-2]"}, Action::kOff);
  CHECK(power::PlanResults(off)[0].detail == "after blade[1-2]");
  CHECK(power::PlanResults(off)[1].detail == "unless its parent c1 is off");
  // Looking heeds nobody, nor does what only asks; an outlet goes off itself.
  CHECK(plan_of({"blade1"}, Action::kStatus).request.parents.empty());
  CHECK(plan_of({"blade1"}, Action::kBootPxe).request.parents.empty());
  CHECK(plan_of({"pcu:c/1"}, Action::kOff).request.parents.empty());
  CHECK(plan_of({"pcu:c/1"}, Action::kOn).request.parents.size() == 2);
}
