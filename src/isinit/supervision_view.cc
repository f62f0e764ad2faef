// How things stand, and what would become of them.
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "isinit/supervision_state.h"

namespace isinit {

namespace {

bool IsUp(GroupState state) {
  return state == GroupState::kUp || state == GroupState::kFailed;
}

// What an idle entry of the level waits for.
std::string WaitsFor(const Member& m) {
  for (const Member* n : m.needs) {
    if (!n->standing.met) return absl::StrCat("needs ", n->tag());
  }
  if (m.Waits()) return "waits for a first connection";
  for (const Member* n : m.after) {
    if (!n->standing.past) return absl::StrCat("waits for ", n->tag());
  }
  return "";
}

bool Degrades(const EntryView& view) {
  return view.state == EntryState::kPaused ||
         view.state == EntryState::kGivenUp || view.unhealthy;
}

}  // namespace

EntryView Supervision::State::ViewOf(const Member& m) const {
  EntryView view = m.states.View();
  view.by_hand = m.by_hand ==
                 (m.in_level ? Member::ByHand::kStop : Member::ByHand::kStart);
  view.waits = m.Waits();
  if (view.state == EntryState::kIdle && view.why.empty() && m.in_level) {
    view.why = WaitsFor(m);
  }
  return view;
}

std::vector<GroupView> Supervision::Groups() const {
  std::vector<GroupView> views;
  for (const auto& [name, group] : state_->c.groups) {
    if (name.empty()) continue;  // of what was adopted and is in no table
    GroupView view;
    view.name = name;
    view.level = group->level();
    view.state = group->state();
    const Member* awaited = group->Awaited();
    view.checking =
        awaited != nullptr && awaited->states.entry().mode == Mode::kTest;
    int of_level = 0, passed = 0;
    for (const std::vector<Member*>* members :
         {&group->order, &group->leavers}) {
      for (const Member* m : *members) {
        view.entries.push_back(state_->ViewOf(*m));
        if (!m->in_level) continue;
        of_level++;
        passed +=
            m->states.entry().mode == Mode::kTest && m->states.succeeded();
        view.degraded |= IsUp(view.state) && Degrades(view.entries.back());
      }
    }
    view.all_tests = of_level > 0 && passed == of_level;
    views.push_back(std::move(view));
  }
  return views;
}

std::optional<EntryView> Supervision::View(absl::string_view tag) const {
  const Member* m = state_->Find(tag);
  if (m == nullptr) return std::nullopt;
  return state_->ViewOf(*m);
}

// --- what would become of them -----------------------------------------------

std::vector<std::string> Supervision::Explain(const Table& table) const {
  const State& s = *state_;
  const Table none;
  const TablePlan plan = PlanTable(s.table != nullptr ? *s.table : none, table);
  std::vector<std::string> lines = PlanLines(plan);
  return lines;
}

std::vector<std::string> Supervision::Explain(const Tell& tell) const {
  const State& s = *state_;
  if (s.c.halting) return {"refused: everything halts"};
  const GroupStates* group = s.c.Group(tell.group);
  if (group == nullptr || group->order.empty()) {
    return {absl::StrCat("refused: no such group: ", tell.group)};
  }
  std::vector<std::string> stops, starts;
  for (const Member* m : group->order) {
    const Entry& entry = m->states.entry();
    const bool wanted =
        RunsInLevels(entry.mode) && entry.levels.Has(tell.level);
    if (!wanted) {
      if (m->states.live()) stops.push_back(absl::StrCat("stop ", m->tag()));
      continue;
    }
    const auto line = [&](absl::string_view what, absl::string_view why) {
      starts.push_back(absl::StrCat(what, " ", m->tag(), why));
    };
    switch (m->states.state()) {
      case EntryState::kIdle:
        line("start", "");
        break;
      case EntryState::kStarting:
      case EntryState::kUp:
        line("keep", m->renew == Member::Renew::kNo ? ": it runs"
                                                    : ": it is started again");
        break;
      case EntryState::kStopping:
        line("start", ", when it has stopped");
        break;
      case EntryState::kPaused:
        line(m->in_level ? "leave" : "start",
             m->in_level ? ": it is paused" : "");
        break;
      case EntryState::kFinished:
        line(m->in_level && !tell.again ? "leave" : "start",
             m->in_level && !tell.again ? ": it has finished" : "");
        break;
      case EntryState::kGivenUp:
        line(m->in_level && !tell.again ? "leave" : "start",
             m->in_level && !tell.again ? ": it has given up" : "");
        break;
    }
  }
  std::reverse(stops.begin(), stops.end());
  stops.insert(stops.end(), starts.begin(), starts.end());
  return stops;
}

}  // namespace isinit
