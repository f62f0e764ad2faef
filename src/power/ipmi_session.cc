#include "power/ipmi_session.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"

namespace power {
namespace {

constexpr uint8_t kApplication = 0x06, kChassis = 0x00;
constexpr uint8_t kSetPrivilege = 0x3b, kCloseSession = 0x3c;
constexpr uint8_t kGetChassisStatus = 0x01;

constexpr uint8_t kOk = 0x00, kBusy = 0xc0, kDuplicated = 0xcf;
constexpr uint8_t kNoPrivilege = 0xd4;
constexpr absl::Duration kBusyRest = absl::Milliseconds(500);

// Copies of what may be repeated before the session is taken for lost.
constexpr int kPatientCopies = 8;
// Of what must not be executed twice: how often it is sent, and how many of the
// questions beside it must be answered, until the controller is known to have
// it. With three packets of ten lost, one in 10^5 is told wrongly.
constexpr int kCertainCopies = 10;
constexpr int kCertainAnswers = 4;
constexpr absl::Duration kFirstCopy = absl::Seconds(1);
constexpr absl::Duration kNextCopy = absl::Milliseconds(500);

IpmiRequest StatusRequest() {
  return {.function = kChassis, .command = kGetChassisStatus};
}

}  // namespace

bool IpmiWindow::Take(uint32_t sequence) {
  if (sequence == 0) return false;  // only outside a session
  if (sequence > highest_) {
    const uint32_t ahead = sequence - highest_;
    seen_ = ahead >= kWidth ? 0 : seen_ << ahead;
    seen_ |= 1;
    highest_ = sequence;
    return true;
  }
  const uint32_t behind = highest_ - sequence;
  if (behind >= kWidth || (seen_ >> behind & 1) != 0) return false;
  seen_ |= uint32_t{1} << behind;
  return true;
}

IpmiSession::IpmiSession(IpmiAccount account, uint32_t slot, RandomBytes random,
                         int busy_retries)
    : account_(std::move(account)),
      random_(std::move(random)),
      login_(account_, slot, random_, busy_retries) {}

void IpmiSession::Ask(Question question, std::vector<uint8_t> roles,
                      absl::Time now, absl::Time until) {
  question_ = std::move(question);
  until_ = until;
  reply_.reset();
  if (login_.is_in()) {
    AskNow(now);
  } else {
    Relogin(std::move(roles), now);
  }
}

void IpmiSession::Relogin(std::vector<uint8_t> roles, absl::Time now) {
  roles_ = std::move(roles);
  asked_.reset();
  raise_.reset();
  beside_.reset();
  ask_at_ = absl::InfiniteFuture();
  logging_in_ = true;
  login_.Begin(roles_, now, until_);
  TakeLogin(now);
}

// Looks what the login has come to.
void IpmiSession::TakeLogin(absl::Time now) {
  for (std::string& datagram : login_.TakeDatagrams()) {
    datagrams_.push_back(std::move(datagram));
  }
  if (!logging_in_) return;
  if (login_.has_failed()) {
    logging_in_ = false;
    Failure failure = login_.failure();
    // It may have been taken in the session that fell silent.
    if (was_silent_) failure.maybe_executed = question_->needs_privilege;
    Done({.failure = std::move(failure)});
  } else if (login_.is_in()) {
    logging_in_ = false;
    LoggedIn(now);
  }
}

void IpmiSession::LoggedIn(absl::Time now) {
  sequence_ = 0;
  window_ = {};
  privilege_ = Privilege::kNone;
  if (question_.has_value()) AskNow(now);
}

void IpmiSession::AskNow(absl::Time now) {
  ask_at_ = absl::InfiniteFuture();
  if ((question_->raises || question_->needs_privilege) &&
      privilege_ == Privilege::kNone) {
    AskPrivilege(now);
  }
  if (question_->needs_privilege && privilege_ == Privilege::kRefused) {
    return PrivilegeRefused(0);
  }
  beside_.reset();
  beside_answered_ = 0;
  needs_privilege_first_ = false;
  if (!question_->is_repeatable && privilege_ == Privilege::kAsked) {
    // Its refusal, lost, would look like its answer, lost.
    needs_privilege_first_ = true;
    return;
  }
  asked_too_early_ = privilege_ == Privilege::kAsked;
  asked_ = MakePending(question_->request, question_->is_repeatable);
  Send(*asked_, now);
}

void IpmiSession::AskAgain(absl::Time at) {
  asked_.reset();
  beside_.reset();
  ask_at_ = at;
}

void IpmiSession::AskPrivilege(absl::Time now) {
  privilege_ = Privilege::kAsked;
  const uint8_t wanted = std::max(login_.role(), kIpmiOperatorRole);
  raise_ = MakePending({.function = kApplication,
                        .command = kSetPrivilege,
                        .data = std::string(1, static_cast<char>(wanted))},
                       /*is_repeatable=*/true);
  Send(*raise_, now);
}

IpmiSession::Pending IpmiSession::MakePending(IpmiRequest request,
                                              bool is_repeatable) {
  number_ = (number_ + 1) % 64;
  return {.request = std::move(request),
          .number = number_,
          .is_repeatable = is_repeatable};
}

void IpmiSession::Send(Pending& pending, absl::Time now) {
  std::string datagram = std::move(pending.datagram);
  if (datagram.empty()) {
    datagram = SealIpmiPacket(
        login_.keys(), login_.their_id(), ++sequence_, random_(16),
        EncodeIpmiRequest(pending.request, pending.number));
  }
  if (!pending.is_repeatable) pending.datagram = datagram;
  datagrams_.push_back(std::move(datagram));
  ++pending.sent;
  pending.next = now + (pending.is_repeatable
                            ? IpmiPatience(pending.sent, login_.answer_time())
                        : pending.sent == 1 ? kFirstCopy
                                            : kNextCopy);
}

void IpmiSession::SendCopy(absl::Time now) {
  if (asked_->sent >= kCertainCopies && beside_answered_ >= kCertainAnswers) {
    return Done({.was_received = true});
  }
  // More copies than the controller's window is wide would prove nothing.
  if (asked_->sent < kCertainCopies) {
    Send(*asked_, now);
  } else {
    asked_->next = now + kNextCopy;
  }
  if (!beside_.has_value()) beside_ = MakePending(StatusRequest(), true);
  Send(*beside_, now);
  beside_->next = absl::InfiniteFuture();  // it goes when a copy goes
}

void IpmiSession::Receive(absl::string_view datagram, absl::Time now) {
  if (!login_.is_in()) {
    login_.Receive(datagram, now);
    return TakeLogin(now);
  }
  const absl::StatusOr<IpmiPacket> packet = ParseIpmiPacket(datagram);
  if (!packet.ok() || packet->session != login_.our_id()) return;
  const absl::StatusOr<std::string> message =
      UnsealIpmiPacket(login_.keys(), datagram);
  if (!message.ok() || packet->payload_type != 0) return;
  if (!window_.Take(packet->sequence)) return;
  const absl::StatusOr<IpmiAnswer> answer = ParseIpmiAnswer(*message);
  if (answer.ok()) OnAnswer(*answer, now);
}

void IpmiSession::OnAnswer(const IpmiAnswer& answer, absl::Time now) {
  was_silent_ = false;
  const auto is_of = [&](const std::optional<Pending>& pending) {
    return pending.has_value() && pending->number == answer.number &&
           pending->request.command == answer.command &&
           pending->request.function == answer.function;
  };
  if (is_of(raise_)) return OnPrivilegeAnswered(answer, now);
  if (is_of(beside_)) {
    beside_.reset();
    ++beside_answered_;
    return;
  }
  if (is_of(asked_)) return OnQuestionAnswered(answer, now);
}

void IpmiSession::OnPrivilegeAnswered(const IpmiAnswer& answer,
                                      absl::Time now) {
  if (answer.completion == kBusy) {
    // With the same number it would be answered the same.
    raise_ = MakePending(raise_->request, true);
    raise_->next = now + kBusyRest;
    return;
  }
  raise_.reset();
  privilege_ =
      answer.completion == kOk ? Privilege::kRaised : Privilege::kRefused;
  if (!needs_privilege_first_) return;
  needs_privilege_first_ = false;
  if (privilege_ == Privilege::kRefused) {
    return PrivilegeRefused(answer.completion);
  }
  AskNow(now);
}

void IpmiSession::PrivilegeRefused(uint8_t completion) {
  Fail(FailureClass::kPrivilege,
       completion == 0
           ? std::string("the user may not switch")
           : absl::StrFormat("the user may not switch (0x%02x)", completion),
       false);
}

void IpmiSession::OnQuestionAnswered(const IpmiAnswer& answer, absl::Time now) {
  if (answer.completion == kBusy) return AskAgain(now + kBusyRest);
  if (answer.completion == kDuplicated) {
    // It has the command, and will not say what came of it.
    if (!question_->is_repeatable) return Done({.was_received = true});
    return AskAgain(now + kBusyRest);
  }
  if (answer.completion != kNoPrivilege || !question_->needs_privilege) {
    return Done({.answer = answer});
  }
  // Refused, so not executed.
  switch (privilege_) {
    case Privilege::kAsked:
      asked_.reset();
      beside_.reset();
      needs_privilege_first_ = true;
      return;
    case Privilege::kRaised:
      // Either the two crossed, or an operator is not enough here.
      if (asked_too_early_) return AskNow(now);
      if (account_.role == 0 && login_.role() < kIpmiAdministratorRole) {
        SayGoodbye(now);
        return Relogin({kIpmiAdministratorRole}, now);
      }
      return PrivilegeRefused(answer.completion);
    case Privilege::kNone:
    case Privilege::kRefused:
      return PrivilegeRefused(answer.completion);
  }
}

void IpmiSession::Wake(absl::Time now) {
  if (logging_in_) {
    login_.Wake(now);
    return TakeLogin(now);
  }
  if (!question_.has_value()) return;
  if (now >= until_) return TimedOut();
  if (now >= ask_at_) return AskNow(now);
  if (raise_.has_value() && now >= raise_->next) {
    if (needs_privilege_first_ && raise_->sent >= kPatientCopies &&
        !was_silent_) {
      return LoginAgain(now);
    }
    Send(*raise_, now);
  }
  if (!asked_.has_value() || now < asked_->next) return;
  if (!asked_->is_repeatable) return SendCopy(now);
  if (asked_->sent >= kPatientCopies && !was_silent_) {
    return LoginAgain(now);
  }
  Send(*asked_, now);
}

void IpmiSession::LoginAgain(absl::Time now) {
  was_silent_ = true;
  needs_privilege_first_ = false;
  Relogin(roles_, now);
}

void IpmiSession::TimedOut() {
  if (asked_.has_value() && !asked_->is_repeatable) {
    return Fail(FailureClass::kTimeout, "no answer to the command", true);
  }
  if (needs_privilege_first_) {
    return Fail(FailureClass::kTimeout, "no answer to the privilege", false);
  }
  if (!asked_.has_value()) {
    return Fail(FailureClass::kBusy, "the controller says that it is busy",
                false);
  }
  Fail(FailureClass::kTimeout, "no answer in the session",
       question_->needs_privilege);
}

void IpmiSession::Unreachable(absl::string_view what, absl::Time now) {
  if (!logging_in_) return;
  login_.Unreachable(what, now);
  TakeLogin(now);
}

void IpmiSession::Done(Reply reply) {
  reply_ = std::move(reply);
  question_.reset();
  asked_.reset();
  beside_.reset();
  needs_privilege_first_ = false;
  ask_at_ = absl::InfiniteFuture();
}

void IpmiSession::Fail(FailureClass failure_class, std::string text,
                       bool maybe_executed) {
  Done({.failure = Failure{.failure_class = failure_class,
                           .text = std::move(text),
                           .maybe_executed = maybe_executed}});
}

void IpmiSession::Close(absl::Time now) {
  Done({});
  reply_.reset();
  raise_.reset();
  if (login_.is_in()) SayGoodbye(now);
}

void IpmiSession::SayGoodbye(absl::Time now) {
  std::string id;
  base::PutLe32(id, login_.their_id());
  Pending goodbye = MakePending(
      {.function = kApplication, .command = kCloseSession, .data = id}, true);
  Send(goodbye, now);
}

std::optional<IpmiSession::Reply> IpmiSession::TakeReply() {
  return std::exchange(reply_, std::nullopt);
}

std::vector<std::string> IpmiSession::TakeDatagrams() {
  return std::exchange(datagrams_, {});
}

absl::Time IpmiSession::wake_at() const {
  if (logging_in_) return login_.wake_at();
  if (!question_.has_value()) return absl::InfiniteFuture();
  absl::Time at = std::min(until_, ask_at_);
  if (raise_.has_value()) at = std::min(at, raise_->next);
  if (asked_.has_value()) at = std::min(at, asked_->next);
  return at;
}

}  // namespace power
