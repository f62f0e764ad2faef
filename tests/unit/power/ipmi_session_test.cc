// A controller that answers, one that refuses, one that is odd: what comes of a
// request. On a network that works; ipmi_sim_test.cc has the other kind.
#include <absl/strings/match.h>

#include <catch2/catch.hpp>
#include <string>

#include "power/ipmi_boot.h"
#include "power/ipmi_job.h"
#include "unit/power/sim.h"

namespace {

using power::Action;
using power::FailureClass;
using power::Outcome;
using power::PlugResult;
using power::PlugState;
using power_test::SecretOf;
using power_test::Sim;

constexpr absl::Duration kMs = absl::Milliseconds(1);

bool Failed(const PlugResult& result, FailureClass failure_class,
            absl::string_view words) {
  return result.failure.has_value() &&
         result.failure->failure_class == failure_class &&
         absl::StrContains(result.failure->text, words);
}

}  // namespace

TEST_CASE("ipmi: a status takes four round trips", "[power]") {
  for (const int suite : {17, 3}) {
    Sim sim({}, {.least = 10 * kMs, .most = 10 * kMs});
    power::IpmiAccount account = Sim::Admin();
    account.suites = {suite};
    const PlugResult result = sim.Run(Action::kStatus, {}, account);
    CHECK_FALSE(result.failure.has_value());
    CHECK(result.after == PlugState::kOn);
    CHECK(sim.took() == 80 * kMs);
    CHECK(result.attempts == 1);
    CHECK(sim.bmc().counts().closes == 0);  // said, not waited for
    CHECK(sim.sent() == 5);
  }
}

TEST_CASE("ipmi: what is lost goes again after four times an answer's time",
          "[power]") {
  struct Row {
    absl::Duration way;
    uint8_t payload;  // whose first packets are lost: so many
    int lost;
    absl::Duration took;
  };
  constexpr uint8_t kOpen = 0x10, kRakp1 = 0x12, kRakp3 = 0x14, kSealed = 0xc0;
  for (const Row& row : {
           Row{10 * kMs, kRakp3, 1, 160 * kMs},
           Row{10 * kMs, kSealed, 1, 160 * kMs},
           Row{10 * kMs, kSealed, 3, (80 + 80 + 160 + 320) * kMs},
           // At once is too soon.
           Row{1 * kMs, kSealed, 1, (8 + 60) * kMs},
           // Never later than without knowing.
           Row{100 * kMs, kSealed, 1, (800 + 250) * kMs},
           Row{100 * kMs, kSealed, 3, (800 + 250 + 250 + 500) * kMs},
           // What would open a second session, and what would get a second
           // random number, is not hurried.
           Row{10 * kMs, kOpen, 1, (80 + 250) * kMs},
           Row{10 * kMs, kRakp1, 1, (80 + 250) * kMs},
       }) {
    CAPTURE(row.way, row.payload, row.lost);
    Sim sim({}, {.least = row.way, .most = row.way});
    int left = row.lost;
    sim.on_way = [&](bool to_bmc, std::string& datagram) {
      const bool is_it =
          to_bmc && static_cast<uint8_t>(datagram[5]) == row.payload;
      return !is_it || left-- <= 0;
    };
    CHECK(sim.Run(Action::kStatus).after == PlugState::kOn);
    CHECK(sim.took() == row.took);
  }
  // The answer to a copy does not tell how long an answer takes.
  Sim sim({}, {.least = 10 * kMs, .most = 10 * kMs});
  int left[256] = {};
  left[kOpen] = left[kRakp1] = left[kRakp3] = 1;
  sim.on_way = [&](bool to_bmc, std::string& datagram) {
    return !to_bmc || left[static_cast<uint8_t>(datagram[5])]-- <= 0;
  };
  CHECK(sim.Run(Action::kStatus).after == PlugState::kOn);
  CHECK(sim.took() == (80 + 3 * 250) * kMs);
}

TEST_CASE("power 27: a controller's refused port is told within 100 ms",
          "[power]") {
  Sim sim({}, {});
  power::IpmiJob job(Action::kStatus, {}, Sim::Admin(), 3, sim.Random());
  absl::Time now = power_test::T0();
  job.Start(now);
  int sent = 0;
  while (job.result() == nullptr) {
    for (const std::string& datagram : job.TakeDatagrams()) {
      CHECK(!datagram.empty());
      ++sent;
      job.Unreachable("Connection refused", now);
    }
    if (job.result() != nullptr) break;
    now = job.wake_at();
    REQUIRE(now <= power_test::T0() + 100 * kMs);
    job.Wake(now);
  }
  CHECK(Failed(*job.result(), FailureClass::kUnreachable,
               "connect: Connection refused"));
  CHECK(sent == 3);  // it may be beginning anew
}

