// A host on which everything goes wrong, and somebody who watches: random
// tables, tells, operators, crashes of the server, and processes that die,
// hang, ignore signals and leave others behind. What is watched is known from
// the processes and from what was told, not from the Supervision:
//
//   at each start   its main process is not alive, nor anything of a forking
//                   one; what is not of the level is gone before the level is
//                   begun; waits and tests in front have ended; what it needs
//                   lives, and what it comes after was started; the throttle
//                   allows it; what has finished is not run again unasked
//   at each signal  something of the entry may be alive; those that need it are
//                   gone
//   at each rest    what nobody wants is being stopped, and is killed in time;
//                   a respawn of a reached level lives, or it is known why not;
//                   what is quiet is dead
//   at the end      all runs that should, nothing else, and every client has
//                   its answer
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>

#include <optional>
#include <string>
#include <vector>

#include "isinit/throttle.h"
#include "world.h"

namespace isinit {

// Rules that are broken on purpose, to see that it is noticed: by who carries
// out and tells, or by a Supervision that reads the table wrongly.
struct Broken {
  bool kills_lost = false;
  bool ends_lost = false;
  bool empties_lost = false;
  bool empty_told_early = false;  // with the end of the main process
  bool end_told_early = false;    // when it has started
  bool never_woken = false;
  bool tables_lost = false;
  bool tells_lost = false;
  bool adopted_lost = false;
  bool stops_by_hand_lost = false;
  bool finished_lost = false;
  bool after_ignored = false;
  bool needs_ignored = false;
  bool waits_ignored = false;
  bool limit_ignored = false;
  bool max_restarts_ignored = false;
  bool forking_ignored = false;
  bool gates_ignored = false;
  bool stop_timeout_doubled = false;
  bool levels_ignored = false;
};

class Sim {
 public:
  struct Counts {
    int64_t steps = 0, starts = 0, tells = 0, operations = 0, tables = 0,
            crashes = 0, halts = 0, kills = 0, paused = 0, given_up = 0,
            failed_groups = 0, reached = 0;
  };

  Sim(uint64_t seed, const Broken& broken, Counts* counts);
  // False when a rule is broken; then violation() says which.
  bool Run();
  const std::string& violation() const { return violation_; }
  void set_trace(bool trace) { trace_ = trace; }  // to standard output

 private:
  // What is known of a tag, beyond the table.
  struct Known {
    bool empty = true;  // nothing of it lives, and that was told
    bool first = true;  // it has not been started in this level
    bool ran = false;   // it has, with success
    // Of a once, wait or test: so it ended, by itself, in this level.
    std::optional<isinit::End> finished = {};
    std::optional<isinit::End> last = {};  // of its main process
    bool renewed =
        false;  // an operator has had it restarted, and it was not yet
    bool stopping = false;                        // it was sent its stop signal
    absl::Time stop_by = absl::InfiniteFuture();  // or killed
    bool stranger = false;  // to the server that adopted it
    bool older = false;     // what ran last, an earlier table said
    bool excused = false;   // what it does since the tell is not judged
    std::vector<absl::Time> starts = {};  // since the throttle was reset
    int unsteady = 0;                     // starts since it was steady
    absl::Time started = absl::InfinitePast();
  };
  enum class ByHand { kNo, kStart, kStop };

  // What is done to it.
  void Step();
  void Hear();  // all that has happened
  void Pass(absl::Duration span);
  void TellSome();
  void OperateSome();
  void ChangeTable();
  void CrashDaemon();
  void EndSome();
  void HealthSome();
  void Load();
  void CalmDown();

  Table RandomTable();
  Entry RandomEntry(int group, int tag);
  void Depend(Table& table);
  Program RandomProgram(const Entry& entry);
  Table AsRead(Table table) const;

  // What is watched.
  void Watch(const Effect& effect);
  void WatchStart(const StartEntry& e);
  void WatchOrder(const Entry& e);
  void WatchNeeds(const Entry& e);
  void WatchThrottle(const Entry& e);
  void WatchSignal(const SignalTree& e);
  void WatchEvent(const Event& event);
  void HearOfLevels();
  void AtRest();
  void CheckAlive(const std::string& tag);
  void CheckRespawn(const Entry& e);
  void AtEnd();
  void CheckEnd(const Entry& e, const GroupView& group);
  void Wrong(const std::string& what);
  void Trace(const Effect& effect) const;
  void Trace(const Event& event) const;

  const Entry* Find(const std::string& tag) const;
  bool InLevel(const Entry& e) const;
  bool Wanted(const Entry& e) const;
  bool Lives(const Entry& e) const;
  bool Runs(const Entry& e) const;
  std::vector<EntryView> Views(const std::string& tag) const;
  // Nothing may keep it from running in its level but what is checked.
  bool Simple(const Entry& e) const;
  bool MayBeUp(const std::string& tag) const;

  bool Chance(double p) { return dice_.Next() < p; }
  int Below(int n) { return static_cast<int>(dice_.Next() * n); }

  Dice dice_;
  Broken broken_;
  Counts* counts_;
  World world_;
  bool consequences_ = false;  // groups go where nobody told them
  bool calm_ = false;
  Table table_;
  absl::btree_map<std::string, Known> known_;
  absl::btree_map<std::string, std::string> level_;
  absl::btree_map<std::string, ByHand> by_hand_;
  absl::btree_map<uint64_t, std::string> clients_;  // of which group, or ""
  uint64_t last_client_ = 0;
  bool halting_ = false, trace_ = false;
  std::string violation_;
};

}  // namespace isinit
