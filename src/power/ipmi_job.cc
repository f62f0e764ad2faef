#include "power/ipmi_job.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <utility>

#include "power/ability.h"
#include "power/ipmi_boot.h"

namespace power {
namespace {

constexpr uint8_t kChassis = 0x00, kApplication = 0x06;
constexpr uint8_t kGetStatus = 0x01, kControl = 0x02, kIdentify = 0x04;
constexpr uint8_t kSetPrivilege = 0x3b;

// How long the lamp of identify stays on: at most, as there is no way to say
// "until told otherwise" that all controllers know.
constexpr uint8_t kIdentifySeconds = 0xff;

IpmiRequest Control(uint8_t what) {
  return {.function = kChassis,
          .command = kControl,
          .data = std::string(1, static_cast<char>(what))};
}

IpmiRequest Identify(uint8_t seconds) {
  return {.function = kChassis,
          .command = kIdentify,
          .data = std::string(1, static_cast<char>(seconds))};
}

IpmiRequest RequestOf(Action command) {
  switch (command) {
    case Action::kOff:
      return Control(0);
    case Action::kOn:
      return Control(1);
    case Action::kCycle:
      return Control(2);
    case Action::kReset:
      return Control(3);
    case Action::kNmi:
      return Control(4);
    case Action::kSoft:
      return Control(5);
    case Action::kIdentifyOn:
      return Identify(kIdentifySeconds);
    case Action::kIdentifyOff:
      return Identify(0);
    default:
      return {.function = kChassis, .command = kGetStatus};
  }
}

struct Completion {
  uint8_t code;
  FailureClass failure_class;
  absl::string_view words;
};
constexpr Completion kCompletions[] = {
    {0xc1, FailureClass::kUnsupported, "command not known"},
    {0xc2, FailureClass::kUnsupported, "command not known here"},
    {0xc3, FailureClass::kTimeout, "took too long for the controller itself"},
    {0xc4, FailureClass::kBusy, "out of space"},
    {0xc7, FailureClass::kDevice, "length of the request not accepted"},
    {0xc9, FailureClass::kDevice, "value out of range"},
    {0xcc, FailureClass::kDevice, "field of the request not accepted"},
    {0xce, FailureClass::kDevice, "no answer can be given"},
    {0xd0, FailureClass::kBusy, "is updating its records"},
    {0xd1, FailureClass::kBusy, "is updating its firmware"},
    {0xd2, FailureClass::kBusy, "is starting"},
    {0xd3, FailureClass::kDevice, "destination not available"},
    {0xd4, FailureClass::kPrivilege, "the user may not"},
    {0xd5, FailureClass::kDevice, "not possible in this state"},
    {0xd6, FailureClass::kUnsupported, "is switched off in the firmware"},
    {0xff, FailureClass::kDevice, "unspecified error"},
};
constexpr uint8_t kTookTooLong = 0xc3, kNotInThisState = 0xd5;
// The last reading of all is given time for its answer.
constexpr absl::Duration kLastReading = absl::Seconds(2);

Failure FailureOf(uint8_t code, Action command) {
  FailureClass failure_class = FailureClass::kDevice;
  absl::string_view words = "refused";
  for (const Completion& known : kCompletions) {
    if (known.code != code) continue;
    failure_class = known.failure_class;
    words = known.words;
  }
  if (SetsBootDevice(command) && code == kNoSuchBootOption) {
    failure_class = FailureClass::kUnsupported;
    words = "the controller keeps no boot device";
  }
  return {
      .failure_class = failure_class,
      .text = absl::StrFormat("%s: %s (0x%02x)", Word(command), words, code)};
}

}  // namespace

PlugState PlugStateOfChassis(absl::string_view data) {
  if (data.empty()) return PlugState::kUnknown;
  return (data[0] & 1) != 0 ? PlugState::kOn : PlugState::kOff;
}

IpmiJob::IpmiJob(Action action, const IpmiOptions& options, IpmiAccount account,
                 uint32_t slot, RandomBytes random)
    : action_(action),
      options_(options),
      session_(std::move(account), slot, std::move(random),
               options.busy_retries),
      plug_(action, options.action, /*can_tell_privilege=*/true) {}

// The least privilege first: an account that may do more may do this, too.
std::vector<uint8_t> IpmiJob::Roles() const {
  if (session_.account().role != 0) return {session_.account().role};
  if (OnlyLooks(action_)) {
    return {kIpmiOperatorRole, kIpmiUserRole};
  }
  return {kIpmiOperatorRole};
}

void IpmiJob::Start(absl::Time now) {
  if (const auto failure = WhyNotByProtocol("ipmi", action_)) {
    return Do(plug_.Failed(*failure, now), now);
  }
  Do(plug_.Begin(now), now);
}

void IpmiJob::Do(const PlugAction::Next& next, absl::Time now) {
  doing_ = next;
  const absl::Time limit = now + options_.limit;
  switch (next.step) {
    case PlugAction::Step::kRead:
      return Ask({.request = RequestOf(Action::kStatus),
                  .raises = action_ != Action::kStatus},
                 std::min(limit, std::max(next.until, now + kLastReading)),
                 now);
    case PlugAction::Step::kSwitch:
      if (SetsBootDevice(next.command)) return AskBoot(limit, now);
      return Ask({.request = RequestOf(next.command),
                  .is_repeatable = IsRepeatable(next.command),
                  .needs_privilege = true},
                 limit, now);
    case PlugAction::Step::kPrivilege:
      // It was sent along with the reading; asked again it is an answer.
      return Ask({.request = {.function = kApplication,
                              .command = kSetPrivilege,
                              .data = std::string(
                                  1, static_cast<char>(kIpmiOperatorRole))}},
                 limit, now);
    case PlugAction::Step::kReadBack:
      return Ask({.request = GetBootFlags(), .needs_privilege = true},
                 std::min(limit, std::max(next.until, now + kLastReading)),
                 now);
    case PlugAction::Step::kPause:
      pause_until_ = next.until;
      return;
    case PlugAction::Step::kEnd:
      return End(now);
  }
}

// The flags are looked at, kept, and set: one question after the other, within
// the limit of the first.
void IpmiJob::AskBoot(absl::Time limit, absl::Time now) {
  IpmiRequest request;
  switch (boot_step_) {
    case BootStep::kLook:
      boot_until_ = limit;
      request = GetBootFlags();
      break;
    case BootStep::kKeep:
      request = KeepBootFlags();
      break;
    case BootStep::kSet:
      request = SetBootFlags(doing_.command, boot_flags_);
      break;
  }
  Ask({.request = std::move(request), .needs_privilege = true}, boot_until_,
      now);
}

// The first two are done as far as the controller knows them.
PlugAction::Next IpmiJob::NextBootStep(const IpmiAnswer& answer) {
  if (boot_step_ == BootStep::kLook) {
    if (answer.completion == 0) {
      boot_flags_ = std::string(BootFlagsIn(answer.data));
    }
    boot_step_ = BootStep::kKeep;
  } else {
    boot_step_ = BootStep::kSet;
  }
  return doing_;
}

void IpmiJob::Ask(IpmiSession::Question question, absl::Time until,
                  absl::Time now) {
  session_.Ask(std::move(question), Roles(), now, until);
  Look(now);
}

void IpmiJob::Look(absl::Time now) {
  if (session_.is_in()) suite_ = session_.suite();
  const std::optional<IpmiSession::Reply> reply = session_.TakeReply();
  if (reply.has_value()) Do(Understand(*reply, now), now);
}

PlugAction::Next IpmiJob::Understand(const IpmiSession::Reply& reply,
                                     absl::Time now) {
  VerifyLevel& verified = plug_.result().verified;
  if (session_.was_heard()) verified = std::max(verified, VerifyLevel::kReach);
  if (session_.is_in()) verified = std::max(verified, VerifyLevel::kLogin);
  if (reply.answer.has_value()) return OnAnswer(*reply.answer, now);
  if (reply.was_received) return plug_.Received(now);
  return doing_.step == PlugAction::Step::kSwitch &&
                 reply.failure->maybe_executed
             ? plug_.Lost(*reply.failure, now)
             : plug_.Failed(*reply.failure, now);
}

PlugAction::Next IpmiJob::OnAnswer(const IpmiAnswer& answer, absl::Time now) {
  if (doing_.step == PlugAction::Step::kReadBack) {
    return plug_.SettingRead(answer.completion == 0
                                 ? BootsSo(answer.data, doing_.command)
                                 : std::nullopt,
                             now);
  }
  if (doing_.step == PlugAction::Step::kSwitch &&
      SetsBootDevice(doing_.command) && boot_step_ != BootStep::kSet) {
    return NextBootStep(answer);
  }
  if (answer.completion == 0) {
    switch (doing_.step) {
      case PlugAction::Step::kRead:
        return plug_.StateRead(PlugStateOfChassis(answer.data), now);
      case PlugAction::Step::kSwitch:
        return plug_.Switched(now);
      default:
        return plug_.Allowed(now);
    }
  }
  Failure failure = FailureOf(answer.completion, doing_.command);
  if (doing_.step == PlugAction::Step::kPrivilege) {
    failure.failure_class = FailureClass::kPrivilege;
    failure.text =
        absl::StrFormat("the user may not switch (0x%02x)", answer.completion);
  }
  if (doing_.step != PlugAction::Step::kSwitch) {
    return plug_.Failed(failure, now);
  }
  if (answer.completion == kNotInThisState) {
    return plug_.Impossible(failure, now);
  }
  if (answer.completion == kTookTooLong) {
    // The state will show it.
    if (IsRepeatable(doing_.command)) return plug_.Switched(now);
    failure.maybe_executed = true;
    return plug_.Lost(failure, now);
  }
  return plug_.Failed(failure, now);
}

void IpmiJob::End(absl::Time now) {
  ended_ = true;
  plug_.result().attempts = session_.attempts();
  session_.Close(now);
}

void IpmiJob::Receive(absl::string_view datagram, absl::Time now) {
  if (ended_) return;
  session_.Receive(datagram, now);
  Look(now);
}

void IpmiJob::Wake(absl::Time now) {
  if (ended_) return;
  if (doing_.step == PlugAction::Step::kPause) {
    if (now < pause_until_) return;
    pause_until_ = absl::InfiniteFuture();
    return Do(plug_.PauseOver(now), now);
  }
  session_.Wake(now);
  Look(now);
}

void IpmiJob::Unreachable(absl::string_view what, absl::Time now) {
  if (ended_) return;
  session_.Unreachable(what, now);
  Look(now);
}

void IpmiJob::Abandon(absl::Time now) {
  if (!ended_) session_.Close(now);
  ended_ = true;
}

std::vector<std::string> IpmiJob::TakeDatagrams() {
  return session_.TakeDatagrams();
}

absl::Time IpmiJob::wake_at() const {
  if (ended_) return absl::InfiniteFuture();
  if (doing_.step == PlugAction::Step::kPause) return pause_until_;
  return session_.wake_at();
}

const PlugResult* IpmiJob::result() const {
  return ended_ ? &plug_.result() : nullptr;
}

}  // namespace power
