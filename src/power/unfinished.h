// What becomes of actions that a journal says were begun and never ended, since
// their process or the machine ended in the middle. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "power/journal_record.h"
#include "power/outcome.h"

namespace power {

// Told of all records in order of time. Of a host only the last action counts:
// what came after an unfinished one has seen to it.
class UnfinishedActions {
 public:
  void Add(JournalRecord record);
  std::vector<JournalRecord> Take();

 private:
  std::map<std::string, JournalRecord> last_;  // by host
};

// Whether a host that was found in that state is to be switched on: the action
// was to leave it on, and it is off.
bool IsToBeOn(const JournalRecord& record, PlugState now);

// "cycle, begun 2026-01-02T03:04:05.000Z by root, was not finished: is off"
std::string UnfinishedText(const JournalRecord& record, PlugState now);

}  // namespace power
