// What a batch asks for, without a device: in no time at all.
#include "power/dialogue_batch.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <utility>

#include "power/busy_hint.h"
#include "power/device_parser.h"

namespace {

using power::Action;
using power::DialogueBatch;
using power::FailureClass;
using power::PlugState;
using power::Verb;

constexpr char kPlain[] = R"dev(language 2
specification "s" {
  timeout 5
  script status_all { send "s" }
  script on { send "on %s" confirm "y" "n" }
  script off { send "off %s" }
  script cycle { send "c %s" }
  script verify { send "t %s" expectany { "sure" { confirm "y" "n" } ">" { } } }
}
specification "reads" {
  timeout 5
  script status { send "s %s" }
  script verify { send "t %s" }
}
specification "warm" {
  timeout 5
  script status { send "s %s" }
  script status_temp_all { send "t" }
  script status_beacon { send "b %s" }
}
specification "says" {
  timeout 5
  script verify { send "t %s" }
}
)dev";

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

struct World {
  explicit World(std::vector<power::PlugOrder> orders,
                 power::DialogueBatchOptions options = {},
                 size_t specification = 0) {
    reading = power::ReadDeviceFile("t", kPlain);
    device.specification = &reading.file.specifications.at(specification);
    for (const char* plug : {"1", "2", "3"}) device.plugs.push_back({plug});
    batch = std::make_unique<DialogueBatch>(device, std::move(orders), options);
    Take(batch->Begin(At(0)));
  }
  void Take(DialogueBatch::Effects effects) {
    for (auto& effect : effects) {
      if (auto* ask = std::get_if<DialogueBatch::AskDevice>(&effect)) {
        asked = *ask;
        log.push_back(
            absl::StrCat(power::ScriptName(ask->verb, power::Form::kPlain), " ",
                         absl::StrJoin(ask->plugs, ",")));
      } else if (auto* end = std::get_if<DialogueBatch::OrderEnded>(&effect)) {
        results[end->order] = end->result;
        log.push_back(absl::StrCat("ended ", end->order));
      } else if (std::get_if<DialogueBatch::AbortRequest>(&effect)) {
        log.push_back("abort");
      } else {
        log.push_back("forget");
      }
    }
  }
  // The states that are told, in the order of the plugs.
  void States(std::vector<PlugState> states, double at) {
    power::RequestEnded ended{asked.request};
    power::RunEnded run;
    for (size_t i = 0; i < states.size(); i++) {
      run.plugs.push_back({absl::StrCat(i + 1), states[i]});
    }
    ended.runs.push_back(run);
    Take(batch->Ended(ended, At(at)));
  }
  void Done(double at) { States({}, at); }
  // Script verify has ended well.
  void Tried(bool was_asked, double at) {
    power::RequestEnded ended{asked.request};
    power::RunEnded run;
    run.confirmation_reached = was_asked;
    ended.runs.push_back(run);
    Take(batch->Ended(ended, At(at)));
  }
  void Fail(FailureClass c, const std::string& text, bool begun, double at,
            bool maybe_executed = false) {
    power::RequestEnded ended{asked.request};
    for (size_t i = 0; i < asked.runs.size(); i++) {
      power::RunEnded run;
      run.run = i;
      run.begun = begun;
      run.failure = power::Failure{c, text, maybe_executed};
      ended.runs.push_back(run);
    }
    Take(batch->Ended(ended, At(at)));
  }
  void Wake(double at) { Take(batch->Woken(At(at))); }
  std::vector<std::string> TakeLog() { return std::exchange(log, {}); }

  power::DeviceReading reading;
  power::DialogueDevice device;
  std::unique_ptr<DialogueBatch> batch;
  DialogueBatch::AskDevice asked;
  std::map<size_t, power::PlugResult> results;
  std::vector<std::string> log;
};

using Log = std::vector<std::string>;
constexpr PlugState kOn = PlugState::kOn, kOff = PlugState::kOff;

