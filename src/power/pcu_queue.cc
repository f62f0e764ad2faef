#include "power/pcu_queue.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace power {
namespace {

// A host that stays dark is worth more patience than one that stays as it was.
constexpr int kUrgentRetries = 4;
constexpr absl::Duration kLeastLimit = absl::Seconds(1);
constexpr absl::string_view kIsOnNow = "; is on now";

// Nothing answered at all.
bool FailedToConnect(const Failure& failure, VerifyLevel verified) {
  return failure.failure_class == FailureClass::kUnreachable ||
         (failure.failure_class == FailureClass::kTimeout &&
          verified == VerifyLevel::kNothing);
}

bool LeadsToNextWay(const Failure& failure, VerifyLevel verified) {
  return FailedToConnect(failure, verified) ||
         (failure.failure_class == FailureClass::kClosed &&
          verified < VerifyLevel::kLogin);
}

bool MayPass(const Failure& failure) {
  return failure.failure_class == FailureClass::kClosed ||
         failure.failure_class == FailureClass::kTimeout ||
         failure.failure_class == FailureClass::kBusy;
}

// What a host that may be dark is tried again for, too.
bool MayPassInTheDark(const Failure& failure) {
  return MayPass(failure) || failure.failure_class == FailureClass::kPrompt ||
         failure.failure_class == FailureClass::kDevice;
}

// It is the device that fails, not the plug.
bool IsOfTheDevice(const Failure& failure, VerifyLevel verified) {
  if (verified >= VerifyLevel::kLogin || failure.maybe_executed) return false;
  switch (failure.failure_class) {
    case FailureClass::kAuth:
    case FailureClass::kUnreachable:
    case FailureClass::kTimeout:
    case FailureClass::kClosed:
    case FailureClass::kBusy:
    case FailureClass::kTls:
    case FailureClass::kHostKey:
    case FailureClass::kLocked:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool PcuQueue::IsStaggered(const Order& order) const {
  return settings_.stagger > absl::ZeroDuration() &&
         (order.order.action == Action::kOn ||
          order.order.action == Action::kCycle);
}

std::optional<PcuQueue::Ended> PcuQueue::Add(Order order) {
  Waiting waiting;
  waiting.order = std::move(order);
  waiting.way = good_way_;
  waiting.ways_left = settings_.ways;
  if (refusal_.has_value() && !waiting.order.order.is_urgent) {
    PlugResult result;
    result.failure = refusal_;
    return Final(std::move(waiting), std::move(result));
  }
  Enqueue(std::move(waiting));
  return std::nullopt;
}

void PcuQueue::Enqueue(Waiting&& waiting) {
  if (!waiting.order.order.is_urgent) {
    waiting_.push_back(std::move(waiting));
    return;
  }
  const auto behind =
      std::find_if(waiting_.begin(), waiting_.end(),
                   [](const Waiting& w) { return !w.order.order.is_urgent; });
  waiting_.insert(behind, std::move(waiting));
}

bool PcuQueue::MayGo(const Waiting& waiting, absl::Time now) const {
  if (waiting.not_before > now) return false;
  return !IsStaggered(waiting.order) || (!is_lighting_ && next_light_ <= now);
}

std::optional<PcuQueue::Batch> PcuQueue::Take(BatchId id, absl::Time now) {
  if (running_.size() >= static_cast<size_t>(std::max(settings_.sessions, 1))) {
    return std::nullopt;
  }
  Running running;
  running.last_news = now;
  Batch batch = {.id = id, .limit = settings_.limit};
  std::vector<Waiting> rest;
  batch.orders.reserve(waiting_.size());
  running.orders.reserve(waiting_.size());
  for (Waiting& waiting : waiting_) {
    if (!MayGo(waiting, now) ||
        (running.open > 0 && waiting.way != running.way)) {
      rest.push_back(std::move(waiting));
      continue;
    }
    running.way = waiting.way;
    ++running.open;
    if (IsStaggered(waiting.order)) is_lighting_ = running.lights = true;
    batch.limit = std::min(batch.limit, settings_.limit - waiting.spent);
    batch.orders.push_back(waiting.order);
    running.orders.push_back(std::move(waiting));
  }
  waiting_ = std::move(rest);
  if (running.open == 0) return std::nullopt;
  batch.way = running.way;
  batch.limit = std::max(batch.limit, kLeastLimit);
  running_.emplace(id, std::move(running));
  return batch;
}

std::vector<PcuQueue::Ended> PcuQueue::OrderEnded(BatchId batch, size_t index,
                                                  PlugResult result,
                                                  absl::Time now) {
  Running& running = running_.at(batch);
  MUST(index < running.orders.size() && running.orders[index].has_value());
  Waiting& waiting = *running.orders[index];
  waiting.spent += now - running.last_news;
  running.last_news = now;
  waiting.attempts += result.attempts;
  if (IsStaggered(waiting.order)) {
    is_lighting_ = false;
    // What was on already was not switched.
    if (result.outcome != Outcome::kAlready) {
      next_light_ = now + settings_.stagger;
    }
  }
  if (!result.outcome.has_value() && !result.failure.has_value() &&
      !running.was_cancelled) {
    result.failure = {.failure_class = FailureClass::kInternal,
                      .text = "was not carried out"};
  }
  if (result.outcome.has_value() || result.verified >= VerifyLevel::kLogin) {
    good_way_ = running.way;
  }
  std::vector<Ended> ended;
  if (result.failure.has_value() &&
      (!running.was_cancelled || waiting.order.order.is_urgent ||
       result.cut != Cut::kNone) &&
      TryAgain(waiting, result, now)) {
    Enqueue(std::move(waiting));
  } else {
    EndForGood(std::move(waiting), std::move(result), ended);
  }
  running.orders[index].reset();
  if (--running.open == 0) running_.erase(batch);
  return ended;
}

// And those with it that have nothing else to hope for.
void PcuQueue::EndForGood(Waiting&& waiting, PlugResult&& result,
                          std::vector<Ended>& ended) {
  const bool takes_all = result.failure.has_value() &&
                         IsOfTheDevice(*result.failure, result.verified);
  if (takes_all && result.failure->failure_class == FailureClass::kAuth) {
    refusal_ = result.failure;
  }
  ended.push_back(Final(std::move(waiting), std::move(result)));
  if (!takes_all) return;
  std::vector<Waiting> rest;
  for (Waiting& other : waiting_) {
    if (other.order.order.is_urgent) {
      rest.push_back(std::move(other));
      continue;
    }
    PlugResult same;
    same.failure = ended.front().result.failure;
    other.failures.clear();
    ended.push_back(Final(std::move(other), std::move(same)));
  }
  waiting_ = std::move(rest);
}

bool PcuQueue::TryAgain(Waiting& waiting, const PlugResult& result,
                        absl::Time now) {
  FeedOrder& order = waiting.order.order;
  const Failure& failure = *result.failure;
  const VerifyLevel verified = result.verified;
  const bool is_cut = result.cut != Cut::kNone;
  if (is_cut) {
    // It is dark because of us: no second cycle, and no rest before it is on.
    waiting.cut = result.cut;
    waiting.cut_by = failure;
    waiting.before = result.before;
    order.action = Action::kOn;
    order.is_urgent = true;
  }
  waiting.last = failure;
  waiting.maybe_executed = waiting.maybe_executed || failure.maybe_executed;
  if (failure.maybe_executed && !IsRepeatable(order.action)) return false;
  const bool is_refused = failure.failure_class == FailureClass::kAuth;
  if ((LeadsToNextWay(failure, verified) ||
       (is_refused && settings_.try_all)) &&
      waiting.ways_left > 1 && (!refusal_.has_value() || order.is_urgent)) {
    --waiting.ways_left;
    waiting.way = (waiting.way + 1) % settings_.ways;
    waiting.failures.push_back(failure.text);
    waiting.not_before = now;
    return true;
  }
  const auto may_pass = [&] {
    if (FailedToConnect(failure, verified)) {
      return settings_.retry.of_connecting || order.is_urgent;
    }
    // What failed was its off; its on may well succeed.
    if (is_cut) return !is_refused;
    return order.is_urgent ? MayPassInTheDark(failure) : MayPass(failure);
  };
  if (!may_pass()) return false;
  const int most = order.is_urgent
                       ? std::max(settings_.retry.retries, kUrgentRetries)
                       : settings_.retry.retries;
  if (waiting.tries >= most) return false;
  if (refusal_.has_value() && !order.is_urgent) return false;
  absl::Duration delay = settings_.retry.first_delay;
  for (int i = 0; i < std::min(waiting.tries, 10); ++i) delay *= 2;
  delay *= 1 + settings_.retry.jitter * (2 * chance_() - 1);
  if (!order.is_urgent && waiting.spent + delay >= settings_.limit) {
    return false;
  }
  ++waiting.tries;
  waiting.spent =
      order.is_urgent ? absl::ZeroDuration() : waiting.spent + delay;
  waiting.ways_left = settings_.ways;
  waiting.way = good_way_;
  waiting.failures.clear();
  waiting.not_before = now + delay;
  return true;
}

PcuQueue::Ended PcuQueue::Final(Waiting&& waiting, PlugResult&& result) {
  result.attempts = waiting.attempts;
  if (waiting.cut != Cut::kNone) {
    // Whether it was off in between nobody knows: it is on.
    const bool was_cycled =
        waiting.cut == Cut::kSeenOff || result.before == PlugState::kOff;
    if (result.outcome.has_value() && !was_cycled) {
      result.outcome.reset();
      result.failure = std::move(waiting.cut_by);
      if (!absl::EndsWith(result.failure->text, kIsOnNow)) {
        absl::StrAppend(&result.failure->text, kIsOnNow);
      }
    } else if (result.outcome == Outcome::kAlready) {
      result.outcome = Outcome::kDone;
    }
    if (result.failure.has_value() && result.after != PlugState::kOn) {
      result.cut = waiting.cut;
    }
    result.before = waiting.before;
  }
  if (result.failure.has_value() && waiting.maybe_executed) {
    result.failure->maybe_executed = true;
  }
  // An earlier try, whose answer was lost, may have made it so.
  if (result.outcome == Outcome::kAlready && waiting.maybe_executed) {
    result.outcome = Outcome::kDone;
    result.before = PlugState::kUnknown;
  }
  if (result.failure.has_value() && !waiting.failures.empty()) {
    waiting.failures.push_back(result.failure->text);
    // The same words for each of them say no more than once.
    waiting.failures.erase(
        std::unique(waiting.failures.begin(), waiting.failures.end()),
        waiting.failures.end());
    result.failure->text = absl::StrJoin(waiting.failures, "; ");
  }
  return {
      .id = waiting.order.id, .way = waiting.way, .result = std::move(result)};
}

PcuQueue::Interrupted PcuQueue::Interrupt() {
  Interrupted interrupted;
  std::vector<Waiting> rest;
  for (Waiting& waiting : waiting_) {
    if (waiting.order.order.is_urgent) {
      rest.push_back(std::move(waiting));
    } else {
      PlugResult result;
      result.failure = waiting.last;
      interrupted.withdrawn.push_back(
          Final(std::move(waiting), std::move(result)));
    }
  }
  waiting_ = std::move(rest);
  for (auto& [id, running] : running_) {
    const bool is_for_the_dark =
        std::any_of(running.orders.begin(), running.orders.end(),
                    [](const std::optional<Waiting>& order) {
                      return order.has_value() && order->order.order.is_urgent;
                    });
    running.was_cancelled = true;
    if (!is_for_the_dark) interrupted.cancel.push_back(id);
  }
  return interrupted;
}

absl::Time PcuQueue::ready_at() const {
  absl::Time at = absl::InfiniteFuture();
  if (running_.size() >= static_cast<size_t>(std::max(settings_.sessions, 1))) {
    return at;
  }
  for (const Waiting& waiting : waiting_) {
    absl::Time its = waiting.not_before;
    if (IsStaggered(waiting.order)) {
      if (is_lighting_) continue;
      its = std::max(its, next_light_);
    }
    at = std::min(at, its);
    if (at == absl::InfinitePast()) break;  // nothing is before that
  }
  return at;
}

bool PcuQueue::has_urgent() const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [](const Waiting& w) { return w.order.order.is_urgent; });
}

}  // namespace power
