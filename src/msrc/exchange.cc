#include "msrc/exchange.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "msrc/exchange_limits.h"
#include "wire/message.h"

namespace msrc {
namespace {

constexpr uint32_t kTerminalProtocol = 2;  // and later

constexpr int kDamaged = 65, kNoExecutable = 69, kProtocol = 76;
// However it ended then: as xapply has it.
constexpr int kTimedOut = 124;

using fleetbox::wire::Applied;
using fleetbox::wire::FromController;
using fleetbox::wire::FromReceiver;

// What an Applied may say the status of its host is.
bool IsHostStatus(uint32_t status) {
  switch (status) {
    case 65:
    case 73:
    case 74:
    case 75:
    case 76:
    case 77:
    case 78:
      return true;
  }
  return false;
}

std::string OneLine(absl::string_view text) {
  return base::Escape(text.substr(0, kMaxErrorTextBytes));
}

SendMessage Say(const FromController& message) {
  return {wire::Serialize(message)};
}

// How the code of a receiver that could not be started there is read.
int BootstrapStatus(int status) {
  switch (status) {
    case kNoExecutable:
    case 73:
    case 74:
    case 75:
      return status;
  }
  return kUnreachable;
}

}  // namespace

absl::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kConnect:
      return "connect";
    case Phase::kBootstrap:
      return "bootstrap";
    case Phase::kTransfer:
      return "transfer";
    case Phase::kApply:
      return "apply";
    case Phase::kRun:
      return "run";
    case Phase::kEnded:
      break;
  }
  return "";
}

Exchange::Exchange(ExchangePlan plan, absl::Time now)
    : plan_(std::move(plan)), now_(now), moved_(now) {}

std::vector<ExchangeEffect> Exchange::Begin() {
  return {WakeAt{moved_ + LimitOfPhase()}};
}

std::vector<ExchangeEffect> Exchange::On(const ExchangeEvent& event,
                                         absl::Time now) {
  if (phase_ == Phase::kEnded) return {};
  now_ = now;
  if (!std::holds_alternative<Woken>(event)) moved_ = now;
  std::visit([this](const auto& e) { Take(e); }, event);
  if (phase_ != Phase::kEnded) {
    effects_.push_back(WakeAt{std::min(moved_ + LimitOfPhase(), cancel_by_)});
  }
  return std::exchange(effects_, {});
}

absl::Duration Exchange::LimitOfPhase() const {
  // What comes before the utility here takes what it takes.
  if (asked_) return absl::InfiniteDuration();
  switch (phase_) {
    case Phase::kConnect:
      return plan_.limits.connect;
    case Phase::kBootstrap:
      return plan_.limits.bootstrap;
    case Phase::kTransfer:
      return plan_.limits.transfer;
    case Phase::kApply:
      return plan_.limits.apply;
    case Phase::kRun:
      return plan_.limits.run;
    case Phase::kEnded:
      break;
  }
  return absl::InfiniteDuration();
}

void Exchange::Enter(Phase phase) { phase_ = phase; }

// --- the end ----------------------------------------------------------------

void Exchange::Fail(int status, Phase phase, absl::string_view error) {
  result_.status = status;
  result_.failed = phase;
  result_.error = std::string(error);
  result_.may_retry = status == kUnreachable && phase == Phase::kConnect;
  End(error);
}

void Exchange::Violation(absl::string_view what) {
  Fail(kProtocol,
       absl::StrCat("the receiver does not speak as it should: ", what));
}

void Exchange::End(absl::string_view why) {
  if (sending_) effects_.push_back(StopContents{});
  phase_ = Phase::kEnded;
  effects_.push_back(HangUp{std::string(why)});
}

// Nothing is to be run.
void Exchange::Done() {
  FromController message;
  message.set_done(true);
  effects_.push_back(Say(message));
  result_.status = 0;
  result_.failed = Phase::kEnded;
  End("done");
}

// --- before the channel -----------------------------------------------------

void Exchange::Take(const RemoteAnswered& event) {
  if (open_) return Violation("it begins anew");
  if (auto* need = std::get_if<RemoteNeed>(&event.answer)) {
    if (phase_ != Phase::kConnect) {
      return Fail(kProtocol, "it asks for a fleetbox twice");
    }
    Enter(Phase::kBootstrap);
    effects_.push_back(SendExecutable{*need});
  } else if (std::holds_alternative<RemoteGot>(event.answer)) {
    if (phase_ != Phase::kBootstrap || result_.copied) {
      return Fail(kProtocol, "it has a fleetbox that nobody sent");
    }
    result_.copied = true;
    effects_.push_back(EndExecutable{});
  } else if (auto* error = std::get_if<RemoteError>(&event.answer)) {
    result_.no_executable = error->status == kNoExecutable;
    Fail(BootstrapStatus(error->status), Phase::kBootstrap, error->why);
  }
}

