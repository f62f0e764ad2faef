// What must not be, and what must.
#include <absl/container/btree_map.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "sim.h"

namespace isinit {

namespace {

constexpr int kOperators = 10;  // what they send

}  // namespace

void Sim::Wrong(const std::string& what) {
  if (violation_.empty()) {
    violation_ = absl::StrCat("at ", world_.at(), " s: ", what);
  }
}

const Entry* Sim::Find(const std::string& tag) const {
  for (const Entry& e : table_.entries) {
    if (e.tag == tag) return &e;
  }
  return nullptr;
}

bool Sim::InLevel(const Entry& e) const {
  if (!RunsInLevels(e.mode)) return false;
  if (consequences_) {
    const std::string level = world_.Group(e.group).level;
    return !level.empty() && e.levels.Has(level);
  }
  const auto found = level_.find(e.group);
  return found != level_.end() && e.levels.Has(found->second);
}

bool Sim::Wanted(const Entry& e) const {
  if (halting_ || world_.s().halting() || !RunsInLevels(e.mode)) return false;
  const auto found = by_hand_.find(e.tag);
  if (found == by_hand_.end() || found->second == ByHand::kNo) {
    return InLevel(e);
  }
  return found->second == ByHand::kStart;
}

bool Sim::Lives(const Entry& e) const {
  return e.attributes.forking ? world_.Alive(e.tag) > 0
                              : world_.MainAlive(e.tag);
}

// A wait or test whose end is on the way to the server ends in the level that
// is told meanwhile.
bool Sim::Runs(const Entry& e) const {
  const EntryState state = world_.View(e.tag).state;
  return Lives(e) || (Blocks(e.mode) && (state == EntryState::kUp ||
                                         state == EntryState::kStarting));
}

std::vector<EntryView> Sim::Views(const std::string& tag) const {
  std::vector<EntryView> views;
  for (const GroupView& group : world_.s().Groups()) {
    for (const EntryView& e : group.entries) {
      if (e.entry->tag == tag) views.push_back(e);
    }
  }
  // What was adopted and is of no table is of no group.
  if (const auto view = world_.s().View(tag); views.empty() && view) {
    views.push_back(*view);
  }
  return views;
}

bool Sim::Simple(const Entry& e) const {
  const Attributes& a = e.attributes;
  return a.needs.empty() && a.needs_groups.empty() && a.after.empty() &&
         !a.lazy && !a.max_restarts.has_value();
}

// --- at each start -----------------------------------------------------------

void Sim::Watch(const Effect& effect) {
  if (trace_) Trace(effect);
  if (const auto* e = std::get_if<StartEntry>(&effect)) {
    WatchStart(*e);
  } else if (const auto* e = std::get_if<SignalTree>(&effect)) {
    WatchSignal(*e);
  } else if (const auto* e = std::get_if<RunStopCommand>(&effect)) {
    WatchSignal({e->tag, 15});
  } else if (const auto* e = std::get_if<Forget>(&effect)) {
    if (world_.Alive(e->tag) > 0) Wrong(e->tag + " is forgotten and lives");
    if (Find(e->tag) != nullptr) Wrong(e->tag + " is forgotten");
    known_.erase(e->tag);
  } else if (const auto* e = std::get_if<Note>(&effect)) {
    counts_->paused += e->event == "entry.throttled";
    counts_->given_up += e->event == "entry.givenup";
    counts_->reached += e->event == "group.reached";
  } else if (std::holds_alternative<Leave>(effect)) {
    if (world_.alive() > 0 && world_.Notes("halt.incomplete") == 0 &&
        world_.Notes("halt.forced") == 0) {
      Wrong("we leave, and something lives");
    }
  }
}

void Sim::WatchStart(const StartEntry& e) {
  counts_->starts++;
  HearOfLevels();
  const std::string& tag = e.entry->tag;
  const Entry* truth = Find(tag);
  if (truth == nullptr) return Wrong(tag + " is started and in no table");
  if (world_.MainAlive(tag)) return Wrong(tag + " is started twice");
  if (truth->attributes.forking && world_.Alive(tag) > 0) {
    return Wrong(tag + " is started beside its own processes");
  }
  // What has come of the same event may have told its group another level.
  if (!Wanted(*truth) && !consequences_) {
    return Wrong(tag + " is started and nobody wants it");
  }
  Known& k = known_[tag];
  if (k.finished.has_value() && !k.older && !k.excused && !consequences_ &&
      !Respawns(truth->mode)) {
    return Wrong(tag + " has finished and is run again");
  }
  WatchNeeds(*truth);
  const bool by_hand = by_hand_.contains(tag);
  if (k.first && !by_hand && !k.excused && !consequences_) WatchOrder(*truth);
  WatchThrottle(*truth);
  k.empty = false;
  k.first = k.stopping = k.renewed = k.older = false;
  k.finished.reset();
  k.started = world_.now();
  k.stop_by = absl::InfiniteFuture();
}

void Sim::WatchOrder(const Entry& e) {
  bool before = true;
  for (const Entry& other : table_.entries) {
    before &= other.tag != e.tag;
    if (other.group != e.group || other.tag == e.tag) continue;
    const Known& k = known_[other.tag];
    if (!InLevel(other) && world_.Alive(other.tag) > 0 &&
        !by_hand_.contains(other.tag) &&
        world_.View(other.tag).tree) {  // else it is of another group yet
      Wrong(absl::StrCat(e.tag, " is started before ", other.tag, " is gone"));
    }
    if (!InLevel(other) || by_hand_.contains(other.tag) || k.excused ||
        !Simple(other)) {
      continue;
    }
    if (before && Blocks(other.mode)) {
      if (world_.MainAlive(other.tag) || !k.ran) {
        Wrong(absl::StrCat(e.tag, " does not wait for ", other.tag));
      }
      const bool failed = other.mode == Mode::kTest && k.finished.has_value() &&
                          !k.finished->ok();
      if (other.attributes.gate && failed) {
        Wrong(absl::StrCat(e.tag, " is started behind the gate ", other.tag));
      }
    }
    const std::vector<std::string>& after = e.attributes.after;
    if (std::find(after.begin(), after.end(), other.tag) != after.end() &&
        !k.ran) {
      Wrong(absl::StrCat(e.tag, " does not come after ", other.tag));
    }
  }
}

void Sim::WatchNeeds(const Entry& e) {
  for (const std::string& tag : e.attributes.needs) {
    const Entry* need = Find(tag);
    if (need == nullptr || need->attributes.lazy) continue;
    // How one ends that is no process any more, is not known here.
    if (need->attributes.forking && !Respawns(need->mode)) continue;
    const Known& k = known_[tag];
    const bool met =
        Blocks(need->mode)
            ? k.finished.has_value() && k.finished->ok()
            : !k.empty || (k.finished.has_value() && k.finished->ok());
    if (!met) Wrong(absl::StrCat(e.tag, " is started without ", tag));
  }
  for (const auto& [name, level] : e.attributes.needs_groups) {
    if (consequences_) return;
    const auto found = level_.find(name);
    if (found == level_.end() || found->second != level) {
      Wrong(absl::StrCat(e.tag, " is started without ", name, "@", level));
    }
  }
}

void Sim::WatchThrottle(const Entry& e) {
  Known& k = known_[e.tag];
  const Attributes& a = e.attributes;
  k.starts.push_back(world_.now());
  k.unsteady++;
  if (!a.backoff.has_value()) {
    const auto recent = std::count_if(
        k.starts.begin(), k.starts.end(),
        [&](absl::Time t) { return t > world_.now() - a.limit.within; });
    // A rest that is shorter than the span leaves some of them within it.
    if (recent > a.limit.starts && a.limit.pause >= a.limit.within) {
      Wrong(absl::StrCat(e.tag, " is started ", recent, " times in ",
                         absl::FormatDuration(a.limit.within)));
    }
  }
  if (a.max_restarts.has_value() && k.unsteady > *a.max_restarts + 1 &&
      !consequences_) {
    Wrong(
        absl::StrCat(e.tag, " has not given up after ", k.unsteady, " starts"));
  }
}

// --- at each signal, and each event ------------------------------------------

void Sim::WatchSignal(const SignalTree& e) {
  if (e.signal == 18) return;
  Known& k = known_[e.tag];
  if (k.empty) return Wrong(e.tag + " is signalled, and nothing of it lives");
  if (e.signal == kOperators) return;
  if (e.signal == 9) {
    counts_->kills++;
    k.stop_by = absl::InfiniteFuture();
    return;
  }
  k.stopping = true;
  // One that moves to another group is stopped as it was before.
  if (const Entry* own = Find(e.tag);
      own != nullptr && Views(e.tag).size() == 1) {
    k.stop_by = world_.now() + own->attributes.stop_timeout;
  }
  for (const Entry& other : table_.entries) {
    const std::vector<std::string>& needs = other.attributes.needs;
    if (world_.Notes("halt.forced") > 0 || other.tag == e.tag) continue;
    if (std::find(needs.begin(), needs.end(), e.tag) == needs.end()) continue;
    // Between two tables links differ, and what failed stops at once.
    const Entry* own = Find(e.tag);
    if (own == nullptr || own->group != other.group) continue;
    // It may itself wait for those that need it.
    bool waits = false;
    for (const Entry& third : table_.entries) {
      const std::vector<std::string>& its = third.attributes.needs;
      waits |= world_.Alive(third.tag) > 0 &&
               std::find(its.begin(), its.end(), other.tag) != its.end();
    }
    // One that moves to this group is not of it before; who needs it, needs
    // the one that comes.
    if (waits || Views(other.tag).size() != 1 || Views(e.tag).size() != 1) {
      continue;
    }
    const Known& o = known_[other.tag];
    if (world_.Alive(other.tag) > 0 && !o.empty && !o.stopping &&
        MayBeUp(other.tag)) {
      Wrong(absl::StrCat(e.tag, " is stopped before ", other.tag));
    }
  }
}

bool Sim::MayBeUp(const std::string& tag) const {
  for (const EntryView& v : Views(tag)) {
    if (v.state == EntryState::kUp || v.state == EntryState::kStarting) {
      return true;
    }
  }
  return false;
}

void Sim::WatchEvent(const Event& event) {
  if (trace_) Trace(event);
  if (const auto* e = std::get_if<Empty>(&event)) {
    // It may have been started again since.
    if (world_.Alive(e->tag) > 0) return;
    Known& k = known_[e->tag];
    k.empty = true;
    k.stop_by = absl::InfiniteFuture();
    const Entry* entry = Find(e->tag);
    if (entry != nullptr && entry->attributes.forking &&
        world_.now() - k.started >= entry->attributes.steady) {
      k.unsteady = 0;
    }
    if (entry != nullptr && entry->attributes.forking && !k.stopping &&
        !k.renewed && !Respawns(entry->mode)) {
      k.finished = k.last;
    }
  } else if (const auto* e = std::get_if<Started>(&event)) {
    for (auto& [tag, k] : known_) {
      if (world_.View(tag).run == e->run) k.ran = true;
    }
  } else if (const auto* e = std::get_if<Ended>(&event)) {
    for (auto& [tag, k] : known_) {
      if (world_.View(tag).run != e->run) continue;
      const Entry* entry = Find(tag);
      if (entry == nullptr) continue;
      if (world_.now() - k.started >= entry->attributes.steady) k.unsteady = 0;
      k.last = e->end;
      if (!k.stopping && !k.renewed && !Respawns(entry->mode) &&
          !entry->attributes.forking) {
        k.finished = e->end;
      }
    }
  }
}

// Consequences tell groups levels, which ends what operators said.
void Sim::HearOfLevels() {
  if (!consequences_) return;
  absl::erase_if(by_hand_, [&](const auto& wish) {
    return !world_.View(wish.first).by_hand;
  });
}

// --- at each rest ------------------------------------------------------------

void Sim::AtRest() {
  counts_->steps++;
  HearOfLevels();
  if (world_.left().has_value()) return;
  const Supervision& s = world_.s();
  if (s.wake_at() < world_.now()) Wrong("it should have been woken before");
  if (s.quiet() && world_.alive() > 0)
    Wrong("it is quiet, and something lives");
  if (s.quiet() && s.wake_at() != absl::InfiniteFuture()) {
    Wrong("it is quiet, and will be woken");
  }
  for (const std::string& tag : world_.LivingTags()) CheckAlive(tag);
  for (const Entry& e : table_.entries) CheckRespawn(e);
}

void Sim::CheckAlive(const std::string& tag) {
  const Known& k = known_[tag];
  if (k.stop_by < world_.now()) Wrong(tag + " should have been killed");
  const Entry* e = Find(tag);
  const std::vector<EntryView> views = Views(tag);
  if (e != nullptr && Wanted(*e) && views.size() == 1) return;
  // One that was adopted and is of no table is of no group, and not seen.
  bool stops = k.stranger && k.stopping;
  for (const EntryView& v : views) stops |= v.state == EntryState::kStopping;
  if (stops) return;
  // It may wait for others to be gone.
  for (const GroupView& group : world_.s().Groups()) {
    for (const EntryView& v : group.entries) {
      if (v.state == EntryState::kStopping && v.entry->tag != tag) return;
    }
  }
  Wrong(tag + " lives, nobody wants it, and it is not being stopped");
}

void Sim::CheckRespawn(const Entry& e) {
  if (!Respawns(e.mode) || !Wanted(e)) return;
  if (world_.MainAlive(e.tag)) return;
  if (e.attributes.forking && world_.Alive(e.tag) > 0) return;
  const GroupView group = world_.Group(e.group);
  if (group.state != GroupState::kUp && group.state != GroupState::kFailed) {
    return;
  }
  const EntryView v = world_.View(e.tag);
  switch (v.state) {
    case EntryState::kPaused:
      if (v.next < world_.now() || v.next == absl::InfiniteFuture()) {
        Wrong(e.tag + " is paused for ever");
      }
      return;
    case EntryState::kStopping:
      return;
    case EntryState::kGivenUp:
      if (!e.attributes.max_restarts.has_value()) Wrong(e.tag + " gave up");
      return;
    case EntryState::kIdle: {
      // What it left is to go before the next one, and after those who need it.
      for (const EntryView& other : group.entries) {
        if (v.tree && other.state == EntryState::kStopping) return;
      }
      bool gate = false;
      for (const Entry& other : table_.entries) {
        gate |= other.group == e.group && other.attributes.gate;
      }
      const bool waits = !e.attributes.needs.empty() ||
                         !e.attributes.needs_groups.empty() ||
                         !e.attributes.after.empty() || e.attributes.lazy;
      if (!gate && !waits && Views(e.tag).size() == 1) {
        Wrong(e.tag + " is dead, and nothing will start it");
      }
      return;
    }
    case EntryState::kStarting:
    case EntryState::kUp:
    case EntryState::kFinished:
      return Wrong(e.tag + " is dead, and believed to be alive");
  }
}

// --- at the end --------------------------------------------------------------

void Sim::AtEnd() {
  if (halting_ || world_.s().halting()) {
    if (!world_.left().has_value()) Wrong("the halt does not end");
    return;
  }
  for (const std::string& tag : world_.LivingTags()) {
    const Entry* e = Find(tag);
    if (e == nullptr || !Wanted(*e)) Wrong(tag + " lives at the end");
  }
  absl::btree_set<std::string> unreached;
  for (const GroupView& group : world_.s().Groups()) {
    if (!consequences_ && level_.contains(group.name) &&
        group.level != level_[group.name]) {
      Wrong(absl::StrCat(group.name, " is in level ", group.level));
    }
    counts_->failed_groups += group.state == GroupState::kFailed;
    bool waits = false;  // for another group, or for what never ends
    for (const EntryView& v : group.entries) {
      if (Find(v.entry->tag) == nullptr) Wrong(v.entry->tag + " is not gone");
      // One that was started as a respawn, and is a wait since a crash.
      waits |= Blocks(v.entry->mode) && Lives(*v.entry);
      waits |= v.state == EntryState::kIdle &&
               !v.entry->attributes.needs_groups.empty();
      CheckEnd(*v.entry, group);
    }
    switch (group.state) {
      case GroupState::kIdle:
      case GroupState::kUp:
      case GroupState::kFailed:
        break;
      case GroupState::kStarting:
        unreached.insert(group.name);
        if (waits) break;
        [[fallthrough]];
      case GroupState::kStopping:
      case GroupState::kHalting:
        Wrong(group.name + " does not come to rest");
    }
  }
  for (const auto& [client, group] : clients_) {
    if (!world_.LastWord(client).has_value() && !unreached.contains(group)) {
      Wrong(absl::StrCat("client ", client, " of ", group, " has no answer"));
    }
  }
}

void Sim::CheckEnd(const Entry& read, const GroupView& group) {
  const Entry* e = Find(read.tag);
  if (e == nullptr) return;
  const EntryView v = world_.View(e->tag);
  if (!Wanted(*e)) return;
  if (v.entry->command != e->command) Wrong(e->tag + " is of an old table");
  if (group.state != GroupState::kUp || !Simple(*e)) return;
  const bool ended =
      v.state == EntryState::kFinished || v.state == EntryState::kUp;
  if (Respawns(e->mode) && world_.Alive(e->tag) == 0) {
    Wrong(e->tag + " does not run at the end");
  }
  if (!Respawns(e->mode) && !ended) Wrong(e->tag + " was not run");
}

}  // namespace isinit
