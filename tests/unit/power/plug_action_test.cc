#include "power/plug_action.h"

#include <absl/strings/match.h>

#include <catch2/catch.hpp>

namespace {

using power::Action;
using power::Failure;
using power::FailureClass;
using power::Outcome;
using power::PlugAction;
using power::PlugState;
using Step = power::PlugAction::Step;

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

const Failure kLost = {.failure_class = FailureClass::kTimeout,
                       .text = "no answer to the command",
                       .maybe_executed = true};

}  // namespace

TEST_CASE("plug action: the state is read at 0.5 s, 1 s and then every 2 s",
          "[power]") {
  PlugAction plug(Action::kOff, {.state_timeout = absl::Seconds(6)}, false);
  CHECK(plug.Begin(At(0)).step == Step::kRead);
  const PlugAction::Next next = plug.StateRead(PlugState::kOn, At(0));
  CHECK(next.step == Step::kSwitch);
  CHECK(next.command == Action::kOff);
  PlugAction::Next pause = plug.Switched(At(0));
  for (const double due : {0.5, 1.0, 3.0, 5.0, 6.0}) {
    REQUIRE(pause.step == Step::kPause);
    CHECK(pause.until == At(due));
    CHECK(plug.PauseOver(At(due)).step == Step::kRead);
    pause = plug.StateRead(PlugState::kPending, At(due));
  }
  CHECK(pause.step == Step::kEnd);
  CHECK(plug.result().failure->failure_class == FailureClass::kState);
  CHECK(plug.result().failure->text == "took 'off', but is pending after 6s");
}

TEST_CASE("plug action: a cycle is off, confirmed, a pause, and on",
          "[power]") {
  PlugAction plug(Action::kCycle, {.off_time = absl::Seconds(5)}, false);
  plug.Begin(At(0));
  CHECK(plug.StateRead(PlugState::kOn, At(0)).command == Action::kOff);
  plug.Switched(At(0));
  plug.PauseOver(At(0.5));
  const PlugAction::Next rest = plug.StateRead(PlugState::kOff, At(0.5));
  CHECK(rest.step == Step::kPause);
  CHECK(rest.until == At(5.5));
  CHECK(plug.PauseOver(At(5.5)).command == Action::kOn);
  plug.Switched(At(5.6));
  plug.PauseOver(At(6.1));
  CHECK(plug.StateRead(PlugState::kOn, At(6.1)).step == Step::kEnd);
  CHECK(plug.result().outcome == Outcome::kDone);
  CHECK(plug.result().before == PlugState::kOn);
  CHECK(plug.result().after == PlugState::kOn);
}

TEST_CASE("plug action: without waiting a cycle still waits for its off",
          "[power]") {
  PlugAction plug(Action::kCycle, {.wait = false}, false);
  plug.Begin(At(0));
  plug.StateRead(PlugState::kOn, At(0));
  CHECK(plug.Switched(At(0)).step == Step::kPause);
  plug.PauseOver(At(0.5));
  plug.StateRead(PlugState::kOff, At(0.5));
  CHECK(plug.PauseOver(At(5.5)).command == Action::kOn);
  CHECK(plug.Switched(At(5.5)).step == Step::kEnd);
  CHECK(plug.result().outcome == Outcome::kAccepted);
}

TEST_CASE("plug action: a device's own cycle that was never seen off",
          "[power]") {
  PlugAction plug(Action::kCycle, {.native_cycle = true}, false);
  plug.Begin(At(0));
  CHECK(plug.StateRead(PlugState::kOn, At(0)).command == Action::kCycle);
  PlugAction::Next next = plug.Switched(At(0));
  while (next.step == Step::kPause) {
    const absl::Time now = next.until;
    plug.PauseOver(now);
    next = plug.StateRead(PlugState::kOn, now);
    REQUIRE(now < At(20));
  }
  CHECK(plug.result().outcome == Outcome::kAccepted);
  CHECK(plug.result().remark == "was not seen off");
}

