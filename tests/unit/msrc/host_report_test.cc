#include "msrc/host_report.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "scripted.h"
#include "text/json.h"

using namespace msrc;
using namespace msrc_test;

namespace {

HostReport Report(const std::string& host, int status,
                  const std::string& phase = "",
                  const std::string& error = "") {
  HostReport r;
  r.host = host;
  r.status = status;
  r.phase = phase;
  r.error = error;
  return r;
}

}  // namespace

namespace {

HostReport Named(const std::string& host, size_t position) {
  HostReport report;
  report.host = host;
  report.position = position;
  return report;
}

}  // namespace

TEST_CASE("report: names what was changed by its path", "[msrc]") {
  const wire::Manifest manifest =
      *wire::Manifest::Make({FileEntry("a", "1"), FileEntry("b", "2"),
                             FileEntry("c", "3"), FileEntry("d", "4")});
  ExchangeResult result;
  result.status = 5;
  result.failed = Phase::kRun;
  result.sent_bytes = 9;
  result.out_bytes = 7;
  Applied& applied = result.applied.emplace();
  applied.add_created(0);
  applied.add_changed(2);
  applied.add_mode_only(3);
  applied.add_removed("old\xff");
  applied.set_into("/srv/app");
  HostReport report;
  report.host = "web1";
  report.attempts = 1;
  report.took = absl::Milliseconds(1500);
  FillReport(result, manifest, &report);
  CHECK(report.changes() == 4);
  CHECK(ReportJson(report) ==
        "{\"host\":\"web1\",\"status\":5,\"phase_failed\":\"run\",\"error\":"
        "\"\",\"attempts\":1,\"seconds\":1.5,\"created\":[\"a\"],\"changed\":"
        "[\"c\"],\"mode_only\":[\"d\"],\"removed\":[\"old\xef\xbf\xbd\"],"
        "\"same\":1,\"kept\":0,\"into\":\"/srv/app\",\"warnings\":[],"
        "\"sent_bytes\":9,\"stdout_bytes\":7,\"stderr_bytes\":0,"
        "\"bootstrapped\":false,"
        "\"software\":\"\",\"platform\":\"\",\"user\":\"\"}\n");
  // Of whoever has not said anything nothing is claimed.
  FillReport(ExchangeResult(), manifest, &report);
  CHECK_FALSE(absl::StrContains(ReportJson(report), "\"same\""));
  CHECK(absl::StrContains(ReportJson(report), "\"phase_failed\":\"connect\""));
}

TEST_CASE("msrc M34: a summary says how many failed, which, and why",
          "[msrc]") {
  FailureList list;
  CHECK(list.Lines(3).empty());
  list.Add(Report("web1", 0));
  CHECK(list.empty());
  list.Add(Report("web2", 255, "connect", "Connection refused"));
  list.Add(Report("web3", 255, "connect", "Connection refused"));
  list.Add(Report("db1", 7, "run"));
  list.Add(Report("db2", 1002, "expand", "m4: exits code 2"));
  CHECK(list.Lines(10) ==
        std::vector<std::string>{
            "4 of 10 hosts failed", "status 7, run: db1",
            "status 255, connect: web[2-3]: Connection refused",
            "status 1002, expand: db2: m4: exits code 2"});
}

TEST_CASE("report: a thousand reasons are cut short", "[msrc]") {
  FailureList list;
  for (int i = 0; i < 1000; i++) {
    list.Add(Report(absl::StrCat("h", i), 1, "run", absl::StrCat("why ", i)));
  }
  const std::vector<std::string> lines = list.Lines(1000);
  CHECK(lines.size() == 52);
  CHECK(lines.back() == "and for 950 more reasons");
}

TEST_CASE("msrc M31: equal differences are shown once, with all their hosts",
          "[msrc]") {
  DiffFolder diffs(1 << 20);
  diffs.Add(Named("web1", 1), "etc/motd", "@@ -1 +1 @@\n-a\n+b\n");
  diffs.Add(Named("db1", 1), "etc/motd", "@@ -1 +1 @@\n-c\n+b");
  diffs.Add(Named("web2", 2), "etc/motd", "@@ -1 +1 @@\n-a\n+b\n");
  CHECK(diffs.Text() ==
        "--- etc/motd: web[1-2]\n@@ -1 +1 @@\n-a\n+b\n"
        "--- etc/motd: db1\n@@ -1 +1 @@\n-c\n+b\n");
  DiffFolder little(40);
  little.Add(Named("web1", 1), "a", std::string(30, 'x'));
  little.Add(Named("web2", 2), "a", std::string(30, 'x'));
  little.Add(Named("web3", 3), "b", std::string(30, 'x'));
  CHECK(little.Text() == absl::StrCat("--- a: web[1-2]\n", std::string(30, 'x'),
                                      "\n--- and 1 more\n"));
}
