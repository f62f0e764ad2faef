// What the models know besides the original's one operation: status, on, off.
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "power/device_library.h"
#include "power/device_parser.h"
#include "sys/file.h"
#include "unit/power/fake_device.h"

namespace {

using namespace power_test;
using power::PlugState;
using power::Verb;

const power::Specification& Model(const std::string& name) {
  static const power::DeviceFile models = power::ReadBuiltInDevices().file;
  const power::Specification* spec = models.Find(name);
  REQUIRE(spec != nullptr);
  return *spec;
}

struct Asked {
  power::RunEnded run;
  std::string wrong;
  bool done = false;
  int switched = 0;
};

Asked Ask(const power::Specification& spec, Verb verb, const std::string& plug,
          std::vector<Step> steps, size_t packet = 1) {
  StepDevice fake(std::move(steps));
  const power::DialogueDevice device = DeviceOf(spec);
  Line line(device, fake, {.packet = packet});
  const power::RequestEnded ended = line.One(RunsOf(device, verb, {plug}));
  REQUIRE(ended.runs.size() == 1);
  if (ended.runs[0].failure) UNSCOPED_INFO(ended.runs[0].failure->text);
  return {ended.runs[0], fake.wrong(), fake.Done(), fake.switched};
}

PlugState StateOf(const Asked& asked, const std::string& plug) {
  for (const auto& report : asked.run.plugs) {
    if (report.plug == plug) return report.state;
  }
  return PlugState::kUnknown;
}

const std::string kIn = absl::StrCat(kSecret, "\r\n");

TEST_CASE("models: strips tell the states of their outlets", "[power]") {
  const Asked baytech =
      Ask(Model("BayTechRPC16"), Verb::kStatus, "2",
          {{"Enter Password:", kIn},
           {"\r\nRPC-16>", "Status\r\n"},
           {"\r\nAverage Power: 20 Watts\r\nCircuit Breaker: On\r\n"
            " 1)...Outlet  1 : On\r\n 2)...Outlet  2 : Off\r\n\r\nRPC-16>",
            "exit\r\n", false, true}});
  CHECK(baytech.wrong == "");
  CHECK_FALSE(baytech.run.failure.has_value());
  CHECK(StateOf(baytech, "1") == PlugState::kOn);
  CHECK(StateOf(baytech, "2") == PlugState::kOff);
  const Asked wti =
      Ask(Model("WTIIPS4"), Verb::kStatus, "2",
          {{"Enter Password:", kIn},
           {"\r\nIPS> ", "/S\r\n"},
           {"\r\nPlug | Name | Status\r\n-----+------+----\r\n   1 | (undef) | "
            "ON  |\r\n   2 | web | OFF |\r\n\r\nIPS> ",
            "/X\r\n", false, true}});
  CHECK(wti.wrong == "");
  CHECK(StateOf(wti, "1") == PlugState::kOn);
  CHECK(StateOf(wti, "2") == PlugState::kOff);
}

TEST_CASE("models: on and off, with and without a question", "[power]") {
  for (const bool asks : {false, true}) {
    std::vector<Step> steps = {{"Enter Password:", kIn}};
    steps.push_back({"\r\nIPS> ", "/Off 3\r\n", !asks});
    if (asks) steps.push_back({"Sure? (Y/N): ", "Y\r\n", true});
    steps.push_back({"\r\nIPS> ", "/X\r\n", false, true});
    const Asked off = Ask(Model("WTIIPS4"), Verb::kOff, "3", steps);
    CHECK(off.wrong == "");
    CHECK_FALSE(off.run.failure.has_value());
    CHECK(off.switched == 1);
  }
}

TEST_CASE("models: controllers tell the state of their host", "[power]") {
  for (const bool on : {true, false}) {
    const PlugState state = on ? PlugState::kOn : PlugState::kOff;
    const std::string word = on ? "ON" : "OFF";
    const Asked drac =
        Ask(Model("DRAC"), Verb::kStatus, "1",
            {{"password: ", absl::StrCat(kSecret, "\n")},
             {"\r\n$ ", "\r"},
             {"\r\n$ ", "racadm serveraction powerstatus\r"},
             {absl::StrCat("\r\nServer power status: ", word, "\r\n$ "),
              "exit\r", false, true}});
    CHECK(drac.wrong == "");
    CHECK(StateOf(drac, "1") == state);
    const Asked ilo =
        Ask(Model("HPiLO-ssh"), Verb::kStatus, "1",
            {{"</>hpiLO-> ", "cd system1\r"},
             {"\r\n</system1>hpiLO-> ", "power\r"},
             {absl::StrCat("\r\nstatus=0\r\npower: server power is currently: ",
                           on ? "On" : "Off", "\r\n\r\n</system1>hpiLO-> "),
              "exit\r", false, true}});
    CHECK(ilo.wrong == "");
    CHECK(StateOf(ilo, "1") == state);
  }
  const Asked failed = Ask(Model("DRAC"), Verb::kOff, "1",
                           {{"password: ", absl::StrCat(kSecret, "\n")},
                            {"\r\n$ ", "\r"},
                            {"\r\n$ ", "racadm serveraction powerdown\r"},
                            {"\r\nERROR: no power for you\r\n$ ", ""}});
  REQUIRE(failed.run.failure.has_value());
  CHECK(failed.run.failure->failure_class == power::FailureClass::kDevice);
  CHECK_THAT(failed.run.failure->text, Catch::Contains("no power for you"));
}

TEST_CASE("models: iLO's words for a failure are told", "[power]") {
  const auto reset = [](const std::string& message) {
    // Whatever is sent, this is answered.
    class Card : public FakeDevice {
     public:
      explicit Card(std::string message) : message_(std::move(message)) {}
      std::string Connect(const std::vector<std::string>&) override {
        return "";
      }
      std::string Receive(absl::string_view bytes) override {
        sent_.append(bytes.data(), bytes.size());
        if (sent_.find("</RIBCL>") == std::string::npos) return "";
        closes = true;
        return message_;
      }

     private:
      std::string message_, sent_;
    };
    Card card(message);
    const power::DialogueDevice device = DeviceOf(Model("HPiLO"));
    Line line(device, card, {.packet = 1});
    const auto ended = line.One(RunsOf(device, Verb::kReset, {"1"}));
    REQUIRE(ended.runs[0].failure.has_value());
    return absl::StrCat(power::Word(ended.runs[0].failure->failure_class), ": ",
                        ended.runs[0].failure->text);
  };
  CHECK_THAT(reset("<RESPONSE STATUS=\"0x005F\"\r\n MESSAGE='Login credentials "
                   "rejected.' />"),
             Catch::StartsWith("auth: "));
  CHECK_THAT(reset("<RESPONSE STATUS=\"0x000A\" MESSAGE='Host power is already "
                   "OFF.' />"),
             Catch::StartsWith("device: ") &&
                 Catch::Contains("Host power is already OFF."));
  CHECK_THAT(reset("<RESPONSE STATUS=\"0x0000\" MESSAGE='No error' />"),
             Catch::StartsWith("closed: "));
}

TEST_CASE("models: AMT's states are the low four bits", "[power]") {
  const std::string space =
      "http://schemas.intel.com/platform/client/RemoteControl/2004/01";
  const std::pair<int, PlugState> states[] = {
      {0, PlugState::kOn},      {16, PlugState::kOn},
      {5, PlugState::kOff},     {37, PlugState::kOff},
      {3, PlugState::kUnknown}, {50, PlugState::kUnknown},
  };
  for (const auto& [number, state] : states) {
    INFO(number);
    const Asked amt = Ask(
        Model("IntelAMT"), Verb::kStatus, "1",
        {{"httppower> ", absl::StrCat("auth admin:", kSecret, "\n")},
         {"httppower> ", absl::StrCat("setheader SOAPAction: \"", space,
                                      "/GetSystemPowerState\"\n")},
         {"httppower> ",
          absl::StrCat("post RemoteControlService <soap:Envelope xmlns:soap=\"",
                       "http://schemas.xmlsoap.org/soap/envelope/\"><soap:",
                       "Body><GetSystemPowerState xmlns=\"", space,
                       "\"></GetSystemPowerState></soap:Body>",
                       "</soap:Envelope>\n")},
         {absl::StrCat("<SystemPowerState>", number,
                       "</SystemPowerState><Status>0</Status>\n"),
          ""},
         {"httppower> ", "quit\n", false, true}});
    CHECK(amt.wrong == "");
    CHECK_FALSE(amt.run.failure.has_value());
    CHECK(StateOf(amt, "1") == state);
  }
}

// Debian's own files, as they are.
power::DeviceFile Debian(const std::string& name) {
  const auto text = sys::ReadFile("/etc/powerman/" + name);
  if (!text.ok()) return {};
  return power::ReadDeviceFile(name, *text).file;
}

TEST_CASE("power 31: powerman's phantom looks before it toggles", "[power]") {
  const power::DeviceFile file = Debian("phantom.dev");
  if (file.specifications.empty()) {
    WARN("skipped: powerman is not installed");
    return;
  }
  const power::Specification& spec = file.specifications[0];
  for (const bool on : {true, false}) {
    std::vector<Step> steps = {{"", "\036\035"}, {"ok\r", "P?"}};
    steps.push_back(on ? Step{"1\r", "PT", true} : Step{"0\r", ""});
    if (on) steps.push_back({"ok\r", ""});
    const Asked off = Ask(spec, Verb::kOff, "1", steps);
    CHECK(off.wrong == "");
    CHECK_FALSE(off.run.failure.has_value());
    CHECK(off.switched == (on ? 1 : 0));
    CHECK(off.done);
  }
}

TEST_CASE("power 31: powerman's cb7050 knows plugs by bits", "[power]") {
  const power::DeviceFile file = Debian("cb-7050.dev");
  if (file.specifications.empty()) {
    WARN("skipped: powerman is not installed");
    return;
  }
  const Asked status = Ask(file.specifications[0], Verb::kStatus, "2",
                           {{"", "$01M\r"},
                            {"!017050\r", "$012\r"},
                            {"!01400600\r", "$016\r"},
                            {"!00A500\r", ""}});
  CHECK(status.wrong == "");
  REQUIRE_FALSE(status.run.failure.has_value());
  // A: 4 off, 5 on, 6 off; 5: 0 on, 1 off, 2 on, 3 off.
  CHECK(StateOf(status, "0") == PlugState::kOn);
  CHECK(StateOf(status, "1") == PlugState::kOff);
  CHECK(StateOf(status, "2") == PlugState::kOn);
  CHECK(StateOf(status, "3") == PlugState::kOff);
  CHECK(StateOf(status, "4") == PlugState::kOff);
  CHECK(StateOf(status, "5") == PlugState::kOn);
  CHECK(StateOf(status, "6") == PlugState::kOff);
  CHECK(StateOf(status, "7") == PlugState::kUnknown);
}

}  // namespace
