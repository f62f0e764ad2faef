#include "power/plug_action.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

namespace power {
namespace {

// A device's own cycle may not have begun when it is first looked at; one that
// was never seen off after this long is taken for accepted, not for done.
constexpr absl::Duration kCycleBegins = absl::Seconds(10);
// An off of a cycle whose answer was lost is waited for so long, then sent
// again so often: no off has more effect than one, as long as its on comes
// behind it.
constexpr absl::Duration kLateOff = absl::Seconds(5);
constexpr int kMostResent = 2;
constexpr absl::Duration kFirstPoll = absl::Milliseconds(500);

// Whether the state of the plug has no part in it.
bool CannotBeRead(Action action) {
  return action == Action::kNmi || action == Action::kIdentifyOn ||
         action == Action::kIdentifyOff;
}

}  // namespace

absl::string_view Word(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return "done";
    case Outcome::kAlready:
      return "already";
    case Outcome::kAccepted:
      return "accepted";
  }
  return "";
}

PlugAction::PlugAction(Action action, const ActionOptions& options,
                       bool can_tell_privilege)
    : action_(action),
      options_(options),
      can_tell_privilege_(can_tell_privilege) {}

bool PlugAction::IsHalf() const {
  return action_ == Action::kCycle && command_ == Action::kOff;
}

void PlugAction::MayBeCut() {
  if (IsHalf()) result_.cut = std::max(result_.cut, Cut::kPerhaps);
}

PlugAction::Next PlugAction::Read() const {
  if (SetsBootDevice(action_)) {
    return {.step = Step::kReadBack, .command = command_, .until = deadline_};
  }
  return {.step = Step::kRead, .until = deadline_};
}

PlugAction::Next PlugAction::Switch(Action command) {
  phase_ = Phase::kSwitching;
  command_ = command;
  has_answer_ = true;
  deadline_ = absl::InfiniteFuture();
  return {.step = Step::kSwitch, .command = command};
}

PlugAction::Next PlugAction::End(Outcome outcome) {
  result_.outcome = outcome;
  result_.cut = Cut::kNone;
  return {.step = Step::kEnd};
}

PlugAction::Next PlugAction::Fail(FailureClass failure_class, std::string text,
                                  bool maybe_executed) {
  result_.failure = Failure{.failure_class = failure_class,
                            .text = std::move(text),
                            .maybe_executed = maybe_executed};
  return {.step = Step::kEnd};
}

PlugAction::Next PlugAction::Begin(absl::Time) {
  // A device whose own cycle is not even confirmed is believed altogether, as
  // powermand does.
  const bool is_believed =
      action_ == Action::kCycle && options_.native_cycle && !options_.wait;
  const bool is_blind =
      is_believed || CannotBeRead(action_) || SetsBootDevice(action_);
  return is_blind ? Switch(action_) : Read();
}

PlugAction::Next PlugAction::StateRead(PlugState state, absl::Time now) {
  result_.verified = std::max(result_.verified, state == PlugState::kUnknown
                                                    ? VerifyLevel::kLogin
                                                    : VerifyLevel::kPlug);
  return Seen(state, now);
}

PlugAction::Next PlugAction::NotReadable(absl::Time now) {
  is_readable_ = false;
  return Seen(PlugState::kUnknown, now);
}

PlugAction::Next PlugAction::Seen(PlugState state, absl::Time now) {
  result_.after = state;
  switch (phase_) {
    case Phase::kFirstRead:
      return FirstRead(state);
    case Phase::kConfirming:
      return Polled(state, now);
    case Phase::kLost:
      return ReadAfterLoss(state, now);
    case Phase::kRefused:
      return ReadAfterRefusal(state, now);
    case Phase::kSwitching:
    case Phase::kResting:
      break;
  }
  return Read();
}

