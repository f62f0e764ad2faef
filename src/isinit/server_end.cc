// Signals, what runs once, and the end: what a server that is process 1 needs
// more of than others.

#include <absl/strings/str_cat.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "isinit/server_state.h"
#include "sys/clock.h"
#include "sys/environment.h"
#include "sys/log.h"
#include "sys/signals.h"

namespace isinit {
namespace {

constexpr int kLostPowerSignal = SIGPWR;
constexpr absl::Duration kOneShotPatience = absl::Seconds(5);

}  // namespace

// ---------------------------------------------------------------------------
// Signals

void ServerState::TakeSignal(int signal) {
  sys::Log("signal.came", {{"signal", sys::SignalName(signal)}});
  if (signal == SIGHUP) {
    Reread(false, nullptr).IgnoreError();
    return;
  }
  if (!config.process_one || config.situation == Situation::kContainer) {
    switch (signal) {
      case SIGUSR1:
      case SIGUSR2:
      case SIGQUIT:
      case SIGWINCH:
        return;
      default:  // TERM, INT, PWR, RTMIN+3
        BeginEnd(std::nullopt);
        return;
    }
  }
  // Of a machine, as busybox init has them.
  switch (signal) {
    case SIGINT:
      StartOneShots(Mode::kCtrlAltDel, nullptr);
      return;
    case SIGTERM:
      BeginEnd(Power::kReboot);
      return;
    case SIGUSR1:
      BeginEnd(Power::kHalt);
      return;
    case SIGUSR2:
      BeginEnd(Power::kPowerOff);
      return;
    case SIGQUIT:
      Succeed();
      return;
    case kLostPowerSignal:
      StartOneShots(Mode::kPowerFail, nullptr);
      return;
    default:
      return;
  }
}

// As busybox init: with a restart entry everything ends, and that one takes our
// place. Else it is our own file, and nothing ends.
void ServerState::Succeed() {
  for (const Entry& entry : table->entries) {
    if (entry.mode != Mode::kRestart) continue;
    successor = entry;
    BeginEnd(std::nullopt);
    return;
  }
  BeginUpgrade(0);
}

// ---------------------------------------------------------------------------
// What runs once, one after the other: sysinit, bootwait, shutdown ...

void ServerState::StartOneShots(Mode mode, std::function<void()> then) {
  for (const Entry& entry : table->entries) {
    if (entry.mode == mode) one_shots.push_back(entry);
  }
  if (then != nullptr) after_one_shots.push_back(std::move(then));
  if (one_shot == 0) NextOneShot();
}

void ServerState::NextOneShot() {
  one_shot = 0;
  if (one_shots.empty()) {
    std::vector<std::function<void()>> then;
    std::swap(then, after_one_shots);
    for (const auto& f : then) f();
    return;
  }
  const Entry entry = std::move(one_shots.front());
  one_shots.pop_front();
  ProcessGifts gifts;
  const absl::StatusOr<LogWriter::Ends> ends = logs->EndsFor(entry);
  if (ends.ok()) {
    gifts.in = ends->in;
    gifts.out = ends->out;
    gifts.err = ends->err;
  }
  const absl::StatusOr<int> pid = processes.Start(entry, "", gifts);
  sys::Log("step.started", {{"tag", entry.tag},
                            {"mode", std::string(ModeName(entry.mode))},
                            {"pid", pid.ok() ? *pid : 0}});
  if (!pid.ok()) {
    sys::Log("step.failed", {{"tag", entry.tag},
                             {"why", std::string(pid.status().message())}});
    loop.Post([this] { NextOneShot(); });
    return;
  }
  one_shot = *pid;
  reaper.Expect(*pid, [this, tag = entry.tag](const sys::Ended& ended) {
    sys::Log("step.ended",
             {{"tag", tag}, {"code", ended.code}, {"signal", ended.signal}});
    NextOneShot();
  });
}

// The one that runs is stopped, and killed if it does not listen; those behind
// it are left out, and what was to follow them.
void ServerState::DropOneShots() {
  one_shots.clear();
  after_one_shots.clear();
  if (one_shot == 0) return;
  reaper.Signal(one_shot, SIGTERM).IgnoreError();
  loop.After(kOneShotPatience, [this, pid = one_shot] {
    if (one_shot == pid) reaper.Signal(pid, SIGKILL).IgnoreError();
  });
}

// ---------------------------------------------------------------------------
// The end

void ServerState::BeginEnd(std::optional<Power> then) {
  if (then.has_value()) power = then;
  if (std::exchange(ending, true)) return;
  DropOneShots();
  Feed(Halt{});
}

void ServerState::Finish(int code) {
  if (std::exchange(leaving, true)) return;
  end.code = code;
  const auto stop = [this] {
    end.machine = power.has_value();
    if (power.has_value()) end.power = *power;
    if (successor.has_value()) {
      end.successor =
          ArgumentsOf(successor->command, sys::Environment::Ours().IsUtf8(),
                      [] { return access("/bin/sh", X_OK) == 0; });
    }
    // What entries wrote last is on its way to the disk.
    leave_by = sys::SteadyNow() + absl::Seconds(2);
    StopWhenFlushed();
  };
  if (config.process_one) {
    StartOneShots(Mode::kShutdown, stop);
    // They have as long as the groups had.
    loop.After(table->halt_timeout, [this, stop] {
      if (one_shot == 0) return;
      sys::Log("step.forced", {{"pid", one_shot}});
      DropOneShots();
      after_one_shots.push_back(stop);
    });
  } else {
    stop();
  }
}

void ServerState::StopWhenFlushed() {
  if (logs->Flushed() || sys::SteadyNow() >= leave_by) {
    AnswerHalted();
    loop.Stop();
    return;
  }
  loop.After(absl::Milliseconds(2), [this] { StopWhenFlushed(); });
}

}  // namespace isinit
