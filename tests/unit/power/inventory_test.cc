#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <map>

#include "power/inventory_file.h"
#include "power/inventory_reader.h"
#include "power/limits.h"
#include "power/ways.h"
#include "sys/file.h"

namespace {

using power::Inventory;
using power::InventoryReading;
using power::Pcu;
using power::ReadInventoryText;
using power::SecretSource;

// As pcu-inventory(5) has it.
constexpr char kPage[] = R"(pcu "rack3-a" {
    model    "APCControl13p13"
    host     "rack3-a.mgmt.example.org"     ip "10.0.3.7"
    ports    ssh telnet                     # preferred ways in, in order
    user     "apc"      secret "pdu-rack3"
    site     "hall-2"
    sessions 1          stagger 0.5s        off-time 8s
    node     "web[1-8]" "[1-8]"
}
pcu "rack3-b" {
    model    "APCControl13p13"
    host     "rack3-b.mgmt.example.org"
    user     "apc"      secret file:/etc/fleetbox/rack3-b
}
pcu "blades" {
    model    "redfish"                      # the manager of a chassis
    ip       "10.0.3.9"     user "ops"      secret "blades"
    node     "blade[1-4]" "[1-4]"
}
node "db1" feeds "rack3-a/9" "rack3-b/9"    # two power supplies
node "chassis1" "rack3-b" "1"
group "web" "web[1-8]"
group "most" "@web" "db1"
protect "web1" "db1"
parent "chassis1" "blade[1-4]"              # which hang on it
)";

std::vector<std::string> Texts(const InventoryReading& reading) {
  std::vector<std::string> texts;
  for (const auto& problem : reading.problems) {
    texts.push_back(power::ProblemText(problem));
  }
  return texts;
}
std::vector<std::string> Problems(absl::string_view text) {
  return Texts(ReadInventoryText("t", text));
}
using Strings = std::vector<std::string>;

Inventory Good(absl::string_view text) {
  InventoryReading reading = ReadInventoryText("t", text);
  CHECK(Texts(reading) == Strings());
  return std::move(reading.inventory);
}
// A PCU with these settings.
Pcu WithSettings(absl::string_view settings) {
  const Inventory inventory = Good(absl::StrCat(
      "pcu \"p\" { model \"BayTech\" host \"h\" ", settings, " }"));
  return inventory.pcus().at(0);
}
std::string Rule(absl::string_view settings) {
  const auto reading = ReadInventoryText(
      "t", absl::StrCat("pcu \"p\" { model \"BayTech\" host \"h\"\n", settings,
                        " }"));
  if (reading.problems.size() == 1) return reading.problems[0].rule;
  for (const std::string& text : Texts(reading)) UNSCOPED_INFO(text);
  return absl::StrCat(reading.problems.size(), " problems");
}

std::string Feeds(const Inventory& inventory, absl::string_view host) {
  const power::PoweredHost* found = inventory.FindHost(host);
  if (found == nullptr) return "none";
  std::string out;
  for (const power::Outlet& feed : found->feeds) {
    absl::StrAppend(&out, out.empty() ? "" : " ", feed.pcu, "/", feed.plug);
  }
  return out;
}

TEST_CASE("inventory: the page's example is read as the page says", "[power]") {
  const Inventory inventory = Good(kPage);
  REQUIRE(inventory.pcus().size() == 3);
  const Pcu& pcu = inventory.pcus()[0];
  CHECK(pcu.model == "APCControl13p13");
  CHECK(pcu.host == "rack3-a.mgmt.example.org");
  CHECK(pcu.ip == "10.0.3.7");
  CHECK(pcu.ways == std::vector<power::Way>{{"ssh"}, {"telnet"}});
  CHECK(pcu.user == "apc");
  CHECK(pcu.secret == SecretSource{SecretSource::Kind::kStore, "pdu-rack3"});
  CHECK(pcu.site == "hall-2");
  CHECK(pcu.sessions == 1);
  CHECK(pcu.stagger == absl::Milliseconds(500));
  CHECK(pcu.off_time == absl::Seconds(8));
  CHECK(inventory.FindPcu("rack3-b")->secret ==
        SecretSource{SecretSource::Kind::kFile, "/etc/fleetbox/rack3-b"});
  CHECK(inventory.hosts().size() == 14);
  CHECK(Feeds(inventory, "web8") == "rack3-a/8");
  CHECK(Feeds(inventory, "db1") == "rack3-a/9 rack3-b/9");
  CHECK(inventory.FindGroup("most")->hosts.size() == 9);
  CHECK(inventory.FindHost("web1")->is_protected);
  CHECK_FALSE(inventory.FindHost("web2")->is_protected);
  CHECK(inventory.PlugsOf("rack3-a").size() == 9);
  CHECK(inventory.HostsOf("rack3-b") == Strings{"db1", "chassis1"});
  CHECK(inventory.FindHost("blade4")->parent == "chassis1");
  CHECK(inventory.HostsOn({"rack3-a", "9"}).at(0) == "db1");
  CHECK(inventory.SpecificationOf(pcu)->name == "APCControl13p13");
}