void Exchange::Take(const ChannelOpened&) {
  if (open_) return;
  open_ = true;
  Enter(Phase::kTransfer);
}

// --- what the receiver says -------------------------------------------------

void Exchange::Take(const ParcelCame&) { Violation("a parcel"); }

void Exchange::Take(const MessageCame& event) {
  if (plan_.relay && phase_ == Phase::kRun) {
    effects_.push_back(PassMessage{event.bytes});
    return;
  }
  absl::StatusOr<FromReceiver> message =
      wire::Parse<FromReceiver>(event.bytes, kMaxReceiverMessageBytes);
  if (!message.ok()) return Violation(message.status().message());
  if (!open_) return Violation("a message before the channel is open");
  if (!greeted_ && !message->has_hello()) return Violation("no hello");
  switch (message->what_case()) {
    case FromReceiver::kHello:
      return Hello(message->hello());
    case FromReceiver::kNeed:
      return Needs(message->need());
    case FromReceiver::kApplied:
      return IsApplied(std::move(*message->mutable_applied()));
    case FromReceiver::kOutput:
      return Output(std::move(*message->mutable_output()));
    case FromReceiver::kEnded:
      return HasEnded(std::move(*message->mutable_ended()));
    case FromReceiver::WHAT_NOT_SET:
      return Violation("a message without content");
  }
}

void Exchange::Hello(const fleetbox::wire::ReceiverHello& hello) {
  if (std::exchange(greeted_, true)) return Violation("a second hello");
  if (hello.protocol() == 0) return Violation("a hello without a protocol");
  if (plan_.terminal && hello.protocol() < kTerminalProtocol) {
    return Fail(kProtocol, "its fleetbox is too old for a terminal");
  }
  if (hello.nonce().size() != kNonceBytes) {
    return Violation("a hello without a nonce");
  }
  if (hello.principal().size() > base::kMaxPrincipalBytes) {
    return Violation("a principal that is too long");
  }
  result_.software = OneLine(hello.software());
  result_.platform = OneLine(hello.platform());
  result_.user = OneLine(hello.user());
  if (plan_.bootstrap_only) return Done();
  if (plan_.relay) {
    effects_.push_back(PassMessage{});
    return Enter(Phase::kRun);
  }
  effects_.push_back(
      SendDelivery{hello.nonce(), hello.principal(), hello.strict()});
  if (plan_.attach) Enter(Phase::kRun);
}

void Exchange::Needs(const fleetbox::wire::Need& message) {
  if (phase_ != Phase::kTransfer || std::exchange(needs_, true)) {
    return Violation("a need that is not its turn");
  }
  absl::StatusOr<wire::Need> need =
      wire::Need::FromMessage(*plan_.manifest, message);
  if (!need.ok()) {
    return Violation(
        absl::StrCat("a need that does not fit: ", need.status().message()));
  }
  if (need->empty()) return Enter(Phase::kApply);
  // It has been told, and will say so.
  if (cancelled_ != 0) return;
  sending_ = true;
  effects_.push_back(SendContents{*std::move(need)});
}

void Exchange::Take(const ContentSent&) {
  if (!std::exchange(sending_, false)) return;
  Enter(Phase::kApply);
}

void Exchange::Take(const ContentFailed& event) {
  if (sending_) Fail(kDamaged, event.why.message());
}

std::string Exchange::WrongWith(const Applied& applied) const {
  const size_t entries = plan_.manifest->entries().size();
  absl::flat_hash_set<uint32_t> seen;
  for (const auto* list :
       {&applied.created(), &applied.changed(), &applied.mode_only()}) {
    for (const uint32_t position : *list) {
      if (position >= entries) return "an entry that was not sent";
      if (!seen.insert(position).second) return "an entry twice";
    }
  }
  for (const auto& diff : applied.diff()) {
    if (diff.entry() >= entries) return "a difference of no entry";
  }
  const bool failed = applied.outcome() == Applied::REFUSED ||
                      applied.outcome() == Applied::ROLLED_BACK;
  if (failed && !IsHostStatus(applied.status())) return "a status that is none";
  if (!failed && applied.status() != 0) return "a status without a failure";
  if (!failed && plan_.check != (applied.outcome() == Applied::COMPARED)) {
    return "something else was done than was asked for";
  }
  if (applied.warning_size() > static_cast<int>(kMaxWarnings)) {
    return "too many warnings";
  }
  return "";
}

