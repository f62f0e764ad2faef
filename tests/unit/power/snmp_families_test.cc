// Each family with an agent that has just its objects, in simulated time.
#include "power/snmp_families.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "fakes/snmp_agent.h"
#include "power/snmp_job.h"
#include "unit/power/sim.h"

namespace {

using power::Action;
using power::FailureClass;
using power::Outcome;
using power::PlugResult;
using power::PlugState;
using power::SnmpError;
using power::SnmpOid;

struct Bench {
  fakes::SnmpAgent agent;
  power::SnmpKeyCache keys;
  power::SnmpOptions options;
  int version = 2;
  std::string community = "private";
  int answers = 1000;  // then it is dead
  bool loses_answer_to_set = false;
  absl::Time now = power_test::T0();
  absl::Time began = now;

  PlugResult Run(const std::string& family, const std::string& plug,
                 Action action) {
    power::SnmpAccount account = {.version = version,
                                  .community = power_test::SecretOf(community)};
    power::SnmpJob job(action, power::FindSnmpFamily(family), plug, options,
                       account, 5, Random(), keys, {});
    began = now;
    job.Start(now);
    while (job.result() == nullptr) {
      const std::vector<std::string> datagrams = job.TakeDatagrams();
      for (const std::string& datagram : datagrams) {
        if (answers-- <= 0) continue;
        const size_t writes = agent.writes.size();
        const std::optional<std::string> answer = agent.Receive(datagram);
        if (loses_answer_to_set && agent.writes.size() > writes) continue;
        if (answer.has_value()) job.Receive(*answer, now);
      }
      if (!datagrams.empty() || job.result() != nullptr) continue;
      REQUIRE(job.wake_at() < now + absl::Hours(1));
      now = std::max(now, job.wake_at());
      job.Wake(now);
    }
    return *job.result();
  }
  static power::RandomBytes Random() {
    return [](size_t bytes) { return std::string(bytes, 'r'); };
  }
  static SnmpOid At(absl::string_view text) {
    return power::ParseSnmpOid(text).value();
  }
  // An object that is what is written to another.
  void Follows(absl::string_view write, absl::string_view read,
               std::map<int64_t, int64_t> shows) {
    const SnmpOid to = At(write), from = At(read);
    auto before = on_write;
    on_write = [=, this](const SnmpOid& oid, int64_t value) -> int64_t {
      if (oid == to && shows.contains(value)) {
        agent.objects[from] = shows.at(value);
        return 0;
      }
      return before ? before(oid, value)
                    : static_cast<int64_t>(SnmpError::kWrongValue);
    };
    agent.on_write = on_write;
  }
  std::function<int64_t(const SnmpOid&, int64_t)> on_write;
};

// What specification 6.3 says of a family, in full: for one plug of it.
struct Row {
  const char* family;
  const char* plug;
  const char* read;
  int on, off;
  const char* write_on;
  int on_value;
  const char* write_off;
  int off_value;
  const char* write_cycle;  // null: has none
  int cycle_value;
};
#define ENTERPRISES "1.3.6.1.4.1."
constexpr Row kRows[] = {
    {"apc-masterswitch", "4", ENTERPRISES "318.1.1.4.4.2.1.3.4", 1, 2,
     ENTERPRISES "318.1.1.4.4.2.1.3.4", 1, ENTERPRISES "318.1.1.4.4.2.1.3.4", 2,
     ENTERPRISES "318.1.1.4.4.2.1.3.4", 3},
    {"apc-rpdu", "4", ENTERPRISES "318.1.1.12.3.5.1.1.4.4", 1, 2,
     ENTERPRISES "318.1.1.12.3.3.1.1.4.4", 1,
     ENTERPRISES "318.1.1.12.3.3.1.1.4.4", 2,
     ENTERPRISES "318.1.1.12.3.3.1.1.4.4", 3},
    {"apc-rpdu2", "4", ENTERPRISES "318.1.1.26.9.2.3.1.5.4", 2, 1,
     ENTERPRISES "318.1.1.26.9.2.4.1.5.4", 1,
     ENTERPRISES "318.1.1.26.9.2.4.1.5.4", 2,
     ENTERPRISES "318.1.1.26.9.2.4.1.5.4", 3},
    {"apc-masterswitch-plus", "2.4", ENTERPRISES "318.1.1.6.7.1.1.5.2.1.4", 1,
     2, ENTERPRISES "318.1.1.6.5.1.1.5.2.1.4", 1,
     ENTERPRISES "318.1.1.6.5.1.1.5.2.1.4", 2,
     ENTERPRISES "318.1.1.6.5.1.1.5.2.1.4", 3},
    {"apc-easy-epdu", "4", ENTERPRISES "318.1.1.30.6.2.1.4.4", 1, 2,
     ENTERPRISES "318.1.1.30.6.2.1.4.4", 1, ENTERPRISES "318.1.1.30.6.2.1.4.4",
     2, nullptr, 0},
    {"raritan-px", "4", ENTERPRISES "13742.4.1.2.2.1.3.4", 1, 0,
     ENTERPRISES "13742.4.1.2.2.1.3.4", 1, ENTERPRISES "13742.4.1.2.2.1.3.4", 0,
     ENTERPRISES "13742.4.1.2.2.1.3.4", 2},
    {"raritan-px2", "4", ENTERPRISES "13742.6.4.1.2.1.3.1.4", 7, 8,
     ENTERPRISES "13742.6.4.1.2.1.2.1.4", 1,
     ENTERPRISES "13742.6.4.1.2.1.2.1.4", 0,
     ENTERPRISES "13742.6.4.1.2.1.2.1.4", 2},
    {"eaton-revelation", "4", ENTERPRISES "534.6.6.6.1.2.2.1.3.4", 1, 0,
     ENTERPRISES "534.6.6.6.1.2.2.1.3.4", 1,
     ENTERPRISES "534.6.6.6.1.2.2.1.3.4", 0,
     ENTERPRISES "534.6.6.6.1.2.2.1.3.4", 2},
    {"eaton-marlin", "2.4", ENTERPRISES "534.6.6.7.6.6.1.2.2.4", 1, 0,
     ENTERPRISES "534.6.6.7.6.6.1.4.2.4", 0,
     ENTERPRISES "534.6.6.7.6.6.1.3.2.4", 0,
     ENTERPRISES "534.6.6.7.6.6.1.5.2.4", 0},
    {"eaton-pulizzi", "4", ENTERPRISES "20677.2.6.3.4.0", 1, 2,
     ENTERPRISES "20677.2.6.2.4.0", 1, ENTERPRISES "20677.2.6.2.4.0", 2,
     ENTERPRISES "20677.2.6.2.4.0", 3},
    {"hpe-pdu", "2.4", ENTERPRISES "232.165.7.5.2.1.1.2.4", 2, 1,
     ENTERPRISES "232.165.7.5.2.1.3.2.4", 0,
     ENTERPRISES "232.165.7.5.2.1.2.2.4", 0,
     ENTERPRISES "232.165.7.5.2.1.4.2.4", 0},
    {"sentry3", "1.2.4", ENTERPRISES "1718.3.2.3.1.10.1.2.4", 5, 4,
     ENTERPRISES "1718.3.2.3.1.11.1.2.4", 1,
     ENTERPRISES "1718.3.2.3.1.11.1.2.4", 2,
     ENTERPRISES "1718.3.2.3.1.11.1.2.4", 3},
    {"sentry4", "4", ENTERPRISES "1718.4.1.8.3.1.1.1.1.4", 1, 0,
     ENTERPRISES "1718.4.1.8.5.1.2.1.1.4", 1,
     ENTERPRISES "1718.4.1.8.5.1.2.1.1.4", 2,
     ENTERPRISES "1718.4.1.8.5.1.2.1.1.4", 3},
    {"baytech", "4", ENTERPRISES "4779.1.3.5.3.1.3.1.4", 1, 0,
     ENTERPRISES "4779.1.3.5.3.1.3.1.4", 1, ENTERPRISES "4779.1.3.5.3.1.3.1.4",
     0, ENTERPRISES "4779.1.3.5.3.1.3.1.4", 2},
    {"avocent", "2.4", ENTERPRISES "10418.17.2.5.5.1.5.1.2.4", 2, 1,
     ENTERPRISES "10418.17.2.5.5.1.6.1.2.4", 2,
     ENTERPRISES "10418.17.2.5.5.1.6.1.2.4", 3,
     ENTERPRISES "10418.17.2.5.5.1.6.1.2.4", 4},
    {"emerson", "1.2.4", ENTERPRISES "476.1.42.3.8.50.20.1.95.1.2.4", 2, 1,
     ENTERPRISES "476.1.42.3.8.50.20.1.100.1.2.4", 1,
     ENTERPRISES "476.1.42.3.8.50.20.1.100.1.2.4", 0, nullptr, 0},
    {"ibm-ipdu", "4", ENTERPRISES "2.6.223.8.2.2.1.11.4", 1, 0,
     ENTERPRISES "2.6.223.8.2.2.1.11.4", 1, ENTERPRISES "2.6.223.8.2.2.1.11.4",
     0, nullptr, 0},
    {"tripplite", "4", ENTERPRISES "850.10.2.3.5.1.2.1.4", 2, 1,
     ENTERPRISES "850.10.2.3.5.1.4.1.4", 2, ENTERPRISES "850.10.2.3.5.1.4.1.4",
     1, nullptr, 0},
    {"cyberpower", "4", ENTERPRISES "3808.1.1.3.3.3.1.1.4.4", 1, 2,
     ENTERPRISES "3808.1.1.3.3.3.1.1.4.4", 1,
     ENTERPRISES "3808.1.1.3.3.3.1.1.4.4", 2,
     ENTERPRISES "3808.1.1.3.3.3.1.1.4.4", 3},
    {"poe", "4", "1.3.6.1.2.1.105.1.1.1.3.1.4", 1, 2,
     "1.3.6.1.2.1.105.1.1.1.3.1.4", 1, "1.3.6.1.2.1.105.1.1.1.3.1.4", 2,
     nullptr, 0},
};

}  // namespace

