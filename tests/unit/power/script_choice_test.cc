#include "power/script_choice.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <catch2/catch.hpp>

#include "power/device_parser.h"

namespace {

using power::Verb;

// "on(1) on(2)", "on_all()", "plug: ..."
std::string Chosen(const std::string& scripts, Verb verb,
                   const std::vector<std::string>& plugs,
                   bool third_has_host = true) {
  std::string text = "language 2 specification \"s\" { timeout 1\n";
  for (const auto& name : absl::StrSplit(scripts, ' ')) {
    absl::StrAppend(&text, "script ", name, " { delay 0 }\n");
  }
  const power::DeviceReading reading = power::ReadDeviceFile("t", text + "}");
  REQUIRE(reading.problems.empty());
  power::DialogueDevice device;
  device.specification = &reading.file.specifications[0];
  device.plugs = {{"1"}, {"2"}, {"3", third_has_host}};
  const auto choice = power::ChooseScripts(device, verb, plugs);
  if (const auto* failure = std::get_if<power::Failure>(&choice)) {
    return absl::StrCat(power::Word(failure->failure_class), ": ",
                        failure->text);
  }
  std::vector<std::string> runs;
  for (const auto& run : std::get<std::vector<power::ScriptRun>>(choice)) {
    runs.push_back(
        absl::StrCat(power::ScriptName(run.script->verb, run.script->form), "(",
                     absl::StrJoin(run.plugs, ","), ")"));
  }
  return absl::StrJoin(runs, " ");
}

TEST_CASE("script choice: plain for one, _all for all, then _ranged, then each",
          "[power]") {
  const std::string every = "on on_all on_ranged";
  CHECK(Chosen(every, Verb::kOn, {"2"}) == "on(2)");
  CHECK(Chosen(every, Verb::kOn, {"1", "2"}) == "on_ranged(1,2)");
  CHECK(Chosen(every, Verb::kOn, {"3", "1", "2"}) == "on_all()");
  CHECK(Chosen("on on_all", Verb::kOn, {"1", "2"}) == "on(1) on(2)");
  CHECK(Chosen("on_ranged", Verb::kOn, {"2"}) == "on_ranged(2)");
  CHECK(Chosen("on_all", Verb::kOn, {"1", "2", "3"}) == "on_all()");
  // A plug without a host: nobody asked for it to be switched.
  CHECK(Chosen("on on_all", Verb::kOn, {"1", "2"}, false) == "on(1) on(2)");
  CHECK(Chosen("on on_all", Verb::kOn, {"1", "2", "3"}, false) ==
        "on(1) on(2) on(3)");
}

TEST_CASE("script choice: a query may look at more than was asked", "[power]") {
  CHECK(Chosen("status_all", Verb::kStatus, {"2"}) == "status_all()");
  CHECK(Chosen("status status_all", Verb::kStatus, {"2"}) == "status(2)");
  CHECK(Chosen("status status_all", Verb::kStatus, {"1", "2"}) ==
        "status(1) status(2)");
  CHECK(Chosen("status_temp_all", Verb::kStatusTemp, {"2"}) ==
        "status_temp_all()");
}

TEST_CASE("power 13: an unknown plug, and what a model cannot do", "[power]") {
  CHECK(Chosen("on", Verb::kOn, {"1", "9\n"}) ==
        "plug: there is no plug '9\\n'");
  CHECK(Chosen("on_all", Verb::kOn, {"1"}) ==
        "unsupported: model s can do on only for all its plugs at once");
  CHECK(Chosen("on", Verb::kReset, {"1"}) ==
        "unsupported: model s has no script reset");
}

TEST_CASE("script choice: what a verify runs never switches", "[power]") {
  const power::DeviceReading reading = power::ReadDeviceFile(
      "t",
      "language 2 specification \"s\" { timeout 1 script status_all { } "
      "script cycle { delay 1 } script verify { delay 1 } }\n"
      "specification \"bare\" { timeout 1 script cycle { delay 1 } }");
  power::DialogueDevice device;
  device.specification = &reading.file.specifications[0];
  device.plugs = {{"1"}, {"2"}};
  using power::VerifyScripts;
  const auto look =
      std::get<VerifyScripts>(power::ChooseVerify(device, {"1"}, false));
  CHECK(look.level == power::VerifyLevel::kPlug);
  CHECK(look.steps.size() == 1);
  const auto question =
      std::get<VerifyScripts>(power::ChooseVerify(device, {"1", "2"}, true));
  CHECK(question.level == power::VerifyLevel::kPrivilege);
  REQUIRE(question.steps.size() == 2);
  CHECK(question.steps[1].size() == 2);
  CHECK(question.steps[1][0].script->verb == Verb::kVerify);
  CHECK(std::holds_alternative<power::Failure>(
      power::ChooseVerify(device, {"9"}, false)));
  device.specification = &reading.file.specifications[1];
  const auto bare =
      std::get<VerifyScripts>(power::ChooseVerify(device, {"1"}, false));
  CHECK(bare.level == power::VerifyLevel::kLogin);
  CHECK(bare.steps.empty());
  CHECK(std::holds_alternative<power::Failure>(
      power::ChooseVerify(device, {"1"}, true)));
}

}  // namespace
