#include "power/relay_journal.h"

#include <absl/time/time.h>

#include <utility>

#include "power/own_record.h"
#include "sys/clock.h"

namespace power {

RelayJournal::RelayJournal(sys::Loop& loop, const std::string& folder,
                           Action action, std::string via)
    : loop_(loop),
      journal_(loop, folder),
      action_(action),
      via_(std::move(via)),
      login_(LoginName()) {}

JournalRecord RelayJournal::NewRecord() const {
  JournalRecord record = OwnRecord(sys::WallNow(), login_);
  record.via = via_;
  record.action = std::string(Word(action_));
  return record;
}

void RelayJournal::Begin(const std::vector<RelayTally::Host>& hosts) {
  if (!IsJournaled(action_)) return;
  std::vector<JournalRecord> records;
  for (size_t host = 0; host < hosts.size(); ++host) {
    JournalRecord& record = open_[host];
    record = NewRecord();
    record.host = hosts[host].name;
    record.feeds = hosts[host].feeds;
    records.push_back(record);
  }
  if (records.empty()) return;
  journal_.Begin(std::move(records), [this](const Journal::Begun& begun) {
    if (failure_.ok()) failure_ = begun.status;
  });
}

void RelayJournal::End(size_t host, const HostResult& result) {
  auto open = open_.extract(host);
  if (open.empty()) return;
  JournalRecord record = std::move(open.mapped());
  record.ended = sys::WallNow();
  record.outcome = std::string(Word(result.outcome));
  if (result.outcome == HostOutcome::kFailed) {
    record.failure_class = std::string(Word(result.failure_class));
  }
  record.detail = result.detail;
  if (result.outcome != HostOutcome::kUnknown) {
    record.before = std::string(Word(result.before));
    record.after = std::string(Word(result.after));
  }
  record.transport = result.transport;
  journal_.End({std::move(record)});
}

void RelayJournal::Unheard(absl::string_view targets, absl::string_view why) {
  if (!IsJournaled(action_)) return;
  JournalRecord record = NewRecord();
  record.host = std::string(targets);
  record.ended = sys::WallNow();
  record.outcome = std::string(Word(HostOutcome::kUnknown));
  record.detail = std::string(why);
  journal_.End({std::move(record)});
}

absl::Status RelayJournal::Finish() {
  while (!journal_.is_idle()) loop_.Turn(absl::Seconds(1));
  return failure_;
}

}  // namespace power
