#include "power/web_job.h"

#include <algorithm>
#include <utility>

namespace power {
namespace {

constexpr absl::Duration kLeaveLimit = absl::Seconds(5);
constexpr int kRepeats = 2;  // of on and off whose answers were lost

}  // namespace

WebJob::WebJob(std::vector<WebOrder> orders, absl::Duration limit,
               std::unique_ptr<WebLink> link,
               std::unique_ptr<WebProtocol> protocol)
    : orders_(std::move(orders)),
      limit_(limit),
      link_(std::move(link)),
      protocol_(std::move(protocol)) {
  for (const WebOrder& order : orders_) {
    runs_.push_back({.plug = PlugAction(order.action, order.options,
                                        /*can_tell_privilege=*/true)});
  }
}

void WebJob::Start(absl::Time now) {
  phase_until_ = now + limit_;
  Advance(nullptr, now);
  Pump(now);
}

void WebJob::Connected(absl::Time now) {
  link_->Connected(now);
  Pump(now);
}
void WebJob::ConnectFailed(const Failure& failure, absl::Time now) {
  link_->ConnectFailed(failure, now);
  Pump(now);
}
void WebJob::Receive(absl::string_view bytes, absl::Time now) {
  link_->Receive(bytes, now);
  Pump(now);
}
void WebJob::Closed(absl::Time now) {
  link_->Closed(now);
  Pump(now);
}

void WebJob::Wake(absl::Time now) {
  link_->Wake(now);
  if (now >= pause_until_) {
    pause_until_ = absl::InfiniteFuture();
    Advance(nullptr, now);
  }
  for (size_t i = 0; i < runs_.size(); ++i) {
    Run& run = runs_[i];
    if (run.has_ended || now < run.wake) continue;
    run.wake = absl::InfiniteFuture();
    if (run.is_stepping) {
      ready_.push_back(i);
    } else {
      Do(i, run.plug.PauseOver(now), now);
    }
  }
  Pump(now);
}

void WebJob::Cancel(absl::Time now) {
  for (size_t i = 0; i < runs_.size(); ++i) {
    Run& run = runs_[i];
    if (run.has_ended || run.has_begun) continue;
    run.has_ended = true;
    std::erase(ready_, i);
    ended_.push_back({.order = i, .result = run.plug.result()});
  }
  Pump(now);
}

void WebJob::NoteLevels() {
  for (Run& run : runs_) {
    if (run.has_ended) continue;
    VerifyLevel& verified = run.plug.result().verified;
    if (link_->was_reached()) {
      verified = std::max(verified, VerifyLevel::kReach);
    }
    if (protocol_->is_in()) verified = std::max(verified, VerifyLevel::kLogin);
  }
}

// Goes on until there is a call under way, or only time can help.
void WebJob::Pump(absl::Time now) {
  while (phase_ != Phase::kEnded) {
    if (const std::optional<WebReply> reply = link_->TakeReply()) {
      NoteLevels();
      if (at_link_.has_value()) {
        const size_t order = *std::exchange(at_link_, std::nullopt);
        MoveOrder(order,
                  protocol_->Step(order, runs_[order].doing, &*reply, now),
                  now);
      } else {
        Advance(&*reply, now);
      }
      continue;
    }
    if (link_->is_asked()) return;
    if (phase_ != Phase::kOrders) return;
    if (TurnOrder(now)) continue;
    if (std::any_of(runs_.begin(), runs_.end(),
                    [](const Run& run) { return !run.has_ended; })) {
      return;
    }
    phase_ = Phase::kLeaving;
    phase_until_ = now + kLeaveLimit;
    Advance(nullptr, now);
  }
}

// Gives the link to the step that has waited longest; false if none waits.
bool WebJob::TurnOrder(absl::Time now) {
  if (ready_.empty()) return false;
  const size_t order = ready_.front();
  ready_.pop_front();
  Run& run = runs_[order];
  if (run.has_ended) return true;
  if (!std::exchange(run.is_stepping, true)) {
    run.until =
        std::min(run.doing.until == absl::InfiniteFuture()
                     ? absl::InfiniteFuture()
                     // The last reading of all has time for its answer.
                     : std::max(run.doing.until, now + absl::Seconds(2)),
                 now + limit_);
  }
  run.has_begun = true;
  MoveOrder(order, protocol_->Step(order, run.doing, nullptr, now), now);
  return true;
}

void WebJob::Advance(const WebReply* reply, absl::Time now) {
  if (phase_ == Phase::kOpening)
    Move(protocol_->Open(reply, now), now);
  else if (phase_ == Phase::kLeaving)
    Move(protocol_->Leave(reply, now), now);
}

void WebJob::Move(const WebMove& move, absl::Time now) {
  switch (move.kind) {
    case WebMove::Kind::kAsk:
      return link_->Ask(move.ask, phase_until_, now);
    case WebMove::Kind::kPause:
      if (move.until < phase_until_) {
        pause_until_ = move.until;
        return;
      }
      break;
    default:
      break;
  }
  if (phase_ == Phase::kLeaving) {
    link_->Close();
    phase_ = Phase::kEnded;
    return;
  }
  NoteLevels();
  if (move.kind != WebMove::Kind::kReady) {
    return EndAll(move.kind == WebMove::Kind::kPause
                      ? Failure{.failure_class = FailureClass::kBusy,
                                .text = "asks us to come back later than we "
                                        "may wait"}
                      : move.failure);
  }
  phase_ = Phase::kOrders;
  for (size_t i = 0; i < runs_.size(); ++i) {
    if (!runs_[i].has_ended) Do(i, runs_[i].plug.Begin(now), now);
  }
}

void WebJob::EndAll(const Failure& failure) {
  for (size_t i = 0; i < runs_.size(); ++i) {
    Run& run = runs_[i];
    if (run.has_ended) continue;
    run.plug.result().failure = failure;
    run.plug.result().failure->maybe_executed = false;
    End(i);
  }
  phase_ = Phase::kOrders;  // with none left, so that it leaves
}

void WebJob::Do(size_t order, const PlugAction::Next& next, absl::Time) {
  Run& run = runs_[order];
  run.doing = next;
  run.is_stepping = false;
  switch (next.step) {
    case PlugAction::Step::kPause:
      run.wake = next.until;
      return;
    case PlugAction::Step::kEnd:
      return End(order);
    case PlugAction::Step::kSwitch:
      run.repeats = 0;
      break;
    default:
      break;
  }
  ready_.push_back(order);
}

void WebJob::MoveOrder(size_t order, const WebMove& move, absl::Time now) {
  Run& run = runs_[order];
  PlugAction& plug = run.plug;
  if (!move.remark.empty()) plug.result().remark = move.remark;
  switch (move.kind) {
    case WebMove::Kind::kAsk:
      at_link_ = order;
      return link_->Ask(move.ask, run.until, now);
    case WebMove::Kind::kPause:
      if (move.until >= run.until) {
        return Do(order,
                  plug.Failed({.failure_class = FailureClass::kBusy,
                               .text = "asks us to come back later than we "
                                       "may wait"},
                              now),
                  now);
      }
      run.wake = move.until;
      return;
    case WebMove::Kind::kState:
      return Do(order, plug.StateRead(move.state, now), now);
    case WebMove::Kind::kWasSo:
      run.was_so = true;
      return Do(order, plug.Switched(now), now);
    case WebMove::Kind::kSwitched:
      return Do(order, plug.Switched(now), now);
    case WebMove::Kind::kAllowed:
      return Do(order, plug.Allowed(now), now);
    case WebMove::Kind::kSetting:
      return Do(order, plug.SettingRead(move.is_so, now), now);
    case WebMove::Kind::kUntold:
      plug.result().outcome = Outcome::kDone;
      if (plug.result().remark.empty()) {
        plug.result().remark = "whether it may be switched is not known";
      }
      return End(order);
    case WebMove::Kind::kImpossible:
      return Do(order, plug.Impossible(move.failure, now), now);
    case WebMove::Kind::kLost: {
      // The step is done once more, from its beginning.
      if (IsRepeatable(run.doing.command) && run.repeats < kRepeats &&
          now < run.until) {
        ++run.repeats;
        ready_.push_back(order);
        return;
      }
      return Do(order, plug.Lost(move.failure, now), now);
    }
    case WebMove::Kind::kReady:
    case WebMove::Kind::kFailed:
      return Do(order, plug.Failed(move.failure, now), now);
  }
}

void WebJob::End(size_t order) {
  Run& run = runs_[order];
  run.has_ended = true;
  PlugResult& result = run.plug.result();
  result.attempts = link_->attempts();
  // It was there before our command came.
  if (run.was_so && result.outcome == Outcome::kDone &&
      (orders_[order].action == Action::kOn ||
       orders_[order].action == Action::kOff)) {
    result.outcome = Outcome::kAlready;
  }
  ended_.push_back({.order = order, .result = result});
}

absl::Time WebJob::wake_at() const {
  if (phase_ == Phase::kEnded) return absl::InfiniteFuture();
  absl::Time at = std::min(link_->wake_at(), pause_until_);
  for (const Run& run : runs_) {
    if (!run.has_ended) at = std::min(at, run.wake);
  }
  return at;
}

}  // namespace power