TEST_CASE("inventory: every setting of a PCU", "[power]") {
  const Pcu pcu = WithSettings(R"(
    ports ssh 2222 telnet try-all
    stagger 250ms settle 3 poll 1m30s state-timeout 2m linger 1h step-timeout .5
    keep yes trust-first-use legacy-crypto yes tls-insecure no
    tls-pin "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
    system "437XR1138R2"
    snmp-version 2c snmp-digest sha256 snmp-privacy aes
    privacy-secret env:PRIV suite 17 shared "7" "8" helper external)");
  CHECK(pcu.ways == std::vector<power::Way>{{"ssh", 2222}, {"telnet"}});
  CHECK(pcu.try_all);
  CHECK(pcu.stagger == absl::Milliseconds(250));
  CHECK(pcu.settle == absl::Seconds(3));
  CHECK(pcu.poll == absl::Seconds(90));
  CHECK(pcu.state_timeout == absl::Minutes(2));
  CHECK(pcu.linger == absl::Hours(1));
  CHECK(pcu.step_timeout == absl::Milliseconds(500));
  CHECK(pcu.keep);
  CHECK(pcu.trust_first_use);
  CHECK(pcu.legacy_crypto);
  CHECK_FALSE(pcu.tls_insecure);
  CHECK(pcu.tls_pin ==
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
  CHECK(pcu.system == "437XR1138R2");
  CHECK(pcu.snmp_version == "2c");
  CHECK(pcu.snmp_digest == "sha256");
  CHECK(pcu.snmp_privacy == "aes");
  CHECK(pcu.privacy_secret == SecretSource{SecretSource::Kind::kEnv, "PRIV"});
  CHECK(pcu.cipher_suite == "17");
  CHECK(pcu.shared_plugs == Strings{"7", "8"});
  CHECK(pcu.program_external);
}

TEST_CASE("inventory: where secrets are", "[power]") {
  using Kind = SecretSource::Kind;
  const std::map<std::string, SecretSource> all = {
      {"\"a\"", {Kind::kStore, "a"}},
      {"\"store:file:x\"", {Kind::kStore, "file:x"}},
      {"file:/etc/x", {Kind::kFile, "/etc/x"}},
      {"\"file:/etc/x y\"", {Kind::kFile, "/etc/x y"}},
      {"env:PW", {Kind::kEnv, "PW"}},
      {"cred:pw", {Kind::kCred, "pw"}},
      {"cmd:\"pass show 'x y'\"", {Kind::kProgram, "pass show 'x y'"}},
      {"prompt", {Kind::kPrompt, ""}},
      {"clear \"a b\"", {Kind::kClear, "a b"}},
  };
  for (const auto& [text, source] : all) {
    INFO(text);
    CHECK(WithSettings("secret " + text).secret == source);
  }
  for (const char* wrong : {"\"\"", "file:relative", "cred:../x", "env:a=b",
                            "\"a b\"", "cmd:\"\"", "\"store:\""}) {
    INFO(wrong);
    CHECK(Rule(absl::StrCat("secret ", wrong)) == "secret");
  }
}

TEST_CASE("power 4: all that is wrong, each with file, line and rule",
          "[power]") {
  CHECK(Problems(R"(specification "s" {
  timeout 5
  plug name { "1" "2" "3" "4" "5" "6" "7" "8" }
  script on { send "on %s" }
  script on { send "on %s" }
  script off { send "off %d" }
}
device "p" "s" "h:23"
device "q" "no-such-one" "h:24"
pcu "p" { model "BayTech" host "x" }
node "a" "p" "1"
node "b" "p" "1"
node "c" "p" "9"
node "d" "nowhere" "1"
node "a" "p" "2"
group "g" "a" "zz"
listen "127.0.0.1:10101
)") == Strings{"t:5: script on given twice [duplicate-script]",
               "t:6: %d in what is sent: only %s and %% may be there "
               "[send-format]",
               "t:17: the string does not end on its line [string-open]",
               "t:8: PCU p given twice, also at t:10 [duplicate-pcu]",
               "t:9: PCU q: there is no model 'no-such-one' [model]",
               "t:12: plug 1 of p has two hosts: a and b [duplicate-plug]",
               "t:14: there is no PCU nowhere [pcu]",
               "t:15: a given twice [duplicate-host]",
               "t:16: the host zz has no PCU [host]"});
}