TEST_CASE("power 42: each family reads and writes its objects, and no others",
          "[power]") {
  CHECK(std::size(kRows) == power::SnmpFamilies().size());
  for (const Row& row : kRows) {
    CAPTURE(row.family);
    Bench bench;
    const SnmpOid read = Bench::At(row.read);
    bench.agent.objects[read] = row.on;
    bench.Follows(row.write_on, row.read, {{row.on_value, row.on}});
    bench.Follows(row.write_off, row.read, {{row.off_value, row.off}});
    CHECK(bench.Run(row.family, row.plug, Action::kStatus).after ==
          PlugState::kOn);
    CHECK(bench.Run(row.family, row.plug, Action::kOff).outcome ==
          Outcome::kDone);
    CHECK(bench.Run(row.family, row.plug, Action::kStatus).after ==
          PlugState::kOff);
    CHECK(bench.Run(row.family, row.plug, Action::kOn).outcome ==
          Outcome::kDone);
    CHECK(bench.Run(row.family, row.plug, Action::kCycle).outcome ==
          Outcome::kDone);
    using Write = std::pair<SnmpOid, int64_t>;
    const Write off{Bench::At(row.write_off), row.off_value};
    const Write on{Bench::At(row.write_on), row.on_value};
    CHECK(bench.agent.writes == std::vector<Write>{off, on, off, on});
    for (const SnmpOid& oid : bench.agent.reads) CHECK(oid == read);

    bench.options.action.native_cycle = true;
    bench.options.action.wait = false;
    bench.agent.writes.clear();
    if (row.write_cycle == nullptr) {
      CHECK(bench.Run(row.family, row.plug, Action::kCycle)
                .failure->failure_class == FailureClass::kUnsupported);
      CHECK(bench.agent.writes.empty());
      continue;
    }
    bench.Follows(row.write_cycle, row.read, {{row.cycle_value, row.on}});
    CHECK(bench.Run(row.family, row.plug, Action::kCycle).outcome ==
          Outcome::kAccepted);
    CHECK(bench.agent.writes ==
          std::vector<Write>{{Bench::At(row.write_cycle), row.cycle_value}});
  }
}

