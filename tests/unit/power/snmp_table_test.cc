#include "power/snmp_table.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <string>

#include "power/device_parser.h"

namespace {

using power::PlugState;

std::string Model(const std::string& block) {
  return absl::StrCat("language 2 specification \"strip\" { snmp { ", block,
                      " } }");
}

// The table of that block, which is right.
std::shared_ptr<const power::SnmpTable> Table(const std::string& block) {
  const power::DeviceReading reading = power::ReadDeviceFile("t", Model(block));
  REQUIRE(reading.problems.empty());
  return *power::ReadSnmpTable(*reading.file.specifications[0].Block("snmp"),
                               "strip");
}

std::string ProblemOf(const std::string& block) {
  const power::DeviceReading reading = power::ReadDeviceFile("t", Model(block));
  if (reading.problems.size() != 1) {
    return absl::StrCat(reading.problems.size(), " problems");
  }
  CHECK(reading.problems[0].rule == "snmp");
  return reading.problems[0].text;
}

constexpr char kGet[] = "get \"1.3.6.1.4.1.9.$1.$2\" on 1 off 0 ";

}  // namespace

TEST_CASE("snmp table: power 42: a family that a file describes", "[power]") {
  const auto table = Table(
      absl::StrCat(kGet, "pending 2 3 -1\n set \"9.8.$1.$2\" on 1 off 0\n",
                   "set \"9.7.$1.$2\" cycle -2"));
  const power::SnmpFamily& family = table->family;
  CHECK(family.name == "strip");
  CHECK(power::SnmpStateOf(family, 1) == PlugState::kOn);
  CHECK(power::SnmpStateOf(family, 0) == PlugState::kOff);
  CHECK(power::SnmpStateOf(family, -1) == PlugState::kPending);
  CHECK(power::SnmpStateOf(family, 4) == PlugState::kUnknown);
  CHECK(power::SnmpOidText(*power::SnmpObjectOf(family.read, "2.7")) ==
        "1.3.6.1.4.1.9.2.7");
  // Without 1.3.6.1 in front it is below the enterprises.
  CHECK(power::SnmpOidText(*power::SnmpObjectOf(family.turn_on.object, "7")) ==
        "1.3.6.1.4.1.9.8.1.7");
  CHECK(family.turn_off.value == 0);
  CHECK(family.cycle.object == "9.7.$1.$2");
  CHECK(family.cycle.value == -2);
  // One line, as well; one that is only read.
  CHECK(Table("get \"9.$1\" on 1 off 2 set \"9.$1\" on 1 off 2 cycle 3")
            ->family.cycle.value == 3);
  CHECK(Table("get \"9.$1\" on 1 off 2")->family.turn_on.object.empty());
}

TEST_CASE("snmp table: what is none is a mistake of the file", "[power]") {
  const std::string get = kGet;
  CHECK(ProblemOf("set \"9.$1\" on 1 off 2") == "a table of SNMP wants a get");
  CHECK(ProblemOf("get \"9.$1\" on 1") ==
        "get says neither what on is nor what off is");
  CHECK(ProblemOf(get + get) == "a second get");
  CHECK(ProblemOf(get + "low 3") ==
        "'low' is none of get's words, or is there twice");
  CHECK(ProblemOf(get + "on 3") ==
        "'on' is none of get's words, or is there twice");
  CHECK(ProblemOf(get + "pending") == "pending wants a number");
  CHECK(ProblemOf(get + "pending 1.5") == "pending wants whole numbers");
  CHECK(ProblemOf(get + "pending 99999999999") ==
        "pending wants whole numbers");
  CHECK(ProblemOf(get + "set \"9.$1\" on 1 2") == "set on wants one number");
  CHECK(ProblemOf(get + "set on 1") == "set wants an object in quotes");
  CHECK(ProblemOf(get + "\nput \"9.$1\" on 1") ==
        "'put' is none of get's words, or is there twice");
  CHECK(ProblemOf("get \"9.1\" on 1 off 2") ==
        "the object of get names no plug: $1");
  for (const char* object :
       {"", ".", "9..$1", "9.$1.", "9.$0", "9.$4", "9.$", "9.$11", "9.$2",
        "9.$1.$3", "9.-1.$1", "9.x.$1", "9.4294967296.$1", "9 .$1"}) {
    CHECK(ProblemOf(absl::StrCat("get \"", object, "\" on 1 off 2")) ==
          absl::StrCat("'", object, "' is no object"));
  }
  std::string longest = "9.$1";
  for (int i = 0; i < 127; ++i) longest += ".1";
  CHECK(ProblemOf("get \"" + longest + "\" on 1 off 2") ==
        absl::StrCat("'", longest, "' is no object"));
}
