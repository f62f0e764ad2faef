// Running comms: finding the program, giving it a clean world, keeping the head
// and tail of what it prints, and telling how it ended.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "sys/child.h"
#include "sys/fd.h"
#include "sys/loop.h"
#include "sys/pool.h"
#include "wire/messages.pb.h"

namespace mcfeely {

// Where a comm finds the id of its attempt, by which what it leaves is found.
inline constexpr char kAttemptVariable[] = "MCFEELY_ATTEMPT_ID";

// Keeps the first and the last `keep` bytes of a stream, in bounded memory.
class HeadAndTail {
 public:
  explicit HeadAndTail(size_t keep) : keep_(keep) {}
  void Add(absl::string_view bytes);
  uint64_t total() const { return total_; }
  const std::string& head() const { return head_; }
  // The last bytes that are not in head(); empty when head() is all.
  std::string tail() const;

 private:
  size_t keep_;
  uint64_t total_ = 0;
  std::string head_;
  std::string ring_;  // what came after head_: a ring once it is full
  size_t ring_at_ = 0;
};

// The result a comm's end means (mcfeely 9.1 with the changes of 14.1): 0 done,
// 99 deferred, a signal deferred, everything else failed.
void SetVerdict(const sys::Ended& ended, fleetbox::wire::Result* result);

// What a comm asks for with the last line of its standard error,
// "mcfeely: retry-after 300": any duration from a second to a year. Nullopt
// when that line says anything else. `errors` are the last bytes of it.
std::optional<absl::Duration> ReadRetryAfter(absl::string_view errors);
// A program that is safe to execute: nobody but root and ourselves could have
// put it there.
struct SafeProgram {
  sys::Fd file;
  std::string path;  // of a script; empty: the file itself is executed
};
// NotFound: there is no such program. PermissionDenied: it, or a folder on the
// way, can be replaced by others. `name` is the name of a file in `folder`.
absl::StatusOr<SafeProgram> OpenSafeProgram(const std::string& folder,
                                            const std::string& name);

struct CommOptions {
  std::string folder = "/etc/fleetbox/comm";
  std::string work_folder;  // where each comm gets its private folder
  std::string host;         // MCFEELY_HOST
  absl::Duration kill_after = absl::Seconds(10);  // TERM to KILL
};

// Runs comms on a loop. Each runs in a process group of its own, in a private
// empty folder, with nothing of our environment and no descriptor of ours; the
// whole group ends with it unless the attempt says "detach". What has left the
// group carries the attempt's id, and is ended by that: after a time-out, and
// when it still holds the comm's output, before the result is told; else within
// a second or so, as looking for it takes a look at every process.
class CommRunner {
 public:
  // `started` comes when the comm runs, `ended` once for every Start, with the
  // result but for its start time.
  CommRunner(sys::Loop& loop, CommOptions options,
             std::function<void(base::AttemptId)> started,
             std::function<void(fleetbox::wire::Result)> ended);
  ~CommRunner();  // kills what runs

  // Does of a Start what can be done before it is known whether it may be
  // started. Start or Drop follows; nothing is told before.
  void Prepare(const fleetbox::wire::Attempt& attempt);
  void Drop(base::AttemptId attempt);
  // A comm that is missing, no program, or not safely owned fails; one that
  // cannot be started because the system is short of something is deferred.
  void Start(const fleetbox::wire::Attempt& attempt);
  // Ends a comm that was started: TERM, after a while KILL, to its group. Its
  // result is "cancelled", whatever its exit status. Nothing if it has ended.
  void Stop(base::AttemptId attempt);
  // Those that are being started, or cleaned up after, included.
  size_t running() const {
    return running_.size() + launching_ + held_.size() + ending_;
  }

 private:
  struct Running;
  struct PrivateFolder {
    std::string path;
    int64_t seen_empty_ns = 0;  // its time of change then; 0: never looked
  };
  absl::StatusOr<PrivateFolder> TakeFolder();
  void GiveBackFolder(PrivateFolder folder, absl::Time taken);
  struct Launching;
  // A comm that has ended, and pipes of its that somebody can still write to.
  struct Held {
    sys::Fd out, err;
    fleetbox::wire::Result result;
    absl::Time until;
    bool IsHeld() const;
  };
  absl::StatusOr<std::unique_ptr<Running>> Launch(
      const fleetbox::wire::Attempt& attempt, const PrivateFolder& folder,
      sys::Gate* gate) const;
  void Launch(std::shared_ptr<Launching> launching);
  void Launched(Launching& launching);
  void Drain(Running& run, sys::Fd& pipe);
  void TimedOut(Running& run);
  void Cancel(Running& run);
  static void Explain(Running& run);
  void Finish(Running& run);
  void LookAtHeld();
  void EndMarked(fleetbox::wire::Result result);
  void SweepSoon();
  void Sweep();

  sys::Loop& loop_;
  CommOptions options_;
  std::function<void(base::AttemptId)> started_;
  std::function<void(fleetbox::wire::Result)> ended_;
  std::string buffer_;
  sys::Fd null_;                          // what most comms read
  std::vector<std::string> environment_;  // what every comm gets
  std::vector<PrivateFolder> empty_folders_;
  int64_t folders_made_ = 0;
  std::unique_ptr<sys::Pool> pool_;
  std::shared_ptr<bool> alive_;  // others look whether it is gone
  size_t launching_ = 0, ending_ = 0;
  // Neither started nor dropped; the pool has the other.
  absl::flat_hash_map<base::AttemptId, std::shared_ptr<Launching>> prepared_;
  std::vector<Held> held_;
  sys::Loop::Timer held_timer_ = 0;
  // Ids of those that have ended since the last sweep, in hex.
  absl::flat_hash_set<std::string> unswept_;
  sys::Loop::Timer sweep_timer_ = 0;
  bool is_sweeping_ = false;
  absl::Duration sweep_pause_;
  absl::flat_hash_set<base::AttemptId> stop_;  // once they are launched
  absl::flat_hash_map<base::AttemptId, std::unique_ptr<Running>> running_;
};

}  // namespace mcfeely
