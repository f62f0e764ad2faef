// Every model against a device that knows its row of the original.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "power/device_library.h"
#include "power/device_lint.h"
#include "power/device_print.h"
#include "power/limits.h"
#include "power/script_choice.h"
#include "unit/power/fake_device.h"
#include "unit/power/rows.h"

namespace {

using namespace power_test;
using power::FailureClass;
using power::Verb;

const power::DeviceFile& Models() {
  static const power::DeviceFile file = power::ReadBuiltInDevices().file;
  return file;
}

const power::Specification& Model(const std::string& name) {
  const power::Specification* spec = Models().Find(name);
  REQUIRE(spec != nullptr);
  return *spec;
}

struct Outcome {
  std::optional<power::Failure> failure;
  int switched = 0;
  std::string wrong;
  size_t steps = 0, packets = 0;
  bool done = false, confirmation = false;
  std::vector<power::PlugReport> plugs;
  absl::Time end;
};

Outcome Drive(const Row& row, LineOptions options = {}) {
  StepDevice fake(row.steps);
  options.telnet = row.way == "telnet";
  const power::DialogueDevice device = DeviceOf(Model(row.model));
  Line line(device, fake, options);
  // A model without a trial is only entered and left.
  const auto& scripts = Model(row.model).scripts;
  const bool has_script =
      std::any_of(scripts.begin(), scripts.end(),
                  [&](const auto& script) { return script.verb == row.verb; });
  const power::RequestEnded ended =
      line.One(has_script ? RunsOf(device, row.verb, {row.plug})
                          : std::vector<power::ScriptRun>{});
  Outcome out;
  REQUIRE(ended.runs.size() <= 1);
  REQUIRE((has_script ? 1 : 0) <= ended.runs.size());
  for (const power::RunEnded& run : ended.runs) {
    out.failure = run.failure;
    out.confirmation = run.confirmation_reached;
    out.plugs = run.plugs;
  }
  out.switched = fake.switched;
  out.wrong = fake.wrong();
  out.steps = fake.at();
  out.done = fake.Done();
  out.packets = line.packets();
  out.end = line.now();
  return out;
}

std::string Text(const std::optional<power::Failure>& failure) {
  return failure ? absl::StrCat(power::Word(failure->failure_class), ": ",
                                failure->text)
                 : "none";
}

TEST_CASE("device models: the built-in files have no mistakes", "[power]") {
  const power::DeviceReading reading = power::ReadBuiltInDevices();
  for (const auto& problem : reading.problems) {
    FAIL_CHECK(power::ProblemText(problem));
  }
  for (const auto& problem : power::LintDeviceFile(reading.file)) {
    FAIL_CHECK(power::ProblemText(problem));
  }
  CHECK(reading.file.specifications.size() == 28);
}

TEST_CASE("device models: one that is read alone is the same", "[power]") {
  for (const power::Specification& spec : Models().specifications) {
    INFO(spec.name);
    const power::DeviceFile file = power::ReadBuiltInModel(spec.name);
    const power::Specification* alone = file.Find(spec.name);
    REQUIRE(alone != nullptr);
    CHECK(*alone == spec);
    if (!spec.alternative.empty()) {
      CHECK(file.Find(spec.alternative) != nullptr);
    }
  }
  CHECK(power::ReadBuiltInModel("nothing").specifications.empty());
  CHECK(power::ReadBuiltInModel("").specifications.empty());
}

TEST_CASE("device models: every old spelling leads to a model", "[power]") {
  for (const char* old :
       {"AP79xx", "Masterswitch", "DS4-RPC", "IP-41x_IP-81x", "DRAC3", "DRAC4",
        "DRAC5", "ePowerSwitch", "ilo1", "ilo2", "PM211-MIP", "AMT2.5",
        "AMT3.0", "WTI_IPS-4", "ipmi", "IPMI", "bbsemaverick", "unknown",
        "manualadmin"}) {
    INFO(old);
    CHECK(power::CurrentModelName(old) != old);
    CHECK(Models().Find(power::CurrentModelName(old)) != nullptr);
  }
  CHECK(power::CurrentModelName("BayTech") == "BayTech");
}

TEST_CASE("power 21: every row gets exactly its keys, none before its prompt",
          "[power]") {
  std::set<std::string> models;
  for (const Row& row : SwitchingRows()) {
    INFO(row.model << " over " << row.way);
    const Outcome out = Drive(row);
    INFO(Text(out.failure));
    CHECK(out.wrong == "");
    CHECK_FALSE(out.failure.has_value());
    CHECK(out.done);
    CHECK(out.switched >= 1);
    models.insert(row.model);
  }
  // All models but those that have no dialogue.
  for (const power::Specification& spec : Models().specifications) {
    INFO(spec.name);
    CHECK(models.count(spec.name) == (spec.scripts.empty() ? 0 : 1));
  }
}

TEST_CASE("power 11: no trial of any model switches anything", "[power]") {
  for (const Row& row : VerifyRows()) {
    INFO(row.model << " over " << row.way);
    const Outcome out = Drive(row);
    INFO(Text(out.failure));
    CHECK(out.wrong == "");
    CHECK_FALSE(out.failure.has_value());
    CHECK(out.done);
    CHECK(out.switched == 0);
  }
}

TEST_CASE("power 11: a trial of any model runs its looks and its trial only",
          "[power]") {
  for (const power::Specification& spec : Models().specifications) {
    if (spec.scripts.empty()) continue;
    INFO(spec.name);
    const power::DialogueDevice device = DeviceOf(spec);
    const std::string plug = device.plugs.empty() ? "1" : device.plugs[0].name;
    for (const bool confirms : {false, true}) {
      const auto chosen = power::ChooseVerify(device, {plug}, confirms);
      const auto* scripts = std::get_if<power::VerifyScripts>(&chosen);
      if (scripts == nullptr) continue;
      for (const auto& step : scripts->steps) {
        for (const power::ScriptRun& run : step) {
          CHECK((run.script->verb == Verb::kStatus ||
                 run.script->verb == Verb::kVerify));
        }
      }
    }
  }
}

TEST_CASE("power 12: a trial is at the question, and says no", "[power]") {
  int questions = 0;
  for (const Row& row : VerifyRows()) {
    const bool asks = row.model.rfind("APC", 0) == 0 ||
                      row.model.rfind("BayTech", 0) == 0 ||
                      row.model == "WTIIPS4";
    INFO(row.model);
    CHECK(Drive(row).confirmation == asks);
    questions += asks ? 1 : 0;
  }
  CHECK(questions == 25);
}

TEST_CASE("power 11: a trial that is cut off at any packet switches nothing",
          "[power]") {
  for (const Row& row : VerifyRows()) {
    const size_t packets = Drive(row).packets;
    for (size_t cut = 0; cut < packets; cut++) {
      INFO(row.model << " cut after " << cut);
      const Outcome out = Drive(row, {.drop_after = cut});
      CHECK(out.switched == 0);
      CHECK(out.wrong == "");
    }
  }
}

TEST_CASE("power 27: cut off behind the answer, it may have been carried out",
          "[power]") {
  for (const Row& row : SwitchingRows()) {
    const size_t packets = Drive(row).packets;
    for (size_t cut = 0; cut < packets; cut++) {
      INFO(row.model << " over " << row.way << " cut after " << cut);
      const Outcome out = Drive(row, {.drop_after = cut});
      CHECK(out.wrong == "");
      if (!out.failure) continue;
      INFO(Text(out.failure));
      // The other way round is caution: it may have been meant and not done.
      if (out.switched > 0) CHECK(out.failure->maybe_executed);
      CHECK((out.failure->failure_class == FailureClass::kClosed ||
             out.failure->failure_class == FailureClass::kBusy));
    }
  }
}

TEST_CASE("power 22: behind another prompt no key is sent", "[power]") {
  std::vector<Row> all = SwitchingRows();
  for (const Row& row : VerifyRows()) all.push_back(row);
  for (const Row& row : all) {
    for (size_t at = 0; at < row.steps.size(); at++) {
      Row other = row;
      Step& step = other.steps[at];
      if (step.keys.empty() || step.prints.empty()) continue;
      // Some take silence or another question for an answer; these are prompts
      // that are not to be taken for anything.
      step.prints = "\r\n*** MAINTENANCE MODE ***\r\n? ";
      step.keys = std::string(100, '\1');  // nothing matches this
      other.steps.resize(at + 1);
      INFO(row.model << " over " << row.way << ", step " << at);
      const Outcome out = Drive(other);
      CHECK(out.switched <= static_cast<int>(at));
      if (row.verb == Verb::kVerify) CHECK(out.switched == 0);
      // After 10 s of silence the Ctrl-C group goes on, as the original did;
      // BayTech sends the user name once.
      const bool patient = row.model.find("CtrlC") != std::string::npos ||
                           row.model == "BayTech";
      if (patient && at <= 3) continue;
      const bool logs_out = out.wrong == "" && !out.failure;
      if (at + 1 == row.steps.size() || logs_out) continue;
      INFO(Text(out.failure));
      CHECK(out.wrong == "");
      REQUIRE(out.failure.has_value());
      CHECK(out.failure->failure_class == FailureClass::kPrompt);
      CHECK_THAT(out.failure->text, Catch::Contains("MAINTENANCE MODE") &&
                                        Catch::Contains("no '"));
    }
  }
}

TEST_CASE("power 23: one byte at a time, with options, NULs and colours",
          "[power]") {
  const std::string colours = std::string("\033[1;31m\0\033[0m", 12);
  for (const Row& row : SwitchingRows()) {
    INFO(row.model << " over " << row.way);
    LineOptions line;
    line.packet = 1;
    const Outcome plain = Drive(row, line);
    INFO(Text(plain.failure));
    CHECK(plain.wrong == "");
    CHECK_FALSE(plain.failure.has_value());
    CHECK(plain.done);
  }
  // The answers to options come between the keys, so the device that waits for
  // exact keys is not told of options that are answered.
  const std::string quiet("\xff\xfb\x01\xff\xfa\x1f\x50\xff\xf0", 9);
  for (const Row& row : SwitchingRows()) {
    if (row.way != "telnet") continue;
    INFO(row.model);
    LineOptions line;
    line.packet = 1;
    line.noise = quiet + colours;
    const Outcome noisy = Drive(row, line);
    INFO(Text(noisy.failure));
    CHECK(noisy.wrong == "");
    CHECK_FALSE(noisy.failure.has_value());
    CHECK(noisy.done);
  }
}

TEST_CASE("power 21: a page that nobody protects gets no password", "[power]") {
  const Outcome out = Drive(
      {"ePowerSwitchNew",
       "http",
       Verb::kCycle,
       "3",
       {{"httppower> ", "get\n"}, {"<html>ok</html>\nhttppower> ", "quit\n"}}});
  CHECK(out.wrong == "");
  CHECK(Text(out.failure) ==
        "device: login: the page is not protected by a password (web.dev:14)");
}

// Every failure of the wrong password, one attempt each.
TEST_CASE("power 14: a password that is asked for twice was refused",
          "[power]") {
  const std::pair<std::string, std::vector<Step>> refusals[] = {
      {"APCControl13p13",
       {{"\r\nUser Name : ", "operator\r"},
        {"\r\nPassword  : ", "s3cret%s\r"},
        {"\r\n\r\nUser Name : ", "-"}}},
      {"BayTech",
       {{"\r\nUser Name : ", "operator\r\n"},
        {"Password : ", "s3cret%s\r\n"},
        {"Password : ", "-"}}},
      {"BayTechRPC16",
       {{"Enter user name:", "operator\r\n"},
        {"Enter Password:", "s3cret%s\r\n"},
        {"Enter user name:", "-"}}},
      {"DRAC", {{"password: ", "s3cret%s\n"}, {"Permission denied, ", "-"}}},
      {"HPiLO-ssh", {{"password: ", "s3cret%s\r"}, {"password: ", "-"}}},
      {"IPAL-telnet",
       {{"Password >", "\r\n\r\n"},
        {"Password >", "\r\n\r\n"},
        {"Password >", "s3cret%s\r\n\r\n"},
        {"Password >", "-"}}},
      {"WTIIPS4",
       {{"Enter Password: ", "s3cret%s\r\n"}, {"Enter Password: ", "-"}}},
  };
  for (const auto& [model, steps] : refusals) {
    INFO(model);
    const bool cycles = Model(model).Find(Verb::kCycle) != nullptr;
    Row row{model, "telnet", cycles ? Verb::kCycle : Verb::kReset,
            Model(model).plugs.size() == 1 ? "1" : "3", steps};
    const Outcome out = Drive(row);
    INFO(Text(out.failure));
    CHECK(out.wrong == "");
    REQUIRE(out.failure.has_value());
    CHECK(out.failure->failure_class == FailureClass::kAuth);
    CHECK_FALSE(out.failure->maybe_executed);
    CHECK(out.failure->text.find(kSecret) == std::string::npos);
  }
}

TEST_CASE("power 24: a port that somebody else has is busy", "[power]") {
  for (const char* model : {"BayTech", "BayTechCtrlC", "BayTechRPC16"}) {
    INFO(model);
    Row row{model,
            "ssh",
            Verb::kCycle,
            "3",
            {{"password: ", std::string(kSecret) + "\r\n"},
             {"\r\nPort in use.\r\n", "-"}}};
    if (row.model == "BayTechCtrlC") {
      row.steps = {{"password: ", std::string(kSecret) + "\r\n"},
                   {"# ", "\003"},
                   {"Enter Request :", "5\r\n"},
                   {"Port in use.\r\n", "-"}};
    }
    const Outcome out = Drive(row);
    REQUIRE(out.failure.has_value());
    CHECK(out.failure->failure_class == FailureClass::kBusy);
    CHECK(out.wrong == "");
  }
}

TEST_CASE("power 24: BayTech may ask for the user once more, or ask nothing",
          "[power]") {
  const Row asks{"BayTech",
                 "telnet",
                 Verb::kCycle,
                 "3",
                 {{"User Name : ", "operator\r\n"},
                  {"Password : ", "s3cret%s\r\n"},
                  {"Enter Request :", "5\r\n"},
                  {"\r\nEnter user name: ", "operator\r\n"},
                  {"\r\nDS-RPC>", "Reboot 3\r\n"},
                  {"(Y/N)? ", "Y\r\n", true},
                  {"\r\nDS-RPC>", "\r\n"},
                  {"\r\nDS-RPC>", "exit\r\n", false, true}}};
  const Outcome asked = Drive(asks);
  INFO(Text(asked.failure));
  CHECK(asked.done);
  CHECK(asked.switched == 1);
  Row mute = asks;
  mute.steps[3] = {"\r\n", "operator\r\n"};
  const Outcome waited = Drive(mute);
  INFO(Text(waited.failure));
  CHECK(waited.done);
  CHECK(waited.switched == 1);
}

TEST_CASE("power 24: the Ctrl-C group takes silence for a login", "[power]") {
  Row row{"BayTechCtrlC",
          "ssh",
          Verb::kCycle,
          "3",
          {{"", "\003"},
           {"Enter Request :", "5\r\n"},
           {"\r\nDS-RPC>", "Reboot 3\r\n"},
           {"(Y/N)? ", "Y\r\n", true},
           {"\r\nDS-RPC>", "exit\r\n", false, true}}};
  const Outcome out = Drive(row);
  INFO(Text(out.failure));
  CHECK(out.done);
  CHECK(out.end - absl::UnixEpoch() > absl::Seconds(20));  // 10, and two of 5
  row.steps[3] = {"invalid outlet\r\nDS-RPC>", "-"};
  const Outcome refused = Drive(row);
  REQUIRE(refused.failure.has_value());
  CHECK(refused.failure->failure_class == FailureClass::kDevice);
  CHECK_THAT(refused.failure->text, Catch::Contains("Reboot"));
}

TEST_CASE("power 25: APC says that somebody else is logged in: busy",
          "[power]") {
  for (const char* words :
       {"\r\nAccess to the Control Console will be denied\r\n",
        "\r\nSomeone is currently logged into the card.\r\n"}) {
    const Row row{"APCControl12p3",
                  "telnet",
                  Verb::kCycle,
                  "3",
                  {{"User Name : ", "operator\r"},
                   {"Password  : ", "s3cret%s\r"},
                   {words, "-", false, true}}};
    const Outcome out = Drive(row);
    REQUIRE(out.failure.has_value());
    CHECK(out.failure->failure_class == FailureClass::kBusy);
  }
}

TEST_CASE("power 26: ten megabytes without a prompt end it soon", "[power]") {
  class Chatterbox : public FakeDevice {
   public:
    std::string Connect(const std::vector<std::string>&) override {
      return std::string(10 << 20, 'x');
    }
    std::string Receive(absl::string_view) override { return ""; }
  };
  Chatterbox fake;
  const power::DialogueDevice device = DeviceOf(Model("WTIIPS4"));
  Line line(device, fake, {.packet = 65536});
  const power::RequestEnded ended =
      line.One(RunsOf(device, Verb::kCycle, {"3"}));
  REQUIRE(ended.runs[0].failure.has_value());
  CHECK(ended.runs[0].failure->failure_class == FailureClass::kPrompt);
  CHECK(ended.runs[0].failure->text.size() < 1000);
  CHECK(line.packets() < 20);  // 1 MiB and the buffer, not ten
}

TEST_CASE("power 28: iPAL's codes, channel 8, and a second session",
          "[power]") {
  const std::string esc = absl::StrCat("\033", kSecret, "\033");
  const power::DialogueDevice device = DeviceOf(Model("IPAL"));
  StepDevice fake({{"", esc + "O"}, {"01456011", ""}});
  Line line(device, fake, {.packet = 1});
  const power::RequestEnded status =
      line.One(RunsOf(device, Verb::kStatus, {"8"}));
  REQUIRE_FALSE(status.runs[0].failure.has_value());
  using power::PlugState;
  const std::vector<PlugState> states = {
      PlugState::kOff,     PlugState::kOn,      PlugState::kPending,
      PlugState::kPending, PlugState::kUnknown, PlugState::kOff,
      PlugState::kOn,      PlugState::kOn};
  REQUIRE(status.runs[0].plugs.size() == 8);
  for (size_t i = 0; i < 8; i++) {
    CHECK(status.runs[0].plugs[i].plug == absl::StrCat(i + 1));
    CHECK(status.runs[0].plugs[i].state == states[i]);
  }
  // Off: energised; on: pulsed. Always the channel that was named.
  for (const auto& [before, key] :
       {std::pair{"00000000", "8E"}, std::pair{"00000001", "8P"}}) {
    StepDevice cycled(
        {{"", esc + "O"}, {before, esc + key, true}, {"00000001", ""}});
    Line second(device, cycled, {});
    const auto ended = second.One(RunsOf(device, Verb::kCycle, {"8"}));
    CHECK_FALSE(ended.runs[0].failure.has_value());
    CHECK(cycled.wrong() == "");
    CHECK(cycled.switched == 1);
  }
  StepDevice taken({{"", esc + "O", false, true}});
  Line third(device, taken, {});
  const auto busy = third.One(RunsOf(device, Verb::kCycle, {"8"}));
  REQUIRE(busy.runs[0].failure.has_value());
  CHECK(busy.runs[0].failure->failure_class == FailureClass::kBusy);
}

}  // namespace
