// What one action on one plug comes to, whatever the protocol: what is read,
// what is switched, what is waited for, and what is said of it in the end.
// Pure.
//
//   status   read; so are temperature and beacon, which are no power states
//   on, off  read; there already: nothing is sent. Else switch, then read until
//            it is so
//   cycle    read; off, and off confirmed; a pause; on, and on confirmed. A
//            plug that was off is only switched on. The device's own cycle is
//            used only when that is asked for: it may leave an off plug off, or
//            say yes before anything has happened. What fails behind the off
//            is told as such (Cut)
//   reset    read; a plug that is off stays off
//   soft     read; ask the system; read until it is off; else, unless only that
//            was asked for, off
//   nmi, identify   switch; there is nothing to be read
//   bootdev  switch, then read back what was set, as far as it can be read
//
// Waiting is reading again after 0.5 s, 1 s and then every `poll`, until
// `state_timeout`. After a lost answer the state is read, where there is one,
// and what it does not prove is a failure that says that the command may have
// been executed; the off of a cycle is waited for all the same, as nobody would
// see to its on if it came late, and sent twice more. A device's own cycle, a
// reset, soft or nmi is never sent again then; an on or off may be, by whoever
// tries the whole action once more.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>

#include "power/outcome.h"

namespace power {

enum class Outcome : uint8_t {
  kDone,      // read back
  kAlready,   // it was so
  kAccepted,  // taken; it was not, or cannot be, read back
};
absl::string_view Word(Outcome outcome);  // "done"

// What a cycle that has failed has left behind.
enum class Cut : uint8_t {
  kNone,     // all as it was, or on
  kPerhaps,  // its off was sent: it may be off
  kSeenOff,  // it was off, and may be still
};

struct PlugResult {
  // One of the two, once it has ended.
  std::optional<Outcome> outcome = {};
  std::optional<Failure> failure = {};
  PlugState before = PlugState::kUnknown;  // as first read
  // As last read; of kBeacon the light's.
  PlugState after = PlugState::kUnknown;
  std::string value = {};  // of kTemperature, as the device wrote it
  VerifyLevel verified = VerifyLevel::kNothing;
  std::string remark = {};  // what a person may want to know: "was off"
  int attempts = 0;         // sessions or requests that were begun
  Cut cut = Cut::kNone;
};

struct ActionOptions {
  bool wait = true;           // for the state; a cycle waits for its off anyway
  bool native_cycle = false;  // the device's own
  bool no_native_cycle = false;  // also where the model wants it
  bool hard = true;              // soft: off when the system does not follow
  absl::Duration off_time = absl::Seconds(5);
  absl::Duration state_timeout = absl::Seconds(60);
  absl::Duration grace = absl::Seconds(60);      // of soft
  absl::Duration settle = absl::ZeroDuration();  // before the first reading
  absl::Duration poll = absl::Seconds(2);
  // How long on must stay on to be taken for it.
  absl::Duration hold = absl::ZeroDuration();
};

class PlugAction {
 public:
  // What to do next. Each is answered by one of the calls below.
  enum class Step {
    kRead,       // StateRead, NotReadable, or Failed
    kSwitch,     // Switched, Received, Impossible, Lost, or Failed
    kPrivilege,  // may this account switch? Allowed, or Failed
    kReadBack,   // what `command` has set: SettingRead, or Failed
    kPause,      // nothing until `until`; then PauseOver
    kEnd,        // result() is complete
  };
  struct Next {
    Step step = Step::kEnd;
    Action command = Action::kStatus;  // of kSwitch and kReadBack
    // Of kPause. Of kRead and kReadBack: no later than this, or else no later
    // than the protocol's own limit.
    absl::Time until = absl::InfiniteFuture();
  };

  // `can_tell_privilege`: the protocol has a way to ask without switching.
  PlugAction(Action action, const ActionOptions& options,
             bool can_tell_privilege);

  Next Begin(absl::Time now);
  Next StateRead(PlugState state, absl::Time now);
  // In place of it: the device cannot tell states.
  Next NotReadable(absl::Time now);
  Next Switched(absl::Time now);
  // The device has the command; its answer was lost, and is not asked for.
  Next Received(absl::Time now);
  Next Allowed(absl::Time now);
  // Whether it is as it was set; nullopt: it cannot be read.
  Next SettingRead(std::optional<bool> is_so, absl::Time now);
  Next PauseOver(absl::Time now);
  // The device says that the plug's state does not allow it.
  Next Impossible(const Failure& failure, absl::Time now);
  // No answer came to a command that was sent.
  Next Lost(const Failure& failure, absl::Time now);
  // For good: of what was not sent, or was refused.
  Next Failed(const Failure& failure, absl::Time now);

  const PlugResult& result() const { return result_; }
  PlugResult& result() { return result_; }

 private:
  enum class Phase {
    kFirstRead,
    kSwitching,
    kConfirming,
    kResting,
    kLost,
    kRefused
  };

  bool IsHalf() const;  // the off of a cycle
  void MayBeCut();
  Next Read() const;
  Next Seen(PlugState state, absl::Time now);
  Next Switch(Action command);
  Next End(Outcome outcome);
  Next Fail(FailureClass failure_class, std::string text, bool maybe_executed);
  Next FirstRead(PlugState state);
  Next Confirm(PlugState wanted, absl::Duration limit, absl::Time now);
  Next PollAgain(absl::Time now);
  Next Polled(PlugState state, absl::Time now);
  Next Reached(absl::Time now);
  Next TimedOut(absl::Time now);
  Next ReadAfterLoss(PlugState state, absl::Time now);
  Next ReadAfterRefusal(PlugState state, absl::Time now);

  const Action action_;
  const ActionOptions options_;
  const bool can_tell_privilege_;
  PlugResult result_;
  Phase phase_ = Phase::kFirstRead;
  Action command_ = Action::kStatus;  // the last that was sent
  PlugState wanted_ = PlugState::kUnknown;
  absl::Time deadline_ = absl::InfiniteFuture();  // of the state
  absl::Time on_since_ = absl::InfiniteFuture();
  int polls_ = 0, resent_ = 0;
  bool is_readable_ = true;
  bool has_answer_ = true;  // to the last command
  bool left_ = false;       // was seen in another state than before, since
  std::optional<Failure> lost_;
  Failure refused_;  // what is not possible in the plug's state
};

}  // namespace power
