// Ours beside other people's: the model of a controller that the other tests
// lean on must satisfy ipmitool and ipmipower, and our client must get on with
// OpenIPMI's simulator.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "fakes/bmc_server.h"
#include "power/ipmi_client.h"
#include "sys/clock.h"
#include "unit/power/programs.h"
#include "unit/power/sim.h"

namespace {

using fakes::BmcServer;
using power::Action;
using power::FailureClass;
using power::IpmiClient;
using power::IpmiTask;
using power::Outcome;
using power::PlugResult;
using power::PlugState;
using power_test::Await;
using power_test::FreeUdpPort;
using power_test::Have;
using power_test::Program;
using power_test::RunBeside;
using power_test::SecretOf;

std::vector<std::string> Ipmitool(int port, int suite,
                                  const std::string& password,
                                  std::vector<std::string> what) {
  std::vector<std::string> argv = {"ipmitool",
                                   "-I",
                                   "lanplus",
                                   "-C",
                                   absl::StrCat(suite),
                                   "-H",
                                   "127.0.0.1",
                                   "-p",
                                   absl::StrCat(port),
                                   "-U",
                                   "admin",
                                   "-P",
                                   password,
                                   "chassis"};
  argv.insert(argv.end(), what.begin(), what.end());
  return argv;
}

std::unique_ptr<BmcServer> Serve(sys::Loop& loop) {
  return BmcServer::Make(loop, "127.0.0.1", 0, {}, {}, 1).value();
}

class OurClient {
 public:
  PlugResult Run(Action action, int port, const std::string& user,
                 const std::string& password) {
    IpmiTask task = {.address = "127.0.0.1", .port = port, .action = action};
    task.options.action.off_time = absl::Milliseconds(100);
    task.options.action.grace = absl::Milliseconds(100);
    task.options.limit = absl::Seconds(5);
    task.account.user = user;
    task.account.password = SecretOf(password);
    std::optional<PlugResult> got;
    client_.Start(task, [&](const PlugResult& result) { got = result; });
    Await(loop_, [&] { return got.has_value(); });
    if (got->failure.has_value()) UNSCOPED_INFO(got->failure->text);
    return *got;
  }
  // Simulators listen some time after they were started; until then they are
  // unreachable.
  void AwaitReady(const std::function<PlugResult()>& status) {
    const absl::Time until = sys::SteadyNow() + absl::Seconds(20);
    while (status().failure.has_value()) REQUIRE(sys::SteadyNow() < until);
  }

 private:
  sys::Loop loop_;
  IpmiClient client_{loop_};
};

// OpenIPMI's simulator with one host behind it, which is on.
class IpmiSim {
 public:
  IpmiSim() : port_(FreeUdpPort("127.0.0.1")) {
    program_.Write("chassis.sh",
                   "#!/bin/sh\n"
                   "echo \"$2 $3 $4\" >>$1.log\n"
                   "case \"$2 $3\" in\n"
                   "'get power') echo power:$(cat $1) ;;\n"
                   "'set power') echo $4 >$1 ;;\n"
                   "'get boot') echo boot:$(cat $1.boot) ;;\n"
                   "'set boot') echo $4 >$1.boot ;;\n"
                   "esac\n"
                   "exit 0\n",
                   0755);
    program_.Write("power", "1\n");
    program_.Write("power.boot", "default\n");
    program_.Write("sim.emu",
                   "mc_setbmc 0x20\n"
                   "mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 "
                   "persist_sdr\n"
                   "sel_enable 0x20 1000 0x0a\n"
                   "mc_enable 0x20\n");
    program_.Write(
        "lan.conf",
        absl::StrCat(
            "name \"bmc1\"\n"
            "set_working_mc 0x20\n"
            "  startlan 1\n"
            "    addr 127.0.0.1 ",
            port_,
            "\n"
            "    priv_limit admin\n"
            "    allowed_auths_callback none md2 md5 straight\n"
            "    allowed_auths_user none md2 md5 straight\n"
            "    allowed_auths_operator none md2 md5 straight\n"
            "    allowed_auths_admin none md2 md5 straight\n"
            "    guid a123456789abcdefa123456789abcdef\n"
            "  endlan\n"
            "  chassis_control \"",
            program_.Path("chassis.sh"), " ", program_.Path("power"),
            "\"\n"
            "  user 1 true \"\" \"\" user 10 none md2 md5 straight\n"
            "  user 2 true \"ipmiusr\" \"test\" admin 10 none md2 md5 "
            "straight\n"
            "  user 3 true \"ops\" \"o\" operator 10 none md2 md5 straight\n"
            "  user 4 true \"eye\" \"e\" user 10 none md2 md5 straight\n"));
    program_.Start({"ipmi_sim", "-c", program_.Path("lan.conf"), "-f",
                    program_.Path("sim.emu"), "-s", program_.folder(), "-n"});
  }

