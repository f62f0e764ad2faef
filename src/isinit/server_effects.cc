// What supervision decided, carried out; and what comes of it, told to it.

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <signal.h>

#include <utility>

#include "base/status.h"
#include "isinit/server_state.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/process_list.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;

namespace {

// Hooks are for people; a storm of events is not to become one of processes.
constexpr int kMaxHooks = 16;
// An entry that cannot start may be tried again at once, without end: signals
// and clients come between. To try takes as long as the system is busy. What
// follows from an event at once is few others, and whoever caused that is
// answered behind them.
constexpr absl::Duration kMostAtOnce = absl::Milliseconds(20);
constexpr int kAnyhow = 20;

End EndOf(const sys::Ended& ended) { return {ended.code, ended.signal}; }

}  // namespace

// Carrying out an effect may be news itself: it waits for its turn.
void ServerState::Feed(Event event) {
  events.push_back(std::move(event));
  if (!feeding) HandleEvents();
}

void ServerState::HandleEvents() {
  feeding = true;
  const sys::LogTogether together;
  const absl::Time until = sys::SteadyNow() + kMostAtOnce;
  for (int i = 0; !events.empty(); ++i) {
    const absl::Time now = sys::SteadyNow();
    if (i >= kAnyhow && now >= until) break;
    const Event next = std::move(events.front());
    events.pop_front();
    CarryOutAll(supervision.On(next, now));
  }
  feeding = false;
  if (!events.empty()) {
    loop.Post([this] {
      if (!feeding && !events.empty()) HandleEvents();
    });
  }
  SetTimer();
  AtEndOfTurn();
}

void ServerState::CarryOutAll(const std::vector<Effect>& effects) {
  for (size_t i = 0; i < effects.size(); i++) {
    // A stop is a signal and a CONT: who gets them is looked for once.
    const auto* const signal = std::get_if<SignalTree>(&effects[i]);
    const auto* const behind = signal != nullptr && i + 1 < effects.size()
                                   ? std::get_if<SignalTree>(&effects[i + 1])
                                   : nullptr;
    if (behind != nullptr && behind->tag == signal->tag &&
        behind->signal == SIGCONT && signal->signal != SIGKILL) {
      StopWatching(signal->tag);
      tracking->Signal(signal->tag, signal->signal, behind->signal);
      i++;
      continue;
    }
    std::visit([this](const auto& e) { CarryOut(e); }, effects[i]);
  }
}

void ServerState::SetTimer() {
  const absl::Time when = supervision.wake_at();
  if (when == timer_at) return;
  loop.Cancel(std::exchange(timer, 0));
  timer_at = when;
  if (when == absl::InfiniteFuture()) return;
  timer = loop.At(when, [this] {
    timer = 0;
    timer_at = absl::InfiniteFuture();
    Feed(Woken{});
  });
}

// ---------------------------------------------------------------------------
// Starting

void ServerState::OpenWatches() {
  sockets = std::make_unique<ListenSockets>(loop);
  readiness = std::make_unique<ReadinessWatch>(
      loop, reaper, *tracking, absl::StrCat(config.run_folder, "/notify"),
      ReadinessWatch::Told{
          .ready = [this](Run run) { IsReady(run); },
          .hung =
              [this](Run run, const std::string& why) {
                Feed(HealthFailed{run, why});
              },
          .main_pid = [this](Run run, int pid) { MainIs(run, pid); },
          .said = [](Run, const NotifyMessage&) {},
      });
  health = std::make_unique<HealthWatch>(
      loop, reaper,
      HealthWatch::Told{
          .failed =
              [this](Run run, const std::string& why) {
                Feed(HealthFailed{run, why});
              },
          .passed = [this](Run run) { Feed(HealthPassed{run}); },
      });
}

absl::StatusOr<int> ServerState::StartMain(const StartEntry& e) {
  const Entry& entry = *e.entry;
  TRY_ASSIGN(const LogWriter::Ends ends, logs->EndsFor(entry));
  TRY_ASSIGN(const sys::Fd cgroup,
             tracking->FolderFor(entry.tag, entry.attributes.surroundings));
  TRY_ASSIGN(const ReadinessWatch::Gifts gifts, readiness->Prepare(entry));
  ProcessGifts given;
  given.in = ends.in;
  given.out = ends.out;
  given.err = ends.err;
  given.cgroup = cgroup.get();
  given.ready = gifts.ready;
  given.notify_socket = gifts.notify_socket;
  given.listen = sockets->For(entry);
  given.listen.insert(given.listen.end(), gifts.stored.begin(),
                      gifts.stored.end());
  return processes.Start(entry, e.level, given);
}

