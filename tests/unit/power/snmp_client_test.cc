// Our SNMP beside net-snmp's agent, with an outlet strip played by a script.
#include "power/snmp_client.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "sys/clock.h"
#include "unit/power/programs.h"
#include "unit/power/sim.h"

namespace {

using power::Action;
using power::FailureClass;
using power::Outcome;
using power::PlugResult;
using power::PlugState;
using power::SnmpAccount;
using power::SnmpClient;
using power::SnmpPrivacy;
using power::SnmpTask;
using power_test::Await;
using power_test::SecretOf;

// Plugs 1 and 2 of an APC strip, in a file each; net-snmp's "pass" protocol.
constexpr char kStrip[] = R"(#!/bin/sh
control=.1.3.6.1.4.1.318.1.1.12.3.3.1.1.4
state=.1.3.6.1.4.1.318.1.1.12.3.5.1.1.4
folder=$1
plug=${3##*.}
case "$plug" in 1|2) ;; *) exit 0 ;; esac
case "$2 ${3%.*}" in
"-g $state"|"-g $control")
  echo "$3"; echo integer; cat "$folder/plug$plug" ;;
"-s $control")
  echo "$plug $5" >>"$folder/writes"
  case "$5" in 1|2) echo "$5" >"$folder/plug$plug" ;; *) echo wrong-value ;; esac ;;
"-s $state") echo not-writable ;;
esac
)";

// A word of net-snmp's configuration.
std::string Quoted(const std::string& word) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(word, {{"\"", "\\\""}, {"\\", "\\\\"}}), "\"");
}

class Snmpd {
 public:
  // `password` is that of the user odd.
  explicit Snmpd(const std::string& password = "oddpass123")
      : port_(power_test::FreeUdpPort("127.0.0.1")) {
    program_.Write("strip.sh", kStrip, 0755);
    program_.Write("plug1", "1\n");
    program_.Write("plug2", "7\n");
    program_.Write(
        "snmpd.conf",
        absl::StrCat(
            "agentAddress udp:127.0.0.1:", port_,
            "\nrwcommunity private 127.0.0.1\nrocommunity public 127.0.0.1\n"
            "createUser md5 MD5 authpass123 DES privpass123\n"
            "createUser sha SHA authpass123 AES privpass123\n"
            "createUser sha224 SHA-224 authpass123 AES privpass123\n"
            "createUser sha256 SHA-256 authpass123 AES privpass123\n"
            "createUser sha384 SHA-384 authpass123 AES privpass123\n"
            "createUser sha512 SHA-512 authpass123 AES privpass123\n"
            "createUser plain SHA authpass123\n"
            "createUser reader SHA authpass123 AES privpass123\n"
            "createUser odd SHA ",
            Quoted(password), " AES ", Quoted(password),
            "\nrwuser odd priv\n"
            "rwuser md5 priv\nrwuser sha priv\nrwuser sha224 priv\n"
            "rwuser sha256 priv\nrwuser sha384 priv\nrwuser sha512 priv\n"
            "rwuser plain auth\nrouser reader priv\n"
            "sysobjectid 1.3.6.1.4.1.318.1.3.4.5\n"
            "pass .1.3.6.1.4.1.318.1.1.12 ",
            program_.Path("strip.sh"), " ", program_.folder(), "\n"));
    program_.Start(
        {"env", absl::StrCat("SNMP_PERSISTENT_DIR=", program_.folder()),
         "snmpd", "-f", "-Lo", "-C", "-c", program_.Path("snmpd.conf"), "-I",
         "-smux,mteTrigger,mteTriggerConf"});
    const absl::Time until = sys::SteadyNow() + absl::Seconds(20);
    while (Run(Community("public"), Action::kStatus).failure.has_value()) {
      REQUIRE(sys::SteadyNow() < until);
    }
  }

  static SnmpAccount Community(const std::string& name, int version = 2) {
    return {.version = version, .community = SecretOf(name)};
  }
  static SnmpAccount User(const std::string& name, net::Digest digest,
                          SnmpPrivacy privacy) {
    return {.version = 3,
            .user = name,
            .digest = digest,
            .password = SecretOf("authpass123"),
            .privacy = privacy,
            .privacy_password = SecretOf("privpass123")};
  }