TEST_CASE("power 11: a trial of any family writes nothing", "[power]") {
  for (const Row& row : kRows) {
    CAPTURE(row.family);
    Bench bench;
    bench.agent.objects[Bench::At(row.read)] = row.on;
    const PlugResult result = bench.Run(row.family, row.plug, Action::kVerify);
    CHECK(result.verified == power::VerifyLevel::kPlug);
    CHECK(bench.agent.writes.empty());
    // Another value, no such object, and nobody there.
    bench.agent.objects[Bench::At(row.read)] = 99;
    bench.Run(row.family, row.plug, Action::kVerify);
    bench.agent.objects.clear();
    CHECK(bench.Run(row.family, row.plug, Action::kVerify)
              .failure->failure_class == FailureClass::kPlug);
    for (const int answers : {0, 1, 2}) {
      bench.answers = answers;
      CHECK(bench.Run("", row.plug, Action::kVerify).failure.has_value());
    }
    CHECK(bench.agent.writes.empty());
  }
}

TEST_CASE("snmp: the device says which family it is", "[power]") {
  const auto name = [](absl::string_view system) -> std::string {
    const power::SnmpFamily* family = power::SnmpFamilyOf(Bench::At(system));
    return family == nullptr ? "" : std::string(family->name);
  };
  CHECK(name("1.3.6.1.4.1.318.1.3.4.5") == "apc-rpdu");
  CHECK(name("1.3.6.1.4.1.318.1.3.4.4") == "apc-masterswitch-plus");
  CHECK(name("1.3.6.1.4.1.13742.6") == "raritan-px2");
  CHECK(name("1.3.6.1.4.1.1718.4.9") == "sentry4");
  CHECK(name("1.3.6.1.4.1.8072.3.2.10").empty());

  Bench bench;
  bench.agent.system = Bench::At("1.3.6.1.4.1.318.1.3.4.6");
  bench.agent.objects[Bench::At("1.3.6.1.4.1.318.1.1.26.9.2.3.1.5.1")] = 2;
  CHECK(bench.Run("", "1", Action::kStatus).after == PlugState::kOn);
  bench.agent.system = Bench::At("1.3.6.1.4.1.8072.3.2.10");
  const PlugResult unknown = bench.Run("", "1", Action::kStatus);
  CHECK(unknown.failure->failure_class == FailureClass::kUnsupported);
  CHECK(unknown.failure->text ==
        "no model is known for 1.3.6.1.4.1.8072.3.2.10");
}

