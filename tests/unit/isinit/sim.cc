#include "sim.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

namespace isinit {

namespace {

constexpr int kGroups = 3, kTags = 12, kSteps = 80;
// More than that happen in no span of time unless something turns in circles.
constexpr int kMostAtOnce = 20000;

std::string GroupName(int n) { return absl::StrCat("g", n); }
std::string TagName(int n) { return absl::StrCat("t", n); }

}  // namespace

Sim::Sim(uint64_t seed, const Broken& broken, Counts* counts)
    : dice_(seed), broken_(broken), counts_(counts), world_(seed) {
  consequences_ = Chance(0.25);
  world_.program = [this](const Entry& e) { return RandomProgram(e); };
  world_.watch = [this](const Effect& e) { Watch(e); };
  world_.watch_event = [this](const Event& e) { WatchEvent(e); };
  world_.loses_effect = [this](const Effect& effect) {
    const auto* e = std::get_if<SignalTree>(&effect);
    return broken_.kills_lost && e != nullptr && e->signal == 9;
  };
  world_.loses_event = [this](const Event& e) {
    return (broken_.ends_lost && std::holds_alternative<Ended>(e)) ||
           (broken_.empties_lost && std::holds_alternative<Empty>(e)) ||
           (broken_.never_woken && std::holds_alternative<Woken>(e)) ||
           (broken_.tells_lost && std::holds_alternative<Tell>(e)) ||
           (broken_.finished_lost && std::holds_alternative<Finished>(e)) ||
           (broken_.stops_by_hand_lost &&
            std::holds_alternative<StoppedByHand>(e)) ||
           (broken_.adopted_lost && std::holds_alternative<Adopted>(e)) ||
           (broken_.tables_lost && std::holds_alternative<NewTable>(e) &&
            counts_->tables > 0 && !world_.s().Groups().empty());
  };
}

bool Sim::Run() {
  table_ = RandomTable();
  Load();
  for (int n = 0; n < kSteps && violation_.empty(); n++) {
    Step();
    if (world_.left().has_value()) break;
  }
  if (violation_.empty() && !world_.left().has_value()) CalmDown();
  if (violation_.empty()) AtEnd();
  return violation_.empty();
}

// --- what is done to it ------------------------------------------------------

void Sim::Step() {
  const int what = Below(1000);
  if (what < 150) {
    TellSome();
  } else if (what < 260) {
    OperateSome();
  } else if (what < 350) {
    ChangeTable();
  } else if (what < 375) {
    CrashDaemon();
  } else if (what < 450) {
    EndSome();
  } else if (what < 500) {
    HealthSome();
  } else if (what < 530) {
    world_.Tell1(isinit::Wanted{TagName(Below(kTags))});
  } else if (what < 533) {
    halting_ = true;
    counts_->halts++;
    world_.Tell1(Halt{++last_client_});
    clients_[last_client_] = "";
  } else {
    const absl::Duration spans[] = {absl::Milliseconds(20), absl::Seconds(1),
                                    absl::Seconds(5), absl::Seconds(40),
                                    absl::Hours(1)};
    Pass(spans[Below(Chance(0.1) ? 5 : 4)] * dice_.Next());
    return;
  }
  // Sometimes more happens before the server hears of it.
  if (Chance(0.3)) return;
  Hear();
}

void Sim::Hear() {
  while (violation_.empty() && !world_.news().empty()) {
    const Event event = world_.news().front();
    std::string tag;
    if (const auto* e = std::get_if<Ended>(&event)) {
      for (const auto& [name, k] : known_) {
        if (world_.View(name).run == e->run) tag = name;
      }
    }
    world_.Deliver();
    if (broken_.empty_told_early && !tag.empty()) world_.Tell1(Empty{tag});
    if (const auto* e = std::get_if<Started>(&event)) {
      if (broken_.end_told_early && Chance(0.1)) {
        world_.Tell1(Ended{e->run, {1, 0}});
      }
    }
  }
  if (violation_.empty()) AtRest();
}

void Sim::Pass(absl::Duration span) {
  const absl::Time until = world_.now() + span;
  Hear();
  for (int n = 0; violation_.empty() && world_.Next(until); n++) {
    if (n > kMostAtOnce) return Wrong("it does not come to rest");
    Hear();
  }
  world_.SetNow(until);
}

void Sim::TellSome() {
  counts_->tells++;
  const std::string group = GroupName(Below(kGroups + (Chance(0.1) ? 1 : 0)));
  const std::string level = absl::StrCat(Below(4));
  const bool again = Chance(0.15);
  bool exists = false;
  for (const Entry& e : table_.entries) exists |= e.group == group;
  if (exists && !halting_ && !world_.s().halting()) {
    absl::btree_map<std::string, bool> was;
    for (const Entry& e : table_.entries) was[e.tag] = InLevel(e);
    level_[group] = level;
    for (const Entry& e : table_.entries) {
      if (e.group != group) continue;
      by_hand_.erase(e.tag);
      Known& k = known_[e.tag];
      const bool in = RunsInLevels(e.mode) && e.levels.Has(level);
      k.excused = again && !Respawns(e.mode);
      if (again) k.finished.reset();
      if (again || !in || !was[e.tag]) {
        k.starts.clear();
        k.unsteady = 0;
      }
      if (in && was[e.tag]) continue;
      // One that runs by hand, or had not to stop yet, runs on.
      k.ran = in && Runs(e);
      k.first = !k.ran;
      k.finished.reset();
    }
  }
  clients_[++last_client_] = group;
  world_.Tell1(Tell{group, level, again, last_client_});
}

void Sim::OperateSome() {
  counts_->operations++;
  const std::string tag = TagName(Below(kTags));
  const Operate::Verb verb = static_cast<Operate::Verb>(Below(4));
  const Entry* e = Find(tag);
  const auto before = by_hand_;
  const Known known = known_[tag];
  const bool applies = e != nullptr && !halting_ && !world_.s().halting();
  if (applies && verb != Operate::Verb::kSignal) {
    Known& k = known_[tag];
    k.excused = true;
    k.starts.clear();
    k.unsteady = 0;
    if (verb != Operate::Verb::kStop) k.finished.reset();
    k.renewed = verb == Operate::Verb::kRestart;
    if (verb == Operate::Verb::kStop) {
      by_hand_[tag] = ByHand::kStop;
    } else if (InLevel(*e)) {
      by_hand_.erase(tag);
    } else {
      by_hand_[tag] = ByHand::kStart;
    }
  }
  clients_[++last_client_] = "";
  const uint64_t client = last_client_;
  world_.Tell1(Operate{verb, tag, 10, client});
  if (const std::optional<Answer> a = world_.LastWord(client)) {
    const bool refused = a->kind == Answer::Kind::kRefused &&
                         !absl::StrContains(a->text, "does not run: ");
    if (refused) {
      by_hand_ = before;
      known_[tag] = known;
    }
  }
}

void Sim::ChangeTable() {
  if (halting_ || world_.s().halting()) return;  // it is not looked at
  counts_->tables++;
  const Table before = table_;
  absl::btree_map<std::string, bool> was;
  for (const Entry& e : before.entries) was[e.tag] = InLevel(e);
  const auto moves = [&](const Entry& e) {
    for (const Entry& old : before.entries) {
      if (old.tag == e.tag) return old.group != e.group;
    }
    return true;
  };
  if (Chance(0.3)) {
    table_ = RandomTable();
  } else {
    Table other = RandomTable();
    for (Entry& e : table_.entries) {
      if (Chance(0.15)) e.command = absl::StrCat("/bin/x", Below(3));
      if (!Chance(0.15)) continue;
      for (const Entry& o : other.entries) {
        if (o.tag == e.tag) e = o;
      }
    }
    if (Chance(0.3) && !table_.entries.empty()) table_.entries.pop_back();
    Depend(table_);
  }
  for (const Entry& old : before.entries) {
    const Entry* e = Find(old.tag);
    if (e != nullptr && *e == old) continue;
    if (e == nullptr || e->group != old.group || InLevel(*e) != was[old.tag]) {
      by_hand_.erase(old.tag);
    }
  }
  for (const Entry& e : table_.entries) {
    const auto old = std::find(before.entries.begin(), before.entries.end(), e);
    if (old != before.entries.end()) continue;
    Known& k = known_[e.tag];
    k.excused = k.older = true;
    k.starts.clear();
    k.unsteady = 0;
  }
  for (auto level = level_.begin(); level != level_.end();) {
    bool exists = false;
    for (const Entry& e : table_.entries) exists |= e.group == level->first;
    level = exists ? std::next(level) : level_.erase(level);
  }
  for (const Entry& e : table_.entries) {
    if (InLevel(e) && was[e.tag] && !moves(e)) continue;
    if (by_hand_.contains(e.tag)) continue;
    Known& k = known_[e.tag];
    k.ran = InLevel(e) && Runs(e);
    k.first = !k.ran;
    k.finished.reset();
  }
  Load();
}

void Sim::Load() {
  world_.Tell1(NewTable{std::make_shared<Table>(AsRead(table_))});
}

void Sim::CrashDaemon() {
  if (halting_ || world_.s().halting()) return;
  counts_->crashes++;
  absl::btree_map<std::string, std::string> levels = level_;
  if (consequences_) {
    levels.clear();
    for (const GroupView& g : world_.s().Groups()) {
      if (!g.level.empty()) levels[g.name] = g.level;
    }
  }
  // What makes no difference is not remembered.
  absl::erase_if(by_hand_, [&](const auto& wish) {
    return !world_.View(wish.first).by_hand;
  });
  world_.Crash();
  for (auto& [tag, k] : known_) {
    k.starts.clear();
    k.unsteady = 0;
    k.stop_by = absl::InfiniteFuture();
    k.empty = world_.Alive(tag) == 0;
    k.ran |= world_.MainAlive(tag);  // even if it was not heard of
    k.first &= !k.ran;
    k.stranger = Find(tag) == nullptr;
    k.stopping = k.renewed = false;  // by this server
    // What it did not hear of in time has not happened.
    k.excused |= !k.finished.has_value();
  }
  clients_.clear();
  Load();
  const auto level_of = [&](const std::string& tag) -> std::string {
    const Entry* e = Find(tag);
    const auto found = levels.find(e == nullptr ? "" : e->group);
    return found == levels.end() ? "" : found->second;
  };
  for (const std::string& tag : world_.LivingTags()) {
    world_.Adopt(tag, level_of(tag), by_hand_.contains(tag));
  }
  for (const auto& [tag, k] : known_) {
    if (!k.finished.has_value() || level_of(tag).empty()) continue;
    if (world_.MainAlive(tag)) continue;
    world_.Tell1(Finished{tag, level_of(tag), *k.finished});
  }
  absl::erase_if(by_hand_, [&](const auto& wish) {
    const auto& [tag, hand] = wish;
    if (world_.MainAlive(tag)) return false;
    if (hand == ByHand::kStart || level_of(tag).empty() ||
        known_[tag].finished.has_value()) {
      return true;
    }
    world_.Tell1(StoppedByHand{tag, level_of(tag)});
    return false;
  });
  for (const auto& [group, level] : levels) {
    world_.Tell1(Tell{.group = group, .level = level, .resumed = true});
  }
  world_.Tell1(Woken{});
}

void Sim::EndSome() {
  const std::vector<std::string> tags = world_.LivingTags();
  if (tags.empty()) return;
  const isinit::End ends[] = {{0, 9}, {0, 0}, {1, 0}, {0, 11}};
  world_.End(tags[Below(static_cast<int>(tags.size()))], ends[Below(4)]);
}

void Sim::HealthSome() {
  const EntryView v = world_.View(TagName(Below(kTags)));
  if (v.run == 0 || v.entry->mode == Mode::kTest) return;
  if (Chance(0.7)) {
    world_.Tell1(HealthFailed{v.run, "timed out"});
  } else {
    world_.Tell1(HealthPassed{v.run});
  }
}

void Sim::CalmDown() {
  calm_ = true;
  Pass(absl::Hours(2));
}

// --- what is random ----------------------------------------------------------

Table Sim::RandomTable() {
  Table table;
  for (int t = 0; t < kTags; t++) {
    if (Chance(0.25)) continue;
    table.entries.push_back(
        RandomEntry(Chance(0.05) ? Below(kGroups) : t % kGroups, t));
  }
  Depend(table);
  if (Chance(0.2)) table.parallel = 1 + Below(3);
  return table;
}

Entry Sim::RandomEntry(int group, int tag) {
  constexpr Mode kModes[] = {Mode::kRespawn, Mode::kRespawn, Mode::kRespawn,
                             Mode::kRespawn, Mode::kOnce,    Mode::kWait,
                             Mode::kTest,    Mode::kOff};
  constexpr const char* kLevels[] = {"1", "12", "123", "2", "1,3", "0", "12"};
  Entry e =
      Line(GroupName(group), TagName(tag), kLevels[Below(7)], kModes[Below(8)]);
  e.command = absl::StrCat("/bin/x", Below(3));
  Attributes& a = e.attributes;
  if (Chance(0.5)) a.stop_timeout = absl::Seconds(1 + Below(9));
  if (Chance(0.1)) a.stop_command = "stop it";
  if (Chance(0.3)) {
    a.limit = {1 + Below(4), absl::Seconds(5), absl::Seconds(5 + Below(30))};
  }
  if (Chance(0.2)) a.backoff = Backoff{absl::Seconds(1), absl::Seconds(20)};
  if (Chance(0.2)) a.max_restarts = Below(4);
  if (Chance(0.3)) a.steady = absl::Seconds(1 + Below(20));
  if (Chance(0.25)) {
    a.ready.kind =
        Chance(0.2) ? Readiness::Kind::kExit : Readiness::Kind::kNotify;
    a.ready_timeout = absl::Seconds(1 + Below(10));
  }
  if (Chance(0.3)) a.timeout = absl::Seconds(1 + Below(30));
  a.gate = e.mode == Mode::kTest && Chance(0.3);
  a.forking = e.mode != Mode::kOff && Chance(0.15);
  // A respawn that is ready when it ends well is never up for long.
  if (Respawns(e.mode) && !a.forking &&
      a.ready.kind == Readiness::Kind::kExit) {
    a.ready.kind = Readiness::Kind::kNotify;
  }
  a.keep_on_reload = Chance(0.2);
  a.lazy = Chance(0.05);
  using Kind = Consequence::Kind;
  constexpr Kind kKinds[] = {Kind::kStopGroup, Kind::kLevel, Kind::kNone,
                             Kind::kNone, Kind::kRestart};
  a.health.unhealthy = {.kind = Kind::kRestart};
  if (consequences_) {
    a.health.unhealthy = {kKinds[Below(5)], "2"};
    a.give_up = {kKinds[Below(4)], "1"};
    a.essential = Chance(0.01);
  }
  return e;
}

// Only on those in front: a table that is read has nothing worse.
void Sim::Depend(Table& table) {
  for (size_t n = 0; n < table.entries.size(); n++) {
    Entry& e = table.entries[n];
    e.attributes.after.clear();
    e.attributes.needs.clear();
    e.attributes.needs_groups.clear();
    for (size_t o = 0; o < n; o++) {
      const Entry& other = table.entries[o];
      if (other.group != e.group || !RunsInLevels(other.mode)) continue;
      if (Chance(0.1)) e.attributes.after.push_back(other.tag);
      if (Chance(0.1)) e.attributes.needs.push_back(other.tag);
    }
    for (int g = 0; g < kGroups; g++) {
      if (GroupName(g) < e.group && Chance(0.04)) {
        e.attributes.needs_groups.emplace_back(GroupName(g), "1");
      }
    }
  }
}

Program Sim::RandomProgram(const Entry& entry) {
  Program p;
  const bool notifies = entry.attributes.ready.kind == Readiness::Kind::kNotify;
  if (calm_) {
    if (!Respawns(entry.mode) || entry.attributes.forking) {
      p.lasts = absl::Milliseconds(100);
    }
    if (Respawns(entry.mode) && entry.attributes.forking) {
      p.leaves = absl::InfiniteDuration();
    }
    if (notifies) p.ready = absl::Milliseconds(50);
    return p;
  }
  p.starts = !Chance(0.1);
  const double lasts = dice_.Next();
  if (lasts < 0.2) {
    p.lasts = absl::Milliseconds(10 * dice_.Next());
  } else if (lasts < 0.6 || !Respawns(entry.mode)) {
    p.lasts = absl::Seconds(60 * dice_.Next());
  }
  if (Chance(0.4)) p.end = {Below(3), 0};
  p.deaf = Chance(0.15);
  if (Chance(0.3)) p.dying = absl::Seconds(4 * dice_.Next());
  if (Chance(0.3)) p.stopped = {0, 0};
  if (Chance(entry.attributes.forking ? 0.9 : 0.1)) {
    // A forking wait lasts as long as what it leaves.
    const bool for_ever = Respawns(entry.mode) || !entry.attributes.forking;
    p.leaves = for_ever && Chance(0.5) ? absl::InfiniteDuration()
                                       : absl::Seconds(30 * dice_.Next());
    p.leaves_deaf = Chance(0.2);
  }
  if (notifies && Chance(0.8)) p.ready = absl::Seconds(6 * dice_.Next());
  if (Chance(0.03)) p.survives_kills = Below(3);
  return p;
}

Table Sim::AsRead(Table table) const {
  for (Entry& e : table.entries) {
    Attributes& a = e.attributes;
    if (broken_.after_ignored) a.after.clear();
    if (broken_.needs_ignored) a.needs.clear();
    if (broken_.needs_ignored) a.needs_groups.clear();
    if (broken_.waits_ignored && e.mode == Mode::kWait) e.mode = Mode::kOnce;
    if (broken_.limit_ignored) a.limit.starts = 1000;
    if (broken_.max_restarts_ignored) a.max_restarts.reset();
    if (broken_.forking_ignored) a.forking = false;
    if (broken_.gates_ignored) a.gate = false;
    if (broken_.stop_timeout_doubled) a.stop_timeout *= 2;
    if (broken_.levels_ignored) e.levels.text = "0123";
  }
  return table;
}

}  // namespace isinit