TEST_CASE("power 4: a plug that the model does not have", "[power]") {
  CHECK(Problems(R"(specification "s" { timeout 5 plug name { "1" "8" } }
device "p" "s" "h:23"
node "c" "p" "9"
node "d[1-2]" feeds "p/[8-9]"
node "e" feeds "q/1"
node "f" feeds "p"
node "g[1-3]" "p"
)") == Strings{"t:3: model s of p has no plug 9 [plug]",
               "t:4: model s of p has no plug 9 [plug]",
               "t:5: there is no PCU q, which feeds e [pcu]",
               "t:6: the feed 'p' is no PCU/PLUG [syntax]",
               "t:7: 3 hosts for 1 free plugs [count]"});
}

TEST_CASE("inventory: settings that make no sense", "[power]") {
  CHECK(Rule("ports gopher") == "2 problems");
  CHECK(Rule("ports ssh ssh") == "duplicate-setting");
  CHECK(Rule("user \"a\" user \"b\"") == "duplicate-setting");
  CHECK(Rule("ports ssh 65536") == "number");
  CHECK(Rule("stagger 2 fortnight 1") == "syntax");
  CHECK(Rule("stagger 25h") == "number");
  CHECK(Rule("sessions 0") == "number");
  CHECK(Rule("tls-pin \"12\"") == "value");
  CHECK(Rule("snmp-version 4") == "value");
  CHECK(Rule("suite 0") == "value");
  CHECK(Rule("user \"a\\nb\"") == "value");
  CHECK(Rule("tty \"ttyS0\"") == "address");
  CHECK(Rule("tty \"/dev/ttyS0\" \"fast\"") == "flags");
  CHECK(Rule("colour \"red\"") == "syntax");
  CHECK(Rule("helper \"x\"") == "2 problems");
}

TEST_CASE("inventory: a block that is not closed ends where the next begins",
          "[power]") {
  const auto reading =
      ReadInventoryText("t",
                        "pcu \"a\" { model \"BayTech\" host \"h\"\n"
                        "pcu \"b\" { model \"BayTech\" host \"h\" }\n");
  CHECK(Texts(reading) ==
        Strings{"t:2: '}' is missing behind the block of PCU a, at 'pcu' "
                "[syntax]"});
  CHECK(reading.inventory.pcus().size() == 2);
}

TEST_CASE("inventory: who is how reachable has to be said", "[power]") {
  CHECK(Problems("pcu \"a\" { host \"h\" }") ==
        Strings{"t:1: PCU a has no model [model]"});
  CHECK(Problems("pcu \"a\" { model \"BayTec\" host \"h\" }") ==
        Strings{"t:1: PCU a: there is no model 'BayTec' (perhaps BayTech, "
                "BayTech5CtrlC, BayTechCtrlC) [model]"});
  CHECK(Problems("pcu \"a\" { model \"BayTech\" }") ==
        Strings{"t:1: PCU a has neither host nor ip [address]"});
  CHECK(Problems("specification \"s\" { timeout 1 }\n"
                 "pcu \"a\" { model \"s\" host \"h\" }") ==
        Strings{"t:2: PCU a: neither it nor model s says how it is reached: "
                "ports [ports]"});
  CHECK(Problems("pcu \"a\" { model \"ManualPCU\" }") == Strings());
  CHECK(Problems("pcu \"a/b\" { model \"ManualPCU\" }")[0] ==
        "t:1: the name 'a/b' of a PCU holds a blank, a comma, a slash or a "
        "bracket [name]");
}

