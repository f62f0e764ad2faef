#include "power/hierarchy.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>

#include <utility>

namespace power {
namespace {

HostResult Skipped(std::string why) {
  HostResult result;
  result.outcome = HostOutcome::kSkipped;
  result.detail = std::move(why);
  return result;
}

HostResult IsOff(HostOutcome outcome, std::string why) {
  HostResult result;
  result.outcome = outcome;
  result.before = result.after = PlugState::kOff;
  result.detail = std::move(why);
  return result;
}

}  // namespace

bool EndsOff(Action action) {
  return action == Action::kOff || action == Action::kSoft;
}

bool HeedsParents(Action action) {
  return action == Action::kOn || action == Action::kCycle ||
         action == Action::kReset || EndsOff(action);
}

Hierarchy::Hierarchy(Action action, std::vector<CampaignParent> parents,
                     const std::vector<Unit>& units)
    : action_(action),
      parents_(std::move(parents)),
      units_(units),
      steps_(units_.size() + parents_.size()),
      power_(parents_.size()) {
  MakeSteps();
  FindTangles();
  for (size_t step = 0; step < steps_.size(); ++step) {
    steps_[step].was_taken =
        steps_[step].is_tangled || steps_[step].waits_for == 0;
    if (steps_[step].was_taken) ready_.push_back(step);
  }
}

void Hierarchy::Wait(size_t step, size_t other) {
  steps_[other].followers.push_back(step);
  ++steps_[step].waits_for;
}

void Hierarchy::MakeSteps() {
  absl::flat_hash_map<std::pair<size_t, std::string>, size_t> unit_with;
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    for (const CampaignFeed& feed : units_[unit].feeds) {
      unit_with.emplace(std::make_pair(feed.pcu, feed.plug), unit);
    }
  }
  // Of each parent: the units that switch it, by whatever name.
  std::vector<std::vector<size_t>> switched_by(parents_.size());
  for (size_t parent = 0; parent < parents_.size(); ++parent) {
    for (const CampaignFeed& feed : parents_[parent].feeds) {
      const auto found = unit_with.find(std::make_pair(feed.pcu, feed.plug));
      if (found == unit_with.end() ||
          absl::c_linear_search(switched_by[parent], found->second)) {
        continue;
      }
      switched_by[parent].push_back(found->second);
      if (EndsOff(action_)) {
        Wait(found->second, LookAt(parent));
      } else {
        Wait(LookAt(parent), found->second);
      }
    }
    if (parents_[parent].parent.has_value()) {
      Wait(LookAt(parent), LookAt(*parents_[parent].parent));
    }
  }
  LookInTurn();
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    for (const size_t parent : units_[unit].parents) {
      Wait(unit, LookAt(parent));
      if (!EndsOff(action_)) continue;
      for (std::optional<size_t> at = parent; at.has_value();
           at = parents_[*at].parent) {
        for (const size_t other : switched_by[*at]) {
          // What hangs on its own plugs goes off with them.
          if (other != unit) Wait(other, unit);
        }
      }
    }
  }
}

// Nobody asks for the same plug twice at once: of parents that share one, what
// is above is looked at first.
void Hierarchy::LookInTurn() {
  std::vector<std::pair<int, size_t>> turns;
  for (size_t parent = 0; parent < parents_.size(); ++parent) {
    int depth = 0;
    for (std::optional<size_t> at = parents_[parent].parent; at.has_value();
         at = parents_[*at].parent) {
      ++depth;
    }
    turns.emplace_back(depth, parent);
  }
  absl::c_sort(turns);
  absl::flat_hash_map<std::pair<size_t, std::string>, size_t> last;
  for (const auto& [depth, parent] : turns) {
    for (const CampaignFeed& feed : parents_[parent].feeds) {
      const auto [at, is_new] = last.try_emplace({feed.pcu, feed.plug}, parent);
      if (is_new || at->second == parent) continue;
      Wait(LookAt(parent), LookAt(at->second));
      at->second = parent;
    }
  }
}

