#include "power/unfinished.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "base/time.h"

namespace power {

void UnfinishedActions::Add(JournalRecord record) {
  last_[record.host.name] = std::move(record);
}

std::vector<JournalRecord> UnfinishedActions::Take() {
  std::vector<JournalRecord> records;
  for (auto& [host, record] : last_) {
    if (!record.end.has_value()) records.push_back(std::move(record));
  }
  last_.clear();
  return records;
}

bool IsToBeOn(const JournalRecord& record, PlugState now) {
  return now == PlugState::kOff &&
         (record.action.verb == Word(Action::kCycle) ||
          record.action.verb == Word(Action::kOn));
}

std::string UnfinishedText(const JournalRecord& record, PlugState now) {
  return absl::StrCat(
      record.action.verb, ", begun ", base::FormatTime(record.action.at),
      record.action.login.empty() ? "" : " by ", record.action.login,
      ", was not finished: is ", Word(now));
}

}  // namespace power
