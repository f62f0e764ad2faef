#include "power/import_records.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "power/inventory_reader.h"
#include "power/limits.h"

namespace {

using Strings = std::vector<std::string>;

constexpr char kRecords[] = R"([
 {"pcu_id": 7, "site_id": 12, "hostname": "rack3.example.org",
  "ip": "10.0.3.7", "username": "apc", "password": "can \"ary",
  "model": "AP79xx", "node_ids": [101, 102, 103], "ports": [1, "2", 3],
  "port_status": {"22": "open"}, "dns_status": "DNS-OK",
  "nodes": [{"node_id": 101, "hostname": "web1"},
            {"node_id": 102, "hostname": "web2"},
            {"node_id": 103, "hostname": "db1"}]},
 {"pcu_id": 8, "site_id": 12, "hostname": null, "ip": "10.0.3.8",
  "username": "root", "password": "", "model": "DRAC5",
  "node_ids": [103], "ports": [4],
  "nodes": [{"node_id": 103, "hostname": "db1"}]},
 {"pcu_id": 9, "hostname": "someone", "model": "manualadmin",
  "node_ids": [104], "ports": [1],
  "nodes": [{"node_id": 104, "hostname": "old1"}]}
])";

Strings Texts(const power::Import& import) {
  Strings texts;
  for (const auto& problem : import.problems) {
    texts.push_back(power::ProblemText(problem));
  }
  return texts;
}
power::Import Imported(std::string json) {
  auto import = power::ImportRecords(std::move(json));
  REQUIRE(import.ok());
  INFO(import->text);
  const auto reading = power::ReadInventoryText("t", import->text);
  for (const auto& problem : reading.problems) {
    FAIL_CHECK(power::ProblemText(problem));
  }
  CHECK(reading.inventory.pcus().size() == import->pcus);
  CHECK(reading.inventory.hosts().size() == import->hosts);
  return *std::move(import);
}

TEST_CASE("power 8: the original's records become an inventory", "[power]") {
  const power::Import import = Imported(kRecords);
  CHECK(import.text == R"(# Made of a list of records.
# record 2 (10.0.3.8): password is missing, and model DRAC needs one [config]

pcu "rack3.example.org" {
    model "APCControl13p13"
    host "rack3.example.org"
    ip "10.0.3.7"
    user "apc"
    secret "rack3.example.org"
    site "12"
    node "web1" "1"
    node "web2" "2"
}

pcu "10.0.3.8" {
    model "DRAC"
    ip "10.0.3.8"
    user "root"
    site "12"
}

pcu "someone" {
    model "ManualPCU"
    host "someone"
    node "old1" "1"
}

node "db1" feeds "rack3.example.org/3" "10.0.3.8/1"
)");
  REQUIRE(import.secrets.size() == 1);
  CHECK(import.secrets[0].name == "rack3.example.org");
  CHECK(import.secrets[0].secret.view() == "can \"ary");
}

TEST_CASE(
    "power 8: a record without password is told only when its model "
    "needs one",
    "[power]") {
  const auto problems = [](absl::string_view model) {
    return Texts(
        Imported(absl::StrCat(R"([{"pcu_id":1,"ip":"10.0.0.1","model":")",
                              model, R"(","node_ids":[1],"ports":[1],)",
                              R"("nodes":[{"node_id":1,"hostname":"h"}]}])")));
  };
  for (const char* model : {"IP-41x_IP-81x", "WTI_IPS-4", "ePowerSwitch",
                            "AMT2.5", "ipmi", "DS4-RPC", "ilo2"}) {
    INFO(model);
    REQUIRE(problems(model).size() == 1);
    CHECK(absl::StrContains(problems(model)[0], "password is missing"));
    CHECK(absl::EndsWith(problems(model)[0], "[config]"));
  }
  for (const char* model : {"PM211-MIP", "unknown", "manualadmin"}) {
    INFO(model);
    CHECK(problems(model) == Strings());
  }
}

