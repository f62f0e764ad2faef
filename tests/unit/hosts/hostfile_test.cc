#include "hosts/hostfile.h"

#include <catch2/catch.hpp>

#include "world.h"

using hosts::FileKind;
using hosts_test::Join;
using hosts_test::JoinText;
using hosts_test::kFleet;
using List = std::vector<std::string>;

namespace {

absl::Status ReadStatus(const std::string& text) {
  return JoinText(text)->status;
}

}  // namespace

TEST_CASE("hxmd H01: assignments and columns of several headers", "[hosts]") {
  CHECK(JoinText(std::string(kFleet))->Hosts() ==
        List{"alpha.lab.example:SITE=lab,SHORT=alpha,ARCH=amd64,CORES=8,"
             "OWNER=Ada L.",
             "beta.lab.example:SITE=lab,SHORT=beta,ARCH=arm64,CORES=4",
             "gamma.lab.example:SITE=lab,SHORT=gamma,ARCH=amd64,OWNER=Bo\tD",
             "delta.edge.example:SITE=edge,SHORT=delta,TAGS=dns,ntp"});
}

TEST_CASE("hxmd H03: files that mention a host are counted", "[hosts]") {
  const auto joined =
      Join({{FileKind::kHosts, std::string(kFleet)},
            {FileKind::kHosts, "beta.lab.example\nomega.lab.example\n"}});
  REQUIRE(joined->table.size() == 5);
  CHECK(joined->table.Mentions(0) == 1);
  CHECK(joined->table.Mentions(1) == 2);
  CHECK(joined->table.HostName(4) == "omega.lab.example");
  CHECK(joined->table.Mentions(4) == 1);
}

TEST_CASE("hxmd H04: an extra file adds to hosts and makes none", "[hosts]") {
  const auto joined =
      Join({{FileKind::kHosts, std::string(kFleet)},
            {FileKind::kExtra,
             "%HOST ARCH RACK\ngamma.lab.example riscv r1\n"
             "beta.lab.example . r2\npsi.lab.example amd64 r3\n"}});
  REQUIRE(joined->table.size() == 4);
  CHECK(joined->table.Get(2, "ARCH") == absl::string_view("amd64"));
  CHECK(joined->table.Get(2, "RACK") == absl::string_view("r1"));
  CHECK(joined->table.Get(1, "RACK") == absl::string_view("r2"));
  CHECK(!joined->table.Get(0, "RACK"));
  CHECK(joined->table.Mentions(1) == 1);
}

TEST_CASE("hxmd H05: defaults serve whoever lacks an attribute", "[hosts]") {
  const auto joined = Join(
      {{FileKind::kDefaults, "CORES=`1'\nSITE=none\nPOLICY=\"nightly run\""},
       {FileKind::kHosts, std::string(kFleet)}});
  CHECK(joined->table.Get(0, "CORES") == absl::string_view("8"));
  CHECK(joined->table.Get(2, "CORES") == absl::string_view("1"));
  CHECK(joined->table.Get(3, "SITE") == absl::string_view("edge"));
  CHECK(joined->table.Get(3, "POLICY") == absl::string_view("nightly run"));
}

TEST_CASE("hxmd H06: keys are the same in either case", "[hosts]") {
  const auto joined = Join({{FileKind::kHosts, "ALPHA.lab.example\n"},
                            {FileKind::kHosts, std::string(kFleet)}});
  CHECK(joined->table.HostName(0) == "ALPHA.lab.example");
  CHECK(joined->table.Get(0, "SHORT") == absl::string_view("alpha"));
  CHECK(joined->table.Mentions(0) == 2);
  CHECK(joined->table.Find("Alpha.LAB.example") == size_t{0});
  CHECK(!joined->table.Find("alpha"));
}