TEST_CASE("plug action: a device that is believed is not even read first",
          "[power]") {
  PlugAction cycle(Action::kCycle, {.wait = false, .native_cycle = true},
                   false);
  CHECK(cycle.Begin(At(0)).command == Action::kCycle);
  CHECK(cycle.Switched(At(1)).step == Step::kEnd);
  CHECK(cycle.result().outcome == Outcome::kAccepted);
  CHECK(cycle.result().before == PlugState::kUnknown);
  // One that says itself that this cannot be is switched on.
  PlugAction off(Action::kCycle, {.wait = false, .native_cycle = true}, false);
  off.Begin(At(0));
  const Failure refused = {.failure_class = FailureClass::kState,
                           .text = "not in the present state"};
  CHECK(off.Impossible(refused, At(0)).step == Step::kRead);
  CHECK(off.StateRead(PlugState::kOff, At(0)).command == Action::kOn);
  CHECK(off.Switched(At(1)).step == Step::kEnd);
  CHECK(off.result().remark == "was off");
}

TEST_CASE("plug action: what was lost is looked for, never sent again",
          "[power]") {
  // Off after a cycle of which nothing was heard: it only has to be on again.
  PlugAction cycle(Action::kCycle, {.native_cycle = true}, false);
  cycle.Begin(At(0));
  cycle.StateRead(PlugState::kOn, At(0));
  CHECK(cycle.Lost(kLost, At(20)).step == Step::kRead);
  CHECK(cycle.StateRead(PlugState::kOff, At(20)).command == Action::kOn);
  // On says nothing.
  PlugAction reset(Action::kReset, {}, false);
  reset.Begin(At(0));
  reset.StateRead(PlugState::kOn, At(0));
  reset.Lost(kLost, At(20));
  CHECK(reset.StateRead(PlugState::kOn, At(20)).step == Step::kEnd);
  CHECK(reset.result().failure->failure_class == FailureClass::kState);
  CHECK(reset.result().failure->maybe_executed);
  // A system takes its time; off in the end is what was asked for.
  PlugAction soft(Action::kSoft, {.hard = false}, false);
  soft.Begin(At(0));
  soft.StateRead(PlugState::kOn, At(0));
  soft.Lost(kLost, At(20));
  CHECK(soft.StateRead(PlugState::kOn, At(20)).step == Step::kPause);
  soft.PauseOver(At(20.5));
  CHECK(soft.StateRead(PlugState::kOff, At(20.5)).step == Step::kEnd);
  CHECK(soft.result().outcome == Outcome::kDone);
  // Nothing can be read of this one, nor when reading fails as well.
  PlugAction nmi(Action::kNmi, {}, false);
  CHECK(nmi.Begin(At(0)).command == Action::kNmi);
  CHECK(nmi.Lost(kLost, At(20)).step == Step::kEnd);
  CHECK(nmi.result().failure == kLost);
  PlugAction dead(Action::kReset, {}, false);
  dead.Begin(At(0));
  dead.StateRead(PlugState::kOn, At(0));
  dead.Lost(kLost, At(20));
  dead.Failed({.failure_class = FailureClass::kUnreachable, .text = "gone"},
              At(40));
  CHECK(dead.result().failure == kLost);
}

TEST_CASE("plug action: after a lost on or off the state is read", "[power]") {
  for (const bool is_on : {true, false}) {
    const PlugState before = is_on ? PlugState::kOff : PlugState::kOn;
    const PlugState after = is_on ? PlugState::kOn : PlugState::kOff;
    const auto lost = [&] {
      PlugAction action(is_on ? Action::kOn : Action::kOff, {}, false);
      action.Begin(At(0));
      action.StateRead(before, At(0));
      CHECK(action.Lost(kLost, At(20)).step == Step::kRead);
      return action;
    };
    // It was executed.
    PlugAction done = lost();
    CHECK(done.StateRead(after, At(20)).step == Step::kEnd);
    CHECK(done.result().outcome == Outcome::kDone);
    CHECK(done.result().remark == "its answer was lost");
    // Or not, or not yet: as it was lost, so that it may be tried again.
    PlugAction open = lost();
    CHECK(open.StateRead(before, At(20)).step == Step::kEnd);
    CHECK(open.result().failure->failure_class == kLost.failure_class);
    CHECK(open.result().failure->maybe_executed);
    CHECK(absl::EndsWith(open.result().failure->text,
                         is_on ? "; is off now" : "; is on now"));
    // Or nobody knows.
    PlugAction dead = lost();
    dead.Failed({.failure_class = FailureClass::kUnreachable, .text = "gone"},
                At(40));
    CHECK(dead.result().failure == kLost);
  }
  // The off of a cycle: the rest is done.
  PlugAction cycle(Action::kCycle, {}, false);
  cycle.Begin(At(0));
  cycle.StateRead(PlugState::kOn, At(0));
  cycle.Lost(kLost, At(20));
  CHECK(cycle.StateRead(PlugState::kOff, At(20)).until == At(25));
  CHECK(cycle.PauseOver(At(25)).command == Action::kOn);
  cycle.Lost(kLost, At(45));
  CHECK(cycle.StateRead(PlugState::kOn, At(45)).step == Step::kEnd);
  CHECK(cycle.result().outcome == Outcome::kDone);
}

