// What runs and what must: the states of entries and groups, and what leads
// from one to the other. Pure: it is told what happened and when, and answers
// with what to do; supervisor.cc carries it out, and so does the simulation.
//
// A group has a level it was told, or none. Its change of level goes
//
//   idle ──tell──► stopping ──all that is not of the level is gone──►
//        starting ──every entry of the level has had its start──► up
//
// A tell at any time begins again with stopping; what belongs to both levels
// is left alone. In `starting`, entries start in the order of the table. A
// `wait` or a `test` holds up those behind it until it has ended; `after` until
// the named ones are ready; `needs` until they are up. A group whose test
// failed is up all the same, and says so.
//
// An entry has one process tree at most. What we start is its main process;
// the tree is that and all that comes of it.
//
//   idle ──► starting ──ready──► up ──main process ended──► (again) starting
//              │                  │                     └─► finished
//              │ too often        │ stop, or its level is left
//              ▼                  ▼
//            paused            stopping ──nothing is left of the tree──► idle
//
//   starting   Start was answered with Started, and it is not ready yet
//   paused     a timer will start it again; never without one
//   finished   ran to its end, and is not run again in this level
//   given up   failed too often (max-restarts); like finished
//   stopping   was signalled; a timer will kill it
//
// Never true: a tree of an entry that no level wants and that is not being
// stopped; a respawn entry of a reached level that neither lives nor has a
// timer; two main processes of one entry; a signal to an entry whose tree is
// known to be empty.
//
// A run is one start of one entry; runs are numbered, so that news of an older
// one is known for what it is.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "isinit/table.h"

namespace isinit {

using Run = uint64_t;  // from 1; 0 is none

// How a main process ended.
struct End {
  int code = 0;    // when signal is 0
  int signal = 0;  // what killed it
  bool ok() const { return code == 0 && signal == 0; }
};

// --- events

// A client's wish. `client` is told what becomes of it; 0 is nobody.
struct Tell {
  std::string group, level;
  bool again = false;  // what has finished is run again
  uint64_t client = 0;
  // Said again by a new life of ours: what was done by hand stays done.
  bool resumed = false;
};
struct NewTable {
  std::shared_ptr<const Table> table;
};
// One entry, until its group is told something again.
struct Operate {
  enum class Verb { kStart, kStop, kRestart, kSignal };
  Verb verb = Verb::kStart;
  std::string tag;
  int signal = 0;
  uint64_t client = 0;
};
struct Started {
  Run run = 0;
  int pid = 0;
};
struct NotStarted {  // nothing of it runs
  Run run = 0;
  std::string why;
};
struct Ready {
  Run run = 0;
};
struct Ended {  // the main process; Empty follows when nothing else is left
  Run run = 0;
  End end;
};
struct Empty {  // nothing of the entry's tree is left
  std::string tag;
};
struct HealthFailed {  // `fails` times in a row
  Run run = 0;
  std::string why;
};
struct HealthPassed {
  Run run = 0;
};
struct Wanted {  // a first connection to a lazy entry
  std::string tag;
};
// A process of a former life of ours that still runs: its entry is up. What
// a finished one left behind has no main process, and is told as Finished too.
struct Adopted {
  std::string tag;
  int pid = 0;        // 0: something of the tree, but not the main process
  std::string level;  // of its group
  absl::Time since;
  bool by_hand = false;
};
struct StoppedByHand {  // in a former life, and not started since
  std::string tag;
  std::string level;
};
struct Finished {  // what a former life knew of an entry that ended
  std::string tag;
  std::string level;
  End end;
};
struct Halt {  // everything stops, in the reverse order of the table
  uint64_t client = 0;
};
struct Woken {};

using Event = std::variant<Tell, NewTable, Operate, Started, NotStarted, Ready,
                           Ended, Empty, HealthFailed, HealthPassed, Wanted,
                           Adopted, StoppedByHand, Finished, Halt, Woken>;

// --- effects

// To be answered with Started or NotStarted. `entry` is as the table has it
// now, and stays with the run.
struct StartEntry {
  Run run = 0;
  std::shared_ptr<const Entry> entry;
  std::string level;
};
struct RunStopCommand {  // in place of a stop signal
  std::string tag;
  std::string command;
};
struct SignalTree {  // every process of it
  std::string tag;
  int signal = 0;
};
struct SignalMain {  // what a client asked for
  Run run = 0;
  int signal = 0;
};
struct Forget {  // an entry that is not in the table any more, and is gone
  std::string tag;
};
// To a client: a line of progress, or the last word.
struct Answer {
  enum class Kind {
    kProgress,
    kDone,        // the level is reached, the entry runs, ...
    kTestFailed,  // the level is reached, and a test of it failed
    kSuperseded,  // another tell came
    kNoGroup,
    kNoEntry,
    kRefused,  // e.g. everything halts
  };
  uint64_t client = 0;
  Kind kind = Kind::kProgress;
  std::string text;
};
// For the log and the hook: "entry.throttled", with keys and values.
struct Note {
  std::string event;
  std::vector<std::pair<std::string, std::string>> facts;
};
struct GroupChanged {  // the status files are written anew
  std::string group;
};
struct Leave {  // everything is gone: we may end
  int code = 0;
  bool reboot = false;
};

using Effect = std::variant<StartEntry, RunStopCommand, SignalTree, SignalMain,
                            Forget, Answer, Note, GroupChanged, Leave>;

// --- how things stand

enum class EntryState {
  kIdle,
  kStarting,
  kUp,
  kPaused,
  kFinished,
  kGivenUp,
  kStopping,
};
enum class GroupState {
  kIdle,  // never told
  kStarting,
  kStopping,  // what is not of the new level
  kUp,
  kFailed,  // up, and a test of it failed
  kHalting,
};

struct EntryView {
  std::shared_ptr<const Entry> entry;
  EntryState state = EntryState::kIdle;
  Run run = 0;
  int pid = 0;
  bool tree = false;                         // something of it is alive
  absl::Time since;                          // it is in this state
  absl::Time next = absl::InfiniteFuture();  // start or kill
  int64_t starts = 0;
  std::optional<End> last_end;
  std::string why;  // last failed start, health
  bool unhealthy = false;
  bool by_hand = false;  // it runs or is stopped, against its level
  bool waits = false;    // for a first connection
};
struct GroupView {
  std::string name;
  std::string level;  // "" never told
  GroupState state = GroupState::kIdle;
  bool degraded = false;   // up, and an entry of it is paused or unhealthy
  bool all_tests = false;  // every entry of the level is a test that passed
  bool checking = false;   // starting, and a test is what it waits for
  std::vector<EntryView> entries;  // in the table's order
};

class Supervision {
 public:
  // `seed` is for jitter. Nothing runs before the first NewTable.
  explicit Supervision(uint64_t seed);
  ~Supervision();

  // What follows, in the order it is to be carried out. `now` never goes back
  // (a monotonic clock's).
  std::vector<Effect> On(const Event& event, absl::Time now);
  // The moment Woken is needed; InfiniteFuture when it is not.
  absl::Time wake_at() const;

  // What NewTable would do, or a tell: a line each, for people.
  std::vector<std::string> Explain(const Table& table) const;
  std::vector<std::string> Explain(const Tell& tell) const;

  std::vector<GroupView> Groups() const;  // sorted by name
  std::optional<EntryView> View(absl::string_view tag) const;
  bool halting() const;
  // Nothing is alive and nothing will be started by itself.
  bool quiet() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace isinit
