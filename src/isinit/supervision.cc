#include "isinit/supervision.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "isinit/supervision_state.h"

namespace isinit {

Supervision::Supervision(uint64_t seed)
    : state_(std::make_unique<State>(seed)) {}
Supervision::~Supervision() = default;

std::vector<Effect> Supervision::On(const Event& event, absl::Time now) {
  State& s = *state_;
  s.c.turn.effects.clear();
  s.c.turn.now = std::max(s.c.turn.now, now);
  if (s.halt.left) return {};
  const bool replay = std::holds_alternative<Adopted>(event) ||
                      std::holds_alternative<StoppedByHand>(event) ||
                      std::holds_alternative<Finished>(event);
  if (s.replaying && !replay) s.EndReplay();
  std::visit([&](const auto& e) { s.Handle(e); }, event);
  if (!s.replaying) {
    s.Settle();
    s.FireTimers();
    if (s.c.halting) s.GoOnHalting();
  }
  s.TellChanges();
  return std::move(s.c.turn.effects);
}

absl::Time Supervision::wake_at() const {
  const State& s = *state_;
  if (s.halt.left) return absl::InfiniteFuture();
  if (s.replaying) return s.c.now();
  absl::Time at = std::min(s.halt.force_at, s.halt.leave_at);
  if (!s.c.timers.empty()) at = std::min(at, s.c.timers.begin()->first.at);
  return at;
}

bool Supervision::halting() const { return state_->c.halting; }

bool Supervision::quiet() const {
  const State& s = *state_;
  return s.c.live == 0 && s.c.timers.empty() && s.c.line.empty() &&
         !s.replaying;
}

// --- events ------------------------------------------------------------------

Member* Supervision::State::Find(absl::string_view tag) const {
  const auto found = members.find(tag);
  return found == members.end() ? nullptr : found->second.get();
}

Member* Supervision::State::FindLiving(absl::string_view tag) const {
  const auto found = moved.find(tag);
  return found == moved.end() ? Find(tag) : found->second.get();
}

Member* Supervision::State::Find(Run run) const {
  const auto found = c.runs.find(run);
  return found == c.runs.end() ? nullptr : found->second;
}

void Supervision::State::KnowAnew(Member& m, Run before) {
  if (m.states.run() == before) return;
  c.runs.erase(before);
  c.Know(m.states.run(), m);
}

void Supervision::State::Touch(Member& m) {
  c.Touch(m);
  c.Changed(*m.group);
}

void Supervision::State::Handle(const Tell& e) {
  if (c.halting) {
    return c.Tell(e.client, Answer::Kind::kRefused, "everything halts");
  }
  GroupStates* group = c.Group(e.group);
  if (group == nullptr || group->order.empty()) {
    return c.Tell(e.client, Answer::Kind::kNoGroup,
                  absl::StrCat("no such group: ", e.group));
  }
  group->OnTell(e, /*fresh=*/true, c);
}

void Supervision::State::Handle(const Started& e) {
  Member* m = Find(e.run);
  if (m == nullptr) return;
  m->states.OnStarted(e.pid, c.turn);
  Touch(*m);
}

void Supervision::State::Handle(const NotStarted& e) {
  Member* m = Find(e.run);
  if (m == nullptr) return;
  m->states.OnNotStarted(e.why, c.turn);
  Touch(*m);
}

void Supervision::State::Handle(const Ready& e) {
  Member* m = Find(e.run);
  if (m == nullptr) return;
  m->states.OnReady(c.turn);
  Touch(*m);
}

void Supervision::State::Handle(const Ended& e) {
  Member* m = Find(e.run);
  if (m == nullptr) return;
  m->states.OnEnded(e.end, c.turn);
  Touch(*m);
}

void Supervision::State::Handle(const Empty& e) {
  Member* m = FindLiving(e.tag);
  if (m == nullptr) return;
  m->states.OnEmpty(c.turn);
  Touch(*m);
}

void Supervision::State::Handle(const HealthFailed& e) {
  Member* m = Find(e.run);
  if (m == nullptr) return;
  m->states.OnHealthFailed(e.why, c.turn);
  Touch(*m);
}

void Supervision::State::Handle(const HealthPassed& e) {
  Member* m = Find(e.run);
  if (m == nullptr) return;
  m->states.OnHealthPassed(c.turn);
  Touch(*m);
}

void Supervision::State::Handle(const Wanted& e) {
  Member* m = Find(e.tag);
  if (m == nullptr || !m->attributes().lazy) return;
  m->called = m->group->Wanted(*m, c);
  Touch(*m);
}

void Supervision::State::Handle(const Adopted& e) {
  replaying = true;
  Member* m = Find(e.tag);
  if (m == nullptr) {
    // Nobody knows what it was: it goes, as what is gone from the table does.
    Entry unknown;
    unknown.tag = e.tag;
    m = &Add(std::make_shared<const Entry>(std::move(unknown)));
    m->group->leavers.push_back(m);
    Remove(*m);
  } else {
    m->group->OnAdopted(e.level, c);
    if (e.by_hand) {
      m->by_hand = m->in_level ? Member::ByHand::kStop : Member::ByHand::kStart;
    }
  }
  const Run before = m->states.run();
  m->states.OnAdopted(c.last_run + 1, e.pid, e.since, c.turn);
  KnowAnew(*m, before);
  m->called = m->attributes().lazy;
  Touch(*m);
}

void Supervision::State::Handle(const StoppedByHand& e) {
  replaying = true;
  Member* m = Find(e.tag);
  if (m == nullptr) return;
  m->group->OnAdopted(e.level, c);
  if (m->in_level) m->by_hand = Member::ByHand::kStop;
  Touch(*m);
}

void Supervision::State::Handle(const Finished& e) {
  replaying = true;
  Member* m = Find(e.tag);
  if (m == nullptr) return;
  m->group->OnAdopted(e.level, c);
  const Run before = m->states.run();
  if (m->in_level) m->states.OnFinished(c.last_run + 1, e.end, c.turn);
  KnowAnew(*m, before);
  Touch(*m);
}

void Supervision::State::Handle(const Halt& e) {
  if (e.client != 0) halt.clients.push_back(e.client);
  if (!c.halting) BeginHalt("", "somebody said so");
}

void Supervision::State::Handle(const Woken&) {}

// --- what follows ------------------------------------------------------------

void Supervision::State::EndReplay() {
  replaying = false;
  // First everybody knows of everybody, then decides.
  for (const auto& [tag, m] : members) m->group->Publish(*m, c);
  for (const auto& [name, group] : c.groups) {
    for (Member* m : group->leavers) c.Touch(*m);
    for (Member* m : group->order) c.Touch(*m);
  }
}

void Supervision::State::Settle() {
  for (;;) {
    if (!c.turn.demands.empty()) {
      // First: what is started for a level that is left is started in vain.
      const std::vector<Demand> demands = std::move(c.turn.demands);
      c.turn.demands.clear();
      for (const Demand& demand : demands) Follow(demand);
    } else if (!c.touched.empty()) {
      Member& m = *c.touched.front();
      c.touched.pop_front();
      m.touched = false;
      m.group->Look(m, c);
      if (!m.in_table && !m.touched && !m.states.live()) Retire(m);
    } else if (!c.line.empty() &&
               (c.parallel == 0 || c.starting < c.parallel)) {
      Member& m = *c.line.front();
      c.line.pop_front();
      m.in_line = false;
      c.Touch(m);
    } else if (!c.touched_groups.empty()) {
      GroupStates& group = *c.touched_groups.front();
      c.touched_groups.pop_front();
      group.touched = false;
      group.Advance(c);
    } else {
      return;
    }
  }
}

void Supervision::State::FireTimers() {
  while (!c.timers.empty() && c.timers.begin()->first.at <= c.now()) {
    Member& m = *c.timers.begin()->second;
    m.states.OnTimer(c.turn);
    Touch(m);
    Settle();
  }
}

void Supervision::State::TellChanges() {
  for (GroupStates* group : c.changed_groups) {
    group->changed = false;
    c.turn.effects.push_back(GroupChanged{group->name()});
  }
  c.changed_groups.clear();
}

void Supervision::State::Follow(const Demand& demand) {
  using Kind = Consequence::Kind;
  Member* m = Find(demand.tag);
  if (m == nullptr || c.halting) return;
  const std::string why = absl::StrCat(demand.tag, ": ", demand.why);
  switch (demand.what.kind) {
    case Kind::kNone:
      return;
    case Kind::kRestart:
      m->renew = Member::Renew::kFailed;
      return Touch(*m);
    case Kind::kStopGroup:
      return m->group->OnStop(why, c);
    case Kind::kLevel:
      // The throttle goes on counting: two levels that send each other on
      // must not go round and round.
      return m->group->OnTell(
          {.group = m->group->name(), .level = demand.what.level},
          /*fresh=*/false, c);
    case Kind::kExit:
      return BeginHalt(demand.tag, why);
    case Kind::kReboot:
      halt.reboot = true;
      return BeginHalt("", why);
  }
}

}  // namespace isinit
