// Operators: one entry, until its group is told something.
#include <absl/strings/str_cat.h>

#include "isinit/supervision_state.h"

namespace isinit {

using ByHand = Member::ByHand;
using Renew = Member::Renew;

namespace {

// One of the level is as if nobody had ever stopped it; another runs because
// somebody said so.
void WantByHand(Member& m) {
  m.by_hand = m.in_level ? ByHand::kNo : ByHand::kStart;
  m.released = m.had_start = m.in_level;
  m.called = true;
}

}  // namespace

void Supervision::State::Handle(const Operate& e) {
  Member* m = Find(e.tag);
  if (m == nullptr || !m->in_table) {
    return c.Tell(e.client, Answer::Kind::kNoEntry,
                  absl::StrCat("no such entry: ", e.tag));
  }
  if (std::string why = Refusal(e, *m); !why.empty()) {
    return c.Tell(e.client, Answer::Kind::kRefused, std::move(why));
  }
  switch (e.verb) {
    case Operate::Verb::kStart:
      return StartByHand(e, *m);
    case Operate::Verb::kStop:
      return StopByHand(e, *m);
    case Operate::Verb::kRestart:
      return RestartByHand(e, *m);
    case Operate::Verb::kSignal:
      return SignalByHand(e, *m);
  }
}

std::string Supervision::State::Refusal(const Operate& e,
                                        const Member& m) const {
  if (c.halting) return "everything halts";
  switch (e.verb) {
    case Operate::Verb::kStart:
    case Operate::Verb::kRestart: {
      const Mode mode = m.states.entry().mode;
      if (!RunsInLevels(mode)) {
        return absl::StrCat(m.tag(), " is not started by hand: its mode is ",
                            ModeName(mode));
      }
      if (m.needs_unmet > 0 || !m.group->OutsideMet(m, c)) {
        return absl::StrCat("what ", m.tag(), " needs is not up");
      }
      return "";
    }
    case Operate::Verb::kSignal:
      return m.states.tree() ? "" : absl::StrCat(m.tag(), " does not run");
    case Operate::Verb::kStop:
      return "";
  }
  return "";
}

void Supervision::State::StartByHand(const Operate& e, Member& m) {
  const EntryState state = m.states.state();
  // One that runs, and is only about to be stopped, runs on.
  const bool runs = m.renew == Renew::kNo && (state == EntryState::kUp ||
                                              state == EntryState::kStarting);
  WantByHand(m);
  if (!runs) m.renew = Renew::kFresh;
  m.clients.push_back(
      {e.client, true, runs ? m.states.run() - 1 : m.states.run()});
  Touch(m);
}

void Supervision::State::StopByHand(const Operate& e, Member& m) {
  m.by_hand = ByHand::kStop;
  m.renew = Renew::kNo;
  m.clients.push_back({e.client, false, 0});
  Touch(m);
}

void Supervision::State::RestartByHand(const Operate& e, Member& m) {
  WantByHand(m);
  m.renew = Renew::kFresh;
  m.clients.push_back({e.client, true, m.states.run()});
  Touch(m);
}

void Supervision::State::SignalByHand(const Operate& e, Member& m) {
  if (m.states.main_runs()) {
    c.turn.effects.push_back(SignalMain{m.states.run(), e.signal});
  } else {
    c.turn.effects.push_back(SignalTree{m.tag(), e.signal});
  }
  c.Tell(e.client, Answer::Kind::kDone, absl::StrCat(m.tag(), " is signalled"));
}

}  // namespace isinit