PlugAction::Next PlugAction::FirstRead(PlugState state) {
  result_.before = state;
  const bool is_off = state == PlugState::kOff;
  switch (action_) {
    case Action::kStatus:
    case Action::kTemperature:
    case Action::kBeacon:
      return End(Outcome::kDone);
    case Action::kVerify:
      if (state == PlugState::kUnknown && is_readable_) {
        return Fail(FailureClass::kState, "its state is unknown", false);
      }
      if (can_tell_privilege_) return {.step = Step::kPrivilege};
      result_.remark = "whether it may be switched is not known";
      return End(Outcome::kDone);
    case Action::kOn:
      if (state == PlugState::kOn) return End(Outcome::kAlready);
      return Switch(Action::kOn);
    case Action::kOff:
      if (is_off) return End(Outcome::kAlready);
      return Switch(Action::kOff);
    case Action::kSoft:
      if (is_off) return End(Outcome::kAlready);
      return Switch(Action::kSoft);
    case Action::kCycle:
      if (is_off) {
        result_.remark = "was off";
        return Switch(Action::kOn);
      }
      return Switch(options_.native_cycle ? Action::kCycle : Action::kOff);
    case Action::kReset:
      if (is_off) {
        result_.remark = "is off";
        return End(Outcome::kAlready);
      }
      return Switch(Action::kReset);
    case Action::kNmi:
    case Action::kIdentifyOn:
    case Action::kIdentifyOff:
    case Action::kBootNone:
    case Action::kBootPxe:
    case Action::kBootDisk:
    case Action::kBootCdrom:
    case Action::kBootBios:
      break;
  }
  return Switch(action_);
}

PlugAction::Next PlugAction::Switched(absl::Time now) {
  result_.verified = VerifyLevel::kPrivilege;
  MayBeCut();
  if (CannotBeRead(action_) || (!options_.wait && !IsHalf())) {
    result_.after = PlugState::kUnknown;
    return End(Outcome::kAccepted);
  }
  if (SetsBootDevice(command_)) {
    Confirm(PlugState::kUnknown, options_.state_timeout, now);
    return Read();
  }
  switch (command_) {
    case Action::kOff:
      return Confirm(PlugState::kOff, options_.state_timeout, now);
    case Action::kSoft:
      return Confirm(PlugState::kOff, options_.grace, now);
    default:
      return Confirm(PlugState::kOn, options_.state_timeout, now);
  }
}

PlugAction::Next PlugAction::Received(absl::Time now) {
  has_answer_ = false;
  result_.remark = "its answer was lost";
  return Switched(now);
}

PlugAction::Next PlugAction::Allowed(absl::Time) {
  result_.verified = VerifyLevel::kPrivilege;
  return End(Outcome::kDone);
}

PlugAction::Next PlugAction::SettingRead(std::optional<bool> is_so,
                                         absl::Time now) {
  if (!is_so.has_value()) return End(Outcome::kAccepted);
  if (*is_so) return End(Outcome::kDone);
  return now >= deadline_ ? TimedOut(now) : PollAgain(now);
}

PlugAction::Next PlugAction::Confirm(PlugState wanted, absl::Duration limit,
                                     absl::Time now) {
  phase_ = Phase::kConfirming;
  wanted_ = wanted;
  deadline_ = now + limit;
  on_since_ = absl::InfiniteFuture();
  polls_ = 0;
  left_ = false;
  return {.step = Step::kPause,
          .until = std::min(now + options_.settle + kFirstPoll, deadline_)};
}

PlugAction::Next PlugAction::PollAgain(absl::Time now) {
  ++polls_;
  const absl::Duration pause = polls_ == 1 ? kFirstPoll : options_.poll;
  return {.step = Step::kPause, .until = std::min(now + pause, deadline_)};
}

PlugAction::Next PlugAction::PauseOver(absl::Time) {
  if (phase_ == Phase::kResting) return Switch(Action::kOn);
  return Read();
}

PlugAction::Next PlugAction::Polled(PlugState state, absl::Time now) {
  if (state != wanted_) {
    left_ = true;
    if (on_since_ != absl::InfiniteFuture() && state == PlugState::kOff) {
      return Fail(FailureClass::kState, "came on, went off", true);
    }
    return now >= deadline_ ? TimedOut(now) : PollAgain(now);
  }
  if (command_ == Action::kCycle && !left_ &&
      now < std::min(deadline_,
                     deadline_ - options_.state_timeout + kCycleBegins)) {
    return PollAgain(now);
  }
  if (wanted_ == PlugState::kOn) {
    if (on_since_ == absl::InfiniteFuture()) {
      on_since_ = now;
      deadline_ += options_.hold;
    }
    if (now - on_since_ < options_.hold) {
      ++polls_;
      return {.step = Step::kPause,
              .until = std::min(now + kFirstPoll, on_since_ + options_.hold)};
    }
  }
  return Reached(now);
}

PlugAction::Next PlugAction::Reached(absl::Time now) {
  if (IsHalf()) {
    phase_ = Phase::kResting;
    lost_.reset();
    result_.cut = Cut::kSeenOff;
    return {.step = Step::kPause, .until = now + options_.off_time};
  }
  if (command_ == Action::kReset && !has_answer_) {
    return End(Outcome::kAccepted);  // nothing that can be read shows it
  }
  if (command_ == Action::kCycle && !left_) {
    result_.remark = "was not seen off";
    return End(Outcome::kAccepted);
  }
  if (action_ == Action::kSoft && command_ == Action::kOff) {
    result_.remark = "the system did not follow";
  }
  return End(Outcome::kDone);
}

