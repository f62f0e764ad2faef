#include "world.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

namespace isinit {

Entry Line(const std::string& group, const std::string& tag,
           const std::string& levels, Mode mode) {
  Entry e;
  e.group = group;
  e.tag = tag;
  e.levels.text = levels;
  e.mode = mode;
  e.command = "/bin/" + tag;
  return e;
}

std::shared_ptr<Table> TableOf(std::vector<Entry> entries) {
  auto table = std::make_shared<Table>();
  table->entries = std::move(entries);
  return table;
}

World::World(uint64_t seed)
    : s_(std::make_unique<Supervision>(seed)),
      seed_(seed),
      began_(absl::UnixEpoch() + absl::Hours(1)),
      now_(began_) {}

// --- what is told ------------------------------------------------------------

void World::Tell1(const Event& event) {
  if (loses_event && loses_event(event)) return;
  if (watch_event) watch_event(event);
  Carry(s_->On(event, now_));
}

bool World::Deliver() {
  if (news_.empty()) return false;
  const Event event = std::move(news_.front());
  news_.pop_front();
  Tell1(event);
  return true;
}

void World::Drain() {
  while (Deliver()) {
  }
}

void World::On(Event event) {
  Tell1(event);
  Drain();
}

void World::Tell(const std::string& group, const std::string& level,
                 uint64_t client, bool again) {
  On(isinit::Tell{group, level, again, client});
}

void World::Load(std::vector<Entry> entries) {
  On(NewTable{TableOf(std::move(entries))});
}

void World::Operate(Operate::Verb verb, const std::string& tag,
                    uint64_t client) {
  On(isinit::Operate{verb, tag, 0, client});
}

void World::Pass(absl::Duration span) {
  const absl::Time until = now_ + span;
  while (Next(until)) Drain();
  now_ = until;
}

bool World::Next(absl::Time until) {
  const absl::Time wake = s_->wake_at();
  absl::Time next = wake;
  if (!schedule_.empty()) next = std::min(next, schedule_.begin()->first.first);
  if (next > until || next == absl::InfiniteFuture()) return false;
  now_ = std::max(now_, next);
  while (!schedule_.empty() && schedule_.begin()->first.first <= now_) {
    const uint64_t id = schedule_.begin()->first.second;
    schedule_.erase(schedule_.begin());
    Happen(id);
  }
  if (wake <= now_) Tell1(Woken{});
  return true;
}

// --- what is carried out -----------------------------------------------------

void World::Carry(const std::vector<Effect>& effects) {
  for (const Effect& effect : effects) {
    if (loses_effect && loses_effect(effect)) continue;
    if (watch) watch(effect);
    if (const auto* e = std::get_if<StartEntry>(&effect)) {
      Carry(*e);
    } else if (const auto* e = std::get_if<RunStopCommand>(&effect)) {
      history.push_back("stop " + e->tag);
      Stop(e->tag, false, 0);
    } else if (const auto* e = std::get_if<SignalTree>(&effect)) {
      if (e->signal == 18) continue;
      history.push_back(
          absl::StrCat(e->signal == 9 ? "kill " : "stop ", e->tag));
      Stop(e->tag, e->signal == 9, e->signal);
    } else if (const auto* e = std::get_if<SignalMain>(&effect)) {
      for (const auto& [id, p] : processes_) {
        if (p.run != e->run) continue;
        history.push_back(absl::StrCat("signal ", e->signal, " ", p.tag));
      }
    } else if (const auto* e = std::get_if<Answer>(&effect)) {
      answers_[e->client].push_back(*e);
    } else if (const auto* e = std::get_if<Note>(&effect)) {
      notes_[e->event]++;
    } else if (const auto* e = std::get_if<Forget>(&effect)) {
      forgotten.push_back(e->tag);
    } else if (const auto* e = std::get_if<Leave>(&effect)) {
      left_ = *e;
    }
  }
}

void World::Carry(const StartEntry& e) {
  const std::string& tag = e.entry->tag;
  history.push_back("start " + tag);
  starts_[tag]++;
  Program p;
  if (const auto found = programs.find(tag); found != programs.end()) {
    p = found->second;
  } else if (program) {
    p = program(*e.entry);
  }
  if (!p.starts) {
    news_.push_back(NotStarted{e.run, "No such file or directory"});
    return;
  }
  Process process{.tag = tag, .run = e.run, .pid = ++last_pid_};
  process.ends = now_ + p.lasts;
  process.end = p.end;
  if (p.ready.has_value()) process.ready = now_ + *p.ready;
  process.program = p;
  const uint64_t id = ++last_id_;
  processes_[id] = process;
  trees_[tag].push_back(id);
  news_.push_back(Started{e.run, process.pid});
  Schedule(id);
}

void World::Schedule(uint64_t id) {
  const Process& p = processes_[id];
  const absl::Time at = std::min(p.ends, p.ready);
  if (at != absl::InfiniteFuture()) schedule_[{at, id}] = true;
}

void World::Stop(const std::string& tag, bool kill, int signal) {
  const std::vector<uint64_t> ids = trees_[tag];
  for (const uint64_t id : ids) {
    Process& p = processes_[id];
    if (kill && p.program.survives_kills-- > 0) continue;
    if (!kill && p.program.deaf) continue;
    const absl::Time ends = kill ? now_ : now_ + p.program.dying;
    if (ends >= p.ends) continue;
    p.ends = ends;
    p.end = kill ? isinit::End{0, 9} : p.program.stopped;
    if (!kill && signal != 0 && p.end.signal != 0) p.end.signal = signal;
    // What it leaves is killed with it.
    if (kill || !p.program.leaves_deaf) p.program.leaves.reset();
    if (p.ends <= now_) {
      Die(id);
    } else {
      Schedule(id);
    }
  }
}

void World::Happen(uint64_t id) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return;
  Process& p = found->second;
  if (p.ready <= now_) {
    p.ready = absl::InfiniteFuture();
    if (p.run != 0) news_.push_back(Ready{p.run});
  }
  if (p.ends > now_) return Schedule(id);
  Die(id);
}

