#include "power/host_operation.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/status.h"

namespace power {
namespace {

bool IsNotBegun(const PlugResult& result) {
  return !result.outcome.has_value() && !result.failure.has_value();
}

HostOutcome OutcomeOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return HostOutcome::kDone;
    case Outcome::kAlready:
      return HostOutcome::kAlready;
    case Outcome::kAccepted:
      return HostOutcome::kAccepted;
  }
  return HostOutcome::kDone;
}

// A host is on while any of its feeds is.
PlugState Together(PlugState a, PlugState b) {
  for (const PlugState state :
       {PlugState::kOn, PlugState::kPending, PlugState::kUnknown}) {
    if (a == state || b == state) return state;
  }
  return PlugState::kOff;
}

std::string TextOf(const PlugResult& plug) {
  const Failure& failure = *plug.failure;
  if (plug.cut != Cut::kNone) {
    return absl::StrCat(failure.text,
                        plug.cut == Cut::kSeenOff
                            ? "; it was switched off, and may be off still"
                            : "; it may have been switched off, and be off "
                              "still");
  }
  if (!failure.maybe_executed ||
      failure.failure_class == FailureClass::kState ||
      absl::StrContains(failure.text, "may have been executed")) {
    return failure.text;
  }
  return absl::StrCat(failure.text, "; the command may have been executed");
}

HostResult OfOne(const PlugResult& plug) {
  if (IsNotBegun(plug)) return NotTried();
  HostResult result;
  result.before = plug.before;
  result.after = plug.after;
  result.verified = plug.verified;
  result.value = plug.value;
  if (plug.failure.has_value()) {
    result.failure_class = plug.failure->failure_class;
    result.detail = TextOf(plug);
  } else {
    result.outcome = OutcomeOf(*plug.outcome);
    result.detail = plug.remark;
  }
  return result;
}

}  // namespace

bool IsSought(Action action) {
  return action == Action::kReset || action == Action::kSoft ||
         action == Action::kNmi || action == Action::kIdentifyOn ||
         action == Action::kIdentifyOff || action == Action::kTemperature ||
         action == Action::kBeacon || SetsBootDevice(action);
}

HostResult NotTried() {
  HostResult result;
  result.outcome = HostOutcome::kSkipped;
  result.detail = "not tried: interrupted";
  result.was_interrupted = true;
  return result;
}

HostOperation::HostOperation(Action action, std::vector<Feed> feeds,
                             bool in_halves, bool with_confirmation)
    : action_(action),
      feeds_(std::move(feeds)),
      in_halves_(action == Action::kCycle && (in_halves || feeds_.size() > 1)),
      with_confirmation_(with_confirmation),
      first_(feeds_.size()),
      second_(feeds_.size()) {
  MUST(!feeds_.empty());
}

FeedOrder HostOperation::Order(size_t feed, Action action) const {
  FeedOrder order = {.feed = feed,
                     .action = action,
                     .options = feeds_[feed].options,
                     .with_confirmation = with_confirmation_};
  if (in_halves_ && action == Action::kOff) order.options.wait = true;
  return order;
}

std::vector<FeedOrder> HostOperation::OrderAll(Action action, Phase phase) {
  phase_ = phase;
  std::vector<FeedOrder> orders;
  for (size_t feed = 0; feed < feeds_.size(); ++feed) {
    first_[feed] = {.is_open = true};
    orders.push_back(Order(feed, action));
  }
  return orders;
}

std::vector<FeedOrder> HostOperation::Begin() {
  if (in_halves_) return OrderAll(Action::kOff, Phase::kDarkening);
  if (!IsSought(action_) || feeds_.size() == 1) {
    return OrderAll(action_, Phase::kPlain);
  }
  phase_ = Phase::kSeeking;
  first_[0].is_open = true;
  FeedOrder order = Order(0, action_);
  order.options.hard = false;  // that takes all feeds
  return {order};
}