TEST_CASE("dialogue batch: a script that fails ends its own order alone",
          "[power]") {
  World world({{Action::kOff, "1"}, {Action::kOff, "2"}, {Action::kOff, "3"}});
  CHECK(world.TakeLog() == Log{"status 1,2,3"});
  world.States({kOn, kOn, kOff}, 1);
  CHECK(world.TakeLog() == Log{"ended 2", "off 1"});
  world.Fail(FailureClass::kDevice, "not this one", true, 2);
  CHECK(world.TakeLog() == Log{"ended 0", "off 2"});
  CHECK(world.results[0].failure->text == "not this one");
  world.Done(3);
  CHECK(world.TakeLog().empty());
  world.Wake(3.5);
  CHECK(world.TakeLog() == Log{"status 2"});
  world.States({kOn, kOff, kOff}, 4);
  CHECK(world.TakeLog() == Log{"ended 1"});
  CHECK(world.batch->ended());
}

TEST_CASE("dialogue batch: a refused login ends all, and is not tried again",
          "[power]") {
  World world({{Action::kCycle, "1"}, {Action::kOff, "2"}});
  world.States({kOn, kOn, kOn}, 1);  // both are to be switched
  world.TakeLog();
  world.Fail(FailureClass::kAuth, "login: refused", false, 2);
  CHECK(world.TakeLog() == Log{"ended 0", "ended 1"});
  CHECK(world.batch->wake_at() == absl::InfiniteFuture());
}

TEST_CASE("dialogue batch: what was switched is read again when reading fails",
          "[power]") {
  World world({{Action::kOff, "1"}});
  world.States({kOn, kOn, kOn}, 1);
  world.Done(2);
  world.Wake(2.5);
  world.TakeLog();
  world.Fail(FailureClass::kClosed, "gone", true, 3);
  CHECK(world.TakeLog().empty());
  CHECK(world.batch->wake_at() == At(3.5));
  world.Wake(3.5);
  CHECK(world.TakeLog() == Log{"status 1"});
  world.Fail(FailureClass::kUnreachable, "refused", false, 4);
  world.Wake(5);
  CHECK(world.TakeLog() == Log{"status 1"});
  world.States({kOff, kOn, kOn}, 6);
  CHECK(world.results[0].outcome == power::Outcome::kDone);
  CHECK(world.results[0].attempts == 3);
}

TEST_CASE(
    "dialogue batch: a lost answer of the device's own cycle is not a "
    "second one",
    "[power]") {
  World world(
      {{Action::kCycle, "1", power::ActionOptions{.native_cycle = true}}});
  world.States({kOn, kOn, kOn}, 1);
  world.TakeLog();
  world.Fail(FailureClass::kClosed, "hung up", true, 2, true);
  CHECK(world.TakeLog() == Log{"status 1"});
  world.States({kOn, kOn, kOn}, 3);
  CHECK(world.results[0].failure->failure_class == FailureClass::kState);
  CHECK(world.results[0].failure->maybe_executed);
}

TEST_CASE("dialogue batch: a late request is given up once all of it is late",
          "[power]") {
  World world({{Action::kOff, "1"}, {Action::kOff, "2"}},
              {.limit = absl::Seconds(10)});
  world.TakeLog();
  CHECK(world.batch->wake_at() == At(10));
  world.Wake(9.9);
  CHECK(world.TakeLog().empty());
  world.Wake(10);
  CHECK(world.TakeLog() == Log{"abort"});
  CHECK(world.batch->wake_at() == absl::InfiniteFuture());
  world.Fail(FailureClass::kTimeout, "login: late", false, 10);
  CHECK(world.TakeLog() == Log{"ended 0", "ended 1"});
}

TEST_CASE("dialogue batch: answers to what nobody asked change nothing",
          "[power]") {
  World world({{Action::kStatus, "1"}});
  world.TakeLog();
  power::RequestEnded other{world.asked.request + 7};
  other.runs.resize(3);
  world.Take(world.batch->Ended(other, At(1)));
  power::RequestEnded odd{world.asked.request};
  odd.runs.resize(1);
  odd.runs[0].run = 99;
  CHECK(world.TakeLog().empty());
  world.States({kOn, kOn, kOn}, 2);
  CHECK(world.TakeLog() == Log{"ended 0"});
  world.Take(world.batch->Ended(odd, At(3)));
  CHECK(world.TakeLog().empty());
}