TEST_CASE("ipmi: a command without reading takes four round trips, too",
          "[power]") {
  Sim sim({}, {.least = 10 * kMs, .most = 10 * kMs});
  CHECK(sim.Run(Action::kIdentifyOn).outcome == Outcome::kAccepted);
  CHECK(sim.bmc().counts().identify == 1);
  CHECK(sim.took() == 80 * kMs);
  // What must not be executed twice waits for its privilege.
  CHECK(sim.Run(Action::kNmi).outcome == Outcome::kAccepted);
  CHECK(sim.bmc().counts().nmi == 1);
  CHECK(sim.took() == 100 * kMs);
}

TEST_CASE("power 35: status, on, off, cycle, reset, soft with both suites",
          "[power]") {
  for (const int suite : {17, 3}) {
    Sim sim({.suites = {suite}, .switch_time = absl::Seconds(1)}, {});
    CHECK(sim.Run(Action::kOn).outcome == Outcome::kAlready);
    CHECK(sim.bmc().counts().switchings() == 0);
    const PlugResult off = sim.Run(Action::kOff);
    CHECK(off.outcome == Outcome::kDone);
    CHECK(off.before == PlugState::kOn);
    CHECK(off.after == PlugState::kOff);
    CHECK_FALSE(sim.IsOn());
    CHECK(sim.Run(Action::kOff).outcome == Outcome::kAlready);
    CHECK(sim.Run(Action::kReset).remark == "is off");
    const PlugResult was_off = sim.Run(Action::kCycle);
    CHECK(was_off.remark == "was off");
    CHECK(was_off.after == PlugState::kOn);
    CHECK(sim.bmc().counts().off == 1);
    CHECK(sim.Run(Action::kReset).outcome == Outcome::kDone);
    CHECK(sim.bmc().counts().reset == 1);
    const PlugResult cycle = sim.Run(Action::kCycle);
    CHECK(cycle.outcome == Outcome::kDone);
    CHECK(sim.bmc().counts().off == 2);
    CHECK(sim.bmc().counts().on == 2);
    CHECK(sim.IsOn());
    CHECK(sim.took() > absl::Seconds(7));  // two switchings and a pause
    CHECK(sim.Run(Action::kSoft).after == PlugState::kOff);
    CHECK(sim.bmc().counts().soft == 1);
    CHECK(sim.bmc().counts().off == 2);
    CHECK(sim.bmc().counts().refused_proofs == 0);
  }
}

TEST_CASE("power 35: a controller without suite 17 is asked for 3 at once",
          "[power]") {
  Sim sim({.suites = {3}}, {.least = 10 * kMs, .most = 10 * kMs});
  power::IpmiJob job(Action::kStatus, {}, Sim::Admin(), 3, sim.Random());
  const PlugResult result = sim.Run(job);
  CHECK(result.after == PlugState::kOn);
  CHECK(sim.took() == 100 * kMs);
  CHECK(result.attempts == 2);
  CHECK(job.suite() == 3);

  power::IpmiAccount strict = Sim::Admin();
  strict.suites = {17};
  CHECK(Failed(sim.Run(Action::kStatus, {}, strict), FailureClass::kUnsupported,
               "cipher suite 17"));
}

TEST_CASE("ipmi: a refusal may be two bytes", "[power]") {
  Sim sim({.suites = {3}, .refuses_shortly = true}, {});
  CHECK(sim.Run(Action::kStatus).after == PlugState::kOn);
  power::IpmiAccount account = Sim::Admin();
  account.user = "nobody";
  CHECK(Failed(sim.Run(Action::kStatus, {}, account), FailureClass::kAuth,
               "unknown user"));
}

TEST_CASE("power 35: another suite in the answer than in the question",
          "[power]") {
  Sim sim({.answers_suite = 3}, {});
  CHECK(sim.Run(Action::kStatus).after == PlugState::kOn);
  power::IpmiAccount strict = Sim::Admin();
  strict.suites = {17};
  CHECK(Failed(sim.Run(Action::kStatus, {}, strict), FailureClass::kUnsupported,
               "answers with another"));
}