std::vector<FeedOrder> HostOperation::FeedEnded(size_t feed, PlugResult result,
                                                absl::Time now) {
  if (is_ended()) return {};
  const bool is_second =
      phase_ == Phase::kLighting || phase_ == Phase::kRestoring;
  Half& half = is_second ? second_[feed] : first_[feed];
  MUST(half.is_open);
  if (is_second && IsNotBegun(result)) {
    // Nothing leaves a host dark on purpose, not even an interruption.
    FeedOrder order = Order(feed, Action::kOn);
    order.is_urgent = true;
    return {order};
  }
  half = {.is_open = false, .result = std::move(result)};
  if (phase_ == Phase::kSeeking) return OnSought(feed, *half.result);
  if (HasOpen()) return {};
  if (phase_ == Phase::kDarkening) return OnDark(now);
  last_phase_ = std::exchange(phase_, Phase::kEnded);
  return {};
}

std::vector<FeedOrder> HostOperation::OnSought(size_t feed,
                                               const PlugResult& result) {
  const auto failed_as = [&](FailureClass failure_class) {
    return result.failure.has_value() &&
           result.failure->failure_class == failure_class;
  };
  if (failed_as(FailureClass::kUnsupported) && feed + 1 < feeds_.size()) {
    sought_ = feed + 1;
    first_[sought_].is_open = true;
    FeedOrder order = Order(sought_, action_);
    order.options.hard = false;
    return {order};
  }
  if (action_ == Action::kSoft && failed_as(FailureClass::kState) &&
      feeds_[feed].options.hard) {
    is_forcing_ = true;
    return OrderAll(Action::kOff, Phase::kPlain);
  }
  last_phase_ = std::exchange(phase_, Phase::kEnded);
  return {};
}

std::vector<FeedOrder> HostOperation::OnDark(absl::Time now) {
  std::vector<size_t> all, switched;
  bool are_dark = true, were_dark = true;
  absl::Duration pause = absl::ZeroDuration();
  for (size_t feed = 0; feed < feeds_.size(); ++feed) {
    const std::optional<Outcome>& outcome = first_[feed].result->outcome;
    all.push_back(feed);
    if (WasSwitchedOff(feed)) switched.push_back(feed);
    are_dark = are_dark && outcome.has_value();
    were_dark = were_dark && outcome == Outcome::kAlready;
    pause = std::max(pause, feeds_[feed].options.off_time);
  }
  if (are_dark && were_dark) return Light(Phase::kLighting, all);
  if (are_dark) {
    phase_ = Phase::kResting;
    wake_at_ = now + pause;
    return {};
  }
  if (!switched.empty()) return Light(Phase::kRestoring, switched);
  last_phase_ = std::exchange(phase_, Phase::kEnded);
  return {};
}

std::vector<FeedOrder> HostOperation::Light(Phase phase,
                                            const std::vector<size_t>& feeds) {
  phase_ = phase;
  relit_ = feeds;
  std::vector<FeedOrder> orders;
  for (const size_t feed : feeds) {
    second_[feed].is_open = true;
    orders.push_back(Order(feed, Action::kOn));
    orders.back().is_urgent = true;
  }
  return orders;
}

std::vector<FeedOrder> HostOperation::Wake(absl::Time now) {
  if (phase_ != Phase::kResting || now < wake_at_) return {};
  wake_at_ = absl::InfiniteFuture();
  std::vector<size_t> all;
  for (size_t feed = 0; feed < feeds_.size(); ++feed) all.push_back(feed);
  return Light(Phase::kLighting, all);
}

void HostOperation::Abandon() {
  if (is_ended()) return;
  was_abandoned_ = true;
  wake_at_ = absl::InfiniteFuture();
  last_phase_ = std::exchange(phase_, Phase::kEnded);
}

bool HostOperation::HasOpen() const {
  const auto is_open = [](const Half& half) { return half.is_open; };
  return std::any_of(first_.begin(), first_.end(), is_open) ||
         std::any_of(second_.begin(), second_.end(), is_open);
}

