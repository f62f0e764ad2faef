#include "isinit/entry_states.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/time.h"

namespace isinit {

namespace {

constexpr int kSigKill = 9, kSigCont = 18;
// What survives a KILL was forked beside it, or sleeps in the kernel; the
// former is soon over, the latter must not keep us busy.
constexpr absl::Duration kKillAgain = absl::Seconds(1);
constexpr absl::Duration kKillAgainMost = absl::Seconds(32);
// Nothing of it ran, so nothing of it ended: what shells say of a command that
// they cannot run.
constexpr int kNeverStarted = 127;

std::string EndWords(const End& end) {
  return end.signal != 0 ? absl::StrCat("signal ", end.signal)
                         : absl::StrCat("exit code ", end.code);
}

}  // namespace

int ExitCode(const Attributes& attributes, const std::optional<End>& end) {
  int code = kNeverStarted;
  if (end.has_value()) code = end->signal != 0 ? 128 + end->signal : end->code;
  for (const auto& [from, to] : attributes.exit_codes) {
    if (from == code) return to;
  }
  return code;
}

EntryStates::EntryStates(std::shared_ptr<const Entry> entry, uint64_t seed)
    : entry_(std::move(entry)), dice_(seed) {}

// --- orders ------------------------------------------------------------------

void EntryStates::Start(Run run, const std::string& level, Turn& turn) {
  MUST(state_ == EntryState::kIdle && main_ == Main::kNone);
  const Throttle::Verdict verdict =
      throttle_.Ask(entry_->attributes, turn.now, dice_);
  switch (verdict.kind) {
    case Throttle::Verdict::Kind::kStart:
      break;
    case Throttle::Verdict::Kind::kRest:
      if (verdict.begins) {
        turn.effects.push_back(
            Note{"entry.throttled",
                 {{"tag", entry_->tag},
                  {"for", base::FormatDuration(verdict.until - turn.now)}}});
      }
      return Enter(EntryState::kPaused, turn, verdict.until);
    case Throttle::Verdict::Kind::kGiveUp:
      return GiveUp(turn);
  }
  run_ = run;
  pid_ = 0;
  main_ = Main::kAsked;
  failed_ = false;
  unhealthy_ = false;
  starts_++;
  turn.effects.push_back(StartEntry{run, entry_, level});
  Enter(EntryState::kStarting, turn, absl::InfiniteFuture());
}

void EntryStates::Stop(After after, Turn& turn) {
  switch (state_) {
    case EntryState::kIdle:
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
      if (!tree_) return;
      after_ = after;
      before_ = state_ == EntryState::kPaused ? EntryState::kIdle : state_;
      return SendStop(/*command=*/false, turn);
    case EntryState::kStarting:
    case EntryState::kUp:
      after_ = after;
      return SendStop(/*command=*/true, turn);
    case EntryState::kStopping:
      if (after_ == After::kFailed) after_ = after;
      return;
  }
}

void EntryStates::Kill(Turn& turn) {
  kill_at_once_ = true;
  switch (state_) {
    case EntryState::kIdle:
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
    case EntryState::kStarting:
    case EntryState::kUp:
      Stop(After::kIdle, turn);
      break;
    case EntryState::kStopping:
      break;
  }
  if (state_ == EntryState::kStopping) SendKill(turn);
}

void EntryStates::Leave(Turn& turn) {
  switch (state_) {
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
      failed_ = unhealthy_ = false;
      return Enter(EntryState::kIdle, turn, absl::InfiniteFuture());
    case EntryState::kIdle:
    case EntryState::kStarting:
    case EntryState::kUp:
    case EntryState::kStopping:
      return;
  }
}

void EntryStates::Refresh(Turn& turn) {
  throttle_.Forget();
  Leave(turn);
}

void EntryStates::SetEntry(std::shared_ptr<const Entry> entry, Turn& turn) {
  const bool no_limit_now = Blocks(entry_->mode) && !Blocks(entry->mode);
  entry_ = std::move(entry);
  switch (state_) {
    case EntryState::kStarting:
    case EntryState::kUp:
      if (no_limit_now) timer_ = absl::InfiniteFuture();
      // What lived by what it left behind does not any more.
      if (main_ == Main::kNone && !entry_->attributes.forking) {
        RunOver(/*failed=*/state_ == EntryState::kStarting, turn);
      }
      return;
    case EntryState::kFinished:
      // What it ran to the end as, it is not any more.
      if (Respawns(entry_->mode)) Leave(turn);
      return;
    case EntryState::kIdle:
    case EntryState::kPaused:
    case EntryState::kGivenUp:
    case EntryState::kStopping:
      return;
  }
}

// --- events ------------------------------------------------------------------

void EntryStates::OnStarted(int pid, Turn& turn) {
  if (main_ != Main::kAsked) return;
  main_ = Main::kRuns;
  tree_ = true;
  pid_ = pid;
  why_.clear();
  turn.effects.push_back(Note{
      "entry.started", {{"tag", entry_->tag}, {"pid", absl::StrCat(pid)}}});
  switch (state_) {
    case EntryState::kStarting:
      if (Blocks(entry_->mode) ||
          entry_->attributes.ready.kind == Readiness::Kind::kExec) {
        return Up(turn);
      }
      return Enter(EntryState::kStarting, turn,
                   turn.now + entry_->attributes.ready_timeout);
    case EntryState::kStopping:
      // The stop was decided before there was anything to signal.
      return SendStop(/*command=*/true, turn);
    case EntryState::kIdle:
    case EntryState::kUp:
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
      return;
  }
}

void EntryStates::OnNotStarted(const std::string& why, Turn& turn) {
  if (main_ != Main::kAsked) return;
  main_ = Main::kNone;
  last_end_.reset();
  why_ = why;
  turn.effects.push_back(
      Note{"entry.notstarted", {{"tag", entry_->tag}, {"why", why}}});
  switch (state_) {
    case EntryState::kStarting:
      // What never ran is tried again, whatever its mode.
      failed_ = true;
      return Enter(EntryState::kIdle, turn, absl::InfiniteFuture());
    case EntryState::kStopping:
      if (!tree_) Gone(turn);
      return;
    case EntryState::kIdle:
    case EntryState::kUp:
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
      return;
  }
}

void EntryStates::OnReady(Turn& turn) {
  switch (state_) {
    case EntryState::kStarting:
      // One that forked away may be ready when its first process is gone.
      if (tree_) Up(turn);
      return;
    case EntryState::kIdle:
    case EntryState::kUp:
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
    case EntryState::kStopping:
      return;
  }
}

void EntryStates::OnEnded(const End& end, Turn& turn) {
  if (main_ != Main::kRuns) return;
  main_ = Main::kNone;
  pid_ = 0;
  last_end_ = end;
  turn.effects.push_back(
      Note{"entry.ended", {{"tag", entry_->tag}, {"how", EndWords(end)}}});
  switch (state_) {
    case EntryState::kStarting:
      if (end.ok() && entry_->attributes.ready.kind == Readiness::Kind::kExit) {
        Up(turn);
      }
      if (!entry_->attributes.forking) {
        RunOver(/*failed=*/state_ == EntryState::kStarting, turn);
      }
      return;
    case EntryState::kUp:
      if (!entry_->attributes.forking) RunOver(/*failed=*/false, turn);
      return;
    case EntryState::kStopping:  // Empty ends that
    case EntryState::kIdle:
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
      return;
  }
}

void EntryStates::OnEmpty(Turn& turn) {
  // One that runs is not empty: this is old news.
  if (main_ == Main::kRuns || !tree_) return;
  tree_ = false;
  if (main_ == Main::kAsked) return;
  switch (state_) {
    case EntryState::kStarting:
      return RunOver(/*failed=*/true, turn);
    case EntryState::kUp:
      return RunOver(/*failed=*/false, turn);
    case EntryState::kStopping:
      return Gone(turn);
    case EntryState::kIdle:
    case EntryState::kPaused:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
      return;
  }
}

void EntryStates::OnHealthFailed(const std::string& why, Turn& turn) {
  switch (state_) {
    case EntryState::kFinished:
      // A test that is looked at again and again, when it has ended too.
      if (entry_->mode != Mode::kTest) return;
      [[fallthrough]];
    case EntryState::kUp:
      why_ = why;
      if (unhealthy_) return;
      unhealthy_ = true;
      turn.effects.push_back(
          Note{"entry.unhealthy", {{"tag", entry_->tag}, {"why", why}}});
      return Demands(entry_->attributes.health.unhealthy, turn);
    case EntryState::kIdle:
    case EntryState::kStarting:
    case EntryState::kPaused:
    case EntryState::kGivenUp:
    case EntryState::kStopping:
      return;
  }
}

void EntryStates::OnHealthPassed(Turn& turn) {
  switch (state_) {
    case EntryState::kFinished:
    case EntryState::kUp:
      if (!unhealthy_) return;
      unhealthy_ = false;
      why_.clear();
      turn.effects.push_back(Note{"entry.healthy", {{"tag", entry_->tag}}});
      return;
    case EntryState::kIdle:
    case EntryState::kStarting:
    case EntryState::kPaused:
    case EntryState::kGivenUp:
    case EntryState::kStopping:
      return;
  }
}

void EntryStates::OnAdopted(Run run, int pid, absl::Time since, Turn& turn) {
  if (live()) return;
  run_ = run;
  pid_ = pid;
  tree_ = true;
  main_ = pid != 0 ? Main::kRuns : Main::kNone;
  // Without its main process it is up only if it lives by what is left.
  if (main_ == Main::kNone &&
      (!entry_->attributes.forking || state_ == EntryState::kFinished)) {
    return;
  }
  Up(turn);
  since_ = up_since_ = std::min(since, turn.now);
}

void EntryStates::OnFinished(Run run, const End& end, Turn& turn) {
  if (state_ != EntryState::kIdle) return;
  run_ = run;
  last_end_ = end;
  if (!Respawns(entry_->mode)) Finish(turn);
}

void EntryStates::OnTimer(Turn& turn) {
  if (timer_ > turn.now) return;
  timer_ = absl::InfiniteFuture();
  switch (state_) {
    case EntryState::kPaused:
      return Enter(EntryState::kIdle, turn, absl::InfiniteFuture());
    case EntryState::kStarting:
      why_ =
          absl::StrCat("not ready after ",
                       base::FormatDuration(entry_->attributes.ready_timeout));
      turn.effects.push_back(
          Note{"entry.notready", {{"tag", entry_->tag}, {"why", why_}}});
      return Stop(After::kFailed, turn);
    case EntryState::kUp:
      why_ = absl::StrCat("not done after ",
                          base::FormatDuration(entry_->attributes.timeout));
      turn.effects.push_back(
          Note{"entry.timeout", {{"tag", entry_->tag}, {"why", why_}}});
      return Stop(After::kFailed, turn);
    case EntryState::kStopping:
      return SendKill(turn);
    case EntryState::kIdle:
    case EntryState::kFinished:
    case EntryState::kGivenUp:
      return;
  }
}

// --- steps -------------------------------------------------------------------

void EntryStates::Enter(EntryState state, Turn& turn, absl::Time timer) {
  if (state_ == EntryState::kUp && state != state_) {
    throttle_.Ended(entry_->attributes, turn.now - up_since_);
  }
  if (state != state_) since_ = turn.now;
  state_ = state;
  timer_ = timer;
}

void EntryStates::Up(Turn& turn) {
  up_since_ = turn.now;
  Enter(EntryState::kUp, turn,
        Blocks(entry_->mode) ? turn.now + entry_->attributes.timeout
                             : absl::InfiniteFuture());
}

void EntryStates::RunOver(bool failed, Turn& turn) {
  failed_ = failed;
  if (!Respawns(entry_->mode)) return Finish(turn);
  Enter(EntryState::kIdle, turn, absl::InfiniteFuture());
}

void EntryStates::Finish(Turn& turn) {
  Enter(EntryState::kFinished, turn, absl::InfiniteFuture());
  if (!entry_->attributes.essential) return;
  why_ = "the essential entry has ended";
  Demands({.kind = Consequence::Kind::kExit}, turn);
}

void EntryStates::GiveUp(Turn& turn) {
  if (why_.empty() && last_end_.has_value()) why_ = EndWords(*last_end_);
  turn.effects.push_back(
      Note{"entry.givenup", {{"tag", entry_->tag}, {"why", why_}}});
  Enter(EntryState::kGivenUp, turn, absl::InfiniteFuture());
  // Who wants it again later means a first start, not one too many. How often
  // it starts in a span of time counts on: levels that send each other on by
  // what gives up in them must not do so without a rest.
  throttle_.Ended(entry_->attributes, absl::InfiniteDuration());
  if (entry_->attributes.essential) {
    return Demands({.kind = Consequence::Kind::kExit}, turn);
  }
  Demands(entry_->attributes.give_up, turn);
}

void EntryStates::Gone(Turn& turn) {
  turn.effects.push_back(Note{"entry.stopped", {{"tag", entry_->tag}}});
  switch (after_) {
    case After::kIdle:
      return Enter(EntryState::kIdle, turn, absl::InfiniteFuture());
    case After::kFailed:
      return RunOver(/*failed=*/true, turn);
    case After::kAsBefore:
      return Enter(before_, turn, absl::InfiniteFuture());
  }
}

void EntryStates::SendStop(bool command, Turn& turn) {
  const Attributes& a = entry_->attributes;
  kill_again_ = kKillAgain;
  // Nothing is known to live before Started is heard; then this comes again.
  if (tree_) {
    if (command && !a.stop_command.empty()) {
      turn.effects.push_back(RunStopCommand{entry_->tag, a.stop_command});
    } else {
      turn.effects.push_back(SignalTree{entry_->tag, a.stop_signal});
    }
    turn.effects.push_back(SignalTree{entry_->tag, kSigCont});
  }
  Enter(EntryState::kStopping, turn,
        !tree_          ? absl::InfiniteFuture()
        : kill_at_once_ ? turn.now
                        : turn.now + a.stop_timeout);
}

void EntryStates::SendKill(Turn& turn) {
  if (!tree_) return;
  turn.effects.push_back(SignalTree{entry_->tag, kSigKill});
  turn.effects.push_back(Note{"entry.killed", {{"tag", entry_->tag}}});
  timer_ = turn.now + kill_again_;
  kill_again_ = std::min(2 * kill_again_, kKillAgainMost);
}

void EntryStates::Demands(const Consequence& what, Turn& turn) const {
  if (what.kind == Consequence::Kind::kNone) return;
  turn.demands.push_back({entry_->tag, what, why_});
}

EntryView EntryStates::View() const {
  EntryView view;
  view.entry = entry_;
  view.state = state_;
  view.run = run_;
  view.pid = pid_;
  view.tree = tree_;
  view.since = since_;
  if (state_ == EntryState::kPaused || state_ == EntryState::kStopping) {
    view.next = timer_;
  }
  view.starts = starts_;
  view.last_end = last_end_;
  view.why = why_;
  view.unhealthy = unhealthy_;
  return view;
}

}  // namespace isinit