void World::Die(uint64_t id) {
  const Process p = processes_[id];
  processes_.erase(id);
  std::vector<uint64_t>& tree = trees_[p.tag];
  std::erase(tree, id);
  if (p.program.leaves.has_value()) {
    Process rest{.tag = p.tag, .pid = ++last_pid_};
    rest.ends = now_ + *p.program.leaves;
    rest.program.deaf = p.program.leaves_deaf;
    rest.program.dying = p.program.dying;
    const uint64_t other = ++last_id_;
    processes_[other] = rest;
    tree.push_back(other);
    Schedule(other);
  }
  if (p.run != 0) news_.push_back(Ended{p.run, p.end});
  if (tree.empty()) news_.push_back(Empty{p.tag});
}

void World::End(const std::string& tag, isinit::End end) {
  for (const uint64_t id : std::vector<uint64_t>(trees_[tag])) {
    Process& p = processes_[id];
    if (p.run == 0) continue;
    p.end = end;
    Die(id);
  }
}

void World::Crash() {
  s_ = std::make_unique<Supervision>(++seed_);
  news_.clear();
  answers_.clear();
  // Nobody knows the numbers of its runs any more; who adopts says the new one.
  for (auto& [id, p] : processes_) p.ready = absl::InfiniteFuture();
}

void World::Adopt(const std::string& tag, const std::string& level,
                  bool by_hand) {
  const int pid = Pid(tag);
  Tell1(Adopted{tag, pid, level, now_, by_hand && pid != 0});
  for (const uint64_t id : trees_[tag]) {
    if (processes_[id].run != 0) processes_[id].run = View(tag).run;
  }
}

std::vector<std::string> World::LivingTags() const {
  std::vector<std::string> tags;
  for (const auto& [tag, tree] : trees_) {
    if (!tree.empty()) tags.push_back(tag);
  }
  std::sort(tags.begin(), tags.end());
  return tags;
}

// --- how it stands -----------------------------------------------------------

int World::Alive(const std::string& tag) const {
  const auto found = trees_.find(tag);
  return found == trees_.end() ? 0 : static_cast<int>(found->second.size());
}

bool World::MainAlive(const std::string& tag) const { return Pid(tag) != 0; }

int World::Pid(const std::string& tag) const {
  const auto found = trees_.find(tag);
  if (found == trees_.end()) return 0;
  for (const uint64_t id : found->second) {
    if (processes_.at(id).run != 0) return processes_.at(id).pid;
  }
  return 0;
}

EntryView World::View(const std::string& tag) const {
  return s_->View(tag).value_or(EntryView());
}

GroupView World::Group(const std::string& name) const {
  for (GroupView& view : s_->Groups()) {
    if (view.name == name) return std::move(view);
  }
  return {};
}

int World::Starts(const std::string& tag) const {
  const auto found = starts_.find(tag);
  return found == starts_.end() ? 0 : found->second;
}

int World::Notes(const std::string& event) const {
  const auto found = notes_.find(event);
  return found == notes_.end() ? 0 : found->second;
}

std::optional<Answer> World::LastWord(uint64_t client) const {
  const auto found = answers_.find(client);
  if (found == answers_.end() || found->second.empty()) return std::nullopt;
  const Answer& last = found->second.back();
  if (last.kind == Answer::Kind::kProgress) return std::nullopt;
  return last;
}

std::string World::Progress(uint64_t client) const {
  std::string text;
  const auto found = answers_.find(client);
  if (found == answers_.end()) return text;
  for (const Answer& a : found->second) absl::StrAppend(&text, a.text, "\n");
  return text;
}

}  // namespace isinit