bool HostOperation::WasSwitchedOff(size_t feed) const {
  const std::optional<PlugResult>& result = first_[feed].result;
  if (!result.has_value()) return false;
  if (result->failure.has_value()) return result->failure->maybe_executed;
  return result->outcome == Outcome::kDone ||
         result->outcome == Outcome::kAccepted;
}

std::string HostOperation::Prefix(size_t feed) const {
  return feeds_.size() == 1 ? "" : absl::StrCat(feeds_[feed].name, ": ");
}

HostResult HostOperation::ResultFor(absl::Span<const size_t> feeds) const {
  // A cycle that ended before anything was switched did so for all of them,
  // whichever feed is the reason.
  if (in_halves_ && !was_abandoned_ && last_phase_ == Phase::kDarkening) {
    std::vector<size_t> all;
    for (size_t feed = 0; feed < feeds_.size(); ++feed) all.push_back(feed);
    HostResult result = PlainResult(all);
    result.action = action_;
    return result;
  }
  HostResult result = was_abandoned_                    ? AbandonedResult(feeds)
                      : last_phase_ == Phase::kLighting ? CycleResult(feeds)
                      : last_phase_ == Phase::kRestoring ? RestoredResult(feeds)
                                                         : PlainResult(feeds);
  result.action = action_;
  return result;
}

HostResult HostOperation::PlainResult(absl::Span<const size_t> feeds) const {
  if (last_phase_ == Phase::kSeeking) return OfOne(*first_[sought_].result);
  if (feeds_.size() == 1 && !is_forcing_) return OfOne(*first_[0].result);
  HostResult result;
  bool is_first = true;
  std::vector<std::string> states, failures;
  size_t not_begun = 0;
  result.outcome = HostOutcome::kAlready;
  for (const size_t feed : feeds) {
    const HostResult one = OfOne(*first_[feed].result);
    result.before = is_first ? one.before : Together(result.before, one.before);
    result.after = is_first ? one.after : Together(result.after, one.after);
    result.verified =
        is_first ? one.verified : std::min(result.verified, one.verified);
    is_first = false;
    if (one.outcome == HostOutcome::kFailed) {
      if (failures.empty()) result.failure_class = one.failure_class;
      failures.push_back(absl::StrCat(Prefix(feed), one.detail));
    } else if (one.outcome == HostOutcome::kSkipped) {
      ++not_begun;
      states.push_back(absl::StrCat(feeds_[feed].name, " was not tried"));
    } else {
      if (one.outcome != HostOutcome::kAlready &&
          result.outcome != HostOutcome::kAccepted) {
        result.outcome = one.outcome;
      }
      if (feeds.size() == 1) {
        result.detail = one.detail;
        result.value = one.value;
      }
      const bool is_told = one.outcome == HostOutcome::kAccepted &&
                           one.after == PlugState::kUnknown;
      states.push_back(
          is_told
              ? absl::StrCat(feeds_[feed].name, " took '",
                             Word(is_forcing_ ? Action::kOff : action_), "'")
              : absl::StrCat(feeds_[feed].name, " is ", Word(one.after)));
    }
  }
  if (not_begun == feeds.size()) return NotTried();
  if (not_begun > 0) {
    result.was_interrupted = true;
    if (failures.empty()) {
      result.failure_class = FailureClass::kState;
      failures.push_back("interrupted");
    }
  }
  if (!failures.empty()) {
    result.outcome = HostOutcome::kFailed;
    failures.insert(failures.end(), states.begin(), states.end());
    result.detail = absl::StrJoin(failures, "; ");
  } else if (is_forcing_) {
    result.detail = "the system did not follow";
  } else if (action_ == Action::kStatus && feeds.size() > 1 &&
             std::any_of(feeds.begin(), feeds.end(), [&](size_t feed) {
               return first_[feed].result->after != result.after;
             })) {
    result.detail = absl::StrJoin(states, ", ");
  }
  return result;
}

