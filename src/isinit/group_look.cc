// A look at one entry: what it needs now, and how it stands then.
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "isinit/group_states.h"

namespace isinit {

using ByHand = Member::ByHand;
using Renew = Member::Renew;

namespace {

bool HasEnded(EntryState state) {
  return state == EntryState::kFinished || state == EntryState::kGivenUp;
}

}  // namespace

bool Member::Waits() const {
  return attributes().lazy && !called && released &&
         states.state() == EntryState::kIdle && by_hand != ByHand::kStart;
}

bool GroupStates::Wanted(const Member& m, const Common& c) const {
  if (c.halting || !m.in_table) return false;
  switch (m.by_hand) {
    case ByHand::kNo:
      return m.in_level;
    case ByHand::kStart:
      return RunsInLevels(m.states.entry().mode);
    case ByHand::kStop:
      return false;
  }
  return false;
}

bool GroupStates::OutsideMet(const Member& m, const Common& c) const {
  for (const auto& [name, level] : m.attributes().needs_groups) {
    const GroupStates* group = c.Group(name);
    if (group == nullptr || !group->Reached(level)) return false;
  }
  return true;
}

void GroupStates::Look(Member& m, Common& c) {
  const bool wanted = Wanted(m, c);
  if (!wanted) m.had_start = m.called = false;
  switch (m.states.state()) {
    case EntryState::kIdle:
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
      LookAtResting(m, wanted, c);
      break;
    case EntryState::kStarting:
    case EntryState::kUp:
      LookAtLive(m, wanted, c);
      break;
    case EntryState::kStopping:
      // What was stopped because it failed is not tried again then.
      if (!wanted) m.states.Stop(EntryStates::After::kIdle, c.turn);
      break;
  }
  const EntryState now = m.states.state();
  if (now == EntryState::kUp || now == EntryState::kPaused || HasEnded(now)) {
    m.had_start = wanted;
  }
  Publish(m, c);
}

void GroupStates::LookAtResting(Member& m, bool wanted, Common& c) {
  m.stop_wanted = false;
  if (!wanted) {
    m.renew = Renew::kNo;
    // One that an operator stops when it has finished, has finished.
    const bool stays = m.by_hand == ByHand::kStop && !c.halting &&
                       m.states.state() == EntryState::kFinished;
    if (!stays) m.states.Leave(c.turn);
    if (m.states.live()) StopInTurn(m, EntryStates::After::kAsBefore, c);
    return;
  }
  if (m.renew != Renew::kNo) {
    if (m.states.live()) return StopInTurn(m, EntryStates::After::kIdle, c);
    // A test that failed a later look decides again; nothing else that has
    // finished or given up is run again for having failed.
    const bool decides = m.states.entry().mode == Mode::kTest &&
                         m.states.state() == EntryState::kFinished;
    if (m.renew == Renew::kFresh) {
      m.states.Refresh(c.turn);
    } else if (decides) {
      m.states.Leave(c.turn);
    }
    m.renew = Renew::kNo;
  }
  if (m.states.state() != EntryState::kIdle || !MayStart(m, c)) return;
  // What a forking one left behind would be taken for the next one.
  if (m.attributes().forking && m.states.live()) {
    return StopInTurn(m, EntryStates::After::kIdle, c);
  }
  const Run before = m.states.run();
  m.states.Start(c.last_run + 1, level_, c.turn);
  if (m.states.run() == before) return;  // the throttle
  c.runs.erase(before);
  c.Know(m.states.run(), m);
}

void GroupStates::LookAtLive(Member& m, bool wanted, Common& c) {
  const bool stays =
      wanted && m.renew == Renew::kNo && m.needs_unmet == 0 && OutsideMet(m, c);
  if (stays) {
    m.stop_wanted = false;
    return;
  }
  const bool failed = wanted && m.renew == Renew::kFailed;
  StopInTurn(
      m, failed ? EntryStates::After::kFailed : EntryStates::After::kIdle, c);
}

// Those that need it, or came after it and go too, go first.
void GroupStates::StopInTurn(Member& m, EntryStates::After after, Common& c) {
  m.stop_wanted = true;
  if (!MayStop(m, c)) return;
  if (m.renew == Renew::kFailed) m.renew = Renew::kNo;
  m.states.Stop(after, c.turn);
}

bool GroupStates::MayStop(const Member& m, const Common& c) const {
  if (c.forced) return true;
  if (m.live_needers > 0 || m.going_followers > 0) return false;
  return !c.halting || live_needers == 0;
}

bool GroupStates::MayStart(Member& m, Common& c) {
  if (m.comes || m.needs_unmet > 0 || !OutsideMet(m, c)) return false;
  if (m.by_hand == ByHand::kStart) return true;
  if (!m.released || (m.attributes().lazy && !m.called)) return false;
  // What held up its first start in this level does not hold up the next.
  if (m.had_start) return true;
  if (m.after_unmet > 0) return false;
  if (c.parallel == 0 || c.starting < c.parallel) return true;
  // Those of a level that is reached come back one by one anyway.
  if (state_ != GroupState::kStarting) return true;
  if (!m.in_line) c.line.push_back(&m);
  m.in_line = true;
  return false;
}

// --- how it stands then ------------------------------------------------------

// Behind a test that failed, and that holds up the level.
bool GroupStates::ShutOut(const Member& m) const {
  return gate_closed_ && m.in_level && !m.released &&
         m.by_hand != ByHand::kStart;
}

Standing GroupStates::StandingOf(const Member& m, const Common& c) const {
  const EntryState state = m.states.state();
  const bool wanted = Wanted(m, c), blocks = Blocks(m.states.entry().mode);
  const bool ended = HasEnded(state) && m.renew == Renew::kNo;
  const bool shut_out = ShutOut(m);
  Standing s;
  s.live = m.states.live();
  s.going = s.live && !wanted;
  s.needing = s.going || state == EntryState::kStarting ||
              state == EntryState::kUp || state == EntryState::kStopping;
  const bool lazily = m.attributes().lazy && wanted &&
                      (m.Waits() || state == EntryState::kStarting);
  s.met =
      wanted && !m.stop_wanted && m.renew == Renew::kNo &&
      ((state == EntryState::kUp && !blocks) || m.states.succeeded() || lazily);
  s.hopeless = !s.met && (!wanted || ended || m.needs_hopeless > 0 || shut_out);
  s.over = !m.in_level || ended || m.needs_hopeless > 0 || m.Waits() ||
           (m.by_hand == ByHand::kStop && !s.live);
  s.past = !wanted || shut_out || m.Waits() ||
           (blocks ? s.over
                   : state == EntryState::kUp || ended || m.needs_hopeless > 0);
  s.pending = m.in_level && m.released && m.by_hand == ByHand::kNo &&
              !(blocks ? s.over : s.past || m.had_start);
  s.leaving = s.live && !m.in_level && m.by_hand != ByHand::kStart;
  s.starting = state == EntryState::kStarting;
  s.failed = m.in_level && m.states.entry().mode == Mode::kTest && ended &&
             !m.states.succeeded();
  return s;
}

void GroupStates::Publish(Member& m, Common& c) {
  const Standing was = m.standing, is = StandingOf(m, c);
  m.standing = is;
  if (m.armed != m.states.timer()) {
    c.timers.erase({m.armed, m.id});
    m.armed = m.states.timer();
    if (m.armed != absl::InfiniteFuture()) c.timers[{m.armed, m.id}] = &m;
  }
  if (!m.clients.empty()) AnswerClients(m, c);
  if (was == is) return;
  c.live += is.live - was.live;
  c.starting += is.starting - was.starting;
  pending_ += is.pending - was.pending;
  leaving_ += is.leaving - was.leaving;
  failed_ += is.failed - was.failed;
  c.Touch(*this);
  if (is.met != was.met || is.hopeless != was.hopeless) {
    for (Member* d : m.needers) {
      d->needs_unmet += was.met - is.met;
      d->needs_hopeless += is.hopeless - was.hopeless;
      c.Touch(*d);
    }
  }
  if (is.past != was.past) {
    for (Member* d : m.followers) {
      d->after_unmet += was.past - is.past;
      if (d->after_unmet == 0) c.Touch(*d);
    }
  }
  if (is.needing != was.needing) {
    for (Member* n : m.needs) {
      n->live_needers += is.needing - was.needing;
      if (n->live_needers == 0) c.Touch(*n);
    }
    for (const auto& [name, level] : m.attributes().needs_groups) {
      GroupStates* group = c.Group(name);
      if (group == nullptr || group == this) continue;
      group->live_needers += is.needing - was.needing;
      if (!c.halting || group->live_needers > 0) continue;
      for (Member* n : group->order) c.Touch(*n);
    }
  }
  if (is.going != was.going) {
    for (Member* n : m.after) {
      n->going_followers += is.going - was.going;
      if (n->going_followers == 0) c.Touch(*n);
    }
  }
}

void GroupStates::AnswerClients(Member& m, Common& c) {
  const EntryState state = m.states.state();
  const bool wanted = Wanted(m, c);
  const auto answer = [&](const EntryClient& e) {
    const std::string& tag = m.tag();
    if (e.to_run != wanted) {
      c.Tell(e.client, Answer::Kind::kSuperseded,
             absl::StrCat(tag, " is told something else"));
      return true;
    }
    if (!e.to_run) {
      if (m.states.live()) return false;
      c.Tell(e.client, Answer::Kind::kDone, absl::StrCat(tag, " is stopped"));
      return true;
    }
    if (state == EntryState::kIdle && !m.states.live() &&
        (m.needs_unmet > 0 || !OutsideMet(m, c))) {
      c.Tell(e.client, Answer::Kind::kRefused,
             absl::StrCat("what ", tag, " needs is not up"));
      return true;
    }
    if (state == EntryState::kIdle && !m.states.live() && ShutOut(m)) {
      c.Tell(e.client, Answer::Kind::kRefused,
             absl::StrCat("a test in front of ", tag, " failed"));
      return true;
    }
    if (m.states.run() <= e.after) return false;
    if (state == EntryState::kUp || state == EntryState::kFinished) {
      c.Tell(e.client, Answer::Kind::kDone, absl::StrCat(tag, " runs"));
      return true;
    }
    if (state == EntryState::kPaused || state == EntryState::kGivenUp) {
      c.Tell(e.client, Answer::Kind::kRefused,
             absl::StrCat(tag, " does not run: ", m.states.why()));
      return true;
    }
    return false;
  };
  std::erase_if(m.clients, answer);
}

}  // namespace isinit
