// What the journal knows of one action on one host: written before anything is
// switched, and again when it has ended. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace power {

// What is the same for all hosts of an action.
struct JournalAction {
  absl::Time at = absl::InfinitePast();
  std::string verb = {};
  // Who: the user, how they logged in, and by which host.
  int64_t uid = 0;
  std::string login = {}, via = {};
  int64_t pid = 0;
  uint64_t start_ticks = 0;  // with the pid: which process
};

struct JournalHost {
  std::string name;
  std::string feeds = {};
};

struct JournalEnd {
  absl::Time at = absl::InfinitePast();
  std::string outcome = {}, failure_class = {}, detail = {};
  std::string before = {}, after = {}, transport = {};
  std::string digest = {};  // of the dialogue, if the way in has one

  friend bool operator==(const JournalEnd&, const JournalEnd&) = default;
};

// Given once; they sort by time.
struct RecordId {
  std::string action;  // milliseconds, and something random
  size_t host = 0;     // of that action
};
std::string RecordIdText(const RecordId& id);

struct JournalRecord {
  RecordId id;
  JournalAction action = {};
  JournalHost host = {};
  std::optional<JournalEnd> end = {};  // none: not finished
};

// One object, without an end of line: for those who read the journal.
std::string RecordText(const JournalRecord& record);

// "2026-01-02T03:04:05.000Z root cycle web3 rack3-a/3: done (was on)"
std::string RecordLine(const JournalRecord& record);

}  // namespace power