void ServerState::CarryOut(const StartEntry& e) {
  const std::string& tag = e.entry->tag;
  sockets->StopAwaiting(tag);
  const uint64_t before = sys::TicksNow();
  const absl::StatusOr<int> pid = StartMain(e);
  if (!pid.ok()) {
    readiness->Ended(tag);
    Feed(NotStarted{e.run, std::string(pid.status().message())});
    return;
  }
  reaper.Expect(*pid, [this, run = e.run](const sys::Ended& ended) {
    MainEnded(run, ended);
  });
  tracking->Added(tag, *pid);
  LiveRun& l = live[e.run];
  l.tag = tag;
  l.level = e.level;
  l.entry = e.entry;
  l.pid = *pid;
  // It started in between; if that was long, the record looks when.
  const uint64_t after = sys::TicksNow();
  l.start_ticks = after - before <= 1 ? after : 0;
  live_of[tag] = e.run;
  Feed(Started{e.run, *pid});
  readiness->Started(e.run, e.entry, *pid, CommandsOf(e.entry, e.level));
  if (e.entry->attributes.ready.kind == Readiness::Kind::kExec) IsReady(e.run);
}

// How readiness and health start the commands they ask.
Probe::Start ServerState::CommandsOf(std::shared_ptr<const Entry> entry,
                                     const std::string& level) {
  return [this, entry = std::move(entry),
          level](const std::string& command) -> absl::StatusOr<int> {
    return processes.StartCommand(*entry, command, level, {});
  };
}

void ServerState::IsReady(Run run) {
  const auto it = live.find(run);
  if (it == live.end() || it->second.entry == nullptr) return;
  // What follows from the news may start others, and move what is live.
  const std::shared_ptr<const Entry> entry = it->second.entry;
  const std::string level = it->second.level;
  if (entry->attributes.ready.kind != Readiness::Kind::kExec) {
    Feed(Ready{run});
  }
  // A test is looked at again once it has passed: see LookAfterTests.
  if (entry->attributes.health.kind != Health::Kind::kNone &&
      entry->mode != Mode::kTest && live.contains(run)) {
    health->Up(run, entry, CommandsOf(entry, level));
  }
}

// A test with every= has no process while it is looked at.
void ServerState::LookAfterTests() {
  for (const std::string& tag : repeated_tests) {
    const std::optional<EntryView> view = supervision.View(tag);
    const bool passed = view.has_value() &&
                        view->state == EntryState::kFinished &&
                        view->last_end.has_value() && view->last_end->ok();
    if (!passed) {
      if (!live_of.contains(tag)) health->Ended(tag);
    } else if (health->RunOf(tag) != view->run) {
      health->Up(view->run, view->entry, CommandsOf(view->entry, ""));
    }
  }
}

// Those whose first connection starts them.
void ServerState::AwaitConnections() {
  for (const std::string& tag : lazy_entries) {
    const std::optional<EntryView> view = supervision.View(tag);
    if (view.has_value() && view->waits) {
      sockets->Await(tag, [this, tag] { Feed(Wanted{tag}); });
    } else {
      sockets->StopAwaiting(tag);
    }
  }
}

// What counts without a new start, counts now.
void ServerState::RefreshRuns() {
  for (auto& [run, l] : live) {
    const std::optional<EntryView> view = supervision.View(l.tag);
    if (!view.has_value() || view->run != run || view->entry == l.entry) {
      continue;
    }
    const std::shared_ptr<const Entry> before =
        std::exchange(l.entry, view->entry);
    if (before == nullptr) continue;
    tracking->FolderFor(l.tag, l.entry->attributes.surroundings).IgnoreError();
    if (l.entry->attributes.health != before->attributes.health &&
        view->state == EntryState::kUp && l.entry->mode != Mode::kTest) {
      health->Up(run, l.entry, CommandsOf(l.entry, l.level));
    }
  }
}

// ---------------------------------------------------------------------------
// Ending

void ServerState::MainEnded(Run run, const sys::Ended& ended) {
  auto node = live.extract(run);
  if (node.empty()) return;
  const std::string tag = node.mapped().tag;
  const auto it = live_of.find(tag);
  if (it != live_of.end() && it->second == run) live_of.erase(it);
  readiness->Ended(tag);
  health->Ended(tag);
  const bool nothing_left = tracking->NothingLeft(tag);
  if (nothing_left) logs->Ended(tag);
  Feed(Ended{run, EndOf(ended)});
  if (nothing_left) Feed(Empty{tag});
}

