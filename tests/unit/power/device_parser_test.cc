#include "power/device_parser.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <dirent.h>

#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "power/device_lint.h"
#include "power/device_print.h"
#include "power/limits.h"
#include "sys/file.h"

namespace {

using power::DeviceReading;
using power::ReadDeviceFile;
using power::Statement;

std::vector<std::string> Texts(const std::vector<power::DeviceProblem>& all) {
  std::vector<std::string> texts;
  for (const auto& problem : all) texts.push_back(power::ProblemText(problem));
  return texts;
}
std::vector<std::string> Problems(absl::string_view text) {
  return Texts(ReadDeviceFile("t", text).problems);
}
// A specification with this in its script login.
std::string InScript(absl::string_view statements, absl::string_view head = "",
                     absl::string_view script = "login") {
  return absl::StrCat(head, "specification \"s\" {\n timeout 5 script ", script,
                      " {\n", statements, "\n} }\n");
}
constexpr char kTwo[] = "language 2\n";

// The one rule that `text` breaks.
std::string Rule(absl::string_view text) {
  const auto problems = ReadDeviceFile("t", text).problems;
  if (problems.size() != 1) {
    for (const auto& problem : problems)
      UNSCOPED_INFO(power::ProblemText(problem));
    return absl::StrCat(problems.size(), " problems");
  }
  return problems[0].rule;
}

TEST_CASE(
    "device files: power 5: all of powerman's load, and read back as the same",
    "[power]") {
  std::vector<std::string> names;
  DIR* folder = opendir("/etc/powerman");
  if (folder == nullptr) {
    WARN("skipped: powerman is not installed");
    return;
  }
  while (const dirent* entry = readdir(folder)) {
    if (absl::EndsWith(entry->d_name, ".dev")) names.push_back(entry->d_name);
  }
  closedir(folder);
  CHECK(names.size() == 61);
  size_t specifications = 0;
  std::map<Statement::Kind, int> kinds;
  const std::function<void(const std::vector<Statement>&)> count =
      [&](const std::vector<Statement>& body) {
        for (const Statement& s : body) {
          kinds[s.kind]++;
          count(s.body);
        }
      };
  for (const std::string& name : names) {
    INFO(name);
    const auto text = sys::ReadFile("/etc/powerman/" + name);
    REQUIRE(text.ok());
    const DeviceReading reading = ReadDeviceFile(name, *text);
    for (const std::string& problem : Texts(reading.problems)) {
      FAIL_CHECK(problem);
    }
    specifications += reading.file.specifications.size();
    for (const power::Specification& spec : reading.file.specifications) {
      for (const power::Script& script : spec.scripts) count(script.body);
      const DeviceReading again =
          ReadDeviceFile("again", power::SpecificationText(spec));
      REQUIRE(again.problems.empty());
      REQUIRE(again.file.specifications.size() == 1);
      CHECK(again.file.specifications[0] == spec);
    }
  }
  CHECK(specifications == 68);
  // As they were counted in the files themselves.
  CHECK(kinds[Statement::Kind::kExpect] == 1459);
  CHECK(kinds[Statement::Kind::kSend] == 1217);
  CHECK(kinds[Statement::Kind::kSetPlugState] == 272);
  CHECK(kinds[Statement::Kind::kDelay] == 117);
  CHECK(kinds[Statement::Kind::kForEachPlug] == 60);
  CHECK(kinds[Statement::Kind::kForEachNode] == 8);
  CHECK(kinds[Statement::Kind::kIfOn] + kinds[Statement::Kind::kIfOff] == 5);
}

TEST_CASE("device files: powerman's configuration", "[power]") {
  const DeviceReading reading = ReadDeviceFile(
      "powerman.conf",
      "include \"x.dev\"\n"
      "tcpwrappers no  # comment at the end\n"
      "listen \"0.0.0.0:10101\" plug_log_level \"info\"\n"
      "device \"d\" \"s\" \"/dev/ttyS0\" \"9600,8n1\"\n"
      "device \"e\" \"s\" \"/usr/bin/conman -j b3 |&\"\n"
      "node \"t[1-2]\" \"d\" \"[1-2]\" node \"t3\" \"e\"\n"
      "alias \"a\" \"t[1-3]\"",
      [](absl::string_view path,
         absl::string_view from) -> absl::StatusOr<std::string> {
        CHECK(path == "x.dev");
        CHECK(from == "powerman.conf");
        return "specification \"s\" { timeout 1.5 plug name { \"1\" \"2\" }\n"
               "script on { send \"on %s\\r\\n\" } }";
      });
  CHECK(reading.problems.empty());
  REQUIRE(reading.file.devices.size() == 2);
  CHECK(reading.file.devices[0].flags == "9600,8n1");
  CHECK(reading.file.devices[1].address == "/usr/bin/conman -j b3 |&");
  REQUIRE(reading.file.hosts.size() == 2);
  CHECK(reading.file.hosts[0].plugs == "[1-2]");
  CHECK_FALSE(reading.file.hosts[1].plugs.has_value());
  CHECK(reading.file.tcp_wrappers == false);
  CHECK(reading.file.listens == std::vector<std::string>{"0.0.0.0:10101"});
  CHECK(reading.file.plug_log_level == "info");
  const power::Specification* spec = reading.file.Find("s");
  REQUIRE(spec != nullptr);
  CHECK(spec->timeout == absl::Seconds(1.5));
  CHECK(power::PlaceText(spec->scripts[0].body[0].where) == "x.dev:2");
  const DeviceReading again =
      ReadDeviceFile("again", power::DeviceFileText(reading.file));
  CHECK(again.problems.empty());
  CHECK(again.file == reading.file);
}

TEST_CASE("device files: escapes of strings", "[power]") {
  const DeviceReading reading = ReadDeviceFile(
      "t", InScript("send \"\\a\\b\\e\\f\\n\\r\\t\\v\\033\\\"\\\\\\q\\1z#\""));
  CHECK(reading.problems.empty());
  const std::string& text =
      reading.file.specifications[0].scripts[0].body[0].text;
  CHECK(text == "\a\b\033\f\n\r\t\v\033\"\\q1z#");
  CHECK(Rule(InScript("send \"\\000\"")) == "escape");
  CHECK(Rule(InScript("send \"\\777\"")) == "escape");
}

TEST_CASE("power 4: each mistake is told with file, line and rule", "[power]") {
  const std::vector<std::string> problems = Problems(
      "specification \"s\" {\n"
      "  timeout 5\n"
      "  script on { send \"a%d\" expect \"(\" }\n"
      "  script on { send \"x\" }\n"
      "  script login { send \"never closed }\n"
      "  }\n"
      "  plug name { \"1\" \"2\" \"1\" }\n"
      "}\n"
      "specification \"s\" { script login { sned \"x\" } }\n");
  CHECK(problems ==
        std::vector<std::string>{
            "t:3: %d in what is sent: only %s and %% may be there "
            "[send-format]",
            "t:3: the regular expression '(' Unmatched ( or \\( [regex]",
            "t:4: script on given twice [duplicate-script]",
            "t:5: the string does not end on its line [string-open]",
            "t:7: plug '1' given twice [duplicate-plug]",
            "t:9: 'sned' is no statement; did you mean send? [statement]",
            "t:9: specification s given twice [duplicate-specification]"});
}

TEST_CASE("power 4: what is missing at the end is told with its line",
          "[power]") {
  CHECK(Problems("specification \"s\" {\n  script\n") ==
        std::vector<std::string>{
            "t:3: there is no script called '' [script]",
            "t:3: '{' is missing behind script, at the end [syntax]",
            "t:3: '}' is missing behind specification, at the end [syntax]"});
}

TEST_CASE("power 4: devices and hosts that do not fit are told", "[power]") {
  const DeviceReading reading = ReadDeviceFile(
      "t",
      "specification \"s\" { timeout 5 plug name { \"1\" \"2\" }\n"
      "script on { send \"%s\" } }\n"
      "device \"d\" \"s\" \"h:23\"\n"
      "device \"d\" \"s\" \"h:24\"\n"
      "device \"e\" \"nothing\" \"h:25\"\n"
      "node \"a\" \"d\" \"1\"\n"
      "node \"b\" \"d\" \"1\"\n"
      "node \"c\" \"d\" \"9\"\n"
      "node \"f\" \"gone\" \"1\"\n"
      "node \"g[1-3]\" \"d\" \"[1-2]\"\n"
      "node \"a\" \"d\" \"2\"\n"
      "node \"h[\" \"d\" \"2\"\n");
  CHECK(
      Texts(reading.problems) ==
      std::vector<std::string>{"t:4: device d given twice [duplicate-device]"});
  CHECK(Texts(power::LintDeviceFile(reading.file)) ==
        std::vector<std::string>{
            "t:5: device e: there is no specification nothing [specification]",
            "t:7: plug 1 of d has two hosts [duplicate-plug]",
            "t:8: model s has no plug 9 [plug]",
            "t:9: there is no device gone [device]",
            "t:10: 3 hosts for 2 plugs [count]",
            "t:11: a given twice [duplicate-host]",
            "t:12: 'h[' has a [ without a ] [range]"});
}

TEST_CASE("device files: what is read and not meant is a warning", "[power]") {
  const auto lint = [](const std::string& text) {
    const DeviceReading reading = ReadDeviceFile("t", text);
    CHECK(reading.problems.empty());
    std::vector<std::string> rules;
    for (const auto& problem : power::LintDeviceFile(reading.file)) {
      CHECK_FALSE(problem.error);
      rules.push_back(problem.rule);
    }
    return rules;
  };
  using Rules = std::vector<std::string>;
  CHECK(lint("specification \"s\" { script on { send \"%s\" } }") ==
        Rules{"timeout"});
  CHECK(lint(InScript("send \"%s\"")) == Rules{"no-plug"});
  CHECK(lint(InScript("expect \"(a)(b)[(:]\" setplugstate $1 $3", "",
                      "status_all")) == Rules{"group"});
  CHECK(lint(InScript("expect \"x\"", "", "status")) == Rules{"no-state"});
  CHECK(lint(InScript("ifon { delay 1 }", "", "on_all")) == Rules{"no-plug"});
  CHECK(lint("specification \"s\" { timeout 1 pingperiod 3 "
             "plug name { \"1\" } script status { expect \"(x)\" "
             "setplugstate \"2\" $1 } }") == Rules({"ping", "no-such-plug"}));
  CHECK(lint("specification \"s\" { timeout 3 }") == Rules{"nothing"});
  CHECK(lint(InScript("", "", "on")) == Rules{"empty-script"});
  CHECK(lint("language 2 specification \"s\" { transport manual "
             "alternative \"t\" }") == Rules{"alternative"});
}

TEST_CASE("device files: the extensions need a file that asks for them",
          "[power]") {
  const std::string text = InScript("send-secret \"\\r\\n\" expect \"x\"");
  CHECK(Rule(text) == "language");
  CHECK(Rule(kTwo + text) == "0 problems");
  CHECK(Rule("language 3\n") == "language");
  CHECK(Rule("specification \"s\" { timeout 1 transport ssh }") ==
        "2 problems");
  // Not inherited: a file of language 1 stays one.
  const auto include = [](absl::string_view,
                          absl::string_view) -> absl::StatusOr<std::string> {
    return "send-secret";
  };
  CHECK(ReadDeviceFile("t", kTwo + InScript("include \"x\""), include)
            .problems.size() == 1);
}

TEST_CASE("device files: the extensions are read and written", "[power]") {
  const DeviceReading reading = ReadDeviceFile("t", R"dev(language 2
specification "BayTech" {
  timeout 90 transport ssh telnet port 2200 port telnet 23 step-timeout 20
  native-cycle safe tls no interleave yes sessions 2 secret-length 8 settle 3 poll 5
  off-time 8.5 alternative "Other"
  state "On|1" = on   state "warm" = pending
  snmp { get "1.3.6.1.$1" on 1 off 2 pending -1
         set "1.3.6.2.$1" cycle 3 }
  script login {
    expectany {
      "[Uu]ser [Nn]ame ?:" { send-user "\r\n" again }
      "[Pp]assword ?:" { send-secret form "\r\n" again max 1 fail auth "asked twice" }
      "Enter Request :" { }
      closed { reconnect 0.5 }
      after 20 { fail prompt "no menu, $1" }
    }
    expect "x(y)" within 3
    send-match $1 "z"
    send-user xml
  }
  script cycle { set-native confirm "Y\r" "N\r" run "prog" "-h" address "%s"
    setresult $1 $2 success="ok" success="fine"
    setplugstate $1 pending="x" unknown="y" }
}
)dev");
  CHECK(Texts(reading.problems) == std::vector<std::string>{});
  REQUIRE(reading.file.specifications.size() == 1);
  const power::Specification& spec = reading.file.specifications[0];
  CHECK(spec.language == 2);
  CHECK(spec.transports == std::vector<std::string>{"ssh", "telnet"});
  CHECK(spec.secret_length == 8);
  CHECK(spec.off_time == absl::Seconds(8.5));
  CHECK(spec.CyclesNatively());
  REQUIRE(spec.Block("snmp") != nullptr);
  CHECK(spec.Block("snmp")->lines.size() == 2);
  CHECK(spec.Block("snmp")->lines[0].values.size() == 7);
  const Statement& any = spec.scripts[0].body[0];
  REQUIRE(any.branches.size() == 5);
  CHECK(any.branches[1].body[1].times == 1);
  CHECK(any.branches[1].body[0].form == power::SecretForm::kForm);
  const std::string text = power::SpecificationText(spec);
  const DeviceReading again = ReadDeviceFile("again", text);
  CHECK(Texts(again.problems) == std::vector<std::string>{});
  CHECK(again.file.specifications[0] == spec);
  CHECK(power::SpecificationText(again.file.specifications[0]) == text);
}

TEST_CASE("device files: mistakes in the extensions", "[power]") {
  const auto two = [](absl::string_view statements,
                      absl::string_view script = "login") {
    return Rule(InScript(statements, kTwo, script));
  };
  CHECK(two("again") == "again");
  CHECK(two("expectany { after 3 { } }") == "expectany");
  CHECK(two("expectany { \"x\" { } after 3 { } after 4 { } }") == "expectany");
  CHECK(two("fail nonsense") == "2 problems");
  CHECK(two("confirm \"y\" \"y\"", "on") == "confirm");
  CHECK(two("confirm \"y%d\" \"n\"", "on") == "send-format");
  CHECK(two("reconnect 1", "on") == "reconnect");
  CHECK(two("run address", "on") == "syntax");
  CHECK(two("expect \"x\" within 100000", "on") == "number");
  CHECK(two("setresult $1 $2", "on") == "setresult");
  CHECK(two("send-match $21", "on") == "number");
  const auto block = [](absl::string_view settings) {
    return Problems(
        absl::StrCat(kTwo, "specification \"s\" {\n", settings, "\n}\n"));
  };
  using Lines = std::vector<std::string>;
  CHECK(block("ipmi { suites 17 3 }").empty());
  CHECK(block("transport ipmi\nipmi { suites 17 3 }").empty());
  CHECK(block("transport ipmi snmp ipmi { suites 17 }").empty());
  CHECK(block("ipmi { suites 17 2 }") ==
        Lines{"t:3: in a block of ipmi there are suites, which are 17 and 3 "
              "[ipmi]"});
  CHECK(block("ipmi { suits 17 }").size() == 1);
  CHECK(block("snmp { family \"apc-rpdu2\" }").empty());
  CHECK(block("snmp { family \"none\" }") ==
        Lines{"t:3: 'none' is no family of strips [snmp]"});
  CHECK(block("snmp { strip 3 }").size() == 1);
  CHECK(block("snmp { set \"1.3\" { cycle 3 } }").size() >= 1);
  CHECK(block("http { get \"x\" }").size() >= 1);
  CHECK(block("transport wol").size() >= 1);
}

TEST_CASE("device files: what is too large or too deep is refused", "[power]") {
  CHECK(Rule(InScript(absl::StrCat("expect \"", std::string(256, 'x'),
                                   "\""))) == "0 problems");
  CHECK(Rule(InScript(absl::StrCat("expect \"", std::string(257, 'x'),
                                   "\""))) == "regex");
  CHECK(Rule(InScript("expect \"((a{200}){200}){200}\"")) == "regex");
  CHECK(Rule(InScript("expect \"(a)\\\\1\"")) == "regex");
  CHECK(Rule(InScript("expect \"\"")) == "regex");
  CHECK(Rule(InScript(absl::StrCat("send \"", std::string(8191, 'x'), "\""))) ==
        "0 problems");
  CHECK(Problems(InScript(
            absl::StrCat("send \"", std::string(8192, 'x'), "\"")))[0] ==
        "t:3: a string is longer than 8191 bytes [size]");
  std::string deep;
  for (int i = 0; i < 100'000; i++) deep += "foreachplug {";
  CHECK(Problems(InScript(deep))[0] ==
        "t:3: blocks are nested more than 16 deep [depth]");
  CHECK(Rule(std::string(power::kMaxDeviceFileBytes + 1, ' ')) == "size");
  const auto self = [](absl::string_view,
                       absl::string_view) -> absl::StatusOr<std::string> {
    return "include \"t\" include \"t\" include \"t\"";
  };
  // Three files in each of three, ten deep: 1024 files are enough.
  const auto problems = ReadDeviceFile("t", "include \"t\"", self).problems;
  CHECK(problems.size() <= power::kMaxDeviceProblems);
  CHECK(problems[0].text == "includes are nested more than 10 deep");
  std::string junk;
  for (int i = 0; i < 100'000; i++) junk += "specification ! ";
  CHECK(Problems(junk).size() == power::kMaxDeviceProblems);
  CHECK(Rule("device \"d\" \"s\"") == "syntax");
  CHECK(Rule("specification \"s") == "2 problems");
  CHECK(Rule(std::string("listen \"a\0b\"", 12)) == "character");
}

}  // namespace
