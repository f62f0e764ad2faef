// What the journal keeps of one action on one host: written before anything is
// switched, and again when it has ended. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>

namespace power {

struct JournalRecord {
  // Sorts by time, and is given once: milliseconds and something random.
  std::string id;
  absl::Time at;
  std::optional<absl::Time> ended = {};  // none: not finished
  // Who: the user, how they logged in, and by which host.
  int64_t uid = 0;
  std::string login = {}, via = {};
  int64_t pid = 0;
  uint64_t start_ticks = 0;  // with the pid: which process
  std::string host;
  std::string feeds = {};
  std::string action;
  // Once it has ended.
  std::string outcome = {}, failure_class = {}, detail = {};
  std::string before = {}, after = {}, transport = {};
  std::string digest = {};  // of the dialogue, if the way in has one
};

// One object, without an end of line.
std::string RecordText(const JournalRecord& record);
absl::StatusOr<JournalRecord> ParseRecord(absl::string_view text);

std::string NewRecordId(absl::Time at, absl::string_view random);

// "2026-01-02T03:04:05.000Z root cycle web3 rack3-a/3: done (was on)"
std::string RecordLine(const JournalRecord& record);

// In the store: records by time, and which of a host's have not ended.
inline constexpr absl::string_view kRecordPrefix = "record/";
std::string RecordKey(absl::string_view id);
std::string OpenPrefix(absl::string_view host);
std::string OpenKey(absl::string_view host, absl::string_view id);

}  // namespace power