TEST_CASE("power 35: a controller without a session left is asked again",
          "[power]") {
  Sim sim({.busy_logins = 2}, {});
  const PlugResult result = sim.Run(Action::kStatus);
  CHECK(result.after == PlugState::kOn);
  CHECK(result.attempts == 3);
  CHECK(sim.took() > absl::Seconds(1));
  sim.bmc().options().busy_logins = 100;
  CHECK(
      Failed(sim.Run(Action::kStatus), FailureClass::kBusy, "no session left"));
}

TEST_CASE("ipmi: a command that is refused as busy is asked again", "[power]") {
  Sim sim({.busy_commands = 4}, {});
  CHECK(sim.Run(Action::kReset).outcome == Outcome::kDone);
  CHECK(sim.bmc().counts().reset == 1);
  sim.bmc().options().busy_commands = 1000;
  CHECK(Failed(sim.Run(Action::kReset), FailureClass::kBusy, "busy"));
  CHECK(sim.bmc().counts().reset == 1);
}

TEST_CASE("power 14: a wrong IPMI password is found before it is counted",
          "[power]") {
  for (const int suite : {17, 3}) {
    Sim sim({.suites = {suite}}, {});
    power::IpmiAccount account = Sim::Admin();
    account.password = SecretOf("Secret");
    const PlugResult result = sim.Run(Action::kCycle, {}, account);
    CHECK(Failed(result, FailureClass::kAuth, "password refused"));
    CHECK(result.verified == power::VerifyLevel::kReach);
    CHECK(sim.bmc().counts().rakp1s == 1);
    CHECK(sim.bmc().counts().rakp3s == 0);
    CHECK(sim.bmc().counts().switchings() == 0);
  }
}

TEST_CASE("power 16: passwords of IPMI as they are", "[power]") {
  for (const char* password :
       {"", "a", " q\"uo'te d ", "100% $HOME \\n", "12345678901234567890",
        "p\xc3\xa4ssw\xc3\xb6rd"}) {
    Sim sim({.users = {{"admin", password, 4}}}, {});
    power::IpmiAccount account = Sim::Admin();
    account.password = SecretOf(password);
    CHECK(sim.Run(Action::kStatus, {}, account).after == PlugState::kOn);
  }
  power::IpmiAccount account = Sim::Admin();
  account.password = SecretOf("123456789012345678901");
  REQUIRE(power::CheckIpmiAccount(account).has_value());
  CHECK(power::CheckIpmiAccount(account)->failure_class ==
        FailureClass::kConfig);
  account = Sim::Admin();
  CHECK_FALSE(power::CheckIpmiAccount(account).has_value());
  account.user = std::string(17, 'u');
  CHECK(power::CheckIpmiAccount(account).has_value());
  account = Sim::Admin();
  account.suites = {2};
  CHECK(power::CheckIpmiAccount(account).has_value());
}

TEST_CASE("power 38: an unknown user, told and by silence", "[power]") {
  Sim sim({}, {});
  power::IpmiAccount account = Sim::Admin();
  account.user = "nobody";
  const PlugResult told = sim.Run(Action::kStatus, {}, account);
  CHECK(Failed(told, FailureClass::kAuth, "unknown user"));
  CHECK(told.attempts == 1);
  sim.bmc().options().silent_for_unknown = true;
  const PlugResult silent = sim.Run(Action::kStatus, {}, account);
  CHECK(Failed(silent, FailureClass::kTimeout, "silent when they do not know"));
  CHECK(sim.took() == absl::Seconds(20));
}

TEST_CASE("power 38: an operator switches, a user may only look", "[power]") {
  Sim sim({.users = {{"admin", "secret", 4}, {"ops", "o", 3}, {"eye", "e", 2}}},
          {});
  const power::IpmiAccount operators = {.user = "ops",
                                        .password = SecretOf("o")};
  CHECK(sim.Run(Action::kCycle, {}, operators).outcome == Outcome::kDone);
  CHECK(sim.bmc().counts().switchings() == 2);
  const power::IpmiAccount user = {.user = "eye", .password = SecretOf("e")};
  CHECK(sim.Run(Action::kStatus, {}, user).after == PlugState::kOn);
  CHECK(Failed(sim.Run(Action::kOff, {}, user), FailureClass::kPrivilege,
               "role not allowed"));
  CHECK(sim.bmc().counts().switchings() == 2);
  const PlugResult verify = sim.Run(Action::kVerify, {}, user);
  CHECK(Failed(verify, FailureClass::kPrivilege, "may not switch"));
  CHECK(verify.verified == power::VerifyLevel::kPlug);
  CHECK(sim.Run(Action::kVerify, {}, operators).verified ==
        power::VerifyLevel::kPrivilege);
  CHECK(sim.bmc().counts().switchings() == 2);
}