TEST_CASE("snmp: an older strip shows its state where it is switched",
          "[power]") {
  for (const int version : {1, 2}) {
    Bench bench;
    bench.version = version;
    bench.agent.objects[Bench::At("1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.4")] = 1;
    CHECK(bench.Run("apc-rpdu", "4", Action::kStatus).after == PlugState::kOn);
    CHECK(bench.Run("apc-rpdu", "4", Action::kOff).outcome == Outcome::kDone);
    const PlugResult missing = bench.Run("apc-rpdu", "9", Action::kStatus);
    CHECK(missing.failure->failure_class == FailureClass::kPlug);
    CHECK(missing.failure->text == "'9' is no plug of this apc-rpdu");
  }
}

TEST_CASE("snmp: a plug's name is numbers", "[power]") {
  Bench bench;
  for (const char* plug : {"", "x", "1.2", "-1", "1.", "4294967296"}) {
    CHECK(bench.Run("apc-rpdu", plug, Action::kStatus).failure->failure_class ==
          FailureClass::kPlug);
  }
  CHECK(bench.agent.reads.empty());
}

TEST_CASE("snmp: what an outlet does not have is not asked for", "[power]") {
  Bench bench;
  for (const Action action : {Action::kReset, Action::kSoft, Action::kNmi,
                              Action::kIdentifyOn, Action::kBootPxe}) {
    CHECK(bench.Run("apc-rpdu", "1", action).failure->failure_class ==
          FailureClass::kUnsupported);
  }
  CHECK(bench.agent.writes.empty());
}

