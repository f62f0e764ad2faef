// The journal: every action that switches, in a store that outlives us
// (journal_record.h). The store belongs to one process at a time; so it is
// opened when there is something to write, for a moment, and others wait for
// their turn.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "power/journal_record.h"
#include "store/engine.h"
#include "sys/loop.h"

namespace power {

// /var/lib/fleetbox/power for root, else a folder of the user's.
std::string DefaultStateFolder();

// Whether the process that has begun it lives.
bool IsUnderWay(const JournalRecord& record);

class Journal {
 public:
  Journal(sys::Loop& loop, std::string folder);
  ~Journal();
  Journal(const Journal&) = delete;

  // What of these hosts was begun earlier and has not ended.
  struct Begun {
    absl::Status status;
    std::vector<JournalRecord> unfinished = {};
  };
  // `done` once they are durable, or cannot be written; never from within.
  void Begin(std::vector<JournalRecord> records,
             std::function<void(const Begun&)> done);
  // They have ended. What was unfinished of the same host, and was told, is
  // over with that.
  // `done` once that is durable, or cannot be written; never from within.
  using Ended = std::function<void(const absl::Status& status)>;
  void End(std::vector<JournalRecord> records, Ended done = nullptr);
  // Nothing waits to be written.
  bool is_idle() const { return waiting_.empty() && !is_writing_; }

  // Calls `visit` for each record, in order of time. NotFound if there is no
  // journal.
  static absl::Status Scan(const std::string& folder,
                           const std::function<void(JournalRecord)>& visit);

 private:
  // Who waits for records to be begun, by their hosts.
  struct Waiter {
    std::vector<std::string> hosts;
    std::function<void(const Begun&)> done;
  };
  struct Job {
    std::vector<JournalRecord> records;
    bool ends = false;
    std::vector<Waiter> waiters;
    std::vector<Ended> told = {};  // of those that have ended
  };

  // Behind what waits, or together with the last of it.
  void Add(Job job);
  void Soon();
  void Write();
  absl::Status Open();
  void WriteJob(Job job);
  void Committed(absl::Status status);
  void JobDone(absl::Status status);

  sys::Loop& loop_;
  const std::string folder_;
  std::unique_ptr<store::Engine> engine_;
  std::deque<Job> waiting_;
  Job job_;  // that is being written
  Begun begun_;
  size_t transactions_ = 0;  // of it that have no answer yet
  bool is_writing_ = false;
  absl::Time give_up_ = absl::InfiniteFuture();
  absl::Time opened_ = absl::InfinitePast();
  sys::Loop::Timer timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