TEST_CASE("inventory: models by old names, by protocol and by family",
          "[power]") {
  const Inventory inventory = Good(R"(
    pcu "a" { model "Masterswitch" host "h" }
    pcu "b" { host "h" ports ipmi node "x" }
    pcu "c" { ip "10.0.0.1" ports redfish node "y" }
    pcu "d" { model "ilo2" ip "10.0.0.1" }
    pcu "e" { ports snmp 1161 ip "10.0.0.2" node "z" "7" }
  )");
  CHECK(inventory.FindPcu("a")->model == "APCControl13p13");
  CHECK(inventory.FindPcu("b")->model == "OpenIPMI");
  CHECK(Feeds(inventory, "x") == "b/1");
  CHECK(inventory.FindPcu("c")->model == "redfish");
  CHECK(Feeds(inventory, "y") == "c/y");
  CHECK(inventory.FindPcu("d")->model == "HPiLO");
  // What is tried when the model cannot be reached is there, too.
  CHECK(inventory.FindSpecification("HPiLO-ssh") != nullptr);
  const Pcu& e = *inventory.FindPcu("e");
  CHECK(power::WaysOf(e, *inventory.SpecificationOf(e)) ==
        std::vector<power::Way>{{"snmp", 1161}});
}

TEST_CASE("inventory: ways in have their ports", "[power]") {
  const Inventory inventory = Good(R"(
    pcu "a" { model "APCControl13p13" host "h" }
    pcu "b" { model "IPAL" host "h" }
    pcu "c" { model "BayTech" host "h" ports telnet 2023 ssh }
    pcu "d" { model "ManualPCU" }
  )");
  const auto ways = [&](const char* name) {
    const Pcu& pcu = *inventory.FindPcu(name);
    return power::WaysOf(pcu, *inventory.SpecificationOf(pcu));
  };
  using Ways = std::vector<power::Way>;
  CHECK(ways("a") == Ways{{"telnet", 23}, {"ssh", 22}});
  CHECK(ways("b") == Ways{{"tcp", 9100}});
  CHECK(ways("c") == Ways{{"telnet", 2023}, {"ssh", 22}});
  CHECK(ways("d") == Ways{{"manual", 0}});
}

TEST_CASE("inventory: powerman's configuration is one, too", "[power]") {
  const Inventory inventory = Good(R"(
    tcpwrappers no
    listen "0.0.0.0:10101"
    plug_log_level "info"
    specification "vpc" { timeout 5 plug name { "0" "1" "2" "3" } }
    specification "free" { timeout 5 }
    device "net" "vpc" "[::1]:4001" "quiet"
    device "line" "vpc" "/dev/ttyS1" "19200,7e1"
    device "line2" "vpc" "/dev/ttyS2"
    device "prog" "free" "/usr/bin/ipmipower -D lanplus  |&"
    device "bay" "BayTech" "bay.example.org:22"
    node "a[1-2]" "net" "[2-3]"
    node "b[0-1]" "net"
    node "c[09-10]" "prog"
    alias "some" "a[1-2],c09"
  )");
  const Pcu& net = *inventory.FindPcu("net");
  CHECK(net.host == "::1");
  CHECK(net.ways == std::vector<power::Way>{{"telnet", 4001}});
  const Pcu& line = *inventory.FindPcu("line");
  CHECK(line.host == "/dev/ttyS1");
  CHECK(line.serial == "19200,7e1");
  CHECK(line.ways == std::vector<power::Way>{{"serial"}});
  CHECK(inventory.FindPcu("line2")->serial == "9600,8n1");
  CHECK(inventory.FindPcu("prog")->program ==
        Strings{"/usr/bin/ipmipower", "-D", "lanplus"});
  CHECK(inventory.FindPcu("bay")->ways == std::vector<power::Way>{{"ssh", 22}});
  CHECK(Feeds(inventory, "a2") == "net/3");
  CHECK(Feeds(inventory, "b1") == "net/1");
  CHECK(Feeds(inventory, "c09") == "prog/c09");
  CHECK(inventory.FindAlias("some")->hosts == Strings{"a1", "a2", "c09"});
  CHECK(inventory.parts().listens == Strings{"0.0.0.0:10101"});
  CHECK(inventory.parts().tcp_wrappers == false);
  CHECK(inventory.parts().plug_log_level == "info");
  // In the order of the model, whatever that of the lines.
  CHECK(inventory.PlugsOf("net") == Strings{"0", "1", "2", "3"});
}