  PlugResult Run(SnmpAccount account, Action action,
                 const std::string& plug = "1") {
    SnmpTask task = {.address = "127.0.0.1",
                     .port = port_,
                     .plug = plug,
                     .action = action,
                     .account = std::move(account),
                     .options = options};
    std::optional<PlugResult> got;
    client_.Start(task, [&](const PlugResult& result) { got = result; });
    Await(loop_, [&] { return got.has_value(); });
    if (got->failure.has_value()) UNSCOPED_INFO(got->failure->text);
    return *got;
  }
  std::string plug(int n) const {
    return program_.Read(absl::StrCat("plug", n));
  }
  std::string writes() const { return program_.Read("writes"); }
  // How often the agent has seen a password that is wrong
  // (usmStatsWrongDigests) or a user that it does not know
  // (usmStatsUnknownUserNames).
  int Refused(int counter) {
    const std::string said = power_test::RunBeside(
        loop_, {"env", absl::StrCat("SNMP_PERSISTENT_DIR=", program_.folder()),
                "MIBS=", "snmpget", "-v2c", "-c", "public", "-Oqv",
                absl::StrCat("127.0.0.1:", port_),
                absl::StrCat("1.3.6.1.6.3.15.1.1.", counter, ".0")});
    INFO(said);
    int count = -1;
    CHECK(absl::SimpleAtoi(said.substr(0, said.find('\n')), &count));
    return count;
  }

  power::SnmpOptions options = {.action = {.off_time = absl::Milliseconds(100)},
                                .limit = absl::Seconds(2)};

 private:
  const int port_;
  power_test::Program program_;
  sys::Loop loop_;
  SnmpClient client_{loop_};
};

}  // namespace

TEST_CASE("power 41: on, off and cycle by net-snmp's agent, in all versions",
          "[power]") {
  if (!power_test::Have("snmpd")) return;
  Snmpd snmpd;
  const SnmpAccount accounts[] = {
      Snmpd::Community("private", 1),
      Snmpd::Community("private", 2),
      Snmpd::User("md5", net::Digest::kMd5, SnmpPrivacy::kDes),
      Snmpd::User("sha", net::Digest::kSha1, SnmpPrivacy::kAes),
      Snmpd::User("sha224", net::Digest::kSha224, SnmpPrivacy::kAes),
      Snmpd::User("sha256", net::Digest::kSha256, SnmpPrivacy::kAes),
      Snmpd::User("sha384", net::Digest::kSha384, SnmpPrivacy::kAes),
      Snmpd::User("sha512", net::Digest::kSha512, SnmpPrivacy::kAes),
      Snmpd::User("plain", net::Digest::kSha1, SnmpPrivacy::kNone)};
  for (const SnmpAccount& account : accounts) {
    CAPTURE(account.version, account.user);
    CHECK(snmpd.Run(account, Action::kStatus).after == PlugState::kOn);
    const PlugResult off = snmpd.Run(account, Action::kOff);
    CHECK(off.outcome == Outcome::kDone);
    CHECK(snmpd.plug(1) == "2\n");
    CHECK(snmpd.Run(account, Action::kOff).outcome == Outcome::kAlready);
    CHECK(snmpd.Run(account, Action::kOn).outcome == Outcome::kDone);
    CHECK(snmpd.plug(1) == "1\n");
    // A second each: no more than are worth it.
    if (account.version == 3 && account.user != "md5" &&
        account.user != "sha" && account.user != "sha256") {
      continue;
    }
    const std::string before = snmpd.writes();
    CHECK(snmpd.Run(account, Action::kCycle).outcome == Outcome::kDone);
    CHECK(snmpd.writes() == before + "1 2\n1 1\n");
  }
}

TEST_CASE("power 41: what net-snmp's agent refuses", "[power]") {
  if (!power_test::Have("snmpd")) return;
  Snmpd snmpd;
  const SnmpAccount sha =
      Snmpd::User("sha", net::Digest::kSha1, SnmpPrivacy::kAes);
  for (const int version : {1, 2}) {
    CAPTURE(version);
    const PlugResult readonly =
        snmpd.Run(Snmpd::Community("public", version), Action::kOff);
    REQUIRE(readonly.failure.has_value());
    CHECK(readonly.failure->failure_class == FailureClass::kPrivilege);
    const PlugResult missing =
        snmpd.Run(Snmpd::Community("public", version), Action::kStatus, "9");
    REQUIRE(missing.failure.has_value());
    CHECK(missing.failure->failure_class == FailureClass::kPlug);
    const PlugResult wrong =
        snmpd.Run(Snmpd::Community("wrong", version), Action::kStatus);
    REQUIRE(wrong.failure.has_value());
    CHECK(wrong.failure->failure_class == FailureClass::kTimeout);
    CHECK(absl::EndsWith(wrong.failure->text,
                         "; a wrong community looks the same"));
  }
  const PlugResult missing = snmpd.Run(sha, Action::kStatus, "9");
  REQUIRE(missing.failure.has_value());
  CHECK(missing.failure->failure_class == FailureClass::kPlug);
  const PlugResult reader =
      snmpd.Run(Snmpd::User("reader", net::Digest::kSha1, SnmpPrivacy::kAes),
                Action::kOff);
  REQUIRE(reader.failure.has_value());
  CHECK(reader.failure->failure_class == FailureClass::kPrivilege);
  CHECK(snmpd.plug(1) == "1\n");
  // The state of plug 2 is none that is known; its cycle is a value that the
  // script does not take.
  CHECK(snmpd.Run(sha, Action::kStatus, "2").after == PlugState::kUnknown);
  snmpd.options.action.native_cycle = true;
  const PlugResult value = snmpd.Run(sha, Action::kCycle, "2");
  REQUIRE(value.failure.has_value());
  CHECK(value.failure->failure_class == FailureClass::kDevice);
  CHECK(value.failure->text == "cycle: wrongValue (10)");
}

