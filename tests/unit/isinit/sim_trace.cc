// What happens, for who looks for the cause.
#include <cstdio>

#include "sim.h"

namespace isinit {

namespace {

void Say(double at, const char* what, const std::string& whom, long long n) {
  printf("%10.3f %s %s %lld\n", at, what, whom.c_str(), n);
}

std::string Words(const Entry& e) {
  std::string text = e.group + ":" + e.tag + ":" + e.levels.text + ":" +
                     std::string(ModeName(e.mode)) + ":" + e.command;
  for (const std::string& tag : e.attributes.after) text += " after=" + tag;
  for (const std::string& tag : e.attributes.needs) text += " needs=" + tag;
  for (const auto& [g, l] : e.attributes.needs_groups) {
    text += " needs=group:" + g + "@" + l;
  }
  if (e.attributes.gate) text += " gate";
  if (e.attributes.lazy) text += " lazy";
  if (e.attributes.forking) text += " forking";
  if (e.attributes.keep_on_reload) text += " reload=keep";
  if (e.attributes.max_restarts.has_value()) text += " max-restarts";
  if (e.attributes.ready.kind != Readiness::Kind::kExec) text += " ready";
  return text;
}

}  // namespace

void Sim::Trace(const Effect& effect) const {
  const double at = world_.at();
  if (const auto* e = std::get_if<StartEntry>(&effect)) {
    Say(at, "    start", e->entry->tag + " level " + e->level,
        static_cast<long long>(e->run));
  } else if (const auto* e = std::get_if<SignalTree>(&effect)) {
    Say(at, "    signal", e->tag, e->signal);
  } else if (const auto* e = std::get_if<RunStopCommand>(&effect)) {
    Say(at, "    stop command of", e->tag, 0);
  } else if (const auto* e = std::get_if<Forget>(&effect)) {
    Say(at, "    forget", e->tag, 0);
  } else if (const auto* e = std::get_if<Answer>(&effect)) {
    Say(at, "    answer", e->text, static_cast<long long>(e->client));
  } else if (const auto* e = std::get_if<Note>(&effect)) {
    std::string text = e->event;
    for (const auto& [key, value] : e->facts) text += " " + key + "=" + value;
    Say(at, "    note", text, 0);
  } else if (const auto* e = std::get_if<Leave>(&effect)) {
    Say(at, "    leave", "", e->code);
  }
}

void Sim::Trace(const Event& event) const {
  const double at = world_.at();
  if (const auto* e = std::get_if<Tell>(&event)) {
    Say(at, "tell", e->group + " " + e->level, e->again);
  } else if (const auto* e = std::get_if<NewTable>(&event)) {
    Say(at, "table", "", e->table->parallel);
    for (const Entry& entry : e->table->entries) {
      printf("             %s\n", Words(entry).c_str());
    }
  } else if (const auto* e = std::get_if<Operate>(&event)) {
    constexpr const char* kVerbs[] = {"start", "stop", "restart", "signal"};
    Say(at, "operate", e->tag + " " + kVerbs[static_cast<int>(e->verb)],
        static_cast<long long>(e->client));
  } else if (const auto* e = std::get_if<Started>(&event)) {
    Say(at, "started", "", static_cast<long long>(e->run));
  } else if (const auto* e = std::get_if<NotStarted>(&event)) {
    Say(at, "not started", "", static_cast<long long>(e->run));
  } else if (const auto* e = std::get_if<Ready>(&event)) {
    Say(at, "ready", "", static_cast<long long>(e->run));
  } else if (const auto* e = std::get_if<Ended>(&event)) {
    Say(at, "ended", "", static_cast<long long>(e->run));
  } else if (const auto* e = std::get_if<Empty>(&event)) {
    Say(at, "empty", e->tag, 0);
  } else if (const auto* e = std::get_if<HealthFailed>(&event)) {
    Say(at, "health failed", "", static_cast<long long>(e->run));
  } else if (const auto* e = std::get_if<Adopted>(&event)) {
    Say(at, "adopted", e->tag + " " + e->level, e->pid);
  } else if (const auto* e = std::get_if<StoppedByHand>(&event)) {
    Say(at, "stopped by hand", e->tag + " " + e->level, 0);
  } else if (const auto* e = std::get_if<Finished>(&event)) {
    Say(at, "finished", e->tag + " " + e->level, 0);
  } else if (const auto* e = std::get_if<isinit::Wanted>(&event)) {
    Say(at, "wanted", e->tag, 0);
  } else if (std::holds_alternative<Halt>(event)) {
    Say(at, "halt", "", 0);
  }
}

}  // namespace isinit
