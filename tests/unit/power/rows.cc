#include "unit/power/rows.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <utility>

namespace power_test {
namespace {

using power::Verb;
using Steps = std::vector<Step>;

Step Switch(std::string prints, std::string keys) {
  return {std::move(prints), std::move(keys), true};
}
Step Last(std::string prints, std::string keys) {
  return {std::move(prints), std::move(keys), false, true};
}

Steps operator+(Steps a, const Steps& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const std::string kPassword = kSecret;
const std::string kName = kUser;

// --- APC --------------------------------------------------------------------
Steps Apc(const std::vector<std::string>& keys, bool ssh, bool verify) {
  Steps steps;
  if (ssh) {
    steps = {{"operator@pcu's password: ", kPassword + "\n"}};
  } else {
    steps = {{"\r\nUser Name : ", kName + "\r"},
             {"\r\nPassword  : ", kPassword + "\r"}};
  }
  steps.push_back({"\r\nAmerican Power\r\n> ", "\r\n"});
  for (const std::string& key : keys) {
    steps.push_back({"\r\n<ESC>- Back, <ENTER>- Refresh\r\n> ", key + "\r\n"});
  }
  const std::string question =
      "\r\nEnter 'YES' to continue or <ENTER> to cancel : ";
  steps.push_back(verify ? Step{question, "\r\n\r\n"}
                         : Switch(question, "YES\r\n"));
  steps.push_back(Last("\r\n1- Device Manager\r\n4- Logout\r\n> ", "4\r\n"));
  return steps;
}

void AddApc(bool verify, std::vector<Row>* rows) {
  const std::pair<std::string, std::vector<std::string>> models[] = {
      {"12p3", {"1", "2", "3", "3"}},
      {"1p4", {"1", "3", "4"}},
      {"121p3", {"1", "2", "1", "3", "3"}},
      {"121p1", {"1", "2", "1", "3", "1", "3"}},
      {"13p13", {"1", "3", "3", "1", "3"}},
  };
  for (const auto& [name, keys] : models) {
    for (const bool ssh : {false, true}) {
      rows->push_back({absl::StrCat("APCControl", name), ssh ? "ssh" : "telnet",
                       verify ? Verb::kVerify : Verb::kCycle, "3",
                       Apc(keys, ssh, verify)});
    }
  }
}

// --- BayTech ----------------------------------------------------------------
Step Answer(bool verify) {
  const std::string question = "Reboot Outlet 3 (Y/N)? ";
  return verify ? Step{question, "N\r\n"} : Switch(question, "Y\r\n");
}

Steps BayEnd(const std::string& prompt, bool verify) {
  return {{"\r\n" + prompt, "Reboot 3\r\n"},
          Answer(verify),
          {"\r\n" + prompt, "\r\n"},
          Last("\r\n" + prompt, "exit\r\n")};
}

Steps CtrlC(const std::string& wake, const std::string& choice,
            const std::string& end, bool verify, bool asks_terminal) {
  Steps steps = {{"password: ", kPassword + "\r\n"}};
  if (asks_terminal) steps.push_back({"\r\nTerminal type? ", "ansi\r\n"});
  return steps + Steps{{"\r\n# ", wake},
                       {"\r\nEnter Request :", choice + "\r\n"},
                       {"\r\nEnter user name:", kName + "\r\n"},
                       {"\r\nDS-RPC>", "Reboot 3" + end},
                       Answer(verify),
                       Last("\r\nDS-RPC>", "exit\r\n")};
}

void AddBayTech(bool verify, std::vector<Row>* rows) {
  const Verb verb = verify ? Verb::kVerify : Verb::kCycle;
  const Steps five = {{"\r\nEnter Request :", "5\r\n"}};
  const Steps telnet = {{"\r\nUser Name : ", kName + "\r\n"}};
  const Steps ssh = {{"password: ", kPassword + "\r\n"}};
  const Steps password = {{"Password : ", kPassword + "\r\n"}};
  rows->push_back({"BayTech", "telnet", verb, "3",
                   telnet + password + five + BayEnd("DS-RPC>", verify)});
  rows->push_back(
      {"BayTech", "ssh", verb, "3", ssh + five + BayEnd("DS-RPC>", verify)});
  const Steps both = {{"\r\nEnter user name:", kName + "\r\n"},
                      {"\r\nEnter Password:", kPassword + "\r\n"}};
  rows->push_back({"BayTechRPC3NC", "telnet", verb, "3",
                   both + BayEnd("RPC3-NC>", verify)});
  rows->push_back(
      {"BayTechRPC3NC", "ssh", verb, "3", ssh + BayEnd("RPC3-NC>", verify)});
  rows->push_back(
      {"BayTechRPC16", "telnet", verb, "3", both + BayEnd("RPC-16>", verify)});
  rows->push_back(
      {"BayTechRPC16", "ssh", verb, "3", ssh + BayEnd("RPC-16>", verify)});
  const Steps first = {{"", "", false, false, 0, "again"},
                       {"", "", false, false, 0, "again"}};
  rows->push_back({"BayTechGeorgeTown", "telnet", verb, "3",
                   first + both + BayEnd("RPC-16>", verify)});
  rows->push_back({"BayTechGeorgeTown", "ssh", verb, "3",
                   first + ssh + BayEnd("RPC-16>", verify)});
  for (const bool asks_terminal : {false, true}) {
    rows->push_back({"BayTechCtrlC", "ssh", verb, "3",
                     CtrlC("\003", "5", "\r\n", verify, asks_terminal)});
    rows->push_back({"BayTech5CtrlC", "ssh", verb, "3",
                     CtrlC("\r\n", "5", "\r", verify, asks_terminal)});
    rows->push_back({"BayTechCtrlCUnibe", "ssh", verb, "3",
                     CtrlC("\003", "3", "\r\n", verify, asks_terminal)});
  }
}

// --- controllers of one host ------------------------------------------------
Steps Drac(const std::string& prompt, const std::string& command,
           const std::string& says, bool switches) {
  return {{"root@drac's password: ", kPassword + "\n"},
          {"\r\n" + prompt, "\r"},
          {"\r\n" + prompt, command + "\r", switches},
          Last("\r\n" + says + "\r\n" + prompt, "exit\r")};
}

// Without a word behind the login, the program ends there.
Steps Racadm(const std::string& command, const std::string& says,
             bool switches) {
  Steps steps = {
      {"", "", false, false, 0, "again"},
      {"", "", false, false, 0, "racadm -i -r pcu.example " + command},
      {"UserName: ", kName + "\r"},
      {"\nPassword: ", kPassword + "\r", switches, says.empty()}};
  if (!says.empty()) steps.push_back({says, "", false, true});
  return steps;
}

Steps Ribcl(const std::string& mode, const std::string& block,
            const std::string& body, const std::string& answer, bool switches) {
  const std::string document =
      absl::StrCat("<?xml version=\"1.0\"?>\r\n<RIBCL VERSION=\"2.0\">\r\n",
                   "<LOGIN USER_LOGIN=\"", kName, "\" PASSWORD=\"", kPassword,
                   "\">\r\n<", block, " MODE=\"", mode, "\">\r\n", body,
                   "\r\n</", block, ">\r\n</LOGIN>\r\n</RIBCL>\r\n");
  const std::string ok =
      "<?xml version=\"1.0\"?>\r\n<RIBCL VERSION=\"2.0\">\r\n<RESPONSE\r\n  "
      "STATUS=\"0x0000\"\r\n  MESSAGE='No error'\r\n   />\r\n</RIBCL>\r\n";
  return {{"", document, switches},
          {absl::StrCat(ok, "<RIBCL VERSION=\"2.0\"><RESPONSE ",
                        "STATUS=\"0x0000\" ", answer, "</RIBCL>", ok),
           "", false, true}};
}

Steps Ilo(const std::string& command, const std::string& says, bool switches) {
  return {{"password: ", kPassword + "\r"},
          {"\r\n</>hpiLO-> ", "cd system1\r"},
          {"\r\n</system1>hpiLO-> ", command + "\r", switches},
          Last("\r\n" + says + "\r\n</system1>hpiLO-> ", "exit\r")};
}

constexpr char kShell[] = "httppower> ";

Steps AmtCall(const std::string& operation, const std::string& inner,
              const std::string& answer, bool switches) {
  const std::string space =
      "http://schemas.intel.com/platform/client/RemoteControl/2004/01";
  return {{kShell, absl::StrCat("setheader SOAPAction: \"", space, "/",
                                operation, "\"\n")},
          {kShell,
           absl::StrCat(
               "post RemoteControlService <soap:Envelope xmlns:soap=\"http://"
               "schemas.xmlsoap.org/soap/envelope/\"><soap:Body><",
               operation, " xmlns=\"", space, "\">", inner, "</", operation,
               "></soap:Body></soap:Envelope>\n"),
           switches},
          {absl::StrCat("<b:", operation, "Response><b:Status>0</b:Status>",
                        answer, "</b:", operation, "Response>\n"),
           ""}};
}

Steps AmtControl(int command) {
  return AmtCall("RemoteControl",
                 absl::StrCat("<Command>", command,
                              "</Command><IanaOemNumber>343</IanaOemNumber>"),
                 "", true);
}

const Steps kAmtLogin = {
    {kShell, absl::StrCat("auth admin:", kPassword, "\n")}};
const Steps kQuit = {Last(kShell, "quit\n")};

void AddControllers(bool verify, std::vector<Row>* rows) {
  const Steps amt_state =
      AmtCall("GetSystemPowerState", "",
              "<b:SystemPowerState>16</b:SystemPowerState>", false);
  if (verify) {
    rows->push_back(
        {"DRAC", "ssh", Verb::kVerify, "1",
         Drac("$ ", "racadm getsysinfo", "RAC Information:", false)});
    rows->push_back(
        {"DRAC-racadm", "exec", Verb::kVerify, "1",
         Racadm("getsysinfo", "RAC Information:\nPower Status = ON\n", false)});
    rows->push_back(
        {"HPiLO", "tls", Verb::kVerify, "1",
         Ribcl("read", "RIB_INFO", "<GET_NETWORK_SETTINGS/>",
               "MESSAGE='No error' /><GET_NETWORK_SETTINGS>", false)});
    rows->push_back(
        {"HPiLO-ssh", "ssh", Verb::kVerify, "1",
         Ilo("POWER", "power: server power is currently: On", false)});
    rows->push_back({"IntelAMT", "http", Verb::kVerify, "1",
                     kAmtLogin + amt_state + kQuit});
    return;
  }
  rows->push_back({"DRAC", "ssh", Verb::kCycle, "1",
                   Drac("$ ", "racadm serveraction powercycle",
                        "Server power operation successful", true)});
  rows->push_back({"DRAC", "ssh", Verb::kCycle, "1",
                   Drac("/admin1-> ", "racadm serveraction powercycle",
                        "Server power operation successful", true)});
  rows->push_back({"DRAC", "ssh", Verb::kCycle, "1",
                   Drac("operator@drac# ", "serveraction powercycle",
                        "Server power operation successful", true)});
  rows->push_back({"DRAC-racadm", "exec", Verb::kCycle, "1",
                   Racadm("serveraction powercycle",
                          "Server power operation successful\n", true)});
  rows->push_back({"DRAC-racadm", "exec", Verb::kCycle, "1",
                   Racadm("serveraction powercycle", "", true)});
  rows->push_back({"HPiLO", "tls", Verb::kReset, "1",
                   Ribcl("write", "SERVER_INFO", "<RESET_SERVER/>",
                         "MESSAGE='Server being reset.' />", true)});
  rows->push_back({"HPiLO-ssh", "ssh", Verb::kReset, "1",
                   Ilo("reset", "Resetting server.", true)});
  rows->push_back({"IntelAMT", "http", Verb::kCycle, "1",
                   kAmtLogin + amt_state +
                       AmtCall("GetRemoteControlCapabilities", "", "", false) +
                       AmtControl(17) + AmtControl(16) + kQuit});
}

// --- strips -----------------------------------------------------------------
void AddStrips(bool verify, std::vector<Row>* rows) {
  const Verb verb = verify ? Verb::kVerify : Verb::kCycle;
  const std::string esc = "\033" + kPassword + "\033";
  Steps ipal = {{"", esc + "O", false, false}};
  if (!verify) {
    ipal.push_back(Switch("00100000", esc + "3P"));
    ipal.push_back({"00000000", ""});
  } else {
    ipal.push_back({"00100000", ""});
  }
  rows->push_back({"IPAL", "tcp", verb, "3", ipal});
  const std::string blank = "\r\n\r\n";
  rows->push_back({"IPAL-telnet", "telnet", verb, "3",
                   Steps{{"Password >", blank},
                         {"\r\nPassword >", blank},
                         {"\r\nPassword >", kPassword + blank},
                         verify ? Step{"\r\nEnter >", blank}
                                : Switch("\r\nEnter >", "P3" + blank),
                         {"\r\nEnter >", ""}}});
  const std::string sure = "Sure? (Y/N): ";
  rows->push_back({"WTIIPS4", "telnet", verb, "3",
                   Steps{{"\r\nEnter Password: ", kPassword + "\r\n"},
                         {"\r\nIPS> ", "/Boot 3\r\n"},
                         verify ? Step{sure, "N\r\n"} : Switch(sure, "Y\r\n"),
                         {"\r\nIPS> ", "\r\n"},
                         Last("\r\nIPS> ", "/X\r\n")}});
  const Steps auth = {
      {kShell, absl::StrCat("auth ", kName, ":", kPassword, "\n")}};
  const Steps probe = {{kShell, "get\n"},
                       {"Error: The requested URL returned error: 401\n", ""}};
  const Steps page = {{kShell, "get\n"}, {"<html>ok</html>\n", ""}};
  const Steps pulse = {{kShell, "post cmd.html P3=r\n", true},
                       {"<html>done</html>\n", ""}};
  rows->push_back({"ePowerSwitchNew", "http", verb, "3",
                   probe + auth + page + (verify ? page : pulse) + kQuit});
  const Steps home =
      verify ? Steps{{kShell, "get config/home_f.html\n"}}
             : Steps{{kShell, "post config/home_f.html P3=r\n", true}};
  rows->push_back({"BlackBoxPSMaverick", "http", verb, "3",
                   auth + home + Steps{{"Outlet state of all\n", ""}} + kQuit});
  // These have no trial but the way in and out.
  const Steps in = {{kShell, "post elogin.html pwd=s3cret%25s\n"},
                    {"<html>in</html>\n", ""}};
  const Steps pulse_old = {{kShell, "post econtrol.html P3=r\n", true},
                           {"<html>done</html>\n", ""}};
  rows->push_back({"ePowerSwitchOld", "http", verb, "3",
                   in + (verify ? Steps{} : pulse_old) + kQuit});
  const Steps off_and_on = {{kShell, "post plab3=off\n", true},
                            {kShell, "post plab3=on\n", true}};
  rows->push_back({"CustomPCU_uniklu", "http", verb, "3",
                   (verify ? Steps{} : off_and_on) + kQuit});
  rows->push_back(
      {"X10Toggle", "ssh", verb, "3",
       verify ? Steps{{"x10toggle>", ""}}
              : Steps{Switch("x10toggle>", "A3\r\n"), {"x10toggle>", ""}}});
}

std::vector<Row> All(bool verify) {
  std::vector<Row> rows;
  AddApc(verify, &rows);
  AddBayTech(verify, &rows);
  AddControllers(verify, &rows);
  AddStrips(verify, &rows);
  return rows;
}

}  // namespace

std::vector<Row> SwitchingRows() { return All(false); }
std::vector<Row> VerifyRows() { return All(true); }

}  // namespace power_test
