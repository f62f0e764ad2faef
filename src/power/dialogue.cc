#include "power/dialogue.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "power/script_runner.h"

namespace power {

using Wait = ScriptRunner::Wait;

Dialogue::Dialogue(DialogueDevice device)
    : device_(std::move(device)), recent_(device_.hidden()) {}
Dialogue::~Dialogue() = default;

Dialogue::Effects Dialogue::Start(std::vector<ScriptRun> runs, absl::Time now) {
  MUST(!busy());
  runners_.clear();
  active_ = 0;
  for (ScriptRun& run : runs) {
    runners_.push_back(std::make_unique<ScriptRunner>(device_, std::move(run)));
  }
  Effects out;
  Step(now, &out);
  return out;
}

Dialogue::Effects Dialogue::Received(absl::string_view bytes, absl::Time now) {
  // What comes between a Reconnect and Connected is of the old connection.
  const bool old = busy() && runners_[active_]->wait() == Wait::kNetwork;
  if (!old) {
    recent_.Append(bytes);
    if (device_.specification->language >= 2) {
      std::string plain = terminal_.Take(bytes);
      buffer_.Append(plain);
      keys::Wipe(plain);
    } else {
      buffer_.Append(bytes);
    }
  }
  Effects out;
  Step(now, &out);
  return out;
}

Dialogue::Effects Dialogue::Closed(absl::Time now,
                                   const std::optional<Failure>& why) {
  Effects out;
  if (busy() && runners_[active_]->wait() == Wait::kNetwork) return out;
  closed_ = why.value_or(Failure{FailureClass::kClosed, ""});
  Step(now, &out);
  return out;
}

Dialogue::Effects Dialogue::Connected(absl::Time now) {
  closed_.reset();
  terminal_ = TerminalFilter();
  buffer_.Clear();
  Effects out;
  if (busy()) runners_[active_]->Connected();
  Step(now, &out);
  return out;
}

Dialogue::Effects Dialogue::ConnectFailed(const Failure& failure) {
  Effects out;
  FailAll(failure, &out);
  return out;
}

Dialogue::Effects Dialogue::Woken(absl::Time now) {
  Effects out;
  Step(now, &out);
  return out;
}

bool Dialogue::busy() const {
  return std::any_of(runners_.begin(), runners_.end(),
                     [](const auto& runner) { return !runner->ended(); });
}

absl::Time Dialogue::wake_at() const {
  if (!busy()) return absl::InfiniteFuture();
  // While one waits for bytes or a connection, a pause of another that is over
  // changes nothing.
  const ScriptRunner& active = *runners_[active_];
  if (active.wait() != Wait::kMoment) return active.wake_at();
  absl::Time wake = absl::InfiniteFuture();
  for (const auto& runner : runners_) wake = std::min(wake, runner->wake_at());
  return wake;
}

void Dialogue::FailAll(const Failure& failure, Effects* out) {
  for (size_t i = 0; i < runners_.size(); i++) {
    if (runners_[i]->ended()) continue;
    runners_[i]->Fail(failure);
    RunEnded ended = runners_[i]->Result();
    ended.run = i;
    out->push_back(std::move(ended));
  }
}

// The script whose turn it is: the active one; while that pauses and others may
// go on, the first that has something to do.
size_t Dialogue::NextReady(absl::Time now) const {
  const ScriptRunner& active = *runners_[active_];
  if (!active.ended() && active.wait() != Wait::kMoment) return active_;
  const bool interleave = device_.specification->interleave.value_or(false);
  if (!active.ended() && !interleave) return active_;
  // Pauses that are over come before scripts that have not begun.
  for (size_t i = 0; i < runners_.size(); i++) {
    const ScriptRunner& runner = *runners_[i];
    if (runner.begun() && !runner.ended() && now >= runner.wake_at()) {
      return i;
    }
  }
  for (size_t i = 0; i < runners_.size(); i++) {
    if (!runners_[i]->begun()) return i;
  }
  for (size_t i = 0; i < runners_.size(); i++) {
    if (!runners_[i]->ended()) return i;
  }
  return active_;
}

void Dialogue::Step(absl::Time now, Effects* out) {
  while (busy()) {
    active_ = NextReady(now);
    ScriptRunner& runner = *runners_[active_];
    runner.Step(now, {device_, buffer_, recent_, closed_, *out});
    if (runner.ended()) {
      RunEnded ended = runner.Result();
      ended.run = active_;
      const std::optional<Failure> failure = ended.failure;
      out->push_back(std::move(ended));
      if (failure) {
        return FailAll(
            {failure->failure_class,
             absl::StrCat("an earlier script failed: ", failure->text)},
            out);
      }
      continue;
    }
    if (runner.wait() != Wait::kMoment) return;
    const size_t next = NextReady(now);
    if (next == active_ ||
        (runners_[next]->begun() && now < runners_[next]->wake_at())) {
      return;
    }
  }
}

}  // namespace power
