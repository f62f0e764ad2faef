// When a run stops early (--halt), and what it exits with (--exit).
//
// A rule counts the tasks that have ended: those that failed, those that did
// not, or all. It is met when the count reaches a number, or a percentage. A
// percentage is of all tasks if their number is known, else of those that have
// ended so far; it is not looked at before three have ended, so that a first
// failure is not "100% failed".
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>

#include "fanout/outcome.h"

namespace fanout {

enum class Halting {
  kNot,
  kSoon,  // start no more tasks
  kNow,   // and stop those that run
};

struct HaltRule {
  enum class Why { kFail, kSuccess, kDone };
  Halting when = Halting::kNot;
  Why why = Why::kFail;
  int64_t count = 0;   // when percent is 0
  double percent = 0;  // more than 0, at most 100
};
// "never", or "soon" or "now" and what is counted: "soon,fail=3",
// "now,success=1", "now,done=50%". Without it: "fail=1". InvalidArgument.
absl::StatusOr<HaltRule> ParseHalt(absl::string_view text);

class Halt {
 public:
  explicit Halt(const HaltRule& rule) : rule_(rule) {}
  // `total`: how many tasks there are, if that is known by now. Tell the last
  // attempt of a task only, and none that was stopped because of us. Once it
  // has halted it stays so.
  Halting Ended(const Outcome& outcome, std::optional<int64_t> total);
  Halting halting() const { return halting_; }

 private:
  HaltRule rule_;
  int64_t ended_ = 0, failed_ = 0;
  Halting halting_ = Halting::kNot;
};

// What the tasks' ends say about the exit status of the run.
class ExitPolicy {
 public:
  enum class Kind {
    kZero,   // 0, whatever they did
    kAny,    // 1 if any failed
    kCount,  // how many failed, at most 101
    kFirst,  // that of the first that failed
    kWorst,  // the largest
  };
  explicit ExitPolicy(Kind kind = Kind::kZero) : kind_(kind) {}
  void Ended(const Outcome& outcome);
  int code() const { return code_; }

 private:
  Kind kind_;
  int code_ = 0;
};
// "zero", "any", "count", "first", "worst". InvalidArgument.
absl::StatusOr<ExitPolicy::Kind> ParseExitPolicy(absl::string_view text);

}  // namespace fanout