TEST_CASE("hxmd H07: the same file twice counts twice", "[hosts]") {
  const auto joined = Join({{FileKind::kHosts, std::string(kFleet)},
                            {FileKind::kHosts, std::string(kFleet)}});
  CHECK(joined->table.size() == 4);
  CHECK(joined->table.Mentions(1) == 2);
}

TEST_CASE("hxmd H08: another key attribute", "[hosts]") {
  const auto joined = JoinText(std::string(kFleet), "SHORT");
  REQUIRE(joined->table.size() == 4);
  CHECK(joined->table.HostName(3) == "delta");
  CHECK(!joined->table.Get(3, "HOST"));
  CHECK(joined->table.Get(0, "HOST") == absl::string_view("alpha.lab.example"));
}

TEST_CASE("hxmd H09: rows without a key are left out and named", "[hosts]") {
  const auto joined = JoinText(std::string(kFleet), "TAGS");
  REQUIRE(joined->status.ok());
  REQUIRE(joined->table.size() == 1);
  CHECK(joined->table.HostName(0) == "dns,ntp");
  CHECK(joined->remarks.warnings == List{"f1:4: no TAGS value defined",
                                         "f1:5: no TAGS value defined",
                                         "f1:6: no TAGS value defined"});
}

TEST_CASE("hxmd H11: a dot in a header drops its column", "[hosts]") {
  CHECK(JoinText("%HOST . X\nk1 drop 1\n")->Hosts() == List{"k1:X=1"});
}

TEST_CASE("hxmd H12: a column wins over an assignment", "[hosts]") {
  CHECK(JoinText("X=1\n%HOST X\nk1 2\nk2\n%HOST Y\nk3 4\n")->Hosts() ==
        List{"k1:X=2", "k2:", "k3:Y=4"});
}

TEST_CASE("hxmd H13: the first definition wins and later ones add", "[hosts]") {
  CHECK(JoinText("k1\nX=9\nk1\nX=8\nk2\nk1\n")->Hosts() ==
        List{"k1:X=9", "k2:X=8"});
}

TEST_CASE("hxmd H14: one value too many is a failure of its own", "[hosts]") {
  const absl::Status status = ReadStatus("%HOST X\nk1 a\nk2 a b\n");
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(status.message() == "f1:3: out of columns for value 'b'");
}

TEST_CASE("hxmd H15: what is no host file is refused by line", "[hosts]") {
  CHECK(ReadStatus("%HOST 9A\n").message() ==
        "f1:1: a header must include only m4 macro names, not '9A'");
  CHECK(ReadStatus("%HOST X=1\n").message() ==
        "f1:1: a header must include only m4 macro names, not '='");
  CHECK(ReadStatus("\n=x\n").message() == "f1:2: stray operator '='");
  CHECK(ReadStatus("%HOST X\nh1 k=v\n").message() ==
        "f1:2: extra field: a '=' in a row must be quoted");
  CHECK(ReadStatus("%HOST X\nh1 %x\n").message() ==
        "f1:2: extra field: a '%' that begins a value must be quoted");
  CHECK(ReadStatus("a.b=3\n").message() ==
        "f1:1: 'a.b' cannot be the name of a macro");
  CHECK(ReadStatus("X=\n").code() == absl::StatusCode::kInvalidArgument);
  CHECK(ReadStatus("X=a b\n").code() == absl::StatusCode::kInvalidArgument);
  CHECK(ReadStatus("X=a=b\n").code() == absl::StatusCode::kInvalidArgument);
  CHECK(ReadStatus("X=%a\n").code() == absl::StatusCode::kInvalidArgument);
  CHECK(ReadStatus("h1 `x\n").message() ==
        "f1:1: the ` that begins here is never closed");
}

TEST_CASE("host file: a dot unsets an assignment from there on", "[hosts]") {
  CHECK(JoinText("X=1\nk1\nX=.\nk2\n")->Hosts() == List{"k1:X=1", "k2:"});
}