TEST_CASE("power 14: a wrong user, password or privacy of SNMP 3", "[power]") {
  if (!power_test::Have("snmpd") || !power_test::Have("snmpget")) return;
  Snmpd snmpd;
  SnmpAccount account =
      Snmpd::User("sha", net::Digest::kSha1, SnmpPrivacy::kAes);
  account.user = "nobody";
  PlugResult result = snmpd.Run(account, Action::kStatus);
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kAuth);
  CHECK(result.failure->text == "login: unknown user");
  CHECK(snmpd.Refused(3) == 1);
  account.user = "sha";
  account.password = SecretOf("wrongpass123");
  result = snmpd.Run(account, Action::kStatus);
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kAuth);
  CHECK(result.failure->text == "login: password refused");
  CHECK(snmpd.Refused(5) == 1);
  account.password = SecretOf("authpass123");
  account.privacy_password = SecretOf("wrongpass123");
  result = snmpd.Run(account, Action::kStatus);
  REQUIRE(result.failure.has_value());
  // Silence from some, a report from others.
  if (result.failure->failure_class != FailureClass::kAuth) {
    CHECK(result.failure->failure_class == FailureClass::kTimeout);
    CHECK(absl::StrContains(result.failure->text,
                            "a wrong privacy password looks the same"));
  }
  account.privacy_password = SecretOf("privpass123");
  CHECK(snmpd.Run(account, Action::kStatus).after == PlugState::kOn);
  // Less than the user is set up for.
  account.privacy = SnmpPrivacy::kNone;
  CHECK(snmpd.Run(account, Action::kStatus).failure.has_value());
}

TEST_CASE("power 16: passwords of SNMP 3 as they are", "[power]") {
  if (!power_test::Have("snmpd")) return;
  for (const std::string& password :
       {std::string("quote\"s and 'blanks'"), std::string("50%s$HOME\\n"),
        std::string("12345678901234567890"),
        std::string("123456789012345678901"),
        std::string("p\xc3\xa4ssw\xc3\xb6rd")}) {
    INFO(password);
    Snmpd snmpd(password);
    SnmpAccount account =
        Snmpd::User("odd", net::Digest::kSha1, SnmpPrivacy::kAes);
    account.password = account.privacy_password = SecretOf(password);
    CHECK(snmpd.Run(account, Action::kOff).outcome == Outcome::kDone);
  }
  SnmpAccount empty = Snmpd::User("odd", net::Digest::kSha1, SnmpPrivacy::kAes);
  empty.password = SecretOf("");
  for (const SnmpAccount& account : {empty, Snmpd::Community("")}) {
    REQUIRE(power::CheckSnmpAccount(account).has_value());
    CHECK(power::CheckSnmpAccount(account)->failure_class ==
          FailureClass::kConfig);
  }
}

TEST_CASE("snmp client: what cannot be asked for is told as a failure",
          "[power]") {
  CHECK_FALSE(power::CheckSnmpAccount(Snmpd::Community("c")).has_value());
  CHECK(power::CheckSnmpAccount(Snmpd::Community("")).has_value());
  CHECK(power::CheckSnmpAccount(Snmpd::Community("c", 4)).has_value());
  CHECK(power::CheckSnmpAccount(Snmpd::Community(std::string(256, 'c')))
            .has_value());
  SnmpAccount account = Snmpd::User("u", net::Digest::kSha1, SnmpPrivacy::kAes);
  CHECK_FALSE(power::CheckSnmpAccount(account).has_value());
  account.privacy_password = nullptr;
  CHECK(power::CheckSnmpAccount(account).has_value());
  account.digest.reset();
  CHECK(power::CheckSnmpAccount(account).has_value());

  sys::Loop loop;
  SnmpClient client(loop);
  std::vector<PlugResult> got;
  const auto take = [&](const PlugResult& result) { got.push_back(result); };
  client.Start({.address = "127.0.0.1", .account = account}, take);
  client.Start({.address = "name", .account = Snmpd::Community("c")}, take);
  client.Start({.address = "127.0.0.1",
                .family = "no-such",
                .account = Snmpd::Community("c")},
               take);
  CHECK(got.empty());
  Await(loop, [&] { return got.size() == 3; });
  for (const PlugResult& result : got) {
    CHECK(result.failure->failure_class == FailureClass::kConfig);
  }
}
