#include "power/hierarchy.h"

#include <catch2/catch.hpp>

namespace {

using power::Action;
using power::CampaignParent;
using power::FailureClass;
using power::Hierarchy;
using power::HostOutcome;
using power::HostResult;
using power::PlugState;
using Steps = std::vector<size_t>;

// A rack's strip, a chassis on it, and blades of the chassis, each on a plug of
// its own: parents 0 and 1.
std::vector<CampaignParent> Parents() {
  return {{.name = "rack", .feeds = {{.pcu = 0, .plug = "1"}}},
          {.name = "chassis", .feeds = {{.pcu = 0, .plug = "2"}}, .parent = 0}};
}
Hierarchy::Unit Rack() { return {.feeds = {{.pcu = 0, .plug = "1"}}}; }
Hierarchy::Unit Chassis() {
  return {
      .feeds = {{.pcu = 0, .plug = "2"}}, .parents = {0}, .hangs_wholly = true};
}
Hierarchy::Unit Blade(const std::string& plug) {
  return {.feeds = {{.pcu = 1, .plug = plug}},
          .parents = {1},
          .hangs_wholly = true};
}

HostResult Seen(PlugState state) {
  HostResult result;
  result.outcome = HostOutcome::kDone;
  result.after = state;
  return result;
}
HostResult Lost() {
  HostResult result;
  result.failure_class = FailureClass::kUnreachable;
  result.detail = "connect: Connection refused";
  return result;
}

}  // namespace

TEST_CASE("parents: what is switched on comes from above, each once seen on",
          "[power]") {
  // Units 0 to 2, then the looks at the rack and the chassis.
  Hierarchy hierarchy(Action::kOn, Parents(), {Blade("7"), Chassis(), Rack()});
  CHECK(hierarchy.TakeReady() == Steps{2});
  CHECK_FALSE(hierarchy.Foregone(2).has_value());
  hierarchy.Ended(2, Seen(PlugState::kOn));
  CHECK(hierarchy.TakeReady() == Steps{3});
  hierarchy.Ended(3, Seen(PlugState::kOn));
  CHECK(hierarchy.TakeReady() == Steps{1});
  CHECK_FALSE(hierarchy.Foregone(1).has_value());
  // What came of the chassis itself is not asked: it is looked at.
  hierarchy.Ended(1, Lost());
  CHECK(hierarchy.TakeReady() == Steps{4});
  hierarchy.Ended(4, Seen(PlugState::kOn));
  CHECK(hierarchy.TakeReady() == Steps{0});
  CHECK_FALSE(hierarchy.Foregone(0).has_value());
  hierarchy.Ended(0, Seen(PlugState::kOn));
  CHECK(hierarchy.TakeReady().empty());
}

TEST_CASE("parents: a child of one that is off, or not known, is not tried",
          "[power]") {
  for (const Action action : {Action::kOn, Action::kCycle, Action::kReset}) {
    const auto why = [&](const HostResult& seen) {
      Hierarchy one(action, {{.name = "c", .feeds = {{.pcu = 0, .plug = "2"}}}},
                    {{.feeds = {{.pcu = 1, .plug = "7"}}, .parents = {0}}});
      CHECK(one.TakeReady() == Steps{1});
      one.Ended(1, seen);
      CHECK(one.TakeReady() == Steps{0});
      const std::optional<HostResult> told = one.Foregone(0);
      if (!told.has_value()) return std::string();
      CHECK(told->outcome == HostOutcome::kSkipped);
      return told->detail;
    };
    CHECK(why(Seen(PlugState::kOn)).empty());
    CHECK(why(Seen(PlugState::kOff)) == "its parent c is off");
    CHECK(why(Seen(PlugState::kPending)) ==
          "its parent c is neither on nor off");
    CHECK(why(Seen(PlugState::kUnknown)) ==
          "it is not known whether its parent c is on");
    CHECK(why(Lost()) ==
          "it is not known whether its parent c is on: unreachable: connect: "
          "Connection refused");
  }
}