TEST_CASE("plug action: not possible in this state means that it is off",
          "[power]") {
  const Failure refused = {.failure_class = FailureClass::kDevice,
                           .text = "not possible in this state"};
  PlugAction cycle(Action::kCycle, {.native_cycle = true}, false);
  cycle.Begin(At(0));
  cycle.StateRead(PlugState::kUnknown, At(0));
  CHECK(cycle.Impossible(refused, At(0)).step == Step::kRead);
  CHECK(cycle.StateRead(PlugState::kOff, At(0)).command == Action::kOn);
  CHECK(cycle.result().remark == "was off");
  PlugAction reset(Action::kReset, {}, false);
  reset.Begin(At(0));
  reset.StateRead(PlugState::kOn, At(0));
  CHECK(reset.Impossible(refused, At(0)).step == Step::kRead);
  CHECK(reset.StateRead(PlugState::kOff, At(0)).step == Step::kEnd);
  CHECK(reset.result().outcome == Outcome::kAlready);
  CHECK(reset.result().after == PlugState::kOff);
  // It is not: there was another reason.
  PlugAction soft(Action::kSoft, {}, false);
  soft.Begin(At(0));
  soft.StateRead(PlugState::kOn, At(0));
  CHECK(soft.Impossible(refused, At(0)).step == Step::kRead);
  CHECK(soft.StateRead(PlugState::kOn, At(0)).step == Step::kEnd);
  CHECK(soft.result().failure->text == "not possible in this state; is on now");
  PlugAction on(Action::kOn, {}, false);
  on.Begin(At(0));
  on.StateRead(PlugState::kOff, At(0));
  on.Impossible(refused, At(0));
  CHECK(on.result().failure == refused);
}

TEST_CASE("plug action: a boot device is set, and then read back", "[power]") {
  PlugAction pxe(Action::kBootPxe, {}, false);
  CHECK(pxe.Begin(At(0)).command == Action::kBootPxe);
  const PlugAction::Next back = pxe.Switched(At(1));
  CHECK(back.step == Step::kReadBack);
  CHECK(back.command == Action::kBootPxe);
  CHECK(back.until == At(61));
  // It may take a while until it shows.
  CHECK(pxe.SettingRead(false, At(1)).until == At(1.5));
  CHECK(pxe.PauseOver(At(1.5)).step == Step::kReadBack);
  CHECK(pxe.SettingRead(true, At(1.5)).step == Step::kEnd);
  CHECK(pxe.result().outcome == Outcome::kDone);
  CHECK(pxe.result().before == PlugState::kUnknown);

  PlugAction mute(Action::kBootDisk, {}, false);
  mute.Begin(At(0));
  mute.Switched(At(0));
  CHECK(mute.SettingRead(std::nullopt, At(0)).step == Step::kEnd);
  CHECK(mute.result().outcome == Outcome::kAccepted);

  PlugAction deaf(Action::kBootBios, {}, false);
  deaf.Begin(At(0));
  deaf.Switched(At(0));
  CHECK(deaf.SettingRead(false, At(60)).step == Step::kEnd);
  CHECK(deaf.result().failure ==
        Failure{.failure_class = FailureClass::kState,
                .text = "took 'bootdev bios', but shows another boot device "
                        "after 1m",
                .maybe_executed = true});

  PlugAction hasty(Action::kBootNone, {.wait = false}, false);
  hasty.Begin(At(0));
  CHECK(hasty.Switched(At(0)).step == Step::kEnd);
  CHECK(hasty.result().outcome == Outcome::kAccepted);
}

TEST_CASE("plug action: a state that cannot be told is no verified plug",
          "[power]") {
  PlugAction verify(Action::kVerify, {}, false);
  verify.Begin(At(0));
  CHECK(verify.StateRead(PlugState::kUnknown, At(0)).step == Step::kEnd);
  CHECK(verify.result().failure->failure_class == FailureClass::kState);
  CHECK(verify.result().verified == power::VerifyLevel::kLogin);
}

