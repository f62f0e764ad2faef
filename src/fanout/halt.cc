#include "fanout/halt.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "fanout/numbers.h"

namespace fanout {
namespace {

constexpr int64_t kEndedBeforePercent = 3;
constexpr int kMostCounted = 101;

}  // namespace

absl::StatusOr<HaltRule> ParseHalt(absl::string_view text) {
  const absl::Status wrong = absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is not never, or such as soon,fail=3 or now,done=50%"));
  HaltRule rule;
  if (text == "never") return rule;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(',', 1));
  if (parts.first == "soon") {
    rule.when = Halting::kSoon;
  } else if (parts.first == "now") {
    rule.when = Halting::kNow;
  } else {
    return wrong;
  }
  rule.count = 1;
  if (parts.first.size() == text.size()) return rule;

  absl::string_view number = parts.second;
  if (absl::ConsumePrefix(&number, "fail=")) {
    rule.why = HaltRule::Why::kFail;
  } else if (absl::ConsumePrefix(&number, "success=")) {
    rule.why = HaltRule::Why::kSuccess;
  } else if (absl::ConsumePrefix(&number, "done=")) {
    rule.why = HaltRule::Why::kDone;
  } else {
    return wrong;
  }
  if (const std::optional<double> percent = Percentage(number)) {
    if (*percent <= 0 || *percent > 100) return wrong;
    rule.percent = *percent;
    rule.count = 0;
    return rule;
  }
  const std::optional<int64_t> count = WholeNumber(number);
  if (!count.has_value() || *count < 1) return wrong;
  rule.count = *count;
  return rule;
}

Halting Halt::Ended(const Outcome& outcome, std::optional<int64_t> total) {
  ended_++;
  failed_ += outcome.failed();
  if (halting_ != Halting::kNot || rule_.when == Halting::kNot) return halting_;
  int64_t counted = 0;
  switch (rule_.why) {
    case HaltRule::Why::kFail:
      counted = failed_;
      break;
    case HaltRule::Why::kSuccess:
      counted = ended_ - failed_;
      break;
    case HaltRule::Why::kDone:
      counted = ended_;
      break;
  }
  bool met;
  if (rule_.percent == 0) {
    met = counted >= rule_.count;
  } else {
    // More may have ended than was thought: items can come after the count.
    const int64_t all = std::max(total.value_or(0), ended_);
    met = ended_ >= kEndedBeforePercent && counted > 0 &&
          100.0 * static_cast<double>(counted) >=
              rule_.percent * static_cast<double>(all);
  }
  if (met) halting_ = rule_.when;
  return halting_;
}

void ExitPolicy::Ended(const Outcome& outcome) {
  if (!outcome.failed()) return;
  switch (kind_) {
    case Kind::kZero:
      break;
    case Kind::kAny:
      code_ = 1;
      break;
    case Kind::kCount:
      code_ = std::min(code_ + 1, kMostCounted);
      break;
    case Kind::kFirst:
      if (code_ == 0) code_ = outcome.code();
      break;
    case Kind::kWorst:
      code_ = std::max(code_, outcome.code());
      break;
  }
}

absl::StatusOr<ExitPolicy::Kind> ParseExitPolicy(absl::string_view text) {
  if (text == "zero") return ExitPolicy::Kind::kZero;
  if (text == "any") return ExitPolicy::Kind::kAny;
  if (text == "count") return ExitPolicy::Kind::kCount;
  if (text == "first") return ExitPolicy::Kind::kFirst;
  if (text == "worst") return ExitPolicy::Kind::kWorst;
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not zero, any, count, first or worst"));
}

}  // namespace fanout