TEST_CASE("ipmi: a controller that wants an administrator gets one",
          "[power]") {
  Sim sim({.control_privilege = 4}, {});
  CHECK(sim.Run(Action::kOff).outcome == Outcome::kDone);
  CHECK(sim.bmc().counts().off == 1);
  Sim poor({.users = {{"admin", "secret", 3}}, .control_privilege = 4}, {});
  CHECK(Failed(poor.Run(Action::kOff), FailureClass::kPrivilege, "role"));
}

TEST_CASE("ipmi: the controller's own key is proven by both", "[power]") {
  Sim sim({.controller_key = "kg"}, {});
  power::IpmiAccount account = Sim::Admin();
  account.controller_key = SecretOf("kg");
  CHECK(sim.Run(Action::kStatus, {}, account).after == PlugState::kOn);
  account.controller_key = SecretOf("other");
  CHECK(Failed(sim.Run(Action::kStatus, {}, account), FailureClass::kAuth,
               "another key (Kg)"));
}

TEST_CASE("power 39: a controller that says yes and does nothing", "[power]") {
  Sim sim({.is_stubborn = true}, {});
  power::IpmiOptions options;
  options.action.state_timeout = absl::Seconds(30);
  const PlugResult off = sim.Run(Action::kOff, options);
  CHECK(Failed(off, FailureClass::kState, "took 'off', but is on after 30s"));
  CHECK(off.failure->maybe_executed);
  CHECK(sim.took() < absl::Seconds(31));
  const PlugResult cycle = sim.Run(Action::kCycle, options);
  CHECK(Failed(cycle, FailureClass::kState, "took 'off'"));
  CHECK(sim.bmc().counts().on == 0);
}

TEST_CASE("ipmi: a host that comes on and goes off again is not on",
          "[power]") {
  Sim sim({.is_on = false, .falls_back = true}, {});
  power::IpmiOptions options;
  options.action.hold = absl::Seconds(5);
  CHECK(Failed(sim.Run(Action::kOn, options), FailureClass::kState,
               "came on, went off"));
}

TEST_CASE("ipmi: a system that does not follow is switched off, if asked for",
          "[power]") {
  Sim sim({.ignores_soft = true}, {});
  power::IpmiOptions options;
  options.action.hard = false;
  CHECK(Failed(sim.Run(Action::kSoft, options), FailureClass::kState,
               "took 'soft', but is on after 1m"));
  CHECK(sim.bmc().counts().off == 0);
  options.action.hard = true;
  const PlugResult result = sim.Run(Action::kSoft, options);
  CHECK(result.outcome == Outcome::kDone);
  CHECK(result.remark == "the system did not follow");
  CHECK(sim.bmc().counts().off == 1);
}

TEST_CASE("ipmi: the controller's own cycle, and without waiting", "[power]") {
  Sim sim({.switch_time = absl::Seconds(1)}, {});
  power::IpmiOptions options;
  options.action.native_cycle = true;
  CHECK(sim.Run(Action::kCycle, options).outcome == Outcome::kDone);
  CHECK(sim.bmc().counts().cycle == 1);
  options.action.wait = false;
  CHECK(sim.Run(Action::kCycle, options).outcome == Outcome::kAccepted);
  CHECK(sim.Run(Action::kOff, options).outcome == Outcome::kAccepted);
  CHECK(sim.took() < absl::Seconds(1));
}

TEST_CASE("ipmi: identify is switched on and off", "[power]") {
  Sim sim({}, {});
  CHECK(sim.Run(Action::kIdentifyOn).outcome == Outcome::kAccepted);
  CHECK(sim.Run(Action::kIdentifyOff).outcome == Outcome::kAccepted);
  CHECK(sim.bmc().counts().identify == 2);
}

