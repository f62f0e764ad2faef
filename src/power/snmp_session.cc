#include "power/snmp_session.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "power/limits.h"

namespace power {
namespace {

// After 0.5 s, 1 s and then every 2 s: an agent in an outlet strip is slow.
absl::Duration Patience(int sent) {
  if (sent <= 1) return absl::Milliseconds(500);
  return sent == 2 ? absl::Seconds(1) : absl::Seconds(2);
}

constexpr int kMaxCorrections = 3;
// How far an answer's time may be off (RFC 3414, section 2.2.3).
constexpr int64_t kTimeWindow = 150;

// What a report counts: 1.3.6.1.6.3.15.1.1.N.0.
enum class Counter : uint32_t {
  kUnsupportedLevel = 1,
  kNotInTimeWindow = 2,
  kUnknownUser = 3,
  kUnknownEngine = 4,
  kWrongCode = 5,
  kDecryption = 6,
};

std::optional<Counter> CounterOf(const SnmpPdu& report) {
  const SnmpOid counters = {1, 3, 6, 1, 6, 3, 15, 1, 1};
  for (const SnmpBinding& binding : report.bindings) {
    if (binding.oid.size() <= counters.size() ||
        !std::equal(counters.begin(), counters.end(), binding.oid.begin())) {
      continue;
    }
    const uint32_t which = binding.oid[counters.size()];
    if (which >= 1 && which <= 6) return static_cast<Counter>(which);
  }
  return std::nullopt;
}

Failure Config(absl::string_view text) {
  return {.failure_class = FailureClass::kConfig, .text = std::string(text)};
}

bool IsEmpty(const std::shared_ptr<const keys::Secret>& secret) {
  return secret == nullptr || secret->size() == 0;
}

}  // namespace

std::optional<Failure> CheckSnmpAccount(const SnmpAccount& account) {
  if (account.version == 1 || account.version == 2) {
    if (IsEmpty(account.community)) return Config("SNMP needs a community");
    if (account.community->size() > kMaxSnmpCommunityBytes) {
      return Config(absl::StrCat("a community of SNMP has at most ",
                                 kMaxSnmpCommunityBytes, " bytes"));
    }
    return std::nullopt;
  }
  if (account.version != 3) return Config("there is SNMP 1, 2 (2c) and 3");
  if (account.user.empty() || account.user.size() > kMaxSnmpUserBytes) {
    return Config(
        absl::StrCat("a user of SNMP has 1 to ", kMaxSnmpUserBytes, " bytes"));
  }
  if (account.digest.has_value() && IsEmpty(account.password)) {
    return Config("authentication needs a password");
  }
  if (account.privacy == SnmpPrivacy::kNone) return std::nullopt;
  if (!account.digest.has_value()) {
    return Config("privacy without authentication does not exist");
  }
  if (IsEmpty(account.privacy_password)) {
    return Config("privacy needs a password");
  }
  return std::nullopt;
}

SnmpSession::SnmpSession(SnmpAccount account, uint32_t slot, RandomBytes random,
                         SnmpKeyCache& keys, SnmpEngine engine)
    : account_(std::move(account)),
      slot_(slot),
      random_(std::move(random)),
      keys_(keys),
      engine_(std::move(engine)),
      count_(static_cast<uint8_t>(random_(1).front())) {}

void SnmpSession::Ask(SnmpPduType type, std::vector<SnmpBinding> bindings,
                      bool is_repeatable, absl::Time now, absl::Time until) {
  type_ = type;
  bindings_ = std::move(bindings);
  is_repeatable_ = is_repeatable;
  began_ = now;
  until_ = until;
  corrections_ = 0;
  reply_.reset();
  SendQuestion(now);
}

void SnmpSession::SendQuestion(absl::Time now) {
  keys::Wipe(last_);
  number_ = NumberOf(slot_, ++count_);
  ++attempts_;
  const SnmpPdu pdu = {.type = type_, .number = number_, .bindings = bindings_};
  if (account_.version != 3) {
    waiting_ = Waiting::kResponse;
    last_ =
        EncodeSnmpCommunity(account_.version, account_.community->view(), pdu);
  } else if (engine_.id.empty()) {
    waiting_ = Waiting::kEngine;
    SnmpV3Message message = {
        .number = number_,
        .is_reportable = true,
        .scoped = EncodeSnmpScoped(
            "", {.type = SnmpPduType::kGet, .number = number_})};
    last_ = EncodeSnmpV3(message);
  } else {
    waiting_ = Waiting::kResponse;
    last_ = Sealed(now);
  }
  sent_ = 0;
  Repeat(now);
}

std::string SnmpSession::Sealed(absl::Time now) {
  const SnmpPdu pdu = {.type = type_, .number = number_, .bindings = bindings_};
  SnmpV3Message message = {
      .number = number_,
      .is_reportable = true,
      .security = {.engine = engine_.id,
                   .boots = engine_.boots,
                   .time =
                       engine_.time + absl::ToInt64Seconds(now - engine_.at),
                   .user = account_.user},
      .scoped = EncodeSnmpScoped(engine_.id, pdu)};
  SnmpSecurity& security = message.security;
  if (account_.privacy != SnmpPrivacy::kNone) {
    message.is_private = true;
    security.salt = random_(8);
    message.scoped = EncryptSnmp(
        account_.privacy,
        keys_.Get(account_.privacy_password, *account_.digest, engine_.id),
        security.boots, security.time, security.salt, message.scoped);
  }
  if (!account_.digest.has_value()) return EncodeSnmpV3(message);
  message.is_authenticated = true;
  security.code = std::string(SnmpCodeBytes(*account_.digest), '\0');
  std::string datagram = EncodeSnmpV3(message);
  const std::string code = SnmpCode(
      *account_.digest,
      keys_.Get(account_.password, *account_.digest, engine_.id), datagram);
  datagram.replace(message.code_at, code.size(), code);
  return datagram;
}

void SnmpSession::Repeat(absl::Time now) {
  datagrams_.push_back(last_);
  ++sent_;
  wake_at_ = std::min(now + Patience(sent_), until_);
}

void SnmpSession::Wake(absl::Time now) {
  if (waiting_ == Waiting::kNothing || now < wake_at_) return;
  if (now < until_) {
    if (waiting_ == Waiting::kEngine || is_repeatable_) return Repeat(now);
    wake_at_ = until_;
    return;
  }
  const std::string limit = absl::FormatDuration(until_ - began_);
  if (waiting_ == Waiting::kEngine) {
    return Fail(FailureClass::kTimeout,
                absl::StrCat("connect: no answer in ", limit));
  }
  absl::string_view hint;
  if (!let_in_ && account_.version != 3) {
    hint = "; a wrong community looks the same";
  } else if (!let_in_ && account_.privacy != SnmpPrivacy::kNone) {
    hint = "; a wrong privacy password looks the same";
  }
  Fail(FailureClass::kTimeout, absl::StrCat("no answer in ", limit, hint),
       type_ == SnmpPduType::kSet);
}

void SnmpSession::Unreachable(absl::string_view what, absl::Time now) {
  if (heard_ || waiting_ == Waiting::kNothing) return;
  if (++unreachable_ < kMaxUnreachable) {
    wake_at_ = std::min(wake_at_, now + kUnreachableRest);
    return;
  }
  Fail(FailureClass::kUnreachable, absl::StrCat("connect: ", what));
}

void SnmpSession::Receive(absl::string_view datagram, absl::Time now) {
  if (waiting_ == Waiting::kNothing) return;
  if (account_.version == 3) return ReceiveV3(datagram, now);
  absl::StatusOr<SnmpCommunityMessage> message = ParseSnmpCommunity(datagram);
  if (!message.ok() || message->version != account_.version ||
      message->pdu.type != SnmpPduType::kResponse ||
      message->pdu.number != number_) {
    return;
  }
  heard_ = let_in_ = true;
  Done({.pdu = std::move(message->pdu)});
}

void SnmpSession::ReceiveV3(absl::string_view datagram, absl::Time now) {
  const absl::StatusOr<SnmpV3Message> message = ParseSnmpV3(datagram);
  if (!message.ok() || message->number != number_) return;
  const bool is_authentic = IsAuthentic(*message, datagram);
  if (message->is_authenticated && !is_authentic &&
      waiting_ == Waiting::kResponse) {
    return;
  }
  if (!message->is_private) {
    const absl::StatusOr<SnmpPdu> pdu = ParseSnmpScoped(message->scoped);
    if (pdu.ok() && pdu->type == SnmpPduType::kReport) {
      return OnReport(*message, now);
    }
  }
  if (waiting_ != Waiting::kResponse) return;
  // As safe as the question, or it is not an answer to it.
  if (account_.digest.has_value() &&
      (!is_authentic || !IsInTime(message->security, now))) {
    return;
  }
  if (message->is_private != (account_.privacy != SnmpPrivacy::kNone) ||
      message->security.engine != engine_.id) {
    return;
  }
  const absl::StatusOr<std::string> scoped = Opened(*message);
  if (!scoped.ok()) return;
  absl::StatusOr<SnmpPdu> pdu = ParseSnmpScoped(*scoped);
  if (!pdu.ok() || pdu->number != number_) return;
  if (pdu->type == SnmpPduType::kReport) return OnReport(*message, now);
  if (pdu->type != SnmpPduType::kResponse) return;
  heard_ = let_in_ = true;
  if (is_authentic) TakeEngine(message->security, now);
  Done({.pdu = *std::move(pdu)});
}

bool SnmpSession::IsAuthentic(const SnmpV3Message& message,
                              absl::string_view datagram) {
  if (!message.is_authenticated || !account_.digest.has_value()) return false;
  const size_t bytes = SnmpCodeBytes(*account_.digest);
  if (message.security.code.size() != bytes ||
      message.security.engine != engine_.id) {
    return false;
  }
  std::string zeroed(datagram);
  zeroed.replace(message.code_at, bytes, bytes, '\0');
  return net::SameBytes(
      SnmpCode(*account_.digest,
               keys_.Get(account_.password, *account_.digest, engine_.id),
               zeroed),
      message.security.code);
}

bool SnmpSession::IsInTime(const SnmpSecurity& security, absl::Time now) const {
  if (security.boots != engine_.boots) return security.boots > engine_.boots;
  return security.time + kTimeWindow >=
         engine_.time + absl::ToInt64Seconds(now - engine_.at);
}

absl::StatusOr<std::string> SnmpSession::Opened(const SnmpV3Message& message) {
  if (!message.is_private) return message.scoped;
  return DecryptSnmp(
      account_.privacy,
      keys_.Get(account_.privacy_password, *account_.digest, engine_.id),
      message.security.boots, message.security.time, message.security.salt,
      message.scoped);
}

void SnmpSession::TakeEngine(const SnmpSecurity& security, absl::Time now) {
  engine_ = {.id = security.engine,
             .boots = security.boots,
             .time = security.time,
             .at = now};
}

void SnmpSession::OnReport(const SnmpV3Message& message, absl::Time now) {
  absl::StatusOr<std::string> scoped = Opened(message);
  if (!scoped.ok()) return;
  const absl::StatusOr<SnmpPdu> pdu = ParseSnmpScoped(*scoped);
  if (!pdu.ok()) return;
  const std::optional<Counter> counter = CounterOf(*pdu);
  if (!counter.has_value()) return;
  heard_ = true;
  switch (*counter) {
    case Counter::kUnknownEngine:
    case Counter::kNotInTimeWindow:
      if (message.security.engine.empty() || ++corrections_ > kMaxCorrections) {
        return Fail(FailureClass::kDevice, "the agent does not say who it is");
      }
      TakeEngine(message.security, now);
      return SendQuestion(now);
    case Counter::kUnknownUser:
      return Fail(FailureClass::kAuth, "login: unknown user");
    case Counter::kWrongCode:
      return Fail(FailureClass::kAuth, "login: password refused");
    case Counter::kDecryption:
      return Fail(FailureClass::kAuth, "login: privacy password refused");
    case Counter::kUnsupportedLevel:
      return Fail(FailureClass::kAuth,
                  "login: not with this authentication or privacy");
  }
}

void SnmpSession::Done(Reply reply) {
  waiting_ = Waiting::kNothing;
  wake_at_ = absl::InfiniteFuture();
  keys::Wipe(last_);
  reply_ = std::move(reply);
}

void SnmpSession::Abandon() {
  Done({});
  reply_.reset();
}

void SnmpSession::Fail(FailureClass failure_class, std::string text,
                       bool maybe_executed) {
  Done({.failure = Failure{.failure_class = failure_class,
                           .text = std::move(text),
                           .maybe_executed = maybe_executed}});
}

std::optional<SnmpSession::Reply> SnmpSession::TakeReply() {
  return std::exchange(reply_, std::nullopt);
}

std::vector<std::string> SnmpSession::TakeDatagrams() {
  return std::exchange(datagrams_, {});
}

}  // namespace power
