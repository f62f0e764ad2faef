// One entry: what runs of it, and what becomes of that. The states are those
// of supervision.h. Whether it is wanted is its group's to know; what is
// decided here is what its own events and timers lead to:
//
//   a run has ended      idle, to be started again; finished; given up
//   it does not start    idle, to be tried again; given up
//   it is not ready, or not done, in time
//                        it is stopped, and that was a failure
//   it is to stop        stop signal (or command) and CONT; KILL when its time
//                        is over, and again while something is left
//
// An idle entry has no main process. What an earlier run left behind may
// live on all the same, except beside a `forking` one: that is alive while
// anything of it is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isinit/supervision.h"
#include "isinit/throttle.h"

namespace isinit {

// What an entry asks of those above it.
struct Demand {
  std::string tag;
  Consequence what;
  std::string why;
};

// The event at hand: when it is, and what has come of it so far.
struct Turn {
  absl::Time now = absl::InfinitePast();
  std::vector<Effect> effects = {};
  std::vector<Demand> demands = {};
};

// What we end with when the entry that ended so is why we end.
int ExitCode(const Attributes& attributes, const std::optional<End>& end);

class EntryStates {
 public:
  // What a stop leads to, when nothing is left.
  enum class After {
    kIdle,
    kFailed,    // the run counts as one that failed
    kAsBefore,  // what is stopped is what a finished run left behind
  };

  EntryStates(std::shared_ptr<const Entry> entry, uint64_t seed);

  // --- orders

  // From idle. The throttle may turn it into a pause, or give up.
  void Start(Run run, const std::string& level, Turn& turn);
  // Whatever lives of it. Once it stops, only that it has not failed is news.
  void Stop(After after, Turn& turn);
  // At once, and again while something is left.
  void Kill(Turn& turn);
  // Its level is left: a pause is over, and what has finished is forgotten.
  void Leave(Turn& turn);
  // The same, and the throttle forgets too.
  void Refresh(Turn& turn);
  void SetEntry(std::shared_ptr<const Entry> entry, Turn& turn);

  // --- events; who calls knows that they are of this run

  void OnStarted(int pid, Turn& turn);
  void OnNotStarted(const std::string& why, Turn& turn);
  void OnReady(Turn& turn);
  void OnEnded(const End& end, Turn& turn);
  void OnEmpty(Turn& turn);
  void OnHealthFailed(const std::string& why, Turn& turn);
  void OnHealthPassed(Turn& turn);
  void OnAdopted(Run run, int pid, absl::Time since, Turn& turn);
  void OnFinished(Run run, const End& end, Turn& turn);
  void OnTimer(Turn& turn);

  // --- how it stands

  const Entry& entry() const { return *entry_; }
  const std::shared_ptr<const Entry>& shared_entry() const { return entry_; }
  EntryState state() const { return state_; }
  Run run() const { return run_; }
  absl::Time timer() const { return timer_; }
  const std::string& why() const { return why_; }
  // Something of it lives, or may: it was asked to start.
  bool live() const { return tree_ || main_ != Main::kNone; }
  bool tree() const { return tree_; }
  bool main_runs() const { return main_ == Main::kRuns; }
  // It was asked to start and that was not answered, or it is not ready.
  bool starting() const { return state_ == EntryState::kStarting; }
  // Ran to its end, and well.
  bool succeeded() const {
    return state_ == EntryState::kFinished && !failed_ &&
           last_end_.has_value() && last_end_->ok();
  }
  bool unhealthy() const { return unhealthy_; }
  const std::optional<End>& last_end() const { return last_end_; }
  EntryView View() const;

 private:
  enum class Main : uint8_t { kNone, kAsked, kRuns };

  void Enter(EntryState state, Turn& turn, absl::Time timer);
  void Up(Turn& turn);
  // The run is over, and nobody asked for that.
  void RunOver(bool failed, Turn& turn);
  void Finish(Turn& turn);
  void GiveUp(Turn& turn);
  void Gone(Turn& turn);
  void SendStop(bool command, Turn& turn);
  void SendKill(Turn& turn);
  void Demands(const Consequence& what, Turn& turn) const;

  std::shared_ptr<const Entry> entry_;
  Dice dice_;
  Throttle throttle_ = {};
  EntryState state_ = EntryState::kIdle;
  Main main_ = Main::kNone;
  After after_ = After::kIdle;
  EntryState before_ = EntryState::kIdle;  // of the stop of leftovers
  bool tree_ = false;
  bool failed_ = false;  // the last run did, whatever its exit code says
  bool unhealthy_ = false;
  Run run_ = 0;
  int pid_ = 0;
  bool kill_at_once_ = false;
  absl::Time since_ = absl::InfinitePast();
  absl::Time up_since_ = absl::InfinitePast();
  absl::Time timer_ = absl::InfiniteFuture();
  absl::Duration kill_again_ = absl::ZeroDuration();
  int64_t starts_ = 0;
  std::optional<End> last_end_ = {};
  std::string why_ = {};
};

}  // namespace isinit