HostResult HostOperation::CycleResult(absl::Span<const size_t> feeds) const {
  HostResult result;
  std::vector<std::string> failures;
  size_t lit = 0;
  bool is_first = true;
  result.outcome = HostOutcome::kDone;
  for (const size_t feed : feeds) {
    const PlugResult& off = *first_[feed].result;
    const HostResult on = OfOne(*second_[feed].result);
    result.before = is_first ? off.before : Together(result.before, off.before);
    result.after = is_first ? on.after : Together(result.after, on.after);
    result.verified =
        is_first ? on.verified : std::min(result.verified, on.verified);
    is_first = false;
    if (on.outcome == HostOutcome::kFailed) {
      if (failures.empty()) result.failure_class = on.failure_class;
      failures.push_back(absl::StrCat(feeds_[feed].name, ": ", on.detail));
      continue;
    }
    ++lit;
    if (on.outcome == HostOutcome::kAccepted ||
        off.outcome == Outcome::kAccepted) {
      result.outcome = HostOutcome::kAccepted;
    }
  }
  if (failures.empty()) return result;
  result.outcome = HostOutcome::kFailed;
  result.detail = absl::StrCat(lit == 0 ? "switched off, and not on again: "
                                        : "on, but not by all of its feeds: ",
                               absl::StrJoin(failures, "; "));
  return result;
}

HostResult HostOperation::RestoredResult(absl::Span<const size_t> feeds) const {
  HostResult result;
  result.failure_class = FailureClass::kState;
  std::vector<std::string> parts;
  bool is_first = true;
  for (size_t feed = 0; feed < feeds_.size(); ++feed) {
    const PlugResult& off = *first_[feed].result;
    if (IsNotBegun(off)) {
      result.was_interrupted = true;
      parts.push_back(
          absl::StrCat(feeds_[feed].name, ": interrupted before its turn"));
    } else if (off.failure.has_value()) {
      parts.push_back(absl::StrCat(feeds_[feed].name, ": ",
                                   Word(off.failure->failure_class), ": ",
                                   TextOf(off)));
    }
  }
  for (const size_t feed : relit_) {
    const PlugResult& on = *second_[feed].result;
    if (on.failure.has_value()) {
      parts.push_back(
          absl::StrCat(feeds_[feed].name,
                       " was switched off, and is not on again: ", TextOf(on)));
    } else {
      parts.push_back(absl::StrCat(feeds_[feed].name, " switched on again"));
    }
  }
  for (const size_t feed : feeds) {
    const PlugResult& off = *first_[feed].result;
    const std::optional<PlugResult>& on = second_[feed].result;
    const PlugState after = on.has_value() ? on->after : off.after;
    result.before = is_first ? off.before : Together(result.before, off.before);
    result.after = is_first ? after : Together(result.after, after);
    is_first = false;
  }
  result.detail = absl::StrJoin(parts, "; ");
  return result;
}

HostResult HostOperation::AbandonedResult(
    absl::Span<const size_t> feeds) const {
  std::vector<std::string> parts;
  for (const size_t feed : feeds) {
    const Half& off = first_[feed];
    const Half& on = second_[feed];
    const bool is_lit = on.result.has_value() && on.result->outcome.has_value();
    if (in_halves_) {
      if (!is_lit && (off.is_open || on.is_open || WasSwitchedOff(feed))) {
        parts.push_back(absl::StrCat(feeds_[feed].name, " may be off"));
      }
    } else if (off.is_open && action_ == Action::kCycle) {
      parts.push_back(absl::StrCat(feeds_[feed].name, " may be off"));
    } else if (off.is_open) {
      parts.push_back(absl::StrCat("'", Word(action_), "' was under way at ",
                                   feeds_[feed].name));
    }
  }
  HostResult result;
  result.was_interrupted = true;
  result.failure_class = FailureClass::kState;
  result.detail =
      parts.empty() ? "interrupted"
                    : absl::StrCat("interrupted: ", absl::StrJoin(parts, ", "));
  return result;
}

}  // namespace power