TEST_CASE("ipmi: a boot device is set for once and holds until the host starts",
          "[power]") {
  const std::pair<Action, std::string> kDevices[] = {
      {Action::kBootPxe, "\x80\x04"},
      {Action::kBootDisk, "\x80\x08"},
      {Action::kBootCdrom, "\x80\x14"},
      {Action::kBootBios, "\x80\x18"},
      {Action::kBootNone, std::string("\x80\x00", 2)}};
  Sim sim({}, {});
  for (const auto& [action, flags] : kDevices) {
    const PlugResult result = sim.Run(action);
    CHECK(result.outcome == Outcome::kDone);
    CHECK(sim.bmc().BootOption(5, sim.now()).substr(0, 2) == flags);
    // Nor after a minute, in which nothing is switched.
    CHECK(sim.bmc().BootOption(5, sim.now() + absl::Hours(1)).substr(0, 2) ==
          flags);
  }
  CHECK(sim.bmc().counts().boot == 5);
  CHECK(sim.bmc().counts().switchings() == 0);
}

TEST_CASE("ipmi: what is no power state is not told as one", "[power]") {
  Sim sim({}, {});
  for (const Action action : {Action::kTemperature, Action::kBeacon}) {
    CHECK(Failed(sim.Run(action), FailureClass::kUnsupported,
                 "ipmi has no way to do"));
  }
  CHECK(sim.sent() == 0);
}

TEST_CASE("ipmi: which kind of firmware boots is left as it is", "[power]") {
  Sim sim({}, {});
  sim.bmc().SetBootOption(5, std::string("\xe0\x08\0\0\0", 5));
  CHECK(sim.Run(Action::kBootPxe).outcome == Outcome::kDone);
  CHECK(sim.bmc().BootOption(5, sim.now()) == std::string("\xa0\x04\0\0\0", 5));
}

TEST_CASE("ipmi: a boot device that is not kept is told", "[power]") {
  Sim forgetful({.forgets_boot = true}, {});
  CHECK(Failed(forgetful.Run(Action::kBootPxe), FailureClass::kState,
               "took 'bootdev pxe', but shows another boot device after 2m"));
  Sim without({.has_boot_options = false}, {});
  CHECK(Failed(without.Run(Action::kBootPxe), FailureClass::kUnsupported,
               "bootdev pxe: command not known (0xc1)"));
  Sim some({.has_boot_flags = false}, {});
  CHECK(Failed(some.Run(Action::kBootPxe), FailureClass::kUnsupported,
               "bootdev pxe: the controller keeps no boot device (0x80)"));
  // Only the flags themselves: neither the rest of the options nor what they
  // are can be asked for.
  Sim mute({.shows_boot_options = false}, {});
  CHECK(mute.Run(Action::kBootPxe).outcome == Outcome::kAccepted);
  CHECK(mute.bmc().counts().boot == 1);
  Sim guest({.users = {{"admin", "secret", 2}}}, {});
  CHECK(guest.Run(Action::kBootPxe).failure->failure_class ==
        FailureClass::kPrivilege);
  CHECK(guest.bmc().counts().boot == 0);
}

TEST_CASE("ipmi: a boot device on a network that loses packets", "[power]") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Sim sim({}, {.loss = 0.3, .doubling = 0.1}, seed);
    CHECK(sim.Run(Action::kBootPxe).outcome == Outcome::kDone);
    CHECK(sim.bmc().BootOption(5, sim.now())[1] == 0x04);
  }
}

TEST_CASE("ipmi: an answer about boot flags is cut, or about others",
          "[power]") {
  const std::string whole("\x01\x05\x80\x04\0\0\0", 7);
  CHECK(power::BootsSo(whole, Action::kBootPxe) == true);
  CHECK(power::BootsSo(whole, Action::kBootDisk) == false);
  CHECK(power::BootsSo(whole, Action::kBootNone) == false);
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    CHECK_FALSE(
        power::BootsSo(whole.substr(0, bytes), Action::kBootPxe).has_value());
  }
  std::string other = whole;
  other[1] = 4;
  CHECK_FALSE(power::BootsSo(other, Action::kBootPxe).has_value());
  std::string invalid = whole;
  invalid[2] = 0;
  CHECK_FALSE(power::BootsSo(invalid, Action::kBootPxe).has_value());
  CHECK(power::BootsSo(invalid, Action::kBootDisk) == false);
  CHECK(power::BootsSo(invalid, Action::kBootNone) == true);
  std::string lasting = whole;
  lasting[2] = '\xc0';
  CHECK(power::BootsSo(lasting, Action::kBootPxe) == false);
}