  PlugResult Run(Action action, const std::string& user = "ipmiusr",
                 const std::string& password = "test") {
    return client_.Run(action, port_, user, password);
  }
  void AwaitReady() {
    client_.AwaitReady([this] { return Run(Action::kStatus); });
  }

  std::string power() const { return program_.Read("power"); }
  std::string boot() const { return program_.Read("power.boot"); }
  std::string log() const { return program_.Read("power.log"); }

 private:
  const int port_;
  Program program_;
  OurClient client_;
};

// OpenStack's: suite 3 and nothing else, and no word to a user it does not
// know. It knows a session by where it comes from, and never forgets one: each
// is that of another client.
class FakeBmc {
 public:
  FakeBmc() : port_(FreeUdpPort("127.0.0.1")) {
    program_.Start({"fakebmc", "--port", absl::StrCat(port_)});
    OurClient().AwaitReady([this] { return Run(Action::kStatus); });
  }
  PlugResult Run(Action action, const std::string& user = "admin",
                 const std::string& password = "password") {
    return OurClient().Run(action, port_, user, password);
  }

 private:
  const int port_;
  Program program_;
};

}  // namespace

TEST_CASE("power 35: ipmitool gets on with our simulator, in both suites",
          "[power]") {
  if (!Have("ipmitool")) return;
  sys::Loop loop;
  for (const int suite : {3, 17}) {
    CAPTURE(suite);
    auto server = Serve(loop);
    const int port = server->address().port();
    CHECK(
        RunBeside(loop, Ipmitool(port, suite, "secret", {"power", "status"})) ==
        "Chassis Power is on\n[exit 0]");
    CHECK(RunBeside(loop, Ipmitool(port, suite, "secret", {"power", "off"})) ==
          "Chassis Power Control: Down/Off\n[exit 0]");
    CHECK_FALSE(server->model().IsOn(sys::SteadyNow()));
    CHECK(RunBeside(loop, Ipmitool(port, suite, "secret", {"power", "on"})) ==
          "Chassis Power Control: Up/On\n[exit 0]");
    CHECK(server->model().IsOn(sys::SteadyNow()));
    CHECK(server->model().counts().refused_proofs == 0);
    CHECK(absl::StrContains(
        RunBeside(loop, Ipmitool(port, suite, "wrong", {"power", "status"})),
        "Unable to establish"));
  }
}

TEST_CASE("power 35: ipmipower gets on with our simulator, in both suites",
          "[power]") {
  if (!Have("ipmipower")) return;
  sys::Loop loop;
  for (const char* suite : {"3", "17"}) {
    CAPTURE(suite);
    auto server = Serve(loop);
    const auto run = [&](const std::string& action) {
      return RunBeside(
          loop, {"ipmipower", "-D", "LAN_2_0", "-I", suite, "-l", "admin", "-h",
                 absl::StrCat("127.0.0.1:", server->address().port()), "-u",
                 "admin", "-p", "secret", action});
    };
    CHECK(run("--stat") == "127.0.0.1: on\n[exit 0]");
    CHECK(run("--off") == "127.0.0.1: ok\n[exit 0]");
    CHECK_FALSE(server->model().IsOn(sys::SteadyNow()));
    CHECK(run("--stat") == "127.0.0.1: off\n[exit 0]");
    CHECK(run("--on") == "127.0.0.1: ok\n[exit 0]");
    CHECK(server->model().IsOn(sys::SteadyNow()));
  }
}

TEST_CASE("ipmi: ipmitool reads the boot device that we set, and we its own",
          "[power]") {
  if (!Have("ipmitool")) return;
  sys::Loop loop;
  const auto server = Serve(loop);
  IpmiClient client(loop);
  const auto ours = [&](Action action) {
    IpmiTask task = {.address = "127.0.0.1",
                     .port = server->address().port(),
                     .action = action};
    task.account.user = "admin";
    task.account.password = SecretOf("secret");
    std::optional<PlugResult> got;
    client.Start(task, [&](const PlugResult& result) { got = result; });
    Await(loop, [&] { return got.has_value(); });
    return got->outcome;
  };
  const auto theirs = [&](std::vector<std::string> what) {
    return RunBeside(loop,
                     Ipmitool(server->address().port(), 17, "secret", what));
  };
  const std::pair<Action, std::string> kDevices[] = {
      {Action::kBootPxe, "Force PXE"},
      {Action::kBootDisk, "Force Boot from default Hard-Drive"},
      {Action::kBootCdrom, "Force Boot from CD/DVD"},
      {Action::kBootBios, "Force Boot into BIOS Setup"},
      {Action::kBootNone, "No override"}};
  for (const auto& [action, words] : kDevices) {
    CHECK(ours(action) == Outcome::kDone);
    const std::string said = theirs({"bootparam", "get", "5"});
    CHECK(absl::StrContains(said, "Boot Flag Valid"));
    CHECK(absl::StrContains(said, "Options apply to only next boot"));
    CHECK(absl::StrContains(said, "Boot Device Selector : " + words));
  }
  CHECK(absl::StrContains(
      theirs({"bootparam", "get", "3"}),
      "Don't automatically clear boot flag valid bit on timeout"));
  CHECK(theirs({"bootdev", "cdrom"}) == "Set Boot Device to cdrom\n[exit 0]");
  const std::string set =
      server->model().BootOption(5, sys::SteadyNow()).substr(0, 2);
  CHECK(ours(Action::kBootCdrom) == Outcome::kDone);
  CHECK(server->model().BootOption(5, sys::SteadyNow()).substr(0, 2) == set);
}