void Exchange::IsApplied(Applied applied) {
  const bool may_fail = phase_ == Phase::kTransfer || phase_ == Phase::kApply ||
                        (phase_ == Phase::kRun && plan_.attach);
  const bool failed = applied.outcome() == Applied::REFUSED ||
                      applied.outcome() == Applied::ROLLED_BACK;
  if (result_.applied.has_value() || !may_fail ||
      (!failed && phase_ != Phase::kApply)) {
    return Violation("an answer to a delivery that is not its turn");
  }
  const std::string wrong = WrongWith(applied);
  if (!wrong.empty()) return Violation(wrong);
  result_.applied = std::move(applied);
  if (failed) return Refused();
  if (plan_.check) return Done();
  if (!plan_.runs && !plan_.utility_follows) return Done();
  Enter(Phase::kRun);
  if (plan_.runs) return;
  if (cancelled_ != 0) {
    return Fail(128 + cancelled_, "interrupted before the utility was run");
  }
  asked_ = true;
  effects_.push_back(AskUtility{});
}

void Exchange::Refused() {
  const Applied& applied = *result_.applied;
  // It has stopped because we said so.
  if (cancelled_ != 0) return Fail(128 + cancelled_, "interrupted");
  // What is damaged, is so since it was on its way.
  const bool damaged = applied.status() == kDamaged;
  Fail(static_cast<int>(applied.status()),
       damaged ? Phase::kTransfer : Phase::kApply, OneLine(applied.error()));
}

void Exchange::Take(const UtilityReady& event) {
  if (!std::exchange(asked_, false)) return;
  if (event.run) {
    effects_.push_back(SendUtility{});
    return;
  }
  if (event.status == 0) return Done();
  FromController message;
  message.set_done(true);
  effects_.push_back(Say(message));
  Fail(event.status, "");
}

void Exchange::Output(fleetbox::wire::Output output) {
  if (phase_ != Phase::kRun || asked_) return Violation("output of nothing");
  if (output.stream() != 1 && output.stream() != 2) {
    return Violation("output of no stream");
  }
  const int64_t bytes = static_cast<int64_t>(output.bytes().size());
  (output.stream() == 1 ? result_.out_bytes : result_.error_bytes) += bytes;
  effects_.push_back(PassOutput{static_cast<int>(output.stream()),
                                std::move(*output.mutable_bytes())});
}

void Exchange::HasEnded(fleetbox::wire::Ended ended) {
  if (phase_ != Phase::kRun || asked_) return Violation("an end of nothing");
  if (ended.exit_code() > 255 || ended.signal() > 127) {
    return Violation("an exit code that is none");
  }
  const int status = ended.timed_out() ? kTimedOut
                     : ended.signal() != 0
                         ? static_cast<int>(128 + ended.signal())
                         : static_cast<int>(ended.exit_code());
  std::string error = OneLine(ended.error());
  if (ended.timed_out() && error.empty()) error = "it took too long";
  result_.ended = std::move(ended);
  if (status != 0 || !error.empty()) {
    // Of one that could not be run at all, 0 would be a lie.
    return Fail(status != 0 ? status : 71, error);
  }
  result_.status = 0;
  result_.failed = Phase::kEnded;
  End("done");
}

// --- what ends it early -----------------------------------------------------

void Exchange::Take(const Lost& event) {
  const std::string why =
      event.why.ok() ? "it has hung up" : OneLine(event.why.message());
  if (event.why.code() == absl::StatusCode::kInvalidArgument ||
      event.why.code() == absl::StatusCode::kResourceExhausted) {
    return Violation(why);
  }
  if (phase_ == Phase::kRun && cancelled_ != 0) {
    return Fail(kUnreachable, absl::StrCat("interrupted, then lost: ", why));
  }
  Fail(kUnreachable, why);
}

void Exchange::Take(const GivenUp& event) {
  Fail(event.status, OneLine(event.why));
}

void Exchange::Take(const Cancelled& event) {
  if (std::exchange(cancelled_, event.signal) != 0) return;
  // A receiver that only loses its connection keeps contents for a next run,
  // and while it has not said what it needs, it may be any further.
  const bool delivers = phase_ == Phase::kTransfer && greeted_;
  const bool may_run = plan_.runs || phase_ == Phase::kRun;
  if (asked_ || (phase_ < Phase::kApply && !delivers)) {
    return Fail(128 + event.signal, "interrupted");
  }
  // What it is placing, it places.
  if (phase_ == Phase::kApply && !may_run) return;
  if (std::exchange(sending_, false)) effects_.push_back(StopContents{});
  FromController message;
  message.mutable_cancel()->set_signal(static_cast<uint32_t>(event.signal));
  effects_.push_back(Say(message));
  cancel_by_ = now_ + kCancelTime;
}

void Exchange::Take(const Woken&) {
  if (now_ >= cancel_by_) {
    return Fail(kUnreachable, "interrupted, and it does not answer");
  }
  const absl::Duration limit = LimitOfPhase();
  if (now_ < moved_ + limit) return;
  Fail(kUnreachable,
       absl::StrCat(
           phase_ == Phase::kConnect ? "no answer for " : "not heard of for ",
           base::DurationWords(limit)));
}

}  // namespace msrc
