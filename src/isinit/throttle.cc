#include "isinit/throttle.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace isinit {
namespace {

// first * factor^n, in seconds: a power soon leaves what a Duration is
// multiplied with.
absl::Duration BackoffRest(const Backoff& backoff, int n, Dice& dice) {
  const double longest = absl::ToDoubleSeconds(backoff.longest);
  const double plain = std::min(
      absl::ToDoubleSeconds(backoff.first) * std::pow(backoff.factor, n),
      longest);
  const double either_way = 2 * dice.Next() - 1;
  const double jitter = plain * backoff.jitter_percent / 100 * either_way;
  // Timers count milliseconds; a rest of none would be no rest.
  return std::max(
      absl::Trunc(absl::Seconds(plain + jitter) + absl::Microseconds(500),
                  absl::Milliseconds(1)),
      absl::Milliseconds(1));
}

}  // namespace

double Dice::Next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  // The 53 bits of a double.
  return static_cast<double>(z >> 11) * 0x1p-53;
}

Throttle::Verdict Throttle::Ask(const Attributes& rules, absl::Time now,
                                Dice& dice) {
  using Kind = Verdict::Kind;
  if (now < until_) return {.kind = Kind::kRest, .until = until_};
  const bool rested = until_ != absl::InfinitePast();
  if (!rested) {
    if (rules.max_restarts && starts_ > *rules.max_restarts) {
      return {.kind = Kind::kGiveUp};
    }
    const absl::Duration rest = Rest(rules, now, dice);
    if (rest > absl::ZeroDuration()) {
      until_ = now + rest;
      return {.kind = Kind::kRest, .until = until_, .begins = true};
    }
  } else {
    until_ = absl::InfinitePast();
    recent_.clear();
  }
  recent_.push_back(now);
  if (starts_ < std::numeric_limits<int>::max()) starts_++;
  return {.kind = Kind::kStart};
}

absl::Duration Throttle::Rest(const Attributes& rules, absl::Time now,
                              Dice& dice) {
  if (rules.backoff) {
    recent_.clear();  // only the limit looks at them
    if (starts_ == 0) return absl::ZeroDuration();
    return BackoffRest(*rules.backoff, starts_ - 1, dice);
  }
  const auto old = [&](absl::Time start) {
    return start <= now - rules.limit.within;
  };
  recent_.erase(recent_.begin(),
                std::find_if_not(recent_.begin(), recent_.end(), old));
  const bool full = recent_.size() >= static_cast<size_t>(rules.limit.starts);
  return full ? rules.limit.pause : absl::ZeroDuration();
}

void Throttle::Ended(const Attributes& rules, absl::Duration up) {
  if (up > absl::ZeroDuration() && up >= rules.steady) starts_ = 0;
}

}  // namespace isinit
