// The journal: every action that switches, in a store that outlives us
// (journal_rows.h). The store belongs to one process at a time; so it is opened
// when there is something to write, for a moment, and others wait for their
// turn.
#pragma once

#include <absl/container/flat_hash_set.h>
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
#include "sys/pool.h"

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

  // Something will soon be written: opens the store on a thread of `pool`,
  // which outlives this, while other work goes on. It may fail: then writing
  // tries.
  void OpenAhead(sys::Pool& pool);

  // What of these hosts was begun earlier and has not ended.
  struct Begun {
    absl::Status status;
    std::vector<JournalRecord> unfinished = {};
  };
  // Returns the ids of their records. `done` once they are durable, or cannot
  // be written; never from within.
  std::vector<RecordId> Begin(const JournalAction& action,
                              std::vector<JournalHost> hosts,
                              std::function<void(const Begun&)> done);
  // The record of that id has ended. What was unfinished of the same host, and
  // was told, is over with that. `done` as above.
  using Ended = std::function<void(const absl::Status& status)>;
  void End(RecordId id, std::string host, JournalEnd end, Ended done = nullptr);
  // Calls `f` within a moment, and before anything more is begun: for whoever
  // has ends to tell, and something more urgent to do.
  void Later(std::function<void()> f);
  // Nothing waits to be written.
  bool is_idle() const {
    return waiting_.empty() && later_.empty() && !is_writing_;
  }

  // No other process can have it.
  bool is_open() const { return engine_ != nullptr; }

  // Calls `visit` for each record, in order of time. NotFound if there is no
  // journal.
  static absl::Status Scan(const std::string& folder,
                           const std::function<void(JournalRecord)>& visit);

 private:
  struct BegunRow {
    std::string action_id;
    JournalAction action;
    std::vector<JournalHost> hosts;
  };
  struct HostEnd {
    RecordId id;
    std::string host;
    JournalEnd end;
  };
  // Who waits for records to be begun, by their hosts.
  struct Waiter {
    std::vector<std::string> hosts;
    std::function<void(const Begun&)> done;
  };
  // What is written at once; either begins or ends.
  struct Job {
    std::vector<BegunRow> begun = {};
    std::vector<HostEnd> ended = {};
    std::vector<Waiter> waiters = {};
    std::vector<Ended> told = {};  // of those that have ended
  };

  Job& LastJob(bool of_ends);
  void CallLater();
  void Soon();
  void Write();
  absl::Status Open();
  void Opened(std::unique_ptr<store::Engine> engine);
  void CloseWhenIdle();
  // What is to be written of job_; reads what is open.
  std::vector<store::Operation> BeginOperations();
  std::vector<store::Operation> EndOperations();
  std::vector<store::Entry> OpenActions();
  void ReadUnfinished(absl::string_view action_id,
                      const absl::flat_hash_set<absl::string_view>& hosts);
  void Commit(std::vector<store::Operation> operations);
  std::vector<store::Operation> OldestToDelete();
  void Committed(absl::Status status);
  void JobDone(absl::Status status);
  void GoOnOrClose();

  sys::Loop& loop_;
  const std::string folder_;
  std::unique_ptr<store::Engine> engine_;
  std::vector<std::function<void()>> later_;
  sys::Loop::Timer later_timer_ = 0;
  std::deque<Job> waiting_;
  Job job_;  // that is being written
  Begun begun_;
  size_t transactions_ = 0;  // of it that have no answer yet
  bool is_writing_ = false;
  bool is_opening_ = false;  // ahead
  absl::Time give_up_ = absl::InfiniteFuture();
  absl::Time opened_ = absl::InfinitePast(), not_before_ = opened_;
  sys::Loop::Timer timer_ = 0;  // to write
  sys::Loop::Timer idle_ = 0;   // to close
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
