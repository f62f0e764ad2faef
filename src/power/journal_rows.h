// How the journal lies in its store. What an action begins on many hosts at
// once is one row, and so is what ends at once: a strip of sixteen outlets is
// written twice, not thirty-two times. Pure.
//
//   record/ACTION    when, who, what, and on which hosts
//   record/ACTION/N  what came of some of them, of which N is the first
//   open/ACTION      those that have not ended
//
// ACTION sorts by time.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "power/journal_record.h"

namespace power {

inline constexpr absl::string_view kRecordPrefix = "record/";
inline constexpr absl::string_view kOpenPrefix = "open/";

// Of RecordId's.
std::string NewActionId(absl::Time at, absl::string_view random);

std::string BegunKey(absl::string_view action_id);
std::string BegunText(const JournalAction& action,
                      absl::Span<const JournalHost> hosts);

struct NumberedEnd {
  size_t host = 0;
  JournalEnd end;
};
std::string EndedKey(absl::string_view action_id, size_t first_host);
std::string EndedText(absl::Span<const NumberedEnd> ends);

// The hosts of an action that have not ended.
std::string OpenKey(absl::string_view action_id);
std::string OpenText(absl::Span<const absl::string_view> names);
// Live as long as the text.
std::vector<absl::string_view> ParseOpen(absl::string_view text);

// Makes records of the rows that begin with kRecordPrefix, or with the
// BegunKey of one action, told in the order of their keys.
class JournalReader {
 public:
  using Visit = std::function<void(JournalRecord)>;
  explicit JournalReader(Visit visit) : visit_(std::move(visit)) {}

  // DataLoss, naming the key, for what is no such row; what follows may be.
  absl::Status Add(absl::string_view key, absl::string_view text);
  // There are no more.
  void Finish();

 private:
  absl::Status AddBegun(absl::string_view action_id, absl::string_view text);
  absl::Status AddEnded(absl::string_view text);

  const Visit visit_;
  std::string action_id_;
  std::vector<JournalRecord> records_;  // of that action
};

}  // namespace power
