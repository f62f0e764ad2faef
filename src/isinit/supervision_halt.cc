// The end: everything stops, the last of the table first.
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "isinit/supervision_state.h"

namespace isinit {

namespace {

// What does not die of a KILL in this time sleeps in the kernel. Nobody waits
// for that: an orderly stop has its limit.
constexpr absl::Duration kLastWait = absl::Seconds(5);

}  // namespace

void Supervision::State::BeginHalt(absl::string_view cause, std::string why) {
  c.turn.effects.push_back(Note{"halt.begun", {{"why", std::move(why)}}});
  c.halting = true;
  halt.cause = std::string(cause);
  if (const Member* m = Find(cause); m != nullptr && !m->states.live()) {
    halt.code = ExitCode(m->attributes(), m->states.last_end());
  }
  halt.force_at =
      c.now() + (table != nullptr ? table->halt_timeout : absl::ZeroDuration());
  for (const auto& [name, group] : c.groups) group->OnHalt(c);
  // Who goes is known of all before the first of them does.
  for (Member* m : Everybody()) m->group->Publish(*m, c);
  for (Member* m : Everybody()) m->group->Look(*m, c);
  for (Member* m : Everybody()) c.Touch(*m);
}

// In the order in which they stop.
std::vector<Member*> Supervision::State::Everybody() const {
  std::vector<Member*> all;
  for (const auto& [tag, m] : members) all.push_back(m.get());
  for (const auto& [tag, m] : moved) all.push_back(m.get());
  std::sort(all.begin(), all.end(), [](const Member* a, const Member* b) {
    return a->line != b->line ? a->line > b->line : a->id > b->id;
  });
  return all;
}

void Supervision::State::GoOnHalting() {
  if (c.live > 0 && c.now() >= halt.force_at) Force();
  if (c.live > 0 && c.now() < halt.leave_at) return;
  LeaveNow();
}

void Supervision::State::Force() {
  halt.force_at = absl::InfiniteFuture();
  halt.leave_at = c.now() + kLastWait;
  c.forced = true;
  c.turn.effects.push_back(
      Note{"halt.forced", {{"left", absl::StrCat(c.live)}}});
  for (Member* m : Everybody()) {
    if (!m->states.live()) continue;
    m->states.Kill(c.turn);
    c.Touch(*m);
  }
  Settle();
}

void Supervision::State::LeaveNow() {
  halt.left = true;
  if (c.live > 0) {
    c.turn.effects.push_back(
        Note{"halt.incomplete", {{"left", absl::StrCat(c.live)}}});
  }
  for (const uint64_t client : halt.clients) {
    c.Tell(client, Answer::Kind::kDone, "everything is stopped");
  }
  c.turn.effects.push_back(Leave{CodeOfEnd(), halt.reboot});
}

// That of the entry that is the cause; else, as containers expect, that of the
// essential one.
int Supervision::State::CodeOfEnd() const {
  if (halt.reboot) return 0;
  if (halt.code.has_value()) return *halt.code;
  if (const Member* m = Find(halt.cause); m != nullptr) {
    return ExitCode(m->attributes(), m->states.last_end());
  }
  const Member* essential = nullptr;
  for (const auto& [tag, m] : members) {
    if (!m->attributes().essential || !m->states.last_end().has_value()) {
      continue;
    }
    if (essential == nullptr || m->line < essential->line) essential = m.get();
  }
  return essential == nullptr
             ? 0
             : ExitCode(essential->attributes(), essential->states.last_end());
}

}  // namespace isinit