TEST_CASE("parents: what hangs on something that is off is off, and not asked",
          "[power]") {
  Hierarchy on(Action::kOn, Parents(), {Blade("7")});
  CHECK(on.TakeReady() == Steps{1});
  on.Ended(1, Seen(PlugState::kOff));
  CHECK(on.TakeReady() == Steps{2});
  const std::optional<HostResult> chassis = on.Foregone(2);
  REQUIRE(chassis.has_value());
  on.Ended(2, *chassis);
  CHECK(on.TakeReady() == Steps{0});
  CHECK(on.Foregone(0)->detail ==
        "its parent chassis is off: its parent rack is off");

  // Seen on, below something that nobody knows: not known either.
  Hierarchy other(Action::kOn, Parents(), {Blade("7")});
  other.Ended(1, Lost());
  CHECK_FALSE(other.Foregone(2).has_value());
  other.Ended(2, Seen(PlugState::kOn));
  CHECK(other.Foregone(0)->detail ==
        "its parent chassis: it is not known whether its parent rack is on: "
        "unreachable: connect: Connection refused");
}

TEST_CASE("parents: what is switched off goes from below, children first",
          "[power]") {
  Hierarchy off(Action::kOff, Parents(), {Rack(), Blade("7"), Blade("8")});
  CHECK(off.TakeReady() == Steps{3});
  off.Ended(3, Seen(PlugState::kOn));
  CHECK(off.TakeReady() == Steps{4});
  off.Ended(4, Seen(PlugState::kUnknown));
  CHECK(off.TakeReady() == Steps{1, 2});
  CHECK_FALSE(off.Foregone(1).has_value());  // tried: that cannot harm
  off.Ended(1, Seen(PlugState::kOff));
  CHECK(off.TakeReady().empty());
  off.Ended(2, Lost());
  CHECK(off.TakeReady() == Steps{0});
  CHECK_FALSE(off.Foregone(0).has_value());  // off is off, whatever hangs on it

  Hierarchy soft(Action::kSoft, Parents(), {Rack(), Blade("7")});
  soft.Ended(2, Seen(PlugState::kOn));
  soft.Ended(3, Seen(PlugState::kOn));
  HostResult awake = Lost();
  awake.host = "blade7";
  soft.Ended(1, awake);
  CHECK(soft.Foregone(0)->outcome == HostOutcome::kSkipped);
  CHECK(soft.Foregone(0)->detail ==
        "blade7, which hangs on it, did not shut down");
}

TEST_CASE("parents: a child of one that is off is off already", "[power]") {
  Hierarchy off(Action::kOff, Parents(), {Blade("7"), Chassis()});
  off.Ended(2, Seen(PlugState::kOn));
  off.Ended(3, Seen(PlugState::kOff));
  const std::optional<HostResult> told = off.Foregone(0);
  REQUIRE(told.has_value());
  CHECK(told->outcome == HostOutcome::kAlready);
  CHECK(told->after == PlugState::kOff);
  CHECK(told->detail == "its parent chassis is off");
  CHECK_FALSE(off.Foregone(1).has_value());

  // Another host on the same plug hangs on nothing.
  Hierarchy::Unit both = Blade("7");
  both.hangs_wholly = false;
  Hierarchy shared(Action::kOff, Parents(), {both});
  shared.Ended(1, Seen(PlugState::kOff));
  shared.Ended(2, Seen(PlugState::kOff));
  CHECK_FALSE(shared.Foregone(0).has_value());
}

TEST_CASE("parents: an interruption leaves what waits, and nothing follows",
          "[power]") {
  Hierarchy on(Action::kOn, Parents(), {Blade("7"), Rack()});
  CHECK(on.TakeReady() == Steps{1});
  CHECK(on.TakeHeld() == Steps{0, 2, 3});
  on.Ended(1, Seen(PlugState::kOn));
  CHECK(on.TakeReady().empty());
  CHECK(on.TakeHeld().empty());
}

TEST_CASE("parents: plugs that are shared crosswise have no first one",
          "[power]") {
  Hierarchy::Unit blade = Blade("7");
  blade.feeds.push_back({.pcu = 0, .plug = "2"});  // its chassis' own
  Hierarchy on(Action::kOn, Parents(), {blade, Rack()});
  CHECK(on.TakeReady() == Steps{0, 1, 3});
  CHECK(on.Foregone(0)->failure_class == FailureClass::kConfig);
  CHECK(on.Foregone(0)->detail == "has plugs in common with what hangs on it");
  CHECK_FALSE(on.Foregone(1).has_value());
  // They go off together.
  Hierarchy off(Action::kOff, Parents(), {blade});
  off.Ended(1, Seen(PlugState::kOn));
  off.Ended(2, Seen(PlugState::kOn));
  CHECK(off.TakeReady() == Steps{1, 2, 0});
}