TEST_CASE("inventory: device lines that powerman would not take either",
          "[power]") {
  const auto rule = [](absl::string_view address) {
    const auto problems = ReadInventoryText(
        "t", absl::StrCat("specification \"s\" { timeout 1 }\n",
                          "device \"d\" \"s\" ", address));
    return problems.problems.empty() ? "" : problems.problems[0].rule;
  };
  for (const char* wrong :
       {"\"h\"", "\"h:0\"", "\"h:70000\"", "\"h:x\"", "\":1\"", "\"[::1:1\"",
        "\"h:1\" \"loud\"", "\"/dev/x\" \"9600,9n1\"", "\" |&\"",
        "\"/x |&\" \"y\"", "\"h\\nx:1\""}) {
    INFO(wrong);
    CHECK(rule(wrong) == "address");
  }
  CHECK(rule("\"h:1\"").empty());
}

TEST_CASE("inventory: several hosts on a plug only where that is meant",
          "[power]") {
  const Inventory inventory = Good(R"(
    pcu "p" { model "BayTech" host "h" shared "[1-2]"
              node "a" "1" node "b" "1" }
    node "c" feeds "p/2" "p/3")");
  const auto hosts = inventory.HostsOn({"p", "1"});
  CHECK(Strings(hosts.begin(), hosts.end()) == Strings{"a", "b"});
  CHECK(inventory.PlugsOf("p") == Strings{"1", "2", "3"});
  CHECK(Problems("pcu \"p\" { model \"BayTech\" host \"h\" shared \"1\" }\n"
                 "node \"a\" feeds \"p/1\" \"p/1\"") ==
        Strings{"t:2: plug 1 of p feeds a twice [duplicate-plug]"});
}

TEST_CASE("inventory: groups of groups, and those that hold themselves",
          "[power]") {
  const Inventory inventory = Good(R"(
    group "all-web" "@b" "a2"
    group "b" "@c"
    group "c" "a[1-2]"
    pcu "p" { model "BayTech" host "h" node "a[1-3]" "[1-3]" }
  )");
  CHECK(inventory.FindGroup("all-web")->hosts == Strings{"a1", "a2"});
  CHECK(Problems("group \"a\" \"@b\"\ngroup \"b\" \"@a\"\n") ==
        Strings{"t:1: group a holds itself [group]"});
  CHECK(Problems("group \"a\" \"@a\" \"@x\"\ngroup \"all\" \"@a\"") ==
        Strings{"t:2: the group all is that of every host [name]",
                "t:1: group a holds itself [group]",
                "t:1: there is no group x, which a holds [group]"});
  std::string deep;
  for (int i = 0; i < 5000; i++) {
    absl::StrAppend(&deep, "group \"g", i, "\" \"@g", i + 1, "\"\n");
  }
  CHECK(Problems(deep + "group \"g5000\" \"@g0\"").at(0) ==
        "t:101: groups hold each other more than 100 deep [group]");
}

TEST_CASE("inventory: hosts that hang on hosts", "[power]") {
  constexpr absl::string_view kHosts =
      "pcu \"p\" { model \"BayTech\" host \"h\" node \"a[1-5]\" \"[1-5]\" }\n";
  const Inventory inventory = Good(absl::StrCat(
      "parent \"a1\" \"@twins\" \"a4\"\ngroup \"twins\" \"a[2-3]\"\n", kHosts,
      "parent \"a2\" \"a5\""));
  CHECK(inventory.FindHost("a1")->parent.empty());
  CHECK(inventory.FindHost("a3")->parent == "a1");
  CHECK(inventory.FindHost("a4")->parent == "a1");
  CHECK(inventory.FindHost("a5")->parent == "a2");
  const auto problems = [&](absl::string_view lines) {
    return Problems(absl::StrCat(kHosts, lines));
  };
  CHECK(problems("parent \"a1\" \"zz\"\nparent \"c\" \"a2\"") ==
        Strings{"t:2: the host zz has no PCU [host]",
                "t:3: the parent c has no PCU [parent]"});
  CHECK(problems("parent \"a1\" \"a2\"\nparent \"a3\" \"a[1-2]\"") ==
        Strings{"t:3: a2 has two parents: a1 and a3 [parent]"});
  CHECK(problems("parent \"a1\" \"a1\"") ==
        Strings{"t:2: a1 hangs on itself, by way of a1 [parent]"});
  // Told where it closes; a4 and a5 hang on those that go round.
  CHECK(problems("parent \"a1\" \"a[2,4]\"\nparent \"a2\" \"a3\"\n"
                 "parent \"a3\" \"a1\"\nparent \"a4\" \"a5\"") ==
        Strings{"t:2: a2 hangs on itself, by way of a1 [parent]"});
  CHECK(problems("parent \"a1\"").size() == 1);
}

