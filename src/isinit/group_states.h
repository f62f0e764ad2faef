// One group: its level, and what of it starts and stops when. The states are
// those of supervision.h.
//
// Entries are looked at, one at a time, and a look does what its entry needs
// now: it starts or stops it, or does nothing. Whatever may change the answer
// touches the entry, and it is looked at again; a look too many does no harm.
// After each look its Standing is published: those whose turn depends on it are
// touched if it has changed, and the counts follow. So an event costs as much
// as it changes, however large the table is.
//
// In `starting`, a cursor goes along the table's order and releases what it
// passes. It stays at an unfinished wait or test, and for good at a gate whose
// test failed.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "isinit/entry_states.h"

namespace isinit {

class GroupStates;

// What others know of an entry.
struct Standing {
  bool live = false;
  bool going = false;  // live, and will not come back by itself
  // What it needs is not stopped before it. What a finished one left behind
  // needs nothing, or the stop would wait for what nobody stops.
  bool needing = false;
  bool met = false;       // for those that need it
  bool hopeless = false;  // not met, and will not be by itself
  bool past = false;      // for those that come after it
  bool over = false;      // for those behind it, if it is a wait or a test
  bool pending = false;   // the level is not reached without it
  bool leaving = false;   // the level is not begun before it is gone
  bool starting = false;  // one of those that `parallel` limits
  bool failed = false;    // a test of the level, that failed
  friend bool operator==(const Standing&, const Standing&) = default;
};

// A client that waits for an entry.
struct EntryClient {
  uint64_t client = 0;
  bool to_run = false;  // else to be gone
  Run after = 0;        // the run it waits for is a later one
};

// An entry in its group.
struct Member {
  enum class ByHand : uint8_t { kNo, kStart, kStop };
  // Stopped, to be started again: because it failed; or as if for the first
  // time.
  enum class Renew : uint8_t { kNo, kFailed, kFresh };

  Member(std::shared_ptr<const Entry> entry, uint64_t id, uint64_t seed,
         GroupStates* group)
      : id(id), states(std::move(entry), seed + id), group(group) {}

  uint64_t id;
  EntryStates states;
  GroupStates* group;
  int line = 0;          // in the table's order
  bool in_table = true;  // else it goes, and is forgotten
  // One that has moved to another group goes, and comes as a new one. It does
  // so when nothing is left of the old one: to those who carry this out, they
  // have one tag.
  Member* heir = nullptr;  // of one that goes
  bool comes = false;      // an heir whose time has not come

  ByHand by_hand = ByHand::kNo;
  Renew renew = Renew::kNo;
  bool in_level = false;
  bool released = false;     // its turn in the level has come
  bool had_start = false;    // in this level
  bool called = false;       // a lazy one
  bool stop_wanted = false;  // it waits for others to be gone

  // Its links, by tag; never in a circle (table_order.h).
  std::vector<Member*> needs = {}, after = {};
  std::vector<Member*> needers = {}, followers = {};
  // How many of them; a tag that is of no entry is unmet for good.
  int needs_unmet = 0, needs_hopeless = 0, after_unmet = 0;
  int live_needers = 0, going_followers = 0;

  std::vector<EntryClient> clients = {};
  Standing standing = {};
  absl::Time armed = absl::InfiniteFuture();  // its place in the timers
  bool touched = false, in_line = false;

  const std::string& tag() const { return states.entry().tag; }
  const Attributes& attributes() const { return states.entry().attributes; }
  bool Waits() const;  // a lazy one, that nobody has called
  void Unlink();       // and nobody has heard of it
};

// What all groups share.
struct Common {
  Turn turn;
  Run last_run = 0;
  int parallel = 0;
  int starting = 0, live = 0;
  bool halting = false;
  bool forced = false;  // halting takes too long: order counts no more
  std::deque<Member*> touched = {}, line = {};
  std::deque<GroupStates*> touched_groups = {};
  std::vector<GroupStates*> changed_groups = {};  // their view has
  absl::flat_hash_map<Run, Member*> runs = {};    // the latest of each
  struct TimerKey {
    absl::Time at;
    uint64_t id;
    friend bool operator<(const TimerKey& a, const TimerKey& b) {
      return a.at != b.at ? a.at < b.at : a.id < b.id;
    }
  };
  absl::btree_map<TimerKey, Member*> timers = {};
  absl::btree_map<std::string, std::unique_ptr<GroupStates>> groups = {};

  absl::Time now() const { return turn.now; }
  void Touch(Member& m);
  void Touch(GroupStates& g);
  void Changed(GroupStates& g);
  // It may be heard of by its number from now on.
  void Know(Run run, Member& m);
  void Tell(uint64_t client, Answer::Kind kind, std::string text);
  GroupStates* Group(absl::string_view name) const;
};

class GroupStates {
 public:
  explicit GroupStates(std::string name) : name_(std::move(name)) {}

  // --- what happens to it

  void OnTell(const isinit::Tell& tell, bool fresh, Common& c);
  void OnStop(const std::string& why, Common& c);  // it has no level any more
  void OnHalt(Common& c);
  void OnAdopted(const std::string& level, Common& c);
  // All members are known. Goes through the level again if there is a reason.
  void OnTable(Common& c);
  // Of the members, one has changed, or what they depend on outside.
  void Look(Member& m, Common& c);
  // When nobody is left to be looked at.
  void Advance(Common& c);

  // --- how it stands

  const std::string& name() const { return name_; }
  const std::string& level() const { return level_; }
  GroupState state() const { return state_; }
  bool Reached(absl::string_view level) const {
    return reached_ && level_ == level;
  }
  // What is in the table of it, in its order; and what is not any more.
  std::vector<Member*> order = {}, leavers = {};
  // Those of other groups that need this one.
  std::vector<Member*> needers = {};
  int live_needers = 0;
  bool touched = false, changed = false;

  bool Wanted(const Member& m, const Common& c) const;
  bool OutsideMet(const Member& m, const Common& c) const;
  bool HasLevel(absl::string_view level) const;
  // The wait or test that the cursor is at.
  const Member* Awaited() const;
  void Unlink();
  // Those who depend on it hear of it.
  void Publish(Member& m, Common& c);

 private:
  void Enter(GroupState state, Common& c);
  void Begin(Common& c);
  void Release(Common& c);
  void CloseGate(Common& c);
  void Conclude(Common& c);
  struct Entering {
    bool again = false;    // what has finished is run again
    bool fresh = false;    // the throttle begins to count anew
    bool resumed = false;  // as before; what was done by hand stays done
  };
  void EnterLevel(const Entering& how, Common& c);
  void EnterLevel(Member& m, const Entering& how, Common& c);
  void LookAtResting(Member& m, bool wanted, Common& c);
  void LookAtLive(Member& m, bool wanted, Common& c);
  void StopInTurn(Member& m, EntryStates::After after, Common& c);
  bool MayStop(const Member& m, const Common& c) const;
  bool MayStart(Member& m, Common& c);
  bool ShutOut(const Member& m) const;
  Standing StandingOf(const Member& m, const Common& c) const;
  void AnswerClients(Member& m, Common& c);
  void Answers(Answer::Kind kind, const std::string& text, Common& c);
  void SetReached(bool reached, Common& c);

  std::string name_;
  std::string level_ = {};
  GroupState state_ = GroupState::kIdle;
  bool reached_ = false;
  bool gate_closed_ = false;
  size_t cursor_ = 0;
  int pending_ = 0, leaving_ = 0, failed_ = 0;
  std::vector<uint64_t> clients_ = {};
};

}  // namespace isinit