TEST_CASE("power 8: every old name of a model is translated", "[power]") {
  const std::pair<const char*, const char*> names[] = {
      {"AP79xx", "APCControl13p13"},
      {"Masterswitch", "APCControl13p13"},
      {"DS4-RPC", "BayTech"},
      {"IP-41x_IP-81x", "IPAL"},
      {"DRAC3", "DRAC"},
      {"DRAC4", "DRAC"},
      {"DRAC5", "DRAC"},
      {"ePowerSwitch", "ePowerSwitchOld"},
      {"ilo1", "HPiLO"},
      {"ilo2", "HPiLO"},
      {"PM211-MIP", "PM211MIP"},
      {"AMT2.5", "IntelAMT"},
      {"AMT3.0", "IntelAMT"},
      {"WTI_IPS-4", "WTIIPS4"},
      {"ipmi", "OpenIPMI"},
      {"bbsemaverick", "BlackBoxPSMaverick"},
      {"unknown", "ManualPCU"},
      {"manualadmin", "ManualPCU"}};
  for (const auto& [old, now] : names) {
    INFO(old);
    const power::Import import = Imported(absl::StrCat(
        R"([{"hostname":"a","password":"x","model":")", old, R"("}])"));
    CHECK(absl::StrContains(import.text, absl::StrCat("model \"", now, "\"")));
  }
}

TEST_CASE("import: what a record lacks is told, and the others are taken over",
          "[power]") {
  const power::Import import = Imported(R"([
    {"hostname": "a", "model": "", "password": "x"},
    {"model": "BayTech", "password": "x"},
    {"hostname": "c", "model": "BayTek", "password": "x"},
    {"hostname": "d", "model": "BayTech", "password": 7},
    {"hostname": "e\n}", "model": "BayTech", "password": "x"},
    7,
    {"hostname": "g", "model": "BayTech", "password": "x", "node_ids": 3},
    {"hostname": "h", "model": "BayTech", "password": "x",
     "node_ids": [1, 2, 3, 4], "ports": [1, 1, 2],
     "nodes": [{"node_id": 1, "hostname": "n1"}, {"node_id": 2,
       "hostname": "n2"}, {"node_id": 4, "hostname": "n4"}]},
    {"hostname": "h", "model": "BayTech", "password": "x", "pcu_id": 5,
     "node_ids": [1], "ports": [1], "nodes": [{"node_id": 1,
       "hostname": "a b"}]}
  ])");
  CHECK(Texts(import) ==
        Strings{
            "record 1 (a): model is missing [config]",
            "record 2: hostname and ip are missing [config]",
            "record 3 (c): there is no model 'BayTek' (perhaps BayTech) "
            "[model]",
            "record 4 (d): password is no text [config]",
            "record 5 (e\n}): hostname holds bytes that are no text [config]",
            "record 6: is no object [config]",
            "record 7 (g): node_ids is no list [config]",
            "record 8 (h): plug 1 has a host already, and not n2 "
            "[duplicate-plug]",
            "record 8 (h): No such Node ID: 3 [host]",
            "record 8 (h): there is no port for n4 [port]",
            "record 9 (h): another record has the same name; called h-9 "
            "[duplicate-pcu]",
            "record 9 (h-9): the name 'a b' of a host holds a blank, a comma, "
            "a slash or a bracket [name]"});
  CHECK(import.pcus == 3);
  CHECK(import.hosts == 1);
  CHECK(import.problems[0].left_out);
  CHECK_FALSE(import.problems[6].left_out);
}

TEST_CASE("import: what is no list of records", "[power]") {
  for (const char* json : {"", "{}", "[", "7", "[{\"a\":1,\"a\":2}]"}) {
    INFO(json);
    CHECK(absl::IsInvalidArgument(power::ImportRecords(json).status()));
  }
  CHECK(absl::IsResourceExhausted(
      power::ImportRecords(std::string(power::kMaxRecordsBytes + 1, ' '))
          .status()));
  CHECK(Imported("[]").pcus == 0);
}

TEST_CASE("import: passwords stand nowhere but among the secrets", "[power]") {
  const power::Import import = Imported(kRecords);
  CHECK_FALSE(absl::StrContains(import.text, "can "));
  for (const std::string& text : Texts(import)) {
    CHECK_FALSE(absl::StrContains(text, "can "));
  }
}

}  // namespace
