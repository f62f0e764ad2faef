#include "mcfeely/check_records.h"

#include <catch2/catch.hpp>

#include "mcfeely/records.h"
#include "queue_bench.h"
#include "store/engine.h"

namespace {

using Entries = std::map<std::string, std::string>;
using mcfeely::CheckedRecords;
using mcfeely::CheckRecords;
using mcfeely::Keys;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

}  // namespace

TEST_CASE("check: an empty queue is whole", "[mcfeely]") {
  Entries entries;
  const CheckedRecords checked = CheckRecords(entries, kNow);
  CHECK(checked.problems.empty());
  CHECK(checked.open_jobs == 0);
  CHECK(entries.empty());
}

TEST_CASE("check: a job whose text is missing goes, and is said", "[mcfeely]") {
  mcfeely::QueueBench q;
  q.Inject(1, 1, mcfeely::MakeJob({mcfeely::MakeTask("a")}));
  q.Inject(1, 2, mcfeely::MakeJob({mcfeely::MakeTask("a")}));
  q.Settle();
  Entries entries(q.disk.entries().begin(), q.disk.entries().end());
  const Keys keys("main");
  REQUIRE(entries.erase(keys.Text(base::JobId{1}, 0)) == 1);
  const CheckedRecords checked = CheckRecords(entries, kNow);
  REQUIRE(checked.problems.size() == 1);
  CHECK(checked.problems[0].find("JOB 1 IS LOST, 1 records") !=
        std::string::npos);
  CHECK(checked.lost_jobs == 1);
  CHECK(checked.open_jobs == 1);
  CHECK(CheckRecords(entries, kNow).problems.empty());
}

TEST_CASE("check: what makes no sense goes by itself, and is said",
          "[mcfeely]") {
  const Keys keys("main");
  Entries entries;
  entries[keys.Seq()] = mcfeely::PackNumber(3);
  entries[keys.Step()] = "nonsense";
  entries[keys.Parcels() + "zz"] = mcfeely::PackNumber(1);
  entries[keys.Idempotency("user:a", "k")] = "x";
  entries[keys.AllEnded() + "x"] = "";
  entries[keys.Mail(base::JobId{1}, 0)] = "\1not zstd";
  entries[keys.Head(base::JobId{9})] = "\1not zstd";
  entries[keys.Text(base::JobId{9}, 0)] = "x";
  const CheckedRecords checked = CheckRecords(entries, kNow);
  CHECK(checked.problems.size() == 7);
  CHECK(checked.problems[0] ==
        "main/seq: is not the last job's number; it is set to 9");
  bool said = false;
  for (const std::string& p : checked.problems) {
    said = said || p.find("JOB 9 IS LOST, 2 records") != std::string::npos;
  }
  CHECK(said);
  CHECK(entries.size() == 1);
  CHECK(CheckRecords(entries, kNow).problems.empty());
}

TEST_CASE("check: where entries may be missing, no number is given twice",
          "[mcfeely]") {
  const Keys keys("main");
  Entries nothing;
  const CheckedRecords checked =
      CheckRecords(nothing, kNow, /*is_whole=*/false);
  REQUIRE(checked.problems.size() == 1);
  CHECK(checked.problems[0].find("job 1700000001") != std::string::npos);
  CHECK(nothing[keys.Seq()] == mcfeely::PackNumber(1'700'000'000));
  // Nor after a second time, with the clock set back.
  CheckRecords(nothing, kNow - absl::Hours(1), /*is_whole=*/false);
  CHECK(nothing[keys.Seq()] == mcfeely::PackNumber(1'700'000'000));
  CHECK(CheckRecords(nothing, kNow).problems.empty());
}