TEST_CASE("dialogue batch: a busy device says how long", "[power]") {
  const struct {
    const char* text;
    std::optional<absl::Duration> expected;
  } kRows[] = {
      {"try again in 30 seconds", absl::Seconds(30)},
      {"someone on port 2 is logged in; retry in 5s", absl::Seconds(5)},
      {"locked for 2 minutes.", absl::Minutes(2)},
      {"locked for 90 sec", absl::Seconds(90)},
      {"apc at 10.0.0.1 is in use", std::nullopt},
      {"in 3600 minutes", std::nullopt},
      {"in 99999999999999999999 seconds", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : kRows) {
    INFO(row.text);
    CHECK(power::BusyHint(row.text) == row.expected);
  }
}

}  // namespace

TEST_CASE("dialogue batch: power 12: what a trial shows", "[power]") {
  const power::PlugOrder trial = {
      .action = Action::kVerify, .plug = "1", .with_confirmation = true};
  // The question came.
  World asked({trial});
  asked.States({kOn}, 1);
  asked.Tried(true, 2);
  CHECK(asked.results[0].outcome == power::Outcome::kDone);
  CHECK(asked.results[0].verified == power::VerifyLevel::kPrivilege);
  // It should have come.
  World not_asked({trial});
  not_asked.States({kOn}, 1);
  not_asked.Tried(false, 2);
  CHECK(not_asked.results[0].failure ==
        power::Failure{FailureClass::kPrompt,
                       "the device did not ask whether that is meant"});
  // The model knows of none.
  World reads({trial}, {}, 1);
  reads.States({kOn}, 1);
  reads.Tried(false, 2);
  CHECK(reads.results[0].outcome == power::Outcome::kDone);
  CHECK(reads.results[0].verified == power::VerifyLevel::kPlug);
  CHECK(reads.results[0].remark == "its trial asks for no confirmation");
  // Nor can it read anything.
  World says({trial}, {}, 3);
  says.Tried(false, 2);
  CHECK(says.results[0].outcome == power::Outcome::kDone);
  CHECK(says.results[0].verified == power::VerifyLevel::kLogin);
}

TEST_CASE("dialogue batch: what no script does is not asked for", "[power]") {
  World world({{.action = Action::kBootPxe, .plug = "1"}});
  CHECK(world.results[0].failure ==
        power::Failure{FailureClass::kUnsupported,
                       "model s has no way to do 'bootdev pxe'"});
  CHECK(world.TakeLog() == Log{"ended 0"});
}

TEST_CASE(
    "dialogue batch: power 29: temperatures and beacons are read, not "
    "states",
    "[power]") {
  World world({{.action = Action::kTemperature, .plug = "1"},
               {.action = Action::kTemperature, .plug = "2"},
               {.action = Action::kBeacon, .plug = "1"},
               {.action = Action::kStatus, .plug = "1"}},
              {}, 2);
  CHECK(world.TakeLog() == Log{"status_temp 1,2"});
  power::RequestEnded told{world.asked.request};
  told.runs.push_back(
      {.plugs = {{.plug = "1", .value = "83"}, {.plug = "2", .value = "84"}}});
  world.Take(world.batch->Ended(told, At(1)));
  CHECK(world.results[0].value == "83");
  CHECK(world.results[1].value == "84");
  CHECK(world.results[0].after == PlugState::kUnknown);
  CHECK(world.TakeLog() == Log{"ended 0", "ended 1", "status_beacon 1"});
  world.States({kOn}, 2);
  CHECK(world.results[2].after == kOn);
  CHECK(world.results[2].value.empty());
  CHECK(world.TakeLog() == Log{"ended 2", "status 1"});
  // A model without such a script is not asked for it.
  World without({{.action = Action::kTemperature, .plug = "1"}});
  CHECK(without.results[0].failure->failure_class ==
        FailureClass::kUnsupported);
}