TEST_CASE("power 49: a cycle that fails behind its off is told as such",
          "[power]") {
  const Failure gone = {.failure_class = FailureClass::kClosed, .text = "gone"};
  PlugAction cycle(Action::kCycle, {}, false);
  cycle.Begin(At(0));
  cycle.StateRead(PlugState::kOn, At(0));
  cycle.Switched(At(0));
  cycle.PauseOver(At(0.5));
  CHECK(cycle.result().cut == power::Cut::kPerhaps);
  cycle.StateRead(PlugState::kOff, At(0.5));
  cycle.PauseOver(At(5.5));
  cycle.Failed(gone, At(5.5));
  CHECK(cycle.result().cut == power::Cut::kSeenOff);
  CHECK(cycle.result().before == PlugState::kOn);
}

TEST_CASE("power 49: an off of a cycle whose answer was lost may come late",
          "[power]") {
  PlugAction cycle(Action::kCycle, {.state_timeout = absl::Seconds(10)}, false);
  cycle.Begin(At(0));
  cycle.StateRead(PlugState::kOn, At(0));
  for (const double at : {0.0, 6.0}) {
    cycle.Lost(kLost, At(at));
    CHECK(cycle.result().cut == power::Cut::kPerhaps);
    CHECK(cycle.StateRead(PlugState::kOn, At(at)).until == At(at + 0.5));
    CHECK(cycle.PauseOver(At(at + 0.5)).step == Step::kRead);
    CHECK(cycle.StateRead(PlugState::kOn, At(at + 4)).step == Step::kPause);
    CHECK(cycle.PauseOver(At(at + 5)).step == Step::kRead);
    // It does no harm once more, before its on.
    CHECK(cycle.StateRead(PlugState::kOn, At(at + 5)).command == Action::kOff);
  }
  cycle.Lost(kLost, At(20));
  CHECK(cycle.StateRead(PlugState::kOn, At(20)).until == At(20.5));
  CHECK(cycle.PauseOver(At(20.5)).step == Step::kRead);
  SECTION("then the rest of the cycle follows") {
    CHECK(cycle.StateRead(PlugState::kOff, At(20.5)).until == At(25.5));
    CHECK(cycle.PauseOver(At(25.5)).command == Action::kOn);
    cycle.Switched(At(25.5));
    cycle.PauseOver(At(26));
    cycle.StateRead(PlugState::kOn, At(26));
    CHECK(cycle.result().outcome == Outcome::kDone);
    CHECK(cycle.result().remark == "its answer was lost");
    CHECK(cycle.result().cut == power::Cut::kNone);
  }
  SECTION("or never: then it is on") {
    CHECK(cycle.StateRead(PlugState::kOn, At(30)).step == Step::kEnd);
    CHECK(cycle.result().failure->failure_class == kLost.failure_class);
    CHECK(cycle.result().failure->maybe_executed);
    CHECK(absl::EndsWith(cycle.result().failure->text, "; is on now"));
    CHECK(cycle.result().cut == power::Cut::kNone);
  }
  SECTION("or nobody can tell") {
    cycle.Failed({.failure_class = FailureClass::kUnreachable, .text = "gone"},
                 At(22));
    CHECK(cycle.result().failure->text == kLost.text);
    CHECK(cycle.result().cut == power::Cut::kPerhaps);
  }
}

TEST_CASE("power 49: an off of a cycle that was answered oddly may be done",
          "[power]") {
  for (const bool maybe_executed : {false, true}) {
    PlugAction cycle(Action::kCycle, {}, false);
    cycle.Begin(At(0));
    cycle.StateRead(PlugState::kOn, At(0));
    cycle.Failed({.failure_class = FailureClass::kPrompt,
                  .text = "what?",
                  .maybe_executed = maybe_executed},
                 At(1));
    CHECK(cycle.result().cut ==
          (maybe_executed ? power::Cut::kPerhaps : power::Cut::kNone));
  }
}

TEST_CASE("plug action: what was not read back is told as unknown", "[power]") {
  PlugAction off(Action::kOff, {.wait = false}, false);
  off.Begin(At(0));
  off.StateRead(PlugState::kOn, At(0));
  CHECK(off.Switched(At(1)).step == Step::kEnd);
  CHECK(off.result().outcome == Outcome::kAccepted);
  CHECK(off.result().before == PlugState::kOn);
  CHECK(off.result().after == PlugState::kUnknown);
}