// It said that another of its processes is the main one: that one's end counts,
// and the first one's does not.
void ServerState::MainIs(Run run, int pid) {
  const auto it = live.find(run);
  if (it == live.end() || it->second.pid == pid) return;
  LiveRun& l = it->second;
  const std::optional<sys::ProcessInfo> info = sys::ReadProcess(pid);
  if (!info.has_value() || info->ended) return;
  sys::Log("entry.main-pid", {{"tag", l.tag}, {"from", l.pid}, {"to", pid}});
  reaper.Forget(l.pid);
  l.pid = pid;
  l.start_ticks = info->start_ticks;
  if (info->parent == sys::MyPid()) {
    ForgetStranger(l);
    reaper.Expect(
        pid, [this, run](const sys::Ended& ended) { MainEnded(run, ended); });
  } else {
    WatchStranger(run, l);
  }
  Feed(Started{run, pid});
}

void ServerState::StopWatching(const std::string& tag) {
  readiness->Ended(tag);
  health->Ended(tag);
}

LiveRun* ServerState::FindLive(absl::string_view tag) {
  const auto run = live_of.find(tag);
  if (run == live_of.end()) return nullptr;
  const auto it = live.find(run->second);
  return it == live.end() ? nullptr : &it->second;
}

void ServerState::CarryOut(const RunStopCommand& e) {
  StopWatching(e.tag);
  const LiveRun* const l = FindLive(e.tag);
  const Entry* const entry =
      l != nullptr && l->entry != nullptr ? l->entry.get() : table->Find(e.tag);
  if (entry == nullptr) return;
  ProcessGifts gifts;
  if (l != nullptr) {
    gifts.variables.push_back({"ISINIT_PID", absl::StrCat(l->pid)});
  }
  const absl::StatusOr<int> pid = processes.StartCommand(
      *entry, e.command, l == nullptr ? "" : l->level, gifts);
  if (pid.ok()) {
    reaper.Expect(*pid, [](const sys::Ended&) {});
    return;
  }
  sys::Log("stop.failed",
           {{"tag", e.tag}, {"why", std::string(pid.status().message())}});
  tracking->Signal(e.tag, entry->attributes.stop_signal);
}

void ServerState::CarryOut(const SignalTree& e) {
  StopWatching(e.tag);
  if (e.signal == SIGKILL) {
    tracking->Kill(e.tag);
  } else {
    tracking->Signal(e.tag, e.signal);
  }
}

void ServerState::CarryOut(const SignalMain& e) {
  const auto it = live.find(e.run);
  if (it == live.end()) return;
  if (it->second.stranger.has_value()) {
    it->second.stranger->Signal(e.signal).IgnoreError();
  } else {
    reaper.Signal(it->second.pid, e.signal).IgnoreError();
  }
}

void ServerState::CarryOut(const Forget& e) {
  tracking->Forget(e.tag);
  logs->Forget(e.tag);
  readiness->Forget(e.tag);
  health->Ended(e.tag);
  sockets->Forget(e.tag);
}

// ---------------------------------------------------------------------------
// Telling

void ServerState::CarryOut(const Answer& e) {
  const auto it = waiting.find(e.client);
  if (it == waiting.end()) return;
  // Who does not wait for the end has had an answer with the first.
  const bool last =
      e.kind != Answer::Kind::kProgress || !it->second.request.wait();
  wire_pb::IsinitAnswer answer;
  answer.set_last(last);
  answer.set_exit_code(ExitCodeOf(e.kind));
  answer.set_text(e.text);
  Reply(e.client, answer);
}

void ServerState::CarryOut(const Note& e) {
  std::vector<sys::LogField> fields;
  fields.reserve(e.facts.size());
  for (const auto& [key, value] : e.facts) fields.push_back({key, value});
  sys::Log(e.event, absl::MakeConstSpan(fields));
  if (!table->hook.empty()) RunHook(e);
}

// What happened is in the environment: values may hold anything but a NUL.
void ServerState::RunHook(const Note& note) {
  if (hooks >= kMaxHooks) {
    sys::LogStep("hook.left-out", {{"event", note.event}});
    return;
  }
  Entry entry;
  entry.tag = "hook";
  ProcessGifts gifts;
  gifts.variables.push_back({"ISINIT_EVENT", note.event});
  for (const auto& [key, value] : note.facts) {
    gifts.variables.push_back(
        {absl::StrCat("ISINIT_", absl::AsciiStrToUpper(key)), value});
  }
  const absl::StatusOr<int> pid =
      processes.StartCommand(entry, table->hook, "", gifts);
  if (!pid.ok()) {
    sys::Log("hook.failed", {{"why", std::string(pid.status().message())}});
    return;
  }
  hooks++;
  reaper.Expect(*pid, [this](const sys::Ended&) { hooks--; });
}

void ServerState::CarryOut(const GroupChanged&) { status_dirty = true; }

void ServerState::CarryOut(const Leave& e) {
  if (e.reboot) power = Power::kReboot;
  Finish(e.code);
}

}  // namespace isinit
