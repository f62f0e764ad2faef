#include "power/unfinished.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "base/time.h"

namespace power {

void UnfinishedActions::Add(JournalRecord record) {
  last_[record.host] = std::move(record);
}

std::vector<JournalRecord> UnfinishedActions::Take() {
  std::vector<JournalRecord> records;
  for (auto& [host, record] : last_) {
    if (!record.ended.has_value()) records.push_back(std::move(record));
  }
  last_.clear();
  return records;
}

bool IsToBeOn(const JournalRecord& record, PlugState now) {
  return now == PlugState::kOff && (record.action == Word(Action::kCycle) ||
                                    record.action == Word(Action::kOn));
}

std::string UnfinishedText(const JournalRecord& record, PlugState now) {
  return absl::StrCat(record.action, ", begun ", base::FormatTime(record.at),
                      record.login.empty() ? "" : " by ", record.login,
                      ", was not finished: is ", Word(now));
}

}  // namespace power