PlugAction::Next PlugAction::TimedOut(absl::Time now) {
  if (command_ == Action::kSoft && options_.hard) return Switch(Action::kOff);
  if (lost_.has_value() && resent_++ < kMostResent) {
    lost_.reset();
    return Switch(Action::kOff);
  }
  if (IsHalf() && result_.after == PlugState::kOn) result_.cut = Cut::kNone;
  if (lost_.has_value()) {
    absl::StrAppend(&lost_->text, "; is ", Word(result_.after), " now");
    return Failed(*lost_, now);
  }
  const absl::Duration limit =
      command_ == Action::kSoft ? options_.grace : options_.state_timeout;
  return Fail(FailureClass::kState,
              absl::StrCat("took '", Word(command_), "', but ",
                           SetsBootDevice(command_)
                               ? "shows another boot device"
                               : absl::StrCat("is ", Word(result_.after)),
                           " after ", absl::FormatDuration(limit)),
              true);
}

PlugAction::Next PlugAction::Impossible(const Failure& failure,
                                        absl::Time now) {
  if (command_ != Action::kCycle && command_ != Action::kReset &&
      command_ != Action::kSoft) {
    return Failed(failure, now);
  }
  phase_ = Phase::kRefused;
  refused_ = failure;
  deadline_ = absl::InfiniteFuture();
  return Read();
}

// That it is off is the usual reason, and not the only one.
PlugAction::Next PlugAction::ReadAfterRefusal(PlugState state, absl::Time now) {
  if (state != PlugState::kOff) {
    Failure refused = std::move(refused_);
    absl::StrAppend(&refused.text, "; is ", Word(state), " now");
    return Failed(refused, now);
  }
  if (command_ == Action::kCycle) {
    result_.remark = "was off";
    return Switch(Action::kOn);
  }
  result_.remark = "is off";
  return End(Outcome::kAlready);
}

PlugAction::Next PlugAction::Lost(const Failure& failure, absl::Time now) {
  if (CannotBeRead(action_) || SetsBootDevice(action_)) {
    return Failed(failure, now);
  }
  MayBeCut();
  lost_ = failure;
  phase_ = Phase::kLost;
  deadline_ = now + options_.state_timeout;
  return Read();
}

PlugAction::Next PlugAction::ReadAfterLoss(PlugState state, absl::Time now) {
  Failure lost = *std::exchange(lost_, std::nullopt);
  const bool is_off = state == PlugState::kOff;
  switch (command_) {
    case Action::kOn:
    case Action::kOff: {
      // It was not so when it was sent: that it is so shows that it was
      // executed.
      const PlugState wanted =
          command_ == Action::kOn ? PlugState::kOn : PlugState::kOff;
      if (state == wanted) {
        result_.remark = "its answer was lost";
        Confirm(wanted, options_.state_timeout, now);
        return Polled(state, now);
      }
      if (IsHalf()) {
        result_.remark = "its answer was lost";
        lost_ = std::move(lost);
        return Confirm(wanted,
                       resent_ < kMostResent
                           ? std::min(kLateOff, options_.state_timeout)
                           : options_.state_timeout,
                       now);
      }
      // May be done once more, so the class is that of what was lost.
      absl::StrAppend(&lost.text, "; is ", Word(state), " now");
      return Failed(lost, now);
    }
    case Action::kSoft:
      return is_off ? End(Outcome::kDone)
                    : Confirm(PlugState::kOff, options_.grace, now);
    case Action::kCycle:
      if (is_off) return Switch(Action::kOn);
      break;
    default:
      break;
  }
  return Fail(
      FailureClass::kState,
      absl::StrCat(lost.text, "; '", Word(command_),
                   "' may have been executed; is ", Word(state), " now"),
      true);
}

PlugAction::Next PlugAction::Failed(const Failure& failure, absl::Time) {
  if (phase_ == Phase::kSwitching && failure.maybe_executed) MayBeCut();
  // Reading did not succeed either: what was lost before is what matters.
  result_.failure = lost_.has_value() ? *lost_ : failure;
  if (phase_ == Phase::kConfirming || phase_ == Phase::kResting ||
      lost_.has_value()) {
    result_.failure->maybe_executed = true;
  }
  return {.step = Step::kEnd};
}

}  // namespace power
