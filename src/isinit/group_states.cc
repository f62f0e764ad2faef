#include "isinit/group_states.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

namespace isinit {

using ByHand = Member::ByHand;
using Renew = Member::Renew;

void Common::Touch(Member& m) {
  if (!m.touched) touched.push_back(&m);
  m.touched = true;
}

void Common::Touch(GroupStates& g) {
  Changed(g);
  if (!g.touched) touched_groups.push_back(&g);
  g.touched = true;
}

void Common::Changed(GroupStates& g) {
  if (!g.changed) changed_groups.push_back(&g);
  g.changed = true;
}

void Common::Know(Run run, Member& m) {
  last_run = run;
  runs[run] = &m;
}

void Common::Tell(uint64_t client, Answer::Kind kind, std::string text) {
  if (client != 0) {
    turn.effects.push_back(Answer{client, kind, std::move(text)});
  }
}

GroupStates* Common::Group(absl::string_view name) const {
  const auto found = groups.find(name);
  return found == groups.end() ? nullptr : found->second.get();
}

// --- what happens to it ------------------------------------------------------

void GroupStates::OnTell(const isinit::Tell& tell, bool fresh, Common& c) {
  const bool same = level_ == tell.level;
  if (!same) {
    Answers(Answer::Kind::kSuperseded,
            absl::StrCat(name_, " is told level ", tell.level), c);
    SetReached(false, c);
  }
  if (tell.client != 0) clients_.push_back(tell.client);
  c.turn.effects.push_back(
      Note{"group.told", {{"group", name_}, {"level", tell.level}}});
  level_ = tell.level;
  c.Tell(tell.client, Answer::Kind::kProgress,
         HasLevel(level_) ? absl::StrCat(name_, " goes to level ", level_)
                          : absl::StrCat(name_, " goes to level ", level_,
                                         ", which no entry of it has"));
  EnterLevel({tell.again, fresh, tell.resumed}, c);
}

void GroupStates::EnterLevel(const Entering& how, Common& c) {
  for (Member* m : order) EnterLevel(*m, how, c);
  // Who goes is known of all before the first of them does.
  for (Member* m : order) Publish(*m, c);
  for (auto m = order.rbegin(); m != order.rend(); ++m) Look(**m, c);
  Begin(c);
}

void GroupStates::EnterLevel(Member& m, const Entering& how, Common& c) {
  const bool was = m.in_level;
  const EntryState state = m.states.state();
  if (!how.resumed) m.by_hand = ByHand::kNo;
  m.in_level = RunsInLevels(m.states.entry().mode) && !level_.empty() &&
               m.states.entry().levels.Has(level_);
  if (!m.in_level || !was) m.released = m.had_start = false;
  // What runs goes on as before; what waits, waits for its turn.
  if (state == EntryState::kIdle || state == EntryState::kPaused ||
      state == EntryState::kStopping) {
    m.released = false;
  }
  if (!m.in_level) return;
  if (!was && how.fresh) m.states.Refresh(c.turn);
  if (state == EntryState::kFinished || state == EntryState::kGivenUp) {
    // The wish of an earlier tell to run it again goes with that.
    m.renew = how.again ? Renew::kFresh : Renew::kNo;
    if (how.again) m.released = m.had_start = false;
  }
}

void GroupStates::OnStop(const std::string& why, Common& c) {
  Answers(Answer::Kind::kSuperseded, why, c);
  SetReached(false, c);
  level_.clear();
  EnterLevel({}, c);
}

void GroupStates::OnHalt(Common& c) {
  Answers(Answer::Kind::kSuperseded, "everything halts", c);
  Enter(GroupState::kHalting, c);
}

void GroupStates::OnAdopted(const std::string& level, Common& c) {
  switch (state_) {
    case GroupState::kIdle:
      level_ = level;
      // It was, or what needs it would not have been started.
      reached_ = true;
      for (Member* m : order) EnterLevel(*m, {}, c);
      return Begin(c);
    case GroupState::kStarting:
    case GroupState::kStopping:
    case GroupState::kUp:
    case GroupState::kFailed:
    case GroupState::kHalting:
      return;
  }
}

void GroupStates::OnTable(Common& c) {
  if (order.empty() && state_ != GroupState::kIdle) {
    return OnStop(absl::StrCat(name_, " is gone from the table"), c);
  }
  bool reason = false;
  for (Member* m : order) {
    const bool was = m->in_level;
    m->in_level = RunsInLevels(m->states.entry().mode) && !level_.empty() &&
                  m->states.entry().levels.Has(level_);
    if (m->in_level != was) {
      // Its level wants the same now; or the opposite, which is news.
      m->by_hand = ByHand::kNo;
      m->released = m->had_start = false;
    }
    reason |= m->in_level && !m->released;
  }
  switch (state_) {
    case GroupState::kIdle:
    case GroupState::kHalting:
      return;
    case GroupState::kUp:
    case GroupState::kFailed:
      if (reason) Begin(c);
      return;
    case GroupState::kStarting:
    case GroupState::kStopping:
      return Begin(c);
  }
}

// From the start of a change; all that must go has been looked at, or will be
// before Advance.
void GroupStates::Begin(Common& c) {
  cursor_ = 0;
  if (gate_closed_) {
    gate_closed_ = false;
    for (Member* m : order) c.Touch(*m);
  }
  Enter(GroupState::kStopping, c);
}

void GroupStates::Enter(GroupState state, Common& c) {
  state_ = state;
  c.Touch(*this);
}

void GroupStates::Advance(Common& c) {
  switch (state_) {
    case GroupState::kIdle:
    case GroupState::kHalting:
      return;
    case GroupState::kStopping:
      if (leaving_ > 0) return;
      return Enter(level_.empty() ? GroupState::kIdle : GroupState::kStarting,
                   c);
    case GroupState::kStarting:
      Release(c);
      // What was released is looked at first.
      if (!c.touched.empty()) return c.Touch(*this);
      return Conclude(c);
    case GroupState::kUp:
    case GroupState::kFailed:
      state_ = failed_ > 0 ? GroupState::kFailed : GroupState::kUp;
      return;
  }
}

void GroupStates::Release(Common& c) {
  while (cursor_ < order.size() && !gate_closed_) {
    Member& m = *order[cursor_];
    if (m.in_level && !m.released) {
      m.released = true;
      c.Touch(m);
      if (Blocks(m.states.entry().mode)) return c.Touch(*this);
    }
    if (m.in_level && Blocks(m.states.entry().mode)) {
      if (!m.standing.over) return;
      if (m.attributes().gate && m.standing.failed) return CloseGate(c);
    }
    cursor_++;
  }
}

// Those behind it are shut out, and those that wait for them hear of it.
void GroupStates::CloseGate(Common& c) {
  gate_closed_ = true;
  for (size_t n = cursor_ + 1; n < order.size(); n++) c.Touch(*order[n]);
}

void GroupStates::Conclude(Common& c) {
  if (pending_ > 0 || (cursor_ < order.size() && !gate_closed_)) return;
  Enter(failed_ > 0 ? GroupState::kFailed : GroupState::kUp, c);
  SetReached(true, c);
  c.turn.effects.push_back(Note{"group.reached",
                                {{"group", name_},
                                 {"level", level_},
                                 {"tests", failed_ > 0 ? "failed" : "ok"}}});
  if (failed_ > 0) {
    Answers(Answer::Kind::kTestFailed,
            absl::StrCat(name_, " is in level ", level_, ", a test failed"), c);
  } else {
    Answers(Answer::Kind::kDone,
            absl::StrCat(name_, " is in level ", level_,
                         HasLevel(level_) ? "" : ", which no entry of it has"),
            c);
  }
}

void GroupStates::SetReached(bool reached, Common& c) {
  if (reached != reached_) {
    for (Member* m : needers) c.Touch(*m);
  }
  reached_ = reached;
}

void GroupStates::Answers(Answer::Kind kind, const std::string& text,
                          Common& c) {
  for (const uint64_t client : clients_) c.Tell(client, kind, text);
  clients_.clear();
}

// --- how it stands -----------------------------------------------------------

bool GroupStates::HasLevel(absl::string_view level) const {
  for (const Member* m : order) {
    const Entry& e = m->states.entry();
    if (RunsInLevels(e.mode) && e.levels.Has(level)) return true;
  }
  return false;
}

const Member* GroupStates::Awaited() const {
  return state_ == GroupState::kStarting && cursor_ < order.size()
             ? order[cursor_]
             : nullptr;
}

void GroupStates::Unlink() {
  order.clear();
  leavers.clear();
  needers.clear();
  pending_ = leaving_ = failed_ = live_needers = 0;
}

void Member::Unlink() {
  needs.clear();
  after.clear();
  needers.clear();
  followers.clear();
  needs_unmet = needs_hopeless = after_unmet = 0;
  live_needers = going_followers = 0;
  standing = {};
}

}  // namespace isinit