// Where plugs are shared crosswise, nothing can come first.
void Hierarchy::FindTangles() {
  std::vector<size_t> open(steps_.size()), free;
  for (size_t step = 0; step < steps_.size(); ++step) {
    open[step] = steps_[step].waits_for;
    steps_[step].is_tangled = open[step] > 0;
    if (open[step] == 0) free.push_back(step);
  }
  while (!free.empty()) {
    const size_t step = free.back();
    free.pop_back();
    for (const size_t follower : steps_[step].followers) {
      if (--open[follower] > 0) continue;
      steps_[follower].is_tangled = false;
      free.push_back(follower);
    }
  }
}

std::vector<size_t> Hierarchy::TakeReady() { return std::exchange(ready_, {}); }

std::vector<size_t> Hierarchy::TakeHeld() {
  std::vector<size_t> held;
  for (size_t step = 0; step < steps_.size(); ++step) {
    if (!std::exchange(steps_[step].was_taken, true)) held.push_back(step);
  }
  return held;
}

const Hierarchy::Power* Hierarchy::AboveOf(size_t parent) const {
  const std::optional<size_t> above = parents_[parent].parent;
  return above.has_value() ? &power_[*above] : nullptr;
}

std::optional<HostResult> Hierarchy::ForegoneLook(size_t parent) const {
  const Power* above = AboveOf(parent);
  if (above == nullptr || above->state != PlugState::kOff) return std::nullopt;
  return IsOff(HostOutcome::kDone, "");
}

std::optional<HostResult> Hierarchy::Foregone(size_t step) const {
  if (steps_[step].is_tangled) {
    HostResult result;
    result.failure_class = FailureClass::kConfig;
    result.detail = "has plugs in common with what hangs on it";
    return result;
  }
  if (IsLook(step)) return ForegoneLook(step - units_.size());
  const Unit& unit = units_[step];
  if (!EndsOff(action_)) {
    for (const size_t parent : unit.parents) {
      if (power_[parent].state != PlugState::kOn) {
        return Skipped(power_[parent].why);
      }
    }
    return std::nullopt;
  }
  if (unit.hangs_wholly && absl::c_all_of(unit.parents, [this](size_t parent) {
        return power_[parent].state == PlugState::kOff;
      })) {
    return IsOff(HostOutcome::kAlready, power_[unit.parents.front()].why);
  }
  // Who asks systems to shut down does not want one cut off that has not.
  if (action_ == Action::kSoft && !steps_[step].awake.empty()) {
    return Skipped(absl::StrCat(steps_[step].awake,
                                ", which hangs on it, did not shut down"));
  }
  return std::nullopt;
}

Hierarchy::Power Hierarchy::PowerOf(size_t parent,
                                    const HostResult& result) const {
  const std::string& name = parents_[parent].name;
  const Power* above = AboveOf(parent);
  if (above != nullptr && above->state == PlugState::kOff) {
    return {PlugState::kOff,
            absl::StrCat("its parent ", name, " is off: ", above->why)};
  }
  switch (result.after) {
    case PlugState::kOff:
      return {PlugState::kOff, absl::StrCat("its parent ", name, " is off")};
    case PlugState::kPending:
      return {PlugState::kPending,
              absl::StrCat("its parent ", name, " is neither on nor off")};
    case PlugState::kOn:
      if (above == nullptr || above->state == PlugState::kOn) {
        return {PlugState::kOn, ""};
      }
      return {PlugState::kUnknown,
              absl::StrCat("its parent ", name, ": ", above->why)};
    case PlugState::kUnknown:
      break;
  }
  std::string why =
      absl::StrCat("it is not known whether its parent ", name, " is on");
  if (!result.feeds.empty()) absl::StrAppend(&why, ": ", result.feeds);
  if (result.outcome == HostOutcome::kFailed) {
    absl::StrAppend(&why, ": ", Word(result.failure_class));
  }
  if (!result.detail.empty()) absl::StrAppend(&why, ": ", result.detail);
  return {PlugState::kUnknown, std::move(why)};
}

void Hierarchy::Ended(size_t step, const HostResult& result) {
  if (IsLook(step)) {
    power_[step - units_.size()] = PowerOf(step - units_.size(), result);
  }
  for (const size_t index : steps_[step].followers) {
    Step& follower = steps_[index];
    if (!IsLook(step) && !IsSuccess(result.outcome)) {
      follower.awake = result.host;
    }
    if (--follower.waits_for > 0 || follower.was_taken) continue;
    follower.was_taken = true;
    ready_.push_back(index);
  }
}

}  // namespace power
