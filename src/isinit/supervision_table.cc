// Another table: who is new, who goes, who is started again, and who depends on
// whom from now on.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "isinit/supervision_state.h"

namespace isinit {

namespace {

// The table is shared with whoever holds one of its entries: a table of ten
// thousand is not copied entry by entry.
std::shared_ptr<const Entry> EntryOf(const std::shared_ptr<const Table>& table,
                                     const Entry& entry) {
  return std::shared_ptr<const Entry>(table, &entry);
}

}  // namespace

void Supervision::State::Handle(const NewTable& e) {
  if (c.halting) return;
  const std::shared_ptr<const Table> before =
      table != nullptr ? table : std::make_shared<const Table>();
  table = e.table;
  c.parallel = table->parallel;
  const TablePlan plan = PlanTable(*before, *table);
  absl::flat_hash_map<absl::string_view, const Entry*> entries;
  for (const Entry& entry : table->entries) entries[entry.tag] = &entry;
  for (const EntryChange& change : plan.entries) {
    const auto found = entries.find(change.tag);
    Apply(change,
          found == entries.end() ? nullptr : EntryOf(table, *found->second));
  }
  Link();
}

void Supervision::State::Apply(const EntryChange& change,
                               std::shared_ptr<const Entry> entry) {
  Member* m = Find(change.tag);
  if (entry == nullptr) {
    if (m != nullptr) Remove(*m);
    return;
  }
  if (m == nullptr) return Place(std::move(entry));
  if (m->group->name() != entry->group) return Move(*m, std::move(entry));
  // A wait or a test is waited for: it is not to be one that was started to
  // live on.
  const bool lives = m->states.state() == EntryState::kStarting ||
                     m->states.state() == EntryState::kUp;
  const bool endless =
      lives && !Blocks(m->states.entry().mode) && Blocks(entry->mode);
  const bool goes = !m->in_table;
  m->in_table = true;
  m->heir = nullptr;
  m->states.SetEntry(std::move(entry), c.turn);
  if (goes || endless || change.change == Change::kRestart) {
    m->renew = Member::Renew::kFresh;
    return;
  }
  // It did not run as it was; perhaps it does as it is.
  const EntryState state = m->states.state();
  if ((change.change != Change::kUnchanged && state == EntryState::kGivenUp) ||
      (change.change == Change::kNextStart && state == EntryState::kPaused)) {
    m->renew = Member::Renew::kFresh;
  }
}

void Supervision::State::Move(Member& m, std::shared_ptr<const Entry> entry) {
  const std::string tag = m.tag();
  const auto living = moved.find(tag);
  if (living == moved.end() && m.states.live()) {
    Remove(m);
    moved[tag] = std::move(members[tag]);
  } else {
    Erase(m);
  }
  Place(std::move(entry));
}

// Of a tag that has no member, but perhaps one that has moved and still lives.
void Supervision::State::Place(std::shared_ptr<const Entry> entry) {
  const std::string tag = entry->tag;
  const auto old = moved.find(tag);
  if (old == moved.end()) {
    Add(std::move(entry));
  } else if (old->second->group->name() == entry->group) {
    // It has moved back before it was gone.
    members[tag] = std::move(old->second);
    moved.erase(old);
    Apply({tag}, std::move(entry));
  } else {
    Member& heir = Add(std::move(entry));
    heir.comes = true;
    old->second->heir = &heir;
  }
}

Member& Supervision::State::Add(std::shared_ptr<const Entry> entry) {
  GroupStates& group = GroupOf(entry->group);
  const std::string tag = entry->tag;
  std::unique_ptr<Member>& m = members[tag];
  MUST(m == nullptr);
  m = std::make_unique<Member>(std::move(entry), ++last_id, seed, &group);
  return *m;
}

GroupStates& Supervision::State::GroupOf(const std::string& name) {
  std::unique_ptr<GroupStates>& group = c.groups[name];
  if (group == nullptr) group = std::make_unique<GroupStates>(name);
  return *group;
}

void Supervision::State::Remove(Member& m) {
  m.in_table = false;
  m.in_level = m.released = false;
  m.by_hand = Member::ByHand::kNo;
  m.renew = Member::Renew::kNo;
  c.Touch(m);
}

// --- who depends on whom -----------------------------------------------------

void Supervision::State::Link() {
  c.starting = c.live = 0;
  for (Member* m : c.line) m->in_line = false;
  c.line.clear();
  std::vector<Member*> all;
  for (const Entry& entry : table->entries) {
    Member* m = Find(entry.tag);
    if (m->in_table) {
      m->line = static_cast<int>(all.size());
      all.push_back(m);
    }
  }
  std::vector<Member*> leavers;
  for (const auto& [tag, m] : members) {
    if (!m->in_table) leavers.push_back(m.get());
  }
  for (const auto& [tag, m] : moved) leavers.push_back(m.get());
  std::sort(leavers.begin(), leavers.end(),
            [](const Member* a, const Member* b) { return a->id < b->id; });
  for (const auto& [name, group] : c.groups) group->Unlink();
  for (Member* m : all) m->group->order.push_back(m);
  for (Member* m : leavers) m->group->leavers.push_back(m);
  all.insert(all.end(), leavers.begin(), leavers.end());
  for (Member* m : all) m->Unlink();
  for (Member* m : all) Link(*m);
  for (const auto& [name, group] : c.groups) group->OnTable(c);
  for (Member* m : all) m->group->Publish(*m, c);
  // Whoever must stop, stops in the reverse order.
  for (auto m = all.rbegin(); m != all.rend(); ++m) Touch(**m);
  std::vector<GroupStates*> groups;
  for (const auto& [name, group] : c.groups) groups.push_back(group.get());
  for (GroupStates* group : groups) Prune(*group);
}

void Supervision::State::Link(Member& m) {
  const Attributes& a = m.attributes();
  for (const std::string& tag : a.needs) {
    Member* need = Find(tag);
    m.needs_unmet++;
    if (need == nullptr || need->group != m.group || need == &m) {
      m.needs_hopeless++;
      continue;
    }
    m.needs.push_back(need);
    need->needers.push_back(&m);
  }
  for (const std::string& tag : a.after) {
    Member* first = Find(tag);
    if (first == nullptr || first->group != m.group || first == &m) continue;
    m.after_unmet++;
    m.after.push_back(first);
    first->followers.push_back(&m);
  }
  for (const auto& [name, level] : a.needs_groups) {
    GroupStates* group = c.Group(name);
    if (group != nullptr && group != m.group) group->needers.push_back(&m);
  }
}

// --- who is gone -------------------------------------------------------------

// Out of the table, and nothing of it is left.
void Supervision::State::Retire(Member& m) {
  const std::string tag = m.tag();
  const auto old = moved.find(tag);
  if (old != moved.end() && old->second.get() == &m) {
    if (m.heir != nullptr) {
      m.heir->comes = false;
      Touch(*m.heir);
    } else {
      c.turn.effects.push_back(Forget{tag});
    }
  } else if (old != moved.end()) {
    old->second->heir = nullptr;
  } else {
    c.turn.effects.push_back(Forget{tag});
  }
  GroupStates& group = *m.group;
  Erase(m);
  Prune(group);
}

void Supervision::State::Erase(Member& m) {
  for (const EntryClient& e : m.clients) {
    c.Tell(e.client, Answer::Kind::kSuperseded,
           absl::StrCat(m.tag(), " is told something else"));
  }
  GroupStates& group = *m.group;
  c.runs.erase(m.states.run());
  c.timers.erase({m.armed, m.id});
  if (m.in_line) std::erase(c.line, &m);
  if (m.touched) std::erase(c.touched, &m);
  for (Member* n : m.needs) std::erase(n->needers, &m);
  for (Member* n : m.after) std::erase(n->followers, &m);
  for (Member* d : m.needers) std::erase(d->needs, &m);
  for (Member* d : m.followers) std::erase(d->after, &m);
  for (const auto& [name, level] : m.attributes().needs_groups) {
    if (GroupStates* g = c.Group(name)) std::erase(g->needers, &m);
  }
  std::erase(group.leavers, &m);
  std::erase(group.order, &m);
  const auto old = moved.find(m.tag());
  if (old != moved.end() && old->second.get() == &m) {
    moved.erase(old);
  } else {
    members.erase(m.tag());
  }
}

void Supervision::State::Prune(GroupStates& group) {
  if (!group.order.empty() || !group.leavers.empty()) return;
  c.turn.effects.push_back(GroupChanged{group.name()});
  std::erase(c.touched_groups, &group);
  std::erase(c.changed_groups, &group);
  // A copy: the name goes with the group.
  c.groups.erase(std::string(group.name()));
}

}  // namespace isinit
