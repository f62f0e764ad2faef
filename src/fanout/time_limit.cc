#include "fanout/time_limit.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "base/time.h"
#include "fanout/numbers.h"

namespace fanout {

void RunningMedian::Insert(absl::Duration value) {
  if (low_.empty() || value <= low_.top()) {
    low_.push(value);
  } else {
    high_.push(value);
  }
  if (low_.size() > high_.size() + 1) {
    high_.push(low_.top());
    low_.pop();
  } else if (high_.size() > low_.size()) {
    low_.push(high_.top());
    high_.pop();
  }
}

void RunningMedian::Add(absl::Duration value) {
  if (added_++ % stride_ != 0) return;
  if (kept_.size() == kMost) {
    for (size_t i = 0; 2 * i < kMost; i++) kept_[i] = kept_[2 * i];
    kept_.resize(kMost / 2);
    stride_ *= 2;
    low_ = {};
    high_ = {};
    for (const absl::Duration kept : kept_) Insert(kept);
  }
  kept_.push_back(value);
  Insert(value);
}

absl::Duration RunningMedian::Median() const {
  if (low_.empty()) return absl::ZeroDuration();
  if (low_.size() > high_.size()) return low_.top();
  return (low_.top() + high_.top()) / 2;
}

absl::StatusOr<TimeLimit> TimeLimit::Parse(absl::string_view text) {
  TimeLimit limit;
  if (absl::EndsWith(text, "%")) {
    const std::optional<double> percent = Percentage(text);
    if (!percent.has_value() || *percent < 1 || *percent > 1'000'000) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text, "' is not a percentage from 1% to 1000000%"));
    }
    limit.percent_ = *percent;
    return limit;
  }
  TRY_ASSIGN(limit.fixed_, base::ParseDuration(text));
  if (limit.fixed_ == absl::ZeroDuration()) {
    return absl::InvalidArgumentError("no task can run in no time");
  }
  return limit;
}

void TimeLimit::Ended(absl::Duration run) {
  if (relative()) runs_.Add(run);
}

std::optional<absl::Duration> TimeLimit::Limit() const {
  if (!relative()) {
    if (fixed_ == absl::ZeroDuration()) return std::nullopt;
    return fixed_;
  }
  if (runs_.added() < kEndedBeforePercent) return std::nullopt;
  return runs_.Median() * (percent_ / 100);
}

}  // namespace fanout