TEST_CASE("power 35: our client gets on with OpenStack's fakebmc", "[power]") {
  if (!Have("fakebmc")) return;
  FakeBmc bmc;
  CHECK(bmc.Run(Action::kStatus).after == PlugState::kOff);
  CHECK(bmc.Run(Action::kOff).outcome == Outcome::kAlready);
  CHECK(bmc.Run(Action::kOn).outcome == Outcome::kDone);
  const PlugResult cycle = bmc.Run(Action::kCycle);
  CHECK(cycle.outcome == Outcome::kDone);
  CHECK(cycle.before == PlugState::kOn);
  CHECK(cycle.after == PlugState::kOn);
  CHECK(bmc.Run(Action::kReset).outcome == Outcome::kDone);
  CHECK(bmc.Run(Action::kSoft).outcome == Outcome::kDone);
  CHECK(bmc.Run(Action::kStatus).after == PlugState::kOff);
  CHECK(bmc.Run(Action::kOn).outcome == Outcome::kDone);
  CHECK(bmc.Run(Action::kOff).outcome == Outcome::kDone);
  const PlugResult wrong = bmc.Run(Action::kOn, "admin", "wrong");
  REQUIRE(wrong.failure.has_value());
  INFO(power::Word(wrong.failure->failure_class));
  CHECK(wrong.failure->failure_class == FailureClass::kAuth);
  const PlugResult unknown = bmc.Run(Action::kOn, "nobody", "password");
  REQUIRE(unknown.failure.has_value());
  INFO(power::Word(unknown.failure->failure_class));
  CHECK(unknown.failure->failure_class == FailureClass::kTimeout);
  CHECK(bmc.Run(Action::kStatus).after == PlugState::kOff);
}

TEST_CASE("power 35: our client gets on with OpenIPMI's simulator", "[power]") {
  if (!Have("ipmi_sim")) return;
  IpmiSim sim;
  sim.AwaitReady();
  CHECK(sim.Run(Action::kStatus).after == PlugState::kOn);
  const PlugResult off = sim.Run(Action::kOff);
  CHECK(off.outcome == Outcome::kDone);
  CHECK(sim.power() == "0\n");
  CHECK(sim.Run(Action::kOff).outcome == Outcome::kAlready);
  const PlugResult cycle = sim.Run(Action::kCycle);
  CHECK(cycle.outcome == Outcome::kDone);
  CHECK(cycle.remark == "was off");
  CHECK(sim.power() == "1\n");
  const PlugResult again = sim.Run(Action::kCycle);
  CHECK(again.outcome == Outcome::kDone);
  CHECK(again.before == PlugState::kOn);
  CHECK(again.after == PlugState::kOn);
  CHECK(sim.Run(Action::kOn).outcome == Outcome::kAlready);
  // It does not know that; then it is hard.
  const PlugResult soft = sim.Run(Action::kSoft);
  CHECK(soft.outcome == Outcome::kDone);
  CHECK(sim.power() == "0\n");
  CHECK(sim.Run(Action::kOn).outcome == Outcome::kDone);
  CHECK(sim.power() == "1\n");
  CHECK(sim.Run(Action::kReset).outcome == Outcome::kDone);
  CHECK(absl::StrContains(sim.log(), "set reset 1"));
  // It shows the device, and never that it is valid.
  CHECK(sim.Run(Action::kBootPxe).outcome == Outcome::kAccepted);
  CHECK(sim.boot() == "pxe\n");
  CHECK(sim.Run(Action::kBootNone).outcome == Outcome::kDone);
  CHECK(sim.Run(Action::kVerify).verified == power::VerifyLevel::kPrivilege);
  CHECK(sim.Run(Action::kOff, "ops", "o").outcome == Outcome::kDone);
  CHECK(sim.Run(Action::kStatus, "eye", "e").after == PlugState::kOff);
  const PlugResult wrong = sim.Run(Action::kOn, "ops", "p");
  REQUIRE(wrong.failure.has_value());
  CHECK(wrong.failure->failure_class == FailureClass::kAuth);
  const PlugResult unknown = sim.Run(Action::kOn, "nobody", "p");
  REQUIRE(unknown.failure.has_value());
  CHECK(unknown.failure->failure_class == FailureClass::kAuth);
}
