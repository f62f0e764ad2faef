#include "mcfeely/check.h"

#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "mcfeely/check_records.h"
#include "store/sqlite_engine.h"
#include "sys/clock.h"

namespace mcfeely {

absl::StatusOr<Checked> CheckQueue(const std::string& folder, bool repair) {
  Checked checked;
  const absl::Status pages = store::CheckSqlite(folder);
  if (!pages.ok() && !absl::IsDataLoss(pages)) return pages;
  if (!pages.ok()) checked.problems.emplace_back(pages.message());

  store::Entries entries;
  const absl::Status read =
      store::ScanSqlite(folder, "", [&](store::Entry entry) {
        entries[std::move(entry.key)] = std::move(entry.value);
      }).status();
  if (!read.ok() && !absl::IsDataLoss(read)) return read;
  if (read.ok()) {
    CheckedRecords records = CheckRecords(entries, sys::WallNow());
    checked.open_jobs = records.open_jobs;
    std::move(records.problems.begin(), records.problems.end(),
              std::back_inserter(checked.problems));
  }
  if (!repair || checked.problems.empty()) return checked;

  CheckedRecords records;
  TRY_ASSIGN(store::Repaired repaired,
             store::RepairSqlite(
                 folder, [&](store::Entries& all, const std::string& missing) {
                   records = CheckRecords(all, sys::WallNow(),
                                          /*is_whole=*/missing.empty());
                   return absl::OkStatus();
                 }));
  const bool lost = !repaired.lost.empty() || records.lost_jobs != 0;
  checked.problems.clear();
  if (!pages.ok()) checked.problems.emplace_back(pages.message());
  if (!repaired.lost.empty()) {
    checked.problems.push_back(std::move(repaired.lost));
  }
  std::move(records.problems.begin(), records.problems.end(),
            std::back_inserter(checked.problems));
  checked.open_jobs = records.open_jobs;
  checked.kept = std::move(repaired.kept);
  checked.lost = lost;
  return checked;
}

}  // namespace mcfeely