TEST_CASE("host file: the header of a file is its key alone again", "[hosts]") {
  const auto joined = Join({{FileKind::kHosts, "Y=1\n%HOST X\nk1 2\n"},
                            {FileKind::kHosts, "k2\nk3\n"}});
  CHECK(joined->Hosts() == List{"k1:Y=1,X=2", "k2:", "k3:"});
}

TEST_CASE("host file: attributes keep the order of the first mention",
          "[hosts]") {
  CHECK(JoinText("A=1\nB=2\nk1\nA=.\nA=3\nk2\n")->Hosts() ==
        List{"k1:A=1,B=2", "k2:A=3,B=2"});
}

TEST_CASE("host file: a later file of defaults replaces an earlier one",
          "[hosts]") {
  const auto joined = Join({{FileKind::kDefaults, "A=1\nB=1\n"},
                            {FileKind::kDefaults, "A=2\nmade\n"},
                            {FileKind::kHosts, "k1\n"}});
  CHECK(joined->Hosts() == List{"made:A=2,B=1", "k1:A=2,B=1"});
}

TEST_CASE("host file: a default that is a column of the last header is lost",
          "[hosts]") {
  const auto joined = Join({{FileKind::kDefaults, "P=1\n%HOST P\nh1 2\nQ=3\n"},
                            {FileKind::kHosts, "k1\n"}});
  CHECK(joined->Hosts() == List{"h1:P=2,Q=3", "k1:Q=3"});
  REQUIRE(joined->remarks.warnings.size() == 1);
  CHECK(joined->remarks.warnings[0].substr(0, 27) ==
        "f1:1: the default of P is l");
  const auto reset = Join({{FileKind::kDefaults, "%HOST P\nh1 2\n%%\nP=1\n"},
                           {FileKind::kHosts, "k1\n"}});
  CHECK(reset->Hosts() == List{"h1:P=2", "k1:P=1"});
  CHECK(reset->remarks.warnings.empty());
}

TEST_CASE("host file: defaults that are an extra file too make no hosts",
          "[hosts]") {
  const std::string text = "D=1\nk1\nk2\n";
  const auto joined = Join({{FileKind::kDefaultsExtra, text},
                            {FileKind::kHosts, "k1\n"},
                            {FileKind::kExtra, text}});
  CHECK(joined->Hosts() == List{"k1:D=1"});
  CHECK(joined->table.Mentions(0) == 1);
}

TEST_CASE("host file: missing columns are worth a remark", "[hosts]") {
  const auto joined = JoinText("%HOST X Y\nk1 1\nk2 1 2\n");
  CHECK(joined->remarks.missing ==
        List{"f1:2: the row of 'k1' has 2 of 3 columns"});
}

TEST_CASE("host file: a value set empty is set", "[hosts]") {
  const auto joined = JoinText("%HOST X Y\nk1 `' \"\"\n");
  CHECK(joined->table.Get(0, "X") == absl::string_view(""));
  CHECK(joined->table.Get(0, "Y") == absl::string_view(""));
}

TEST_CASE("host file: too many columns are refused", "[hosts]") {
  std::string header = "%HOST";
  for (int i = 0; i < 5000; i++) header += " A" + std::to_string(i);
  CHECK(ReadStatus(header + "\n").message() == "f1:1: more than 4096 columns");
}

TEST_CASE("host file: twenty thousand hosts take linear time", "[hosts]") {
  std::string text = "%HOST";
  for (int i = 0; i < 19; i++) text += " A" + std::to_string(i);
  text += '\n';
  for (int h = 0; h < 20'000; h++) {
    text += "host" + std::to_string(h);
    for (int i = 0; i < 19; i++) text += " v" + std::to_string(h * 19 + i);
    text += '\n';
  }
  const auto joined = JoinText(text);
  REQUIRE(joined->status.ok());
  CHECK(joined->table.size() == 20'000);
  CHECK(joined->table.Get(19'999, "A18") ==
        absl::string_view("v" + std::to_string(19'999 * 19 + 18)));
}
