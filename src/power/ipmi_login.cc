#include "power/ipmi_login.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "power/limits.h"

namespace power {
namespace {

constexpr uint8_t kNameOnly = 0x10;  // the privilege is no part of the name
// After so many copies without an answer the session is not waited for: the
// controller may have forgotten it.
constexpr int kPatientCopies = 7;
constexpr int kMaxRestarts = 3;
constexpr absl::Duration kFirstRest = absl::Milliseconds(500);
constexpr absl::Duration kLeastPatience = absl::Milliseconds(60);

Failure Config(absl::string_view text) {
  return {.failure_class = FailureClass::kConfig, .text = std::string(text)};
}

}  // namespace

std::optional<Failure> CheckIpmiAccount(const IpmiAccount& account) {
  if (account.user.size() > kMaxIpmiUserBytes) {
    return Config(absl::StrCat("a user name of IPMI has at most ",
                               kMaxIpmiUserBytes, " bytes"));
  }
  for (const auto& secret : {account.password, account.controller_key}) {
    if (secret == nullptr || secret->size() <= kMaxIpmiPasswordBytes) continue;
    return Config(absl::StrCat("a password of IPMI has at most ",
                               kMaxIpmiPasswordBytes, " bytes"));
  }
  if (account.suites.empty()) return Config("no cipher suite is left");
  for (const int suite : account.suites) {
    if (FindIpmiSuite(suite) == nullptr) {
      return Config(absl::StrCat("cipher suite ", suite, " is not offered"));
    }
  }
  if (account.role > kIpmiAdministratorRole) {
    return Config(absl::StrCat("there is no role ", account.role));
  }
  return std::nullopt;
}

absl::Duration IpmiPatience(int times_sent, absl::Duration answer_time) {
  // At 0.25, 0.5 and 1 s after the first, then every second.
  const absl::Duration usual = times_sent <= 2   ? absl::Milliseconds(250)
                               : times_sent == 3 ? absl::Milliseconds(500)
                                                 : absl::Seconds(1);
  // Sooner to one that is known to be quick, each time twice as late.
  const absl::Duration quick = std::max(4 * answer_time, kLeastPatience);
  return std::min(usual, quick * (1 << std::min(times_sent - 1, 8)));
}

IpmiLogin::IpmiLogin(const IpmiAccount& account, uint32_t slot,
                     const RandomBytes& random, int busy_retries)
    : account_(account),
      slot_(slot),
      random_(random),
      busy_retries_(busy_retries),
      // Who cannot see what we send cannot refuse it either.
      tag_(static_cast<uint8_t>(random_(1).front())) {}

absl::string_view IpmiLogin::Password() const {
  return account_.password == nullptr ? absl::string_view()
                                      : account_.password->view();
}

void IpmiLogin::Begin(std::vector<uint8_t> roles, absl::Time now,
                      absl::Time until) {
  MUST(!roles.empty());
  roles_ = std::move(roles);
  role_ = 0;
  restarts_ = busy_ = unreachable_ = 0;
  began_ = now;
  until_ = until;
  Open(now);
}

void IpmiLogin::Open(absl::Time now) {
  suite_ = FindIpmiSuite(account_.suites[suite_index_]);
  ++attempts_;
  // Another number for each attempt: answers to an earlier one are nobody's.
  exchange_ = {};
  exchange_.our_id = NumberOf(slot_, attempts_);
  ++tag_;
  Send(State::kOpening, IpmiPayload::kOpenRequest,
       EncodeIpmiOpenRequest(tag_, exchange_.our_id, *suite_), now);
}

void IpmiLogin::Send(State state, IpmiPayload type, std::string payload,
                     absl::Time now) {
  state_ = state;
  last_ = EncodeIpmiPacket(type, payload);
  sent_ = 0;
  first_sent_ = now;
  Repeat(now);
}

void IpmiLogin::Repeat(absl::Time now) {
  datagrams_.push_back(last_);
  ++sent_;
  // After a proof that did not fit, copies of RAKP 1 must not cross again. Nor
  // are they, and what opens a session, sent early: a copy that comes while the
  // controller is still busy costs it another random number, or a session.
  const bool may_cross = state_ == State::kNaming && restarts_ > 0;
  const absl::Duration patience =
      IpmiPatience(sent_, state_ == State::kProving ? answer_time_
                                                    : absl::InfiniteDuration());
  wake_at_ = std::min(now + (may_cross ? absl::Seconds(1) : patience), until_);
}

void IpmiLogin::Answered(absl::Time now) {
  heard_ = true;
  if (sent_ != 1) return;  // which of the copies it is an answer to?
  const absl::Duration took = now - first_sent_;
  answer_time_ = answer_time_ == absl::InfiniteDuration()
                     ? took
                     : std::max(answer_time_, took);
}

void IpmiLogin::Wake(absl::Time now) {
  if (now < wake_at_) return;
  switch (state_) {
    case State::kIdle:
    case State::kIn:
    case State::kFailed:
      return;
    case State::kOpening:
    case State::kNaming:
    case State::kProving:
    case State::kResting:
      break;
  }
  if (now >= until_) return TimedOut();
  if (state_ == State::kResting) return Open(now);
  if (state_ != State::kOpening && sent_ >= kPatientCopies &&
      restarts_ < kMaxRestarts) {
    ++restarts_;
    return Open(now);
  }
  Repeat(now);
}

void IpmiLogin::TimedOut() {
  const std::string limit = absl::FormatDuration(until_ - began_);
  switch (state_) {
    case State::kNaming:
      return Fail(FailureClass::kTimeout,
                  absl::StrCat("login: no answer to the user name in ", limit,
                               "; some controllers are silent when they do "
                               "not know it"));
    case State::kProving:
      return Fail(FailureClass::kTimeout,
                  absl::StrCat("login: no answer to RAKP 3 in ", limit));
    case State::kResting:
      return Fail(FailureClass::kBusy, "login: no session left");
    default:
      return Fail(FailureClass::kTimeout,
                  absl::StrCat("connect: no answer in ", limit));
  }
}

void IpmiLogin::Unreachable(absl::string_view what, absl::Time now) {
  if (heard_ || state_ != State::kOpening) return;
  if (++unreachable_ < kMaxUnreachable) {
    wake_at_ = std::min(wake_at_, now + kUnreachableRest);
    return;
  }
  Fail(FailureClass::kUnreachable, absl::StrCat("connect: ", what));
}

void IpmiLogin::Fail(FailureClass failure_class, std::string text) {
  state_ = State::kFailed;
  wake_at_ = absl::InfiniteFuture();
  failure_ = {.failure_class = failure_class, .text = std::move(text)};
}

void IpmiLogin::Restart(absl::string_view why, absl::Time now) {
  if (restarts_++ < kMaxRestarts) return Open(now);
  Fail(FailureClass::kDevice, absl::StrCat("login: ", why));
}

void IpmiLogin::Busy(absl::Time now) {
  if (busy_ >= busy_retries_) {
    return Fail(FailureClass::kBusy, "login: no session left");
  }
  // Between 0.8 and 1.2 times as long, so that many do not come back together.
  const double jitter =
      0.8 + 0.4 * static_cast<uint8_t>(random_(1).front()) / 255;
  state_ = State::kResting;
  wake_at_ = std::min(now + kFirstRest * (1 << busy_++) * jitter, until_);
}

void IpmiLogin::NextSuite(absl::string_view why, absl::Time now) {
  if (suite_index_ + 1 < account_.suites.size()) {
    ++suite_index_;
    return Open(now);
  }
  Fail(FailureClass::kUnsupported,
       absl::StrCat("login: cipher suite ", suite_->number, ": ", why));
}

void IpmiLogin::NextRole(uint8_t status, absl::Time now) {
  if (role_ + 1 < roles_.size()) {
    ++role_;
    return Open(now);
  }
  Fail(FailureClass::kPrivilege,
       absl::StrCat("login: ", DescribeIpmiStatus(status)));
}

void IpmiLogin::Refused(uint8_t status, absl::Time now) {
  const std::string words = DescribeIpmiStatus(status);
  switch (static_cast<IpmiStatus>(status)) {
    case IpmiStatus::kNoResources:
    case IpmiStatus::kNoResourcesForRole:
      return Busy(now);
    case IpmiStatus::kInvalidSession:
    case IpmiStatus::kInactiveSession:
      return Restart(words, now);
    case IpmiStatus::kInvalidAuthentication:
    case IpmiStatus::kInvalidIntegrity:
    case IpmiStatus::kNoMatchingAuthentication:
    case IpmiStatus::kNoMatchingIntegrity:
    case IpmiStatus::kInvalidConfidentiality:
    case IpmiStatus::kNoMatchingSuite:
      return NextSuite(words, now);
    case IpmiStatus::kInvalidRole:
    case IpmiStatus::kUnauthorizedRole:
      return NextRole(status, now);
    case IpmiStatus::kInvalidNameLength:
    case IpmiStatus::kUnauthorizedName:
      return Fail(FailureClass::kAuth, absl::StrCat("login: ", words));
    case IpmiStatus::kInvalidCheckValue:
      // RAKP 2 has shown that both know the same password, so this is about
      // another RAKP 2 than the one that came.
      if (restarts_++ < kMaxRestarts) return Open(now);
      return Fail(FailureClass::kAuth, absl::StrCat("login: ", words));
    case IpmiStatus::kOk:
      break;
  }
  Fail(FailureClass::kDevice, absl::StrCat("login: ", words));
}

void IpmiLogin::Receive(absl::string_view datagram, absl::Time now) {
  const absl::StatusOr<IpmiPacket> packet = ParseIpmiPacket(datagram);
  // What is not understood may be anybody's: the right answer may yet come.
  if (!packet.ok() || packet->session != 0) return;
  switch (static_cast<IpmiPayload>(packet->payload_type)) {
    case IpmiPayload::kOpenResponse:
      return OnOpenResponse(packet->payload, now);
    case IpmiPayload::kRakp2:
      return OnRakp2(packet->payload, now);
    case IpmiPayload::kRakp4:
      return OnRakp4(packet->payload, now);
    default:
      return;
  }
}

bool IpmiLogin::IsOurs(uint8_t status, uint32_t id) const {
  return id == exchange_.our_id || (id == 0 && status != 0);
}

void IpmiLogin::OnOpenResponse(absl::string_view payload, absl::Time now) {
  if (state_ != State::kOpening) return;
  const absl::StatusOr<IpmiOpenResponse> response =
      ParseIpmiOpenResponse(payload);
  if (!response.ok() || response->tag != tag_ ||
      !IsOurs(response->status, response->our_id)) {
    return;
  }
  Answered(now);
  if (response->status != 0) return Refused(response->status, now);
  if (response->authentication != suite_->authentication ||
      response->integrity != suite_->integrity ||
      response->confidentiality != suite_->confidentiality) {
    return NextSuite("the controller answers with another", now);
  }
  exchange_.their_id = response->their_id;
  exchange_.our_random = random_(16);
  exchange_.role = kNameOnly | roles_[role_];
  exchange_.user = account_.user;
  name_tag_ = ++tag_;
  Send(State::kNaming, IpmiPayload::kRakp1, EncodeIpmiRakp1(tag_, exchange_),
       now);
}

void IpmiLogin::OnRakp2(absl::string_view payload, absl::Time now) {
  if (state_ != State::kNaming) return;
  const absl::StatusOr<IpmiRakp2> rakp2 = ParseIpmiRakp2(payload, *suite_);
  if (!rakp2.ok() || rakp2->tag != tag_ ||
      !IsOurs(rakp2->status, rakp2->our_id)) {
    return;
  }
  Answered(now);
  if (rakp2->status != 0) return Refused(rakp2->status, now);
  exchange_.their_random = std::string(rakp2->their_random);
  exchange_.guid = std::string(rakp2->guid);
  if (!net::SameBytes(IpmiRakp2Code(*suite_, Password(), exchange_).view(),
                      rakp2->code)) {
    return Fail(FailureClass::kAuth, "login: password refused");
  }
  const bool has_key = account_.controller_key != nullptr &&
                       account_.controller_key->size() != 0;
  keys_ = MakeIpmiKeys(*suite_,
                       has_key ? account_.controller_key->view() : Password(),
                       exchange_);
  ++tag_;
  Send(State::kProving, IpmiPayload::kRakp3,
       EncodeIpmiRakp3(tag_, exchange_.their_id,
                       IpmiRakp3Code(*suite_, Password(), exchange_).view()),
       now);
}

void IpmiLogin::OnRakp4(absl::string_view payload, absl::Time now) {
  if (state_ != State::kProving) return;
  const absl::StatusOr<IpmiRakp4> rakp4 = ParseIpmiRakp4(payload, *suite_);
  if (!rakp4.ok() || rakp4->tag != tag_ ||
      !IsOurs(rakp4->status, rakp4->our_id)) {
    return;
  }
  Answered(now);
  if (rakp4->status != 0) return Refused(rakp4->status, now);
  if (!net::SameBytes(IpmiRakp4Check(keys_, exchange_).view(), rakp4->check)) {
    // The password was right, so the key of the controller (Kg) is not; or
    // the random number that it answers to is another.
    if (restarts_++ < kMaxRestarts) return Open(now);
    return Fail(FailureClass::kAuth,
                "login: the controller has another key (Kg)");
  }
  state_ = State::kIn;
  last_.clear();
  wake_at_ = absl::InfiniteFuture();
}

std::vector<std::string> IpmiLogin::TakeDatagrams() {
  return std::exchange(datagrams_, {});
}

}  // namespace power
