// What a Supervision holds; for supervision*.cc alone.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isinit/group_states.h"
#include "isinit/supervision.h"
#include "isinit/table_plan.h"

namespace isinit {

struct Supervision::State {
  explicit State(uint64_t seed) : seed(seed) {}

  uint64_t seed;
  uint64_t last_id = 0;
  std::shared_ptr<const Table> table = {};
  Common c = {};
  absl::flat_hash_map<std::string, std::unique_ptr<Member>> members = {};
  // Those that have moved and still live, beside their heirs in `members`.
  absl::flat_hash_map<std::string, std::unique_ptr<Member>> moved = {};
  // Adopted, StoppedByHand and Finished come one by one; before all have come
  // nothing is decided, or what needs the last of them would be stopped.
  bool replaying = false;

  struct Halting {
    std::vector<uint64_t> clients = {};
    std::string cause = {};   // whose exit code is ours
    std::optional<int> code;  // known when the cause had ended by then
    bool reboot = false;
    absl::Time force_at = absl::InfiniteFuture();
    absl::Time leave_at = absl::InfiniteFuture();
    bool left = false;
  };
  Halting halt = {};

  Member* Find(absl::string_view tag) const;
  Member* FindLiving(absl::string_view tag) const;  // not its heir
  Member* Find(Run run) const;

  void Handle(const Tell& e);
  void Handle(const NewTable& e);
  void Handle(const Operate& e);
  void Handle(const Started& e);
  void Handle(const NotStarted& e);
  void Handle(const Ready& e);
  void Handle(const Ended& e);
  void Handle(const Empty& e);
  void Handle(const HealthFailed& e);
  void Handle(const HealthPassed& e);
  void Handle(const Wanted& e);
  void Handle(const Adopted& e);
  void Handle(const StoppedByHand& e);
  void Handle(const Finished& e);
  void Handle(const Halt& e);
  void Handle(const Woken& e);

  // Until nobody is left to be looked at.
  void Settle();
  void FireTimers();
  void EndReplay();
  void TellChanges();
  void Follow(const Demand& demand);
  void Retire(Member& m);
  // After it may have got another number than `before`.
  void KnowAnew(Member& m, Run before);
  // Anything about it may have changed.
  void Touch(Member& m);

  // Tables.
  void Apply(const EntryChange& change, std::shared_ptr<const Entry> entry);
  void Move(Member& m, std::shared_ptr<const Entry> entry);
  void Place(std::shared_ptr<const Entry> entry);
  Member& Add(std::shared_ptr<const Entry> entry);
  GroupStates& GroupOf(const std::string& name);
  void Remove(Member& m);
  void Link();
  void Link(Member& m);
  void Erase(Member& m);
  void Prune(GroupStates& group);  // if nobody is in it any more

  // Operators. An empty text: it may be.
  std::string Refusal(const Operate& e, const Member& m) const;
  void StartByHand(const Operate& e, Member& m);
  void StopByHand(const Operate& e, Member& m);
  void RestartByHand(const Operate& e, Member& m);
  void SignalByHand(const Operate& e, Member& m);

  // The end.
  void BeginHalt(absl::string_view cause, std::string why);
  void GoOnHalting();
  void Force();
  void LeaveNow();
  int CodeOfEnd() const;
  std::vector<Member*> Everybody() const;

  EntryView ViewOf(const Member& m) const;
};

}  // namespace isinit
