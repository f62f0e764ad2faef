#include "power/journal_rows.h"

#include <catch2/catch.hpp>

namespace {

using power::JournalAction;
using power::JournalEnd;
using power::JournalHost;
using power::JournalReader;
using power::JournalRecord;

JournalAction Action() {
  return {.at = absl::FromUnixMillis(1'700'000'000'123),
          .verb = "cycle",
          .uid = 1000,
          .login = "root",
          .via = "",
          .pid = 31,
          .start_ticks = 77};
}

const std::vector<JournalHost> kHosts = {{.name = "web1", .feeds = "rack/1"},
                                         {.name = "web\"2", .feeds = ""}};

JournalEnd Failed() {
  return {.at = Action().at + absl::Seconds(9),
          .outcome = "failed",
          .failure_class = "state",
          .detail = "took 'off', but is on",
          .before = "on"};
}

struct Rows {
  JournalReader reader{
      [this](JournalRecord record) { records.push_back(std::move(record)); }};
  std::vector<JournalRecord> records;
};

}  // namespace

TEST_CASE("journal rows: records read back as they were", "[power]") {
  Rows rows;
  REQUIRE(
      rows.reader.Add(power::BegunKey("a"), power::BegunText(Action(), kHosts))
          .ok());
  REQUIRE(rows.reader
              .Add(power::EndedKey("a", 0), power::EndedText({{0, Failed()}}))
              .ok());
  REQUIRE(
      rows.reader
          .Add(power::BegunKey("b"), power::BegunText(Action(), {kHosts[1]}))
          .ok());
  REQUIRE(rows.records.size() == 2);  // of the first action
  rows.reader.Finish();
  REQUIRE(rows.records.size() == 3);
  CHECK(power::RecordText(rows.records[0]) ==
        "{\"id\":\"a.0\",\"at\":\"2023-11-14T22:13:20.123Z\","
        "\"ended\":\"2023-11-14T22:13:29.123Z\",\"uid\":1000,\"pid\":31,"
        "\"start\":77,\"login\":\"root\",\"host\":\"web1\","
        "\"feeds\":\"rack/1\",\"action\":\"cycle\",\"outcome\":\"failed\","
        "\"class\":\"state\",\"detail\":\"took 'off', but is on\","
        "\"before\":\"on\"}");
  CHECK(power::RecordLine(rows.records[0]) ==
        "2023-11-14T22:13:20.123Z root cycle web1 rack/1: failed state "
        "(was on): took 'off', but is on");
  CHECK(power::RecordLine(rows.records[1]) ==
        "2023-11-14T22:13:20.123Z root cycle web\"2 : not finished");
  CHECK(power::RecordIdText(rows.records[2].id) == "b.0");
}

TEST_CASE("journal rows: those that end alike are written once", "[power]") {
  JournalEnd other = Failed();
  other.before = "off";
  std::vector<power::NumberedEnd> ends;
  for (size_t host = 0; host < 16; ++host) {
    ends.push_back({host, host == 7 ? other : Failed()});
  }
  const std::string text = power::EndedText(ends);
  CHECK(text.size() < 3 * power::EndedText({{0, Failed()}}).size() + 60);
  Rows rows;
  REQUIRE(rows.reader
              .Add("record/a",
                   power::BegunText(Action(), std::vector(16, kHosts[0])))
              .ok());
  REQUIRE(rows.reader.Add("record/a/0", text).ok());
  rows.reader.Finish();
  REQUIRE(rows.records.size() == 16);
  for (size_t host = 0; host < 16; ++host) {
    CHECK(rows.records[host].end == (host == 7 ? other : Failed()));
  }
}

TEST_CASE("journal rows: actions sort by time", "[power]") {
  const absl::Time at = Action().at;
  CHECK(power::NewActionId(at, "\xff\xff\xff\xff") <
        power::NewActionId(at + absl::Milliseconds(1), std::string(4, '\0')));
  CHECK(power::NewActionId(absl::FromUnixMillis(0xfffffffffff), "abcd") <
        power::NewActionId(absl::FromUnixMillis(0x100000000000), "abcd"));
  // What an action has ended follows it, before the next one.
  const std::string action = power::NewActionId(at, "abcd");
  CHECK(power::BegunKey(action) < power::EndedKey(action, 249));
  CHECK(power::EndedKey(action, 249) <
        power::BegunKey(power::NewActionId(at, "abce")));
}

TEST_CASE("journal rows: those that are open", "[power]") {
  using Names = std::vector<absl::string_view>;
  CHECK(power::ParseOpen(power::OpenText(Names{"web1", "web 2"})) ==
        Names{"web1", "web 2"});
  CHECK(power::ParseOpen("").empty());
}

TEST_CASE("journal rows: what is no row is named, and the rest is read",
          "[power]") {
  const std::string good = power::BegunText(Action(), kHosts);
  Rows rows;
  // What has ended of an action that is not kept any more.
  CHECK(rows.reader.Add("record/0/0", power::EndedText({{0, Failed()}})).ok());
  for (
      const char* text :
      {"", "{", "[]", "{}", "{\"at\":1}",
       R"({"at":"2023-11-14T22:13:20Z","action":"on","uid":0,"login":"","via":"","pid":1,"start":1})",
       R"({"at":"2023-11-14T22:13:20Z","action":"on","uid":0,"login":"","via":"","pid":1,"start":1,"hosts":[["a"]]})",
       R"({"at":"2023-11-14T22:13:20Z","action":"on","uid":0,"login":"","via":"","pid":1,"start":1,"hosts":[["a",1]]})",
       R"({"at":"2023-11-14T22:13:20Z","action":"on","uid":0,"login":"","via":"","pid":1,"start":1,"hosts":{}})"}) {
    const absl::Status added = rows.reader.Add("record/1", text);
    CHECK(absl::IsDataLoss(added));
    CHECK(added.message().substr(0, 10) == "record/1: ");
  }
  for (size_t cut = 0; cut < good.size(); ++cut) {
    REQUIRE_FALSE(rows.reader.Add("record/1", good.substr(0, cut)).ok());
  }
  REQUIRE(rows.reader.Add("record/2", good).ok());
  for (const char* text :
       {"", "{}", "[1]", R"([{"hosts":[0]}])",
        R"([{"at":"2023-11-14T22:13:20Z"}])",
        R"([{"hosts":[2],"at":"2023-11-14T22:13:20Z"}])",
        R"([{"hosts":[-1],"at":"2023-11-14T22:13:20Z"}])",
        R"([{"hosts":["0"],"at":"2023-11-14T22:13:20Z"}])",
        R"([{"hosts":[0],"at":"2023-11-14T22:13:20Z","outcome":7}])"}) {
    CHECK(absl::IsDataLoss(rows.reader.Add("record/2/0", text)));
  }
  rows.reader.Finish();
  REQUIRE(rows.records.size() == 2);
  CHECK_FALSE(rows.records[0].end.has_value());
}