TEST_CASE("inventory: parents of parents have a limit", "[power]") {
  std::string deep;
  for (int i = 0; i < 20; ++i) {
    absl::StrAppend(&deep, "pcu \"p", i, "\" { model \"BayTech\" host \"h", i,
                    "\" node \"a", i, "\" \"1\" }\n");
  }
  for (int i = 0; i < 16; ++i) {
    absl::StrAppend(&deep, "parent \"a", i, "\" \"a", i + 1, "\"\n");
  }
  CHECK(Problems(deep) == Strings());
  CHECK(Problems(deep + "parent \"a16\" \"a17\"") ==
        Strings{"t:37: hosts hang on each other more than 16 deep [parent]"});
}

TEST_CASE("inventory: what ranges mean has a limit", "[power]") {
  CHECK(Problems("pcu \"p\" { model \"snmp\" host \"h\" "
                 "node \"a[1-99999999]\" }") ==
        Strings{"t:1: more than 65536 names [range]"});
  std::string text = "pcu \"p\" { model \"snmp\" host \"h\" node \"a\" }\n";
  for (int i = 0; i < 40; i++) text += "node \"b[1-60000]\" \"p\" \"[1-2]\"\n";
  const Strings problems = Problems(text);
  CHECK(problems.size() == 18);
  CHECK(problems.back() ==
        "t:19: the ranges of the file mean more than 1048576 names [size]");
}

TEST_CASE("inventory: more hosts than there may be", "[power]") {
  std::string text;
  for (int i = 0; i < 2; i++) {
    absl::StrAppend(&text, "pcu \"p", i,
                    "\" { model \"snmp\" host \"h\" node \"a", i,
                    "x[1-65000]\" }\n");
  }
  const InventoryReading reading = ReadInventoryText("t", text);
  CHECK(reading.inventory.hosts().size() == power::kMaxHosts);
  CHECK(reading.problems.size() == power::kMaxDeviceProblems);
  CHECK(reading.problems[0].rule == "size");
}

TEST_CASE("inventory: includes are found beside the file that names them",
          "[power]") {
  auto folder = sys::TemporaryFolder::Make("inventory");
  REQUIRE(folder.ok());
  const std::string& path = folder->path();
  REQUIRE(sys::MakeFolders(path + "/d/e").ok());
  const auto write = [&](const char* name, absl::string_view text) {
    REQUIRE(sys::ReplaceFile(path + "/" + name, text).ok());
  };
  write("pcu.conf", "include \"d/a.conf\"\nnode \"x\" \"p\" \"1\"\n");
  write("d/a.conf", "include \"e/b.conf\"\n");
  write("d/e/b.conf", "pcu \"p\" { model \"BayTech\" host \"h\" }\n");
  const auto good = power::ReadInventory(path + "/pcu.conf");
  REQUIRE(good.ok());
  CHECK(Texts(*good) == Strings());
  CHECK(Feeds(good->inventory, "x") == "p/1");

  write("d/a.conf", "include \"none.conf\"\n");
  const auto bad = power::ReadInventory(path + "/pcu.conf");
  REQUIRE(bad.ok());
  CHECK(Texts(*bad) ==
        Strings{absl::StrCat("d/a.conf:1: none.conf: ", path,
                             "/d/none.conf: No such file or directory "
                             "[include]"),
                absl::StrCat(path, "/pcu.conf:2: there is no PCU p [pcu]")});
  CHECK(absl::IsNotFound(power::ReadInventory(path + "/none").status()));
}

}  // namespace