TEST_CASE("snmp: a cycle whose answer is lost is not sent again", "[power]") {
  Bench bench;
  const SnmpOid plug = Bench::At("1.3.6.1.4.1.318.1.1.4.4.2.1.3.1");
  bench.agent.objects[plug] = 1;
  bench.agent.on_write = [](const SnmpOid&, int64_t) { return 0; };
  bench.loses_answer_to_set = true;
  bench.options.action.native_cycle = true;
  const PlugResult result = bench.Run("apc-masterswitch", "1", Action::kCycle);
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kState);
  CHECK(result.failure->maybe_executed);
  CHECK(bench.agent.writes.size() == 1);
  // What comes to the same twice is.
  bench.agent.writes.clear();
  CHECK(bench.Run("apc-masterswitch", "1", Action::kOff).failure.has_value());
  CHECK(bench.agent.writes.size() > 3);
}

TEST_CASE("power 16: any community of SNMP as it is", "[power]") {
  for (const std::string& community :
       {std::string("quote\"s and 'blanks'"), std::string("50%s$HOME\\n"),
        std::string("12345678901234567890"),
        std::string("123456789012345678901"),
        std::string("p\xc3\xa4ssw\xc3\xb6rd")}) {
    for (const int version : {1, 2}) {
      INFO(community << " " << version);
      Bench bench;
      bench.version = version;
      bench.community = bench.agent.community = community;
      bench.agent.objects[Bench::At("1.3.6.1.4.1.318.1.1.4.4.2.1.3.1")] = 1;
      CHECK(bench.Run("apc-masterswitch", "1", Action::kOff).outcome ==
            Outcome::kDone);
    }
  }
}

TEST_CASE("power 41: errors of an agent", "[power]") {
  struct Case {
    SnmpError error;
    FailureClass failure_class;
  };
  for (const Case& c : {Case{SnmpError::kNotWritable, FailureClass::kPrivilege},
                        Case{SnmpError::kNoAccess, FailureClass::kPrivilege},
                        Case{SnmpError::kReadOnly, FailureClass::kPrivilege},
                        Case{SnmpError::kNoSuchName, FailureClass::kPrivilege},
                        Case{SnmpError::kWrongValue, FailureClass::kDevice},
                        Case{SnmpError::kGeneral, FailureClass::kDevice},
                        Case{SnmpError::kNoCreation, FailureClass::kPlug}}) {
    Bench bench;
    bench.agent.objects[Bench::At("1.3.6.1.4.1.318.1.1.4.4.2.1.3.1")] = 1;
    bench.agent.on_write = [&](const SnmpOid&, int64_t) {
      return static_cast<int64_t>(c.error);
    };
    const PlugResult result = bench.Run("apc-masterswitch", "1", Action::kOff);
    REQUIRE(result.failure.has_value());
    CHECK(result.failure->failure_class == c.failure_class);
    CHECK_FALSE(result.failure->maybe_executed);
  }
  Bench bench;
  bench.agent.community = "other";
  const PlugResult silent = bench.Run("apc-masterswitch", "1", Action::kStatus);
  CHECK(silent.failure->failure_class == FailureClass::kTimeout);
  CHECK(silent.failure->text ==
        "no answer in 10s; a wrong community looks the same");
  CHECK(bench.now - bench.began == absl::Seconds(10));
}
